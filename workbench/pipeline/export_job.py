"""The export job: a snapshot, written in a format, with a data card beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.exchange import ExportContext, ExportSample, fitting, write
from workbench.exchange.card import write_card
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import curate_standing, data_card
from workbench.store import curation, ledger, repairs, samples, snapshots, views, weights
from workbench.store.connection import Store
from workbench.store.snapshots import Snapshot

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
    facts = data_card.facts(store, context.project.config, snapshot)
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
