"""The nearest texts of a text, for people who look at it: cosine of word TF-IDF rows, top k, in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.features import Progress, units, word_tfidf

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

BLOCK = 256
#: Words in more texts than this find no candidates (they still count in the cosine): the work per text stays bounded.
COMMON = 1_000
#: Candidates per wanted neighbour that are verified by the full cosine.
SPARE = 6


def nearest_neighbours(
    texts: Sequence[str], k: int = 5, *, queries: Sequence[int] | None = None, progress: Progress | None = None
) -> list[list[tuple[int, float]]]:
    """For each text (or each of ``queries``, indices into ``texts``) its ``k`` nearest others as ``(index, cosine)``,
    nearest first, the earlier first among equals.

    Cosine is over L2-normalised TF-IDF of ``features.units``, 0 to 1. Candidates are found by words that stand in at
    most ``COMMON`` texts; the best ``SPARE * k`` of them are verified by the cosine over all words. A text that
    shares no such word with another has fewer neighbours, or none. Memory is bounded by ``BLOCK`` rows of the sparse
    product.
    """
    import numpy

    wanted = list(range(len(texts))) if queries is None else list(queries)
    if not wanted:
        return []
    try:
        _, rows = word_tfidf(texts, units)
    except WorkbenchError:
        return [[] for _ in wanted]
    frequent = numpy.bincount(rows.indices, minlength=rows.shape[1]) > COMMON
    rare = rows[:, numpy.flatnonzero(~frequent)]
    across = rare.T.tocsr()
    found: list[list[tuple[int, float]]] = []
    for start in range(0, len(wanted), BLOCK):
        block = wanted[start : start + BLOCK]
        products = (rare[block] @ across).tocsr()
        for place, index in enumerate(block):
            part = slice(products.indptr[place], products.indptr[place + 1])
            found.append(_top(rows, index, products.indices[part], products.data[part], k))
        if progress is not None:
            progress(start + len(block), len(wanted))
    return found


def _top(
    rows: csr_matrix, index: int, candidates: numpy.ndarray[Any, Any], scores: numpy.ndarray[Any, Any], k: int
) -> list[tuple[int, float]]:
    import numpy

    others = candidates != index
    candidates, scores = candidates[others], scores[others]
    if len(candidates) > SPARE * k:
        candidates = candidates[numpy.lexsort((candidates, -scores))[: SPARE * k]]
    if not len(candidates):
        return []
    cosines = (rows[candidates] @ rows[index].T).toarray().ravel()
    best = numpy.lexsort((candidates, -cosines))[:k]
    return [(int(candidates[i]), min(1.0, float(cosines[i]))) for i in best]
