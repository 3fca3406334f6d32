"""Answers: each kept under its request's key, found again, and never paid for twice."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store.connection import Store, bulk, now, powers


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that got its answer (``answer_*`` set) or failed for good (``reason`` set), to be written down.

    ``first`` is the same request with its first answer, which could not be read, where a repairing request was sent: the
    answer here is the repairing request's, under that one's ``key``; ``attempts`` counts both. ``cached`` says that the
    answer was there already.
    """

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
    error: str | None = None
    endpoint: str = ""
    first: Asked | None = None


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
    endpoint: str


def pack_logprobs(values: Sequence[float] | None) -> bytes | None:
    """float32, little overhead: one blob per answer."""
    return None if values is None else array("f", values).tobytes()


def unpack_logprobs(blob: bytes | None) -> list[float] | None:
    if blob is None:
        return None
    values = array("f")
    values.frombytes(blob)
    return list(values)


def find(store: Store, keys: Sequence[str]) -> dict[str, Known]:
    """The answers kept under some requests' keys, by key."""
    return {
        bytes(row[0]).hex(): Known(row[1], row[2], row[3], row[4], row[5], row[6], unpack_logprobs(row[7]), *row[8:])
        for chunk in powers([bytes.fromhex(key) for key in keys])
        for row in store.read(
            "SELECT key, id, text, model, finish_reason, input_tokens, output_tokens, logprobs, cost, endpoint FROM answer "
            f"WHERE key IN ({','.join('?' * len(chunk))})",
            chunk,
        )
    }


def keep_answers(connection: sqlite3.Connection, asked: Iterable[Asked]) -> None:
    """Keep answers under their keys inside the caller's transaction; one that is there already stays."""
    at = now()
    bulk(
        connection,
        "INSERT INTO answer (key, text, model, finish_reason, input_tokens, output_tokens, logprobs, seconds, cost, "
        "endpoint, created_at)",
        [
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
                one.endpoint,
                at,
            )
            for one in asked
        ],
        "ON CONFLICT DO NOTHING",
    )
