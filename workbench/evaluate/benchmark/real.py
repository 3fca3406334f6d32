"""Ratio: the data set against real rows of the same number, both tested on the same real rows."""

from __future__ import annotations

import math
from typing import Any

from workbench.errors import UsageError
from workbench.evaluate.base import METRICS, Material, Metric, needs
from workbench.evaluate.downstream import (
    EvaluationError,
    Outcome,
    draw,
    labelled,
    means,
    on_data_set,
    train_and_test,
)
from workbench.evaluate.predictions import accuracy_metric
from workbench.evaluate.real_reference import on_real
from workbench.learn.intervals import bootstrap_ratio, is_rough

#: The ratio at the real rows' size is added when the data set is this many times larger: below it says little new, and
#: costs nearly another training.
_SMALLER = 4


@METRICS.register("benchmark.real_accuracy")
@METRICS.register("benchmark.ratio")
@needs("labels")
def real(material: Material) -> list[Metric]:
    """The data set beside real rows (Ye et al., *ZeroGen*, EMNLP 2022), 95 % intervals over test rows.

    ``real_accuracy``: the benchmark's learner trained on real rows, as many as the data set has (the labels' shares kept)
    or all there are. ``ratio``: accuracy over real_accuracy, both on the same test rows, and its
    interval paired over them. When the real rows are at most a quarter as many, the ratio's details also hold it at their size
    (``same_size``).
    """
    found = _real(material)
    return [_real_accuracy(material, found), _ratio(material, found)]


def _real(material: Material) -> Outcome | str:
    """Trained on real rows, or why that cannot be."""
    try:
        return on_real(material)
    except (EvaluationError, UsageError) as error:
        return str(error)


def _real_accuracy(material: Material, found: Outcome | str) -> Metric:
    if isinstance(found, str):
        return Metric("benchmark.real_accuracy", None, note=found, unit="share", direction="higher")
    available = len(labelled(material.real, material.labels))
    some = f" of {available:,}, as many as the data set has" if available > found.trained_on else ""
    note = f"Trained on {found.trained_on:,} real rows{some}."
    details = {"trained_on": found.trained_on, "available": available}
    return accuracy_metric("benchmark.real_accuracy", found, note, details)


def _ratio(material: Material, found: Outcome | str) -> Metric:
    name, unit = "benchmark.ratio", "ratio"
    try:
        outcome = on_data_set(material)
    except (EvaluationError, UsageError) as error:
        return Metric(name, None, note=str(error), unit=unit, direction="higher")
    if isinstance(found, str):
        return Metric(name, None, note=found, unit=unit, direction="higher")
    if found.accuracy == 0:
        note = "Training on real rows got no test row right, so there is nothing to divide by: check the test labels."
        return Metric(name, None, note=note, unit=unit, direction="higher")
    value = outcome.accuracy / found.accuracy
    low, high = bootstrap_ratio(outcome.correct, found.correct, seed=material.seed)
    details: dict[str, Any] = {"trained_on": outcome.trained_on, "real_trained_on": found.trained_on}
    note = f"{outcome.trained_on:,} samples against {found.trained_on:,} real rows."
    few_real = found.trained_on * _SMALLER <= outcome.trained_on
    if few_real and (same := _same_size(material, found.trained_on)) is not None:
        at_size = same.accuracy / found.accuracy
        details["same_size"] = {"count": same.trained_on, "accuracy": same.accuracy, "ratio": at_size}
        note += f" With {same.trained_on:,} samples, as many as there are real rows: {at_size:.2f}."
    rough = is_rough(len(outcome.gold), outcome.accuracy) or is_rough(len(found.gold), found.accuracy)
    ends = [end if math.isfinite(end) else None for end in (low, high)]
    return Metric(name, value, ends[0], ends[1], note, unit, "higher", details, rough)


def _same_size(material: Material, size: int) -> Outcome | None:
    """Trained on a draw of the data set; None when the draw is too small to train on."""
    drawn = draw(labelled(material.samples, material.labels), size, material.seed)
    if len({sample.label for sample in drawn}) < 2:
        return None
    return train_and_test(drawn, labelled(material.test, material.labels), material.seed, **means(material))
