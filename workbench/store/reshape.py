"""Changes of labels and fields in the middle of a project: begun in one step, done in short ones, taken back exactly.

A change is a row with the settings before and after. From its beginning everybody writes in the new names (``renames``);
then the samples that carry the old ones follow, a chunk a transaction. A process that dies in between leaves a change that
``finish`` completes, in the screen, in commands, in several processes at once.
"""

from __future__ import annotations

import os
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.errors import FileError, UsageError
from workbench.project import write_settings
from workbench.store import jobs, renames, reshape_back, reshape_rows
from workbench.store.acts import finish_acts, pack, unpack
from workbench.store.connection import CHUNK, Store, now
from workbench.store.encoding import encode, label_key
from workbench.task_change import TaskChange

#: Seconds that one chunk should take: people's decisions wait for it. Chunks adapt, from ``FIRST`` rows up to ``CHUNK``.
AIM = 0.025
FIRST = 250
#: Seconds for which a change stands back, at the most, after a chunk that took much longer than that.
LULL = 0.2
#: Seconds for which a change waits for a learn job.
PATIENCE = 20.0
#: Samples that one read of the search for those concerned looks at.
WINDOW = 10_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reshaping:
    """A change as recorded. ``undoes``: the change that it takes back; ``undone_by``: the one that took it back."""

    id: int
    by: str
    change: TaskChange
    state: str
    undoes: int | None
    undone_by: int | None
    total: int
    applied: int
    created_at: str
    finished_at: str | None


_COLUMNS = (
    "reshaping.id, annotator.name, change, state, undoes, undone_by, total, applied, reshaping.created_at, finished_at"
)


def history(store: Store, limit: int = 100) -> list[Reshaping]:
    """Changes and their undoing, newest first."""
    return [
        Reshaping(row[0], row[1], TaskChange.from_json(row[2]), *row[3:])
        for row in store.read(
            f"SELECT {_COLUMNS} FROM reshaping JOIN annotator ON annotator.id = annotator_id "
            "ORDER BY reshaping.id DESC LIMIT ?",
            (limit,),
        )
    ]


def newest(store: Store) -> Reshaping | None:
    """The change that ``undo`` would take back: the newest one that stands."""
    return next((one for one in history(store, 10_000) if one.undoes is None and one.undone_by is None), None)


def begin(
    store: Store, annotator_id: int, change: TaskChange, before: str, after: str, *, undoes: int | None = None
) -> int:
    """Write a change down and put the new settings in their place; from now on everybody writes in the new names.

    ``before`` is the text of ``project.yaml`` that ``after`` was made from. Raises ``UsageError``: a job is under way,
    another change is, the file has been changed since.
    """
    finish_acts(store)
    _let_learn(store)
    with store.write() as connection:
        if (found := renames.under_way(connection)) is not None:
            raise UsageError(f"Another change is under way ({found[1].sentence()}); wait until it is done.")
        if active := jobs.active(store):
            job = active[0]
            raise UsageError(
                f"Job {job.id} ({job.kind}) is {job.state} with the task as it is; let it end, or cancel it with "
                f"`workbench jobs cancel {job.id}`, then do it again."
            )
        if store.project.settings.read_bytes().decode("utf-8") != before:
            raise UsageError(
                f"{store.project.settings} has just been changed by somebody; look again, then do it again."
            )
        cursor = connection.execute(
            "INSERT INTO reshaping (annotator_id, kind, change, settings_before, settings_after, state, undoes, after_act, "
            "after_annotation, after_sample, created_at) SELECT ?, ?, ?, ?, ?, 'begun', ?, "
            "(SELECT ifnull(max(id), 0) FROM act), (SELECT ifnull(max(id), 0) FROM annotation), "
            "(SELECT ifnull(max(id), 0) FROM sample), ?",
            (
                annotator_id,
                "undo" if undoes else f"{change.what} {change.how}",
                change.to_json(),
                before,
                after,
                undoes,
                now(),
            ),
        )
        made = int(cursor.lastrowid or 0)
        if undoes is not None:
            connection.execute("UPDATE reshaping SET undone_by = ? WHERE id = ?", (made, undoes))
        _lines(connection, made, change, undoes)
    _put_settings(store, made)
    return made


def _let_learn(store: Store) -> None:
    """Suggestions are worked out in the background after every few decisions: give them the time to end."""
    until = time.monotonic() + PATIENCE
    while True:
        jobs.mark_interrupted(store)
        kinds = {job.kind for job in jobs.active(store)}
        if kinds != {"learn"} or time.monotonic() > until:
            return
        time.sleep(0.1)


def finish(store: Store, progress: Progress | None = None, *, wait: bool = True) -> list[Reshaping]:
    """Complete what was begun, by whomever; returns the changes. While another process is at it: wait for its end, or
    (``wait=False``) leave it to that one."""
    done: list[int] = []
    while begun := [row[0] for row in store.read("SELECT id FROM reshaping WHERE state = 'begun' ORDER BY id")]:
        lock = jobs.hold_name(store.project, "reshape")
        if lock is None:
            if not wait:
                break
            time.sleep(0.1)
            continue
        try:
            for one in begun:
                _finish(store, one, progress)
                done.append(one)
        finally:
            os.close(lock)
    return [one for one in history(store, 10_000) if one.id in done] if done else []


def _put_settings(store: Store, reshaping_id: int) -> None:
    """The new settings, unless they are there; a file that somebody has changed meanwhile is left as it is."""
    row = store.one("SELECT settings_before, settings_after FROM reshaping WHERE id = ?", (reshaping_id,))
    assert row is not None
    path = store.project.settings
    text = path.read_bytes().decode("utf-8")
    if text == row[0]:
        write_settings(path, row[1])
    elif text != row[1]:
        raise FileError(
            path,
            None,
            "was changed by hand while the task was being changed; put the labels or fields right, then go on.",
        )


