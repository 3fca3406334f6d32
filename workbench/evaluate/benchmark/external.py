"""External: a training program of the user's own, given the data set and the test rows without their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import WorkbenchError
from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.downstream import NO_TEST, EvaluationError, Outcome, keep_apart, labelled
from workbench.evaluate.outside import Answers, Lesson
from workbench.evaluate.predictions import accuracy_metric, behind, confusions

NAME = "benchmark.external"


@METRICS.register(NAME)
@needs("labels", "trainer")
def external(material: Material) -> list[Metric]:
    """Accuracy of the model that ``evaluate.trainer.command`` trains on the data set and tests on the real test rows.

    The command gets training rows with labels and weights, and test rows without labels. Where it writes
    ``predictions.jsonl``, accuracy and its 95 % interval are computed here, paired with other evaluations'. Else the
    number is ``accuracy`` (or the first one) of its ``metrics.json``, as the command reported it, without an
    interval. Every number of ``metrics.json`` also becomes ``benchmark.external.NAME``, unchecked.
    """
    if material.train_outside is None:
        raise WorkbenchError("No training command was given to run.")
    samples = [sample for sample in labelled(material.samples, material.labels) if sample.weight > 0]
    test = labelled(material.test, material.labels)
    if not test:
        raise EvaluationError(NO_TEST)
    keep_apart(frozenset(sample.id for sample in samples), test)
    answers = material.train_outside(lesson(material, samples, test))
    reported = [
        Metric(f"{NAME}.{name}", value, note="Reported by your trainer; not checked.", details={"reported": True})
        for name, value in answers.metrics.items()
    ]
    return [_metric(material, answers, len(samples), test), *reported]


def lesson(material: Material, samples: Sequence[Sample], test: Sequence[Sample]) -> Lesson:
    """What the command is given: rows of ``id``, ``text``, ``fields`` and, of training rows, ``label``, ``weight`` and, where
    there is one, ``soft``."""
    fields = _fields(material, [*samples, *test])

    def row(sample: Sample) -> dict[str, Any]:
        found: dict[str, Any] = {"id": sample.id, "text": sample.text}
        if sample.id in fields:
            found["fields"] = {name: value for name, value in fields[sample.id].items() if name != "label"}
        return found

    train = [
        row(sample)
        | {"label": sample.label, "weight": sample.weight}
        | ({"soft": dict(sample.soft)} if sample.soft else {})
        for sample in samples
    ]
    task = material.task
    about: dict[str, Any] = {"seed": material.seed}
    if task is not None:
        about |= {"kind": task.kind, "text_field": task.text_field, "description": task.description}
        about["labels"] = [{"name": one.name, "description": one.description} for one in task.labels]
    names = list(material.labels) or sorted({str(sample.label) for sample in samples})
    return Lesson(train, [row(sample) for sample in test], names, about)


def _fields(material: Material, samples: Sequence[Sample]) -> Mapping[int, Mapping[str, Any]]:
    return material.fields_of([sample.id for sample in samples]) if material.fields_of is not None else {}


def _metric(material: Material, answers: Answers, trained_on: int, test: Sequence[Sample]) -> Metric:
    ran = f"Your trainer took {answers.seconds:,.0f} s for {trained_on:,} samples."
    if answers.predictions is None:
        return _reported(answers.metrics, ran)
    known = {str(row.label) for row in test}.union(material.labels)
    # What the command calls a label is a text of its own: of an unknown one only the number is kept.
    predicted = [guess if guess in known else "" for guess in answers.predictions]
    unknown = sum(not guess for guess in predicted)
    outcome = Outcome(trained_on, [row.id for row in test], [str(row.label) for row in test], predicted)
    details: dict[str, Any] = {
        "seconds": answers.seconds,
        "unknown": unknown,
        "confusions": confusions(outcome),
        "behind": {"wrong_test": behind(outcome)},
    }
    note = f"{ran} Tested on {len(test):,} real rows."
    if unknown:
        note += f" Predictions that are no label of the project, counted as wrong: {unknown:,}."
    return accuracy_metric(NAME, outcome, note, details)


def _reported(metrics: Mapping[str, float], ran: str) -> Metric:
    known = [name for name in ("accuracy", "eval_accuracy") if name in metrics]
    name = known[0] if known else next(iter(metrics))
    note = f"{ran} {name} as it reported it: no interval, not checked. With predictions.jsonl there would be both."
    details = {"reported": True}
    if known:
        return Metric(NAME, metrics[name], note=note, unit="share", direction="higher", details=details)
    return Metric(NAME, metrics[name], note=note, details=details)
