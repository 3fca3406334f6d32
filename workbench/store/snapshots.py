"""Snapshots (frozen, hashed sets of samples), evaluations and imported files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import StoreError, UsageError
from workbench.store import samples as sample_store
from workbench.store.connection import CHUNK, Store, new_uuid, now
from workbench.store.encoding import encode
from workbench.text import canonical


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``sha256`` is over one canonical JSON line ``[uuid, fields, label]`` per sample, in order."""

    id: int
    name: str | None
    view: str
    total: int
    sha256: str | None
    details: dict[str, Any]
    created_at: str


@dataclass(frozen=True, slots=True)
class Source:
    """An imported file."""

    id: int
    path: str
    role: str
    read: int
    added: int
    created_at: str


def create(
    store: Store, ids: Sequence[int], view: str, *, name: str | None = None, details: Mapping[str, Any] | None = None
) -> Snapshot:
    """Freeze samples as they are now, in the order of ``ids``, in short transactions; complete when it has its hash.

    Raises ``UsageError`` when the name is taken.
    """
    name = None if name is None else name.encode("utf-8", "replace").decode()
    with store.write() as connection:
        if name is not None and connection.execute("SELECT 1 FROM snapshot WHERE name = ?", (name,)).fetchone():
            raise UsageError(f"There is a snapshot {name!r} already; choose another name.")
        cursor = connection.execute(
            "INSERT INTO snapshot (uuid, name, view, total, details, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (new_uuid(), name, view, len(ids), encode(details or {}), now()),
        )
        snapshot_id = cursor.lastrowid
    assert snapshot_id is not None
    digest = hashlib.sha256()
    for start in range(0, len(ids), CHUNK):
        found = list(sample_store.many(store, ids[start : start + CHUNK]))
        for sample in found:
            line = canonical([sample.uuid, sample.fields, sample.label]) + "\n"
            digest.update(line.encode("utf-8", "surrogatepass"))
        with store.write() as connection:
            connection.executemany(
                "INSERT INTO snapshot_sample (snapshot_id, position, sample_id, fields, label) VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        snapshot_id,
                        start + offset,
                        sample.id,
                        encode(sample.fields),
                        None if sample.label is None else encode(sample.label),
                    )
                    for offset, sample in enumerate(found)
                ],
            )
    with store.write() as connection:
        connection.execute("UPDATE snapshot SET sha256 = ? WHERE id = ?", (digest.hexdigest(), snapshot_id))
    return get(store, snapshot_id)


_COLUMNS = "id, name, view, total, sha256, details, created_at"


def _snapshot(row: tuple[Any, ...]) -> Snapshot:
    return Snapshot(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]), row[6])


def get(store: Store, snapshot_id: int) -> Snapshot:
    row = store.one(f"SELECT {_COLUMNS} FROM snapshot WHERE id = ?", (snapshot_id,))
    if row is None:
        raise StoreError(f"{store.path}: there is no snapshot {snapshot_id}.")
    return _snapshot(row)


def newest(store: Store, limit: int = 50) -> list[Snapshot]:
    return [_snapshot(row) for row in store.read(f"SELECT {_COLUMNS} FROM snapshot ORDER BY id DESC LIMIT ?", (limit,))]


def contents(store: Store, snapshot_id: int) -> Iterator[tuple[int, dict[str, Any], Any]]:
    """(sample id, fields, label) as frozen, in order."""
    position = -1
    while True:
        found = store.read(
            "SELECT position, sample_id, fields, label FROM snapshot_sample WHERE snapshot_id = ? AND position > ? "
            "ORDER BY position LIMIT ?",
            (snapshot_id, position, CHUNK),
        )
        if not found:
            return
        for position, sample_id, fields, label in found:  # noqa: B007 - the last position is where the next read starts
            yield sample_id, json.loads(fields), None if label is None else json.loads(label)


def composition(store: Store, snapshot_id: int) -> dict[str, dict[str, int]]:
    """How many of a snapshot's samples have which origin, split and (current) status."""
    found: dict[str, dict[str, int]] = {"origin": {}, "split": {}, "status": {}}
    for origin, split, status, n in store.read(
        "SELECT origin, split, status, count(*) FROM snapshot_sample JOIN sample ON sample.id = sample_id "
        "WHERE snapshot_id = ? GROUP BY origin, split, status",
        (snapshot_id,),
    ):
        for kind, value in (("origin", origin), ("split", split), ("status", status)):
            found[kind][value] = found[kind].get(value, 0) + n
    return found


def save_evaluation(store: Store, *, job_id: int, view: str, samples: int, result: Mapping[str, Any]) -> int:
    with store.write() as connection:
        cursor = connection.execute(
            "INSERT INTO evaluation (job_id, view, samples, result, created_at) VALUES (?, ?, ?, ?, ?)",
            (job_id, view, samples, encode(result), now()),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid


_EVALUATION = "id, job_id, view, samples, result, created_at"


def _evaluation(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "job": row[1],
        "view": row[2],
        "samples": row[3],
        "result": json.loads(row[4]),
        "created_at": row[5],
    }


def evaluations(store: Store, limit: int = 20) -> list[dict[str, Any]]:
    """Evaluations, newest first: ``id``, ``job``, ``view``, ``samples``, ``created_at`` and ``result``."""
    rows = store.read(f"SELECT {_EVALUATION} FROM evaluation ORDER BY id DESC LIMIT ?", (limit,))
    return [_evaluation(row) for row in rows]


def evaluation_ids(store: Store, limit: int = 20) -> list[int]:
    """Numbers of the newest evaluations, newest first: their results may be large."""
    return [number for (number,) in store.read("SELECT id FROM evaluation ORDER BY id DESC LIMIT ?", (limit,))]


def evaluation(store: Store, evaluation_id: int) -> dict[str, Any] | None:
    """One evaluation as of ``evaluations``; None when there is none of that number."""
    row = store.one(f"SELECT {_EVALUATION} FROM evaluation WHERE id = ?", (evaluation_id,))
    return None if row is None else _evaluation(row)


def newest_evaluation(store: Store, view: str) -> dict[str, Any] | None:
    """The result of the newest evaluation of that view ("data set"); None where there is none."""
    row = store.one("SELECT result FROM evaluation WHERE view = ? ORDER BY id DESC LIMIT 1", (view,))
    return json.loads(row[0]) if row else None


def add_source(store: Store, sha256: bytes, role: str, mapping: str, path: str, job_id: int | None) -> int:
    """Note a file that is about to be imported (its rows are counted with ``count_source``)."""
    with store.write() as connection:
        connection.execute(
            "INSERT INTO source (sha256, role, mapping, path, read, added, job_id, created_at) "
            "VALUES (?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT DO NOTHING",
            (sha256, role, mapping, path.encode("utf-8", "replace").decode(), job_id, now()),
        )
        row = connection.execute(
            "SELECT id FROM source WHERE sha256 = ? AND role = ? AND mapping = ?", (sha256, role, mapping)
        ).fetchone()
    return int(row[0])


def count_source(store: Store, source_id: int, read: int, added: int) -> None:
    with store.write() as connection:
        connection.execute("UPDATE source SET read = ?, added = added + ? WHERE id = ?", (read, added, source_id))


def sources(store: Store) -> list[Source]:
    """Imported files, oldest first."""
    return [
        Source(*row) for row in store.read("SELECT id, path, role, read, added, created_at FROM source ORDER BY id")
    ]
