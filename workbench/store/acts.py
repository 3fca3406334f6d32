"""What people do: append-only annotations, grouped into acts that can be undone and redone without limit.

Undoing an act appends what its samples were before it; redoing appends what they were after. A person's acts count in the
order in which they began: a bulk act that is still on its way never overrides what that person has done since.
"""

from __future__ import annotations

import getpass
import json
import sqlite3
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import StoreError, UsageError
from workbench.store.connection import CHUNK, Store, new_uuid, now
from workbench.store.encoding import encode
from workbench.store.opinions import UNSET as UNSET  # noqa: PLC0414 - others take it from here
from workbench.store.opinions import Change as Change  # noqa: PLC0414
from workbench.store.opinions import apply_rows, revert_rows

#: Seconds; a longer look is a break, not a decision: it is not recorded and says nothing about speed.
BREAK = 120.0


@dataclass(frozen=True, slots=True)
class Act:
    """An act as recorded. ``kind`` is what was done ("label", "accept", ..., "undo", "redo")."""

    id: int
    annotator_id: int
    kind: str
    total: int
    applied: int
    undoes: int | None
    created_at: str
    samples: tuple[int, ...] = ()  # the samples of a small act, for putting the cursor there


@dataclass(frozen=True, slots=True)
class Meets:
    """A later annotation of somebody else that an undo would meet (their word stays)."""

    annotator: str
    samples: int


def system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no account for this user id
        return "unknown"


def annotator(store: Store, name: str | None = None) -> int:
    """The id of the annotator called ``name`` (default: the system user), made on first use."""
    chosen = (name or system_user()).encode("utf-8", "replace").decode()
    row = store.one("SELECT id FROM annotator WHERE name = ?", (chosen,))
    if row is None:
        with store.write() as connection:
            connection.execute(
                "INSERT INTO annotator (name, system_user, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (chosen, system_user(), now()),
            )
        row = store.one("SELECT id FROM annotator WHERE name = ?", (chosen,))
        assert row is not None
    return int(row[0])


def pack(ids: Sequence[int]) -> bytes:
    """Sorted ids, delta-coded and compressed: a million neighbouring ids take a few kilobytes."""
    ordered = array("q", sorted(ids))
    deltas = array("q", (value - before for before, value in zip([0, *ordered], ordered, strict=False)))
    return zlib.compress(deltas.tobytes(), 1)


def unpack(blob: bytes) -> array[int]:
    deltas = array("q")
    deltas.frombytes(zlib.decompress(blob))
    total = 0
    for index, delta in enumerate(deltas):
        total += delta
        deltas[index] = total
    return deltas


