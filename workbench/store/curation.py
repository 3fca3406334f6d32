"""Scores, verdicts, suggestions and neighbours: what techniques say about samples. Nothing here deletes a sample."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store.connection import CHUNK, Store
from workbench.store.encoding import encode


@dataclass(frozen=True, slots=True)
class Drop:
    """A verdict to be stored: ``filter`` (with ``version`` and ``parameters``) drops ``sample_id`` for ``reason``."""

    sample_id: int
    filter: str
    version: int
    parameters: Mapping[str, Any]
    reason: str
    value: float | None = None
    other_id: int | None = None


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def put_scores(
    connection: sqlite3.Connection, name: str, values: Iterable[tuple[int, float]], *, version: int, job_id: int | None
) -> None:
    """Store one score for some samples inside the caller's transaction; an older value of that name is replaced."""
    connection.executemany(
        "INSERT OR REPLACE INTO score (sample_id, name, value, version, job_id) VALUES (?, ?, ?, ?, ?)",
        ((sample_id, name, value, version, job_id) for sample_id, value in values),
    )


def save_scores(store: Store, name: str, values: Sequence[tuple[int, float]], *, version: int, job_id: int) -> None:
    """Store one score for many samples, in short transactions."""
    for chunk in _chunks(values):
        with store.write() as connection:
            put_scores(connection, name, chunk, version=version, job_id=job_id)


def put_drops(connection: sqlite3.Connection, job_id: int, drops: Sequence[Drop]) -> None:
    """Store active verdicts inside the caller's transaction and bring the samples' ``dropped`` up to date."""
    connection.executemany(
        "INSERT OR REPLACE INTO verdict (sample_id, filter, job_id, active, version, parameters, reason, value, other_id) "
        "VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)",
        [
            (
                drop.sample_id,
                drop.filter,
                job_id,
                drop.version,
                encode(drop.parameters),
                drop.reason.encode("utf-8", "replace").decode(),
                drop.value,
                drop.other_id,
            )
            for drop in drops
        ],
    )
    _recount(connection, [drop.sample_id for drop in drops])


def _recount(connection: sqlite3.Connection, sample_ids: Iterable[int]) -> None:
    connection.executemany(
        "UPDATE sample SET dropped = (SELECT count(*) FROM verdict WHERE sample_id = sample.id AND active) WHERE id = ?",
        [(sample_id,) for sample_id in sample_ids],
    )


def save_drops(store: Store, job_id: int, drops: Sequence[Drop]) -> None:
    """Store active verdicts, in short transactions."""
    for chunk in _chunks(drops):
        with store.write() as connection:
            put_drops(connection, job_id, chunk)


def set_active(store: Store, job_id: int, active: bool) -> int:
    """Switch all verdicts of one job on or off, in short transactions; returns how many samples changed."""
    changed = 0
    while True:
        with store.write() as connection:
            ids = [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT sample_id FROM verdict WHERE job_id = ? AND active = ? LIMIT ?",
                    (job_id, int(not active), CHUNK),
                )
            ]
            if not ids:
                return changed
            connection.executemany(
                "UPDATE verdict SET active = ? WHERE job_id = ? AND sample_id = ?",
                [(int(active), job_id, sample_id) for sample_id in ids],
            )
            _recount(connection, ids)
        changed += len(ids)


def jobs_in_force(store: Store) -> list[int]:
    """Curate jobs whose verdicts are active."""
    return [
        row[0]
        for row in store.read(
            "SELECT id FROM job WHERE kind = 'curate' AND EXISTS "
            "(SELECT 1 FROM verdict WHERE job_id = job.id AND active) ORDER BY id"
        )
    ]


def drops_by_filter(store: Store) -> dict[str, int]:
    """Active verdicts per filter (a sample may have several)."""
    return dict(store.read("SELECT filter, count(*) FROM verdict WHERE active GROUP BY filter ORDER BY filter"))


def overlap(store: Store) -> list[tuple[str, str, int]]:
    """(filter, other filter, samples that both drop), each pair once."""
    found = store.read(
        "SELECT a.filter, b.filter, count(*) FROM verdict AS a JOIN verdict AS b ON b.sample_id = a.sample_id "
        "AND b.active AND a.filter < b.filter WHERE a.active GROUP BY a.filter, b.filter ORDER BY 3 DESC"
    )
    return [(row[0], row[1], row[2]) for row in found]


