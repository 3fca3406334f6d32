"""Cluster coverage: how many kinds of text the data set holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, direct, real, seeds, text_map
from workbench.evaluate.estimates import Estimate, jackknife
from workbench.evaluate.text_map import TextMap
from workbench.learn.covering import spread
from workbench.learn.threads import no_threads, one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Real rows or seeds that are enough to find kinds of text among; with fewer the data set's own are taken.
ENOUGH = 50
#: So many texts a cluster are drawn: of even clusters 99 % would be met.
EACH = 5
#: Rows that k-means sees, spread evenly, and its rounds at most.
FITTED, ROUNDS = 5_000, 50
#: Ids that a screen opens behind the number; words of a cluster.
SHOWN, WORDS = 1_000, 5


class Clusters(NamedTuple):
    """Clusters of the ``texts`` with ``ids``, called ``source``: their ``centres`` (k, d), the ``member`` number of each
    text (-1: it has no word), how many each holds (``use``, (k,)), and a few words of each."""

    source: str
    texts: Corpus
    ids: list[int]
    centres: Array
    member: Array
    use: Array
    words: list[list[str]]


@METRICS.register("diversity.cluster_coverage")
def cluster_coverage(material: Material) -> list[Metric]:
    """Share of k clusters that ``m = 5 k`` texts drawn from the data set are expected to meet, from 0 to 1.

    ``1/k sum_j [1 - C(n - n_j, m) / C(n, m)]``, n_j the texts of cluster j (Hurlbert's rarefaction, *Ecology* 52, 1971):
    unlike the share of clusters that hold any text at all, it does not move with the size of the set, and clusters that
    are hardly used count for little. m is n where the set is smaller. The clusters are k-means (k = sqrt(rows / 2),
    2 to 60, fitted on at most 5,000) of the real rows, else of the seeds, where there are 50, as the bins of Richardson & Weiss
    (*On GANs and GMMs*, NeurIPS 2018); else of the data set itself, and then the number only says how evenly it is
    spread. Interval: exact delete-one jackknife over texts, clusters taken as given. Details: ``clusters`` (k), ``source``,
    ``drawn`` (m), ``held`` (clusters with a sample), ``entropy`` of use (0 to 1), ``reference`` (the same number for what
    the clusters were found in), ``use`` (samples and reference texts by cluster) with ``words`` by "kind 1" and so on, and
    ``behind.missing``, real texts of the clusters that have less than half of their share among the samples.
    """
    rows = text_map(material)
    kinds = clusters(material, rows)
    name, unit = "diversity.cluster_coverage", "share"
    if kinds is None:
        note = "There is nothing to find kinds of text in: at least two samples with words are needed."
        return [Metric(name, None, note=note, unit=unit, direction="higher")]
    own = "" if kinds.source != "samples" else " They are the data set's own, so it says only how evenly it is spread."
    metric = direct(
        name,
        material,
        lambda corpus: coverage(_use(rows, corpus, kinds)),
        unit=unit,
        direction="higher",
        note=f"Share of {len(kinds.use)} kinds of text ({kinds.source}) met by {EACH} draws for each.{own}",
        lacking="No text holds a token.",
        more=lambda: _describe(material, rows, kinds),
    )
    return [metric]


def clusters(material: Material, rows: TextMap) -> Clusters | None:
    """The clusters that this material is measured with; None without two texts to find them in."""
    return material.shared("diversity:clusters", lambda: _find(material, rows))


def _find(material: Material, rows: TextMap) -> Clusters | None:
    import warnings

    import numpy as np
    from sklearn.cluster import KMeans

    from workbench.learn.topics import assign, fitting_number, top_terms

    sources = [
        ("real rows", material.real, real),
        ("seeds", material.seeds, seeds),
        ("samples", material.samples, data_set),
    ]
    source, samples, corpus = next((part for part in sources if len(part[1]) >= ENOUGH), sources[-1])
    texts, ids = corpus(material), [sample.id for sample in samples]
    vectors = rows.rows(texts)
    used = np.flatnonzero(np.einsum("ij,ij->i", vectors, vectors) > 0.5) if len(texts.texts) else np.zeros(0, int)
    if len(used) < 2:
        return None
    some = vectors[used[spread(len(used), FITTED)]]
    with no_threads(), warnings.catch_warnings(action="ignore"):  # fewer different rows than clusters
        model = KMeans(fitting_number(len(used)), n_init=1, max_iter=ROUNDS, random_state=material.seed).fit(some)
    member, _ = assign(vectors[used], model.cluster_centers_)
    # Largest first, and without clusters that stayed empty.
    sizes = np.bincount(member)
    order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
    centres = model.cluster_centers_[order]
    member, _ = assign(vectors[used], centres)
    everywhere = np.full(len(vectors), -1)
    everywhere[used] = member
    terms = top_terms([texts.texts[place] for place in used.tolist()], member, len(centres), WORDS)
    words = [[word for word, _ in group] for group in terms]
    return Clusters(source, texts, ids, centres, everywhere, np.bincount(member, minlength=len(centres)), words)


def _use(rows: TextMap, corpus: Corpus, kinds: Clusters) -> Array:
    import numpy as np

    from workbench.learn.topics import assign

    if corpus is kinds.texts:
        return kinds.use
    vectors = rows.rows(corpus)
    worded = np.einsum("ij,ij->i", vectors, vectors) > 0.5
    with one_thread():
        member, _ = assign(vectors, kinds.centres)
    return np.bincount(member[worded], minlength=len(kinds.centres))


def coverage(use: Array) -> Estimate | None:
    """Expected share of clusters met, from how many texts each of them holds; None without texts."""
    import numpy as np

    size, k = int(use.sum()), len(use)
    if not size:
        return None
    drawn = min(size, EACH * k)
    held = np.flatnonzero(use)
    left = np.tile(use, (len(held), 1))
    left[np.arange(len(held)), held] -= 1
    value = float(_met(use[None, :], size, drawn)[0])
    if size < 3:
        return Estimate(value, bounds=(0.0, 1.0))
    without = _met(left, size - 1, min(drawn, size - 1))
    return jackknife(value, np.repeat(without, use[held]), (0.0, 1.0))


def _met(use: Array, size: int, drawn: int) -> Array:
    """Share of the clusters met by ``drawn`` of ``size`` texts, one for each row of ``use`` (r, k)."""
    import numpy as np
    from scipy.special import gammaln

    others = size - use
    possible = others >= drawn
    some = np.where(possible, others, drawn)
    # C(others, drawn) / C(size, drawn), in logarithms.
    missed = np.exp(gammaln(some + 1) - gammaln(some - drawn + 1) - gammaln(size + 1) + gammaln(size - drawn + 1))
    met: Array = 1 - np.where(possible, missed, 0.0).mean(axis=1)
    return met


def _describe(material: Material, rows: TextMap, kinds: Clusters) -> dict[str, Any]:
    import numpy as np

    from workbench.evaluate.diversity.label_balance import evenness

    use, k = _use(rows, data_set(material), kinds), len(kinds.use)
    line = coverage(kinds.use)
    found: dict[str, Any] = {
        "features": rows.name,
        "source": kinds.source,
        "clusters": k,
        "drawn": min(int(use.sum()), EACH * k),
        "held": int((use > 0).sum()),
        "entropy": evenness(use.tolist()),
        "reference": line.value if line is not None else None,
        "use": [{"samples": a, "reference": b} for a, b in zip(use.tolist(), kinds.use.tolist(), strict=True)],
        # By name, not by place: a purge takes words out, and must not move the others.
        "words": {f"kind {number}": words for number, words in enumerate(kinds.words, 1)},
    }
    if kinds.source != "samples":
        short = use / max(1, use.sum()) < kinds.use / kinds.use.sum() / 2
        places = np.flatnonzero((kinds.member >= 0) & short[kinds.member])[:SHOWN].tolist()
        found["behind"] = {"missing": [kinds.ids[place] for place in places]}
    return found
