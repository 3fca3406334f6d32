"""Scores, verdicts, suggestions and neighbours: what techniques say about samples. Nothing here deletes a sample."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store.connection import CHUNK, Store
from workbench.store.encoding import encode

#: Samples that one read of a picture of two scores looks at.
SCATTERED = 10_000
#: Verdicts that one transaction saves: each brings its sample and the counts of all samples up to date.
DROPS = 500


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
    recount(connection, [drop.sample_id for drop in drops])


def recount(connection: sqlite3.Connection, sample_ids: Iterable[int]) -> None:
    """Bring the samples' ``dropped`` up to date with their active verdicts."""
    connection.executemany(
        "UPDATE sample SET dropped = (SELECT count(*) FROM verdict WHERE sample_id = sample.id AND active) WHERE id = ?",
        [(sample_id,) for sample_id in sample_ids],
    )


def save_drops(store: Store, job_id: int, drops: Sequence[Drop]) -> None:
    """Store active verdicts, in short transactions."""
    for start in range(0, len(drops), DROPS):
        with store.write() as connection:
            put_drops(connection, job_id, drops[start : start + DROPS])


def drops_by_filter(store: Store) -> dict[str, int]:
    """Active verdicts per filter (a sample may have several)."""
    return dict(store.read("SELECT filter, count(*) FROM verdict WHERE active GROUP BY filter ORDER BY filter"))


def dropped_ids(store: Store) -> set[int]:
    """Samples that a verdict drops, and that no person accepted all the same."""
    return {row[0] for row in store.read("SELECT id FROM sample WHERE dropped > 0 AND status != 'accepted'")}


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


def groups(store: Store, filter_name: str, limit: int = 50) -> list[tuple[int, int]]:
    """(kept sample, how many were dropped for it) of a filter whose verdicts name another sample, largest first."""
    found = store.read(
        "SELECT other_id, count(*) FROM verdict WHERE filter = ? AND active AND other_id IS NOT NULL "
        "GROUP BY other_id ORDER BY 2 DESC, 1 LIMIT ?",
        (filter_name, limit),
    )
    return [(row[0], row[1]) for row in found]


def members(
    store: Store, filter_name: str, representative: int, limit: int = 200
) -> list[tuple[int, str, str, float | None]]:
    """(sample, text, reason, value) of the samples that a filter dropped for another one, in order of id."""
    found = store.read(
        "SELECT sample_id, substr(text, 1, 2000), reason, value FROM verdict JOIN sample ON sample.id = sample_id "
        "WHERE filter = ? AND active AND other_id = ? ORDER BY sample_id LIMIT ?",
        (filter_name, representative, limit),
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


def near(store: Store, name: str, value: float, limit: int, *, above: bool) -> list[tuple[int, float, str]]:
    """(sample, score, text) of the samples whose score is nearest to ``value``: at or above it, or below it."""
    side, direction = (">=", "ASC") if above else ("<", "DESC")
    found = store.read(
        "SELECT sample_id, value, substr(text, 1, 500) FROM score INDEXED BY score_order "
        f"JOIN sample ON sample.id = sample_id WHERE name = ? AND value {side} ? ORDER BY value {direction}, "
        f"sample_id {direction} LIMIT ?",
        (name, value, limit),
    )
    return [(row[0], row[1], row[2]) for row in found]


def scatter(store: Store, across: str, up: str, columns: int, rows: int) -> tuple[list[list[int]], tuple[float, ...]]:
    """How many samples stand in each cell of a grid of two scores, ``[row][column]`` from the lowest of both, and its
    bounds (lowest and highest across, lowest and highest up); all zeros when no sample has both."""
    grid = [[0] * columns for _ in range(rows)]
    ends = [store.one("SELECT min(value), max(value) FROM score WHERE name = ?", (name,)) for name in (across, up)]
    if any(end is None or end[0] is None for end in ends):
        return grid, (0.0, 0.0, 0.0, 0.0)
    bounds = tuple(float(value) for end in ends if end is not None for value in end)
    left, bottom = bounds[0], bounds[2]
    width, height = (bounds[1] - left) / columns or 1.0, (bounds[3] - bottom) / rows or 1.0
    last = store.one("SELECT max(sample_id) FROM score")
    for first in range(
        1, (last[0] if last else 0) + 1, SCATTERED
    ):  # in order of samples: no read is long or jumps about
        for column, row, n in store.read(
            "SELECT min(CAST((a.value - ?) / ? AS INTEGER), ?), min(CAST((b.value - ?) / ? AS INTEGER), ?), count(*) "
            "FROM score AS a NOT INDEXED JOIN score AS b NOT INDEXED ON b.sample_id = a.sample_id AND b.name = ? "
            "WHERE a.name = ? AND a.sample_id BETWEEN ? AND ? GROUP BY 1, 2",
            (left, width, columns - 1, bottom, height, rows - 1, up, across, first, first + SCATTERED - 1),
        ):
            grid[row][column] += n
    return grid, bounds


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


def votes(store: Store) -> dict[int, dict[str, str]]:
    """Labels that several sources give the synthetic samples, by source: the generating model (``generated``), what models
    suggest first (by the suggestion's source) and people (by name)."""
    found: dict[int, dict[str, str]] = {}
    for sql in (
        "SELECT id, 'generated', original_label FROM sample WHERE id > ? AND origin = 'synthetic' "
        "AND original_label IS NOT NULL ORDER BY id LIMIT ?",
        "SELECT sample_id, source, label FROM suggestion WHERE sample_id > ? AND rank = 0 ORDER BY sample_id LIMIT ?",
        "SELECT sample_id, name, label FROM opinion JOIN annotator ON annotator.id = annotator_id WHERE sample_id > ? "
        "AND label IS NOT NULL ORDER BY sample_id LIMIT ?",
    ):
        after = 0
        while chunk := store.read(sql, (after, CHUNK)):
            if len(chunk) == CHUNK and chunk[0][0] != chunk[-1][0]:  # the last sample may have more: it is read again
                chunk = [row for row in chunk if row[0] != chunk[-1][0]]
            for sample_id, source, label in chunk:
                value = json.loads(label)
                if isinstance(value, str):
                    found.setdefault(sample_id, {})[source] = value
            after = chunk[-1][0]
    return found


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
