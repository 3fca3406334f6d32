"""How near texts are to a set of known ones: the most similar of them, and the nearest label's centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Rows compared with all known ones at once.
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Nearness:
    """``nearest`` (n,): the cosine to the most similar known row, ``which`` (n,) that row; ``centre`` (n,): the cosine to
    the most similar label's centre, ``label`` (n,) that label's number (-1 and cosine 0 where no label is there)."""

    nearest: Array
    which: Array
    centre: Array
    label: Array


def nearness(
    rows: csr_matrix | Array,
    known: csr_matrix | Array,
    labels: Sequence[int],
    *,
    itself: bool = False,
    progress: Progress | None = None,
) -> Nearness:
    """Cosines of ``rows`` (n, d) to ``known`` (m, d), all of length 1 (or 0); ``labels`` (m,), negative for none.

    A label's centre is the mean of its rows, scaled to length 1. ``itself``: ``rows`` are ``known``, and each is left out
    when it is judged, from its centre too. Time is ``O(n m)``; the caller caps m. Memory is ``O(BLOCK m)`` beside the rows.
    """
    import numpy

    given = numpy.asarray(labels, numpy.int64)
    names = [int(name) for name in numpy.unique(given) if name >= 0]
    sums = _sums(known, given, names)
    lengths = numpy.linalg.norm(sums, axis=1)
    count = rows.shape[0]
    nearest, which = numpy.zeros(count), numpy.zeros(count, numpy.int64)
    centre, label = numpy.zeros(count), numpy.full(count, -1)
    for start in range(0, count, BLOCK):
        block = rows[start : start + BLOCK]
        part = slice(start, start + block.shape[0])
        here = numpy.arange(block.shape[0])
        cosines = _dense(block @ known.T)
        if itself:
            cosines[here, start + here] = -1.0
        which[part] = cosines.argmax(axis=1)
        nearest[part] = cosines[here, which[part]]
        if names:
            products = numpy.asarray(block @ sums.T, numpy.float64)
            scale = numpy.broadcast_to(lengths, products.shape).copy()
            if itself:
                # Without x the centre's sum is S - x: (x . S) - 1 over |S - x|, |S - x|^2 = |S|^2 - 2 x . S + 1.
                own = numpy.searchsorted(names, given[part])
                has = here[given[part] >= 0]
                dot = products[has, own[has]]
                left = numpy.maximum(lengths[own[has]] ** 2 - 2.0 * dot + 1.0, 0.0)
                products[has, own[has]] = numpy.where(left > 1e-9, dot - 1.0, 0.0)
                scale[has, own[has]] = numpy.sqrt(left)
            near = numpy.divide(products, scale, out=numpy.zeros_like(products), where=scale > 1e-9)
            best = near.argmax(axis=1)
            centre[part] = near[here, best]
            label[part] = numpy.array(names)[best]
        if progress is not None:
            progress(min(start + BLOCK, count), count)
    return Nearness(numpy.clip(nearest, 0.0, 1.0), which, numpy.clip(centre, 0.0, 1.0), label)


def _sums(known: csr_matrix | Array, given: Array, names: list[int]) -> Array:
    """The sum of each label's rows, (len(names), d)."""
    import numpy
    from scipy.sparse import csr_matrix

    chosen = numpy.flatnonzero(given >= 0)
    place = numpy.searchsorted(names, given[chosen])
    pick = csr_matrix((numpy.ones(len(chosen), numpy.float32), (place, chosen)), (len(names), len(given)))
    return _dense(pick @ known)


def _dense(matrix: Any) -> Array:
    import numpy

    return numpy.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
