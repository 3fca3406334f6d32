"""Nearest-seed similarity: are samples copies of real rows, or nearer to them than real rows are to each other?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.evaluate.base import METRICS, Material, Metric, Sample
from workbench.evaluate.fidelity.reference import lacking, real_rows, sides, unknown
from workbench.learn.intervals import wilson
from workbench.text import normalise

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

NAME = "fidelity.seed_similarity"
#: Samples that are looked at, real rows in which their nearest is searched, real rows of the reference.
MOST, POOL, REFERENCE = 20_000, 5_000, 5_000
FEWEST, ROUGH = 2, 60
#: Real rows that share most words, of which the most similar counts as the nearest; rows compared at a time.
CANDIDATES, BLOCK = 2, 512
LISTED, SHOWN = 1000, 50
#: Characters of a text that are compared: the time for letters grows with their square.
LONGEST = 4_000
_Z = 1.96


@METRICS.register(NAME)
def seed_similarity(material: Material) -> list[Metric]:
    """Mean over samples of the similarity to the nearest real row, 0 to 1: how much was memorised.

    The similarity is that of the filter ``near_duplicate`` (``learn.near_duplicates``: shared words, letters, or one text
    inside the other; the first 4,000 characters), to the more similar of the two real rows that share the largest part of
    their words. At most 20,000 samples (drawn) against at most 5,000 real rows (drawn); with more of those, near-copies
    of all of them are looked for beside it. Exact copies are counted over all samples. Interval: normal, over samples; the
    real rows are taken as given.

    Details: ``near_copies`` (a similarity from 0.78 on) and ``exact`` with Wilson's intervals; ``seeds``: the same mean for
    real rows and their nearest other one. ``difference``: the samples' mean less that one, both within the pool; above 0,
    samples are nearer to real rows than these are to each other. Its interval is over samples, with a jackknife over real
    rows. ``closest``: [sample id, real id, similarity].
    ``behind``: "closest" samples, nearest first, and "exact" copies.
    """
    import numpy

    from workbench.learn.features import units, word_tfidf
    from workbench.learn.near_duplicates import THRESHOLD

    found = sides(material, MOST, equal=False)
    if (why := lacking(found, FEWEST)) is not None:
        return [unknown(NAME, why, "similarity")]
    # `found.real` may be drawn itself: copies are looked for among all real rows.
    everyone, _ = real_rows(material)
    order = numpy.random.default_rng(material.seed + 1).permutation(len(everyone))
    pool = [everyone[place] for place in order[:POOL].tolist()]
    asked = pool[:REFERENCE]
    try:
        _, rows = word_tfidf([row.text for row in (*found.samples, *pool)], units)
        rows.data[:] = 1
    except WorkbenchError as problem:
        return [unknown(NAME, str(problem), "similarity")]
    known = rows[len(found.samples) :]
    mine, which, next_to_mine = _nearest(found.samples, rows[: len(found.samples)], pool, known, own=False)
    theirs, its, next_to_theirs = _nearest(asked, known[: len(asked)], pool, known, own=True)
    half = _Z * math.hypot(
        _mean(mine)[1], _jackknife(mine, which, next_to_mine, theirs, its, next_to_theirs, len(pool))
    )
    apart = float(mine.mean() - theirs.mean())
    nearest = [pool[place].id for place in which.tolist()]
    if len(everyone) > len(pool):
        _look_for_copies(found.samples, everyone, mine, nearest)
    exact = _exact(material.samples, everyone)
    near = int((mine >= THRESHOLD).sum())
    first = numpy.argsort(-mine, kind="stable")
    value, error = _mean(mine)
    reference, _ = _mean(theirs)
    details: dict[str, Any] = {
        "real": found.which,
        "count": len(mine),
        "real_count": len(everyone),
        "pool": len(pool),
        "available": list(found.available),
        "threshold": THRESHOLD,
        "near_copies": _share(near, len(mine)),
        "exact": _share(len(exact), len(material.samples)),
        "seeds": reference,
        "seeds_count": len(asked),
        "seeds_near_copies": _share(int((theirs >= THRESHOLD).sum()), len(theirs)),
        "difference": {"value": apart, "low": apart - half, "high": apart + half},
        "histogram": _histogram(mine),
        "seeds_histogram": _histogram(theirs),
        "closest": [
            [found.samples[place].id, nearest[place], round(float(mine[place]), 4)] for place in first[:SHOWN].tolist()
        ],
        "behind": {
            "closest": [found.samples[place].id for place in first[:LISTED].tolist() if mine[place] > 0],
            "exact": exact[:LISTED],
        },
    }
    closer = "nearer than" if apart - half > 0 else "further than" if apart + half < 0 else "as near as"
    note = (
        f"{near:,} of {len(mine):,} are near-copies of {found.which} (from {THRESHOLD} on), {len(exact):,} of all are "
        f"exact ones. On average samples are {closer} real rows to each other ({reference:.2f})."
    )
    low, high = max(0.0, value - _Z * error), min(1.0, value + _Z * error)
    return [Metric(NAME, value, low, high, note, "similarity", "none", details, rough=len(mine) < ROUGH)]


def _nearest(
    asked: Sequence[Sample], queries: csr_matrix, pool: Sequence[Sample], known: csr_matrix, *, own: bool
) -> tuple[Array, Array, Array]:
    """Each one's similarity to its nearest of the ``pool``, that one's place, and the similarity without it; ``own``:
    ``asked`` are the first of the pool, and are not their own nearest. ``queries`` and ``known`` are both sides' rows."""
    import numpy

    from workbench.learn.near_duplicates import similarities

    texts, others = [row.text[:LONGEST] for row in asked], [row.text[:LONGEST] for row in pool]
    places = _candidates(queries, known, own)
    left = numpy.repeat(numpy.arange(len(texts)), places.shape[1])
    scores = similarities(texts, others, left, places.ravel()).reshape(places.shape)
    here, best = numpy.arange(len(texts)), scores.argmax(axis=1)
    found, which = scores[here, best], places[here, best]
    scores[here, best] = 0.0
    return found, which, scores.max(axis=1)


