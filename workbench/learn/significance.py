"""Is a difference more than chance? Tests of two measurements and the correction for many of them.

Right and wrong of the same items is tested by ``mcnemar``; measurements of different items have the interval ``apart``. Every
p is two-sided. ``holm`` corrects when several are looked at together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.learn.intervals import Interval


def mcnemar(b: int, c: int) -> float:
    """p of McNemar's exact test: ``b`` items only the first got right, ``c`` only the second.

    Were both equally good, ``b`` would be Binomial(b + c, 1/2): ``p = min(1, 2 P(X <= min(b, c)))``. Raises ``ValueError`` for
    negative counts.
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts cannot be negative: {b}, {c}")
    n, fewer = b + c, min(b, c)
    if b == c:
        return 1.0
    return min(1.0, 2 * math.fsum(_half_binomial(n, k) for k in range(fewer + 1)))


def _half_binomial(n: int, k: int) -> float:
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))


def holm(ps: Sequence[float]) -> list[float]:
    """The p values adjusted for being looked at together, in the given order: compare each with the usual 0.05.

    Of sorted values ``p_1 <= ... <= p_m`` the k-th becomes ``max over j <= k of min(1, (m - j + 1) p_j)`` (Holm, *A simple
    sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6, 1979). The chance of calling
    any non-difference real stays below 0.05, however the tests depend on each other. Raises ``ValueError`` for a p that
    is not between 0 and 1.
    """
    if wrong := [p for p in ps if not 0 <= p <= 1]:
        raise ValueError(f"a p lies between 0 and 1, not {wrong[0]}")
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def apart(a: float, ends_a: Interval, b: float, ends_b: Interval) -> Interval:
    """The interval of ``b - a``, two values of *different* items, from the interval of each.

    ``low = d - sqrt((b - low_b)^2 + (high_a - a)^2)``, ``high = d + sqrt((high_b - b)^2 + (a - low_a)^2)`` with ``d = b - a``
    (Zou, Donner, *Construction of confidence limits about effect measures*, Statistics in Medicine 27, 2008). Of two shares
    with Wilson's intervals that is Newcombe's method 10 (*Interval estimation for the difference between independent
    proportions*, Statistics in Medicine 17, 1998).
    """
    value = b - a
    return Interval(
        value - math.hypot(b - ends_b.low, ends_a.high - a), value + math.hypot(ends_b.high - b, a - ends_a.low)
    )


def two_sided(z: float) -> float:
    """The chance of a standard normal number at least as far from 0 as ``z``."""
    return math.erfc(abs(z) / math.sqrt(2))
