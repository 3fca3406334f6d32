"""Taking a change of labels or fields back: what was kept comes back, what people have said since is carried over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from workbench import task_change
from workbench.store.connection import powers
from workbench.store.encoding import digest, encode, text_of
from workbench.store.opinions import rebuild, resolve
from workbench.store.reshape_rows import (
    OPINION,
    by_sample,
    fields_through,
    label_through,
    put_opinion,
    put_repair,
    put_sample,
    put_suggestions,
    sample_after,
    sample_rows,
    split_score,
)
from workbench.task_change import TaskChange


def revert(connection: sqlite3.Connection, reshaping_id: int, change: TaskChange, ids: Sequence[int]) -> None:
    """Give some samples back what the change ``reshaping_id`` took, inside the caller's transaction.

    What is as the change left it becomes what it was, to the byte; what somebody said or a job wrote since stays, in the
    names of before. What was kept is let go with it, so that doing it twice does nothing.
    """
    places = by_sample(
        connection,
        f"SELECT sample_id, place, before, after FROM reshaped WHERE reshaping_id = {reshaping_id:d} "
        "AND sample_id IN ({})",
        ids,
    )
    (after,) = connection.execute("SELECT after_annotation FROM reshaping WHERE id = ?", (reshaping_id,)).fetchone()
    rows = sample_rows(connection, ids)
    opinions = by_sample(
        connection, f"SELECT sample_id, annotator_id, {', '.join(OPINION)} FROM opinion WHERE sample_id IN ({{}})", ids
    )
    suggestions = by_sample(
        connection,
        "SELECT sample_id, source, rank, label, score, job_id FROM suggestion WHERE sample_id IN ({}) ORDER BY rank",
        ids,
    )
    repairs = by_sample(
        connection,
        "SELECT sample_id, technique, job_id, given, label, fields, soft, active FROM repair WHERE sample_id IN ({})",
        ids,
    )
    for one in ids:
        if one not in rows:
            continue
        kept = {
            place: (json.loads(before), after and json.loads(after)) for place, before, after in places.get(one, ())
        }
        since = _opinions(connection, one, opinions.get(one, ()), kept, after=after)
        if change.what == "label":
            _suggestions(connection, change, one, suggestions.get(one, ()), kept)
        since |= _repairs(connection, change, one, repairs.get(one, ()), kept)
        _sample(connection, change, one, rows[one], kept, since=since)
    for chunk in powers(ids, 512):
        marks = ",".join("?" * len(chunk))
        if change.how == "split":
            connection.execute(
                f"DELETE FROM score WHERE name = ? AND sample_id IN ({marks})", (split_score(reshaping_id), *chunk)
            )
        connection.execute(
            f"DELETE FROM reshaped WHERE reshaping_id = ? AND sample_id IN ({marks})", (reshaping_id, *chunk)
        )


def _label(change: TaskChange, label: str | None) -> str | None:
    if label is None or change.what != "label":
        return label
    return label_through(label, lambda value: task_change.label_before(change, value))


def _fields(change: TaskChange, fields: str | None) -> str | None:
    if fields is None or change.what != "field":
        return fields
    return fields_through(fields, lambda value: task_change.fields_before(change, value))


def _opinions(
    connection: sqlite3.Connection, one: int, rows: Sequence[tuple[Any, ...]], kept: dict[str, Any], *, after: int
) -> bool:
    """Each person's opinion; returns whether somebody has spoken since."""
    newer = False
    for annotator_id, *row in rows:
        before = kept.get(f"opinion:{annotator_id}", (None,))[0]
        if before is not None and before[0] == row[0]:
            put_opinion(connection, one, annotator_id, before)
            continue
        if row[0] > after:  # the history, read in the names of before, says what it is
            rebuild(connection, one, annotator_id)
            newer = True
    return newer


def _suggestions(
    connection: sqlite3.Connection, change: TaskChange, one: int, rows: Sequence[tuple[Any, ...]], kept: dict[str, Any]
) -> None:
    sources: dict[str, list[list[Any]]] = {}
    for source, *rest in rows:
        sources.setdefault(source, []).append(rest)
    for source, now in sources.items():
        before, after = kept.get(f"suggestion:{source}", (None, None))
        if before is not None and after == now:
            put_suggestions(connection, one, source, before)
        elif (old := [[rank, _label(change, label), *rest] for rank, label, *rest in now]) != now:
            put_suggestions(connection, one, source, old)


def _repairs(
    connection: sqlite3.Connection, change: TaskChange, one: int, rows: Sequence[tuple[Any, ...]], kept: dict[str, Any]
) -> bool:
    """Each repair; returns whether one came since."""
    newer = False
    for technique, job_id, *now in rows:
        before, after = kept.get(f"repair:{job_id}:{technique}", (None, None))
        if before is not None and after[:4] == now[:4]:
            # Made inactive since (another curation): it stays so.
            active = before[4] if after[4] == now[4] else now[4]
            newer |= after[4] != now[4]
            put_repair(connection, one, technique, job_id, [*before[:4], active])
            continue
        given, label, fields, soft, active = now
        if soft is not None and change.what == "label":
            shares = json.loads(soft)
            turned = task_change.soft_after(task_change.backward(change), shares)
            soft = soft if turned == shares else encode(turned)
        old = [_label(change, given), _label(change, label), _fields(change, fields), soft, active]
        if old != now:
            newer = True
            put_repair(connection, one, technique, job_id, old)
    return newer


def _sample(
    connection: sqlite3.Connection, change: TaskChange, one: int, row: list[Any], kept: dict[str, Any], *, since: bool
) -> None:
    before, after = kept.get("sample", (None, None))
    whole = change.what == "field"
    if before is not None:
        old = [*before, *row[5:]] if not whole else before
        chosen = after["chosen"] if after else []
        expected = sample_after(change, old, chosen)
        if not since and [*expected[:1], *expected[3:]] == [row[0], *row[3:]]:
            put_sample(connection, one, old, whole=whole)
            return
    else:
        old = _turned(change, row)
        if old == row and not since:
            return
    put_sample(connection, one, [*row[:3], *old[3:5], *row[5:6], *old[6:7], *row[7:]], whole=whole)
    if whole:
        _whole_text(connection, change, one)
    resolve(connection, one)


def _whole_text(connection: sqlite3.Connection, change: TaskChange, one: int) -> None:
    """The edited contents in the old names, before people's words are weighed again."""
    fields, original = connection.execute("SELECT fields, original_fields FROM sample WHERE id = ?", (one,)).fetchone()
    turned = _fields(change, fields)
    contents = json.loads(original if turned is None else turned)
    connection.execute("UPDATE sample SET fields = ?, text = ? WHERE id = ?", (turned, text_of(contents), one))


def _turned(change: TaskChange, row: list[Any]) -> list[Any]:
    """A sample that came since the change, in the names of before."""
    label, status, hashed, original, original_hash, fields, original_fields, text = row
    old_label, old_original = _label(change, label), _label(change, original)
    old_fields, old_original_fields = _fields(change, fields), _fields(change, original_fields)
    if (old_label, old_original, old_fields, old_original_fields) == (label, original, fields, original_fields):
        return row
    value = None if old_original is None else json.loads(old_original)
    original_hash = digest(json.loads(old_original_fields or "{}"), value).hex()
    return [old_label, status, hashed, old_original, original_hash, old_fields, old_original_fields, text]
