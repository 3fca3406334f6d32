"""Is a difference more than chance? Tests of two measurements and the correction for many of them.

Two measurements of the same items are *paired*: ``mcnemar`` for right and wrong, ``paired_permutation`` for any numbers.
Measurements of different items are independent: ``difference_of_shares`` and, from values with standard errors,
``difference_of_estimates``. Every p is two-sided. ``holm`` corrects when several are looked at together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from workbench.learn.intervals import Interval, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PERMUTATIONS = 10_000

#: Up to so many differing items all sign changes are counted instead of drawn (2 ** 12 = 4,096 of them).
_EXACT = 12


class Gap(NamedTuple):
    """``value`` is b minus a, ``low`` and ``high`` its interval, ``p`` the chance of a gap as large were there none."""

    value: float
    low: float
    high: float
    p: float


def mcnemar(b: int, c: int, *, mid: bool = False) -> float:
    """p of McNemar's exact test: ``b`` items only the first got right, ``c`` only the second.

    Were both equally good, ``b`` would be Binomial(b + c, 1/2): ``p = min(1, 2 P(X <= min(b, c)))``. With ``mid`` the
    chance of the count itself is halved, which is less cautious and still holds its level in practice (Fagerland,
    Lydersen, Laake, *The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
    conditional*, BMC Medical Research Methodology 13:91, 2013). Raises ``ValueError`` for negative counts.
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts cannot be negative: {b}, {c}")
    n, fewer = b + c, min(b, c)
    if b == c:
        return 1.0
    tail = math.fsum(_half_binomial(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail - (_half_binomial(n, fewer) if mid else 0.0))


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


def paired_permutation(
    a: Sequence[float], b: Sequence[float], seed: int = 0, *, permutations: int = PERMUTATIONS
) -> float:
    """p of the paired permutation test of ``mean(b) - mean(a)`` over the same items in the same order.

    Were there no difference, the sign of each item's difference would be a coin's (Fisher 1935; for systems Yeh, *More
    accurate tests for the statistical significance of result differences*, COLING 2000). All sign changes are counted
    where at most 12 items differ; else ``permutations`` are drawn and ``p = (1 + as large) / (1 + drawn)``, so that p is
    never 0. Raises ``ValueError`` for unequal lengths.
    """
    import numpy as np

    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"paired items are needed, there are {len(first)} and {len(second)}")
    differences = second - first
    sizes = np.abs(differences[differences != 0])
    if not len(sizes):
        return 1.0
    # The slack keeps sums that are equal but for rounding on the side of "as large".
    threshold = abs(differences.sum()) - 1e-9 * sizes.sum()
    if len(sizes) <= _EXACT:
        signs = 1 - 2 * ((np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes))) & 1)
        return float((np.abs(signs @ sizes) >= threshold).mean())
    sums = _signed_sums(sizes, np.random.default_rng(seed), permutations)
    return float((1 + (np.abs(sums) >= threshold).sum()) / (1 + permutations))


def _signed_sums(sizes: Floats, random: np.random.Generator, draws: int) -> Floats:
    """``draws`` sums of ``sizes`` with random signs; equal sizes are drawn together as one binomial."""
    import numpy as np

    values, counts = np.unique(sizes, return_counts=True)
    sums = np.zeros(draws)
    for value, count in zip(values, counts, strict=True):
        sums += value * (2.0 * random.binomial(count, 0.5, draws) - count)
    return sums


def difference_of_shares(right_a: int, n_a: int, right_b: int, n_b: int, confidence: float = 0.95) -> Gap:
    """``b`` minus ``a`` of two shares of *different* items.

    The interval puts together the two Wilson intervals: ``low = d - sqrt((p_b - l_b)^2 + (u_a - p_a)^2)``, ``high = d +
    sqrt((u_b - p_b)^2 + (p_a - l_a)^2)`` (Newcombe, *Interval estimation for the difference between independent
    proportions*, Statistics in Medicine 17, 1998, method 10). ``p`` is that of the pooled z test without correction.
    Raises ``ValueError`` when there is nothing on a side or more right ones than items.
    """
    if n_a < 1 or n_b < 1:
        raise ValueError("both sides need at least one item")
    ends_a, ends_b = wilson(right_a, n_a, confidence), wilson(right_b, n_b, confidence)
    a, b = right_a / n_a, right_b / n_b
    value = b - a
    low = value - math.hypot(b - ends_b.low, ends_a.high - a)
    high = value + math.hypot(ends_b.high - b, a - ends_a.low)
    pooled = (right_a + right_b) / (n_a + n_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return Gap(value, max(-1.0, low), min(1.0, high), two_sided(value / error) if error else 1.0)


def difference_of_estimates(
    a: float,
    error_a: float,
    b: float,
    error_b: float,
    *,
    n_a: int | None = None,
    n_b: int | None = None,
    confidence: float = 0.95,
) -> Gap:
    """``b`` minus ``a`` of two independent estimates with standard errors.

    With the sizes of both samples Welch's t (*The generalization of "Student's" problem*, Biometrika 34, 1947): degrees
    of freedom ``(e_a^2 + e_b^2)^2 / (e_a^4 / (n_a - 1) + e_b^4 / (n_b - 1))``; without them the normal distribution.
    Two exact estimates (no errors) give an interval without width and a p of 1 or 0. Raises ``ValueError`` for negative
    errors, or a sample of one.
    """
    if error_a < 0 or error_b < 0:
        raise ValueError("a standard error cannot be negative")
    value, error = b - a, math.hypot(error_a, error_b)
    if not error:
        return Gap(value, value, value, 0.0 if value else 1.0)
    if n_a is None or n_b is None:
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        return Gap(value, value - z * error, value + z * error, two_sided(value / error))
    if min(n_a, n_b) < 2:
        raise ValueError("a standard error needs at least two items on each side")
    from scipy.stats import t

    freedom = error**4 / (error_a**4 / (n_a - 1) + error_b**4 / (n_b - 1))
    half = float(t.ppf((1 + confidence) / 2, freedom)) * error
    return Gap(value, value - half, value + half, float(2 * t.sf(abs(value) / error, freedom)))


def standard_error(interval: Interval, confidence: float = 0.95) -> float:
    """The standard error that an interval of a roughly normal estimate stands for: half its width over z."""
    return (interval.high - interval.low) / 2 / NormalDist().inv_cdf((1 + confidence) / 2)


def two_sided(z: float) -> float:
    """The chance of a standard normal number at least as far from 0 as ``z``."""
    return math.erfc(abs(z) / math.sqrt(2))
