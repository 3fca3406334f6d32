"""Accuracy: train on the data set, test on real rows, by several learners."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import stdev
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.downstream import EvaluationError, Outcome, labelled, leaked, learners, means, on_data_set
from workbench.evaluate.downstream import train as train_one
from workbench.evaluate.predictions import accuracy_metric, behind, confusion, confusions, per_label, share
from workbench.evaluate.real_reference import begin
from workbench.learn.f1 import bootstrap_macro_f1, is_rough_macro, macro_f1
from workbench.learn.intervals import is_rough

#: Training sets drawn to see how much of the accuracy is the draw's, and Student's t for so many (95 %, one less free).
DRAWS, STUDENT = 5, 2.776


@METRICS.register("benchmark.accuracy")
@METRICS.register("benchmark.macro_f1")
@needs("labels")
def accuracy(material: Material) -> list[Metric]:
    """Train on synthetic, test on real (Ye et al., *ZeroGen*, EMNLP 2022), 95 % intervals over test rows.

    ``accuracy`` and ``macro_f1`` of a classifier trained on the data set's resolved labels, soft labels and weights: the
    first of the project's learners (``evaluate.learners``). The others' accuracy stands in ``learners``, so that one sees
    whether a conclusion depends on the learner. ``--thorough`` adds ``draws``: five bootstrap draws of the training set,
    their standard deviation ``sd``, and ``low`` and ``high`` with both the test rows' and the draw's share,
    ``sqrt(h^2 + (t sd)^2)`` with t = 2.776 for five draws.

    Details of ``accuracy``: ``test_ids`` with ``gold`` and ``predicted`` (positions in ``classes``), which pair two
    evaluations; ``confusion`` with the cells that are not empty; ``leaked`` test rows, whose text is in the data set;
    behind it ``wrong_test``, which may be looked at and never worked on. Of ``macro_f1``: ``per_label`` precision, recall
    with Wilson's interval, F1 and count.
    """
    try:
        begin(material)
        outcome = on_data_set(material)
    except (EvaluationError, UsageError) as error:
        return [
            Metric(name, None, note=str(error), unit="share", direction="higher")
            for name in ("benchmark.accuracy", "benchmark.macro_f1")
        ]
    return [_accuracy(material, outcome), _macro_f1(material, outcome)]


def _accuracy(material: Material, outcome: Outcome) -> Metric:
    test = labelled(material.test, material.labels)
    twice = leaked(labelled(material.samples, material.labels), test)
    first, *others = learners(material)
    details: dict[str, Any] = {
        "learner": first,
        "confusion": confusion(outcome),
        "confusions": confusions(outcome),
        "leaked": twice,
        "left_out": len(material.test) - len(test),
        "behind": {"wrong_test": behind(outcome)},
    }
    note = f"Trained on {outcome.trained_on:,} samples, tested on {len(outcome.gold):,} real rows."
    if material.weighting:
        note += f" Samples count by the weights of {material.weighting}."
    if details["left_out"]:
        note += f" Test rows left out because their label is not the project's: {details['left_out']:,}."
    if twice:
        note += f" Test texts that are also in the data set: {len(twice):,}; remove them, they flatter the result."
    if others:
        details["learners"] = {name: _of_learner(material, name) for name in learners(material)}
        shown = [f"{name} {row['value']:.3f}" for name, row in details["learners"].items() if row["value"] is not None]
        note += f" Learners: {', '.join(shown)}."
    metric = accuracy_metric("benchmark.accuracy", outcome, note, details)
    return _with_draws(material, metric) if material.thorough else metric


def _of_learner(material: Material, name: str) -> dict[str, Any]:
    from workbench.jobs.run import Cancelled

    try:
        found = on_data_set(material, name)
    except Cancelled:
        raise
    except WorkbenchError as error:  # a learner that cannot be trained must not cost the others
        return {"value": None, "low": None, "high": None, "rough": False, "note": str(error)}
    low, high = share(found)
    rough = is_rough(len(found.gold), found.accuracy)
    return {"value": found.accuracy, "low": low, "high": high, "rough": rough, "note": ""}


def _with_draws(material: Material, metric: Metric) -> Metric:
    """The metric with what the draw of the training samples adds to its uncertainty."""
    import numpy

    samples, test = labelled(material.samples, material.labels), labelled(material.test, material.labels)
    values: list[float] = []
    for number in range(DRAWS):
        material.progress(number, DRAWS, "training draws")
        random = numpy.random.default_rng([material.seed, number])
        drawn = [samples[place] for place in random.integers(0, len(samples), len(samples)).tolist()]
        try:
            values.append(train_one(merged(drawn), material.seed + number, **means(material)).test(test).accuracy)
        except EvaluationError:  # a draw of one label: too few samples for draws to say anything
            return replace(metric, note=f"{metric.note} The training draws held too few labels to be measured.")
    assert metric.value is not None
    assert metric.low is not None
    assert metric.high is not None
    spread = STUDENT * stdev(values)
    low = metric.value - math.hypot(metric.value - metric.low, spread)
    high = metric.value + math.hypot(metric.high - metric.value, spread)
    draws = {"count": DRAWS, "sd": stdev(values), "low": max(0.0, low), "high": min(1.0, high), "values": values}
    note = (
        f"{metric.note} {DRAWS} draws of the training samples differ by {draws['sd']:.3f} (sd); with that the interval is "
        f"{draws['low']:.3f}-{draws['high']:.3f}."
    )
    return replace(metric, note=note, details={**metric.details, "draws": draws})


def merged(drawn: list[Sample]) -> list[Sample]:
    """Samples drawn several times as one that weighs as much: the same loss, a shorter training."""
    times: dict[int, int] = {}
    first: dict[int, Sample] = {}
    for sample in drawn:
        times[sample.id] = times.get(sample.id, 0) + 1
        first.setdefault(sample.id, sample)
    return [replace(sample, weight=sample.weight * times[one]) for one, sample in first.items()]


def _macro_f1(material: Material, outcome: Outcome) -> Metric:
    value = macro_f1(outcome.gold, outcome.predicted)
    low, high = bootstrap_macro_f1(outcome.gold, outcome.predicted, seed=material.seed)
    rows = per_label(outcome)
    tested = {label: row for label, row in rows.items() if row["count"]}
    weakest = min(tested, key=lambda label: tested[label]["f1"])
    note = f"Mean F1 over {len(rows)} labels; weakest: {weakest} ({tested[weakest]['f1']:.2f})."
    rough = is_rough_macro(outcome.gold)
    return Metric("benchmark.macro_f1", value, low, high, note, "share", "higher", {"per_label": rows}, rough)
