"""How far everybody is with the duels of a comparison, without reading their texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.store.connection import Store

if TYPE_CHECKING:
    from workbench.store.duels import Verdict


@dataclass(slots=True)
class Counts:
    """``people``: duels judged by each; ``models``: orders judged by each (two a duel), ``unread`` of them not understood."""

    duels: int
    people: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)


def judged_by(store: Store, comparison_id: int, annotator_id: int) -> int:
    """Duels that a person has judged."""
    row = store.one(
        "SELECT count(*) FROM choice JOIN duel ON duel.id = duel_id "
        "WHERE comparison_id = ? AND annotator_id = ? AND active",
        (comparison_id, annotator_id),
    )
    return int(row[0]) if row else 0


def counts(store: Store, comparison_id: int) -> Counts:
    """How far everybody is."""
    total = store.one("SELECT count(*) FROM duel WHERE comparison_id = ?", (comparison_id,))
    found = Counts(total[0] if total else 0)
    for name, person, n, unread in store.read(
        "SELECT ifnull(annotator.name, model) AS judge, annotator_id IS NOT NULL AS person, count(*), sum(verdict = 'unread') "
        "FROM choice JOIN duel ON duel.id = duel_id LEFT JOIN annotator ON annotator.id = annotator_id "
        "WHERE comparison_id = ? AND active GROUP BY person, judge ORDER BY judge",
        (comparison_id,),
    ):
        (found.people if person else found.models)[name] = n
        if unread:
            found.unread[name] = unread
    return found


def tally(store: Store, comparison_id: int, annotator_id: int) -> list[tuple[int, int, Verdict, int]]:
    """What a person chose, counted: (first, second, verdict, how many) by pair of contenders, without reading the texts."""
    rows: list[tuple[int, int, Verdict, int]] = [
        (row[0], row[1], row[2], row[3])
        for row in store.read(
            "SELECT duel.first, duel.second, verdict, count(*) FROM choice JOIN duel ON duel.id = duel_id "
            "WHERE comparison_id = ? AND annotator_id = ? AND active GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            (comparison_id, annotator_id),
        )
    ]
    return rows


def changed_at(store: Store, comparison_id: int) -> str:
    """When the newest choice was made; an empty text where there is none."""
    row = store.one(
        "SELECT max(choice.created_at) FROM choice JOIN duel ON duel.id = duel_id WHERE comparison_id = ?",
        (comparison_id,),
    )
    return str(row[0]) if row and row[0] else ""
