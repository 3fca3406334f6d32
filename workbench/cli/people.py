"""``label``: annotations without the screen."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.answer_schema import fault, label_fault
from workbench.cli import choosing, remarking
from workbench.cli.data import as_row
from workbench.cli.output import Output
from workbench.errors import UsageError, WorkbenchError
from workbench.exchange import Bad, Row, read
from workbench.exchange import values as values_
from workbench.exchange.writing import write_lines
from workbench.project import find
from workbench.store import acts, behind, explaining, leases, merging, people, samples, views
from workbench.store import annotations as annotation_store
from workbench.store.acts import Change
from workbench.store.catching_up import catch_up
from workbench.store.connection import Store
from workbench.task import Task
from workbench.text import clean

#: Lines of a file that could not be taken, as many as are told.
TOLD = 100
STATUSES = ("pending", "accepted", "rejected", "flagged")


def label_(arguments: argparse.Namespace) -> int:
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    _ = project.config
    with Store(project, durable=True) as store:
        for sentence in catch_up(store).sentences():
            output.say(sentence)
        if arguments.export:
            return _export(store, arguments, output)
        if arguments.queue:
            return _queue(store, arguments, output)
        if arguments.plain:
            from workbench.cli.keyboard import Keyboard
            from workbench.cli.plain import Plain

            return Plain(store, arguments.annotator, arguments.view, Keyboard.here()).run()
        me = acts.annotator(store, arguments.annotator)
        if arguments.load:
            return _load(store, me, arguments, output)
        if arguments.undo or arguments.redo:
            return _reverse(store, me, arguments, output)
        return _act(store, me, arguments, output)


def _queue(store: Store, arguments: argparse.Namespace, output: Output) -> int:
    if arguments.limit < 0:
        raise UsageError(f"--limit {arguments.limit} should not be below 0.")
    name = arguments.strategy
    view = views.parse(choosing.ordered(store, arguments.view or store.project.config.review.view, name, output))
    output.rows(
        {
            **_queued(store, sample),
            **lacks,
            **choosing.reason(store, name, sample.id, mine=_blind(store, arguments.annotator)),
        }
        for sample, lacks in islice(_wanting(store, arguments.annotator, view), arguments.limit)
    )
    return 0


def _blind(store: Store, annotator: str | None) -> int | None:
    """Who asks, where nobody may see what others said before speaking (0: somebody new); else None."""
    if not store.project.outline.review.blind:
        return None
    return people.known(store, annotator)


def _wanting(store: Store, annotator: str | None, view: views.View) -> Iterator[tuple[samples.Sample, dict[str, Any]]]:
    """The samples of a view that this person is wanted on, with how many people are ``lacking`` where several are wanted."""
    review = store.project.outline.review
    me = people.known(store, annotator)
    for chunk in views.stream(store, view):
        for start in range(0, len(chunk), 200):
            ids = chunk[start : start + 200]
            lacking = people.lacking(store, ids, review.overlap) if review.overlap > 1 else {}
            if review.overlap > 1:
                done = people.has_spoken(store, me, ids)
                ids = [one for one in ids if one in lacking and one not in done]
            else:
                held = leases.others(store, me, ids)
                ids = [one for one in ids if one not in held]
            for sample in samples.many(store, ids):
                shown = samples.get(store, sample.id, mine=me) if review.blind else sample
                yield shown, {"lacking": lacking[sample.id]} if lacking else {}


def _queued(store: Store, sample: samples.Sample) -> dict[str, Any]:
    suggested = explaining.explain(store, sample).suggestions[:3]
    return {
        **as_row(sample),
        "suggestions": [{"label": label, "score": score, "source": source} for label, score, source in suggested],
    }


def _export(store: Store, arguments: argparse.Namespace, output: Output) -> int:
    lines = (json.dumps(row, ensure_ascii=True) for row in annotation_store.opinions(store))
    if store.project.owns(Path(arguments.export)):
        raise UsageError(f"{arguments.export} is a file of the project itself; choose another name.")
    number = write_lines(Path(arguments.export), lines, overwrite=arguments.overwrite)
    output.result({"annotations": number, "path": arguments.export}, [f"{number:,} annotations in {arguments.export}"])
    return 0


def _load(store: Store, me: int, arguments: argparse.Namespace, output: Output) -> int:
    """Apply a file's annotations. A line that says what the person said already changes nothing, so it can run twice."""
    path = Path(arguments.load)
    task = store.project.config.task
    failed: list[dict[str, Any]] = []
    bad = 0
    waiting = _Waiting(store)
    merge = merging.Merge(store, lambda part, value: _fault(task, part, value))
    people: dict[str, int] = {}
    for row in read(path):
        try:
            if isinstance(row, Bad):
                raise UsageError(row.reason)
            if isinstance(row.values.get("history"), list) and row.values["history"]:
                waiting.apply()  # lines with a history come in whole files; what was said before them stays before them
                merge.add(row.values)
                continue
            merge.flush()
            sample_id = annotation_store.sample_id(store, row.values)
            change = _change(task, row)
            who = me
            if name := str(row.values.get("annotator") or ""):
                if name not in people:
                    people[name] = acts.annotator(store, name)
                who = people[name]
            waiting.add(who, sample_id, change)
        except WorkbenchError as error:
            bad += 1
            if len(failed) < TOLD:
                failed.append({"line": row.line, "reason": str(error)})
    waiting.apply()
    merge.flush()
    applied, unchanged = waiting.applied + merge.applied, waiting.unchanged + merge.unchanged
    lines = [f"{applied:,} annotations applied, {unchanged:,} there already, {bad:,} failed"]
    lines += [f"{path}:{one['line']}: {one['reason']}" for one in failed[:10]]
    output.result(
        {"annotations": applied, "unchanged": unchanged, "failed": failed, "failed_lines": bad},
        lines,
    )
    return 3 if failed else 0