def _jackknife(
    mine: Array, which: Array, next_to_mine: Array, theirs: Array, its: Array, next_to_theirs: Array, pool: int
) -> float:
    """Standard error, over real rows, of the mean of ``mine`` less that of ``theirs``: each row of the pool is left out in
    turn (Quenouille 1956; Efron & Tibshirani 1993, chapter 11).

    Who has it as the nearest falls back to the next one; a row that was asked loses its own number. Rows that are each
    other's nearest, and one that is the nearest of many, thereby count as what they are: one observation.
    """
    import numpy

    lost = numpy.bincount(which, weights=mine - next_to_mine, minlength=pool) / len(mine)
    its_lost = numpy.bincount(its, weights=theirs - next_to_theirs, minlength=pool)
    count = numpy.full(pool, float(len(theirs)))
    count[: len(theirs)] -= 1
    left = theirs.sum() - its_lost
    left[: len(theirs)] -= theirs
    # A row that has the one left out as its nearest may be left out itself only once: the pairs differ by 1 / n^2.
    apart = (mine.mean() - lost) - left / numpy.maximum(count, 1.0)
    return float(numpy.sqrt((pool - 1) / pool * ((apart - apart.mean()) ** 2).sum()))


def _candidates(queries: csr_matrix, known: csr_matrix, own: bool) -> Array:
    """Places of the ``CANDIDATES`` rows of ``known`` that share the largest part of their words (Dice, each word once),
    ``(n, CANDIDATES)``; of equals the earlier. Rows hold a 1 for each word."""
    import numpy

    many = min(CANDIDATES, known.shape[0] - (1 if own else 0))
    across = known.T.tocsr()
    sizes, lengths = (numpy.diff(rows.indptr).astype(numpy.float32) for rows in (known, queries))
    found = numpy.empty((queries.shape[0], many), numpy.int64)
    for start in range(0, queries.shape[0], BLOCK):
        shared = (queries[start : start + BLOCK] @ across).toarray()
        here = numpy.arange(len(shared))
        shared /= numpy.maximum(1, lengths[start : start + BLOCK, None] + sizes)
        if own:
            shared[here, start + here] = -1.0
        for turn in range(many):
            best = shared.argmax(axis=1)
            found[start : start + BLOCK, turn] = best
            shared[here, best] = -2.0
    return found


def _look_for_copies(samples: Sequence[Sample], everyone: Sequence[Sample], mine: Array, nearest: list[int]) -> None:
    """Put near-copies of real rows outside the pool in, where they are more similar."""
    from workbench.learn.near_duplicates import NearIndex

    index = NearIndex(expected=len(everyone))
    index.keep([row.text for row in everyone])
    for place, match in enumerate(index.match([row.text for row in samples])):
        if match is not None and match.similarity > mine[place]:
            mine[place], nearest[place] = match.similarity, everyone[match.twin].id


def _exact(samples: Sequence[Sample], real: Sequence[Sample]) -> list[int]:
    """Ids of the samples whose text, normalised, is a real row's."""
    known = {normalise(row.text) for row in real}
    return [row.id for row in samples if normalise(row.text) in known]


def _mean(values: Array) -> tuple[float, float]:
    """The mean and its standard error."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()), spread / math.sqrt(len(values))


def _share(number: int, of: int) -> dict[str, Any]:
    low, high = wilson(number, of)
    return {"count": number, "share": number / of, "low": low, "high": high}


def _histogram(values: Array) -> dict[str, Any]:
    import numpy

    return {"low": 0.0, "high": 1.0, "counts": numpy.histogram(values, bins=20, range=(0.0, 1.0))[0].tolist()}
