"""The request ledger: every answer is committed before it is parsed and counted, and never paid for twice."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store.connection import Store, now
from workbench.store.samples import encode
from workbench.text import content_hash


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that got its answer (``answer_*`` set) or failed for good (``reason`` set), to be written down."""

    ordinal: int
    messages: Sequence[Mapping[str, str]]
    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    parents: Mapping[str, Sequence[int]]
    draw: int
    attempts: int
    key: str
    answer_text: str | None = None
    answer_model: str = ""
    finish_reason: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    logprobs: Sequence[float] | None = None
    seconds: float = 0.0
    cost: float | None = None
    cached: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that is there already under its key."""

    id: int
    text: str
    model: str
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    logprobs: list[float] | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """One request of a series as recorded: what a resumed job starts from."""

    id: int
    ordinal: int
    state: str
    answer: str | None
    finish_reason: str | None
    logprobs: list[float] | None
    conditions: dict[str, Any]
    parents: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Wave:
    number: int
    start: int
    size: int
    frozen: dict[str, Any]
    decided: bool


def series(store: Store, recipe: str, parameters: Mapping[str, Any], model: str, seed: int) -> int:
    """The id of a recipe with these parameters, model and seed; made on first use."""
    key = bytes.fromhex(content_hash([recipe, parameters, model, seed]))
    with store.write() as connection:
        connection.execute(
            "INSERT INTO series (key, recipe, parameters, model, seed, created_at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (key, recipe, encode(parameters), model, seed, now()),
        )
        return int(connection.execute("SELECT id FROM series WHERE key = ?", (key,)).fetchone()[0])


def prepared(store: Store, series_id: int) -> dict[str, Any] | None:
    """What the recipe's preparation gave (proposed attributes, ...), or None when it has not been done."""
    row = store.one("SELECT prepared FROM series WHERE id = ?", (series_id,))
    return json.loads(row[0]) if row and row[0] is not None else None


def keep_prepared(store: Store, series_id: int, value: Mapping[str, Any]) -> None:
    with store.write() as connection:
        connection.execute("UPDATE series SET prepared = ? WHERE id = ?", (encode(value), series_id))


def waves(store: Store, series_id: int) -> list[Wave]:
    return [
        Wave(number, start, size, json.loads(frozen), bool(decided))
        for number, start, size, frozen, decided in store.read(
            "SELECT number, start, size, frozen, decided FROM wave WHERE series_id = ? ORDER BY number", (series_id,)
        )
    ]


def open_wave(
    store: Store, series_id: int, number: int, start: int, size: int, frozen: Mapping[str, Any], job: int
) -> None:
    with store.write() as connection:
        connection.execute(
            "INSERT INTO wave (series_id, number, start, size, frozen, job_id) VALUES (?, ?, ?, ?, ?, ?)",
            (series_id, number, start, size, encode(frozen), job),
        )


def decide_wave(connection: sqlite3.Connection, series_id: int, number: int) -> None:
    connection.execute("UPDATE wave SET decided = 1 WHERE series_id = ? AND number = ?", (series_id, number))


def pack_logprobs(values: Sequence[float] | None) -> bytes | None:
    """float32, little overhead: one blob per answer."""
    return None if values is None else array("f", values).tobytes()


def unpack_logprobs(blob: bytes | None) -> list[float] | None:
    if blob is None:
        return None
    values = array("f")
    values.frombytes(blob)
    return list(values)


def find(store: Store, key: str) -> Known | None:
    """The answer kept under a request's key, or None."""
    row = store.one(
        "SELECT id, text, model, finish_reason, input_tokens, output_tokens, logprobs, cost FROM answer WHERE key = ?",
        (bytes.fromhex(key),),
    )
    return (
        None if row is None else Known(row[0], row[1], row[2], row[3], row[4], row[5], unpack_logprobs(row[6]), row[7])
    )


class Prompts:
    """Ids of prompts, each stored once; remembers the newest few thousand."""

    def __init__(self, limit: int = 4_096) -> None:
        self._ids: dict[str, int] = {}
        self._limit = limit

    def id(self, connection: sqlite3.Connection, messages: Sequence[Mapping[str, str]]) -> int:
        text = encode([dict(message) for message in messages])
        found = self._ids.get(text)
        if found is None:
            digest = bytes.fromhex(content_hash(text))
            connection.execute(
                "INSERT INTO prompt (hash, messages) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, text)
            )
            found = int(connection.execute("SELECT id FROM prompt WHERE hash = ?", (digest,)).fetchone()[0])
            if len(self._ids) >= self._limit:
                self._ids.clear()
            self._ids[text] = found
        return found

    def forget(self) -> None:
        """After a rolled-back transaction the ids may not exist."""
        self._ids.clear()


