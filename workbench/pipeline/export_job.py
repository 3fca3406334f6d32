"""The export job: a snapshot, written in a format, with a data card beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench import recipe
from workbench.errors import UsageError, WorkbenchError
from workbench.exchange import FORMATS, ExportContext, ExportSample, write
from workbench.exchange.card import write_card
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline.evaluate_job import newest
from workbench.store import curation, jobs, ledger, samples, snapshots, splits, views
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.snapshots import Snapshot

DEFAULT_VIEW = "set:yes"
#: Exports read this many samples at a time.
CHUNK = 1_000


def run(context: JobContext) -> Ended:
    """Freeze the samples of ``view`` (default: the data set) and write them, then the card."""
    parameters, store, config = context.job.parameters, context.store, context.project.config
    view = views.parse(parameters.get("view") or DEFAULT_VIEW)
    path = Path(parameters["out"])
    kind = FORMATS.get(parameters["format"])
    card_path = path.with_name(f"{path.name}.card.md")
    overwrite = bool(parameters.get("overwrite"))
    for target in (path, card_path):
        if target.exists() and not overwrite:
            raise UsageError(f"{target} exists; choose another name, or give --overwrite.")
    ids = views.ids(store, view)
    if not len(ids):
        raise WorkbenchError(f"There is nothing to export: view {view.text!r} holds no sample.")
    snapshot = snapshots.create(store, ids, view.text, details={"format": kind.name, "out": path.name})
    total = snapshot.total
    written = write(
        kind.name,
        _samples(context, snapshot),
        path,
        context=ExportContext(
            fields=tuple(config.task.fields),
            labels=tuple(config.task.label_names),
            instruction=config.export.instruction,
            raw=bool(parameters.get("raw")),
        ),
        overwrite=overwrite,
    )
    context.report(total, total, "writing the data card")
    facts = card_facts(context, snapshot)
    facts["files"] = [{"name": path.name, "format": kind.name, "rows": written.rows, "sha256": written.sha256}]
    write_card(facts, card_path, overwrite=overwrite)
    failed = [{"uuid": one.uuid, "reason": one.reason} for one in written.failed]
    return Ended(
        {
            "rows": written.rows,
            "path": str(path),
            "sha256": written.sha256,
            "snapshot": snapshot.id,
            "snapshot_sha256": snapshot.sha256,
            "card": str(card_path),
            "failed": failed[:100],
            "failed_rows": len(failed),
        }
    )


def _samples(context: JobContext, snapshot: Snapshot) -> Iterator[ExportSample]:
    """The frozen contents, with what is known about each sample beside them."""
    store = context.store
    batch: list[tuple[int, dict[str, Any], Any]] = []
    done = 0
    for row in snapshots.contents(store, snapshot.id):
        batch.append(row)
        if len(batch) == CHUNK:
            yield from _known(store, batch)
            done += len(batch)
            context.report(done, snapshot.total, "writing")
            batch = []
    yield from _known(store, batch)


def _known(store: Store, batch: list[tuple[int, dict[str, Any], Any]]) -> Iterator[ExportSample]:
    ids = [sample_id for sample_id, _, _ in batch]
    by_id = {sample.id: sample for sample in samples.many(store, ids)}
    scores = curation.scores_of(store, ids)
    made = ledger.made_by(store, ids)
    for sample_id, fields, label in batch:
        sample = by_id[sample_id]
        model, recipe = made.get(sample_id, (None, None))
        yield ExportSample(
            uuid=sample.uuid,
            fields=fields,
            label=label,
            status=sample.status,
            origin=sample.origin,
            split=sample.split,
            conditions=sample.conditions,
            scores=scores.get(sample_id, {}),
            model=model,
            recipe=recipe,
        )


def card_facts(context: JobContext, snapshot: Snapshot) -> dict[str, Any]:
    """What the data card says: what it is, how it was made, filtered, reviewed and measured."""
    store, config = context.store, context.project.config
    counts = samples.counts(store)
    made_of = snapshots.composition(store, snapshot.id)
    evaluation = newest(store)
    made = ledger.provenance(store)
    curated = [jobs.get(store, one) for one in curation.jobs_in_force(store)]
    facts: dict[str, Any] = {
        "name": config.name,
        "pretty_name": config.export.title or config.name,
        "language": [config.task.language],
        "task": config.task.kind,
        "description": config.task.description,
        "fields": list(config.task.fields),
        "labels": config.task.label_names,
        "rows": snapshot.total,
        "snapshot": str(snapshot.id),
        "sha256": snapshot.sha256,
        "created": snapshot.created_at,
        "recipes": [_recipe(one) for one in made],
        "splits": made_of["split"],
        "origins": made_of["origin"],
        "statuses": made_of["status"],
        "filters": [row for job in curated for row in _filters(job)],
        "annotations": curation.annotation_summary(store),
        "limitations": _limitations(store, counts, made),
    }
    if config.export.licence:
        facts["license"] = config.export.licence
    if evaluation:
        facts["metrics"] = {
            name: {key: metric.get(key) for key in ("value", "low", "high", "note")}
            for name, metric in evaluation["metrics"].items()
        }
    return facts


def _recipe(made: dict[str, Any]) -> dict[str, Any]:
    """A series with its recipe's paper; the file of a recipe that the user wrote may be gone by now."""
    known = made["name"] in recipe.names()
    return {**made, "paper": recipe.load(made["name"]).paper if known else "the user's own"}


def _filters(job: Job) -> list[dict[str, Any]]:
    """The chain of a curate job as it was then, each filter with its version, parameters and drops."""
    result = job.result or {}
    return [
        {**one, "checked": result.get("checked"), "dropped": result.get("dropped", {}).get(one["name"])}
        for one in result.get("chain", [])
    ]


def _limitations(store: Store, counts: dict[str, int], made: list[dict[str, Any]]) -> list[str]:
    said = ["The samples were generated by a language model; some labels are wrong and some texts are unnatural."]
    if any(one["models"] == ["embedded"] for one in made):
        said.append(
            "Samples of the embedded n-gram model are for trying the workbench out, not for training real systems."
        )
    looked = counts["accepted"] + counts["rejected"] + counts["flagged"]
    said.append(f"People looked at {looked:,} of {counts['synthetic']:,} generated samples.")
    if not splits.test_for_evaluation(store):
        said.append("It was not measured on real test data.")
    return said
