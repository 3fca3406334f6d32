"""The schema, in steps. Applied on open, each in a transaction, after a backup copy, with the project to itself.

``PRAGMA user_version`` counts the steps, so that a current database opens without importing sqlite-utils.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreError
from workbench.project import Project
from workbench.sharing import open_file
from workbench.store import locks
from workbench.store.schema import FIRST, SECOND
from workbench.store.schema_evaluate import FOURTH
from workbench.store.schema_review import THIRD

if TYPE_CHECKING:
    from sqlite_utils.db import Database

#: Number of steps below; a database with more was made by a newer workbench.
VERSION = 4


def statements(script: str) -> list[str]:
    """The single statements of a script (semicolons at a line's end; a trigger's body ends with END;)."""
    found: list[str] = []
    current = ""
    for line in re.sub(r"--[^\n]*", "", script).splitlines():
        current += line + "\n"
        if sqlite3.complete_statement(current):
            found.append(current.strip())
            current = ""
    return [*found, current.strip()] if current.strip() else found


def _first(database: Database) -> None:
    for statement in statements(FIRST):
        database.execute(statement)
    database.table("sample").enable_fts(["text"], fts_version="FTS5", tokenize="unicode61 remove_diacritics 2")
    # Updates of the text only: labelling a sample must not rewrite the index.
    database.execute("""
        CREATE TRIGGER sample_fts_insert AFTER INSERT ON sample BEGIN
            INSERT INTO sample_fts (rowid, text) VALUES (new.id, new.text);
        END""")
    database.execute("""
        CREATE TRIGGER sample_fts_delete AFTER DELETE ON sample BEGIN
            INSERT INTO sample_fts (sample_fts, rowid, text) VALUES ('delete', old.id, old.text);
        END""")
    database.execute("""
        CREATE TRIGGER sample_fts_update AFTER UPDATE OF text ON sample WHEN old.text IS NOT new.text BEGIN
            INSERT INTO sample_fts (sample_fts, rowid, text) VALUES ('delete', old.id, old.text);
            INSERT INTO sample_fts (rowid, text) VALUES (new.id, new.text);
        END""")


def _second(database: Database) -> None:
    for statement in statements(SECOND):
        database.execute(statement)


def _third(database: Database) -> None:
    for statement in statements(THIRD):
        database.execute(statement)


def _fourth(database: Database) -> None:
    for statement in statements(FOURTH):
        database.execute(statement)


def prepare(project: Project) -> int:
    """Bring the database to ``VERSION``; returns the descriptor of a shared lock that says "in use" for as long as it is open.

    Raises ``StoreError``: made by a newer version (left untouched), others are in the project while it must be migrated,
    not writable, a network folder without locks.
    """
    # Imported here: connection.py imports this module.
    from workbench.store.connection import explain

    path = project.database
    use = open_file(project.locks / "use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(use, fcntl.LOCK_SH)
        version = _version(path)
        if version < VERSION:
            _migrate_alone(project, use)
        elif version > VERSION:
            raise StoreError(
                f"{path}: was made by a newer workbench (schema {version}, this one knows {VERSION}); "
                "nothing was changed. Upgrade with `pip install --upgrade workbench`."
            )
    except sqlite3.Error as error:
        os.close(use)
        raise explain(error, path) from error
    except OSError as error:
        os.close(use)
        if error.errno in (37, 38, 95):  # ENOLCK, ENOSYS, EOPNOTSUPP
            raise StoreError(
                f"{path.parent}: this folder has no file locks (a network folder?); point `database:` in project.yaml "
                "to a local disk."
            ) from error
        raise explain(error, path) from error
    except BaseException:
        os.close(use)
        raise
    return use


def _version(path: Path) -> int:
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _migrate_alone(project: Project, use: int) -> None:
    """Migrate with nobody else in the project; a second process that wanted the same waits and finds it done."""
    gate = open_file(project.locks / "migrate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(use, fcntl.LOCK_UN)  # whoever waits at the gate must not count as being in the project
        fcntl.flock(gate, fcntl.LOCK_EX)
        if _version(project.database) >= VERSION:
            return
        fresh = _version(project.database) == 0 and not _has_tables(project.database)
        if not fresh:
            _alone(project, use)
            _backup(project.database)
        _apply(project.database)
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(use, fcntl.LOCK_SH)
        os.close(gate)


def _alone(project: Project, use: int) -> None:
    deadline = time.monotonic() + 1.0
    while True:
        try:
            fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"{project.folder}: needs an upgrade of its database, but {_who(project)} is in it; "
                    "close it there, then open it again."
                ) from None
            time.sleep(0.05)


def _who(project: Project) -> str:
    """Who holds the lock "in use", as far as the system tells."""
    return ", ".join(f"process {pid}" for pid in locks.holders(project.locks / "use")) or "another process"


def _has_tables(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return False
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    finally:
        connection.close()


def _backup(path: Path) -> Path:
    target = path.with_name(f"{path.name}.backup-{_version(path)}")
    os.close(open_file(target, os.O_RDWR | os.O_CREAT))
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    return target


def _apply(path: Path) -> None:
    from sqlite_utils import Database, Migrations

    steps = Migrations("workbench")
    steps(name="0001_first")(_first)
    steps(name="0002_weights_and_repairs")(_second)
    steps(name="0003_review")(_third)
    steps(name="0004_evaluation")(_fourth)
    os.close(open_file(path, os.O_RDWR | os.O_CREAT))  # SQLite gives its log the modes of the database
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if str(mode).lower() != "wal":
            raise StoreError(
                f"{path.parent}: SQLite cannot use its write-ahead log here (a network folder?); point `database:` in "
                "project.yaml to a local disk."
            )
        database = Database(connection)
        steps.apply(database)
        connection.execute(f"PRAGMA user_version={VERSION:d}")
    finally:
        connection.close()
