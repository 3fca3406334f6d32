"""What several people's words make of a sample: the last word, or agreement of enough people.

The policy in force is kept in the database, so that all processes resolve alike while somebody edits ``project.yaml``;
``keep_up`` brings it to the settings and resolves anew what people have spoken about.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store.connection import Store

#: Samples that one transaction resolves anew.
_CHUNK = 500
#: What a person can decide; "pending" takes a decision back.
_DECIDED = ("accepted", "rejected", "flagged")


@dataclass(frozen=True, slots=True)
class Policy:
    """``name`` is "last_word" or "agreement"; ``overlap`` people must agree; ``annotators``: whose words count (none: all)."""

    name: str = "last_word"
    overlap: int = 1
    annotators: tuple[str, ...] = ()


def in_force(connection: sqlite3.Connection) -> Policy:
    """The policy that this database's samples are resolved with."""
    row = connection.execute("SELECT name, overlap, annotators FROM policy WHERE id = 1").fetchone()
    return Policy(row[0], row[1], tuple(json.loads(row[2]))) if row else Policy()


def decide(
    connection: sqlite3.Connection, sample_id: int, label: str | None, fields: str, policy: Policy | None = None
) -> tuple[str | None, str, str]:
    """(label, status, fields) of a sample from all opinions; ``label`` and ``fields`` (JSON) are what no person made them.

    Last word: for each of the three the newest statement of all people. Agreement: a ruling (a word that settles a
    disagreement) wins; else, where ``overlap`` people or more decided and all agree, their label and status; else the label
    of most of them (a tie: as it came), pending. Who only accepts or rejects says nothing against the label as it came.
    Fields are the last word's always. A statement's place is (created_at, uuid) of the annotation that made it. ``policy``
    is the one in force, from who has read it already.
    """
    opinions = connection.execute(
        "SELECT annotator_id, label, label_seq, status, status_seq, fields, fields_seq, ruling, ruling_seq FROM opinion "
        "WHERE sample_id = ?",
        (sample_id,),
    ).fetchall()
    fields = _last(connection, opinions, 5, fields)
    policy = policy or in_force(connection)
    if policy.name != "agreement":
        return _last(connection, opinions, 1, label), _last(connection, opinions, 3, "pending"), fields
    if policy.annotators:
        names = dict(connection.execute("SELECT id, name FROM annotator").fetchall())
        counted = [row for row in opinions if names.get(row[0]) in policy.annotators]
    else:
        counted = opinions
    said = [
        (label if row[1] is None else row[1], "accepted" if row[3] is None else row[3])
        for row in counted
        if row[3] in _DECIDED or (row[3] is None and row[1] is not None)
    ]
    ruled_label = _ruling(connection, opinions, "label")
    ruled_status = _ruling(connection, opinions, "status")
    if ruled_label is not None and ruled_label[1] is not None:
        label = ruled_label[1]
        said = [(label, status) for _, status in said]
    agreed_label, status = agreed(said, label, policy.overlap)
    if ruled_status is not None and ruled_status[3] is not None:
        status = ruled_status[3]
    return agreed_label, status, fields


def agreed(said: Sequence[tuple[str | None, str]], label: str | None, overlap: int) -> tuple[str | None, str]:
    """(label, status) that people's (label, status) pairs make of a sample whose label without them is ``label``."""
    statuses = {status for _, status in said}
    kept = [one for one, status in said if status != "rejected"] or [one for one, _ in said]
    votes = Counter(kept).most_common(2)
    first = votes[0][0] if len(votes) == 1 or (votes and votes[0][1] > votes[1][1]) else label
    if len(said) < overlap or len(statuses) != 1:
        return first, "pending"
    if statuses == {"rejected"}:
        return first, "rejected"
    return (first, statuses.pop()) if len(votes) == 1 else (first, "pending")


def _last(connection: sqlite3.Connection, opinions: Sequence[tuple[Any, ...]], column: int, default: Any) -> Any:
    said = {row[column + 1]: row[column] for row in opinions if row[column] is not None}
    return said[_newest(connection, list(said))] if said else default


def _ruling(connection: sqlite3.Connection, opinions: Sequence[tuple[Any, ...]], part: str) -> tuple[Any, ...] | None:
    ruled = {row[8]: row for row in opinions if row[7] is not None and part in row[7].split(",")}
    return ruled[_newest(connection, list(ruled))] if ruled else None


def _newest(connection: sqlite3.Connection, annotations: list[int]) -> int:
    """The annotation that is last by (created_at, uuid)."""
    if len(annotations) == 1:
        return annotations[0]
    marks = ",".join("?" * len(annotations))
    (newest,) = connection.execute(
        f"SELECT id FROM annotation WHERE id IN ({marks}) ORDER BY created_at DESC, uuid DESC LIMIT 1", annotations
    ).fetchone()
    return int(newest)


def wanted(store: Store) -> Policy:
    """The policy that the project's settings ask for."""
    review = store.project.outline.review
    return Policy(review.policy, review.overlap, review.annotators)


def keep_up(store: Store, progress: Callable[[int], None] | None = None) -> int:
    """Bring the database to the policy of the settings; returns how many samples were resolved anew.

    A process that dies in between leaves the rest to the next one. Samples that nobody spoke about stay as they are.
    """
    from workbench.store.opinions import resolve  # which imports this module

    policy = wanted(store)
    row = store.one("SELECT resolved FROM policy WHERE id = 1")
    if in_force(store.connection) == policy and (row is None or row[0] is None):
        return 0
    done = 0
    with store.write() as connection:
        if in_force(connection) != policy:
            connection.execute(
                "INSERT OR REPLACE INTO policy (id, name, overlap, annotators, resolved) VALUES (1, ?, ?, ?, 0)",
                (policy.name, policy.overlap, json.dumps(policy.annotators)),
            )
    while True:
        with store.write() as connection:
            (resolved,) = connection.execute("SELECT resolved FROM policy WHERE id = 1").fetchone()
            ids = [
                one
                for (one,) in connection.execute(
                    "SELECT DISTINCT sample_id FROM opinion WHERE sample_id > ? ORDER BY sample_id LIMIT ?",
                    (resolved or 0, _CHUNK),
                ).fetchall()
            ]
            if resolved is None or not ids:
                connection.execute("UPDATE policy SET resolved = NULL WHERE id = 1")
                return done
            for sample_id in ids:
                resolve(connection, sample_id)
            connection.execute("UPDATE policy SET resolved = ? WHERE id = 1", (ids[-1],))
            done += len(ids)
        if progress is not None:
            progress(done)
