"""Requests that failed: looked at by people, and found again to be asked once more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.store.connection import Store

#: A reason that was not written down counts as this one.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that gave no sample, as it came; ``cost`` in dollars, None when unknown."""

    text: str
    model: str
    endpoint: str
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed request: what was sent, how often, and what came back.

    ``answer`` is the last answer (that of the repairing request, where there was one), ``first`` the unreadable answer
    that was to be repaired; each None when there is none. ``reason`` is a word for counting, ``error`` the whole sentence
    of a request that got no answer.
    """

    id: int
    series_id: int
    ordinal: int
    reason: str
    error: str | None
    attempts: int
    messages: list[dict[str, str]]
    parameters: dict[str, Any]
    conditions: dict[str, Any]
    answer: Said | None
    first: Said | None
    created_at: str


class Place(NamedTuple):
    """Where a failed request stands: ``answered`` says that an answer came, though it was of no use."""

    id: int
    ordinal: int
    draw: int
    answered: bool


_ANSWER = ("text", "model", "endpoint", "finish_reason", "input_tokens", "output_tokens", "cost", "seconds")


def failed(
    store: Store, job_id: int, reasons: Sequence[str] | None = None, *, after: int = 0, limit: int = 100
) -> list[Failed]:
    """Failed requests of a job, by id and after the id ``after``; ``reasons`` None stands for all."""
    where, given = _of(job_id, reasons)
    columns = ", ".join(f"{table}.{name}" for table in ("answer", "first") for name in _ANSWER)
    rows = store.read(
        f"SELECT request.id, series_id, ordinal, ifnull(reason, '{UNKNOWN}'), attempts, messages, parameters, conditions, "
        f"request.created_at, answer_id, first_answer_id, error, {columns} FROM request JOIN prompt ON prompt.id = prompt_id "
        "LEFT JOIN answer ON answer.id = answer_id LEFT JOIN answer AS first ON first.id = first_answer_id "
        f"WHERE {where} AND request.id > ? ORDER BY request.id LIMIT ?",
        (*given, after, limit),
    )
    split = 12 + len(_ANSWER)
    return [
        Failed(
            id=row[0],
            series_id=row[1],
            ordinal=row[2],
            reason=row[3],
            error=row[11],
            attempts=row[4],
            messages=json.loads(row[5]),
            parameters=json.loads(row[6]),
            conditions=json.loads(row[7]),
            answer=None if row[9] is None else Said(*row[12:split]),
            first=None if row[10] is None else Said(*row[split:]),
            created_at=row[8],
        )
        for row in rows
    ]


def places(
    store: Store,
    job_id: int,
    series_id: int,
    reasons: Sequence[str] | None = None,
    *,
    after: int = 0,
    limit: int = 1_000,
) -> list[Place]:
    """The same, without what was said: for asking these requests again."""
    where, given = _of(job_id, reasons)
    rows = store.read(
        "SELECT id, ordinal, draw, answer_id IS NOT NULL OR first_answer_id IS NOT NULL FROM request "
        f"WHERE {where} AND series_id = ? AND id > ? ORDER BY id LIMIT ?",
        (*given, series_id, after, limit),
    )
    return [Place(row[0], row[1], row[2], bool(row[3])) for row in rows]


def by_reason(store: Store, job_id: int) -> dict[str, int]:
    """How many requests of a job failed for which reason, most frequent first."""
    return dict(
        store.read(
            f"SELECT ifnull(reason, '{UNKNOWN}'), count(*) FROM request WHERE job_id = ? AND state = 'failed' "
            "GROUP BY reason ORDER BY 2 DESC, 1",
            (job_id,),
        )
    )


def count(store: Store, job_id: int, reasons: Sequence[str] | None = None) -> int:
    """How many requests of a job failed, for some reasons or any."""
    found = by_reason(store, job_id)
    return sum(found.values()) if reasons is None else sum(found.get(reason, 0) for reason in set(reasons))


def series_of(store: Store, job_id: int) -> set[int]:
    """The series to which a job's failed requests belong."""
    found = store.read("SELECT DISTINCT series_id FROM request WHERE job_id = ? AND state = 'failed'", (job_id,))
    return {row[0] for row in found}


def _of(job_id: int, reasons: Sequence[str] | None) -> tuple[str, list[Any]]:
    where = "job_id = ? AND state = 'failed'"
    if reasons is None:
        return where, [job_id]
    marks = ",".join("?" * len(reasons))
    return f"{where} AND ifnull(reason, '{UNKNOWN}') IN ({marks})", [job_id, *reasons]
