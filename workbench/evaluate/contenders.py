"""Several sets side by side: every metric for every two of them, tested as one family, and which one is really best.

What is said of one comparison is one claim: Holm's correction runs over all its tests together, so that of contenders that
do not differ some metric is called better in at most one comparison of twenty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from workbench.evaluate.base import ORDER, Metric
from workbench.evaluate.compare import Verdict, kept_predictions, shared_rows, verdict_of
from workbench.learn.f1 import macro_f1, paired_macro_f1
from workbench.learn.intervals import Interval, is_rough_pair, paired_bootstrap, z_of
from workbench.learn.significance import apart, holm, mcnemar, two_sided

#: A difference is called real from here on, after the correction.
LEVEL = 0.05
#: Standard errors from the middle to the end of a 95 % interval.
Z = z_of(0.95)
#: About the real data or derived from a metric that is tested itself: another test of it would be of the same thing.
NOT_TESTED = frozenset({"benchmark.real_accuracy", "benchmark.ratio", "benchmark.learning_curve"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Contenders ``a`` and ``b`` (places) by one metric.

    ``change`` is b minus a, ``low`` and ``high`` the ends of its 95 % interval (of this one difference: not corrected),
    ``p`` the corrected p. ``verdict`` is about b: "better" or "worse" only when the corrected p is below ``LEVEL``; "unclear"
    when it is not, "changed" when there is nothing to test with or no way is the good one, "same", "missing".
    ``paired``: both were measured on the same items, one by one. ``rough``: too few items, or too few on which they differ,
    for the ends to be trusted (p of accuracies is exact for any number).
    """

    a: int
    b: int
    change: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict
    paired: bool
    rough: bool = False

    def as_json(self) -> dict[str, Any]:
        numbers = {"change": self.change, "low": self.low, "high": self.high, "p": self.p}
        return {
            "a": self.a,
            "b": self.b,
            **{name: value if value is not None and math.isfinite(value) else None for name, value in numbers.items()},
            "verdict": self.verdict,
            "paired": self.paired,
            "rough": self.rough,
        }


def side_by_side(
    contenders: Sequence[Mapping[str, Metric]], *, resamples: int = 1000, seed: int = 0
) -> dict[str, list[Pair]]:
    """Every metric that one of them has, in reading order, for every two contenders (by place).

    Benchmarks on shared test rows are paired: McNemar's exact test for accuracy; for macro-F1 the bootstrapped difference
    over its standard error. Of others the two intervals are put together as for independent estimates
    (``significance.apart``), and p is that of ``d`` over the half width towards 0. A rough interval is
    not tested: of too few samples nothing is called better (but by accuracy, whose test is exact for any number).
    """
    places = {name: place for place, name in enumerate(ORDER)}
    names = sorted(
        {name for metrics in contenders for name in metrics}, key=lambda name: (places.get(name, len(places)), name)
    )
    found: dict[str, list[Pair]] = {
        name: [_pair(name, a, b, contenders, resamples, seed) for a, b in combinations(range(len(contenders)), 2)]
        for name in names
    }
    tested = [(name, place) for name, pairs in found.items() for place, one in enumerate(pairs) if one.p is not None]
    adjusted = holm([float(found[name][place].p or 0.0) for name, place in tested])
    for (name, place), p in zip(tested, adjusted, strict=True):
        one = found[name][place]
        ways = {contenders[one.a][name].direction, contenders[one.b][name].direction}
        direction = ways.pop() if len(ways) == 1 else "none"
        assert one.change is not None
        verdict: Verdict = "unclear" if p >= LEVEL else verdict_of(direction, one.change)
        if one.verdict == "same":
            verdict = "same"
        found[name][place] = replace(one, p=p, verdict=verdict)
    return found


def best(pairs: Sequence[Pair], contenders: int) -> int | None:
    """The contender that is really better than every other one by a metric; None when there is none."""
    for place in range(contenders):
        beaten = {
            one.b if one.a == place else one.a
            for one in pairs
            if (one.a == place and one.verdict == "worse") or (one.b == place and one.verdict == "better")
        }
        if len(beaten) == contenders - 1:
            return place
    return None


