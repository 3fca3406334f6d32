"""Everything behind one sample: its scores, verdicts, repairs, weight, suggestions, neighbours, and the prompt it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from workbench.store import behind, remarks, samples, weights
from workbench.store.connection import Store
from workbench.store.samples import Sample


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a filter dropped a sample."""

    filter: str
    reason: str
    value: float | None
    other: int | None


@dataclass(frozen=True, slots=True)
class Repair:
    """What a technique would make of a sample, or made of it. ``label`` None: it is about the contents or a soft label."""

    technique: str
    label: Any
    confidence: float
    reason: str
    applied: bool
    fields: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a synthetic sample came from, down to the exact prompt."""

    recipe: str
    model: str
    seed: int
    job_id: int
    messages: list[dict[str, str]]
    parameters: dict[str, Any]
    answer: str
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind one sample."""

    scores: dict[str, float]
    verdicts: list[Verdict]
    suggestions: list[tuple[str, float, str]]  # label, score, source; best first
    neighbours: list[tuple[int, float, str, str]]  # sample id, similarity, status, text
    origin: Origin | None
    note: str | None
    repairs: list[Repair]
    weight: tuple[str, float, str] | None  # technique, weight, reason
    reason: str | None = None  # why somebody rejected it
    tags: tuple[str, ...] = ()
    spoken: bool = False  # whether the person who looks has decided on it
    taken_for: tuple[str, int] | None = None  # what a benchmark's classifier said wrongly, in which evaluation


def explain(store: Store, sample: Sample, *, annotator_id: int | None = None, alone: bool = False) -> Explanation:
    """Everything behind a sample, as ``annotator_id`` sees it: a handful of indexed look-ups. ``alone``: without the notes,
    tags and reasons of other people."""
    scores = dict(store.read("SELECT name, value FROM score WHERE sample_id = ? ORDER BY name", (sample.id,)))
    verdicts = [
        Verdict(*row)
        for row in store.read(
            "SELECT filter, reason, value, other_id FROM verdict WHERE sample_id = ? AND active ORDER BY filter",
            (sample.id,),
        )
    ]
    suggestions = [
        (json.loads(label), score, source)
        for label, score, source in store.read(
            "SELECT label, score, source FROM suggestion WHERE sample_id = ? ORDER BY rank, score DESC LIMIT 20",
            (sample.id,),
        )
    ]
    neighbours = store.read(
        "SELECT other_id, similarity, status, substr(text, 1, 2000) FROM neighbour JOIN sample ON id = other_id "
        "WHERE sample_id = ? ORDER BY rank LIMIT 5",
        (sample.id,),
    )
    said = remarks.of(store, sample.id, annotator_id, alone=alone)
    return Explanation(
        scores,
        verdicts,
        suggestions,
        [(row[0], row[1], row[2], row[3]) for row in neighbours],
        _origin(store, sample),
        said.note,
        [
            Repair(row[0], _read(row[1]), row[2], row[3], bool(row[4]), _read(row[5]))
            for row in store.read(
                "SELECT technique, label, confidence, reason, applied, fields FROM repair WHERE sample_id = ? AND active "
                "ORDER BY place",
                (sample.id,),
            )
        ],
        weights.of(store, sample.id),
        said.reason if sample.status == "rejected" else None,
        said.tags,
        said.spoken,
        behind.taken_for(store, sample),
    )


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _origin(store: Store, sample: Sample) -> Origin | None:
    if sample.request_id is None:
        return None
    row = store.one(
        """SELECT series.recipe, answer.model, series.seed, request.job_id, prompt.messages, request.parameters,
                  answer.text, answer.finish_reason, answer.input_tokens, answer.output_tokens, answer.cost,
                  answer.seconds, request.attempts
           FROM request JOIN series ON series.id = series_id JOIN prompt ON prompt.id = prompt_id
           JOIN answer ON answer.id = answer_id WHERE request.id = ?""",
        (sample.request_id,),
    )
    if row is None:
        return None
    return Origin(row[0], row[1], row[2], row[3], json.loads(row[4]), json.loads(row[5]), *row[6:])


def unseen(store: Store, found: Explanation, mine: int) -> Explanation:
    """``found`` for ``mine``, who reads blind: neighbours are as they came, too, until decided on."""
    rows = samples.rows(store, [one for one, *_ in found.neighbours], mine=mine)
    near = [
        (one, alike, rows[one].status, rows[one].text) if one in rows else (one, alike, status, text)
        for one, alike, status, text in found.neighbours
    ]
    return replace(found, neighbours=near)
