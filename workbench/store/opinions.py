"""Opinions: what each person says about each sample, in the order of their acts, and what follows for the sample.

Annotations are only ever appended. Each holds a person's whole opinion of one sample after one act; ``*_seq`` is the
annotation that set the part, ``wrote`` the parts that it changed. What makes of all that a sample's label and status is the
project's policy (``policies``).

Order is by (created_at, uuid), never by local numbers: an annotation is always dated after all others of its sample that
are known here, so a clock that jumps back changes nothing, and machines that share no disk come to the same opinions
whatever the order in which their work is brought together.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from workbench.errors import StoreError
from workbench.store import policies, renames
from workbench.store.connection import new_uuid, now
from workbench.store.encoding import digest, encode, label_key, text_of

#: The parts of an opinion; each is kept with the annotation that set it.
PARTS = ("label", "status", "fields", "note", "reason", "tags", "ruling")


class _Unset:
    """Stands for "this act says nothing about it"."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Change:
    """What an act says about each of its samples; parts that are ``UNSET`` stay as they were.

    ``label`` is any JSON value; ``status`` one of pending, accepted, rejected, flagged; ``fields`` the whole new contents;
    ``note`` text ("" takes a note away); ``reason`` why it was rejected ("" takes it away); ``tags`` words, all of them anew
    ([] takes them away); ``ruling`` "label" or "status" or both with a comma: this word settles what people disagree about
    ("" takes the ruling back).
    """

    label: Any = UNSET
    status: str | _Unset = UNSET
    fields: dict[str, Any] | _Unset = UNSET
    note: str | _Unset = UNSET
    reason: str | _Unset = UNSET
    tags: Sequence[str] | _Unset = UNSET
    ruling: str | _Unset = UNSET

    def to_json(self) -> str:
        parts = {name: getattr(self, name) for name in PARTS}
        return encode({name: value for name, value in parts.items() if value is not UNSET})


_STATE = ", ".join(f"{part}, {part}_seq" for part in PARTS)
_Opinion = tuple[Any, ...]
_MARKS = ", ".join("?" * (2 * len(PARTS)))
_NONE: _Opinion = (None,) * (2 * len(PARTS))
_ALL = (1 << len(PARTS)) - 1
_LAST = 2**62


def apply_rows(
    connection: sqlite3.Connection,
    act_id: int,
    annotator_id: int,
    ids: Sequence[int],
    change: Change,
    seconds: float | None,
) -> None:
    """Append the opinions that ``change`` makes of each sample, inside the caller's transaction."""
    if renames.any_in_force(connection):  # an older screen, or an act from before, may use the older names
        change = _named_now(connection, act_id, change)
    said = (
        None if isinstance(change.label, _Unset) else (encode(change.label),),
        None if isinstance(change.status, _Unset) else (change.status,),
        None if isinstance(change.fields, _Unset) else (encode(change.fields),),
        None if isinstance(change.note, _Unset) else (_stored(change.note),),
        None if isinstance(change.reason, _Unset) else (_stored(change.reason),),
        None if isinstance(change.tags, _Unset) else (encode(list(change.tags)) if change.tags else None,),
        None if isinstance(change.ruling, _Unset) else (_stored(change.ruling),),
    )

    def changed(state: _Opinion, seq: int) -> _Opinion:
        parts = list(state)
        for part, value in enumerate(said):
            if value is not None:
                parts[2 * part : 2 * part + 2] = [value[0], seq]
        return tuple(parts)

    _put_all(connection, act_id, annotator_id, ids, lambda _: changed, seconds)


def _named_now(connection: sqlite3.Connection, act_id: int, change: Change) -> Change:
    label = (
        change.label if isinstance(change.label, _Unset) else renames.label_now(connection, change.label, act_id=act_id)
    )
    fields = change.fields if isinstance(change.fields, _Unset) else renames.fields_now(connection, change.fields)
    return replace(change, label=label, fields=fields)


def _stored(text: str) -> str | None:
    return text.encode("utf-8", "replace").decode() or None


def revert_rows(
    connection: sqlite3.Connection, act_id: int, annotator_id: int, undone: int, ids: Sequence[int], *, after: bool
) -> None:
    """Append the opinions as they were before (``after=False``: undo) or after (redo) the act ``undone``."""

    named = renames.any_in_force(connection)

    def changed(sample_id: int) -> Callable[[_Opinion, int], _Opinion]:
        return partial(_reverted, connection, undone, annotator_id, sample_id, after, named=named)

    _put_all(connection, act_id, annotator_id, ids, changed, None)


