"""Macro-F1 with its interval, and the difference of two classifiers' macro-F1 on the same rows.

Intervals come from a Bayesian bootstrap over the distinct rows (Rubin, *The Bayesian bootstrap*, Annals of Statistics 9,
1981) with one added answer, half right and half wrong, spread over the labels as the rows are, so that a classifier that
was never wrong gets an interval with width. From its draws come

- the bias: F1 is a ratio, and a small label's is on average estimated too low; it is taken off,
- the standard error, times ``sqrt(n / (n - k))`` for k labels, as each label's own score uses up some of the rows.

Checked from 10 rows for each label on (``intervals.FEWEST_PER_LABEL``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.learn.intervals import FEWEST_PER_LABEL, RESAMPLES, Interval, is_rough, score_ends, z_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]


class _Rows(NamedTuple):
    """Distinct rows: the right label, the predictions of each classifier, and how often the row is there."""

    truth: Codes
    guesses: tuple[Codes, ...]
    counts: Floats
    labels: int


class _Spread(NamedTuple):
    """A statistic with the added answer, how far its draws are off on average, and its standard error."""

    value: float
    bias: float
    error: float


def macro_f1(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    """Unweighted mean over the labels seen in either of ``F1 = 2 TP / (2 TP + FP + FN)``; equals scikit-learn's."""
    rows = _rows(gold, predicted)
    return float(_scores(rows, 0, rows.counts[None, :])[0])


def bootstrap_macro_f1(
    gold: Sequence[Any],
    predicted: Sequence[Any],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``macro_f1``: Wilson's, around the value without its bias, at the effective size that the standard error
    stands for (as in ``intervals.bounded_mean``). Raises ``ValueError`` when there is nothing to score."""
    rows = _rows(gold, predicted)
    value = float(_scores(rows, 0, rows.counts[None, :])[0])
    found = _spread(rows, (1.0,), resamples, seed)
    # As many right-or-wrong answers as would be as sure: Beta(n m, n (1 - m)) has the variance m (1 - m) / (n + 1), and one
    # of them was added.
    size = max(1.0, found.value * (1 - found.value) / found.error**2 - 2)
    ends = score_ends(min(1.0, max(0.0, value - found.bias)), size, z_of(confidence))
    return Interval(min(value, max(0.0, ends.low)), max(value, min(1.0, ends.high)))


def paired_macro_f1(
    gold: Sequence[Any],
    a: Sequence[Any],
    b: Sequence[Any],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of ``macro_f1(gold, b) - macro_f1(gold, a)`` for two classifiers' predictions of the same rows.

    The value without its bias, and ``z`` standard errors on either side, as for the difference of two shares after one
    disagreement was added, half each way (Bonett, Price, *Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data*, Journal of Educational and Behavioral Statistics 37, 2012). Raises ``ValueError`` for
    unequal lengths and when there is nothing to score.
    """
    rows = _rows(gold, a, b)
    value = float((_scores(rows, 1, rows.counts[None, :]) - _scores(rows, 0, rows.counts[None, :]))[0])
    found = _spread(rows, (-1.0, 1.0), resamples, seed)
    centre, half = value - found.bias, z_of(confidence) * found.error
    return Interval(min(value, max(-1.0, centre - half)), max(value, min(1.0, centre + half)))


def is_rough_macro(gold: Sequence[Any]) -> bool:
    """Whether a macro-F1's interval stands outside of the checked grid: fewer than 60 rows, or on average fewer than 10 a
    label."""
    return is_rough(len(gold)) or len(gold) < FEWEST_PER_LABEL * len(set(gold))


def _rows(gold: Sequence[Any], *predicted: Sequence[Any]) -> _Rows:
    import numpy as np

    for guesses in predicted:
        if len(gold) != len(guesses):
            raise ValueError(f"{len(gold)} labels cannot be compared with {len(guesses)} predictions")
    if not len(gold):
        raise ValueError("there is nothing to score")
    columns = [gold, *predicted]
    codes = {label: code for code, label in enumerate(dict.fromkeys(label for column in columns for label in column))}
    table = np.array([[codes[label] for label in column] for column in columns], dtype=np.int64)
    distinct, counts = np.unique(table, axis=1, return_counts=True)
    return _Rows(distinct[0], tuple(distinct[1:]), counts.astype(np.float64), len(codes))


def _spread(rows: _Rows, signs: tuple[float, ...], resamples: int, seed: int) -> _Spread:
    """Of the sum of the classifiers' scores, each times its sign."""
    import numpy as np

    random = np.random.default_rng(seed)
    n, k = rows.counts.sum(), len(np.unique(rows.truth))
    shares = np.bincount(rows.truth, rows.counts, rows.labels) / n

    def statistic(weights: Floats, added: Floats) -> Floats:
        total = np.zeros(len(weights))
        for place, sign in enumerate(signs):
            # Of the two halves one is this classifier's right answer, the other its wrong one.
            right, wrong = (added[0], added[1]) if place == 0 else (added[1], added[0])
            total += sign * _scores(rows, place, weights, right, wrong)
        return total

    halves = np.stack([shares / 2, shares / 2])
    centre = float(statistic(rows.counts[None, :], halves[:, None, :])[0])
    draws = statistic(
        random.standard_gamma(rows.counts, (resamples, len(rows.counts))),
        random.standard_gamma(halves[:, None, :], (2, resamples, rows.labels)),
    )
    return _Spread(centre, float(draws.mean()) - centre, float(draws.std()) * math.sqrt(n / max(1, n - k)))


def _scores(
    rows: _Rows, place: int, weights: Floats, right: Floats | None = None, wrong: Floats | None = None
) -> Floats:
    """Macro-F1 of one classifier under each row of ``weights`` (r, distinct rows), with added weights (r, labels) of right
    and wrong answers; the wrong ones count as predictions of all other labels alike."""
    import numpy as np

    guess = rows.guesses[place]
    labels = np.arange(rows.labels)
    is_truth = (rows.truth[:, None] == labels).astype(np.float64)
    is_guess = (guess[:, None] == labels).astype(np.float64)
    seen = weights @ (is_truth + is_guess)
    hits = weights @ (is_truth * is_guess)
    if right is not None and wrong is not None:
        elsewhere = (wrong.sum(axis=1, keepdims=True) - wrong) / max(1, rows.labels - 1)
        hits, seen = hits + right, seen + 2 * right + wrong + elsewhere
    scores = np.divide(2 * hits, seen, out=np.zeros_like(seen), where=seen > 0)
    means: Floats = scores.mean(axis=1)
    return means
