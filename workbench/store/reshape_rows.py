"""What a change of labels or fields makes of the rows of some samples; before-values are kept, so that undo is exact."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from workbench import task_change
from workbench.store.connection import powers
from workbench.store.encoding import digest, encode, label_key, text_of
from workbench.store.opinions import resolve
from workbench.store.renames import carries
from workbench.task_change import TaskChange

#: A sample's columns that change, in the order in which they are kept.
SAMPLE = ("label", "status", "hash", "original_label", "original_hash", "fields", "original_fields", "text")
OPINION = ("annotation_id", "label", "label_seq", "status", "status_seq", "fields", "fields_seq")
Record = tuple[int, int, str, str, "str | None"]


def by_sample(connection: sqlite3.Connection, sql: str, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Rows of ``sql`` (its ``{}`` takes the ids) by their first column, for at most some thousand samples."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for chunk in powers(ids, 512):
        for row in connection.execute(sql.format(",".join("?" * len(chunk))), list(chunk)):
            found.setdefault(row[0], []).append(row[1:])
    return found


def sample_rows(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    """Each sample's ``SAMPLE`` columns, hashes as hexadecimal digits."""
    found = by_sample(connection, f"SELECT id, {', '.join(SAMPLE)} FROM sample WHERE id IN ({{}})", ids)
    rows = {}
    for one, (row,) in found.items():
        rows[one] = list(row)
        rows[one][2], rows[one][4] = bytes(row[2]).hex(), bytes(row[4]).hex()
    return rows


def put_sample(connection: sqlite3.Connection, sample_id: int, row: Sequence[Any], *, whole: bool) -> None:
    """Write a sample's columns; its text and fields only when ``whole``: the search index follows them."""
    label, status, hashed, original, original_hash, fields, original_fields, text = row
    key = None if label is None else label_key(json.loads(label))
    connection.execute(
        "UPDATE sample SET label = ?, label_key = ?, status = ?, hash = ?, original_label = ?, original_hash = ? WHERE id = ?",
        (label, key, status, bytes.fromhex(hashed), original, bytes.fromhex(original_hash), sample_id),
    )
    if whole:
        connection.execute(
            "UPDATE sample SET fields = ?, original_fields = ?, text = ? WHERE id = ?",
            (fields, original_fields, text, sample_id),
        )


def convert(connection: sqlite3.Connection, reshaping_id: int, change: TaskChange, ids: Sequence[int]) -> None:
    """Change some samples and all that is said of them, inside the caller's transaction; those that were done are left."""
    done = by_sample(
        connection,
        f"SELECT sample_id, 1 FROM reshaped WHERE reshaping_id = {reshaping_id:d} AND sample_id IN ({{}})",
        ids,
    )
    ids = [one for one in ids if one not in done]
    records: list[Record] = []
    rows = sample_rows(connection, ids)
    opinions = by_sample(
        connection, f"SELECT sample_id, annotator_id, {', '.join(OPINION)} FROM opinion WHERE sample_id IN ({{}})", ids
    )
    suggestions: dict[int, list[tuple[Any, ...]]] = {}
    if change.what == "label":
        suggestions = by_sample(
            connection,
            "SELECT sample_id, source, rank, label, score, job_id FROM suggestion WHERE sample_id IN ({}) ORDER BY rank",
            ids,
        )
    repairs = by_sample(
        connection,
        "SELECT sample_id, technique, job_id, applied, given, label, fields, soft, active FROM repair "
        "WHERE sample_id IN ({})",
        ids,
    )
    for one in ids:
        if (row := rows.get(one)) is None:
            continue
        chosen, is_open = decided_by(change, row, opinions.get(one, ()))
        for opinion in opinions.get(one, ()):
            if (new := opinion_after(change, opinion[1:], chosen, is_open=is_open)) != opinion[1:]:
                records.append((reshaping_id, one, f"opinion:{opinion[0]}", encode(opinion[1:]), None))
                put_opinion(connection, one, opinion[0], new)
        sources: dict[str, list[tuple[Any, ...]]] = {}
        for source, *rest in suggestions.get(one, ()):
            sources.setdefault(source, []).append(tuple(rest))
        for source, before in sources.items():
            if (added := suggestions_after(change, before, chosen)) != before:
                records.append((reshaping_id, one, f"suggestion:{source}", encode(before), encode(added)))
                put_suggestions(connection, one, source, added)
        for technique, job_id, applied, *values in repairs.get(one, ()):
            if (new_repair := repair_after(change, tuple(values), chosen, applied=bool(applied))) != tuple(values):
                place = f"repair:{job_id}:{technique}"
                records.append((reshaping_id, one, place, encode(values), encode(new_repair)))
                put_repair(connection, one, technique, job_id, new_repair)
        new_row = sample_after(change, row, chosen)
        concerned = change.how == "split" and change.what == "label" and (new_row != row or bool(chosen))
        if new_row != row or concerned:
            after = encode({"chosen": chosen, "open": is_open}) if concerned else None
            records.append((reshaping_id, one, "sample", encode(kept(change, row)), after))
            put_sample(connection, one, new_row, whole=change.what == "field")
        if change.how in ("merge", "split") and change.what == "label" and one in opinions:
            resolve(connection, one)
        if concerned and is_open:
            connection.execute(
                "INSERT OR REPLACE INTO score (sample_id, name, value, version, job_id) VALUES (?, ?, 1, 1, NULL)",
                (one, split_score(reshaping_id)),
            )
    connection.executemany(
        "INSERT INTO reshaped (reshaping_id, sample_id, place, before, after) VALUES (?, ?, ?, ?, ?)", records
    )