def _reverted(
    connection: sqlite3.Connection,
    undone: int,
    annotator_id: int,
    sample_id: int,
    after: bool,
    state: _Opinion,
    _seq: int = 0,
    *,
    named: bool = True,
) -> _Opinion:
    """``state`` with the parts that come from the act ``undone`` as they were before it (or the other way round).

    A part that something else has set since stays as it is. ``named`` as of ``_below``.
    """
    states = [_below(connection, act, annotator_id, sample_id, named=named)[1] for act in (undone, undone + 1)]
    old, new = states if after else reversed(states)
    parts = list(state)
    for part in range(0, len(_NONE), 2):
        if old[part + 1] != new[part + 1] and state[part + 1] == old[part + 1]:
            parts[part : part + 2] = new[part : part + 2]
    return tuple(parts)


def _below(
    connection: sqlite3.Connection, act_id: int, annotator_id: int, sample_id: int, *, named: bool = True
) -> tuple[int | None, _Opinion]:
    """A person's opinion of a sample (newest annotation's id, state) after all their acts before ``act_id``.

    ``named``: False where the caller knows that no label or field was ever renamed.
    """
    newest, missing, parts = None, _ALL, list(_NONE)
    for seq, wrote, *state in connection.execute(
        # The plus keeps the index of persons out: a person may have a million annotations, a sample has a few.
        f"SELECT id, wrote, {_STATE} FROM annotation WHERE sample_id = ? AND +annotator_id = ? AND act_id < ? "
        "ORDER BY created_at DESC, uuid DESC",
        (sample_id, annotator_id, act_id),
    ):
        newest = newest or seq
        if named:
            now_called = renames.then(connection, sample_id, seq, *state[0:6:2], *state[1:6:2])
            state[0], state[2], state[4] = now_called
        taken = missing & (_ALL if wrote is None else wrote)
        for part in range(len(PARTS)):
            if taken >> part & 1:
                parts[2 * part : 2 * part + 2] = state[2 * part : 2 * part + 2]
        missing &= ~taken
        if not missing:
            break
    return newest, tuple(parts)


def rebuild(connection: sqlite3.Connection, sample_id: int, annotator_id: int) -> None:
    """Make a person's opinion of a sample anew from all their annotations of it, inside the caller's transaction."""
    newest, state = _below(connection, _LAST, annotator_id, sample_id)
    if newest is not None:
        _opine(connection, sample_id, annotator_id, newest, state)


def _changed(before: _Opinion, after: _Opinion) -> int:
    """The parts, as bits, in which two states differ."""
    return sum(
        1 << part for part in range(len(PARTS)) if before[2 * part : 2 * part + 2] != after[2 * part : 2 * part + 2]
    )


def _later(connection: sqlite3.Connection, sample_id: int, at: str) -> str:
    """``at``, or a millisecond after the newest annotation of the sample where that is later."""
    (newest,) = connection.execute(
        "SELECT max(created_at) FROM annotation WHERE sample_id = ?", (sample_id,)
    ).fetchone()
    return at if newest is None or newest < at else after(newest)


