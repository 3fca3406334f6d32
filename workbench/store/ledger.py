"""The request ledger: series, waves and requests; every answer is committed before it is parsed and counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store import failures
from workbench.store.answers import Asked, keep_answers, unpack_logprobs
from workbench.store.connection import Store, bulk, now, powers
from workbench.store.encoding import encode, label_key, text_of
from workbench.store.prompts import Prompts as Prompts  # noqa: PLC0414 - whoever records makes one
from workbench.store.prompts import Texts, encoded
from workbench.text import content_hash

#: Places of a series that one read looks at.
READ = 10_000
#: Places that are looked up before they are asked.
AHEAD = 1_024
#: After every place.
LAST = 2**62
#: The model that the recipe chose for a request, as the condition ``models`` wrote it down; NULL where it chose none.
CHOSEN = "json_extract(request.conditions, '$.model')"


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


def last_wave(store: Store, series_id: int) -> Wave | None:
    """The newest wave of a series, or None."""
    row = store.one(
        "SELECT number, start, size, frozen, decided FROM wave WHERE series_id = ? ORDER BY number DESC LIMIT 1",
        (series_id,),
    )
    return None if row is None else Wave(row[0], row[1], row[2], json.loads(row[3]), bool(row[4]))


def frozen(store: Store, series_id: int) -> list[dict[str, Any]]:
    """What each wave of a series froze, in their order."""
    found = store.read("SELECT frozen FROM wave WHERE series_id = ? ORDER BY number", (series_id,))
    return [json.loads(row[0]) for row in found]


def open_wave(
    store: Store, series_id: int, number: int, start: int, size: int, frozen: Mapping[str, Any], job: int
) -> Wave:
    with store.write() as connection:
        connection.execute(
            "INSERT INTO wave (series_id, number, start, size, frozen, job_id) VALUES (?, ?, ?, ?, ?, ?)",
            (series_id, number, start, size, encode(frozen), job),
        )
    return Wave(number, start, size, dict(frozen), decided=False)


def decide_wave(connection: sqlite3.Connection, series_id: int, number: int) -> None:
    connection.execute("UPDATE wave SET decided = 1 WHERE series_id = ? AND number = ?", (series_id, number))


def _found(connection: sqlite3.Connection, sql: str, given: Sequence[Any], values: Sequence[Any]) -> dict[Any, int]:
    """``sql`` selects (value, id) and ends where the list of values belongs."""
    found: dict[Any, int] = {}
    for chunk in powers(values):
        found.update(connection.execute(f"{sql} ({','.join('?' * len(chunk))})", [*given, *chunk]).fetchall())
    return found


def record(
    connection: sqlite3.Connection,
    prompts: Prompts,
    series_id: int,
    job_id: int,
    asked: Sequence[Asked],
    texts: Sequence[Texts] | None = None,
) -> list[int]:
    """Write requests with their answers inside the caller's transaction; returns the requests' ids in order.

    ``texts``: ``encoded(asked)``, made before the transaction began, so that nobody waits for it.
    """
    if not asked:
        return []
    at = now()
    keep_answers(connection, (one for one in asked if one.answer_text is not None and not one.cached))
    answered = [one for one in asked if one.answer_text is not None]
    firsts = [one.first for one in asked if one.first is not None]
    if firsts:
        keep_answers(connection, firsts)  # there already, unless somebody deleted it meanwhile
    keys = [bytes.fromhex(one.key) for one in (*answered, *firsts)]
    answers = _found(connection, "SELECT key, id FROM answer WHERE key IN", (), keys)
    rows = []
    for one, text in zip(asked, encoded(asked) if texts is None else texts, strict=True):
        answer_id = None if one.answer_text is None else answers[bytes.fromhex(one.key)]
        rows.append(
            (
                series_id,
                one.ordinal,
                job_id,
                prompts.id(connection, text.prompt, text.prompt_hash),
                text.parameters,
                text.conditions,
                text.parents,
                one.draw,
                answer_id,
                None if one.first is None else answers[bytes.fromhex(one.first.key)],
                "failed" if answer_id is None else "answered",
                one.reason,
                text.error,
                one.attempts,
                at,
            )
        )
    bulk(
        connection,
        "INSERT INTO request (series_id, ordinal, job_id, prompt_id, parameters, conditions, parents, draw, answer_id, "
        "first_answer_id, state, reason, error, attempts, created_at)",
        rows,
        "ON CONFLICT (series_id, ordinal) DO UPDATE SET prompt_id = excluded.prompt_id, "
        "parameters = excluded.parameters, conditions = excluded.conditions, parents = excluded.parents, "
        "draw = excluded.draw, answer_id = excluded.answer_id, first_answer_id = excluded.first_answer_id, "
        "state = excluded.state, reason = excluded.reason, error = excluded.error, job_id = excluded.job_id, "
        "attempts = request.attempts + excluded.attempts",
    )
    ordinals = [one.ordinal for one in asked]
    ids = _found(
        connection, "SELECT ordinal, id FROM request WHERE series_id = ? AND ordinal IN", (series_id,), ordinals
    )
    return [ids[ordinal] for ordinal in ordinals]


def mark(connection: sqlite3.Connection, marks: Iterable[tuple[int, str, str | None]]) -> None:
    """Per request: its id, ``parsed``, or ``failed`` with a reason where an answer gave no sample (the answer is kept)."""
    alike: dict[tuple[str, str | None], list[int]] = {}
    for request_id, state, reason in marks:
        alike.setdefault((state, reason), []).append(request_id)
    for given, ids in alike.items():
        for chunk in powers(ids):
            connection.execute(
                f"UPDATE request SET state = ?, reason = ? WHERE id IN ({','.join('?' * len(chunk))})", (*given, *chunk)
            )


def score_requests(
    connection: sqlite3.Connection, name: str, values: Iterable[tuple[int, float]], *, version: int, job_id: int
) -> None:
    """Store one score for the first sample of some requests (request id, value) inside the caller's transaction."""
    for chunk in powers(list(values)):
        connection.execute(
            "INSERT OR REPLACE INTO score (sample_id, name, value, version, job_id) "
            f"SELECT id, ?, column2, ?, ? FROM (VALUES {','.join(['(?,?)'] * len(chunk))}) "
            "JOIN sample ON request_id = column1 AND ordinal = 0",
            (name, version, job_id, *(part for pair in chunk for part in pair)),
        )


