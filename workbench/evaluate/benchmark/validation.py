"""Validation accuracy: real validation rows predicted by the benchmark's learner; its errors are what Review works on."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric, needs
from workbench.evaluate.downstream import EvaluationError, labelled, leaked, model_of
from workbench.evaluate.predictions import accuracy_metric, behind, confusions

NO_VALIDATION = (
    "There are no labelled real validation rows: add some with `workbench import PROJECT FILE --as validation`; their errors "
    "may steer what is generated and reviewed, those of test rows may not."
)


@METRICS.register("benchmark.validation_accuracy")
@needs("labels")
def validation_accuracy(material: Material) -> list[Metric]:
    """Share of the validation rows that the classifier trained on the data set gets right, 95 % interval.

    The classifier is the benchmark's own, trained once. Behind it, ``wrong``: the validation rows that it gets wrong, the
    surest mistakes first. What is improved by looking at them is measured on the test rows.
    """
    rows = labelled(material.validation, material.labels)
    if not rows:
        raise EvaluationError(NO_VALIDATION)
    model = model_of(material)
    outcome = model.test(rows)
    twice = leaked(labelled(material.samples, material.labels), rows)
    note = f"Trained on {outcome.trained_on:,} samples, {len(rows):,} validation rows; their errors may be worked on."
    if twice:
        note += f" Validation texts that are also in the data set: {len(twice):,}."
    details = {"confusions": confusions(outcome), "leaked": twice, "behind": {"wrong": behind(outcome)}}
    return [accuracy_metric("benchmark.validation_accuracy", outcome, note, details)]
