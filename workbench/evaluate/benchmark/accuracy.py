"""Benchmark: train a small classifier on the data set, test it on real rows, beside one trained on real rows."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric, needs
from workbench.evaluate.downstream import EvaluationError, Outcome, draw, labelled, leaked, on_data_set, train_and_test
from workbench.learn.intervals import bootstrap_accuracy, bootstrap_macro_f1, bootstrap_ratio, macro_f1, wilson

NO_REAL = "There are no real training rows to compare with: `workbench import PROJECT FILE --as seed` (or `real`)."

#: The ratio at the real rows' size is added when the data set is this many times larger: below it says little new, and
#: costs nearly another training.
_SMALLER = 4


@METRICS.register("benchmark.accuracy")
@METRICS.register("benchmark.macro_f1")
@METRICS.register("benchmark.real_accuracy")
@METRICS.register("benchmark.ratio")
@needs("labels")
def benchmark(material: Material) -> list[Metric]:
    """Train on synthetic, test on real (Ye et al., *ZeroGen*, EMNLP 2022), 95 % bootstrap intervals over test rows.

    ``accuracy`` and ``macro_f1`` of a classifier trained on the data set's resolved labels. ``real_accuracy``: the same
    classifier trained on real rows, as many as the data set has or all there are. ``ratio``: accuracy over
    real_accuracy, both on the same test rows, drawn together for the interval. When the real rows are at
    most a quarter as many, the ratio's details also hold it at their size (``same_size``).

    Details of ``accuracy`` and ``real_accuracy``: ``test_ids`` with ``gold`` and ``predicted`` (positions in
    ``classes``), which pair two evaluations; of ``accuracy`` also ``confusions`` and ``leaked`` test rows;
    of ``macro_f1``: ``per_label`` precision, recall, F1 and count.
    """
    real = _real(material)
    try:
        outcome = on_data_set(material)
    except EvaluationError as error:
        why = str(error)
        return [
            Metric("benchmark.accuracy", None, note=why, unit="share", direction="higher"),
            Metric("benchmark.macro_f1", None, note=why, unit="share", direction="higher"),
            _real_accuracy(material, real),
            Metric("benchmark.ratio", None, note=why, unit="ratio", direction="higher"),
        ]
    return [
        _accuracy(material, outcome),
        _macro_f1(material, outcome),
        _real_accuracy(material, real),
        _ratio(material, outcome, real),
    ]


def _real(material: Material) -> Outcome | str:
    """Trained on real rows, or why that cannot be."""
    rows = labelled(material.real, material.labels)
    if not rows:
        return NO_REAL
    size = len(labelled(material.samples, material.labels)) or len(rows)
    try:
        return train_and_test(draw(rows, size, material.seed), labelled(material.test, material.labels), material.seed)
    except EvaluationError as error:
        return str(error)


def _accuracy(material: Material, outcome: Outcome) -> Metric:
    low, high = bootstrap_accuracy(outcome.gold, outcome.predicted, seed=material.seed)
    test = labelled(material.test, material.labels)
    twice = leaked(labelled(material.samples, material.labels), test)
    wrong = Counter(
        (truth, guess) for truth, guess in zip(outcome.gold, outcome.predicted, strict=True) if truth != guess
    )
    details = _pairing(outcome) | {
        "confusions": [[truth, guess, times] for (truth, guess), times in wrong.most_common(50)],
        "leaked": twice,
        "left_out": len(material.test) - len(test),
    }
    note = f"Trained on {outcome.trained_on:,} samples, tested on {len(outcome.gold):,} real rows."
    if material.weighting:
        note += f" Samples count by the weights of {material.weighting}."
    if details["left_out"]:
        note += f" Test rows left out because their label is not the project's: {details['left_out']:,}."
    if twice:
        note += f" Test texts that are also in the data set: {len(twice):,}; remove them, they flatter the result."
    note += _never_wrong(outcome, details)
    return Metric("benchmark.accuracy", outcome.accuracy, low, high, note, "share", "higher", details)


def _macro_f1(material: Material, outcome: Outcome) -> Metric:
    value = macro_f1(outcome.gold, outcome.predicted)
    low, high = bootstrap_macro_f1(outcome.gold, outcome.predicted, seed=material.seed)
    per_label = _per_label(outcome)
    tested = {label: row for label, row in per_label.items() if row["count"]}
    weakest = min(tested, key=lambda label: tested[label]["f1"])
    note = f"Mean F1 over {len(per_label)} labels; weakest: {weakest} ({tested[weakest]['f1']:.2f})."
    return Metric("benchmark.macro_f1", value, low, high, note, "share", "higher", {"per_label": per_label})


def _real_accuracy(material: Material, real: Outcome | str) -> Metric:
    if isinstance(real, str):
        return Metric("benchmark.real_accuracy", None, note=real, unit="share", direction="higher")
    low, high = bootstrap_accuracy(real.gold, real.predicted, seed=material.seed)
    available = len(labelled(material.real, material.labels))
    some = f" of {available:,}, as many as the data set has" if available > real.trained_on else ""
    note = f"Trained on {real.trained_on:,} real rows{some}."
    details = _pairing(real) | {"trained_on": real.trained_on, "available": available}
    note += _never_wrong(real, details)
    return Metric("benchmark.real_accuracy", real.accuracy, low, high, note, "share", "higher", details)


def _ratio(material: Material, outcome: Outcome, real: Outcome | str) -> Metric:
    name, unit = "benchmark.ratio", "ratio"
    if isinstance(real, str):
        return Metric(name, None, note=real, unit=unit, direction="higher")
    if real.accuracy == 0:
        note = "Training on real rows got no test row right, so there is nothing to divide by: check the test labels."
        return Metric(name, None, note=note, unit=unit, direction="higher")
    value = outcome.accuracy / real.accuracy
    low, high = bootstrap_ratio(outcome.correct, real.correct, seed=material.seed)
    details: dict[str, Any] = {"trained_on": outcome.trained_on, "real_trained_on": real.trained_on}
    note = f"{outcome.trained_on:,} samples against {real.trained_on:,} real rows."
    few_real = real.trained_on * _SMALLER <= outcome.trained_on
    if few_real and (same := _same_size(material, real.trained_on)) is not None:
        details["same_size"] = {
            "count": same.trained_on,
            "accuracy": same.accuracy,
            "ratio": same.accuracy / real.accuracy,
        }
        note += (
            f" With {same.trained_on:,} samples, as many as there are real rows: {same.accuracy / real.accuracy:.2f}."
        )
    bounded = high if math.isfinite(high) else None
    return Metric(name, value, low if math.isfinite(low) else None, bounded, note, unit, "higher", details)


def _same_size(material: Material, size: int) -> Outcome | None:
    """Trained on a draw of the data set; None when the draw is too small to train on."""
    drawn = draw(labelled(material.samples, material.labels), size, material.seed)
    if len({sample.label for sample in drawn}) < 2:
        return None
    return train_and_test(drawn, labelled(material.test, material.labels), material.seed)


def _never_wrong(outcome: Outcome, details: dict[str, Any]) -> str:
    """A caution where all answers are equally right: no resample can hold an error that was never made."""
    ends = wilson(sum(outcome.correct), len(outcome.correct))
    details["wilson"] = list(ends)
    tests = len(outcome.correct)
    if 0 < sum(outcome.correct) < tests:
        return ""
    return f" The bootstrap cannot see beyond {tests:,} equal answers; Wilson: {ends.low:.3f}-{ends.high:.3f}."


def _pairing(outcome: Outcome) -> dict[str, Any]:
    classes = sorted({*outcome.gold, *outcome.predicted})
    code = {label: position for position, label in enumerate(classes)}
    return {
        "test_ids": list(outcome.test_ids),
        "classes": classes,
        "gold": [code[label] for label in outcome.gold],
        "predicted": [code[label] for label in outcome.predicted],
    }


def _per_label(outcome: Outcome) -> dict[str, dict[str, float]]:
    truth, guessed = Counter(outcome.gold), Counter(outcome.predicted)
    right = Counter(label for label, correct in zip(outcome.gold, outcome.correct, strict=True) if correct)
    return {
        label: {
            "precision": right[label] / guessed[label] if guessed[label] else 0.0,
            "recall": right[label] / truth[label] if truth[label] else 0.0,
            "f1": 2 * right[label] / (truth[label] + guessed[label]),
            "count": truth[label],
        }
        for label in sorted({*truth, *guessed})
    }
