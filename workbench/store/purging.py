"""Samples deleted for good, with everything in the database that was made from them or quotes them.

All is one transaction, while nobody else is in the project; then the file is written anew, so that no page that was
freed earlier, no index and no log still holds a text. A process that dies in between leaves a purge that is not finished:
``unfinished`` tells, ``finish`` does the rest.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import zlib
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import StoreError
from workbench.store import acts
from workbench.store.alone import alone
from workbench.store.connection import Store, explain, now
from workbench.store.needles import PURGED, Needles, strings

Progress = Callable[[str, int, int], None]

#: Tables whose texts are those of other samples, or no texts of samples at all.
_OTHERS = frozenset((
    "sample", "opinion", "annotation", "snapshot_sample", "score", "suggestion", "neighbour", "tally", "lease", "sitting",
    "annotator", "purge", "purged",
))  # fmt: skip
#: Columns that hold texts of a sample.
_CONTENTS = ("text", "original_fields", "fields", "note", "before", "after")
_LABELS = ("label", "original_label", "given")
#: Keys under which a text is found again: once it is gone they must not match what they stood for.
_KEYS = {"prompt": "hash", "answer": "key", "series": "key"}
#: The samples that are deleted, in the connection's own table.
_GONE = "(SELECT id FROM temp.purging)"
#: Samples that still hold a purged text, as many as are told.
TOLD = 20
SEEN = "resembles a sample that was purged"


@dataclass(slots=True)
class Effects:
    """What goes with some samples. ``tables``: rows by table; ``people``: annotations by name; ``snapshots``: samples lost
    by snapshot; ``answers``: answers of models that are blanked, ``judged`` of them said about samples nobody noted which;
    ``derived``: samples that were made from these and stay; ``sources``: files they were imported from."""

    samples: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    snapshots: dict[str, int] = field(default_factory=dict)
    answers: int = 0
    judged: int = 0
    derived: int = 0
    sources: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Deleted:
    """What was done: ``cleaned`` texts by table, ``left``: the first samples that hold one of the texts and were not purged."""

    samples: int
    cleaned: dict[str, int]
    left: list[int]
    needles: Needles


def effects(store: Store, ids: Sequence[int]) -> Effects:
    """Count what deleting these samples would take along; changes nothing."""
    found = Effects(len(ids))
    connection = store.connection
    try:
        with _gone(connection, ids):
            for table, columns in _tables(connection).items():
                if "sample_id" in columns and table != "snapshot_sample":
                    n = connection.execute(f"SELECT count(*) FROM {table} WHERE sample_id IN {_GONE}").fetchone()[0]
                    if n:
                        found.tables[table] = n
            found.people = dict(
                connection.execute(
                    "SELECT name, count(*) FROM annotation JOIN annotator ON annotator.id = annotator_id "
                    f"WHERE sample_id IN {_GONE} GROUP BY name ORDER BY name"
                )
            )
            found.snapshots = dict(
                connection.execute(
                    "SELECT ifnull(name, snapshot.id), count(*) FROM snapshot_sample JOIN snapshot ON snapshot.id = snapshot_id "
                    f"WHERE sample_id IN {_GONE} GROUP BY snapshot_id ORDER BY snapshot_id"
                )
            )
            found.judged = connection.execute(f"SELECT count(*) FROM answer WHERE {_UNASKED}").fetchone()[0]
            found.answers = (
                found.judged + connection.execute(f"SELECT count(*) FROM answer WHERE id IN ({_ANSWERS})").fetchone()[0]
            )
            found.sources = [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT path FROM source JOIN sample ON source.id = source_id "
                    f"WHERE sample.id IN {_GONE} ORDER BY 1"
                )
            ]
            gone = set(ids)
            found.derived = sum(1 for _, _, kept in _parents(connection, "sample", gone) if kept is not None)
    except sqlite3.Error as error:
        raise explain(error, store.path) from error
    return found


_REQUESTS = f"SELECT request_id FROM sample WHERE id IN {_GONE} AND request_id IS NOT NULL"
_ANSWERS = f"SELECT answer_id FROM request WHERE id IN ({_REQUESTS}) UNION SELECT first_answer_id FROM request WHERE id IN ({_REQUESTS})"
#: Answers that no request of a recipe got: those of judging models, kept under a key that does not tell about which sample.
_UNASKED = (
    "text != '' AND id NOT IN (SELECT answer_id FROM request WHERE answer_id IS NOT NULL "
    "UNION SELECT first_answer_id FROM request WHERE first_answer_id IS NOT NULL)"
)


def delete(
    store: Store, annotator_id: int, ids: Sequence[int], *, remember: bool = True, progress: Progress | None = None
) -> Deleted:
    """Delete samples for good. Raises ``StoreError`` naming who else is in the project; then nothing was changed.

    ``remember`` keeps a salted hash of each, so that importing its file again does not bring it back unnoticed.
    """
    told: Progress = progress or (lambda *_: None)
    acts.finish_acts(store)
    with alone(store), _thorough(store) as connection:
        with _gone(connection, ids), store.write():
            purge_id = _note(connection, annotator_id, ids, remember=remember)
            needles = _needles(connection)
            told("reading what they say", 1, 5)
            _blank_answers(connection)
            _forget_acts(connection, set(ids))
            _rows(connection)
            told("deleting", 2, 5)
            _relations(connection, set(ids))
            connection.execute(f"DELETE FROM sample WHERE id IN {_GONE}")
            connection.execute("DELETE FROM tally WHERE n = 0")
            connection.execute("INSERT INTO sample_fts (sample_fts) VALUES ('rebuild')")
            told("searching everything else", 3, 5)
            cleaned = _sweep(connection, needles)
            left = _left(connection, needles)
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
                "SELECT created_at FROM purged JOIN purge ON purge.id = purge_id WHERE hash = ?", (_hash(salt, fields),)
            )
            if row is not None:
                return str(row[0])[:10]
        return None


def _hash(salt: bytes, fields: Mapping[str, Any]) -> bytes:
    text = "\n".join(sorted(" ".join(one.casefold().split()) for one in strings(dict(fields))))
    return hmac.new(salt, text.encode("utf-8", "replace"), hashlib.sha256).digest()


@contextmanager
def _gone(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[None]:
    connection.execute("DROP TABLE IF EXISTS temp.purging")
    connection.execute("CREATE TEMP TABLE purging (id INTEGER PRIMARY KEY)")
    try:
        connection.executemany("INSERT OR IGNORE INTO temp.purging VALUES (?)", ((one,) for one in ids))
        yield
    finally:
        if not connection.in_transaction:
            connection.execute("DROP TABLE IF EXISTS temp.purging")


def _tables(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Name and type of the columns of every table, by table."""
    names = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'sample\\_fts%' "
        "ESCAPE '\\' AND name NOT LIKE '\\_%' ESCAPE '\\'"
    ).fetchall()
    return {
        name: {row[1]: row[2] for row in connection.execute(f'PRAGMA main.table_info("{name}")')} for (name,) in names
    }


