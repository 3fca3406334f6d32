"""What is stored about why a sample is to be looked at, and what looking has bought so far."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workbench.store import blind, clusters
from workbench.store.connection import Store

#: Samples with a score are counted up to this many: a list of orders is there at once.
COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Stored:
    """One sample as a selection strategy's ``why`` needs it. ``score`` None: the strategy has not scored it."""

    score: float | None
    label: str | None
    original: str | None
    suggestions: list[tuple[str, float]]  # best first
    accepted: int
    cluster: tuple[int, str, int] | None
    clusters: int


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the learning curve: after so many samples that people decided on, the classifier trained on ``trained_on``
    texts was right on a share of ``validation`` texts of the validation split; 95 % interval (Wilson)."""

    job_id: int
    at: str
    labelled: int
    trained_on: int
    validation: int
    accuracy: float
    low: float
    high: float


def stored(store: Store, sample_id: int, name: str, *, mine: int | None = None) -> Stored:
    """A handful of indexed look-ups; with ``mine`` the label is as it came while that person has not decided."""
    row = store.one("SELECT label_key, original_label FROM sample WHERE id = ?", (sample_id,))
    score = store.one("SELECT value FROM score WHERE sample_id = ? AND name = ?", (sample_id, name))
    label, original = (row[0], _text(row[1])) if row else (None, None)
    if mine is not None and sample_id in (hidden := blind.as_it_came(store, mine, [sample_id])):
        label = _text(hidden[sample_id][0])
    suggested = store.read(
        "SELECT label, score FROM suggestion WHERE sample_id = ? AND source = 'tfidf' ORDER BY rank LIMIT 20",
        (sample_id,),
    )
    found = clusters.of(store, sample_id)
    return Stored(
        None if score is None else float(score[0]),
        label,
        original,
        [(text, value) for encoded, value in suggested if (text := _text(encoded)) is not None],
        accepted(store).get(label, 0) if label is not None else 0,
        None if found is None else (found.id, found.title, found.size),
        clusters.number(store),
    )


def _text(encoded: str | None) -> str | None:
    value = None if encoded is None else json.loads(encoded)
    return value if isinstance(value, str) else None


def accepted(store: Store) -> dict[str, int]:
    """Accepted synthetic samples per label, from the tally."""
    return dict(
        store.read(
            "SELECT label_key, sum(n) FROM tally WHERE status = 'accepted' AND origin = 'synthetic' AND label_key != '' "
            "GROUP BY label_key HAVING sum(n) > 0"
        )
    )


def labelled(store: Store) -> int:
    """Samples that a person has given a label or a decision."""
    row = store.one(
        "SELECT count(DISTINCT sample_id) FROM opinion WHERE label IS NOT NULL OR ifnull(status, 'pending') != 'pending'"
    )
    return int(row[0]) if row else 0


def tops(store: Store, source: str, low: int, high: int) -> dict[int, list[tuple[str, float]]]:
    """The two best suggestions of a source for the samples from ``low`` to ``high``: (label as JSON, score)."""
    found: dict[int, list[tuple[str, float]]] = {}
    for sample_id, label, score in store.read(
        "SELECT sample_id, label, score FROM suggestion WHERE sample_id BETWEEN ? AND ? AND source = ? AND rank < 2 "
        "ORDER BY sample_id, rank",
        (low, high, source),
    ):
        found.setdefault(sample_id, []).append((label, score))
    return found


def scores_between(store: Store, name: str, low: int, high: int) -> dict[int, float]:
    """One score of the samples from ``low`` to ``high`` that have it."""
    return dict(
        store.read(
            # "+": by the primary key; the index of scores would be read whole for every range.
            "SELECT sample_id, value FROM score WHERE sample_id BETWEEN ? AND ? AND +name = ?",
            (low, high, name),
        )
    )


def scored(store: Store, names: Iterable[str]) -> dict[str, int]:
    """How many samples have each of these scores (0 for none; counted up to ``COUNTED``)."""
    found = {}
    for name in names:
        row = store.one("SELECT count(*) FROM (SELECT 1 FROM score WHERE name = ? LIMIT ?)", (name, COUNTED))
        found[name] = int(row[0]) if row else 0
    return found


def has_score(store: Store, name: str) -> bool:
    return store.one("SELECT 1 FROM score WHERE name = ? LIMIT 1", (name,)) is not None


def computed_by(store: Store, name: str) -> int:
    """The newest job that wrote a score of this name, 0 for none: it changes when the order does."""
    for job_id, result in _results(store):
        if name in result.get("strategies", ()):
            return job_id
    return 0


def skipped(store: Store, name: str) -> str | None:
    """Why the newest learn job did not compute an order that it was asked for."""
    for _, result in _results(store)[:1]:
        reason = result.get("skipped", {}).get(name) or (result.get("note") if not result.get("strategies") else None)
        return None if reason is None else str(reason)
    return None


def _results(store: Store) -> list[tuple[int, dict[str, Any]]]:
    """(job, result) of the learn jobs that are done, newest first, the last thousand."""
    found = store.read(
        "SELECT id, result FROM job WHERE kind = 'learn' AND state = 'done' AND result IS NOT NULL "
        "ORDER BY id DESC LIMIT 1000"
    )
    return [(job_id, json.loads(result)) for job_id, result in found]


def curve(store: Store) -> list[Point]:
    """The learning curve from the learn jobs that are done, in the order of time; of jobs that saw the same number of
    decisions the last one counts."""
    found: dict[int, Point] = {}
    for job_id, at, text in store.read(
        "SELECT id, finished_at, json_extract(result, '$.curve') FROM job WHERE kind = 'learn' AND state = 'done' "
        "AND json_extract(result, '$.curve') IS NOT NULL ORDER BY id"
    ):
        one = json.loads(text)
        found.pop(one["labelled"], None)
        found[one["labelled"]] = Point(
            job_id, at, one["labelled"], one["trained_on"], one["validation"], one["accuracy"], one["low"], one["high"]
        )
    return list(found.values())


def no_curve(store: Store) -> str:
    """Why there is no learning curve yet, and what to do."""
    row = store.one(
        "SELECT 1 FROM sample WHERE origin IN ('seed', 'real') AND split = 'validation' AND label_key IS NOT NULL LIMIT 1"
    )
    if row is None:
        return (
            "There are no labelled validation texts to measure on: workbench import PROJECT FILE --as validation "
            "(real texts with labels; the test split is never used for this)."
        )
    for _, result in _results(store)[:1]:
        if note := result.get("curve_note"):
            return str(note)
    return "Nothing is measured yet: the next learn job does it (every 50 decisions, or workbench learn)."


def overview(store: Store, names: Iterable[str]) -> dict[str, tuple[int, str | None]]:
    """Per score: samples that have it, and when a learn job last computed it (None: none of those known did)."""
    counts = scored(store, names)
    when: dict[str, str] = {}
    for at, text in store.read(
        "SELECT finished_at, json_extract(result, '$.strategies') FROM job WHERE kind = 'learn' AND state = 'done' "
        "AND json_extract(result, '$.strategies') IS NOT NULL ORDER BY id DESC LIMIT 200"
    ):
        for name in json.loads(text):
            when.setdefault(name, at)
    return {name: (n, when.get(name)) for name, n in counts.items()}


def covered(store: Store) -> int:
    """Up to which sample learn jobs have looked for neighbours of all, 0 for none."""
    row = store.one(
        "SELECT json_extract(result, '$.covered') FROM job WHERE kind = 'learn' AND state = 'done' "
        "AND json_extract(result, '$.covered') IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    return int(row[0]) if row else 0


def newest_learnt(store: Store) -> int:
    """The newest learn job that is done, 0 for none: a cheap sign that orders may have changed."""
    row = store.one("SELECT max(id) FROM job WHERE kind = 'learn' AND state = 'done'")
    return int(row[0] or 0) if row else 0
