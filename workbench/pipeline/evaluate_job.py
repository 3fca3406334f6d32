"""The evaluate job: the data set measured, and compared with what it would be without curation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.evaluate.base import Material, Metric, Sample, evaluate
from workbench.evaluate.compare import benchmark_pair
from workbench.evaluate.downstream import EvaluationError
from workbench.evaluate.report import as_json
from workbench.jobs.run import Ended, JobContext
from workbench.store import curation, snapshots, splits
from workbench.store.connection import Store
from workbench.store.samples import DATA_SET


def run(context: JobContext) -> Ended:
    """Evaluate the data set; with ``compare`` also the samples before curation, and the paired difference."""
    store, parameters = context.store, context.job.parameters
    after = material(context, DATA_SET)
    metrics = evaluate(after, parameters.get("metrics"))
    result = _object(metrics, len(after.samples))
    result["before"] = result["difference"] = None
    if parameters.get("compare") and curation.drops_by_filter(store):
        before = material(context, "status != 'rejected'")
        result["before"] = _object(evaluate(before, parameters.get("metrics")), len(before.samples))
        result["difference"] = _difference(before, after)
    context.report(1, 1, "")
    snapshots.save_evaluation(store, job_id=context.job.id, view="data set", samples=len(after.samples), result=result)
    return Ended(result)


def material(context: JobContext, where: str) -> Material:
    """What evaluation may look at: the only caller that reads the test split."""
    store, config = context.store, context.project.config
    people = curation.people_said(store)
    rows = list(splits.generated(store, "1"))
    chosen = {row[0] for row in splits.generated(store, where)}
    everyone = [_sample(row[0], row[1], row[2], row[3], people) for row in rows]

    def progress(done: int, total: int, name: str) -> None:
        context.report(done, total, name)

    return Material(
        samples=[sample for sample in everyone if sample.id in chosen],
        seeds=_plain(splits.seeds(store)),
        test=_plain(splits.test_for_evaluation(store)),
        real=_plain(splits.training(store)),
        labels=config.task.label_names,
        reviewed=[sample for sample in everyone if sample.id in people],
        seed=config.evaluate.seed,
        progress=progress,
    )


def _sample(
    sample_id: int,
    text: str,
    label: str | None,
    generated: str | None,
    people: Mapping[int, tuple[str | None, str | None]],
) -> Sample:
    said, status = people.get(sample_id, (None, None))
    person = json.loads(said) if said is not None else None
    return Sample(sample_id, text, label, generated, person if isinstance(person, str) else None, status)


def _plain(rows: splits.Texts) -> list[Sample]:
    return [Sample(sample_id, text, label, label) for sample_id, text, label in rows]


def _object(metrics: dict[str, Metric], samples: int) -> dict[str, Any]:
    return as_json(metrics, samples, details=True)


def _difference(before: Material, after: Material) -> dict[str, float] | None:
    """Benchmark accuracy, curated minus raw, on the same test rows."""
    try:
        found = benchmark_pair(before, after)
    except EvaluationError:  # no test rows, or too few labels: the metrics' notes say so already
        return None
    return {"value": found.value, "low": found.low, "high": found.high}


def newest(store: Store) -> dict[str, Any] | None:
    """The newest evaluation's result."""
    found = snapshots.evaluations(store, 1)
    return found[0]["result"] if found else None
