"""Blind reading: what a person may see of samples on which others spoke and they did not yet."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store.connection import Store
from workbench.store.opinions import repaired

#: SQL for "this opinion decides": a label, or a status.
SAID = "(label IS NOT NULL OR status IS NOT NULL)"


#: SQL for "this opinion is a decision": a label that is being put together of several decides nothing yet.
DECIDED = "ifnull(status, 'pending') != 'pending'"


def as_it_came(store: Store, annotator_id: int, ids: Sequence[int]) -> dict[int, tuple[str | None, str]]:
    """(label, fields) as JSON, without any other person's word, of those of ``ids`` (some hundred) that people have said
    something about and this person has not decided on. What this person has said so far is there."""
    marks = ",".join("?" * len(ids))
    own = {
        sample_id: said
        for sample_id, *said in store.read(
            f"SELECT sample_id, label, fields FROM opinion WHERE annotator_id = ? AND sample_id IN ({marks})",
            [annotator_id, *ids],
        )
    }
    return {
        sample_id: (
            own.get(sample_id, (None,))[0] or repaired(store.connection, sample_id, "label") or label,
            own.get(sample_id, (None, None))[1] or repaired(store.connection, sample_id, "fields") or fields,
        )
        for sample_id, label, fields in store.read(
            f"SELECT id, original_label, original_fields FROM sample WHERE id IN (SELECT sample_id FROM opinion "
            f"WHERE sample_id IN ({marks}) GROUP BY sample_id HAVING NOT max(annotator_id = ? AND {DECIDED}))",
            [*ids, annotator_id],
        )
    }


def undecided(store: Store, annotator_id: int, sample_id: int) -> bool:
    """Whether this person has still to decide on a sample."""
    row = store.one(
        f"SELECT 1 FROM opinion WHERE sample_id = ? AND annotator_id = ? AND {DECIDED}", (sample_id, annotator_id)
    )
    return row is None


def own_label(store: Store, annotator_id: int, sample_id: int) -> str | None:
    """The label (JSON) that a person who reads blind goes on from: their own, else the one that it came with."""
    row = store.one("SELECT label FROM opinion WHERE sample_id = ? AND annotator_id = ?", (sample_id, annotator_id))
    if row is not None and row[0] is not None:
        return str(row[0])
    came = store.one("SELECT original_label FROM sample WHERE id = ?", (sample_id,))
    return repaired(store.connection, sample_id, "label") or (None if came is None else came[0])
