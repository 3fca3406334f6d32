"""What curation has in force: the verdicts, weights and repairs of which jobs; switching a job's on and off.

A job that is replaced or undone has what it said made inactive, in short transactions; deleted is only what an attempt
that was cut off had begun to say, when the job says it anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.store import curation, opinions
from workbench.store.connection import Store

_TABLES = ("verdict", "weight", "repair")
#: Samples that one transaction switches: each is counted, or resolved, anew.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Begun:
    """A curate job that has begun to put what it says in force and was not undone: whether it ended, which jobs it
    replaces, its turn among all of them, and whether it only checked new samples."""

    id: int
    done: bool
    replaces: list[int]
    turn: int
    new: bool


def begun(store: Store) -> list[Begun]:
    """The latest to begin first: a resumed job may begin after one with a higher number. Results are not read."""
    found = []
    for job_id, state, limits, new in store.read(
        "SELECT id, state, limits, ifnull(json_extract(parameters, '$.new'), 0) FROM job "
        "WHERE kind = 'curate' AND json_type(limits, '$.replaces') = 'array' ORDER BY id"
    ):
        noted = json.loads(limits)
        if not noted.get("undone"):
            found.append(Begun(job_id, state == "done", noted["replaces"], int(noted.get("turn") or 0), bool(new)))
    return sorted(found, key=lambda one: (one.turn, one.id), reverse=True)


def judged_since(store: Store, job_id: int) -> int:
    """The highest sample that a check of new samples after that job has judged; 0 where none has."""
    row = store.one(
        "SELECT ifnull(max(json_extract(result, '$.water')), 0) FROM job WHERE kind = 'curate' AND id > ? "
        "AND json_extract(parameters, '$.new')",
        (job_id,),
    )
    return int(row[0]) if row else 0


def jobs_in_force(store: Store) -> list[int]:
    """Curate jobs of which a verdict, a weight or a repair is active."""
    any_of = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE job_id = job.id AND active = 1)" for table in _TABLES)
    return [row[0] for row in store.read(f"SELECT id FROM job WHERE kind = 'curate' AND ({any_of}) ORDER BY id")]


def set_active(store: Store, job_id: int, *, active: bool) -> int:
    """Switch all that a job said on or off; returns how many samples' verdicts or repairs changed."""
    changed: set[int] = set()
    for table, after in (
        ("verdict", curation.recount),
        ("weight", _nothing),
        ("repair", _resolve),
    ):
        for ids in _switched(store, table, job_id, active=active, after=after):
            if table != "weight":
                changed.update(ids)
    return len(changed)


def forget(store: Store, job_id: int) -> None:
    """Delete what an attempt of a job said before it was cut off: its next attempt may say less, and switching the job on
    again would bring the rest back."""
    set_active(store, job_id, active=False)
    for table in _TABLES:
        deleted = 1
        while deleted:
            with store.write() as connection:
                deleted = connection.execute(
                    f"DELETE FROM {table} WHERE job_id = ? AND active = 0 AND sample_id IN "
                    f"(SELECT sample_id FROM {table} WHERE job_id = ? AND active = 0 LIMIT ?)",
                    (job_id, job_id, CHUNK),
                ).rowcount


def _switched(
    store: Store,
    table: str,
    job_id: int,
    *,
    active: bool,
    after: Callable[[sqlite3.Connection, Sequence[int]], None],
) -> list[list[int]]:
    done: list[list[int]] = []
    while True:
        with store.write() as connection:
            ids = [
                row[0]
                for row in connection.execute(
                    f"SELECT DISTINCT sample_id FROM {table} WHERE job_id = ? AND active = ? LIMIT ?",
                    (job_id, int(not active), CHUNK),
                )
            ]
            if not ids:
                return done
            connection.executemany(
                # All three columns of the index: without `active` each sample looked through all that the job said.
                f"UPDATE {table} SET active = ? WHERE job_id = ? AND active = ? AND sample_id = ?",
                [(int(active), job_id, int(not active), sample_id) for sample_id in ids],
            )
            after(connection, ids)
        done.append(ids)


def _nothing(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """A weight changes nothing of its sample."""


def _resolve(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Labels and contents follow from what is in force now. Soft labels change neither."""
    marks = ",".join("?" * len(ids))
    for (sample_id,) in connection.execute(
        f"SELECT DISTINCT sample_id FROM repair WHERE sample_id IN ({marks}) AND applied "
        "AND (label IS NOT NULL OR fields IS NOT NULL)",
        list(ids),
    ).fetchall():
        opinions.resolve(connection, sample_id)
