"""Annotations as they leave and enter a project: one row per person and sample, with its whole history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.errors import StoreError
from workbench.store import renames
from workbench.store.acts import UNSET, Change
from workbench.store.connection import Store
from workbench.store.encoding import encode
from workbench.store.opinions import PARTS

#: Pairs of sample and person that one read looks at.
_READ = 500
#: How parts are called in files, where another name has been in use.
NAMES = {part: "edited_fields" if part == "fields" else part for part in PARTS}
#: Parts that are stored as JSON.
JSON_PARTS = ("label", "fields", "tags")
_STATE = ", ".join(f"annotation.{part}, annotation.{part}_seq" for part in PARTS)


def opinions(store: Store) -> Iterator[dict[str, Any]]:
    """Everybody's current opinion of every sample they said something about, in order of sample and person, each with the
    ``history`` it comes from: all annotations of this person on this sample, by (at, uuid).

    ``uuid`` names the sample; where it was made on several machines from the same file, ``hash`` (of the contents it came
    with) and ``copy`` (its place among those of the same contents) find it there.
    """
    after = (0, 0)
    while True:
        found = store.read(
            f"SELECT opinion.sample_id, opinion.annotator_id, name, uuid, original_hash, "
            "(SELECT count(*) FROM sample AS other WHERE other.original_hash = sample.original_hash AND other.id < sample.id), "
            f"sample.text, {', '.join(f'opinion.{part}' for part in PARTS)} "
            "FROM opinion JOIN annotator ON annotator.id = opinion.annotator_id JOIN sample ON sample.id = opinion.sample_id "
            "WHERE (opinion.sample_id, opinion.annotator_id) > (?, ?) ORDER BY opinion.sample_id, opinion.annotator_id "
            "LIMIT ?",
            (*after, _READ),
        )
        if not found:
            return
        for sample, annotator, name, uuid, hashed, copy, text, *parts in found:
            history = _history(store, sample, annotator)
            yield {
                "id": sample,
                "uuid": bytes(uuid).hex(),
                "annotation": history[-1]["annotation"],
                "annotator": name,
                **{NAMES[part]: read(part, value) for part, value in zip(PARTS, parts, strict=True)},
                "at": history[-1]["at"],
                "text": text,
                "hash": bytes(hashed).hex(),
                "copy": copy,
                "history": history,
            }
        after = (found[-1][0], found[-1][1])


def read(part: str, value: str | None) -> Any:
    """A part of an opinion as stored, as a JSON value."""
    return json.loads(value) if value is not None and part in JSON_PARTS else value


def _history(store: Store, sample: int, annotator: int) -> list[dict[str, Any]]:
    """A person's annotations of a sample, oldest first. ``wrote``: the parts that each changed, with their values in the
    names of now; ``set_by``: the annotation that a value comes from, where that is an earlier one (null: none)."""
    rows = store.read(
        f"SELECT annotation.id, annotation.uuid, act.uuid, act.kind, undone.uuid, act.change, act.total, wrote, seconds, "
        f"annotation.created_at, ifnull(act.system_user, annotator.system_user), {_STATE} FROM annotation "
        "JOIN act ON act.id = act_id JOIN annotator ON annotator.id = act.annotator_id "
        "LEFT JOIN act AS undone ON undone.id = act.undoes "
        # The plus keeps the index of persons out: a person may have a million annotations, a sample has a few.
        "WHERE sample_id = ? AND +annotation.annotator_id = ? ORDER BY annotation.created_at, annotation.uuid",
        (sample, annotator),
    )
    uuids = {row[0]: bytes(row[1]).hex() for row in rows}
    named = renames.any_in_force(store.connection)
    found = []
    for seq, uuid, act, kind, undone, change, total, wrote, seconds, at, user, *state in rows:
        if named:
            state[0], state[2], state[4] = renames.then(store.connection, sample, seq, state[0], state[2], state[4])
        said: dict[str, Any] = {}
        set_by: dict[str, str | None] = {}
        for place, part in enumerate(PARTS):
            if wrote is None or wrote >> place & 1:
                said[NAMES[part]] = read(part, state[2 * place])
                if state[2 * place + 1] != seq:
                    set_by[NAMES[part]] = uuids.get(state[2 * place + 1])
        one = {
            "annotation": bytes(uuid).hex(),
            "act": bytes(act).hex(),
            "kind": kind,
            "samples": total,
            "wrote": said,
            "at": at,
        }
        if set_by:
            one["set_by"] = set_by
        if undone is not None:
            one |= {"undoes": bytes(undone).hex(), "after": bool(json.loads(change).get("after"))}
        if seconds is not None:
            one["seconds"] = seconds
        found.append({**one, "system_user": user})
    return found


def sample_id(store: Store, values: Mapping[str, Any]) -> int:
    """The sample that a row means: by its ``uuid``, else by ``hash`` and ``copy``, else (no uuid) by its ``id``.

    Raises ``StoreError`` when there is none.
    """
    uuid, number = values.get("uuid"), values.get("id")
    found = _by_uuid(store, uuid) if isinstance(uuid, str) else None
    if found is None:
        found = _by_contents(store, values)
    if found is not None:
        return found
    if isinstance(uuid, str):
        raise StoreError(f"there is no sample with uuid {uuid[:40]}")
    if isinstance(number, int) and not isinstance(number, bool):
        if abs(number) < 2**63 and store.one("SELECT 1 FROM sample WHERE id = ?", (number,)):
            return number
        raise StoreError(f"there is no sample {str(number)[:40]}")
    raise StoreError("has neither a uuid nor an id")


def _by_uuid(store: Store, uuid: str) -> int | None:
    try:
        row = store.one("SELECT id FROM sample WHERE uuid = ?", (bytes.fromhex(uuid),))
    except ValueError:
        return None
    return row[0] if row else None


def _by_contents(store: Store, values: Mapping[str, Any]) -> int | None:
    hashed, copy = values.get("hash"), values.get("copy")
    if not isinstance(hashed, str) or not isinstance(copy, int) or not 0 <= copy < 2**31:
        return None
    try:
        row = store.one(
            "SELECT id FROM sample WHERE original_hash = ? ORDER BY id LIMIT 1 OFFSET ?", (bytes.fromhex(hashed), copy)
        )
    except ValueError:
        return None
    return row[0] if row else None


def says(store: Store, annotator_id: int, sample: int, change: Change) -> bool:
    """Whether a person's opinion of a sample already is what ``change`` would make it."""
    row = store.one(
        f"SELECT {', '.join(PARTS)} FROM opinion WHERE sample_id = ? AND annotator_id = ?", (sample, annotator_id)
    )
    if row is None:
        return False
    for part, have in zip(PARTS, row, strict=True):
        wanted = getattr(change, part)
        if wanted is UNSET:
            continue
        if part in JSON_PARTS:
            wanted = None if part == "tags" and not wanted else encode(wanted)
        elif part != "status":
            wanted = wanted or None
        if wanted != have:
            return False
    return True
