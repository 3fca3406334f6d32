"""The project's database: opening it, reading, and short fair writes.

Writers of all processes queue on a lock file before ``BEGIN IMMEDIATE``: SQLite's own busy handler sleeps and retries,
which starves somebody (3.6 s worst case in a trial against 160 ms with the queue). Nobody holds the lock while waiting
for a model or a person.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from workbench import sharing
from workbench.errors import StoreError
from workbench.project import Project
from workbench.store import wal

T = TypeVar("T")
MINIMUM_SQLITE = (3, 37, 0)
#: Rows that one transaction of a bulk act may touch. One transaction over a million rows held the lock for 16 s in a trial.
CHUNK = 2_000
#: Seconds within which nobody decides twice: work that comes faster (bulk acts, files) stands back while others wait.
AGAIN = 0.016
#: Seconds after which a busy thread gives the interpreter's lock away: while a transaction is open, and otherwise.
HURRY, USUAL = 0.000_2, sys.getswitchinterval()


def now() -> str:
    """UTC, ISO 8601, milliseconds: sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def new_uuid() -> bytes:
    """A UUID version 7 (RFC 9562), 16 bytes: sorts by time of creation."""
    milliseconds = int(datetime.now(UTC).timestamp() * 1000)
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return value.to_bytes(16)


def powers(values: Sequence[T], most: int = 64) -> Iterator[Sequence[T]]:
    """Chunks whose sizes are powers of two: few different statements to prepare."""
    start = 0
    while start < len(values):
        while most > len(values) - start:
            most //= 2
        yield values[start : start + most]
        start += most


def bulk(connection: sqlite3.Connection, insert: str, rows: Sequence[Sequence[Any]], conflict: str = "") -> int:
    """Insert rows inside the caller's transaction, dozens per statement; returns how many were added or changed.

    ``insert`` ends before VALUES, ``conflict`` follows the values. Python gives its interpreter lock away at every step
    of a statement and has to wait for it again, which beside a busy event loop costs more than the row itself.
    """
    changed = 0
    for chunk in powers(rows):
        one = f"({','.join('?' * len(chunk[0]))})"
        values = [value for row in chunk for value in row]
        cursor = connection.execute(f"{insert} VALUES {','.join([one] * len(chunk))} {conflict}", values)
        changed += max(0, cursor.rowcount)
    return changed


