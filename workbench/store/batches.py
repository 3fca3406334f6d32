"""Batches: requests handed in together. A row is there before the endpoint hears of its batch, so that none is paid twice."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from workbench.store.connection import Store, now
from workbench.store.encoding import encode

#: ``new``: nothing sent; ``uploaded``: its file is there, whether its batch is too must be looked up; ``open``: under way
#: or not yet collected; ``closed``: all it will ever answer is in the ledger.
State = Literal["new", "uploaded", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One row without its ordinals. ``name`` is ours, ``remote`` and ``input_file`` are the endpoint's.

    ``details``: ``wave``, ``requests`` (how many), ``status`` as the endpoint says it, ``completed`` and ``failed`` of
    them so far, ``answered`` (kept by us), ``worst`` (upper estimate: input tokens, output tokens, dollars or null), ...
    """

    id: int
    name: str
    series_id: int
    job_id: int
    endpoint: str
    remote: str | None
    input_file: str | None
    state: State
    details: dict[str, Any]
    created_at: str
    looked_at: str | None


_COLUMNS = "id, name, series_id, job_id, endpoint, remote, input_file, state, details, created_at, looked_at"


def add(
    store: Store,
    name: str,
    series_id: int,
    job_id: int,
    endpoint: str,
    ordinals: Iterable[int],
    details: Mapping[str, Any],
) -> Batch:
    """Write a batch down of which nobody else knows yet."""
    with store.write() as connection:
        cursor = connection.execute(
            "INSERT INTO batch (name, series_id, job_id, endpoint, ordinals, state, details, created_at) "
            "VALUES (?, ?, ?, ?, ?, 'new', ?, ?)",
            (name, series_id, job_id, endpoint, encode(list(ordinals)), encode(details), now()),
        )
        row = connection.execute(f"SELECT {_COLUMNS} FROM batch WHERE id = ?", (cursor.lastrowid,)).fetchone()
    return _batch(row)


def change(
    store: Store,
    batch: Batch,
    *,
    state: State | None = None,
    remote: str | None = None,
    input_file: str | None = None,
    looked: bool = False,
    details: Mapping[str, Any] | None = None,
) -> Batch:
    """Note what is new about a batch (``details`` are merged) in one transaction; returns it as it is now."""
    with store.write() as connection:
        connection.execute(
            "UPDATE batch SET state = coalesce(?, state), remote = coalesce(?, remote), input_file = coalesce(?, input_file), "
            "looked_at = iif(?, ?, looked_at), details = json_patch(details, ?) WHERE id = ?",
            (state, remote, input_file, looked, now(), encode(details or {}), batch.id),
        )
        row = connection.execute(f"SELECT {_COLUMNS} FROM batch WHERE id = ?", (batch.id,)).fetchone()
    return _batch(row)


def remove(store: Store, batch: Batch) -> None:
    """Forget a batch that was never sent."""
    with store.write() as connection:
        connection.execute("DELETE FROM batch WHERE id = ? AND state = 'new'", (batch.id,))


def of_series(store: Store, series_id: int, *, pending: bool = False) -> list[Batch]:
    """The batches of a series in their order; ``pending`` leaves out the closed ones."""
    where = "AND state != 'closed'" if pending else ""
    return [
        _batch(row)
        for row in store.read(f"SELECT {_COLUMNS} FROM batch WHERE series_id = ? {where} ORDER BY id", (series_id,))
    ]


def ordinals(store: Store, batch: Batch) -> array[int]:
    """The places of the series that a batch asks for: 8 bytes each."""
    row = store.one("SELECT ordinals FROM batch WHERE id = ?", (batch.id,))
    return array("q", json.loads(row[0]) if row else [])


def _batch(row: tuple[Any, ...]) -> Batch:
    given = dict(zip((field.name for field in fields(Batch)), row, strict=True))
    return Batch(**{**given, "details": json.loads(row[8])})
