"""Two evaluations side by side: what changed from a to b, and whether the change is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from workbench.evaluate.base import ORDER, Material, Metric
from workbench.evaluate.downstream import NO_TEST, EvaluationError, Outcome, labelled, on_data_set
from workbench.learn.f1 import paired_macro_f1
from workbench.learn.intervals import Interval, is_rough_pair, paired_bootstrap

Verdict = Literal["better", "worse", "unclear", "changed", "same", "missing"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in two evaluations.

    ``change`` is b minus a; ``low`` and ``high`` are the ends of its paired 95 % bootstrap interval where both were
    measured on the same test rows. ``verdict``: "better" or "worse" by the metric's direction; "unclear" when the
    interval holds 0 (or, without a paired one, the two intervals overlap); "changed" when there is no interval, no way
    is the good one, or the sets' sizes alone may have done it (``other_size`` in the details of ``a``);
    "same"; "missing" when one side has no value. ``rough``: paired, on too few rows, or too few on which they differ.
    """

    name: str
    a: float | None
    b: float | None
    change: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    note: str = ""
    rough: bool = False


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Benchmark accuracy of two data sets on the same test rows: ``value`` is b minus a, with its 95 % interval; ``rough``:
    too few rows, or too few on which they differ, for it to be trusted."""

    value: float
    low: float
    high: float
    a: float
    b: float
    tests: int
    rough: bool = False


def compare(
    a: Mapping[str, Metric], b: Mapping[str, Metric], *, resamples: int = 1000, seed: int = 0
) -> list[Difference]:
    """The metrics of either evaluation, ``a`` before and ``b`` after, in reading order.

    Accuracy, real accuracy and macro-F1 get paired intervals from the predictions kept in their details.
    """
    places = {name: place for place, name in enumerate(ORDER)}
    names = sorted({*a, *b}, key=lambda name: (places.get(name, len(places)), name))
    return [_difference(name, a, b, resamples, seed) for name in names]


def benchmark_pair(
    material_a: Material, material_b: Material, *, resamples: int = 1000, seed: int = 0
) -> PairedDifference:
    """Train on each data set, test on the test rows that both have, and give the gain from a to b.

    Raises ``EvaluationError`` when one cannot be trained or no test row is shared. A material that has been
    evaluated is not trained again.
    """
    ids = {sample.id for sample in labelled(material_a.test, material_a.labels)}
    ids &= {sample.id for sample in labelled(material_b.test, material_b.labels)}
    if not ids:
        raise EvaluationError(NO_TEST)
    before, after = shared_rows(_keyed(on_data_set(material_a)), _keyed(on_data_set(material_b)))
    if not before:
        raise EvaluationError(
            "The two evaluations share no test row with the same label: evaluate both on one test set."
        )
    first, second = _correct(before), _correct(after)
    low, high = paired_bootstrap(first, second, resamples=resamples, seed=seed)
    share_a, share_b = sum(first) / len(first), sum(second) / len(second)
    return PairedDifference(share_b - share_a, low, high, share_a, share_b, len(first), is_rough_pair(first, second))


#: Test row to (right label, predicted label).
Rows = Mapping[int, tuple[str, str]]


def _difference(name: str, a: Mapping[str, Metric], b: Mapping[str, Metric], resamples: int, seed: int) -> Difference:
    before, after = a.get(name), b.get(name)
    if before is None or after is None or before.value is None or after.value is None:
        reasons = [metric.note for metric in (before, after) if metric is not None and metric.value is None]
        note = reasons[0] if reasons else "Measured on one side only."
        values = [metric.value if metric is not None else None for metric in (before, after)]
        return Difference(name, values[0], values[1], None, None, None, "missing", note)
    change = after.value - before.value
    plain = Difference(name, before.value, after.value, change, None, None, _unpaired(before, after, change))
    # Macro-F1 has no predictions of its own: accuracy's are the same classifier's.
    source = "benchmark.accuracy" if name == "benchmark.macro_f1" else name
    rows = shared_rows(kept_predictions(a.get(source)), kept_predictions(b.get(source)))
    if not rows[0]:
        return plain
    low, high = _paired(name, *rows, resamples, seed)
    tests = len(rows[0])
    rough = is_rough_pair(*(_correct(one) for one in rows))
    sided = low > 0 or high < 0
    # By the interval, not by the change: the two may have been tested on further rows that they do not share.
    plainly: Verdict = "same" if rows[0] == rows[1] else "unclear"
    verdict = verdict_of(after.direction, low if low > 0 else high) if sided else plainly
    return replace(plain, low=low, high=high, verdict=verdict, note=f"Paired over {tests:,} test rows.", rough=rough)


def _unpaired(before: Metric, after: Metric, change: float) -> Verdict:
    ends = (before.low, before.high, after.low, after.high)
    if change == 0:
        return "same"
    if None in ends:
        return "changed"  # nobody knows how much of it is chance: it is not called better or worse
    if max(ends[0] or 0, ends[2] or 0) <= min(ends[1] or 0, ends[3] or 0):
        return "unclear"
    return "changed" if before.details.get("other_size") else verdict_of(after.direction, change)


def verdict_of(direction: str, change: float) -> Verdict:
    """What a real change of a metric means, by the direction that is good."""
    if direction == "none":
        return "changed"
    return "better" if (change > 0) == (direction == "higher") else "worse"


def _paired(name: str, before: Rows, after: Rows, resamples: int, seed: int) -> Interval:
    if name != "benchmark.macro_f1":
        return paired_bootstrap(_correct(before), _correct(after), resamples=resamples, seed=seed)
    gold = [truth for truth, _ in before.values()]
    first, second = ([guess for _, guess in rows.values()] for rows in (before, after))
    return paired_macro_f1(gold, first, second, resamples=resamples, seed=seed)


def shared_rows(before: Rows, after: Rows) -> tuple[Rows, Rows]:
    """The rows that both tested with the same right label, in one order."""
    ids = [key for key, row in before.items() if key in after and after[key][0] == row[0]]
    return {key: before[key] for key in ids}, {key: after[key] for key in ids}


def _keyed(outcome: Outcome) -> Rows:
    return _rows(outcome.test_ids, outcome.gold, outcome.predicted)


def kept_predictions(metric: Metric | None) -> Rows:
    """Predictions from a metric's details, also after a journey through JSON; none when it keeps none."""
    details: Mapping[str, Any] = metric.details if metric is not None else {}
    if not {"test_ids", "classes", "gold", "predicted"} <= details.keys():
        return {}
    classes = details["classes"]
    gold, predicted = ([classes[code] for code in details[key]] for key in ("gold", "predicted"))
    return _rows(details["test_ids"], gold, predicted)


def _rows(ids: Sequence[int], gold: Sequence[str], predicted: Sequence[str]) -> Rows:
    return {key: (truth, guess) for key, truth, guess in zip(ids, gold, predicted, strict=True)}


def _correct(rows: Rows) -> list[int]:
    return [int(truth == guess) for truth, guess in rows.values()]