def explain(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """What SQLite or the system said, as a sentence with something to do."""
    text = str(error).lower()
    if "full" in text or getattr(error, "errno", None) == 28:
        return StoreError(f"{path}: the disk is full; nothing was lost. Free some space, then do it again.")
    if "readonly" in text or "read-only" in text or getattr(error, "errno", None) in (1, 13, 30):
        return StoreError(f"{path}: cannot be written (read-only file or folder); check its permissions.")
    if "unable to open" in text:
        return StoreError(f"{path}: cannot be opened; check that the folder exists and may be written to.")
    if "not a database" in text or "malformed" in text:
        return StoreError(
            f"{path}: is not a healthy SQLite database; restore a backup (`project.db.backup-*`) beside it."
        )
    if "locked" in text or "busy" in text:
        return StoreError(f"{path}: another program holds the database locked; close it, or wait, and try again.")
    if "disk i/o" in text:
        return StoreError(f"{path}: the disk reported an error (full, unplugged or failing); check it and try again.")
    return StoreError(f"{path}: the database refused ({error}).")


#: The stores that this process has open: whoever wants the project to itself must know which locks are its own.
OPEN: weakref.WeakSet[Store] = weakref.WeakSet()


class Store:
    """One process's (and one thread's) door to ``project.db``.

    ``durable`` syncs every commit to the disk before it returns (people's work); jobs survive a killed process without it. A
    store belongs to the thread that uses it; ``clone()`` opens another one for another thread.
    """

    def __init__(self, project: Project, *, durable: bool = False, timeout: float = 30.0) -> None:
        if sqlite3.sqlite_version_info < MINIMUM_SQLITE:
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; version 3.37 or newer is needed.")
        from workbench.store import migrations

        self.project = project
        self.path = project.database
        self.durable = durable
        self.timeout = timeout
        self._depth = 0
        self._mutex = threading.RLock()
        self._people = -1
        self._wrote = 0.0
        self._checkpoints = wal.Checkpoints(project)
        try:
            project.locks.mkdir(parents=True, exist_ok=True)
            sharing.fit(project.locks)
            self._queue = sharing.open_file(project.locks / "writers", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            self._people = sharing.open_file(project.locks / "people", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            if durable:
                fcntl.flock(self._people, fcntl.LOCK_SH)
        except OSError as error:
            raise explain(error, self.path) from error
        self._use = -1
        try:
            self._use = migrations.prepare(project)
            self.connection = self._connect()
        except BaseException:
            self._close_files()
            raise
        OPEN.add(self)

    @property
    def use(self) -> int:
        """The descriptor of the lock that says "in use"; -1 once closed."""
        return self._use

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, timeout=self.timeout, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous=NORMAL")  # ``wal.sync`` makes people's work durable
            connection.execute(f"PRAGMA wal_autocheckpoint={wal.AUTOMATIC}")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA cache_size=-8000")
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        return connection

    def clone(self, *, durable: bool | None = None) -> Store:
        """Another door to the same database, for another thread."""
        return Store(self.project, durable=self.durable if durable is None else durable, timeout=self.timeout)

    def keep(self, kilobytes: int) -> None:
        """Keep at most so much of the database in this door's memory (8,000 at first): the system keeps the file anyway."""
        self.connection.execute(f"PRAGMA cache_size=-{kilobytes:d}")

    def close(self) -> None:
        self.connection.close()
        self._close_files()

    def _close_files(self) -> None:
        for descriptor in (self._queue, self._use, self._people):
            if descriptor >= 0:
                os.close(descriptor)
        self._queue = self._use = self._people = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one short query."""
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    def one(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.read(sql, parameters)
        return rows[0] if rows else None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A short write transaction: queues fairly, commits at the end, rolls back on any error. Nested calls join it."""
        with self._mutex:
            if self._depth:
                yield self.connection
                return
            try:
                self._line_up()
            except OSError as error:
                raise explain(error, self.path) from error
            usual = sys.getswitchinterval()
            try:
                # Beside a busy thread every statement waits so long for the interpreter's lock: others wait for us.
                sys.setswitchinterval(HURRY)
                self._depth = 1
                self.connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self.connection
                    self.connection.execute("COMMIT")
                except BaseException:
                    if self.connection.in_transaction:
                        self.connection.execute("ROLLBACK")
                    raise
            except sqlite3.DatabaseError as error:  # an OSError of the caller's is about some other file
                raise explain(error, self.path) from error
            finally:
                self._depth = 0
                sys.setswitchinterval(max(usual, USUAL))
                fcntl.flock(self._queue, fcntl.LOCK_UN)
            if self.durable:
                try:
                    wal.sync(self.path)
                except OSError as error:
                    raise explain(error, self.path) from error
            self._wrote = time.monotonic()
            self._checkpoints.look()

    def _line_up(self) -> None:
        """Take the lock of the writers. A person's process that was here a moment ago and finds others lets them go first."""
        try:
            fcntl.flock(self._queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pass
        if self.durable and (early := AGAIN - (time.monotonic() - self._wrote)) > 0:
            time.sleep(early)
        fcntl.flock(self._queue, fcntl.LOCK_EX)

    def people_are_here(self) -> bool:
        """Whether some process has a durable store open: a person who would wait for a long transaction."""
        try:
            fcntl.flock(self._people, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._people, fcntl.LOCK_UN)
        return False

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        row = self.one("PRAGMA data_version")
        return int(row[0]) if row else 0
