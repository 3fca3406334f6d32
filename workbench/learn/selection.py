"""Choosing few of many, best first and unlike one another, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Rows held against the chosen ones at a time, and chosen ones in one piece of the product.
BLOCK, PIECE = 256, 4_096


@dataclass(frozen=True, slots=True)
class Near:
    """A row as it was looked at: its highest cosine to those chosen before it (0 for the first), and the row it is to."""

    cosine: float
    row: int | None


def greedy_diverse(
    rows: Array | csr_matrix,
    order: Iterable[int],
    *,
    threshold: float,
    size: int,
    progress: Progress | None = None,
) -> tuple[list[int], dict[int, Near]]:
    """Go through the rows in ``order``; choose one unless its cosine to a chosen one is over ``threshold``; stop at ``size``.

    ``rows`` are ``(n, d)`` of length 1 (dense or sparse). Returns the chosen rows in their order and, for each row that
    was looked at, its ``Near``; later rows were not looked at any more. The work is (rows looked at) x (chosen) x d at the
    most, the memory ``BLOCK x PIECE`` numbers beside the rows. As the score-first, diversity-aware selection of DEITA
    (Liu et al., arXiv 2312.15685; github.com/hkust-nlp/deita, ``selection/filter/base.py``).
    """
    import numpy

    places = list(order)
    chosen: list[int] = []
    seen: dict[int, Near] = {}
    for start in range(0, len(places), BLOCK):
        if len(chosen) >= size:
            break
        block = places[start : start + BLOCK]
        part = rows[block]
        best = numpy.full(len(block), -numpy.inf, dtype=numpy.float64)
        to = numpy.full(len(block), -1, dtype=numpy.int64)
        for first in range(0, len(chosen), PIECE):
            piece = chosen[first : first + PIECE]
            cosines = _cosines(part, rows[piece])
            at = cosines.argmax(axis=1)
            high = cosines[numpy.arange(len(block)), at]
            better = high > best
            best[better], to[better] = high[better], numpy.asarray(piece)[at[better]]
        within = _cosines(part, part)
        fresh: list[int] = []
        for number, row in enumerate(block):
            if len(chosen) >= size:
                break
            high, near = float(best[number]), int(to[number])
            for other in fresh:
                if within[number, other] > high:
                    high, near = float(within[number, other]), block[other]
            high = min(1.0, high)  # float32 rows are of length 1 only nearly
            seen[row] = Near(high, near) if near >= 0 else Near(0.0, None)
            if near < 0 or high <= threshold:
                chosen.append(row)
                fresh.append(number)
        if progress is not None:
            progress(min(start + BLOCK, len(places)), len(places))
    return chosen, seen


def _cosines(a: Any, b: Any) -> Array:
    import numpy

    product = a @ b.T
    dense: Sequence[Any] | Any = product.toarray() if hasattr(product, "toarray") else product
    return numpy.asarray(dense, dtype=numpy.float64)
