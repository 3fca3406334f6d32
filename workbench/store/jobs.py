"""Jobs: rows that background processes live by. A file lock held for life proves that one lives; clocks do not."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.errors import StoreError
from workbench.project import Project
from workbench.sharing import open_file
from workbench.store import locks, renames
from workbench.store.acts import system_user
from workbench.store.connection import Store, new_uuid, now
from workbench.store.samples import encode

ENDED = ("done", "failed", "cancelled", "interrupted")
#: Seconds for which a starting job tries for its lock: somebody may be looking just then whether it lives.
PATIENCE = 1.0
#: Seconds after which a queued job that no process took is not going to start by itself.
UNCLAIMED = 20.0


@dataclass(frozen=True, slots=True)
class Job:
    """One row. ``total`` is None until known; ``note`` says in a few words what is being done now."""

    id: int
    kind: str
    parameters: dict[str, Any]
    state: str
    cancel: bool
    limits: dict[str, Any]
    done: int
    total: int | None
    note: str
    result: dict[str, Any] | None
    error: str | None
    pid: int | None
    user: str
    created_at: str
    started_at: str | None
    finished_at: str | None


_COLUMNS = (
    "id, kind, parameters, state, cancel, limits, done, total, note, result, error, pid, user, created_at, started_at, "
    "finished_at"
)


def _job(row: tuple[Any, ...]) -> Job:
    return Job(
        row[0],
        row[1],
        json.loads(row[2]),
        row[3],
        bool(row[4]),
        json.loads(row[5]),
        row[6],
        row[7],
        row[8],
        None if row[9] is None else json.loads(row[9]),
        *row[10:],
    )


def create(store: Store, kind: str, parameters: Mapping[str, Any], limits: Mapping[str, Any] | None = None) -> int:
    """Queue a job; returns its id. Raises ``UsageError`` while labels or fields are being changed."""
    with store.write() as connection:
        renames.refuse_jobs(connection)
        cursor = connection.execute(
            "INSERT INTO job (uuid, kind, parameters, state, limits, user, created_at, queued_at) "
            "VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)",
            (new_uuid(), kind, encode(parameters), encode(limits or {}), system_user(), at := now(), at),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def get(store: Store, job_id: int) -> Job:
    row = store.one(f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,))
    if row is None:
        raise StoreError(f"{store.path}: there is no job {job_id}; `workbench jobs` lists them.")
    return _job(row)


def newest(store: Store, limit: int = 50, *, kind: str | None = None) -> list[Job]:
    """Jobs, newest first."""
    where, parameters = ("WHERE kind = ?", [kind]) if kind else ("", [])
    return [
        _job(row)
        for row in store.read(f"SELECT {_COLUMNS} FROM job {where} ORDER BY id DESC LIMIT ?", [*parameters, limit])
    ]


def active(store: Store) -> list[Job]:
    """Jobs that are queued or under way, oldest first."""
    return [
        _job(row)
        for row in store.read(
            f"SELECT {_COLUMNS} FROM job WHERE state IN ('queued', 'running', 'paused', 'waiting') ORDER BY id"
        )
    ]


def lock_path(project: Project, job_id: int) -> Path:
    return project.locks / f"job-{job_id}"


def log_path(project: Project, job_id: int) -> Path:
    """Where the process's own stderr goes (tracebacks of our mistakes)."""
    return project.locks / f"job-{job_id}.log"


def hold(project: Project, job_id: int) -> int | None:
    """Take the job's lock for life; returns its descriptor, or None when another process holds it."""
    until = time.monotonic() + PATIENCE
    while (lock := hold_name(project, f"job-{job_id}")) is None and time.monotonic() < until:
        time.sleep(0.01)
    return lock


