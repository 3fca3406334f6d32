"""How good a set is, from a random part of it that people looked at: intervals for samples drawn without replacement.

Pure Python: the screen shows these while somebody labels. Two kinds of interval:

- ``wilson``: for a number of samples that was set beforehand. Looked at again and again, until it is narrow or high
  enough, it holds the truth less often than it says.
- ``sequence``: a confidence sequence, valid at all times together, so that one may stop whenever one likes. It is the
  prior-posterior-ratio martingale of Waudby-Smith, Ramdas 2020, *Confidence sequences for sampling without replacement*
  (NeurIPS, theorem 2.1 with section 2.1's beta-binomial prior).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

from workbench.learn.intervals import score_ends

#: The working prior over the number of right ones, beta-binomial: any gives 95 %; this one is narrow for shares from 0.5
#: to 1, where sets that are worth an audit lie.
PRIOR = (2.0, 0.5)


class Bounds(NamedTuple):
    """The ends of an interval for a share."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Count:
    """What was found among the samples of one population, looked at in random order. ``undecided`` ones were looked at, or
    passed over, without a decision: bounds let them be all wrong at the lower end and all right at the upper one."""

    population: int
    right: int = 0
    wrong: int = 0
    undecided: int = 0

    @property
    def looked(self) -> int:
        return self.right + self.wrong + self.undecided

    @property
    def accuracy(self) -> float | None:
        """The share of right ones among the decided."""
        decided = self.right + self.wrong
        return self.right / decided if decided else None


Interval = Callable[[Count, float], Bounds]


def wilson(count: Count, error: float = 0.05) -> Bounds:
    """Wilson's interval with the finite-population correction: ``n / (1 - (n - 1) / (N - 1))`` stands for n, the size of
    a sample with replacement of the same variance (Cochran 1977, *Sampling Techniques*, section 2.6). All looked at
    leaves no doubt."""
    n, whole = count.looked, count.population
    if n == 0:
        return Bounds(0.0, 1.0)
    shares = count.right / n, (count.right + count.undecided) / n
    if n >= whole:
        return Bounds(*shares)
    size = n / (1 - (n - 1) / (whole - 1))
    z = NormalDist().inv_cdf(1 - error / 2)
    low, high = score_ends(shares[0], size, z).low, score_ends(shares[1], size, z).high
    # What was seen is certain: at least the right ones are right, at least the wrong ones are wrong.
    return Bounds(max(low, count.right / whole), min(high, 1 - count.wrong / whole))


def sequence(count: Count, error: float = 0.05) -> Bounds:
    """The confidence sequence's interval at this moment, exact for every population.

    It holds the shares K/N for which the posterior of K is more than ``error`` times its prior, which is to say where the
    likelihood ``L(K)`` of what was drawn, ``[K]_s [N-K]_f / [N]_(s+f)`` with falling factorials, is more than ``error``
    times its mean under the prior. ``L`` has one peak, so both ends are found by bisection.
    """
    low = _ends(count.population, count.right, count.wrong + count.undecided, error)[0]
    high = _ends(count.population, count.right + count.undecided, count.wrong, error)[1]
    return Bounds(low / count.population, high / count.population) if count.population else Bounds(0.0, 1.0)


@lru_cache(maxsize=65_536)
def _ends(whole: int, right: int, wrong: int, error: float) -> tuple[int, int]:
    """The smallest and the largest number of right ones in the population that are not excluded."""
    least, most = right, whole - wrong
    if least == most:
        return least, most
    a, b = PRIOR
    gamma = math.lgamma
    mean = _beta(a + right, b + wrong) - _beta(a, b)
    line = mean + math.log(error) + gamma(whole + 1) - gamma(whole - right - wrong + 1)

    def inside(k: int) -> bool:
        ways = gamma(k + 1) - gamma(k - right + 1) + gamma(whole - k + 1) - gamma(whole - k - wrong + 1)
        return ways > line - 1e-9  # rounding never narrows it

    peak = min(most, max(least, round(whole * right / (right + wrong)) if right + wrong else whole // 2))
    return _edge(inside, peak, least), _edge(inside, peak, most)


def _edge(inside: Callable[[int], bool], within: int, end: int) -> int:
    """The last number inside on the way from ``within`` to ``end``."""
    if inside(end):
        return end
    good, bad = within, end
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        if inside(middle):
            good = middle
        else:
            bad = middle
    return good


def _beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def more(count: Count, half_width: float, interval: Interval, error: float = 0.05) -> int:
    """About how many more must be looked at until the interval's half width is ``half_width``, if shares stay as they are.

    Undecided ones stay as many. Never more than the population has left (then all of it, which may not be enough).
    """
    left = count.population - count.looked
    decided = count.right + count.wrong
    share = (count.right + 1) / (decided + 1) if decided and not count.wrong else (count.accuracy or 0.5)

    def narrow(extra: int) -> bool:
        good = round((decided + extra) * share)
        good = min(max(good, count.right), count.right + extra)
        then = Count(count.population, good, decided + extra - good, count.undecided)
        return interval(then, error).half_width <= half_width

    if narrow(0):
        return 0
    low, high = 0, left
    while high - low > 1:
        middle = (low + high) // 2
        if narrow(middle):
            high = middle
        else:
            low = middle
    return high


def stratified(counts: Sequence[Count], *, always: bool, error: float = 0.05) -> tuple[float | None, Bounds]:
    """Accuracy of several populations together, each audited by itself, weighted by their sizes; and its interval.

    ``always``: a confidence sequence each, with the error shared among them (Bonferroni), valid at all times. Else
    Wilson's intervals, put together by recovering variances: ``low = p - sqrt(sum w^2 (p_l - low_l)^2)`` (Zou, Donner 2008,
    *Construction of confidence limits about effect measures*). A population of which nothing was seen counts as 0 to 1.
    """
    whole = sum(count.population for count in counts)
    if not whole:
        return None, Bounds(0.0, 1.0)
    weights = [count.population / whole for count in counts]
    known = [count.accuracy for count in counts]
    share = None if None in known else sum(w * p for w, p in zip(weights, known, strict=True) if p is not None)
    if always:
        each = [sequence(count, error / len(counts)) for count in counts]
        return share, Bounds(
            sum(w * one.low for w, one in zip(weights, each, strict=True)),
            sum(w * one.high for w, one in zip(weights, each, strict=True)),
        )
    each = [wilson(count, error) for count in counts]
    middles = [0.5 if p is None else p for p in known]
    middle = sum(w * p for w, p in zip(weights, middles, strict=True))
    down = math.sqrt(sum((w * (p - one.low)) ** 2 for w, p, one in zip(weights, middles, each, strict=True)))
    up = math.sqrt(sum((w * (one.high - p)) ** 2 for w, p, one in zip(weights, middles, each, strict=True)))
    return share, Bounds(max(0.0, middle - down), min(1.0, middle + up))
