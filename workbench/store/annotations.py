"""Annotations as they leave and enter a project: one row per person and sample."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.errors import StoreError
from workbench.store.acts import UNSET, Change
from workbench.store.connection import Store
from workbench.store.encoding import encode


def opinions(store: Store) -> Iterator[dict[str, Any]]:
    """Everybody's current opinion of every sample they said something about, in order of sample and person."""
    after = (0, 0)
    while True:
        found = store.read(
            "SELECT opinion.sample_id, opinion.annotator_id, name, sample.uuid, annotation.uuid, opinion.label, "
            "opinion.status, opinion.fields, opinion.note, annotation.created_at, sample.text FROM opinion "
            "JOIN annotator ON annotator.id = opinion.annotator_id JOIN sample ON sample.id = opinion.sample_id "
            "JOIN annotation ON annotation.id = annotation_id "
            "WHERE (opinion.sample_id, opinion.annotator_id) > (?, ?) ORDER BY opinion.sample_id, opinion.annotator_id "
            "LIMIT 2000",
            after,
        )
        if not found:
            return
        for row in found:
            if any(value is not None for value in row[5:9]):
                yield {
                    "id": row[0],
                    "uuid": bytes(row[3]).hex(),
                    "annotation": bytes(row[4]).hex(),
                    "annotator": row[2],
                    "label": None if row[5] is None else json.loads(row[5]),
                    "status": row[6],
                    "edited_fields": None if row[7] is None else json.loads(row[7]),
                    "note": row[8],
                    "at": row[9],
                    "text": row[10],
                }
        after = (found[-1][0], found[-1][1])


def sample_id(store: Store, values: Mapping[str, Any]) -> int:
    """The sample that a row means by its ``uuid`` or ``id``; raises ``StoreError`` when there is none."""
    uuid, number = values.get("uuid"), values.get("id")
    if isinstance(uuid, str):
        try:
            row = store.one("SELECT id FROM sample WHERE uuid = ?", (bytes.fromhex(uuid),))
        except ValueError:
            row = None
        if row is None:
            raise StoreError(f"there is no sample with uuid {uuid[:40]}")
        return int(row[0])
    if isinstance(number, int) and not isinstance(number, bool):
        if abs(number) < 2**63 and store.one("SELECT 1 FROM sample WHERE id = ?", (number,)):
            return number
        raise StoreError(f"there is no sample {str(number)[:40]}")
    raise StoreError("has neither a uuid nor an id")


def says(store: Store, annotator_id: int, sample: int, change: Change) -> bool:
    """Whether a person's opinion of a sample already is what ``change`` would make it."""
    row = store.one(
        "SELECT label, status, fields, note FROM opinion WHERE sample_id = ? AND annotator_id = ?",
        (sample, annotator_id),
    )
    if row is None:
        return False
    wanted = (change.label, change.status, change.fields, change.note)
    return all(
        one is UNSET or (have == (one if plain else encode(one)))
        for one, have, plain in zip(wanted, row, (False, True, False, True), strict=True)
    )