def keep_answer(connection: sqlite3.Connection, one: Asked) -> None:
    """Keep an answer under its key inside the caller's transaction; one that is there already stays."""
    connection.execute(
        "INSERT INTO answer (key, text, model, finish_reason, input_tokens, output_tokens, logprobs, seconds, cost, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            bytes.fromhex(one.key),
            (one.answer_text or "").encode("utf-8", "replace").decode(),
            one.answer_model,
            one.finish_reason,
            one.input_tokens,
            one.output_tokens,
            pack_logprobs(one.logprobs),
            one.seconds,
            one.cost,
            now(),
        ),
    )


def record(
    connection: sqlite3.Connection, prompts: Prompts, series_id: int, job_id: int, asked: Iterable[Asked]
) -> list[int]:
    """Write requests with their answers inside the caller's transaction; returns the requests' ids in order."""
    at = now()
    ids: list[int] = []
    for one in asked:
        answer_id = None
        if one.answer_text is not None:
            key = bytes.fromhex(one.key)
            if not one.cached:
                keep_answer(connection, one)
            (answer_id,) = connection.execute("SELECT id FROM answer WHERE key = ?", (key,)).fetchone()
        cursor = connection.execute(
            "INSERT INTO request (series_id, ordinal, job_id, prompt_id, parameters, conditions, parents, draw, answer_id, "
            "state, reason, attempts, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (series_id, ordinal) DO UPDATE SET answer_id = excluded.answer_id, state = excluded.state, "
            "reason = excluded.reason, attempts = request.attempts + excluded.attempts, job_id = excluded.job_id "
            "RETURNING id",
            (
                series_id,
                one.ordinal,
                job_id,
                prompts.id(connection, one.messages),
                encode(one.parameters),
                encode(one.conditions),
                encode(one.parents),
                one.draw,
                answer_id,
                "failed" if answer_id is None else "answered",
                one.reason,
                one.attempts,
                at,
            ),
        )
        ids.append(int(cursor.fetchone()[0]))
    return ids


def mark(connection: sqlite3.Connection, request_id: int, state: str, reason: str | None = None) -> None:
    """A parsed answer, or one that could not be (``failed`` with its reason; the answer is kept)."""
    connection.execute("UPDATE request SET state = ?, reason = ? WHERE id = ?", (state, reason, request_id))


def recorded(store: Store, series_id: int, start: int, size: int) -> list[tuple[int, str]]:
    """(ordinal, state) of the requests that are down in an ordinal range, in order."""
    found = store.read(
        "SELECT ordinal, state FROM request WHERE series_id = ? AND ordinal >= ? AND ordinal < ? ORDER BY ordinal",
        (series_id, start, start + size),
    )
    return [(row[0], row[1]) for row in found]


def unparsed(store: Store, series_id: int, limit: int = 1_000) -> list[Done]:
    """Answers that are committed but not parsed: what a killed job left, first thing to do on resuming."""
    return [
        Done(row[0], row[1], row[2], row[3], row[4], unpack_logprobs(row[5]), json.loads(row[6]), json.loads(row[7]))
        for row in store.read(
            "SELECT request.id, ordinal, state, text, finish_reason, logprobs, conditions, parents FROM request "
            "JOIN answer ON answer.id = answer_id WHERE series_id = ? AND state = 'answered' ORDER BY ordinal LIMIT ?",
            (series_id, limit),
        )
    ]


def totals(store: Store, job_id: int) -> dict[str, Any]:
    """Tokens and cost of the answers that one job recorded, and its failed requests by reason."""
    row = store.one(
        "SELECT count(*), ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), sum(cost) FROM request "
        "LEFT JOIN answer ON answer.id = answer_id WHERE job_id = ?",
        (job_id,),
    )
    assert row is not None
    reasons = dict(
        store.read(
            "SELECT ifnull(reason, 'unknown'), count(*) FROM request WHERE job_id = ? AND state = 'failed' "
            "GROUP BY reason ORDER BY 2 DESC",
            (job_id,),
        )
    )
    return {
        "requests": row[0],
        "input_tokens": row[1],
        "output_tokens": row[2],
        "cost": row[3],
        "reasons": reasons,
    }


