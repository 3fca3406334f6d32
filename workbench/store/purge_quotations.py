"""Where the database quotes what is purged: all texts of the samples, and every other place that holds one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from workbench.store.needles import Needles
from workbench.store.purge_scope import GONE, tables

#: Tables whose texts are those of other samples, or no texts of samples at all.
_OTHERS = frozenset((
    "sample", "opinion", "annotation", "snapshot_sample", "score", "suggestion", "neighbour", "tally", "lease", "sitting",
    "annotator", "purge", "purged",
))  # fmt: skip
#: Columns that hold texts of a sample.
_CONTENTS = ("text", "original_fields", "fields", "note", "before", "after")
_LABELS = ("label", "original_label", "given")
#: Columns of any table that hold one of a few words, or a moment.
_NO_TEXTS = frozenset((
    "state", "status", "split", "origin", "created_at", "started_at", "finished_at", "queued_at", "looked_at", "found_at", "at",
    "gold", "verdict", "undone_at",
))  # fmt: skip
#: Keys under which a text is found again: once it is gone they must not match what they stood for.
_KEYS = {"prompt": "hash", "answer": "key", "series": "key"}
#: Samples that still hold a purged text, as many as are told.
TOLD = 20


def texts_of(connection: sqlite3.Connection) -> Needles:
    """All texts that the samples hold or ever held: as they came, corrected, frozen, proposed, and notes on them."""
    needles = Needles()
    for table, columns in tables(connection).items():
        key = "id" if table == "sample" else "sample_id"
        if key not in columns:
            continue
        for column in (*_CONTENTS, *_LABELS):
            if column not in columns:
                continue
            for (value,) in connection.execute(
                f"SELECT {column} FROM {table} WHERE {key} IN {GONE} AND {column} IS NOT NULL"
            ):
                # A label that is a name is that of many samples; one that is an object was read out of the text.
                if column in _LABELS and not value.startswith("{"):
                    continue
                if column in ("text", "note"):
                    needles.add(value)
                else:
                    _add(needles, value)
    return needles


def _add(needles: Needles, value: str) -> None:
    try:
        needles.add_json(value)
    except (ValueError, RecursionError):
        needles.add(value)


def sweep(connection: sqlite3.Connection, needles: Needles) -> dict[str, int]:
    """Clean every other text in the database that holds one of the texts; how many by table."""
    cleaned: dict[str, int] = {}
    for table, columns in tables(connection).items():
        texts = [name for name, kind in columns.items() if kind == "TEXT"]
        if table in _OTHERS or not texts:
            continue
        whole = {name for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE pk")}
        for column in (one for one in texts if one not in whole and one not in _NO_TEXTS):
            found = {
                value: without
                for (value,) in connection.execute(
                    f"SELECT {column} FROM {table} WHERE length({column}) > 1 AND {column} != '{{}}'"
                )
                if (without := needles.without(value)) is not None
            }
            for value, without in found.items():
                made = "" if (table, column) == ("answer", "text") else without
                anew = f", {_KEYS[table]} = randomblob(32)" if table in _KEYS else ""
                cleaned[table] = (
                    cleaned.get(table, 0)
                    + connection.execute(
                        f"UPDATE {table} SET {column} = ?{anew} WHERE {column} = ?", (made, value)
                    ).rowcount
                )
        cleaned |= _keyed(connection, needles, table, sorted(whole & set(texts)))
    return cleaned


def _keyed(connection: sqlite3.Connection, needles: Needles, table: str, columns: Sequence[str]) -> dict[str, int]:
    """Rows whose key itself quotes a text (a view saved under it) go."""
    gone = 0
    for column in columns:
        quoting = {value for (value,) in connection.execute(f"SELECT {column} FROM {table}") if needles.inside(value)}
        for value in quoting:
            gone += connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,)).rowcount
    return {table: gone} if gone else {}


def left_over(connection: sqlite3.Connection, needles: Needles) -> list[int]:
    """The first samples that hold one of the texts too."""
    found: list[int] = []
    for sample_id, text in connection.execute("SELECT id, text FROM sample ORDER BY id"):
        if needles.inside(text):
            found.append(sample_id)
            if len(found) >= TOLD:
                break
    return found
