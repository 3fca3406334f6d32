"""The export job: a snapshot, written in a format, with a data card beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench import recipe
from workbench.errors import UsageError, WorkbenchError
from workbench.exchange import ExportContext, ExportSample, fitting, write
from workbench.exchange.card import write_card
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import curate_standing
from workbench.pipeline.evaluate_job import newest
from workbench.store import curation, in_force, jobs, ledger, repairs, samples, snapshots, splits, views, weights
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.snapshots import Snapshot
from workbench.task import Task

DEFAULT_VIEW = "set:yes"
#: Exports read this many samples at a time.
CHUNK = 1_000


def run(context: JobContext) -> Ended:
    """Freeze the samples of ``view`` (default: the data set) and write them, then the card."""
    parameters, store, config = context.job.parameters, context.store, context.project.config
    curate_standing.settle_if_free(context.project, store)
    view = views.parse(parameters.get("view") or DEFAULT_VIEW)
    path = Path(parameters["out"])
    overwrite = bool(parameters.get("overwrite"))
    about = ExportContext(config.task, instruction=config.export.instruction, raw=bool(parameters.get("raw")))
    chosen = fitting(parameters["format"], about)
    card_path = path / chosen.card if chosen.card else path.with_name(f"{path.name}.card.md")
    for target in (path, card_path):
        if context.project.owns(target):
            raise UsageError(f"{target} is a file of the project itself; choose another name.")
        if target.exists() and not overwrite:
            raise UsageError(f"{target} exists; choose another name, or give --overwrite.")
    ids = views.ids(store, view)
    if not len(ids):
        raise WorkbenchError(f"There is nothing to export: view {view.text!r} holds no sample.")
    snapshot = snapshots.create(store, ids, view.text, details={"format": chosen.name, "out": path.name})
    total = snapshot.total
    facts = card_facts(context, snapshot)
    about = replace(about, facts=facts)
    written = write(chosen.name, _samples(context, snapshot), path, context=about, overwrite=overwrite)
    if not chosen.card:
        context.report(total, total, "writing the data card")
        facts["files"] = [
            {"name": file.name, "format": chosen.name, "rows": file.rows, "sha256": file.sha256}
            for file in written.files
        ]
        write_card(facts, card_path, overwrite=overwrite)
    return Ended(
        {
            "rows": written.rows,
            "path": str(path),
            "sha256": written.sha256,
            "snapshot": snapshot.id,
            "snapshot_sha256": snapshot.sha256,
            "card": str(card_path),
            "failed": [{"uuid": one.uuid, "reason": one.reason} for one in written.failed],
            "failed_rows": written.failed_rows,
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
    about = samples.about(store, ids)
    scores = curation.scores_of(store, ids)
    made = ledger.made_by(store, ids)
    weight = weights.values_of(store, ids)
    soft = repairs.soft_labels_of(store, ids)
    for sample_id, fields, label in batch:
        uuid, origin, split, status, conditions = about[sample_id]
        model, recipe = made.get(sample_id, (None, None))
        yield ExportSample(
            uuid=uuid,
            fields=fields,
            label=label,
            status=status,
            origin=origin,
            split=split,
            conditions=conditions,
            scores=scores.get(sample_id, {})
            | ({"weight": weight[sample_id]} if sample_id in weight else {})
            | {f"soft.{name}": share for name, share in soft.get(sample_id, {}).items()},
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
    curated = [jobs.get(store, one) for one in in_force.jobs_in_force(store)]
    facts: dict[str, Any] = {
        "name": config.name,
        "pretty_name": config.export.title or config.name,
        "language": [config.task.language],
        "task": config.task.kind,
        "description": config.task.description,
        "fields": [
            {"name": name, "kind": one.kind, "required": one.required, "description": one.description}
            for name, one in config.task.fields.items()
        ],
        "label": _label(config.task),
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
        "limitations": _limitations(store, config.task, counts, made),
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


def _label(task: Task) -> str | None:
    """What a label is, in words; None for tasks without."""
    low, high = (task.scale.low, task.scale.high) if task.scale else (0.0, 0.0)
    return {
        "one": "one of the labels",
        "many": "a list of any of the labels, none included",
        "number": f"a number from {low:g} to {high:g}",
        "object": "a JSON object that is read out of the text",
    }.get(task.label_shape)


#: What may be wrong with samples that a model wrote, by kind of task.
_WRONG = {
    "classification": "some labels are wrong and some texts are unnatural",
    "multi_label": "some labels are wrong or missing and some texts are unnatural",
    "text_pair": "some labels are wrong and some pairs are unnatural",
    "extraction": "some objects miss what the text says, or hold what it does not say",
    "question_answering": "some answers are wrong, or do not stand in their passage",
    "instruction": "some responses are wrong, and none was checked against facts",
    "dialogue": "nobody spoke like this; some turns are wrong, and none was checked against facts",
    "preference": "which response is the better one is a model's opinion where no person confirmed it",
    "free": "some of them are wrong or unnatural",
}


def _limitations(store: Store, task: Task, counts: dict[str, int], made: list[dict[str, Any]]) -> list[str]:
    said = [f"The samples were generated by a language model; {_WRONG[task.kind]}."] if counts["synthetic"] else []
    if any(one["models"] == ["embedded"] for one in made):
        said.append(
            "Samples of the embedded n-gram model are for trying the workbench out, not for training real systems."
        )
    looked = counts["accepted"] + counts["rejected"] + counts["flagged"]
    said.append(f"People looked at {looked:,} of {counts['synthetic']:,} generated samples.")
    if not splits.test_for_evaluation(store):
        said.append("It was not measured on real test data.")
    return said