def apply(
    store: Store,
    annotator_id: int,
    sample_ids: Sequence[int],
    change: Change,
    *,
    kind: str,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Act:
    """Do one act on some samples and return when it is durable.

    Up to ``CHUNK`` samples are one transaction. More: the ids are frozen first, then chunks follow; a process that dies in
    between leaves an act that ``finish_acts`` completes on the next open. ``seconds`` is the time the person took.
    """
    if not sample_ids:
        raise UsageError("Nothing is selected.")
    ids = sorted(set(sample_ids))
    small = len(ids) <= CHUNK
    targets = None if small else pack(ids)  # half a second for a million: not while others wait for the lock
    with store.write() as connection:
        act_id = _new_act(connection, annotator_id, kind, change.to_json(), targets, len(ids))
        if small:
            apply_rows(connection, act_id, annotator_id, ids, change, seconds)
    if not small:
        _finish(store, act_id, progress)
    return get(store, act_id)


def apply_each(
    store: Store,
    annotator_id: int,
    changes: Mapping[int, Change],
    *,
    kind: str,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Act:
    """Do one act whose samples change differently: sample's number to what is said of it. Otherwise as ``apply``.

    Changes that are alike are kept once, so a million samples that get one of a hundred labels cost a few bytes each.
    """
    if not changes:
        raise UsageError("Nothing is selected.")
    ids = sorted(changes)
    different: dict[str, int] = {}
    choices = array("I", (different.setdefault(changes[one].to_json(), len(different)) for one in ids))
    small = len(ids) <= CHUNK
    change = f'{{"each":[{",".join(different)}]}}'
    targets = None if small else pack(ids)
    packed = None if small else zlib.compress(choices.tobytes(), 1)
    with store.write() as connection:
        act_id = _new_act(connection, annotator_id, kind, change, targets, len(ids), choices=packed)
        if small:
            _apply_chosen(connection, act_id, annotator_id, ids, choices, _each(change), seconds)
    if not small:
        _finish(store, act_id, progress)
    return get(store, act_id)


def _each(change: str) -> list[Change]:
    """The different changes of an act: one, or several that its targets choose from."""
    value = json.loads(change)
    return [Change(**one) for one in value["each"]] if "each" in value else [Change(**value)]


def _apply_chosen(
    connection: sqlite3.Connection,
    act_id: int,
    annotator_id: int,
    ids: Sequence[int],
    choices: Sequence[int],
    each: Sequence[Change],
    seconds: float | None,
) -> None:
    by_choice: dict[int, list[int]] = {}
    for sample_id, choice in zip(ids, choices, strict=True):
        by_choice.setdefault(choice, []).append(sample_id)
    for choice, some in by_choice.items():
        apply_rows(connection, act_id, annotator_id, some, each[choice], seconds)


def _new_act(
    connection: sqlite3.Connection,
    annotator_id: int,
    kind: str,
    change: str,
    targets: bytes | None,
    total: int,
    undoes: int | None = None,
    choices: bytes | None = None,
) -> int:
    cursor = connection.execute(
        "INSERT INTO act (uuid, annotator_id, kind, change, undoes, targets, total, applied, created_at, choices, system_user) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, (SELECT system_user FROM annotator WHERE id = ?)))",
        (
            new_uuid(),
            annotator_id,
            kind,
            change,
            undoes,
            targets,
            total,
            total if targets is None else 0,
            now(),
            choices,
            system_user(),
            annotator_id,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def get(store: Store, act_id: int) -> Act:
    row = store.one(
        "SELECT id, annotator_id, kind, total, applied, undoes, created_at FROM act WHERE id = ?", (act_id,)
    )
    if row is None:
        raise StoreError(f"{store.path}: there is no act {act_id}.")
    first = store.read(
        "SELECT DISTINCT sample_id FROM annotation WHERE act_id = ? ORDER BY sample_id LIMIT 50", (act_id,)
    )
    return Act(row[0], row[1], row[2], row[3], row[4], row[5], row[6], samples=tuple(sample for (sample,) in first))


def finish_acts(store: Store) -> list[int]:
    """Complete acts that were cut off in the middle; returns their ids. Safe when several processes do it at once."""
    found = [row[0] for row in store.read("SELECT id FROM act WHERE applied < total ORDER BY id")]
    for act_id in found:
        _finish(store, act_id, None)
    return found


def _finish(store: Store, act_id: int, progress: Callable[[int, int], None] | None) -> None:
    row = store.one("SELECT targets, change, annotator_id, undoes, choices FROM act WHERE id = ?", (act_id,))
    assert row is not None
    targets, change_text, annotator_id, undoes = unpack(row[0]), row[1], row[2], row[3]
    each = _each(change_text) if undoes is None else []
    choices = array("I", bytes(4 * len(targets)) if row[4] is None else zlib.decompress(row[4]))
    while True:
        with store.write() as connection:
            applied = connection.execute("SELECT applied FROM act WHERE id = ?", (act_id,)).fetchone()[0]
            chunk = targets[applied : applied + CHUNK].tolist()
            if not chunk:
                return
            if undoes is None:
                chosen = choices[applied : applied + len(chunk)]
                _apply_chosen(connection, act_id, annotator_id, chunk, chosen, each, None)
            else:
                revert_rows(connection, act_id, annotator_id, undoes, chunk, after=json.loads(change_text)["after"])
            connection.execute("UPDATE act SET applied = applied + ? WHERE id = ?", (len(chunk), act_id))
        if progress is not None:
            progress(applied + len(chunk), len(targets))


def next_undo(store: Store, annotator_id: int) -> Act | None:
    """The act that ``undo`` would take back: the person's newest one that stands."""
    row = store.one(
        "SELECT id FROM act WHERE annotator_id = ? AND undoes IS NULL AND undone_by IS NULL AND NOT merged "
        "ORDER BY id DESC LIMIT 1",
        (annotator_id,),
    )
    return get(store, row[0]) if row else None


def next_redo(store: Store, annotator_id: int) -> Act | None:
    """The act that ``redo`` would bring back: the one undone last, unless the person has acted anew since."""
    row = store.one(
        """SELECT id FROM act WHERE annotator_id = :who AND NOT merged AND undone_by > ifnull(
               (SELECT max(id) FROM act WHERE annotator_id = :who AND undoes IS NULL AND NOT merged), 0)
           ORDER BY undone_by DESC LIMIT 1""",
        {"who": annotator_id},
    )
    return get(store, row[0]) if row else None


def meets(store: Store, act: Act) -> list[Meets]:
    """Later annotations of other people on the samples of ``act``: undoing it leaves their word standing."""
    return [
        Meets(name, n)
        for name, n in store.read(
            """SELECT annotator.name, count(DISTINCT other.sample_id) FROM annotation AS mine
               JOIN annotation AS other ON other.sample_id = mine.sample_id AND other.id > mine.id
                   AND other.annotator_id != mine.annotator_id
               JOIN annotator ON annotator.id = other.annotator_id
               WHERE mine.act_id = ? GROUP BY annotator.name ORDER BY annotator.name""",
            (act.id,),
        )
    ]


def undo(store: Store, annotator_id: int, *, progress: Callable[[int, int], None] | None = None) -> Act | None:
    """Take back the person's newest act; None when there is nothing to undo. Returns the act that was undone."""
    return _reverse(store, annotator_id, after=False, progress=progress)


def redo(store: Store, annotator_id: int, *, progress: Callable[[int, int], None] | None = None) -> Act | None:
    """Bring back the act undone last; None when there is none. Returns the act that was redone."""
    return _reverse(store, annotator_id, after=True, progress=progress)


def _reverse(
    store: Store, annotator_id: int, *, after: bool, progress: Callable[[int, int], None] | None
) -> Act | None:
    while True:
        finish_acts(store)
        # The choice and the deed are one transaction: two screens cannot undo one act twice.
        with store.write() as connection:
            act = next_redo(store, annotator_id) if after else next_undo(store, annotator_id)
            if act is None:
                return None
            if act.applied < act.total:  # begun by another process meanwhile
                continue
            (targets,) = connection.execute("SELECT targets FROM act WHERE id = ?", (act.id,)).fetchone()
            kind = "redo" if after else "undo"
            new = _new_act(connection, annotator_id, kind, encode({"after": after}), targets, act.total, act.id)
            connection.execute("UPDATE act SET undone_by = ? WHERE id = ?", (None if after else new, act.id))
            if targets is None:
                ids = connection.execute("SELECT DISTINCT sample_id FROM annotation WHERE act_id = ?", (act.id,))
                revert_rows(connection, new, annotator_id, act.id, [row[0] for row in ids.fetchall()], after=after)
        if targets is not None:
            _finish(store, new, progress)
        return act


def stop_at(store: Store, annotator_id: int, name: str, value: Any) -> None:
    """Remember where a person stopped (cursor, view, pane sizes)."""
    with store.write() as connection:
        connection.execute(
            "INSERT INTO place (annotator_id, name, value) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            (annotator_id, name, encode(value)),
        )


def stopped_at(store: Store, annotator_id: int, name: str) -> Any:
    """What ``stop_at`` remembered, or None."""
    row = store.one("SELECT value FROM place WHERE annotator_id = ? AND name = ?", (annotator_id, name))
    return json.loads(row[0]) if row else None