def after(at: str) -> str:
    """The time a millisecond after ``at``."""
    moment = datetime.fromisoformat(at) + timedelta(milliseconds=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _put_all(
    connection: sqlite3.Connection,
    act_id: int,
    annotator_id: int,
    ids: Sequence[int],
    changed: Callable[[int], Callable[[_Opinion, int], _Opinion]],
    seconds: float | None,
) -> None:
    """Append an opinion of each sample. What is the same for all of them is asked once: a bulk act has a million."""
    renames.settle(connection, ids)
    policy, seq, at = policies.in_force(connection), _next(connection), now()
    for sample_id in ids:
        seq = _put(connection, seq, act_id, annotator_id, sample_id, changed(sample_id), seconds, at)
        resolve(connection, sample_id, policy)


def _put(
    connection: sqlite3.Connection,
    seq: int,
    act_id: int,
    annotator_id: int,
    sample_id: int,
    changed: Callable[[_Opinion, int], _Opinion],
    seconds: float | None,
    at: str,
) -> int:
    """Append the opinion that ``changed`` makes of the one at this act's place in the order of acts.

    A bulk act whose turn comes late goes below what the person has done since: those acts' opinions are appended again
    on top of it, so that their word stands and undoing them, or it, leaves the others'. ``seq`` is the next annotation's
    number; returns the next one after.
    """
    row = connection.execute(
        f"SELECT annotation_id, act_id, {', '.join(f'opinion.{name}' for name in _STATE.split(', '))} FROM opinion "
        "JOIN annotation ON annotation.id = annotation_id WHERE opinion.sample_id = ? AND opinion.annotator_id = ?",
        (sample_id, annotator_id),
    ).fetchone()
    late = row is not None and row[1] > act_id
    prior: int | None
    prior, state = (row[0], row[2:]) if row else (None, _NONE)
    latest, at = state, _later(connection, sample_id, at)
    if late:
        prior, state = _below(connection, act_id, annotator_id, sample_id)
    newer = _newer(connection, act_id, annotator_id, sample_id) if late else []
    state = changed(state, seq)
    _append(connection, seq, act_id, sample_id, annotator_id, prior, seconds, state, _changed(latest, state), at)
    for newer_act, undoes, redoes, old_base, old in newer:
        latest = state
        if undoes is None:
            parts = [
                old[part : part + 2] if old[part + 1] != old_base[part + 1] else state[part : part + 2]
                for part in range(0, len(_NONE), 2)
            ]
            state = tuple(value for pair in parts for value in pair)
        else:
            state = _reverted(connection, undoes, annotator_id, sample_id, redoes, state)
        prior, seq, at = seq, seq + 1, after(at)
        _append(connection, seq, newer_act, sample_id, annotator_id, prior, None, state, _changed(latest, state), at)
    _opine(connection, sample_id, annotator_id, seq, state)
    return seq + 1


def _newer(
    connection: sqlite3.Connection, act_id: int, annotator_id: int, sample_id: int
) -> list[tuple[int, int | None, bool, _Opinion, _Opinion]]:
    """A person's later acts on a sample, in order: (act, act that it undoes, whether it redoes, state before, after)."""
    found = []
    before = _below(connection, act_id, annotator_id, sample_id)[1]
    for newer_act, undoes, change in connection.execute(
        "SELECT DISTINCT act.id, act.undoes, act.change FROM annotation JOIN act ON act.id = act_id "
        "WHERE sample_id = ? AND +annotation.annotator_id = ? AND act_id > ? ORDER BY act.id",  # plus: see ``_below``
        (sample_id, annotator_id, act_id),
    ).fetchall():
        state = _below(connection, newer_act + 1, annotator_id, sample_id)[1]
        redoes = undoes is not None and bool(json.loads(change)["after"])
        found.append((newer_act, undoes, redoes, before, state))
        before = state
    return found


def _next(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT ifnull(max(id), 0) + 1 FROM annotation").fetchone()[0])


def _append(
    connection: sqlite3.Connection,
    seq: int,
    act_id: int,
    sample_id: int,
    annotator_id: int,
    prior: int | None,
    seconds: float | None,
    state: _Opinion,
    wrote: int,
    at: str,
) -> None:
    connection.execute(
        f"INSERT INTO annotation (id, uuid, act_id, sample_id, annotator_id, prior_id, seconds, {_STATE}, wrote, created_at) "
        f"VALUES (?, ?, ?, ?, ?, ?, ?, {_MARKS}, ?, ?)",
        (seq, new_uuid(), act_id, sample_id, annotator_id, prior, seconds, *state, wrote, at),
    )


def _opine(connection: sqlite3.Connection, sample_id: int, annotator_id: int, seq: int, state: _Opinion) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO opinion (sample_id, annotator_id, annotation_id, {_STATE}) VALUES (?, ?, ?, {_MARKS})",
        (sample_id, annotator_id, seq, *state),
    )


def resolve(connection: sqlite3.Connection, sample_id: int, policy: policies.Policy | None = None) -> None:
    """Derive a sample's label, status and fields from all opinions, by the policy that the database has (``policies``;
    ``policy`` is that one, from who has read it already).

    What no person has said anything about is as the last repair in force made it, else as it came.
    """
    original = connection.execute(
        "SELECT original_label, original_fields, ifnull(fields, original_fields), "
        "EXISTS (SELECT 1 FROM repair WHERE sample_id = sample.id) FROM sample WHERE id = ?",
        (sample_id,),
    ).fetchone()
    if original is None:
        raise StoreError(f"there is no sample {sample_id}; refresh the view.")
    label, fields = original[:2]
    if original[3]:
        label = repaired(connection, sample_id, "label") or label
        fields = repaired(connection, sample_id, "fields") or fields
    label, status, fields = policies.decide(connection, sample_id, label, fields, policy)
    value = None if label is None else json.loads(label)
    contents = json.loads(fields)
    if fields == original[2]:
        connection.execute(
            "UPDATE sample SET label = ?, label_key = ?, status = ?, hash = ? WHERE id = ?",
            (label, label_key(value), status, digest(contents, value), sample_id),
        )
        return
    connection.execute(
        "UPDATE sample SET label = ?, label_key = ?, status = ?, hash = ?, fields = ?, text = ? WHERE id = ?",
        (
            label,
            label_key(value),
            status,
            digest(contents, value),
            None if fields == original[1] else fields,
            text_of(contents),
            sample_id,
        ),
    )


def repaired(connection: sqlite3.Connection, sample_id: int, part: str) -> str | None:
    """What the last repair in force made of a sample's ``part`` ("label" or "fields"), as JSON; None: nothing."""
    row = connection.execute(
        f"SELECT {part} FROM repair WHERE sample_id = ? AND active AND applied AND {part} IS NOT NULL "
        "ORDER BY job_id DESC, place DESC LIMIT 1",
        (sample_id,),
    ).fetchone()
    return None if row is None else str(row[0])
