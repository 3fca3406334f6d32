"""How far apart two values are, squared, on each level of measurement (Krippendorff 2011, section D), and between sets
(Passonneau 2006, *Measuring agreement on set-valued items (MASI)*, LREC)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]


def ranks(known: Array) -> Array:
    """The places of ordinal codes: codes are places already, also of labels that nobody gave."""
    return known


def between(level: str, known: Array, left: Array, right: Array, distance: Array | None) -> Array:
    """Squared difference of each pair of codes ``(p,)``; not for ordinal data, where it depends on all values."""
    import numpy

    found: Array
    if distance is not None:
        whole = known.astype(numpy.int64)
        found = numpy.asarray(distance, numpy.float64)[whole[left], whole[right]]
    elif level == "nominal":
        found = (left != right).astype(numpy.float64)
    elif level == "interval":
        found = (known[left] - known[right]) ** 2
    else:
        a, b = known[left], known[right]
        both = a + b
        found = numpy.divide(a - b, both, out=numpy.zeros_like(both), where=both > 0) ** 2
    return found


def among(level: str, known: Array, counts: Array, distance: Array | None) -> Array:
    """Sum of the squared differences of all ordered pairs of values that occur ``counts`` ``(g, k)`` times, ``(g,)``."""
    import numpy

    n = counts.sum(axis=1)
    found: Array
    if distance is None and level == "nominal":
        found = n * n - (counts**2).sum(axis=1)
    elif distance is None and level == "interval":
        centred = known - known.mean()  # large values with small differences would cancel
        found = 2 * (n * (counts @ centred**2) - (counts @ centred) ** 2)
    else:
        codes = numpy.arange(len(known))
        table = between(level, known, numpy.repeat(codes, len(codes)), numpy.tile(codes, len(codes)), distance)
        found = ((counts @ table.reshape(len(codes), -1)) * counts).sum(axis=1)
    return found


def ordinal(tables: Array, counts: Array) -> tuple[Array, Array]:
    """Observed and expected sums of ordinal data: ``tables`` ``(g, k, k)`` holds the weights of observed pairs.

    The difference of two ranks is the number of values from one to the other, their own counted half.
    """
    import numpy

    middle = numpy.cumsum(counts, axis=1) - counts / 2
    observed, expected = numpy.empty(len(counts)), numpy.empty(len(counts))
    for group, (row, at) in enumerate(zip(counts, middle, strict=True)):
        apart = (at[:, None] - at[None, :]) ** 2
        observed[group] = (tables[group] * apart).sum()
        expected[group] = row @ apart @ row
    return observed, expected


def expected(rows: Array, columns: Array, at: Array, power: int) -> Array:
    """``sum_ij rows_i columns_j |at_i - at_j|^power`` of each pair of raters, ``(p,)``; ``at`` is in order."""
    import numpy

    found: Array
    if power == 2:
        a, b = rows.sum(axis=1), columns.sum(axis=1)
        at = at - at.mean()
        found = b * (rows @ at**2) + a * (columns @ at**2) - 2 * (rows @ at) * (columns @ at)
    else:  # |x - y| integrates, over the gaps between neighbouring values, whether one lies below and the other above
        below, under = numpy.cumsum(rows, axis=1)[:, :-1], numpy.cumsum(columns, axis=1)[:, :-1]
        above, over = rows.sum(axis=1, keepdims=True) - below, columns.sum(axis=1, keepdims=True) - under
        found = ((below * over + above * under) * numpy.diff(at)).sum(axis=1)
    return found


def masi(sets: Sequence[Sequence[str]]) -> Array:
    """MASI distance of all pairs of ``k`` sets, ``(k, k)``: ``1 - J M`` with Jaccard's ``J`` and ``M`` 1 for equal sets, 2/3
    where one holds the other, 1/3 where they share something, else 0. Two empty sets are equal. The distance stands
    where alpha has squared differences, as in the paper."""
    import numpy

    names = {name: place for place, name in enumerate(dict.fromkeys(name for one in sets for name in one))}
    held = numpy.zeros((len(sets), max(1, len(names))))
    for row, one in enumerate(sets):
        held[row, [names[name] for name in one]] = 1
    size = held.sum(axis=1)
    shared = held @ held.T
    union = size[:, None] + size[None, :] - shared
    jaccard = numpy.divide(shared, union, out=numpy.ones_like(shared), where=union > 0)
    smaller = numpy.minimum(size[:, None], size[None, :])
    kind = numpy.where(shared == union, 1.0, numpy.where(shared == smaller, 2 / 3, 1 / 3))
    found: Array = 1 - jaccard * numpy.where((shared == 0) & (union > 0), 0.0, kind)
    return found
