"""What people say about samples besides their labels: notes, tags, why something was rejected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from workbench.store.connection import Store

#: Characters of a tag, tags that are offered.
LONGEST_TAG, MOST_TAGS = 60, 1_000


@dataclass(frozen=True, slots=True)
class Remarks:
    """What counts of people's remarks on a sample: a person's own, else the newest of others. ``spoken``: whether that
    person has said anything of label, status or contents."""

    note: str | None = None
    reason: str | None = None
    tags: tuple[str, ...] = ()
    spoken: bool = False


def of(store: Store, sample_id: int, annotator_id: int | None, *, alone: bool = False) -> Remarks:
    """The remarks on a sample as ``annotator_id`` sees them; ``alone``: without what others say (one indexed read)."""
    rows = store.read(
        "SELECT annotator_id, note, note_seq, reason, reason_seq, tags, tags_seq, status_seq, label_seq, fields_seq "
        "FROM opinion WHERE sample_id = ?",
        (sample_id,),
    )
    mine = next((row for row in rows if row[0] == annotator_id), None)
    heard = [row for row in rows if not alone or row[0] == annotator_id]

    def best(column: int) -> Any:
        said = [(row[0] == annotator_id, row[column + 1], row[column]) for row in heard if row[column] is not None]
        return max(said)[2] if said else None

    # Whoever has said anything about tags sees their own, even where that is none: so others' can be taken off.
    own = mine is not None and mine[6] is not None
    tags = mine[5] if mine is not None and own else best(5)
    return Remarks(
        best(1), best(3), tuple(json.loads(tags)) if tags else (), mine is not None and any(mine[7:]),
    )  # fmt: skip


def used_tags(store: Store) -> list[str]:
    """Tags that anybody has given, the most frequent first; for a thread: it reads the index of tags."""
    return [
        tag
        for tag, _ in store.read(
            "SELECT tag, count(*) FROM opinion_tag GROUP BY tag ORDER BY 2 DESC, 1 LIMIT ?",
            (MOST_TAGS,),
        )
    ]


def toggled(tags: tuple[str, ...], tag: str) -> list[str]:
    """Tags with one put in at the end or taken out."""
    return [one for one in tags if one != tag] if tag in tags else [*tags, tag]