def recorded(store: Store, series_id: int, start: int, size: int) -> list[tuple[int, str]]:
    """(ordinal, state) of the requests that are down in an ordinal range, in order."""
    found = store.read(
        "SELECT ordinal, state FROM request WHERE series_id = ? AND ordinal >= ? AND ordinal < ? ORDER BY ordinal",
        (series_id, start, start + size),
    )
    return [(row[0], row[1]) for row in found]


def unrecorded(store: Store, series_id: int, start: int, size: int) -> Iterator[int]:
    """The places of an ordinal range that no request stands at, in order; looked up some hundred at a time."""
    for first in range(start, start + size, AHEAD):
        places = range(first, min(first + AHEAD, start + size))
        there = {ordinal for ordinal, _ in recorded(store, series_id, first, len(places))}
        yield from (ordinal for ordinal in places if ordinal not in there)


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
    """What one job recorded: requests, answers, tokens and cost (None when a price is unknown) of those that were not
    there before, repairs, samples, and failed requests by reason."""
    row = store.one(
        "SELECT count(*), count(answer_id), ifnull(sum(attempts = 0), 0), count(first_answer_id), "
        "ifnull(sum(max(attempts - 1 - (first_answer_id IS NOT NULL), 0)), 0), ifnull(sum(state = 'failed'), 0), "
        "ifnull(sum(iif(attempts > 0, ifnull(answer.input_tokens, 0) + ifnull(first.input_tokens, 0), 0)), 0), "
        "ifnull(sum(iif(attempts > 0, ifnull(answer.output_tokens, 0) + ifnull(first.output_tokens, 0), 0)), 0), "
        "ifnull(sum(iif(attempts > 0, ifnull(answer.cost, 0) + ifnull(first.cost, 0), 0)), 0.0), "
        "ifnull(sum(attempts > 0 AND ((answer_id IS NOT NULL AND answer.cost IS NULL) "
        "OR (first_answer_id IS NOT NULL AND first.cost IS NULL))), 0) "
        "FROM request LEFT JOIN answer ON answer.id = answer_id LEFT JOIN answer AS first ON first.id = first_answer_id "
        "WHERE job_id = ?",
        (job_id,),
    )
    made = store.one("SELECT count(*) FROM sample WHERE job_id = ?", (job_id,))
    assert row is not None
    assert made is not None
    return {
        "requests": row[0],
        "answers": row[1],
        "cached": row[2],
        "repaired": row[3],
        "retried": row[4],
        "failed": row[5],
        "samples": made[0],
        "input_tokens": row[6],
        "output_tokens": row[7],
        "cost": None if row[9] else float(row[8]),
        "reasons": failures.by_reason(store, job_id),
    }


