"""Blind reading: what a person may see of samples on which others spoke and they did not yet."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store.connection import Store
from workbench.store.opinions import repaired

#: SQL for "this opinion decides": a label, or a status.
SAID = "(label IS NOT NULL OR status IS NOT NULL)"


def as_it_came(store: Store, annotator_id: int, ids: Sequence[int]) -> dict[int, tuple[str | None, str]]:
    """(label, fields) as JSON, without any person's word, of those of ``ids`` (some hundred) that others have said
    something about and this person has not decided on."""
    marks = ",".join("?" * len(ids))
    return {
        sample_id: (
            repaired(store.connection, sample_id, "label") or label,
            repaired(store.connection, sample_id, "fields") or fields,
        )
        for sample_id, label, fields in store.read(
            f"SELECT id, original_label, original_fields FROM sample WHERE id IN (SELECT sample_id FROM opinion "
            f"WHERE sample_id IN ({marks}) GROUP BY sample_id HAVING NOT max(annotator_id = ? AND {SAID}))",
            [*ids, annotator_id],
        )
    }
