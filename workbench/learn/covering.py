"""Few samples that stand for many: k-centre greedy and vote-k, bounded in work and memory for any number of samples.

Both choose among at most ``CANDIDATES`` rows spread evenly over all, at most ``CHOSEN`` of them.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

CANDIDATES, CHOSEN = 20_000, 1_000
#: Rows whose distances are in memory at once, and anchors that count at most (spread evenly).
BLOCK, ANCHORS = 1_000, 2_000
#: Nearest others that a sample votes for: one for every ``EACH`` rows of the graph, within these; and what a vote loses for
#: each chosen one that speaks for the voter. With the paper's 150 (for 3,000 texts and at most 100 choices) a dozen choices
#: speak for everybody in 2,000 texts, and what follows are outliers.
FEWEST, NEAR, EACH, RHO = 10, 150, 200, 10.0


def spread(size: int, most: int) -> Array:
    """``most`` of ``size`` places at even steps, ascending; all of them when there are no more."""
    import numpy

    return numpy.arange(size) if size <= most else numpy.arange(most) * size // most


def k_centre(rows: Array, anchors: Array, size: int, progress: Progress | None = None) -> tuple[list[int], Array]:
    """The rows chosen, in order, and each row's Euclidean distance to the nearest centre when it was chosen or, if it was
    not, at the end: ``(n,)``.

    ``rows`` (n, d) and ``anchors`` (m, d), centres that there are already. Without anchors the first is the row nearest to
    the mean, whose distance then is the largest of all. Among equally far rows the earlier one is chosen. Stops when
    everything is covered: no row is at any distance. Sener & Savarese 2018, algorithm 1; at most twice as far from the
    best cover as any (Gonzalez 1985).
    """
    import numpy

    points = numpy.asarray(rows, numpy.float32)
    if not len(points) or size < 1:
        return [], numpy.zeros(len(points))
    squares = (points**2).sum(axis=1)
    nearest = _nearest(points, squares, anchors) if len(anchors) else numpy.full(len(points), numpy.inf, numpy.float32)
    when = numpy.full(len(points), numpy.nan)
    chosen: list[int] = []
    if not len(anchors):
        first = int(_squared(points, squares, points.mean(axis=0)).argmin())
        nearest = _squared(points, squares, points[first])
        nearest[first] = 0.0
        when[first] = numpy.sqrt(nearest.max())
        chosen.append(first)
    while len(chosen) < min(size, len(points)):
        best = int(nearest.argmax())
        if nearest[best] <= TINY:
            break
        when[best] = numpy.sqrt(nearest[best])
        chosen.append(best)
        numpy.minimum(nearest, _squared(points, squares, points[best]), out=nearest)
        nearest[best] = 0.0
        if progress is not None and len(chosen) % 50 == 0:
            progress(len(chosen), size)
    rest = numpy.isnan(when)
    when[rest] = numpy.sqrt(nearest[rest])
    return chosen, when


#: Squared distances up to this are rounding of float32.
TINY = 1e-6


def _squared(points: Array, squares: Array, centre: Array) -> Array:
    import numpy

    found: Array = squares - 2.0 * (points @ centre) + float((centre**2).sum())
    return numpy.maximum(found, 0.0).astype(numpy.float32)


def _nearest(points: Array, squares: Array, centres: Array) -> Array:
    """Squared distance of each point to the nearest centre, ``(n,)``."""
    import numpy

    own = (centres**2).sum(axis=1)
    found = numpy.empty(len(points), numpy.float32)
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        found[part] = (own[None, :] - 2.0 * (points[part] @ centres.T)).min(axis=1) + squares[part]
    return numpy.maximum(found, 0.0)


def coverage(vectors: Array, anchors: Array, *, size: int = CHOSEN, progress: Progress | None = None) -> Array:
    """Scores ``(n,)`` of ``k_centre`` over all rows: chosen ones have their distance when they were chosen, the others
    their distance to the nearest chosen one, under that of the last chosen one."""
    import numpy

    if not len(vectors):
        return numpy.zeros(0)
    places = spread(len(vectors), CANDIDATES)
    fixed = anchors[spread(len(anchors), ANCHORS)]
    chosen, when = k_centre(vectors[places], fixed, size, progress)
    if len(places) == len(vectors):
        found = when
    else:
        centres = numpy.concatenate([vectors[places[chosen]], fixed.reshape(-1, vectors.shape[1])])
        squares = (vectors**2).sum(axis=1)
        found = numpy.sqrt(_nearest(vectors, squares, centres).astype(numpy.float64))
        found[places] = when
    others = numpy.ones(len(vectors), bool)
    others[places[chosen]] = False
    last = float(when[chosen[-1]]) if chosen else numpy.inf
    found[others] = numpy.minimum(found[others], numpy.nextafter(last, 0.0))
    return found


def nearest(rows: Array, others: Array, most: int, *, own: bool = False) -> Array:
    """For each of ``rows`` (n, d) the ``most`` rows of ``others`` with the highest dot product, ``(n, min(most, m))`` places
    in no order; with ``own`` the two are the same and a row is not among its own. Of equals the earlier ones."""
    import numpy

    limit = min(most, len(others) - (1 if own else 0))
    found = numpy.empty((len(rows), max(0, limit)), numpy.int64)
    if limit <= 0:
        return found
    for start in range(0, len(rows), BLOCK):
        cosines = rows[start : start + BLOCK] @ others.T
        if own:
            cosines[numpy.arange(len(cosines)), numpy.arange(start, start + len(cosines))] = -numpy.inf
        if limit == cosines.shape[1]:
            found[start : start + BLOCK] = numpy.arange(limit)
        else:
            found[start : start + BLOCK] = numpy.argpartition(-cosines, limit - 1, axis=1)[:, :limit]
    return found


def vote_k(votes_for: Array, size: int, already: Array | None = None) -> tuple[list[int], Array]:
    """The rows chosen, in order, and each row's votes when it was chosen, or at the end: ``(n,)``.

    ``votes_for`` (n, k): the rows that each votes for. ``already`` (n,): how many chosen ones speak for each at the start.
    The votes of a row are ``sum_v RHO^-c(v)`` over those v that vote for it, c(v) the chosen ones that v votes for. Of
    equals the earlier row is chosen. Lazy: votes only fall, so a row on top of the heap whose number is fresh is the
    best of all.
    """
    import numpy

    n, k = votes_for.shape
    weight = RHO ** -(numpy.zeros(n) if already is None else already.astype(numpy.float64))
    voters = numpy.repeat(numpy.arange(n), k)
    targets = votes_for.ravel()
    order = numpy.argsort(targets, kind="stable")
    begin = numpy.searchsorted(targets[order], numpy.arange(n + 1))
    by_target = voters[order]
    total = numpy.bincount(targets, weights=weight[voters], minlength=n)
    heap = [(-value, row) for row, value in enumerate(total.tolist())]
    heapq.heapify(heap)
    final = total.copy()
    chosen: list[int] = []
    taken = numpy.zeros(n, bool)
    while heap and len(chosen) < min(size, n):
        value, row = heapq.heappop(heap)
        behind = by_target[begin[row] : begin[row + 1]]
        fresh = float(weight[behind].sum())
        if fresh < -value - 1e-9:
            heapq.heappush(heap, (-fresh, row))
            continue
        chosen.append(row)
        taken[row] = True
        final[row] = -value
        weight[behind] /= RHO
    rest = numpy.flatnonzero(~taken)
    if k:
        now = numpy.bincount(targets, weights=weight[voters], minlength=n)
        final[rest] = now[rest]
    return chosen, final


def votes(vectors: Array, anchors: Array, *, size: int = CHOSEN, progress: Progress | None = None) -> Array:
    """Scores ``(n,)`` of ``vote_k`` over rows of length 1; NaN for rows outside the graph. Anchors count as chosen for the
    rows that would vote for them."""
    import numpy

    found = numpy.full(len(vectors), numpy.nan)
    places = spread(len(vectors), CANDIDATES)
    if not len(places):
        return found
    rows = vectors[places]
    if progress is not None:
        progress(0, 2)
    graph = nearest(rows, rows, min(NEAR, max(FEWEST, len(rows) // EACH)), own=True)
    already = None
    if len(anchors):
        fixed = anchors[spread(len(anchors), ANCHORS)]
        already = numpy.zeros(len(rows), numpy.int64)
        # An anchor speaks for a row when it is at least as near as the farthest of those that the row votes for.
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            mine = numpy.einsum("nd,nkd->nk", part, rows[graph[start : start + BLOCK]])
            least = mine.min(axis=1) if mine.shape[1] else numpy.full(len(part), numpy.inf)
            already[start : start + BLOCK] = (part @ fixed.T >= least[:, None]).sum(axis=1)
    if progress is not None:
        progress(1, 2)
    found[places] = vote_k(graph, size, already)[1]
    return found
