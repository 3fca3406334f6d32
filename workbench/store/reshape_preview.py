"""What a change of labels or fields, or its undo, would meet: counted before anything is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench import task_change
from workbench.errors import UsageError
from workbench.store import renames, reshape
from workbench.store.connection import Store
from workbench.store.encoding import encode, label_key
from workbench.store.reshape_plan import Plan
from workbench.store.reshape_rows import decided_by, sample_rows
from workbench.store.reshape_views import view_after
from workbench.task_change import TaskChange
from workbench.text import clean

#: Samples shown as they are and as they will be.
EXAMPLES = 3
_READ = 2_000


@dataclass
class Preview:
    """Counts of what is concerned. ``by`` has samples by origin, split, status and label; ``people`` annotations by
    person; ``parts`` what a split makes; ``open`` samples that it leaves to a person; ``views`` saved views that follow.
    ``examples``: (sample, before, after) in words. ``refusals``: why an undo would lose later work."""

    change: TaskChange
    undoes: int | None = None
    samples: int = 0
    by: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"origin": {}, "split": {}, "status": {}, "label": {}}
    )
    people: dict[str, int] = field(default_factory=dict)
    suggestions: int = 0
    repairs: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    open: int = 0
    views: list[str] = field(default_factory=list)
    examples: list[tuple[int, str, str]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    refusals: list[str] = field(default_factory=list)

    @property
    def annotations(self) -> int:
        return sum(self.people.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "change": self.change.sentence(),
            "undoes": self.undoes,
            "samples": self.samples,
            **self.by,
            "annotations": self.people,
            "suggestions": self.suggestions,
            "repairs": self.repairs,
            "parts": self.parts,
            "open": self.open,
            "views": self.views,
            "examples": [list(one) for one in self.examples],
            "notes": list(self.notes),
            "refusals": self.refusals,
        }

    def lines(self) -> list[str]:
        """The same for people, a few lines."""
        what = f"take back: {self.change.sentence()}" if self.undoes else self.change.sentence()
        said = [f"{what}: {counted(self.samples, 'sample')}, {counted(self.annotations, 'annotation')}"]
        here = sum(self.by["label"].get(name, 0) for name in self.change.names)
        if self.change.what == "label" and not self.undoes and 0 < here < self.samples:
            said.append(f"  labelled so now: {here:,}; the others were, or have a suggestion of it")
        said += [
            f"  by {kind}: " + ", ".join(f"{name} {n:,}" for name, n in sorted(self.by[kind].items()))
            for kind in ("origin", "split", "status")
            if self.by[kind]
        ]
        if self.people:
            said.append("  annotations of " + ", ".join(f"{name} {n:,}" for name, n in sorted(self.people.items())))
        if self.parts:
            left = f"; {self.open:,} are left to be decided by hand" if self.open else ""
            said.append("  of these " + ", ".join(f"{name} {n:,}" for name, n in self.parts.items()) + left)
        if self.suggestions or self.repairs:
            said.append(f"  their suggestions and repairs follow: {self.suggestions:,} and {self.repairs:,}")
        if self.views:
            said.append(f"  saved views that follow: {', '.join(self.views)}")
        said += [f"  #{one}: {before} -> {after}" for one, before, after in self.examples]
        return [clean(line) for line in [*said, *self.notes, *self.refusals]]


def counted(n: int, what: str) -> str:
    """``1 sample``, ``2 samples``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def preview(store: Store, plan: Plan, progress: Callable[[int], None] | None = None) -> Preview:
    """Count what the plan meets, in short reads; several seconds over a million samples."""
    change = plan.change
    found = Preview(change, plan.undoes, notes=plan.notes)
    if change.touches:
        for high, ids in reshape.concerned(store, change, plan.undoes):
            for start in range(0, len(ids), _READ):
                _count(store, found, ids[start : start + _READ])
            if progress is not None:
                progress(high)
    if plan.undoes is None:
        for name, query in store.read("SELECT name, query FROM saved_view ORDER BY name"):
            if view_after(change, query) != query:
                found.views.append(name)
    else:
        found.refusals += later(store, change, plan.undoes)
    return found


