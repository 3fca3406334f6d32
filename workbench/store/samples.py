"""Samples: adding them, reading them, and everything that explains one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.errors import StoreError
from workbench.store import blind
from workbench.store.connection import Store, bulk, new_uuid, now, powers
from workbench.store.encoding import digest
from workbench.store.encoding import encode as encode  # noqa: PLC0414 - others take it from here
from workbench.store.encoding import label_key as label_key  # noqa: PLC0414
from workbench.store.encoding import text_of as text_of  # noqa: PLC0414

#: role of an import -> (origin, split)
ROLES: dict[str, tuple[str, str]] = {
    "seed": ("seed", "train"),
    "real": ("real", "train"),
    "unlabelled": ("unlabelled", "train"),
    "validation": ("real", "validation"),
    "test": ("real", "test"),
    "synthetic": ("synthetic", "train"),
}

#: The data set of a project: synthetic samples not rejected and not dropped, unless a person accepted (overruled) them.
DATA_SET = "(origin = 'synthetic' AND status != 'rejected' AND (dropped = 0 OR status = 'accepted'))"


@dataclass(frozen=True, slots=True)
class NewSample:
    """A sample to be stored. ``fields`` maps field names to JSON values, ``label`` is any JSON value or None."""

    fields: Mapping[str, Any]
    label: Any = None
    origin: str = "synthetic"
    split: str = "train"
    conditions: Mapping[str, Any] = field(default_factory=dict)
    parents: Mapping[str, Sequence[int]] = field(default_factory=dict)
    job_id: int | None = None
    request_id: int | None = None
    ordinal: int = 0
    source_id: int | None = None
    source_line: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a list shows of a sample."""

    id: int
    status: str
    label: Any
    text: str
    dropped: bool
    origin: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample with its current and original contents."""

    id: int
    uuid: str
    origin: str
    split: str
    status: str
    dropped: int
    fields: dict[str, Any]
    original_fields: dict[str, Any]
    label: Any
    original_label: Any
    text: str
    conditions: dict[str, Any]
    parents: dict[str, list[int]]
    job_id: int | None
    request_id: int | None
    source_id: int | None
    source_line: int | None
    created_at: str

    @property
    def edited(self) -> bool:
        return self.fields != self.original_fields

    @property
    def in_data_set(self) -> bool:
        return (
            self.origin == "synthetic" and self.status != "rejected" and (not self.dropped or self.status == "accepted")
        )


_INSERT = """
INSERT INTO sample (uuid, origin, split, label_key, text, original_fields, original_label, label, original_hash, hash,
                    job_id, request_id, ordinal, source_id, source_line, conditions, parents, created_at)
"""
_THERE_ALREADY = """
ON CONFLICT (request_id, ordinal) DO NOTHING
ON CONFLICT (source_id, source_line, ordinal) DO NOTHING
"""


#: A sample as it is written: the values of ``_INSERT``.
Encoded = tuple[Any, ...]
#: Where ``_INSERT`` has them.
_ORIGIN, _SPLIT, _ORIGINAL_HASH, _SOURCE = 1, 2, 8, 13


def encoded(samples: Iterable[NewSample]) -> list[Encoded]:
    """Samples as they are written, for ``insert``: JSON and hashes are made here, before anybody holds the writers' lock."""
    at = now()
    rows: list[Encoded] = []
    for sample in samples:
        label = None if sample.label is None else encode(sample.label)
        hashed = digest(sample.fields, sample.label)
        rows.append(
            (
                new_uuid(),
                sample.origin,
                sample.split,
                label_key(sample.label),
                text_of(sample.fields),
                encode(sample.fields),
                label,
                label,
                hashed,
                hashed,
                sample.job_id,
                sample.request_id,
                sample.ordinal,
                sample.source_id,
                sample.source_line,
                encode(sample.conditions) if sample.conditions else "{}",
                encode(sample.parents) if sample.parents else "{}",
                at,
            )
        )
    return rows


def insert(connection: sqlite3.Connection, rows: Sequence[Encoded]) -> int:
    """Insert inside the caller's transaction; one that is there already (same request or line) is left alone.

    Returns the number of rows added.
    """
    return bulk(connection, _INSERT, rows, _THERE_ALREADY)


def add(store: Store, samples: Iterable[NewSample]) -> int:
    """Insert samples in one short transaction of their own."""
    rows = encoded(samples)
    with store.write() as connection:
        return insert(connection, rows)