def split_score(reshaping_id: int) -> str:
    """The score that marks samples whose label was split and is left to a person."""
    return f"split.{reshaping_id}"


def kept(change: TaskChange, row: Sequence[Any]) -> list[Any]:
    """What of a sample must be kept: where labels change, its contents do not."""
    return list(row) if change.what == "field" else list(row[:5])


def decided_by(change: TaskChange, row: Sequence[Any], opinions: Sequence[tuple[Any, ...]]) -> tuple[list[str], bool]:
    """What a split makes of the label here (nothing: it is not carried), and whether that is left to a person."""
    if change.what != "label" or change.how != "split":
        return [], False
    labels = [json.loads(one) for one in (row[0], row[3], *(said[2] for said in opinions)) if one is not None]
    if not any(carries(change, label) for label in labels):
        return [], False
    return task_change.decide(change, row[7], many=any(isinstance(label, list) for label in labels))


def label_through(label: str, turn: Callable[[Any], Any]) -> str:
    """A label (JSON text) turned into another one; to the letter as it was where nothing changes."""
    value = json.loads(label)
    turned = turn(value)
    return label if turned == value else encode(turned)


def fields_through(fields: str, turn: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """Fields (JSON text) turned into others; to the letter as they were where nothing changes, their order included."""
    value = json.loads(fields)
    turned = turn(value)
    return fields if list(turned.items()) == list(value.items()) else encode(turned)


def _label(change: TaskChange, label: str | None, chosen: Sequence[str]) -> str | None:
    if label is None or change.what != "label":
        return label
    return label_through(label, lambda value: task_change.label_after(change, value, chosen))


def _fields(change: TaskChange, fields: str | None) -> str | None:
    if fields is None or change.what != "field":
        return fields
    return fields_through(fields, lambda value: task_change.fields_after(change, value))


def sample_after(change: TaskChange, row: Sequence[Any], chosen: Sequence[str]) -> list[Any]:
    """A sample's columns after the change. Its status follows from what people said."""
    label, status, _, original, _, fields, original_fields, text = row
    new_label, new_original = _label(change, label, chosen), _label(change, original, chosen)
    new_fields, new_original_fields = _fields(change, fields), _fields(change, original_fields)
    if (new_label, new_original, new_fields, new_original_fields) == (label, original, fields, original_fields):
        return list(row)
    if new_fields == new_original_fields:
        new_fields = None
    first = json.loads(new_original_fields or "{}")
    contents = json.loads(new_fields) if new_fields is not None else first
    value, first_value = (None if one is None else json.loads(one) for one in (new_label, new_original))
    original_digest = digest(first, first_value).hex()
    same = new_fields is None and new_label == new_original
    return [
        new_label,
        status,
        original_digest if same else digest(contents, value).hex(),
        new_original,
        original_digest,
        new_fields,
        new_original_fields,
        text_of(contents) if change.what == "field" else text,
    ]


def opinion_after(change: TaskChange, row: tuple[Any, ...], chosen: Sequence[str], *, is_open: bool) -> tuple[Any, ...]:
    """A person's opinion (``OPINION``) after the change. What was said of a label that is split and left open is void."""
    annotation_id, label, label_seq, status, status_seq, fields, fields_seq = row
    if is_open and change.how == "split":
        if label is not None and carries(change, json.loads(label)):
            label = None
        status = None if status == "accepted" else status
    return (
        annotation_id, _label(change, label, chosen), label_seq, status, status_seq, _fields(change, fields), fields_seq,
    )  # fmt: skip


def put_opinion(connection: sqlite3.Connection, sample_id: int, annotator_id: int, row: Sequence[Any]) -> None:
    _, label, label_seq, status, status_seq, fields, fields_seq = row
    connection.execute(
        "UPDATE opinion SET label = ?, label_seq = ?, status = ?, status_seq = ?, fields = ?, fields_seq = ? "
        "WHERE sample_id = ? AND annotator_id = ?",
        (label, label_seq, status, status_seq, fields, fields_seq, sample_id, annotator_id),
    )


def suggestions_after(
    change: TaskChange, rows: Sequence[tuple[Any, ...]], chosen: Sequence[str]
) -> list[tuple[Any, ...]]:
    """One source's suggestions (rank, label, score, job) after the change: those that become one are added up."""
    found: dict[str, list[Any]] = {}
    for rank, label, score, job_id in rows:
        new = _label(change, label, chosen) or label
        if new in found:
            found[new][2] = min(1.0, found[new][2] + score)
        else:
            found[new] = [rank, new, score, job_id]
    if len(found) == len(rows):
        return [tuple(one) for one in found.values()]
    ranked = sorted(found.values(), key=lambda one: (-one[2], one[0]))
    return [(at, *one[1:]) for at, one in enumerate(ranked)]


def put_suggestions(connection: sqlite3.Connection, sample_id: int, source: str, rows: Sequence[Sequence[Any]]) -> None:
    connection.execute("DELETE FROM suggestion WHERE sample_id = ? AND source = ?", (sample_id, source))
    connection.executemany(
        "INSERT INTO suggestion (sample_id, source, rank, label, score, job_id) VALUES (?, ?, ?, ?, ?, ?)",
        [(sample_id, source, *row) for row in rows],
    )


def repair_after(change: TaskChange, row: tuple[Any, ...], chosen: Sequence[str], *, applied: bool) -> tuple[Any, ...]:
    """A repair (given, label, fields, soft, active) after the change; a proposal that would change nothing any more ends."""
    given, label, fields, soft, active = row
    new_given, new_label = _label(change, given, chosen), _label(change, label, chosen)
    new_soft = soft
    if soft is not None and change.what == "label":
        value = json.loads(soft)
        shares = task_change.soft_after(change, value, chosen)
        new_soft = soft if shares == value else encode(shares)
    alone = fields is None and soft is None and not applied
    ended = alone and (given, label) != (new_given, new_label) and new_given == new_label
    return new_given, new_label, _fields(change, fields), new_soft, 0 if ended else active


def put_repair(connection: sqlite3.Connection, sample_id: int, technique: str, job_id: int, row: Sequence[Any]) -> None:
    connection.execute(
        "UPDATE repair SET given = ?, label = ?, fields = ?, soft = ?, active = ? "
        "WHERE sample_id = ? AND technique = ? AND job_id = ?",
        (*row, sample_id, technique, job_id),
    )
