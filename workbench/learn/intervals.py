"""Error bars: intervals for shares, for any statistic of a sample, and for the difference of two classifiers.

The percentile bootstrap holds less than it says for shares near 1 and small samples (at 60 items and shares from 0.9 to 0.97 on
average 90 %, and no width at all where no error was seen). So shares have score intervals, macro-F1 a Bayesian bootstrap with
one added answer, and only statistics of which nothing is known Efron's BCa bootstrap. Everything drawn is seeded: the
same data always shows the same bar. Coverage: ``benchmarks/coverage.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from workbench.learn import score_intervals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    Floats = NDArray[np.float64]
    #: Rows of drawn positions, shape (resamples, n), to one number per resample, shape (resamples,).
    Statistic = Callable[[Indices], Floats]

RESAMPLES = 1000

#: The checked grid (see ``is_rough``): at least so many items, and of them so many of the rarer outcome.
FEWEST_ITEMS = 60
FEWEST_RARE = 3

#: Macro-F1: rows for each label. Differences and ratios of paired answers: rows that the two answer differently.
FEWEST_PER_LABEL = 10
FEWEST_DIFFERING = 7

#: Groups left out one at a time, for the skewness of a statistic.
_GROUPS = 100

#: Positions drawn at a time: bounds the memory of a bootstrap over many rows (8 bytes each, a few arrays).
_CHUNK = 1_000_000


class Interval(NamedTuple):
    """The two ends of a confidence interval, in the unit of what it surrounds."""

    low: float
    high: float


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Interval for a share of ``successes`` in ``n`` trials, inside 0 to 1 and honest for small ``n``.

    ``centre = (p + z^2/2n) / (1 + z^2/n)``, half width ``z / (1 + z^2/n) * sqrt(p(1-p)/n + z^2/4n^2)`` (Wilson,
    *Probable inference*, JASA 22, 1927). Nothing seen (``n = 0``) gives 0 to 1. Raises ``ValueError`` when
    ``successes`` is not between 0 and ``n``.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials are impossible")
    z = z_of(confidence)
    if n == 0:
        return Interval(0.0, 1.0)
    ends = score_ends(successes / n, n, z)
    # At the ends the formula gives exactly 0 or 1; rounding must not move the bar past the value.
    low = 0.0 if successes == 0 else max(0.0, ends.low)
    high = 1.0 if successes == n else min(1.0, ends.high)
    return Interval(low, high)


def score_ends(share: float, size: float, z: float) -> Interval:
    """Wilson's two ends for a ``share`` seen in ``size`` trials (any positive number: an effective size), ``z`` standard
    errors wide; rounding may carry them past 0 or 1."""
    scale = 1 + z * z / size
    centre = (share + z * z / (2 * size)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return Interval(centre - half, centre + half)


def bounded_mean(values: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """Interval of the mean of numbers between 0 and 1, such as wins with draws as halves; of zeros and ones it is Wilson's.

    Wilson's interval at the *effective* size ``n m (1 - m) / s^2``: as many right-or-wrong answers as would make the mean as
    sure as these numbers do (Korn, Graubard, *Confidence intervals for proportions with small expected number of
    positive counts*, Survey Methodology 24, 1998). ``m`` and ``s^2`` are mean and variance with one 0 and one 1 added
    (Agresti, Coull, *Approximate is better than "exact"*, American Statistician 52, 1998), so that equal numbers
    still give an interval with width. Raises ``ValueError`` for numbers outside 0 to 1; nothing seen gives 0 to 1.
    """
    n = len(values)
    numbers = [float(value) for value in values]
    if n and not (min(numbers) >= 0 and max(numbers) <= 1):
        raise ValueError("the numbers must lie between 0 and 1")
    z = z_of(confidence)
    if n == 0:
        return Interval(0.0, 1.0)
    total = math.fsum(numbers)
    mean = (total + 1) / (n + 2)
    variance = (math.fsum((value - mean) ** 2 for value in numbers) + mean**2 + (1 - mean) ** 2) / (n + 2)
    ends = score_ends(total / n, n * mean * (1 - mean) / variance, z)
    return Interval(min(total / n, max(0.0, ends.low)), max(total / n, min(1.0, ends.high)))


def is_rough(n: int, share: float | None = None) -> bool:
    """Whether an interval stands outside the grid on which its coverage was checked (``benchmarks/coverage.py``).

    Rough is an interval from fewer than 60 items, or of a ``share`` with fewer than 3 of the rarer outcome: at 60 items
    below 0.05 or above 0.95, at 1,000 below 0.003 or above 0.997.
    """
    if n < FEWEST_ITEMS:
        return True
    # Rounding of the share must not turn three of sixty into fewer.
    return share is not None and n * min(share, 1 - share) < FEWEST_RARE - 1e-6


def is_rough_pair(first: Sequence[object], second: Sequence[object]) -> bool:
    """Whether the interval of a difference of paired answers stands outside the checked grid: fewer than 60 rows, or fewer
    than 7 on which the two differ. Raises ``ValueError`` when they are not equally many."""
    return len(first) < FEWEST_ITEMS or sum(a != b for a, b in zip(first, second, strict=True)) < FEWEST_DIFFERING


def bootstrap(
    values: Sequence[float] | Floats | Statistic,
    n: int | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of a mean, or of any statistic of which nothing is known but how to compute it.

    ``values`` is either the numbers whose mean is meant, or a function from an (r, ``n``) matrix of drawn positions to r
    numbers; then ``n`` says how many there are to draw from. Zeros and ones are a share: ``wilson``. Everything else gets
    the bias-corrected and accelerated bootstrap (Efron, *Better bootstrap confidence intervals*, JASA 82, 1987), its
    acceleration from a jackknife that leaves out a hundredth at a time, its tails as wide as Student's t (Hesterberg, *What
    teachers should know about the bootstrap*, American Statistician 69, 2015). Raises ``ValueError`` when there is nothing
    to draw from.
    """
    import numpy as np

    statistic: Statistic
    if callable(values):
        if n is None:
            raise ValueError("a statistic needs n, the number of items to draw from")
        statistic, size = values, n
    else:
        array = np.asarray(values, dtype=np.float64)
        size = len(array)
        if size and bool(np.isin(array, (0.0, 1.0)).all()):
            return wilson(int(array.sum()), size, confidence)

        def statistic(drawn: Indices) -> Floats:
            means: Floats = array[drawn].mean(axis=1)
            return means

    return _accelerated(statistic, size, confidence, resamples, seed)