def _count(store: Store, found: Preview, ids: Sequence[int]) -> None:
    change, these = found.change, json.dumps(ids)
    among = "IN (SELECT value FROM json_each(?))"
    found.samples += len(ids)
    for origin, split, status, label, n in store.read(
        f"SELECT origin, split, status, label_key, count(*) FROM sample WHERE id {among} GROUP BY 1, 2, 3, 4", (these,)
    ):
        for kind, value in (("origin", origin), ("split", split), ("status", status), ("label", label)):
            if value is not None:
                found.by[kind][value] = found.by[kind].get(value, 0) + n
    # What is said of these samples, as far as it names the label in question.
    labels = [encode(label_key(name)) for name in (change.names if found.undoes is None else change.into)]

    def names_it(*columns: str) -> str:
        return " OR ".join(f"instr({column}, ?)" for column in columns for _ in labels)

    about, said = (names_it("opinion.label"), labels) if change.what == "label" else ("opinion.fields IS NOT NULL", [])
    for name, n in store.read(
        f"SELECT name, count(*) FROM opinion JOIN annotator ON annotator.id = annotator_id "
        f"WHERE sample_id {among} AND ({about}) GROUP BY name",
        (these, *said),
    ):
        found.people[name] = found.people.get(name, 0) + n
    if change.what == "label":
        sql = f"SELECT count(*) FROM suggestion WHERE sample_id {among} AND ({names_it('label')})"
        found.suggestions += _number(store, sql, these, *labels)
        sql = (
            f"SELECT count(*) FROM repair WHERE sample_id {among} AND active AND ({names_it('given', 'label', 'soft')})"
        )
        found.repairs += _number(store, sql, these, *labels * 3)
    else:
        sql = f"SELECT count(*) FROM repair WHERE sample_id {among} AND active AND fields IS NOT NULL"
        found.repairs += _number(store, sql, these)
    splits = change.what == "label" and change.how == "split" and found.undoes is None
    if len(found.examples) < EXAMPLES or splits:
        rows = sample_rows(store.connection, ids if splits else ids[:EXAMPLES])
        for one, row in rows.items():
            chosen: list[str] = []
            if splits:
                chosen, is_open = decided_by(change, row, ())
                found.open += is_open
                for name in chosen:
                    found.parts[name] = found.parts.get(name, 0) + 1
            if len(found.examples) < EXAMPLES:
                found.examples.append((one, *_words(change, row, chosen, back=found.undoes is not None)))


def _words(change: TaskChange, row: Sequence[Any], chosen: Sequence[str], *, back: bool) -> tuple[str, str]:
    if change.what == "label":
        label = None if row[0] is None else json.loads(row[0])
        after = task_change.label_before(change, label) if back else task_change.label_after(change, label, chosen)
        return json.dumps(
            label, ensure_ascii=False
        ), f"{json.dumps(after, ensure_ascii=False)}  {clean(row[7], limit=60)}"
    fields = json.loads(row[5] or row[6])
    turned = task_change.fields_before(change, fields) if back else task_change.fields_after(change, fields)
    return tuple(  # type: ignore[return-value]
        ", ".join(f"{name}: {clean(str(value), limit=30)}" for name, value in one.items()) for one in (fields, turned)
    )


def _number(store: Store, sql: str, *parameters: str | None) -> int:
    row = store.one(sql, parameters)
    return int(row[0]) if row else 0


def later(store: Store, change: TaskChange, reshaping_id: int) -> list[str]:
    """What was said since a change and would be lost with it, in sentences; none for a change that only gave new names."""
    row = store.one("SELECT after_annotation, after_sample FROM reshaping WHERE id = ?", (reshaping_id,))
    assert row is not None
    introduced = tuple(name for name in change.into if name not in change.names)
    if not introduced or change.how in ("rename", "describe", "move", "remove"):
        return []
    said: dict[str, int] = {}
    new = 0
    probe = TaskChange(change.what, "rename", introduced, introduced)
    words = introduced if change.what == "field" or change.how != "split" else change.into
    probe = TaskChange(change.what, "rename", words, words)
    for _, ids in reshape.concerned(store, probe):
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            marks = ",".join("?" * len(chunk))
            part = "label" if change.what == "label" else "fields"
            for name, value in store.read(
                f"SELECT name, opinion.{part} FROM opinion JOIN annotator ON annotator.id = annotator_id "
                f"WHERE sample_id IN ({marks}) AND opinion.{part} IS NOT NULL AND {part}_seq > ?",
                [*chunk, row[0]],
            ):
                if part == "fields" or renames.carries(probe, json.loads(value)):
                    said[name] = said.get(name, 0) + 1
            new += sum(one > row[1] for one in chunk)
    sentences = [
        f"Since then {name} has {'labelled' if change.what == 'label' else 'edited'} {n:,} samples with the new "
        f"{'labels' if change.what == 'label' else 'fields'}: undoing would lose that."
        for name, n in sorted(said.items())
    ]
    if new:
        sentences.append(
            f"Since then {new:,} samples came with the new {change.what}s: undoing would lose what they are."
        )
    return sentences


def refuse(found: Preview) -> None:
    """Raise ``UsageError`` where an undo would lose later work."""
    if found.refusals:
        hint = (
            "Merge the new labels instead (workbench task label merge)."
            if found.change.what == "label"
            else "Merge or rename the fields instead."
        )
        raise UsageError(" ".join([*found.refusals, hint]))


def do(store: Store, annotator_id: int, plan: Plan, progress: reshape.Progress | None = None) -> int:
    """Make the change, or take it back, as planned; returns its number. Raises what ``refuse`` and ``reshape.begin`` do."""
    if plan.undoes is not None:
        refuse(Preview(plan.change, plan.undoes, refusals=later(store, plan.change, plan.undoes)))
    made = reshape.begin(store, annotator_id, plan.change, plan.before, plan.after, undoes=plan.undoes)
    reshape.finish(store, progress)
    return made
