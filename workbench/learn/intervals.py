"""Error bars: intervals for shares, for any statistic of a sample, and for the difference of two classifiers.

Every bootstrap here is a percentile bootstrap (Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter
13), seeded, so that the same data always shows the same bar.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

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
    z = NormalDist().inv_cdf(_tail(confidence))
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
    z = NormalDist().inv_cdf(_tail(confidence))
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


def bootstrap(
    values: Sequence[float] | Floats | Statistic,
    n: int | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of a mean, or of any statistic.

    ``values`` is either the numbers whose mean is meant (0 and 1 for right and wrong give accuracy), or a function
    from an (r, ``n``) matrix of drawn positions to r numbers; then ``n`` says how many there are to draw from. Raises
    ``ValueError`` when there is nothing to draw from.
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

        def statistic(drawn: Indices) -> Floats:
            means: Floats = array[drawn].mean(axis=1)
            return means

    return percentiles(_resample(statistic, size, resamples, seed), confidence)


def bootstrap_accuracy(
    gold: Sequence[Any],
    predicted: Sequence[Any],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of the share of equal pairs of ``gold`` and ``predicted`` (equally long, any hashable labels)."""
    correct = [float(a == b) for a, b in zip(gold, predicted, strict=True)]
    return bootstrap(correct, confidence=confidence, resamples=resamples, seed=seed)


def macro_f1(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    """Unweighted mean over the labels seen in either of ``F1 = 2 TP / (2 TP + FP + FN)``; equals scikit-learn's."""
    import numpy as np

    statistic, size = macro_f1_statistic(gold, predicted)
    if size == 0:
        raise ValueError("there is nothing to score")
    return float(statistic(np.arange(size)[None, :])[0])


def bootstrap_macro_f1(
    gold: Sequence[Any],
    predicted: Sequence[Any],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``macro_f1``; in each resample the mean is over the labels that this resample holds."""
    statistic, size = macro_f1_statistic(gold, predicted)
    return bootstrap(statistic, size, confidence=confidence, resamples=resamples, seed=seed)


def bootstrap_ratio(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``mean(numerators) / mean(denominators)`` over the same items, drawn together.

    A resample whose denominator is 0 counts as an infinitely large ratio; the caller decides what to show for it.
    """
    import numpy as np

    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if len(top) != len(bottom):
        raise ValueError("both sides must be about the same items")

    def statistic(drawn: Indices) -> Floats:
        below = bottom[drawn].mean(axis=1)
        ratios = np.full(len(drawn), np.inf)
        np.divide(top[drawn].mean(axis=1), below, out=ratios, where=below > 0)
        return ratios

    return bootstrap(statistic, len(top), confidence=confidence, resamples=resamples, seed=seed)


def paired_bootstrap(
    a_correct: Sequence[float],
    b_correct: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``mean(b) - mean(a)`` where both judged the same items in the same order: the gain from a to b.

    Drawing items, not answers, removes the difficulty of the items from the error bar (Koehn, *Statistical
    significance tests for machine translation evaluation*, EMNLP 2004). Raises ``ValueError`` for unequal lengths.
    """
    import numpy as np

    a, b = np.asarray(a_correct, dtype=np.float64), np.asarray(b_correct, dtype=np.float64)
    if len(a) != len(b):
        raise ValueError(f"paired items are needed, there are {len(a)} and {len(b)}")
    return bootstrap(b - a, confidence=confidence, resamples=resamples, seed=seed)


def macro_f1_statistic(gold: Sequence[Any], predicted: Sequence[Any]) -> tuple[Statistic, int]:
    import numpy as np

    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} labels cannot be compared with {len(predicted)} predictions")
    codes = {label: code for code, label in enumerate(dict.fromkeys([*gold, *predicted]))}
    k = max(1, len(codes))
    truth = np.fromiter((codes[label] for label in gold), np.int64, len(gold))
    guess = np.fromiter((codes[label] for label in predicted), np.int64, len(predicted))
    # A wrong row is counted under a class of its own, which keeps it out of the true positives without a mask.
    hit = np.where(truth == guess, truth, k)

    def statistic(drawn: Indices) -> Floats:
        rows = len(drawn)

        def count(array: Indices, classes: int) -> Indices:
            cells = array[drawn] + np.arange(rows)[:, None] * classes
            return np.bincount(cells.ravel(), minlength=rows * classes).reshape(rows, classes)

        seen = count(truth, k) + count(guess, k)
        scores = np.zeros((rows, k))
        np.divide(2 * count(hit, k + 1)[:, :k], seen, out=scores, where=seen > 0)
        means: Floats = scores.sum(axis=1) / np.maximum(1, (seen > 0).sum(axis=1))
        return means

    return statistic, len(gold)


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


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    return (1 + confidence) / 2
