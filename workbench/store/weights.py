"""Weights: how much each sample counts in training. Those of one curate job are in force, or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from workbench.store.connection import Store


class Weighted(NamedTuple):
    """A sample with its weight, and why."""

    sample_id: int
    value: float
    reason: str
    text: str


def put(connection: sqlite3.Connection, job_id: int, technique: str, found: Sequence[tuple[int, float, str]]) -> None:
    """Store active weights (sample, weight, reason) inside the caller's transaction."""
    connection.executemany(
        "INSERT OR REPLACE INTO weight (sample_id, job_id, active, technique, value, reason) VALUES (?, ?, 1, ?, ?, ?)",
        [
            (sample_id, job_id, technique, value, reason.encode("utf-8", "replace").decode())
            for sample_id, value, reason in found
        ],
    )


def in_force(store: Store) -> str | None:
    """The technique whose weights are in force; None where every sample counts alike."""
    row = store.one("SELECT technique FROM weight INDEXED BY weight_order WHERE active LIMIT 1")
    return row[0] if row else None


def values(store: Store) -> dict[int, float]:
    """The weights in force by sample; a sample without one counts 1."""
    found: dict[int, float] = {}
    after = 0
    while chunk := store.read(
        "SELECT sample_id, value FROM weight WHERE active AND sample_id > ? ORDER BY sample_id LIMIT 20000", (after,)
    ):
        found.update(chunk)
        after = chunk[-1][0]
    return found


def values_of(store: Store, ids: Sequence[int]) -> dict[int, float]:
    """The weights in force of some samples (at most some thousand)."""
    marks = ",".join("?" * len(ids))
    return dict(store.read(f"SELECT sample_id, value FROM weight WHERE active AND sample_id IN ({marks})", list(ids)))


def of(store: Store, sample_id: int) -> tuple[str, float, str] | None:
    """(technique, weight, reason) in force of one sample."""
    found = store.one("SELECT technique, value, reason FROM weight WHERE sample_id = ? AND active", (sample_id,))
    return (found[0], found[1], found[2]) if found else None


def extremes(store: Store, limit: int = 20) -> tuple[list[Weighted], list[Weighted]]:
    """The lightest and the heaviest samples of the weights in force."""
    ends = (
        store.read(
            "SELECT sample_id, value, reason, substr(text, 1, 500) FROM weight INDEXED BY weight_order "
            f"JOIN sample ON sample.id = sample_id WHERE active ORDER BY value {direction}, sample_id {direction} LIMIT ?",
            (limit,),
        )
        for direction in ("ASC", "DESC")
    )
    lightest, heaviest = ([Weighted(*row) for row in rows] for rows in ends)
    return lightest, heaviest
