"""Repairs: what techniques would make of samples. An applied one counts for as long as no person has said otherwise."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.store.connection import Store
from workbench.store.encoding import encode, text_of
from workbench.store.opinions import resolve

State = Literal["open", "applied", "all"]

#: Waits for a person: not applied, and nobody has labelled, accepted or rejected the sample since.
OPEN = (
    "NOT repair.applied AND sample.status IN ('pending', 'flagged') AND NOT EXISTS "
    "(SELECT 1 FROM opinion WHERE opinion.sample_id = sample.id AND opinion.label IS NOT NULL)"
)
# Of several the last step's counts (SQLite takes the other columns from the row that has the max()), and none that was
# made from a label which a later step changed.
_SOFT = (
    "SELECT sample_id, soft, max(place) FROM repair WHERE active AND applied AND soft IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM repair AS later WHERE later.sample_id = repair.sample_id AND later.active AND later.applied "
    "AND later.label IS NOT NULL AND later.place > repair.place) AND NOT EXISTS "
    "(SELECT 1 FROM opinion WHERE opinion.sample_id = repair.sample_id AND opinion.label IS NOT NULL)"
)
_WHERE: dict[State, str] = {"open": OPEN, "applied": "repair.applied", "all": "1"}


@dataclass(frozen=True, slots=True)
class NewRepair:
    """A repair to be stored. ``given`` is the label that the technique found, ``label`` another one, ``fields`` the new
    contents, ``soft`` probabilities by label; what stays as it was is None."""

    sample_id: int
    confidence: float
    applied: bool
    reason: str
    given: Any = None
    label: Any = None
    fields: Mapping[str, Any] | None = None
    soft: Mapping[str, float] | None = None
    other_id: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A repair as a list shows it."""

    sample_id: int
    given: Any
    label: Any
    confidence: float
    reason: str
    other_id: int | None
    applied: bool
    text: str


def _json(value: Any) -> str | None:
    return None if value is None else encode(value)


def put(
    connection: sqlite3.Connection, job_id: int, technique: str, version: int, place: int, found: Sequence[NewRepair]
) -> None:
    """Store active repairs inside the caller's transaction; applied ones change their samples, unless a person has spoken."""
    connection.executemany(
        "INSERT OR REPLACE INTO repair (sample_id, technique, job_id, active, place, version, given, label, fields, soft, "
        "confidence, applied, reason, other_id) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.sample_id,
                technique,
                job_id,
                place,
                version,
                _json(one.given),
                _json(one.label),
                _json(one.fields),
                _json(one.soft),
                one.confidence,
                int(one.applied),
                one.reason.encode("utf-8", "replace").decode(),
                one.other_id,
            )
            for one in found
        ],
    )
    for one in found:
        if one.applied and (one.label is not None or one.fields is not None):
            resolve(connection, one.sample_id)


def listed(store: Store, technique: str, state: State = "open", limit: int = 50, after: int = 0) -> list[Row]:
    """Repairs in force of one technique, the most certain first among the ``limit`` lowest sample ids after ``after``."""
    found = store.read(
        "SELECT sample_id, given, repair.label, confidence, reason, other_id, applied, substr(text, 1, 500) FROM repair "
        "JOIN sample ON sample.id = sample_id "
        f"WHERE technique = ? AND active AND sample_id > ? AND {_WHERE[state]} ORDER BY sample_id LIMIT ?",
        (technique, after, limit),
    )
    rows = [Row(row[0], _read(row[1]), _read(row[2]), row[3], row[4], row[5], bool(row[6]), row[7]) for row in found]
    return sorted(rows, key=lambda row: (-row.confidence, row.sample_id))


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def counts(store: Store) -> dict[str, dict[str, int]]:
    """Repairs in force by technique: ``proposed`` in all, of these ``applied``, and ``open`` for a person."""
    found = {
        name: {"proposed": proposed, "applied": applied, "open": 0}
        for name, proposed, applied in store.read(
            "SELECT technique, count(*), sum(applied) FROM repair WHERE active GROUP BY technique ORDER BY min(place)"
        )
    }
    for name, n in store.read(
        f"SELECT technique, count(*) FROM repair JOIN sample ON sample.id = sample_id WHERE active AND {OPEN} GROUP BY 1"
    ):
        found[name]["open"] = n
    return found


def before(store: Store) -> dict[int, tuple[Any, dict[str, Any], str]]:
    """(label, fields, text) of samples with an applied repair in force, as they are without it: what a new curation judges.

    Only samples whose label or contents a repair changes; what a person said of them stays.
    """
    found: dict[int, tuple[Any, dict[str, Any], str]] = {}
    for sample_id, label, fields in _rows(
        store,
        "SELECT sample.id, ifnull((SELECT opinion.label FROM opinion WHERE sample_id = sample.id AND opinion.label IS NOT NULL "
        "ORDER BY label_seq DESC LIMIT 1), original_label), ifnull((SELECT opinion.fields FROM opinion WHERE sample_id = "
        "sample.id AND opinion.fields IS NOT NULL ORDER BY fields_seq DESC LIMIT 1), original_fields) FROM repair "
        "JOIN sample ON sample.id = sample_id WHERE active AND applied AND soft IS NULL AND sample_id > ? "
        "GROUP BY sample.id ORDER BY sample.id LIMIT ?",
    ):
        contents = json.loads(fields)
        found[sample_id] = (_read(label), contents, text_of(contents))
    return found


def soft_labels(store: Store) -> dict[int, dict[str, float]]:
    """Soft labels in force of samples whose label no person gave: label to probability."""
    return {
        sample_id: json.loads(soft)
        for sample_id, soft, _ in _rows(
            store, f"{_SOFT} AND sample_id > ? GROUP BY sample_id ORDER BY sample_id LIMIT ?"
        )
    }


def soft_labels_of(store: Store, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """``soft_labels`` of some samples (at most some thousand)."""
    marks = ",".join("?" * len(ids))
    found = store.read(f"{_SOFT} AND sample_id IN ({marks}) GROUP BY sample_id", list(ids))
    return {sample_id: json.loads(soft) for sample_id, soft, _ in found}


def _rows(store: Store, sql: str, size: int = 5_000) -> Iterator[tuple[Any, ...]]:
    """Rows in order of their first column, in short reads: ``sql`` takes (after, limit)."""
    after = 0
    while chunk := store.read(sql, (after, size)):
        yield from chunk
        after = chunk[-1][0]