def hold_name(project: Project, name: str) -> int | None:
    """Take a named lock for as long as this process lives; None when another process holds it."""
    descriptor = open_file(project.locks / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lives(project: Project, job_id: int) -> bool:
    """Whether a process holds the job's lock."""
    return locks.held(lock_path(project, job_id))


def start(store: Store, job_id: int) -> bool:
    """The job's process, which holds its lock, begins; False when the job is not wanted (any more).

    One that counts as interrupted, because its process was slow to come, may start too.
    """
    with store.write() as connection:
        begun = connection.execute(
            "UPDATE job SET state = 'running', pid = ?, host = ?, error = NULL, finished_at = NULL, "
            "started_at = ifnull(started_at, ?) WHERE id = ? AND state IN ('queued', 'interrupted') AND cancel = 0",
            (os.getpid(), socket.gethostname(), now(), job_id),
        ).rowcount
        if not begun:
            _end(connection, job_id, "cancelled", "Cancelled before it began.", "queued", "interrupted")
    return begun == 1


def not_started(store: Store, job_id: int, sentence: str) -> None:
    """A queued job for which no process could be started has failed."""
    with store.write() as connection:
        _end(connection, job_id, "failed", sentence, "queued")


def _end(connection: sqlite3.Connection, job_id: int, state: str, error: str | None, *states: str) -> int:
    """Mark a job that is in one of ``states``; returns whether it was, as 0 or 1."""
    return connection.execute(
        "UPDATE job SET state = ?, error = ifnull(?, error), finished_at = ? WHERE id = ? "
        f"AND state IN ({','.join('?' * len(states))})",
        (state, error, now(), job_id, *states),
    ).rowcount


def tell(
    connection: sqlite3.Connection,
    job_id: int,
    done: int,
    total: int | None,
    note: str,
    result: Mapping[str, Any] | None = None,
) -> tuple[bool, dict[str, Any]]:
    """Say how far the job is, inside the caller's transaction; returns what people want of it: (cancel?, limits)."""
    connection.execute(
        "UPDATE job SET done = ?, total = ?, note = ?, result = coalesce(?, result) WHERE id = ?",
        (done, total, note, None if result is None else encode(result), job_id),
    )
    row = connection.execute("SELECT cancel, limits FROM job WHERE id = ?", (job_id,)).fetchone()
    return bool(row[0]), json.loads(row[1])


def show_paused(connection: sqlite3.Connection, job_id: int, *, paused: bool) -> None:
    """Let the state of a job under way say whether it is paused, inside the caller's transaction."""
    connection.execute(
        "UPDATE job SET state = ? WHERE id = ? AND state IN ('running', 'paused')",
        ("paused" if paused else "running", job_id),
    )


def progress(
    store: Store, job_id: int, done: int, total: int | None, note: str, result: Mapping[str, Any] | None = None
) -> tuple[bool, dict[str, Any]]:
    """``tell`` in a transaction of its own."""
    with store.write() as connection:
        return tell(connection, job_id, done, total, note, result)


def finish(store: Store, job_id: int, state: str, *, result: Mapping[str, Any] | None, error: str | None) -> None:
    """Write down how a job ended; ``error`` may name a file whose name is not UTF-8."""
    error = None if error is None else error.encode("utf-8", "replace").decode()
    with store.write() as connection:
        connection.execute(
            "UPDATE job SET state = ?, result = coalesce(?, result), error = ?, finished_at = ? WHERE id = ?",
            (state, None if result is None else encode(result), error, None if state == "waiting" else now(), job_id),
        )


def set_limits(store: Store, job_id: int, limits: Mapping[str, Any]) -> None:
    """Change some of a job's limits and settings; a running job reads them within a second."""
    with store.write() as connection:
        connection.execute("UPDATE job SET limits = json_patch(limits, ?) WHERE id = ?", (encode(limits), job_id))


def requeue(connection: sqlite3.Connection, job_id: int) -> bool:
    """An ended job waits again for its process, and is not paused any more; False when it is done or somebody else was
    quicker."""
    renames.refuse_jobs(connection)
    return (
        connection.execute(
            "UPDATE job SET state = 'queued', cancel = 0, error = NULL, finished_at = NULL, queued_at = ?, "
            "limits = json_patch(limits, '{\"paused\": null}') "
            "WHERE id = ? AND state IN ('interrupted', 'failed', 'cancelled', 'waiting')",
            (now(), job_id),
        ).rowcount
        == 1
    )


def ask_again(store: Store, job_id: int) -> bool:
    """Leave word that a job under way is to be done once more when it ends (``limits.again``); False when it has ended."""
    with store.write() as connection:
        return (
            connection.execute(
                "UPDATE job SET limits = json_patch(limits, '{\"again\": true}') "
                "WHERE id = ? AND state IN ('running', 'paused', 'waiting')",
                (job_id,),
            ).rowcount
            == 1
        )


def cancel(store: Store, job_id: int) -> Job:
    """Ask a job to stop; one whose process has gone is marked at once."""
    job = get(store, job_id)
    with store.write() as connection:
        connection.execute("UPDATE job SET cancel = 1 WHERE id = ?", (job_id,))
        if job.state in ("queued", "interrupted") and not lives(store.project, job_id):
            _end(connection, job_id, "cancelled", None, "queued", "interrupted")
    return get(store, job_id)


def mark_interrupted(store: Store) -> list[int]:
    """Mark jobs whose process is gone, or never came; returns their ids. Those that wait have none."""
    oldest = (datetime.now(UTC) - timedelta(seconds=UNCLAIMED)).strftime("%Y-%m-%dT%H:%M:%S")
    found = store.read(
        "SELECT id, state FROM job WHERE state IN ('running', 'paused') "
        "OR (state = 'queued' AND ifnull(queued_at, created_at) < ?) ORDER BY id",
        (oldest,),
    )
    gone = [(row[0], row[1]) for row in found if not lives(store.project, row[0])]
    if not gone:
        return []
    with store.write() as connection:
        # Once more, with nobody writing: it may have begun, or begun again, since it was looked at.
        return [
            job_id
            for job_id, state in gone
            if not lives(store.project, job_id)
            and _end(connection, job_id, "interrupted", _absent(store, job_id) if state == "queued" else None, state)
        ]


def _absent(store: Store, job_id: int) -> str:
    return (
        f"Job {job_id} did not start; {log_path(store.project, job_id)} may say why, "
        f"`workbench jobs resume {job_id}` tries again."
    )


def log(store: Store, job_id: int, level: str, message: str) -> None:
    """Add a line to the job's log (``level``: info, warning, error)."""
    with store.write() as connection:
        connection.execute(
            "INSERT INTO event (job_id, at, level, message) VALUES (?, ?, ?, ?)",
            (job_id, now(), level, message.encode("utf-8", "replace").decode()),
        )


def events(store: Store, job_id: int, *, after: int = 0, limit: int = 1000) -> list[tuple[int, str, str, str]]:
    """Log lines as (id, time, level, message), oldest first."""
    found = store.read(
        "SELECT id, at, level, message FROM event WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?",
        (job_id, after, limit),
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]