def _fault(task: Task, part: str, value: Any) -> str | None:
    """What is wrong with a part of an annotation from elsewhere, by the task; None: nothing."""
    if part == "label":
        return label_fault(task, value)
    if part == "status":
        return None if value in STATUSES else f"status {clean(str(value), limit=60)!r}: there are {', '.join(STATUSES)}"
    if part == "fields":
        if not isinstance(value, dict):
            return f"edited_fields should be an object with these fields: {', '.join(task.fields)}"
        wrong = fault(task, value)
        return f"edited_fields: {wrong}" if wrong else None
    return None


class _Waiting:
    """Annotations of a file, gathered into one act per person and change: fewer syncs, and fewer steps to undo.

    What is said of one sample keeps the order of its lines: a line that would come too early has the others applied.
    """

    MOST = 100_000

    def __init__(self, store: Store) -> None:
        self.store = store
        self.applied = self.unchanged = 0
        self._clear()

    def _clear(self) -> None:
        self._acts: dict[tuple[int, str], tuple[int, Change, list[int]]] = {}  # place in the order, change, samples
        self._newest: dict[int, int] = {}  # sample -> the last place at which something is said of it
        self._said: dict[tuple[int, int], int] = {}  # person and sample -> the last place
        self._number = 0

    def add(self, who: int, sample_id: int, change: Change) -> None:
        key = (who, change.to_json())
        place = self._acts[key][0] if key in self._acts else len(self._acts)
        if place < self._newest.get(sample_id, 0) or self._number >= self.MOST:
            self.apply()
            place = 0
        said = self._said.get((who, sample_id))
        if said == place if said is not None else annotation_store.says(self.store, who, sample_id, change):
            self.unchanged += 1
            return
        self._acts.setdefault(key, (place, change, []))[2].append(sample_id)
        self._newest[sample_id] = self._said[who, sample_id] = place
        self._number += 1

    def apply(self) -> None:
        """Do what was gathered."""
        for (who, _), (_, change, ids) in self._acts.items():
            self.applied += acts.apply(self.store, who, ids, change, kind="import").total
        self._clear()