def _note(connection: sqlite3.Connection, annotator_id: int, ids: Sequence[int], *, remember: bool) -> int:
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
        versions = connection.execute(f"SELECT original_fields, fields FROM sample WHERE id IN {_GONE}")
        connection.executemany(
            "INSERT OR IGNORE INTO purged (hash, purge_id) VALUES (?, ?)",
            ((_hash(salt, json.loads(one)), purge_id) for row in versions.fetchall() for one in row if one is not None),
        )
    return purge_id


def _needles(connection: sqlite3.Connection) -> Needles:
    """All texts that the samples hold or ever held: as they came, corrected, frozen, proposed, and notes on them."""
    needles = Needles()
    for table, columns in _tables(connection).items():
        key = "id" if table == "sample" else "sample_id"
        if key not in columns:
            continue
        for column in (*_CONTENTS, *_LABELS):
            if column not in columns:
                continue
            for (value,) in connection.execute(
                f"SELECT {column} FROM {table} WHERE {key} IN {_GONE} AND {column} IS NOT NULL"
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


def _blank_answers(connection: sqlite3.Connection) -> None:
    """What models answered, and under which conditions they were asked; places of the series and costs stay, so that
    nothing is asked for again and the money spent stays counted."""
    connection.execute(
        f"UPDATE answer SET text = '', logprobs = NULL, key = randomblob(32) WHERE id IN ({_ANSWERS}) OR ({_UNASKED})"
    )
    connection.execute(f"UPDATE request SET conditions = '{{}}', error = NULL WHERE id IN ({_REQUESTS})")


def _forget_acts(connection: sqlite3.Connection, gone: Collection[int]) -> None:
    """Acts on these samples only go; of the others, the targets and what was said of those."""
    touched = [
        row[0] for row in connection.execute(f"SELECT DISTINCT act_id FROM annotation WHERE sample_id IN {_GONE}")
    ]
    for act_id in touched:
        change, targets, choices = connection.execute(
            "SELECT change, targets, choices FROM act WHERE id = ?", (act_id,)
        ).fetchone()
        stays = connection.execute(
            f"SELECT count(DISTINCT sample_id) FROM annotation WHERE act_id = ? AND sample_id NOT IN {_GONE}", (act_id,)
        ).fetchone()[0]
        if not stays:
            connection.execute("DELETE FROM act WHERE id = ?", (act_id,))
            continue
        total = stays
        if targets is not None:
            ids = acts.unpack(targets)
            kept = [at for at, one in enumerate(ids) if one not in gone]
            total, targets = len(kept), acts.pack([ids[at] for at in kept])
            if choices is not None:
                change, choices = _chosen(change, choices, kept)
        elif '"each"' in change[:8]:
            # Done: only what the samples say now counts, and which of the changes was whose is not known any more.
            each = [one for one in json.loads(change)["each"] if not {"fields", "note"} & one.keys()]
            change = json.dumps({"each": each}, ensure_ascii=False, separators=(",", ":"))
        connection.execute(
            "UPDATE act SET change = ?, targets = ?, choices = ?, total = ?, applied = ? WHERE id = ?",
            (change, targets, choices, total, total, act_id),
        )


def _chosen(change: str, packed: bytes, kept: Sequence[int]) -> tuple[str, bytes]:
    """The changes that the kept targets chose, and their choices."""
    choices = array("I")
    choices.frombytes(zlib.decompress(packed))
    used = sorted({choices[at] for at in kept})
    anew = {old: new for new, old in enumerate(used)}
    each = json.loads(change)["each"]
    made = json.dumps({"each": [each[old] for old in used]}, ensure_ascii=False, separators=(",", ":"))
    return made, zlib.compress(array("I", (anew[choices[at]] for at in kept)).tobytes(), 1)


def _rows(connection: sqlite3.Connection) -> None:
    """Rows about the samples go; rows about others that only mention them lose the mention."""
    lost = connection.execute(
        f"SELECT snapshot_id, count(*) FROM snapshot_sample WHERE sample_id IN {_GONE} GROUP BY snapshot_id"
    ).fetchall()
    for snapshot_id, n in lost:
        connection.execute(
            "UPDATE snapshot SET details = json_set(details, '$.purged', ifnull(json_extract(details, '$.purged'), 0) + ?) "
            "WHERE id = ?",
            (n, snapshot_id),
        )
    # A cluster's title is made of its texts' words; the next learning finds another one.
    connection.execute(
        "UPDATE cluster SET title = 'cluster ' || id, details = '{}' WHERE id IN "
        f"(SELECT CAST(value AS INTEGER) FROM score WHERE name = 'cluster' AND sample_id IN {_GONE})"
    )
    for table, columns in _tables(connection).items():
        if "sample_id" in columns:
            connection.execute(f"DELETE FROM {table} WHERE sample_id IN {_GONE}")
        if "other_id" not in columns:
            continue
        if table == "neighbour":
            connection.execute(f"DELETE FROM neighbour WHERE other_id IN {_GONE}")
        else:
            reason = f", reason = '{SEEN}'" if "reason" in columns else ""
            connection.execute(f"UPDATE {table} SET other_id = NULL{reason} WHERE other_id IN {_GONE}")


def _parents(
    connection: sqlite3.Connection, table: str, gone: Collection[int]
) -> Iterator[tuple[int, bool, str | None]]:
    """Rows of a table of which one of ``gone`` is a parent: (number, goes itself, its parents without them)."""
    cursor = connection.execute(f"SELECT id, parents FROM {table} WHERE parents != '{{}}'")
    while rows := cursor.fetchmany(5_000):
        for row_id, text in rows:
            parents = json.loads(text)
            if any(one in gone for some in parents.values() for one in some):
                kept = {
                    role: left for role, some in parents.items() if (left := [one for one in some if one not in gone])
                }
                itself = table == "sample" and row_id in gone
                yield row_id, itself, None if itself else json.dumps(kept, separators=(",", ":"))


def _relations(connection: sqlite3.Connection, gone: Collection[int]) -> None:
    """Prompts in which one of the samples was an example or the text to be changed are blanked; parents forget them; waves,
    clusters and audits too."""
    for table in ("sample", "request"):
        for row_id, itself, kept in list(_parents(connection, table, gone)):
            if itself:
                continue
            connection.execute(f"UPDATE {table} SET parents = ? WHERE id = ?", (kept, row_id))
            if table == "request":
                connection.execute(
                    "UPDATE prompt SET messages = ?, hash = randomblob(32) "
                    "WHERE id = (SELECT prompt_id FROM request WHERE id = ?)",
                    (json.dumps([{"role": "user", "content": PURGED}]), row_id),
                )
    for series_id, number, text in connection.execute("SELECT series_id, number, frozen FROM wave").fetchall():
        frozen = json.loads(text)
        kept_wave = {
            name: [one for one in some if (one[0] if isinstance(one, list) and one else one) not in gone]
            for name, some in frozen.items()
            if isinstance(some, list)
        }
        if any(len(some) != len(frozen[name]) for name, some in kept_wave.items()):
            connection.execute(
                "UPDATE wave SET frozen = ? WHERE series_id = ? AND number = ?",
                (json.dumps({**frozen, **kept_wave}, ensure_ascii=False, separators=(",", ":")), series_id, number),
            )
    for audit_id, blob in connection.execute("SELECT id, frozen FROM audit").fetchall():
        drawn = json.loads(zlib.decompress(blob))
        thinned = _thinned(drawn, gone)
        if thinned != drawn:
            packed = zlib.compress(json.dumps(thinned, ensure_ascii=False, separators=(",", ":")).encode())
            connection.execute("UPDATE audit SET frozen = ? WHERE id = ?", (packed, audit_id))


def _thinned(value: Any, gone: Collection[int]) -> Any:
    """An audit's samples without those that are gone: ids, pairs that begin with one, or a mapping by id."""
    if isinstance(value, dict):
        return {key: _thinned(one, gone) for key, one in value.items() if not (key.isdecimal() and int(key) in gone)}
    if isinstance(value, list):
        rows = [one for one in value if (one[0] if isinstance(one, list) and one else one) not in gone]
        return [_thinned(one, gone) if isinstance(one, dict) else one for one in rows]
    return value


def _sweep(connection: sqlite3.Connection, needles: Needles) -> dict[str, int]:
    """Clean every other text in the database that holds one of the texts; how many by table."""
    cleaned: dict[str, int] = {}
    for table, columns in _tables(connection).items():
        texts = [name for name, kind in columns.items() if kind == "TEXT"]
        if table in _OTHERS or not texts:
            continue
        whole = {name for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE pk")}
        for column in (one for one in texts if one not in whole):
            found = [
                (without, value)
                for (value,) in connection.execute(
                    f"SELECT DISTINCT {column} FROM {table} WHERE length({column}) > 1 AND {column} != '{{}}'"
                )
                if (without := needles.without(value)) is not None
            ]
            for without, value in found:
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
        for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall():
            if needles.inside(value):
                gone += connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,)).rowcount
    return {table: gone} if gone else {}


def _left(connection: sqlite3.Connection, needles: Needles) -> list[int]:
    """The first samples that hold one of the texts too."""
    found: list[int] = []
    for sample_id, text in connection.execute("SELECT id, text FROM sample ORDER BY id"):
        if needles.inside(text):
            found.append(sample_id)
            if len(found) >= TOLD:
                break
    return found


def _sound(connection: sqlite3.Connection) -> None:
    if row := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(f"Nothing was purged: {row[0]} would have kept a reference to what goes. Please report this.")