def bootstrap_ratio(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``mean(numerators) / mean(denominators)`` over the same items.

    Right and wrong (1 and 0) on both sides: the score interval of ``score_intervals.paired_ratio``. Other numbers are drawn
    together; a resample whose denominator is 0 counts as an infinitely large ratio. An upper end may be infinite; the
    caller decides what to show for it. Raises ``ValueError`` for unequal lengths.
    """
    import numpy as np

    top, bottom = _same_items(numerators, denominators)
    if (table := _table(top, bottom)) is not None:
        return Interval(*score_intervals.paired_ratio(*table, z_of(confidence)))

    def statistic(drawn: Indices) -> Floats:
        below = bottom[drawn].mean(axis=1)
        ratios = np.full(len(drawn), np.inf)
        np.divide(top[drawn].mean(axis=1), below, out=ratios, where=below > 0)
        return ratios

    return percentiles(_resample(statistic, len(top), resamples, seed), confidence)


def paired_bootstrap(
    a_correct: Sequence[float],
    b_correct: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``mean(b) - mean(a)`` where both judged the same items in the same order: the gain from a to b.

    Pairing removes the difficulty of the items from the error bar (Koehn, *Statistical significance tests for machine
    translation evaluation*, EMNLP 2004). Right and wrong (1 and 0): the score interval of
    ``score_intervals.paired_difference``, which has width even where no item differs. Other numbers: ``bootstrap`` of the
    differences. Raises ``ValueError`` for unequal lengths.
    """
    a, b = _same_items(a_correct, b_correct)
    if (table := _table(a, b)) is not None:
        return Interval(*score_intervals.paired_difference(*table, z_of(confidence)))
    return bootstrap(b - a, confidence=confidence, resamples=resamples, seed=seed)


def _same_items(first: Sequence[float], second: Sequence[float]) -> tuple[Floats, Floats]:
    import numpy as np

    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(a) != len(b):
        raise ValueError(f"paired items are needed, there are {len(a)} and {len(b)}")
    return a, b


def _table(a: Floats, b: Floats) -> tuple[int, int, int, int] | None:
    """How many both, only a, only b and neither got right; None where the numbers are not just right and wrong."""
    import numpy as np

    if not len(a) or not bool((np.isin(a, (0.0, 1.0)) & np.isin(b, (0.0, 1.0))).all()):
        return None
    both, right_a, right_b = int((a * b).sum()), int(a.sum()), int(b.sum())
    return both, right_a - both, right_b - both, len(a) - right_a - right_b + both


def _accelerated(statistic: Statistic, size: int, confidence: float, resamples: int, seed: int) -> Interval:
    import numpy as np
    from scipy.special import ndtr, ndtri
    from scipy.stats import t

    upper = _tail(confidence)
    draws = _resample(statistic, size, resamples, seed)
    if size < 3 or not bool(np.isfinite(draws).all()):
        return percentiles(draws, confidence)
    value = float(statistic(np.arange(size)[None, :])[0])
    # Equal ones count half on either side; a bias is never taken for infinite because no draw lies beyond the value.
    below = ((draws < value).sum() + 0.5 * (draws == value).sum() + 0.5) / (len(draws) + 1)
    bias, skew = float(ndtri(below)), _acceleration(statistic, size, np.random.default_rng(seed))
    wide = math.sqrt(size / (size - 1)) * float(t.ppf(upper, size - 1))
    ends = [float(ndtr(bias + (bias + z) / max(0.1, 1 - skew * (bias + z)))) for z in (-wide, wide)]
    low, high = np.quantile(draws, ends, method="nearest")
    return Interval(float(low), float(high))


def _acceleration(statistic: Statistic, size: int, random: np.random.Generator) -> float:
    """A sixth of the skewness of what each group of items, left out, does to the statistic."""
    import numpy as np

    groups = min(size, _GROUPS)
    order = random.permutation(size)[: size - size % groups].reshape(groups, -1)
    step = max(1, _CHUNK // size)
    parts = [
        np.array([np.delete(order, place, axis=0).ravel() for place in range(start, min(start + step, groups))])
        for start in range(0, groups, step)
    ]
    found = np.concatenate([statistic(kept) for kept in parts])
    pull = found.mean() - found
    power = float((pull**2).sum()) ** 1.5
    return float((pull**3).sum()) / (6 * power) if power > 0 else 0.0


def _resample(statistic: Statistic, size: int, resamples: int, seed: int) -> Floats:
    import numpy as np

    if size < 1 or resamples < 1:
        raise ValueError("a bootstrap needs at least one item and one resample")
    random = np.random.default_rng(seed)
    rows = max(1, _CHUNK // size)
    parts = [
        statistic(random.integers(0, size, size=(min(rows, resamples - start), size)))
        for start in range(0, resamples, rows)
    ]
    return np.concatenate(parts)


def percentiles(draws: Floats, confidence: float) -> Interval:
    """The middle ``confidence`` of ``draws``."""
    import numpy as np

    upper = _tail(confidence)
    # Order statistics, not interpolation: two infinite neighbours (a ratio over 0) would interpolate to NaN.
    low, high = np.quantile(draws, [1 - upper, upper], method="nearest")
    return Interval(float(low), float(high))


def z_of(confidence: float) -> float:
    """How many standard errors to either side hold the middle ``confidence`` of a normal distribution."""
    return NormalDist().inv_cdf(_tail(confidence))


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    return (1 + confidence) / 2