def dropped_examples(
    store: Store, filter_name: str, limit: int = 50, after: int = 0
) -> list[tuple[int, str, str, int | None]]:
    """(sample id, text, reason, other sample's id) of samples that a filter drops, in order of id."""
    found = store.read(
        "SELECT sample_id, substr(text, 1, 500), reason, other_id FROM verdict JOIN sample ON sample.id = sample_id "
        "WHERE filter = ? AND active AND sample_id > ? ORDER BY sample_id LIMIT ?",
        (filter_name, after, limit),
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


def score_names(store: Store) -> list[str]:
    """Names of all stored scores (a loose index scan: quick however many rows there are)."""
    names: list[str] = []
    while (row := store.one("SELECT min(name) FROM score WHERE name > ?", (names[-1] if names else "",))) and row[0]:
        names.append(row[0])
    return names


def histogram(store: Store, name: str, bins: int = 20) -> tuple[float, float, list[int]]:
    """(lowest, highest, counts per bin of equal width) of a score; zeros when nothing has it."""
    row = store.one("SELECT min(value), max(value) FROM score WHERE name = ?", (name,))
    if row is None or row[0] is None:
        return 0.0, 0.0, [0] * bins
    low, high = float(row[0]), float(row[1])
    width = (high - low) / bins or 1.0
    counts = [0] * bins
    for bin_number, n in store.read(
        "SELECT min(CAST((value - ?) / ? AS INTEGER), ?), count(*) FROM score WHERE name = ? GROUP BY 1",
        (low, width, bins - 1, name),
    ):
        counts[bin_number] = n
    return low, high, counts


def save_suggestions(
    store: Store, source: str, suggested: Sequence[tuple[int, Sequence[tuple[Any, float]]]], *, job_id: int
) -> None:
    """Replace a source's suggestions: per sample, labels with scores, best first."""
    for chunk in _chunks(suggested):
        with store.write() as connection:
            connection.executemany(
                "DELETE FROM suggestion WHERE sample_id = ? AND source = ?",
                [(sample_id, source) for sample_id, _ in chunk],
            )
            connection.executemany(
                "INSERT INTO suggestion (sample_id, source, rank, label, score, job_id) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (sample_id, source, rank, encode(label), score, job_id)
                    for sample_id, labels in chunk
                    for rank, (label, score) in enumerate(labels)
                ],
            )


def save_neighbours(store: Store, neighbours: Sequence[tuple[int, Sequence[tuple[int, float]]]]) -> None:
    """Replace the nearest neighbours of some samples: (other sample's id, similarity), nearest first."""
    for chunk in _chunks(neighbours):
        with store.write() as connection:
            connection.executemany("DELETE FROM neighbour WHERE sample_id = ?", [(one,) for one, _ in chunk])
            connection.executemany(
                "INSERT INTO neighbour (sample_id, rank, other_id, similarity) VALUES (?, ?, ?, ?)",
                [
                    (sample_id, rank, other, similarity)
                    for sample_id, others in chunk
                    for rank, (other, similarity) in enumerate(others)
                ],
            )


def scores(store: Store, name: str) -> dict[int, float]:
    """One score of all samples that have it."""
    return dict(store.read("SELECT sample_id, value FROM score WHERE name = ?", (name,)))


def scores_of(store: Store, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """All scores of some samples (at most some thousand)."""
    found: dict[int, dict[str, float]] = {}
    marks = ",".join("?" * len(ids))
    for sample_id, name, value in store.read(
        f"SELECT sample_id, name, value FROM score WHERE sample_id IN ({marks})", list(ids)
    ):
        found.setdefault(sample_id, {})[name] = value
    return found


def annotation_summary(store: Store) -> dict[str, int]:
    """How much people did: for the data card."""
    row = store.one("SELECT count(DISTINCT annotator_id), count(*), count(DISTINCT sample_id) FROM annotation")
    assert row is not None
    return {"annotators": row[0], "annotations": row[1], "samples looked at": row[2]}


def people_said(store: Store) -> dict[int, tuple[str | None, str | None]]:
    """Per synthetic sample that people looked at: (label they gave last as JSON or None, resolved status)."""
    found: dict[int, tuple[str | None, str | None]] = {}
    after = 0
    while True:
        ids = store.read("SELECT DISTINCT sample_id FROM opinion WHERE sample_id > ? ORDER BY 1 LIMIT 5000", (after,))
        if not ids:
            return found
        # SQLite takes the other columns from the row that has the max().
        for sample_id, label, status, _ in store.read(
            "SELECT sample.id, opinion.label, sample.status, max(ifnull(label_seq, 0)) FROM opinion "
            "JOIN sample ON sample.id = sample_id WHERE sample_id > ? AND sample_id <= ? AND origin = 'synthetic' "
            "AND (opinion.label IS NOT NULL OR opinion.status IN ('accepted', 'rejected')) GROUP BY sample_id",
            (after, ids[-1][0]),
        ):
            found[sample_id] = (label, status)
        after = ids[-1][0]
