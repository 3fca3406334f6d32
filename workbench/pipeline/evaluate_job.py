"""The evaluate job: the data set measured, and compared with what it would be without curation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from workbench.evaluate.base import Material, Metric, Sample, evaluate
from workbench.evaluate.compare import benchmark_pair
from workbench.evaluate.downstream import EvaluationError
from workbench.evaluate.report import as_json
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import curate_standing
from workbench.store import curation, in_force, repairs, snapshots, splits, weights
from workbench.store.connection import Store
from workbench.store.splits import Generated


def run(context: JobContext) -> Ended:
    """Evaluate the data set; with ``compare`` also the samples before curation, and the paired difference."""
    store, parameters = context.store, context.job.parameters
    curate_standing.settle_if_free(context.project, store)
    compare = bool(parameters.get("compare") and in_force.jobs_in_force(store))
    after, before = materials(context, compare=compare)
    metrics = evaluate(after, parameters.get("metrics"))
    result = _object(metrics, len(after.samples))
    result["before"] = result["difference"] = None
    if before is not None:
        result["before"] = _object(evaluate(before, parameters.get("metrics")), len(before.samples))
        result["difference"] = _difference(before, after)
    context.report(1, 1, "")
    snapshots.save_evaluation(store, job_id=context.job.id, view="data set", samples=len(after.samples), result=result)
    return Ended(result)


def materials(context: JobContext, *, compare: bool) -> tuple[Material, Material | None]:
    """What evaluation may look at, of the data set and, to compare, of the samples before curation.

    The only caller that reads the test split. The samples are read once, and both share them.
    """
    store, config = context.store, context.project.config
    people = curation.people_said(store)
    weighting = weights.in_force(store)
    weight = weights.values(store) if weighting else {}
    soft = repairs.soft_labels(store)
    unrepaired = repairs.before(store) if compare else {}
    inside: list[Sample] = []
    raw: list[Sample] = []
    reviewed: list[Sample] = []
    for row in splits.generated(store):
        wanted = compare and row.status != "rejected"
        if not (wanted or row.in_data_set or row.id in people):
            continue
        sample = _sample(row, *people.get(row.id, (None, None)))
        curated = before = sample  # one object for both sides, unless curation changed more than whether it stays
        if row.id in weight or row.id in soft:
            curated = replace(sample, weight=weight.get(row.id, 1.0), soft=soft.get(row.id))
        if sample.person_label is None and row.label != row.original_label:
            before = replace(sample, label=row.original_label)
        if row.id in unrepaired:
            before = replace(before, text=unrepaired[row.id][2])
        for chosen, one, into in (
            (row.in_data_set, curated, inside),
            (wanted, before, raw),
            (row.id in people, sample, reviewed),
        ):
            if chosen:
                into.append(one)
    seeds, test, real = (
        _plain(splits.seeds(store)),
        _plain(splits.test_for_evaluation(store)),
        _plain(splits.training(store)),
    )

    def progress(done: int, total: int, name: str) -> None:
        context.report(done, total, name)

    def of(samples: list[Sample], weighting: str | None = None) -> Material:
        return Material(
            samples=samples,
            seeds=seeds,
            test=test,
            real=real,
            labels=config.task.label_names,
            reviewed=reviewed,
            one_label=config.task.label_shape == "one",
            weighting=weighting,
            seed=config.evaluate.seed,
            progress=progress,
        )

    return of(inside, weighting), of(raw) if compare else None


def _sample(row: Generated, said: str | None, status: str | None) -> Sample:
    person = json.loads(said) if said is not None else None
    own = person if isinstance(person, str) or person is None else said
    return Sample(row.id, row.text, row.label, row.original_label, own, status)


def _plain(rows: Iterable[tuple[int, str, str | None]]) -> list[Sample]:
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
