"""Names of labels and fields through time: what something that was said before a change of the task is called now.

The history of annotations is never rewritten. Whatever reads an old row back (undo, files of other machines, frozen
audits, snapshots) takes it through the changes in force here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench import task_change
from workbench.errors import UsageError
from workbench.store.encoding import encode
from workbench.task_change import TaskChange


@dataclass(frozen=True, slots=True)
class Event:
    """A change that was made (``undoes`` None), or taken back. ``after``: the newest annotation before it."""

    id: int
    change: TaskChange
    after: int
    after_act: int
    undoes: int | None
    undone_by: int | None


def _events(connection: sqlite3.Connection, annotation_id: int = 0) -> list[Event]:
    """Changes that came after an annotation, oldest first; those taken back and their undoing are both there."""
    return [
        Event(row[0], TaskChange.from_json(row[1]), *row[2:])
        for row in connection.execute(
            "SELECT id, change, after_annotation, after_act, undoes, undone_by FROM reshaping "
            "WHERE after_annotation >= ? ORDER BY id",
            (annotation_id,),
        ).fetchall()
    ]


def changes(connection: sqlite3.Connection) -> list[Event]:
    """All changes, newest first, those that were taken back too."""
    return [one for one in reversed(_events(connection)) if one.undoes is None]


def in_force(connection: sqlite3.Connection) -> list[Event]:
    """The changes that stand, oldest first."""
    return [one for one in _events(connection) if one.undoes is None and one.undone_by is None]


def decided(connection: sqlite3.Connection, event_id: int, sample_id: int) -> tuple[list[str], bool] | None:
    """What a split decided for a sample: (labels, whether it is left to a person); None: the sample was not concerned."""
    row = connection.execute(
        "SELECT after FROM reshaped WHERE reshaping_id = ? AND sample_id = ? AND place = 'sample'",
        (event_id, sample_id),
    ).fetchone()
    if row is None or row[0] is None:
        return None
    value = json.loads(row[0])
    return value["chosen"], value["open"]


def then(
    connection: sqlite3.Connection,
    sample_id: int,
    annotation_id: int,
    label: str | None,
    status: str | None,
    fields: str | None,
    label_seq: int | None = None,
    status_seq: int | None = None,
    fields_seq: int | None = None,
) -> tuple[str | None, str | None, str | None]:
    """The label, status and fields (JSON) of a row of the history, in the names of now; ``*_seq``: which annotation set them.

    What was said of a label that has been split counts no longer, where the split left it to a person; when the split was
    taken back, it counts again, for rows too that were written meanwhile.
    """
    events = _events(connection, annotation_id)
    undone = {one.id for one in events if one.undoes is None and one.undone_by is not None}
    for event in events:
        change = event.change
        if event.undoes is None and event.id not in undone:
            label, status = _label_forward(connection, event, sample_id, label, status)
            if fields is not None and change.what == "field":
                fields = encode(task_change.fields_after(change, json.loads(fields)))
        elif event.undoes is not None and event.undoes not in undone:  # it was said while the change was in force
            if label is not None and change.what == "label":
                label = encode(task_change.label_before(change, json.loads(label)))
            if fields is not None and change.what == "field":
                fields = encode(task_change.fields_before(change, json.loads(fields)))
    if any(one.undoes is not None for one in events):  # what the change made less of is whole where it was said first
        label = _said(connection, sample_id, annotation_id, label_seq, 0, label)
        status = _said(connection, sample_id, annotation_id, status_seq, 1, status)
        fields = _said(connection, sample_id, annotation_id, fields_seq, 2, fields)
    return label, status, fields


def _said(
    connection: sqlite3.Connection, sample_id: int, annotation_id: int, seq: int | None, part: int, own: str | None
) -> str | None:
    """The label (part 0), status (1) or fields (2) as the annotation has it that set it; ``own`` where that is this one."""
    if seq is None or seq >= annotation_id:
        return own
    row = connection.execute(
        "SELECT label, status, fields FROM annotation WHERE id = ? AND sample_id = ?", (seq, sample_id)
    ).fetchone()
    return own if row is None else then(connection, sample_id, seq, *row)[part]


def _label_forward(
    connection: sqlite3.Connection, event: Event, sample_id: int, label: str | None, status: str | None
) -> tuple[str | None, str | None]:
    change = event.change
    if change.what != "label" or change.how not in ("rename", "merge", "split"):
        return label, status
    value = None if label is None else json.loads(label)
    if change.how != "split":
        return (None if label is None else encode(task_change.label_after(change, value))), status
    found = decided(connection, event.id, sample_id)
    if found is None:  # at the time of the change nothing but the history had the label
        return (None if carries(change, value) else label), status
    chosen, is_open = found
    if is_open:
        return (None if carries(change, value) else label), None if status == "accepted" else status
    return (None if label is None else encode(task_change.label_after(change, value, chosen))), status


def carries(change: TaskChange, label: Any) -> bool:
    """Whether a label is, or holds, one of the names that a change takes away."""
    return label in change.names if isinstance(label, str) else isinstance(label, list) and any(
        one in change.names for one in label if isinstance(one, str)
    )  # fmt: skip


def retired(connection: sqlite3.Connection, name: str, what: str = "label") -> tuple[int, list[Event]]:
    """Where a name was taken away last, as a place among the changes in force; -1 when it has not, or is there again."""
    events = in_force(connection)
    found = -1
    for at, event in enumerate(events):
        if event.change.what != what:
            continue
        if name in event.change.retired and event.change.how != "remove":
            found = at
        elif name in event.change.into:
            found = -1
    return found, events


def label_now(
    connection: sqlite3.Connection, label: Any, sample_id: int | None = None, *, act_id: int | None = None
) -> Any:
    """A label that was written down some time ago (on another machine, an older screen, a frozen list) as it is now.

    Raises ``UsageError`` for an act that is newer than a split of its label: which of the new ones is meant?
    """
    if isinstance(label, list):
        found = [_now(connection, one, sample_id, act_id) if isinstance(one, str) else one for one in label]
        return [one for at, one in enumerate(found) if one not in found[:at]]
    return _now(connection, label, sample_id, act_id) if isinstance(label, str) else label


def _now(connection: sqlite3.Connection, name: str, sample_id: int | None, act_id: int | None) -> str:
    at, events = retired(connection, name)
    if at < 0 and (before := _taken_back(connection, name, events)) is not None:
        name = before
        at, events = retired(connection, name)
    for event in events[at:] if at >= 0 else ():
        change = event.change
        chosen: list[str] = []
        if change.what == "label" and change.how == "split" and name in change.names:
            if act_id is not None and act_id > event.after_act:
                raise UsageError(f"The {change.sentence()}: choose one of these (R reads the list again).")
            chosen = (decided(connection, event.id, sample_id) or ([], True))[0] if sample_id is not None else []
        name = task_change.label_after(change, name, chosen)
    return name


def _taken_back(connection: sqlite3.Connection, name: str, standing: list[Event], what: str = "label") -> str | None:
    """What a name stood for that was only there between a renaming and its undoing."""
    if any(event.change.what == what and name in event.change.into for event in standing):
        return None
    for event in changes(connection):
        change = event.change
        if event.undone_by is not None and (change.what, change.how) == (what, "rename") and name in change.into:
            return _taken_back(connection, change.names[0], standing, what) or change.names[0]
    return None


def fields_now(connection: sqlite3.Connection, fields: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
    """A sample's fields that were written down some time ago in the names of now: renamed and merged ones follow.

    ``whole``: the contents of a sample, as a snapshot keeps them: fields that were split, added or removed follow, too.
    """
    found = dict(fields)
    standing = in_force(connection)
    for name in fields:
        if (before := _taken_back(connection, name, standing, "field")) is not None and before not in found:
            found = {before if one == name else one: value for one, value in found.items()}
    for event in standing:
        change = event.change
        if change.what != "field":
            continue
        follows = change.how in ("rename", "merge", "split") if whole else change.how in ("rename", "merge")
        if (follows and set(change.retired) & found.keys()) or (whole and change.how in ("add", "remove")):
            found = task_change.fields_after(change, found)
    return found


def any_in_force(connection: sqlite3.Connection) -> bool:
    """Whether there has been any change at all: most projects have none, and need no look at names."""
    return connection.execute("SELECT 1 FROM reshaping LIMIT 1").fetchone() is not None


def under_way(connection: sqlite3.Connection) -> tuple[int, TaskChange, int | None] | None:
    """The change that is being made or taken back just now (id, change, what it undoes), or None."""
    row = connection.execute("SELECT id, change, undoes FROM reshaping WHERE state = 'begun' LIMIT 1").fetchone()
    return None if row is None else (row[0], TaskChange.from_json(row[1]), row[2])


def settle(connection: sqlite3.Connection, sample_ids: Sequence[int]) -> None:
    """Bring samples up to date before somebody's word about them is stored, while a change is under way."""
    if (found := under_way(connection)) is None:
        return
    # Imported here: it imports opinions, which calls this.
    from workbench.store import reshape_back, reshape_rows

    if found[2] is None:
        reshape_rows.convert(connection, found[0], found[1], sample_ids)
    else:
        reshape_back.revert(connection, found[2], found[1], sample_ids)


def refuse_jobs(connection: sqlite3.Connection) -> None:
    """Raise ``UsageError`` while a change of the task is under way: a job must not see half of it."""
    if (found := under_way(connection)) is not None:
        raise UsageError(
            f"The task is being changed ({found[1].sentence()}{', taken back' if found[2] else ''}); "
            "start the job when that is done (`workbench task history`)."
        )
