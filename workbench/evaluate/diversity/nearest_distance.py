"""Nearest distance: how far each text is from the one most like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, direct, text_map
from workbench.evaluate.estimates import Estimate, jackknife
from workbench.learn.threads import one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: Texts that are compared, all with all; of more, so many are drawn.
MOST = 20_000
#: Rows whose similarities are in memory at once; pairs that are listed, and ids that a screen opens.
BLOCK, LISTED, SHOWN = 512, 20, 1_000
#: Cosines this near to 1 are copies: rows are float32.
COPY = 1e-5
QUANTILES = {"5%": 0.05, "25%": 0.25, "50%": 0.5, "75%": 0.75, "95%": 0.95}


class Nearest(NamedTuple):
    """Of each compared text its ``place`` in the corpus, the ``nearest`` (a position among the compared) with its
    ``distance``, and the ``next`` distance, infinite where there is no third text; each shape (m,)."""

    place: Integers
    nearest: Integers
    distance: Floats
    next: Floats


@METRICS.register("diversity.nearest_distance")
def nearest_distance(material: Material) -> list[Metric]:
    """Mean over texts of ``1 - largest cosine with another text``: 0 for copies, 1 where texts have nothing in common.

    Cosines of the project's embeddings, or of word TF-IDF projected to 512 dimensions (``text_map``). Exact among all texts up
    to 20,000; of more, a seeded draw of 20,000 is compared with itself, so that larger sets are measured at that size.
    Falls as a set grows. Interval: exact delete-one jackknife over the compared texts (those whose nearest goes fall
    back on their next). Nearest-neighbour distances as a measure of generated text: Sajjadi et al., NeurIPS 2018,
    Naeem et al., ICML 2020. Details: ``compared`` (m), ``quantiles`` of the distances, ``copies`` (texts at distance 0),
    ``pairs`` ([id, id, distance], nearest first), ``behind.closest`` (the pairs' ids, side by side).
    """
    rows = text_map(material)

    def found(corpus: Corpus) -> Nearest | None:
        return material.shared(("nearest", id(corpus)), lambda: nearest(rows.rows(corpus), material.seed))

    count = len(material.samples)
    drawn = f" among {MOST:,} drawn texts" if count > MOST else ""
    metric = direct(
        "diversity.nearest_distance",
        material,
        lambda corpus: mean_distance(found(corpus)),
        unit="cosine distance",
        direction="higher",
        note=f"Mean distance of a text to the most similar other{drawn}; falls as a set grows.",
        lacking="Distance is between texts: at least two samples with words are needed.",
        more=lambda: {"features": rows.name, **_describe(material, found(data_set(material)))},
    )
    return [metric]


def nearest(rows: NDArray[np.floating[Any]], seed: int = 0, most: int = MOST) -> Nearest | None:
    """The nearest other of each of the ``rows`` (n, d), of length 1; zero rows are left out; None for fewer than two.

    O(m^2 d) for the m <= ``most`` rows that are compared, ``BLOCK`` rows of the m x m cosines in memory.
    """
    import numpy as np

    place = np.flatnonzero(np.einsum("ij,ij->i", rows, rows) > 0.5)
    if len(place) > most:
        place = np.sort(np.random.default_rng(seed).choice(place, most, replace=False))
    size = len(place)
    if size < 2:
        return None
    used = np.ascontiguousarray(rows[place], dtype=np.float32)
    best, first, second = np.empty(size, np.int64), np.empty(size), np.empty(size)
    with one_thread():
        for start in range(0, size, BLOCK):
            cosines = used[start : start + BLOCK] @ used.T
            own = np.arange(len(cosines))
            cosines[own, start + own] = -np.inf
            winner = cosines.argmax(axis=1)
            part = slice(start, start + len(cosines))
            best[part], first[part] = winner, cosines[own, winner]
            cosines[own, winner] = -np.inf
            second[part] = cosines.max(axis=1)
    return Nearest(place, best, _distances(first), _distances(second))


def mean_distance(found: Nearest | None) -> Estimate | None:
    """The mean distance with its error; None without distances."""
    import numpy as np

    if found is None:
        return None
    size = len(found.place)
    farther = np.bincount(found.nearest, weights=found.next - found.distance, minlength=size)
    without = (found.distance.sum() - found.distance + farther) / (size - 1)
    return jackknife(float(found.distance.mean()), without, (0.0, 2.0))


def _distances(cosines: Floats) -> Floats:
    import numpy as np

    return np.where(cosines > 1 - COPY, 0.0, 1 - cosines)


def _describe(material: Material, found: Nearest | None) -> dict[str, Any]:
    import numpy as np

    if found is None:
        return {}
    pairs: list[tuple[int, int, float]] = []
    seen: set[tuple[int, int]] = set()
    for one in np.argsort(found.distance, kind="stable").tolist():
        other = int(found.nearest[one])
        key = (min(one, other), max(one, other))
        if key not in seen:
            seen.add(key)
            first, second = (material.samples[int(found.place[end])].id for end in key)
            pairs.append((first, second, float(found.distance[one])))
        if len(pairs) == SHOWN // 2:
            break
    quantiles = np.quantile(found.distance, list(QUANTILES.values())).tolist()
    closest = dict.fromkeys(number for first, second, _ in pairs for number in (first, second))
    return {
        "compared": len(found.place),
        "copies": int((found.distance == 0).sum()),
        "quantiles": dict(zip(QUANTILES, quantiles, strict=True)),
        "pairs": [list(pair) for pair in pairs[:LISTED]],
        "behind": {"closest": list(closest)},
    }
