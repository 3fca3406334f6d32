"""MAUVE: how alike two distributions are, seen through a histogram over the buckets of a quantisation.

Pillutla et al. 2021, *MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers* (NeurIPS);
Pillutla et al. 2023, *MAUVE Scores for Generative Models: Theory and Practice* (JMLR 24), from which the smoothing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.learn.threads import one_thread
from workbench.learn.topics import assign

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: The constant c of ``exp(-c KL)``, points of the frontier, and how near the outermost mixtures are to either side.
SCALE, POINTS, EDGE = 5.0, 25, 1e-6
#: Rounds of Lloyd's algorithm: more move few texts to other buckets.
ROUNDS = 10
#: Pairs of histograms whose frontiers are drawn at a time.
_STEP = 32


def quantise(rows: Array, buckets: int, seed: int = 0) -> Array:
    """The bucket of each row, ``(n,)`` int64: Lloyd's k-means (1982) from ``buckets`` rows drawn by ``seed``.

    ``rows`` (n, d). Time ``O(n d buckets)`` a round, ``ROUNDS`` rounds. A bucket that loses all its rows keeps its centre.
    """
    import numpy
    from scipy.sparse import csr_matrix

    count = min(buckets, len(rows))
    if count < 1:
        return numpy.zeros(len(rows), numpy.int64)
    places = numpy.sort(numpy.random.default_rng(seed).choice(len(rows), count, replace=False))
    centres = rows[places].astype(numpy.float32)
    ones = numpy.ones(len(rows), numpy.float32)
    with one_thread():
        member, _ = assign(rows, centres)
        for _ in range(ROUNDS):
            sizes = numpy.bincount(member, minlength=count)
            pick = csr_matrix((ones, (member, numpy.arange(len(rows)))), (count, len(rows)))
            filled = sizes > 0
            centres[filled] = (numpy.asarray(pick @ rows)[filled] / sizes[filled, None]).astype(numpy.float32)
            before, (member, _) = member, assign(rows, centres)
            if (before == member).all():
                break
    return member


def smoothed(counts: Array) -> Array:
    """Krichevsky-Trofimov estimate of the shares: ``(count + 1/2) / (n + k/2)``; over the last axis of ``counts`` (..., k)."""
    import numpy

    more = numpy.asarray(counts, numpy.float64) + 0.5
    shares: Array = more / more.sum(axis=-1, keepdims=True)
    return shares


def frontier_area(p: Array, q: Array) -> Array:
    """Area under the divergence frontier, 0 to 1, 1 where ``p`` and ``q`` are the same: ``(...)`` for shares ``(..., k)``.

    The frontier holds the points ``(exp(-c KL(q|r)), exp(-c KL(p|r)))`` of the mixtures ``r = w p + (1-w) q``, from (1, 0)
    to (0, 1); the area is the mean of what lies under it seen from either axis, by the trapezoid rule. Equals
    ``mauve_star`` of the package mauve-text for the same smoothed histograms.
    """
    import numpy

    p, q = numpy.atleast_2d(p), numpy.atleast_2d(q)
    weights = numpy.linspace(EDGE, 1 - EDGE, POINTS)
    areas = numpy.empty(len(p))
    for start in range(0, len(p), _STEP):
        a, b = p[start : start + _STEP], q[start : start + _STEP]
        x = numpy.empty((POINTS + 2, len(a)))
        y = numpy.empty((POINTS + 2, len(a)))
        x[0], y[0], x[-1], y[-1] = 1.0, 0.0, 0.0, 1.0
        for place, weight in enumerate(weights, 1):
            middle = weight * a + (1 - weight) * b
            x[place] = numpy.exp(-SCALE * divergence(b, middle))
            y[place] = numpy.exp(-SCALE * divergence(a, middle))
        areas[start : start + _STEP] = (_under(x, y) + _under(y, x)) / 2
    return areas


def divergence(p: Array, q: Array) -> Array:
    """Kullback-Leibler divergence in nats over the last axis; ``q`` is above 0 wherever ``p`` is."""
    import numpy

    ratio = numpy.divide(p, q, out=numpy.ones(numpy.broadcast(p, q).shape), where=p > 0)
    found: Array = (p * numpy.log(ratio)).sum(axis=-1)
    return found


def _under(x: Array, y: Array) -> Array:
    import numpy

    order = numpy.argsort(x, axis=0, kind="stable")
    across, up = numpy.take_along_axis(x, order, 0), numpy.take_along_axis(y, order, 0)
    found: Array = ((up[1:] + up[:-1]) / 2 * numpy.diff(across, axis=0)).sum(axis=0)
    return found
