"""A share estimated from a few people's words and many of a judge's, without trusting the judge.

Angelopoulos, Bates, Fannjiang, Jordan, Zrnic 2023, *Prediction-powered inference* (Science 382), and its tuned form,
Angelopoulos, Duchi, Zrnic 2023, *PPI++* (arXiv 2311.01453). What people decided corrects the judge's bias; where the judge
says nothing about people's words, its weight goes to 0 and the plain estimate from people is left. The papers'
interval is the normal one, which covers 89 to 94 % at such sizes; here it is Wilson's, at the size of an audit that would be
as sure.

Assumed: what people decided is a random part of what the judge saw, drawn without looking at either's word; the two parts are
of different samples; both are large enough for the normal approximation (about 30 each).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from workbench.learn.intervals import score_ends, z_of

#: Squared deviations that are added to those between people and judge. Of 0.5, the interval covers 94 to 95.5 % for shares of .7
#: to .95, 30 to 100 people's words and judges of any quality; of none, 91.7 to 95 %.
EXTRA = 0.5


class Powered(NamedTuple):
    """The share with the ends of its interval. ``weight`` of the judge (0: it tells nothing); ``worth``: how many people's
    words alone would give so short an interval."""

    share: float
    low: float
    high: float
    weight: float
    worth: float


def prediction_powered(
    people: Sequence[float], judged: Sequence[float], others: Sequence[float], *, confidence: float = 0.95
) -> Powered | None:
    """The mean of what people would say of all samples.

    ``people`` (n): what they said, 0 or 1; ``judged`` (n): what the judge says of the same samples; ``others`` (N): what it
    says of further ones. ``theta = w mean(others) + mean(people - w judged)`` with variance ``w^2 var(others) / N +
    (var(people - w judged) + w EXTRA / (n - 1)) / n`` and ``w = cov(people, judged) / ((1 + n / N) var(all judged))``,
    held between 0 and 1. Each person's word is corrected with the ``w`` of all others: a ``w`` that has seen it would
    favour its own errors (a bias of half a point at 100 samples). None with fewer than three of the first or two of
    the second. Raises ``ValueError`` for ``people`` and ``judged`` of different lengths.
    """
    import numpy

    said, own, rest = (numpy.asarray(one, dtype=numpy.float64) for one in (people, judged, others))
    n, many = len(said), len(rest)
    if len(own) != n:
        raise ValueError(f"{n} samples were decided and {len(own)} of them judged")
    if n < 3 or many < 2:
        return None
    spread = float(numpy.var(numpy.concatenate([own, rest]), ddof=1))
    products = (said - said.mean()) * (own - own.mean())
    without = (products.sum() - products * n / (n - 1)) / (n - 2)  # the covariance of all but one
    weights = numpy.clip(without / ((1 + n / many) * spread), 0, 1) if spread > 0 else numpy.zeros(n)
    weight = float(weights.mean())
    share = weight * float(rest.mean()) + float((said - weights * own).mean())
    left = said - weight * own
    # Where people and judge differ rarely, that few were drawn may be chance: an interval that took it at its word is short.
    beside = (float(((left - left.mean()) ** 2).sum()) + EXTRA * weight) / (n - 1)
    variance = weight**2 * float(rest.var(ddof=1)) / many + beside / n
    plain = float(said.var(ddof=1))
    worth = plain / variance if variance > 0 and plain > 0 else float(n)
    share = min(1.0, max(0.0, share))
    ends = score_ends(share, worth, z_of(confidence))
    return Powered(share, max(0.0, ends.low), min(1.0, ends.high), weight, worth)
