"""Who purged how many samples and when; and salted hashes of them, so that they do not come back unnoticed."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.store.connection import Store, now
from workbench.store.needles import strings
from workbench.store.purge_scope import GONE


class Memory:
    """Whether contents were purged from this project before: asked for every row of an import."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._salts = [
            bytes(row[0]) for row in store.read("SELECT DISTINCT salt FROM purge JOIN purged ON purge_id = purge.id")
        ]

    def when(self, fields: Mapping[str, Any]) -> str | None:
        """The day on which a sample with these fields was purged, or None."""
        for salt in self._salts:
            row = self._store.one(
                "SELECT created_at FROM purged JOIN purge ON purge.id = purge_id WHERE hash = ?",
                (fingerprint(salt, fields),),
            )
            if row is not None:
                return str(row[0])[:10]
        return None


def fingerprint(salt: bytes, fields: Mapping[str, Any]) -> bytes:
    """HMAC-SHA-256 (32 bytes) over all strings of the fields, whatever their order, case and white space."""
    text = "\n".join(sorted(" ".join(one.casefold().split()) for one in strings(dict(fields))))
    return hmac.new(salt, text.encode("utf-8", "replace"), hashlib.sha256).digest()


def note(connection: sqlite3.Connection, annotator_id: int, ids: Sequence[int], *, remember: bool) -> int:
    """Who purged how many and when; and, when wanted, salted hashes of them."""
    row = connection.execute("SELECT salt FROM purge ORDER BY id LIMIT 1").fetchone()
    salt = bytes(row[0]) if row else os.urandom(32)
    cursor = connection.execute(
        "INSERT INTO purge (annotator_id, samples, salt, created_at) VALUES (?, ?, ?, ?)",
        (annotator_id, len(ids), salt, now()),
    )
    purge_id = cursor.lastrowid
    assert purge_id is not None
    if remember:
        versions = connection.execute(f"SELECT original_fields, fields FROM sample WHERE id IN {GONE}")
        connection.executemany(
            "INSERT OR IGNORE INTO purged (hash, purge_id) VALUES (?, ?)",
            (
                (fingerprint(salt, json.loads(one)), purge_id)
                for row in versions.fetchall()
                for one in row
                if one is not None
            ),
        )
    return purge_id
