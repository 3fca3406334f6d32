"""``label``: annotations without the screen."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.cli.data import as_row
from workbench.cli.output import Output
from workbench.errors import UsageError, WorkbenchError
from workbench.exchange import Bad, read
from workbench.exchange.writing import write_text
from workbench.project import find
from workbench.store import acts, samples, views
from workbench.store import annotations as annotation_store
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.text import clean

STATUSES = ("pending", "accepted", "rejected", "flagged")


def label_(arguments: argparse.Namespace) -> int:
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    _ = project.config
    with Store(project, durable=True) as store:
        acts.finish_acts(store)
        if arguments.export:
            return _export(store, arguments, output)
        if arguments.queue:
            return _queue(store, arguments, output)
        me = acts.annotator(store, arguments.annotator)
        if arguments.load:
            return _load(store, me, arguments, output)
        if arguments.undo or arguments.redo:
            return _reverse(store, me, arguments, output)
        return _act(store, me, arguments, output)


def _queue(store: Store, arguments: argparse.Namespace, output: Output) -> int:
    view = views.parse(arguments.view or store.project.config.review.view)
    if arguments.limit < 0:
        raise UsageError(f"--limit {arguments.limit} should not be below 0.")
    ids = list(islice(views.ids(store, view), arguments.limit))
    rows = []
    for sample in samples.many(store, ids):
        known = samples.explain(store, sample)
        suggested = [
            {"label": label, "score": score, "source": source} for label, score, source in known.suggestions[:3]
        ]
        rows.append({**as_row(sample), "suggestions": suggested})
    output.rows(rows)
    return 0


def _export(store: Store, arguments: argparse.Namespace, output: Output) -> int:
    lines = [json.dumps(row, ensure_ascii=True) for row in annotation_store.opinions(store)]
    write_text(Path(arguments.export), "".join(f"{line}\n" for line in lines))
    output.result(
        {"annotations": len(lines), "path": arguments.export}, [f"{len(lines):,} annotations in {arguments.export}"]
    )
    return 0


def _load(store: Store, me: int, arguments: argparse.Namespace, output: Output) -> int:
    """Apply a file's annotations. A line that says what the person said already changes nothing, so it can run twice."""
    path = Path(arguments.load)
    task = store.project.config.task
    failed: list[dict[str, Any]] = []
    applied = unchanged = 0
    for row in read(path):
        try:
            if isinstance(row, Bad):
                raise UsageError(row.reason)
            sample_id = annotation_store.sample_id(store, row.values)
            change = _change(row.values, task.label_names, list(task.fields))
            who = acts.annotator(store, str(row.values["annotator"])) if row.values.get("annotator") else me
            if annotation_store.says(store, who, sample_id, change):
                unchanged += 1
                continue
            acts.apply(store, who, [sample_id], change, kind="import", seconds=None)
            applied += 1
        except WorkbenchError as error:
            failed.append({"line": row.line, "reason": str(error)})
    lines = [f"{applied:,} annotations applied, {unchanged:,} there already, {len(failed):,} failed"]
    lines += [f"{path}:{one['line']}: {one['reason']}" for one in failed[:10]]
    output.result({"annotations": applied, "unchanged": unchanged, "failed": failed[:100]}, lines)
    return 3 if failed else 0


def _change(values: dict[str, Any], labels: Sequence[str], fields: Sequence[str]) -> Change:
    parts: dict[str, Any] = {}
    if values.get("label") is not None:
        if values["label"] not in labels:
            raise UsageError(
                f"{clean(str(values['label']), limit=60)!r} is not one of the project's {len(labels)} labels"
            )
        parts["label"] = values["label"]
        parts["status"] = "accepted"
    if values.get("status") is not None:
        if values["status"] not in STATUSES:
            raise UsageError(f"status {clean(str(values['status']), limit=60)!r}: there are {', '.join(STATUSES)}")
        parts["status"] = values["status"]
    if isinstance(values.get("note"), str):
        parts["note"] = values["note"]
    if (edited := values.get("edited_fields")) is not None:
        if not isinstance(edited, dict) or set(edited) != set(fields):
            raise UsageError(f"edited_fields should be an object with exactly: {', '.join(fields)}")
        if not all(isinstance(text, str) and text.strip() for text in edited.values()):
            raise UsageError("edited_fields should hold texts that are not empty")
        parts["fields"] = edited
    if not parts:
        raise UsageError("has no label, status or note")
    return Change(**parts)


def _reverse(store: Store, me: int, arguments: argparse.Namespace, output: Output) -> int:
    next_act = acts.next_redo(store, me) if arguments.redo else acts.next_undo(store, me)
    met = acts.meets(store, next_act) if next_act and arguments.undo else []
    act = acts.redo(store, me) if arguments.redo else acts.undo(store, me)
    word = "redone" if arguments.redo else "undone"
    if act is None:
        output.result({"annotations": 0}, [f"There is nothing to be {word}."])
        return 0
    lines = [f"{word}: {act.kind} on {act.total:,} sample{'s' if act.total != 1 else ''} ({act.created_at[:19]})"]
    lines += [f"{one.annotator} said something later about {one.samples:,} of them; that stands" for one in met]
    output.result({"annotations": act.total, "act": act.id, "kind": act.kind}, lines)
    return 0


def _act(store: Store, me: int, arguments: argparse.Namespace, output: Output) -> int:
    if not arguments.view:
        raise UsageError("Say which samples: --view QUERY, such as --view id:418.")
    ids = list(views.ids(store, views.parse(arguments.view)))
    if not ids:
        raise WorkbenchError(f"View {arguments.view!r} holds no sample.")
    kind, change = _wanted(store, arguments, ids)
    if len(ids) > 1 and not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"This concerns {len(ids):,} samples; give --yes to do it.")
        if input(f"{kind} {len(ids):,} samples? [y/N] ").strip().lower() not in ("y", "yes"):
            output.say("Nothing was changed.")
            return 0
    act = acts.apply(store, me, ids, change, kind=kind)
    output.result(
        {"annotations": act.total, "act": act.id},
        [f"{kind}: {act.total:,} sample{'s' if act.total != 1 else ''}; --undo takes it back"],
    )
    return 0


def _wanted(store: Store, arguments: argparse.Namespace, ids: list[int]) -> tuple[str, Change]:
    task = store.project.config.task
    if arguments.label is not None:
        if arguments.label not in task.label_names:
            raise UsageError(f"{arguments.label!r} is not one of the labels: {', '.join(task.label_names)}.")
        return "label", Change(label=arguments.label, status="accepted")
    if arguments.note is not None:
        return "note", Change(note=arguments.note)
    if arguments.edit is not None:
        if len(ids) != 1 or not arguments.edit.strip():
            raise UsageError("--edit corrects exactly one sample, and not to nothing.")
        fields = samples.get(store, ids[0]).fields
        return "edit", Change(fields={**fields, task.text_field: arguments.edit})
    for kind, status in (("accept", "accepted"), ("reject", "rejected"), ("flag", "flagged")):
        if getattr(arguments, kind):
            return kind, Change(status=status)
    raise UsageError("Say what to do with them: --accept, --reject, --flag, --label, --note or --edit.")