def add_new(store: Store, new: Sequence[NewSample]) -> int:
    """Insert what is not there yet: a sample that came with the same fields and label, in the same origin and split,
    from another file counts as there, whatever people have made of it since.

    Returns the number of rows added.
    """
    rows = encoded(new)
    with store.write() as connection:
        fresh = [
            row
            for row in rows
            if connection.execute(
                "SELECT 1 FROM sample WHERE original_hash = ? AND origin = ? AND split = ? AND source_id IS NOT ? LIMIT 1",
                (row[_ORIGINAL_HASH], row[_ORIGIN], row[_SPLIT], row[_SOURCE]),
            ).fetchone()
            is None
        ]
        return insert(connection, fresh)


_COLUMNS = (
    "id, uuid, origin, split, status, dropped, ifnull(fields, original_fields), original_fields, label, original_label, "
    "text, conditions, parents, job_id, request_id, source_id, source_line, created_at"
)


def _sample(row: tuple[Any, ...]) -> Sample:
    return Sample(
        id=row[0],
        uuid=bytes(row[1]).hex(),
        origin=row[2],
        split=row[3],
        status=row[4],
        dropped=row[5],
        fields=json.loads(row[6]),
        original_fields=json.loads(row[7]),
        label=None if row[8] is None else json.loads(row[8]),
        original_label=None if row[9] is None else json.loads(row[9]),
        text=row[10],
        conditions=json.loads(row[11]),
        parents=json.loads(row[12]),
        job_id=row[13],
        request_id=row[14],
        source_id=row[15],
        source_line=row[16],
        created_at=row[17],
    )


def get(store: Store, sample_id: int, *, mine: int | None = None) -> Sample:
    """One sample; raises ``StoreError`` when there is none with that number.

    ``mine`` is a person who reads blind: until they have decided on it, the sample is shown to them as it came (or as a
    repair in force made it), whatever others said.
    """
    row = store.one(f"SELECT {_COLUMNS} FROM sample WHERE id = ?", (sample_id,))
    if row is None:
        raise StoreError(f"{store.path}: there is no sample {sample_id}.")
    if mine is None or sample_id not in (seen := blind.as_it_came(store, mine, [sample_id])):
        return _sample(row)
    label, fields = seen[sample_id]
    contents = json.loads(fields)
    return replace(
        _sample(row),
        status="pending",
        label=None if label is None else json.loads(label),
        fields=contents,
        text=text_of(contents),
    )


def get_own(store: Store, sample_id: int, mine: int) -> Sample:
    """One sample for a person who reads blind and puts several labels together: the label is their own one, always."""
    label = blind.own_label(store, mine, sample_id)
    return replace(get(store, sample_id, mine=mine), label=None if label is None else json.loads(label))


def many(store: Store, ids: Sequence[int]) -> Iterator[Sample]:
    """Samples in the order of ``ids``, read in short chunks; missing ones are left out."""
    for start in range(0, len(ids), 500):
        chunk = list(ids[start : start + 500])
        marks = ",".join("?" * len(chunk))
        found = {row[0]: row for row in store.read(f"SELECT {_COLUMNS} FROM sample WHERE id IN ({marks})", chunk)}
        yield from (_sample(found[sample_id]) for sample_id in chunk if sample_id in found)


def about(store: Store, ids: Sequence[int]) -> dict[int, tuple[str, str, str, str, dict[str, Any]]]:
    """(uuid, origin, split, status, conditions) of some thousand samples: what an export adds to frozen contents."""
    return {
        row[0]: (bytes(row[1]).hex(), row[2], row[3], row[4], json.loads(row[5]))
        for chunk in powers(ids, 512)
        for row in store.read(
            f"SELECT id, uuid, origin, split, status, conditions FROM sample WHERE id IN ({','.join('?' * len(chunk))})",
            list(chunk),
        )
    }


def rows(store: Store, ids: Sequence[int], *, mine: int | None = None) -> dict[int, Row]:
    """What a list shows, for some 100 ids at once. Texts are cut at 2,000 characters: no list shows more.

    ``mine``: a person who reads blind (see ``get``).
    """
    marks = ",".join("?" * len(ids))
    found = {
        row[0]: Row(row[0], row[1], None if row[2] is None else json.loads(row[2]), row[3], row[4] > 0, row[5])
        for row in store.read(
            f"SELECT id, status, label, substr(text, 1, 2000), dropped, origin FROM sample WHERE id IN ({marks})",
            list(ids),
        )
    }
    for one, (label, fields) in (blind.as_it_came(store, mine, ids) if mine is not None else {}).items():
        if one in found:
            text = text_of(json.loads(fields))[:2000]
            first = None if label is None else json.loads(label)
            found[one] = replace(found[one], status="pending", label=first, text=text)
    return found