def _finish(store: Store, reshaping_id: int, progress: Progress | None) -> None:
    row = store.one(
        "SELECT change, undoes, settings_before, settings_after, targets, applied FROM reshaping WHERE id = ?",
        (reshaping_id,),
    )
    assert row is not None
    change, undoes = TaskChange.from_json(row[0]), row[1]
    if store.project.settings.read_bytes().decode("utf-8") == row[2] != row[3]:
        write_settings(store.project.settings, row[3])
    if row[4] is None:
        _freeze(store, reshaping_id, change, undoes, progress)
    (blob,) = store.one("SELECT targets FROM reshaping WHERE id = ?", (reshaping_id,)) or (None,)
    targets = unpack(blob) if blob is not None else array("q")
    size = FIRST
    while True:
        begun = time.perf_counter()
        with store.write() as connection:
            held = time.perf_counter()
            state, applied = connection.execute(
                "SELECT state, applied FROM reshaping WHERE id = ?", (reshaping_id,)
            ).fetchone()
            if state == "done":
                return
            chunk = targets[applied : applied + size].tolist()
            if undoes is None:
                reshape_rows.convert(connection, reshaping_id, change, chunk)
            else:
                reshape_back.revert(connection, undoes, change, chunk)
            applied += len(chunk)
            ended = applied >= len(targets)
            connection.execute(
                "UPDATE reshaping SET applied = ?, state = ?, finished_at = ? WHERE id = ?",
                (applied, "done" if ended else "begun", now() if ended else None, reshaping_id),
            )
        if progress is not None:
            progress(applied, len(targets))
        if ended:
            return
        taken = max(1e-4, time.perf_counter() - max(begun, held))
        if taken > 2 * AIM:  # the disk is behind: what people decide must not wait for what we would add
            time.sleep(min(taken, LULL))
        size = min(CHUNK, max(25, int(size * min(2.0, AIM / taken))))


def _freeze(store: Store, reshaping_id: int, change: TaskChange, undoes: int | None, progress: Progress | None) -> None:
    """Find the samples that are concerned and write their ids down: everybody writes in the new names by now."""
    found = array("q")
    if change.touches:
        for high, ids in concerned(store, change, undoes):
            found.extend(ids)
            if progress is not None:
                progress(0, max(1, high))
    packed = pack(found)
    with store.write() as connection:
        connection.execute(
            "UPDATE reshaping SET targets = ?, total = ? WHERE id = ? AND targets IS NULL",
            (packed, len(found), reshaping_id),
        )


def concerned(store: Store, change: TaskChange, undoes: int | None = None) -> Iterator[tuple[int, list[int]]]:
    """(highest sample looked at, samples that carry what is changed), in short reads, in order of their ids."""
    where, values = _where(change, undoes)
    row = store.one("SELECT ifnull(max(id), 0) FROM sample")
    highest = int(row[0]) if row else 0
    for low in range(0, highest, WINDOW):
        high = low + WINDOW
        ids = {
            row[0]
            for table, test in where
            for row in store.read(
                f"SELECT {table} FROM {'sample' if table == 'id' else test[0]} "
                f"WHERE {table} > {low:d} AND {table} <= {high:d} AND ({test[1]})",
                values,
            )
        }
        yield min(high, highest), sorted(ids)


def _where(change: TaskChange, undoes: int | None) -> tuple[list[tuple[str, tuple[str, str]]], dict[str, Any]]:
    """Tests by table for rows that may carry a changed name; all of them take the same parameters."""
    names = change.names if undoes is None else change.into
    tests: list[tuple[str, tuple[str, str]]] = []
    values: dict[str, Any] = {}
    if undoes is not None:
        tests.append(("sample_id", ("reshaped", f"reshaping_id = {undoes:d}")))
        if change.what == "label" and change.how == "split":  # a word that was void while the split stood counts again
            mark = f"(SELECT after_annotation FROM reshaping WHERE id = {undoes:d})"
            void = f"label IS NULL AND label_seq <= {mark} AND annotation_id > {mark}"
            tests.append(("sample_id", ("opinion", void)))
    if change.what == "label":
        for at, name in enumerate(names):
            values[f"n{at}"] = encode(label_key(name))

        def any_of(column: str) -> str:
            return " OR ".join(f"instr({column}, :n{at})" for at in range(len(names)))

        tests += [
            ("id", ("sample", f"{any_of('label')} OR {any_of('original_label')}")),
            ("sample_id", ("opinion", any_of("label"))),
            ("sample_id", ("suggestion", any_of("label"))),
            ("sample_id", ("repair", f"{any_of('given')} OR {any_of('label')} OR {any_of('soft')}")),
        ]
        return tests, values
    if change.how == "add" and undoes is None:
        return [("id", ("sample", "1"))], {}
    for at, name in enumerate(names):
        values[f"n{at}"] = encode(name) + ":"

    def held(column: str) -> str:
        return " OR ".join(f"instr({column}, :n{at})" for at in range(len(names)))

    tests += [
        ("id", ("sample", f"{held('original_fields')} OR {held('fields')}")),
        ("sample_id", ("opinion", held("fields"))),
        ("sample_id", ("repair", held("fields"))),
    ]
    return tests, values


def _lines(connection: sqlite3.Connection, made: int, change: TaskChange, undoes: int | None) -> None:
    """Saved views and the places where people stopped: their lines follow a label's name, and come back with it."""
    # Imported here: it knows the language of views.
    from workbench.store import reshape_views

    if undoes is None:
        reshape_views.follow(connection, made, change)
    else:
        reshape_views.bring_back(connection, undoes, change)