def _change(task: Task, row: Row) -> Change:
    """What a record says of its sample; raises ``UsageError`` for what the task does not allow."""
    values = row.values
    parts: dict[str, Any] = {}
    try:
        label = values_.label(task, values.get("label"), cell=row.cells)
        if label is not None:
            if wrong := label_fault(task, label):
                raise UsageError(wrong)
            parts["label"] = label
            parts["status"] = "accepted"
        if values.get("status") not in (None, ""):
            if values["status"] not in STATUSES:
                raise UsageError(f"status {clean(str(values['status']), limit=60)!r}: there are {', '.join(STATUSES)}")
            parts["status"] = values["status"]
        for name in ("note", "reason"):
            if isinstance(values.get(name), str):
                parts[name] = values[name]
        if isinstance(values.get("tags"), list):
            if not all(isinstance(one, str) for one in values["tags"]):
                raise UsageError("tags should be a list of words")
            parts["tags"] = values["tags"]
        edited = values_.field("edited_fields", "json", values.get("edited_fields"), cell=row.cells)
    except values_.Unreadable as error:
        raise UsageError(str(error)) from error
    if edited is not None:
        if not isinstance(edited, dict):
            raise UsageError(f"edited_fields should be an object with these fields: {', '.join(task.fields)}")
        if wrong := fault(task, edited):
            raise UsageError(f"edited_fields: {wrong}")
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
    view = views.parse(arguments.view)
    ids = list(views.ids(store, view))
    if not ids:
        raise WorkbenchError(f"View {arguments.view!r} holds no sample.")
    behind.only_look(store, view, ids)
    kind, change = _wanted(store, me, arguments, ids)
    ids = ids if isinstance(change, Change) else list(change)
    if len(ids) > 1 and not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"This concerns {len(ids):,} samples; give --yes to do it.")
        if input(f"{kind} {len(ids):,} samples? [y/N] ").strip().lower() not in ("y", "yes"):
            output.say("Nothing was changed.")
            return 0
    if isinstance(change, Change):
        act = acts.apply(store, me, ids, change, kind=kind)
    else:
        act = acts.apply_each(store, me, change, kind=kind)
    output.result(
        {"annotations": act.total, "act": act.id},
        [f"{kind}: {act.total:,} sample{'s' if act.total != 1 else ''}; --undo takes it back"],
    )
    return 0


def _wanted(
    store: Store, me: int, arguments: argparse.Namespace, ids: list[int]
) -> tuple[str, Change | dict[int, Change]]:
    """The kind of act, and what it says of all samples alike or of each one of some."""
    task = store.project.config.task
    if arguments.reason is not None and not arguments.reject:
        raise UsageError("--reason says why samples are rejected: give it with --reject.")
    if arguments.take:
        return "take", remarking.taken(store, ids, arguments.score)
    if arguments.tag is not None:
        return "tag", remarking.tagged(store, me, ids, arguments.tag)
    if arguments.reject and arguments.reason is not None:
        return "reject", Change(status="rejected", reason=arguments.reason.strip())
    if arguments.label is not None:
        return "label", Change(label=label_of(task, arguments.label), status="accepted")
    if arguments.note is not None:
        return "note", Change(note=arguments.note)
    if arguments.edit is not None:
        if len(ids) != 1:
            raise UsageError("--edit corrects exactly one sample, and not to nothing.")
        return "edit", Change(fields=edited(task, samples.get(store, ids[0]).fields, arguments.edit))
    for kind, status in (("accept", "accepted"), ("reject", "rejected"), ("flag", "flagged")):
        if getattr(arguments, kind):
            return kind, Change(status=status)
    raise UsageError("Say what to do with them: --accept, --reject, --flag, --label, --take, --note, --tag or --edit.")


def label_of(task: Task, text: str) -> Any:
    """What ``--label`` says, in the shape of the task's labels. Raises ``UsageError``."""
    if task.label_shape == "one" and text not in task.label_names:
        raise UsageError(f"{text!r} is not one of the labels: {', '.join(task.label_names)}.")
    try:
        return values_.label_typed(task, text)
    except values_.Unreadable as error:
        how = {
            "many": f"; give labels with commas between, or a JSON list, of: {', '.join(task.label_names)}",
            "object": "; give a JSON object",
        }
        raise UsageError(f"--label: {error}{how.get(task.label_shape, '')}.") from error


def edited(task: Task, fields: Mapping[str, Any], edits: Sequence[str]) -> dict[str, Any]:
    """The fields after each ``[FIELD=]TEXT``; nothing takes an optional field away. Raises ``UsageError``."""
    result = dict(fields)
    only = next(iter(task.fields)) if len(task.fields) == 1 else None
    for edit in edits:
        name, equals, text = edit.partition("=")
        name = name.strip()
        if not (equals and name in task.fields):
            if only is None:
                raise UsageError(f"Say which field: --edit FIELD=TEXT, with one of {', '.join(task.fields)}.")
            name, text = only, edit
        field = task.fields[name]
        if not text.strip() and field.required:
            raise UsageError("--edit corrects exactly one sample, and not to nothing.")
        try:
            value = values_.field(name, field.kind, text, cell=True)
        except values_.Unreadable as error:
            raise UsageError(f"--edit: {error}.") from error
        result[name] = value
        if not field.required and value in (None, "", [], {}):
            del result[name]
    if wrong := fault(task, result):
        raise UsageError(f"--edit: {wrong}.")
    return result