def counts(store: Store) -> dict[str, int]:
    """Samples by origin, split and status, from the tally: ``total``, ``synthetic``, ``pending``, ``in_data_set``, ..."""
    names = "total seed synthetic real unlabelled validation test pending accepted rejected flagged dropped in_data_set"
    result = dict.fromkeys(names.split(), 0)
    for origin, split, status, dropped, n in store.read(
        "SELECT origin, split, status, dropped, sum(n) FROM tally GROUP BY origin, split, status, dropped"
    ):
        result["total"] += n
        result[origin] += n
        if split != "train":
            result[split] += n
        if origin == "synthetic":
            result[status] += n
            result["dropped"] += n if dropped else 0
            if status != "rejected" and (not dropped or status == "accepted"):
                result["in_data_set"] += n
    return result


def kinds(store: Store, ids: Sequence[int]) -> dict[str, int]:
    """What a bulk act would hit besides plain generated samples: test, validation and seed samples, and dropped ones."""
    found = dict.fromkeys(("test", "validation", "seed", "dropped"), 0)
    for start in range(0, len(ids), 5_000):
        chunk = list(ids[start : start + 5_000])
        for origin, split, dropped, n in store.read(
            "SELECT origin, split, dropped > 0, count(*) FROM sample "
            f"WHERE id IN ({','.join('?' * len(chunk))}) GROUP BY origin, split, dropped > 0",
            chunk,
        ):
            if split != "train":
                found[split] += n
            elif origin == "seed":
                found["seed"] += n
            found["dropped"] += n if dropped else 0
    return {kind: n for kind, n in found.items() if n}


def label_counts(store: Store, *, origin: str = "synthetic", data_set: bool = False) -> dict[str, int]:
    """Samples per label, from the tally (single-label tasks)."""
    where = "(dropped = 0 OR status = 'accepted') AND status != 'rejected' AND" if data_set else ""
    return dict(
        store.read(
            f"SELECT label_key, sum(n) FROM tally WHERE {where} origin = ? AND label_key != '' "
            "GROUP BY label_key HAVING sum(n) > 0 ORDER BY label_key",
            (origin,),
        )
    )


def contents(
    store: Store, where: str = DATA_SET, *, after: int = 0, limit: int | None = None
) -> Iterator[tuple[int, str, str | None, str | None, dict[str, Any]]]:
    """(id, text, label key, original label key, fields) of all samples that meet ``where``, in order of id, in short reads.

    ``where`` is SQL that this package wrote (``DATA_SET``, a compiled view), never text from outside.
    """
    sent = 0
    while limit is None or sent < limit:
        chunk = store.read(
            "SELECT id, text, label_key, original_label, ifnull(fields, original_fields) FROM sample "
            f"WHERE id > ? AND {where} ORDER BY id LIMIT ?",
            (after, 5_000 if limit is None else min(5_000, limit - sent)),
        )
        if not chunk:
            return
        for sample_id, text, key, original, fields in chunk:
            first = None if original is None else json.loads(original)
            yield sample_id, text, key, first if isinstance(first, str) else None, json.loads(fields)
        sent += len(chunk)
        after = chunk[-1][0]


def condition(store: Store, name: str) -> Iterator[tuple[int, str]]:
    """(id, text) of the synthetic samples whose conditions hold a text called ``name``, in order of id, in short reads."""
    after, path = 0, f"$.{json.dumps(name)}"
    while chunk := store.read(
        "SELECT id, json_extract(conditions, ?) FROM sample WHERE id > ? AND origin = 'synthetic' "
        "AND json_type(conditions, ?) = 'text' ORDER BY id LIMIT 5000",
        (path, after, path),
    ):
        yield from ((row[0], row[1]) for row in chunk)
        after = chunk[-1][0]


def labels_that_came(store: Store, ids: Sequence[int]) -> dict[int, Any]:
    """Labels, any JSON value, by sample id: of synthetic samples as they came, before filters and people changed them; of real
    ones as they stand. Ids without a sample or a label are left out."""
    found: dict[int, Any] = {}
    for chunk in powers(list(ids), 512):
        marks = ",".join("?" * len(chunk))
        for sample_id, label in store.read(
            "SELECT id, CASE origin WHEN 'synthetic' THEN original_label ELSE label END FROM sample "
            f"WHERE id IN ({marks})",
            list(chunk),
        ):
            if label is not None:
                found[sample_id] = json.loads(label)
    return found