def only_size(at_full: Sequence[Metric | None], pairs: Sequence[Pair]) -> list[tuple[int, int]]:
    """Pairs (a, b) whose numbers at full size lie further apart than their intervals, though at one size nothing remains:
    the difference is one of size alone. What was not tested (a rough interval) says nothing about that."""
    found = []
    for one in pairs:
        a, b = at_full[one.a], at_full[one.b]
        if (
            one.verdict != "unclear"
            or one.p is None
            or a is None
            or b is None
            or None in (a.low, a.high, b.low, b.high)
        ):
            continue
        assert a.low is not None
        assert a.high is not None
        assert b.low is not None
        assert b.high is not None
        if a.high < b.low or b.high < a.low:
            found.append((one.a, one.b))
    return found


def _pair(name: str, a: int, b: int, contenders: Sequence[Mapping[str, Metric]], resamples: int, seed: int) -> Pair:
    before, after = contenders[a].get(name), contenders[b].get(name)
    if before is None or after is None or before.value is None or after.value is None:
        return Pair(a, b, None, None, None, None, "missing", paired=False)
    change = after.value - before.value
    # Macro-F1 has no predictions of its own: accuracy's are the same classifier's.
    source = "benchmark.accuracy" if name == "benchmark.macro_f1" else name
    first, second = shared_rows(
        kept_predictions(contenders[a].get(source)), kept_predictions(contenders[b].get(source))
    )
    rough = before.rough or after.rough
    if first and name not in NOT_TESTED:
        found = _paired(name, a, b, change, list(first.values()), list(second.values()), resamples, seed)
        # McNemar's test is exact for any number of rows; the other one is not.
        return replace(found, p=None) if rough and name == "benchmark.macro_f1" else found
    ends = (before.low, before.high, after.low, after.high)
    plain: Verdict = "same" if change == 0 else "changed"  # without a test; with one, it is settled with all others
    if name in NOT_TESTED or any(end is None or not math.isfinite(end) for end in ends):
        return Pair(a, b, change, None, None, None, plain, paired=False)
    low_a, high_a, low_b, high_b = (float(end or 0.0) for end in ends)
    low, high = apart(before.value, Interval(low_a, high_a), after.value, Interval(low_b, high_b))
    if rough:
        return Pair(a, b, change, low, high, None, "same" if change == 0 else "unclear", paired=False, rough=True)
    half = change - low if change > 0 else high - change
    p = two_sided(Z * change / half) if half > 0 else (1.0 if change == 0 else 0.0)
    return Pair(a, b, change, low, high, p, plain, paired=False)


def _paired(
    name: str,
    a: int,
    b: int,
    change: float,
    before: Sequence[tuple[str, str]],
    after: Sequence[tuple[str, str]],
    resamples: int,
    seed: int,
) -> Pair:
    gold = [truth for truth, _ in before]
    first, second = ([guess for _, guess in rows] for rows in (before, after))
    ends: Interval
    if name == "benchmark.macro_f1":
        change = macro_f1(gold, second) - macro_f1(gold, first)
        ends = paired_macro_f1(gold, first, second, resamples=resamples, seed=seed)
        rough = is_rough_pair(first, second)
        error = (ends.high - ends.low) / 2 / Z
        p = two_sided(change / error) if error > 0 else 1.0
    else:
        right_a, right_b = (
            [int(truth == guess) for truth, guess in zip(gold, guesses, strict=True)] for guesses in (first, second)
        )
        change = (sum(right_b) - sum(right_a)) / len(gold)
        ends = paired_bootstrap(right_a, right_b, resamples=resamples, seed=seed)
        rough = is_rough_pair(right_a, right_b)
        only_a = sum(x and not y for x, y in zip(right_a, right_b, strict=True))
        p = mcnemar(only_a, sum(y and not x for x, y in zip(right_a, right_b, strict=True)))
    return Pair(
        a, b, change, ends.low, ends.high, p, "same" if first == second else "unclear", paired=True, rough=rough
    )
