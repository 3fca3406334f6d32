"""What label repairs change, measured on the validation split: trained on the labels before and after them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.curate.base import Item
from workbench.evaluate.base import Material, Sample
from workbench.evaluate.compare import benchmark_pair
from workbench.evaluate.downstream import EvaluationError, labelled, on_data_set
from workbench.evaluate.predictions import share
from workbench.jobs.run import JobContext
from workbench.pipeline.curate_chain import Chain
from workbench.store import splits


def compare(context: JobContext, found: Chain) -> dict[str, Any] | None:
    """``before``, ``after`` and ``difference``, each with ``value``, ``low`` and ``high`` (95 %, bootstrap over validation
    rows), and ``rows``; None without repairs, or where the validation split cannot tell.

    The difference is paired: both classifiers predict the same rows. The samples are those that the chain keeps; what
    differs is their labels, contents and soft labels.
    """
    config = context.project.config
    if not found.repairs or config.task.label_shape != "one":
        return None
    rows = [Sample(i, text, label, label) for i, text, label in splits.validation(context.store)]
    left = found.left()
    before = _material([_sample(found.unrepaired.get(item.id, item)) for item in left], rows, context)
    after = _material([replace(_sample(item), soft=found.soft.get(item.id)) for item in left], rows, context)
    if not labelled(rows, config.task.label_names):
        return None
    context.report(0, 1, "measuring the repairs on the validation split")
    try:
        pair = benchmark_pair(before, after, seed=config.evaluate.seed)
    except EvaluationError as error:
        context.log("info", f"The repairs were not measured: {error}")
        return None
    return {
        "before": _accuracy(before),
        "after": _accuracy(after),
        "difference": {"value": pair.value, "low": pair.low, "high": pair.high, "rough": pair.rough},
        "rows": pair.tests,
    }


def _sample(item: Item) -> Sample:
    return Sample(item.id, item.text, item.label, item.label)


def _material(samples: list[Sample], rows: list[Sample], context: JobContext) -> Material:
    config = context.project.config
    return Material(samples=samples, test=rows, labels=config.task.label_names, seed=config.evaluate.seed)


def _accuracy(material: Material) -> dict[str, float]:
    outcome = on_data_set(material)
    low, high = share(outcome)
    return {"value": outcome.accuracy, "low": low, "high": high}
