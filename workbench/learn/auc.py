"""Area under the ROC curve with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.learn.intervals import Interval, wilson, z_of
from workbench.learn.significance import two_sided

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]


class Area(NamedTuple):
    """The area, 0 to 1, and its standard error."""

    value: float
    error: float


def area(scores: Array, positive: Array) -> Area:
    """How often a positive scores above a negative, ties counted half: the Mann-Whitney statistic over the pairs.

    ``scores`` (n,), ``positive`` (n,) bool. The standard error is DeLong, DeLong & Clarke-Pearson's (*Comparing the areas
    under two or more correlated receiver operating characteristic curves*, Biometrics 44, 1988), by ranks in
    ``O(n log n)`` (Sun & Xu, IEEE SPL 21, 2014). Raises ``ValueError`` where either side is empty.
    """
    import numpy
    from scipy.stats import rankdata

    ours, theirs = scores[positive], scores[~positive]
    m, n = len(ours), len(theirs)
    if not m or not n:
        raise ValueError("an area under the curve needs both positives and negatives")
    ranks = rankdata(numpy.concatenate([ours, theirs]))
    above = (ranks[:m] - rankdata(ours)) / n
    below = 1 - (ranks[m:] - rankdata(theirs)) / m
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (above, below) if len(part) > 1)
    return Area(float(above.mean()), math.sqrt(variance))


def interval(found: Area, positives: int, negatives: int, confidence: float = 0.95) -> Interval:
    """Interval on the logit scale, which keeps it inside 0 to 1 (Pepe 2003, *The Statistical Evaluation of Medical Tests*,
    section 5.2). At 0 or 1 no pair was ever out of order and the error is 0: Wilson's ends for as many trials as the
    smaller side has stand there."""
    fewer = min(positives, negatives)
    if found.error == 0 or not 0 < found.value < 1:
        if found.value in (0.0, 1.0):
            return wilson(round(found.value) * fewer, fewer, confidence)
        return Interval(found.value, found.value)
    middle = math.log(found.value / (1 - found.value))
    half = z_of(confidence) * found.error / (found.value * (1 - found.value))
    return Interval(_logistic(middle - half), _logistic(middle + half))


def p_value(found: Area) -> float:
    """Two-sided p-value of an area of one half, by the normal distribution."""
    if found.error == 0:
        return 1.0 if found.value == 0.5 else 0.0
    return two_sided((found.value - 0.5) / found.error)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