def kept(store: Store, series_id: int, start: int = 0, end: int | None = None) -> int:
    """Samples of the series, or of its places from ``start`` to before ``end``, that its recipe's own rules kept."""
    row = store.one(
        "SELECT count(*) FROM request JOIN sample ON sample.request_id = request.id "
        "WHERE series_id = ? AND request.ordinal >= ? AND request.ordinal < ? AND NOT EXISTS "
        "(SELECT 1 FROM verdict WHERE sample_id = sample.id AND active AND verdict.filter GLOB 'recipe.*')",
        (series_id, start, LAST if end is None else end),
    )
    return int(row[0]) if row else 0


def series_samples(
    store: Store, series_id: int, start: int, size: int
) -> Iterator[tuple[int, int, str, str | None, bool, str | None]]:
    """(sample id, ordinal, text, label key, kept, model) of the samples of an ordinal range, in request order, in short
    reads; the model is told where the recipe chose one for each request.

    Text and label are those that the model gave: what people change meanwhile must not change a resumed run.
    """
    for first in range(start, start + size, READ):
        found = store.read(
            "SELECT sample.id, request.ordinal, iif(fields IS NULL, text, NULL), original_fields, original_label, "
            "NOT EXISTS (SELECT 1 FROM verdict WHERE sample_id = sample.id AND active AND verdict.filter GLOB 'recipe.*'), "
            f"{CHOSEN} FROM request JOIN sample ON sample.request_id = request.id WHERE series_id = ? "
            "AND request.ordinal >= ? "
            "AND request.ordinal < ? ORDER BY request.ordinal, sample.ordinal",
            (series_id, first, min(first + READ, start + size)),
        )
        for sample_id, ordinal, text, fields, label, is_kept, model in found:
            given = text_of(json.loads(fields)) if text is None else text
            key = None if label is None else label_key(json.loads(label))
            yield sample_id, ordinal, given, key, bool(is_kept), model


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
    # By each sample's place in the index of contents: a set of a million of them would have to be held in memory.
    row = store.one(
        "SELECT count(*) FROM request JOIN sample ON request_id = request.id WHERE series_id = ? AND EXISTS "
        "(SELECT 1 FROM sample AS other JOIN request AS asked ON asked.id = other.request_id "
        "WHERE other.original_hash = sample.original_hash AND other.id < sample.id AND asked.series_id = ?)",
        (series_id, series_id),
    )
    return int(row[0]) if row else 0


def made_by(store: Store, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(model, recipe) of generated samples, for some thousand ids."""
    marks = ",".join("?" * len(ids))
    found = store.read(
        f"SELECT sample.id, ifnull({CHOSEN}, model), recipe FROM sample JOIN request ON request.id = request_id "
        f"JOIN series ON series.id = series_id WHERE sample.id IN ({marks})",
        list(ids),
    )
    return {row[0]: (row[1], row[2]) for row in found}


def provenance(store: Store) -> list[dict[str, Any]]:
    """Per series that gave samples: recipe, models, parameters, jobs and number of samples; in short reads."""
    found = []
    for series_id, recipe, model, parameters, seed in store.read(
        "SELECT id, recipe, model, parameters, seed FROM series ORDER BY id"
    ):
        jobs: set[int] = set()
        models: set[str] = set()
        count = 0
        for start in range(0, next_ordinal(store, series_id), READ):
            for job, chosen, n in store.read(
                f"SELECT sample.job_id, {CHOSEN}, count(*) FROM request JOIN sample ON request_id = request.id "
                "WHERE series_id = ? AND request.ordinal >= ? AND request.ordinal < ? GROUP BY 1, 2",
                (series_id, start, start + READ),
            ):
                count += n
                jobs |= {job} - {None}
                models.add(chosen or model)
        if count:
            made = {"name": recipe, "models": sorted(models), "parameters": {**json.loads(parameters), "seed": seed}}
            found.append({**made, "jobs": sorted(jobs), "samples": count})
    return found


def rejected(store: Store) -> list[int]:
    """Generated samples that people rejected."""
    return [row[0] for row in store.read("SELECT id FROM sample WHERE status = 'rejected' AND origin = 'synthetic'")]


def spent(store: Store) -> tuple[float, bool]:
    """Dollars spent in this project, and whether some answers had no known price."""
    row = store.one("SELECT ifnull(sum(cost), 0), count(*) > count(cost) FROM answer")
    return (float(row[0]), bool(row[1])) if row else (0.0, False)