def kept(store: Store, series_id: int) -> int:
    """Samples of the series that its recipe's own rules kept."""
    row = store.one(
        "SELECT count(*) FROM request JOIN sample ON sample.request_id = request.id WHERE series_id = ? AND NOT EXISTS "
        "(SELECT 1 FROM verdict WHERE sample_id = sample.id AND active AND verdict.filter GLOB 'recipe.*')",
        (series_id,),
    )
    return int(row[0]) if row else 0


def series_samples(store: Store, series_id: int, start: int, size: int) -> list[tuple[int, int, str, str | None, bool]]:
    """(sample id, ordinal, text, label key, kept) of the samples of an ordinal range, in request order."""
    found = store.read(
        "SELECT sample.id, request.ordinal, text, label_key, NOT EXISTS (SELECT 1 FROM verdict WHERE sample_id = sample.id "
        "AND active AND verdict.filter GLOB 'recipe.*') FROM request JOIN sample ON sample.request_id = request.id "
        "WHERE series_id = ? AND request.ordinal >= ? AND request.ordinal < ? ORDER BY request.ordinal, sample.ordinal",
        (series_id, start, start + size),
    )
    return [(row[0], row[1], row[2], row[3], bool(row[4])) for row in found]


def find_series(store: Store, recipe: str, parameters: Mapping[str, Any], model: str, seed: int) -> int | None:
    """The id of a series that exists, or None."""
    key = bytes.fromhex(content_hash([recipe, parameters, model, seed]))
    row = store.one("SELECT id FROM series WHERE key = ?", (key,))
    return int(row[0]) if row else None


def next_ordinal(store: Store, series_id: int) -> int:
    """The first place of the series that no wave has taken."""
    row = store.one("SELECT ifnull(max(start + size), 0) FROM wave WHERE series_id = ?", (series_id,))
    return int(row[0]) if row else 0


def duplicates(store: Store, series_id: int) -> int:
    """Samples of the series whose content stands in an earlier sample of it."""
    row = store.one(
        "SELECT count(*) - count(DISTINCT original_hash) FROM request JOIN sample ON request_id = request.id "
        "WHERE series_id = ?",
        (series_id,),
    )
    return int(row[0]) if row else 0


def made_by(store: Store, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(model, recipe) of generated samples, for some thousand ids."""
    marks = ",".join("?" * len(ids))
    found = store.read(
        "SELECT sample.id, model, recipe FROM sample JOIN request ON request.id = request_id "
        f"JOIN series ON series.id = series_id WHERE sample.id IN ({marks})",
        list(ids),
    )
    return {row[0]: (row[1], row[2]) for row in found}


def provenance(store: Store) -> list[dict[str, Any]]:
    """Per series that gave samples: recipe, model, parameters, jobs and number of samples."""
    return [
        {
            "name": row[1],
            "models": [row[2]],
            "parameters": {**json.loads(row[3]), "seed": row[4]},
            "jobs": [int(job) for job in str(row[5]).split(",")],
            "samples": row[6],
        }
        for row in store.read(
            "SELECT series.id, recipe, model, series.parameters, seed, group_concat(DISTINCT sample.job_id), count(*) "
            "FROM series JOIN request ON series_id = series.id JOIN sample ON request_id = request.id "
            "GROUP BY series.id ORDER BY series.id"
        )
    ]


def rejected(store: Store) -> list[int]:
    """Generated samples that people rejected."""
    return [row[0] for row in store.read("SELECT id FROM sample WHERE status = 'rejected' AND origin = 'synthetic'")]


def spent(store: Store) -> tuple[float, bool]:
    """Dollars spent in this project, and whether some answers had no known price."""
    row = store.one("SELECT ifnull(sum(cost), 0), count(*) > count(cost) FROM answer")
    return (float(row[0]), bool(row[1])) if row else (0.0, False)


def series_runs(store: Store, limit: int = 20) -> list[dict[str, Any]]:
    """Recent series with how many requests and samples each has: the history that the Generate screen shows."""
    return [
        {"series": row[0], "recipe": row[1], "model": row[2], "seed": row[3], "requests": row[4], "samples": row[5]}
        for row in store.read(
            "SELECT series.id, recipe, model, seed, (SELECT count(*) FROM request WHERE series_id = series.id), "
            "(SELECT count(*) FROM request JOIN sample ON request_id = request.id WHERE series_id = series.id) "
            "FROM series ORDER BY id DESC LIMIT ?",
            (limit,),
        )
    ]
