"""Score intervals for two shares of the same items: their difference and their ratio.

A score interval holds every value that a test, with the variance which that value itself implies, would not refuse. So it
has width where all answers are right, and its coverage stays near what it says where Wald's and the percentile bootstrap's
falls. Pure Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_HALVINGS = 45
_LARGEST = 1e9


def paired_difference(both: int, only_a: int, only_b: int, neither: int, z: float) -> tuple[float, float]:
    """The ends for ``P(b right) - P(a right)``, from how many items both, only a, only b and neither got right.

    The values d with ``|x_b - x_a - n d| <= z sqrt(n (2 q + d (1 - d)))``, where ``q``, the share that only a gets
    right, is the most likely one under ``d`` (Tango, *Equivalence test and confidence interval for the difference in
    proportions for the paired-sample design*, Statistics in Medicine 17, 1998).
    """
    n = both + only_a + only_b + neither

    def surprise(d: float) -> float:
        linear = -only_b - only_a + (2 * n - only_b + only_a) * d
        q = (math.sqrt(max(0.0, linear * linear + 8 * n * only_a * d * (1 - d))) - linear) / (4 * n)
        return _studentised(only_b - only_a - n * d, n * (2 * q + d * (1 - d)))

    value = (only_b - only_a) / n
    return _last(surprise, value, -1.0, z), _last(surprise, value, 1.0, -z)


def paired_ratio(both: int, only_a: int, only_b: int, neither: int, z: float) -> tuple[float, float]:
    """The ends for ``P(a right) / P(b right)``; the upper one is infinite where b may be never right.

    The values r with ``|p_a - r p_b| <= z sqrt(r (u + v) / n)``, where ``u`` and ``v``, the shares that only a and only b get
    right, are the most likely ones under ``r`` (Nam, Blackwelder, *Analysis of the ratio of marginal probabilities in a
    matched-pair setting*, Statistics in Medicine 21, 2002).
    """
    n = both + only_a + only_b + neither
    a, b, some = (both + only_a) / n, (both + only_b) / n, 1 - neither / n

    def surprise(r: float) -> float:
        inside = math.sqrt(max(0.0, (a - r * r * b) ** 2 + 4 * r * r * only_a * only_b / n / n))
        u = (r * r * (b + 2 * only_a / n) - a + inside) / (2 * r * (r + 1))
        v = r * u - (r - 1) * some
        return _studentised(a - r * b, r * max(0.0, u + v) / n)

    if a == 0 and b == 0:
        return 0.0, math.inf
    value = a / b if b else math.inf
    low = 0.0 if a == 0 else _last(surprise, min(value, _LARGEST), 1e-12, z)
    if b == 0 or surprise(_LARGEST) > -z:
        return low, math.inf
    return low, _last(surprise, max(value, 1e-12), _LARGEST, -z)


def _studentised(gap: float, variance: float) -> float:
    if variance > 0:
        return gap / math.sqrt(variance)
    return math.copysign(math.inf, gap) if gap else 0.0


def _last(surprise: Callable[[float], float], inside: float, outside: float, limit: float) -> float:
    """The last value on the way from ``inside`` to ``outside`` that is less surprising than ``limit``."""
    for _ in range(_HALVINGS):
        # Ratios span many orders of magnitude: halve their logarithm.
        middle = math.sqrt(inside * outside) if min(inside, outside) > 0 else (inside + outside) / 2
        if abs(surprise(middle)) <= abs(limit):
            inside = middle
        else:
            outside = middle
    return inside
