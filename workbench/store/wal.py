"""The write-ahead log: made durable, and brought into the database, while nobody waits for it in the writers' queue.

SQLite's ``synchronous=FULL`` syncs inside the commit and ``wal_autocheckpoint`` copies pages inside the commit of whoever is
unlucky: both with the lock held, so that everybody behind waits for the disk. Here a commit only writes (NORMAL); the log is
synced after the lock is given back, before the call returns. The log is read again up to the last whole commit, so one
sync makes one's own commit and all before it durable, and several people's syncs run side by side.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from pathlib import Path

from workbench.project import Project
from workbench.sharing import open_file

#: Seconds from one checkpoint to the next, of all processes together.
EVERY = 2.0
#: A log that is smaller (bytes) is left alone.
SMALL = 2_000_000
#: Pages of the log from which the rest is checkpointed with the writers waiting, so that it can begin anew (32 MB).
LONG = 8_000
#: Pages at which SQLite itself checkpoints in a commit: only where no process comes to it otherwise.
AUTOMATIC = 25_000


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def sync(database: Path) -> None:
    """Return when all that was committed before is on the disk. Raises ``OSError``."""
    try:
        # SQLite locks the database and its -shm, never the log: closing this descriptor lets go of no lock.
        descriptor = os.open(log_of(database), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # all is in the database already
        return
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


class Checkpoints:
    """Sees to it that the log is checkpointed now and then: in a thread, by one process at a time."""

    def __init__(self, project: Project) -> None:
        self._database = project.database
        self._lock_path = project.locks / "checkpoint"
        self._queue_path = project.locks / "writers"
        self._looked = 0.0

    def look(self) -> None:
        """After a commit, outside the lock: begin a checkpoint when it is time for one."""
        moment = time.monotonic()
        if moment - self._looked < EVERY / 4:
            return
        self._looked = moment
        try:
            if os.stat(log_of(self._database)).st_size < SMALL or abs(time.time() - _touched(self._lock_path)) < EVERY:
                return
            lock = open_file(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        except OSError:  # no log, or no place for a lock: SQLite's own checkpoint comes in time
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another process is at it
            os.close(lock)
            return
        threading.Thread(target=self._run, args=(lock,), name="checkpoint", daemon=True).start()

    def _run(self, lock: int) -> None:
        try:
            connection = sqlite3.connect(self._database, timeout=0.0, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous=NORMAL")
                _, pages, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages >= LONG and done < pages:
                    self._rest(connection)
            finally:
                connection.close()
            os.utime(lock)
        except (OSError, sqlite3.Error):  # busy, or a full disk: the next commit that fails says so to a person
            return
        finally:
            os.close(lock)

    def _rest(self, connection: sqlite3.Connection) -> None:
        """The few pages that came meanwhile, while nobody writes: the next writer begins the log anew."""
        queue = os.open(self._queue_path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(queue, fcntl.LOCK_EX)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            os.close(queue)


def _touched(path: Path) -> float:
    try:
        return os.stat(path).st_mtime
    except FileNotFoundError:
        return 0.0
