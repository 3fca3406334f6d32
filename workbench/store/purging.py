"""Samples deleted for good, with everything in the database that was made from them or quotes them.

All is one transaction, while nobody else is in the project; then the file is written anew, so that no page that was
freed earlier, no index and no log still holds a text. A process that dies in between leaves a purge that is not finished:
``unfinished`` tells, ``finish`` does the rest.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.errors import StoreError
from workbench.store import acts, purge_memory, purge_quotations, purge_rows, purge_words
from workbench.store.alone import alone
from workbench.store.connection import Store, explain, now
from workbench.store.needles import Needles
from workbench.store.purge_scope import GONE, gone

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Deleted:
    """What was done: ``cleaned`` texts by table, ``left``: the first samples that hold one of the texts and were not purged."""

    samples: int
    cleaned: dict[str, int]
    left: list[int]
    needles: Needles


def delete(
    store: Store, annotator_id: int, ids: Sequence[int], *, remember: bool = True, progress: Progress | None = None
) -> Deleted:
    """Delete samples for good. Raises ``StoreError`` naming who else is in the project; then nothing was changed.

    ``remember`` keeps a salted hash of each, so that importing its file again does not bring it back unnoticed.
    """
    told: Progress = progress or (lambda *_: None)
    acts.finish_acts(store)
    with alone(store), _thorough(store) as connection:
        with gone(connection, ids), store.write():
            purge_id = purge_memory.note(connection, annotator_id, ids, remember=remember)
            needles = purge_quotations.texts_of(connection)
            told("reading what they say", 1, 5)
            purge_rows.blank_answers(connection)
            purge_rows.forget_acts(connection, set(ids))
            purge_rows.forget_targets(connection, set(ids))
            purge_rows.delete_rows(connection)
            told("deleting", 2, 5)
            purge_rows.forget_relations(connection, set(ids))
            connection.execute(f"DELETE FROM sample WHERE id IN {GONE}")
            connection.execute("DELETE FROM tally WHERE n = 0")
            connection.execute("INSERT INTO sample_fts (sample_fts) VALUES ('rebuild')")
            told("searching everything else", 3, 5)
            cleaned = purge_quotations.sweep(connection, needles)
            if words := purge_words.sweep(connection, needles):
                cleaned["words"] = words
            left = purge_quotations.left_over(connection, needles)
            _sound(connection)
        told("writing the file anew", 4, 5)
        _rewrite(store, purge_id)
    return Deleted(len(ids), cleaned, left, needles)


def unfinished(store: Store) -> bool:
    """Whether a purge was cut off before the file was written anew."""
    return store.one("SELECT 1 FROM purge WHERE finished_at IS NULL") is not None


def finish(store: Store) -> None:
    """Do what a purge that was cut off had left to do. Raises as ``delete``."""
    with alone(store), _thorough(store):
        for (purge_id,) in store.read("SELECT id FROM purge WHERE finished_at IS NULL"):
            _rewrite(store, purge_id)


@contextmanager
def _thorough(store: Store) -> Iterator[sqlite3.Connection]:
    """The store's connection set to overwrite what it deletes, and to check references when all is done, not row by row."""
    connection = store.connection
    usual = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "secure_delete")}
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA temp_store=FILE")  # writing the file anew must not take its size in memory
    try:
        yield connection
    finally:
        for name, value in usual.items():
            connection.execute(f"PRAGMA {name}={value:d}")
        connection.execute("PRAGMA temp_store=MEMORY")


def _rewrite(door: Store, purge_id: int) -> None:
    """Write the database anew without free pages, empty its log, and delete the copies made before upgrades."""
    try:
        for backup in backups(door):
            os.unlink(backup)
        door.connection.execute("VACUUM")
        with door.write() as connection:
            connection.execute("UPDATE purge SET finished_at = ? WHERE id = ?", (now(), purge_id))
        busy = door.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except (sqlite3.Error, OSError) as error:
        raise explain(error, door.path) from error
    if busy:
        raise StoreError(
            f"{door.path}: its log could not be emptied; close other programs that read it, then purge again."
        )


def backups(store: Store) -> list[str]:
    """Copies of the database that were made before upgrades: they hold everything, so a purge deletes them."""
    return [str(one) for one in sorted(store.path.parent.glob(f"{store.path.name}.backup-*")) if one.is_file()]


def _sound(connection: sqlite3.Connection) -> None:
    if row := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"Nothing was purged: {row[0]} would have kept a reference to what goes. Please report this.")
