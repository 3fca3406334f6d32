"""Samples about which several people spoke: who said what and when, and which samples a cell of a confusion means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.store.connection import Store, powers


@dataclass(frozen=True, slots=True)
class Said:
    """One person's opinion of a sample; ``label`` is JSON text or None, ``at`` when they spoke last (UTC)."""

    sample_id: int
    annotator: str
    label: str | None
    status: str | None
    note: str | None
    ruling: str | None
    at: str


_OPINIONS = (
    "SELECT opinion.sample_id, name, opinion.label, opinion.status, opinion.note, opinion.ruling, annotation.created_at "
    "FROM opinion JOIN annotator ON annotator.id = opinion.annotator_id JOIN annotation ON annotation.id = annotation_id "
)
_SPOKE = "(opinion.label IS NOT NULL OR opinion.status IS NOT NULL OR opinion.note IS NOT NULL)"


def of(store: Store, sample_id: int) -> list[Said]:
    """Everybody's current opinion of one sample, by name."""
    rows = store.read(f"{_OPINIONS} WHERE opinion.sample_id = ? AND {_SPOKE} ORDER BY name", (sample_id,))
    return [Said(*row) for row in rows]


def several(store: Store, least: int = 2, *, disagreed: bool = False) -> Iterator[list[Said]]:
    """The opinions of each sample about which ``least`` people or more gave a label or a status, in short reads.

    ``disagreed``: only of what the view ``disagreed:yes`` lists.
    """
    after = 0
    while chunk := store.read(
        f"SELECT sample_id FROM spoken WHERE sample_id > ? AND people >= ? {'AND disagreed = 1' if disagreed else ''} "
        "ORDER BY sample_id LIMIT 500",
        (after, least),
    ):
        marks = ",".join("?" * len(chunk))
        group: list[Said] = []
        for row in store.read(
            f"{_OPINIONS} WHERE opinion.sample_id IN ({marks}) AND (opinion.label IS NOT NULL OR opinion.status IS NOT NULL) "
            "ORDER BY opinion.sample_id, name",
            [one for (one,) in chunk],
        ):
            if group and group[0].sample_id != row[0]:
                yield group
                group = []
            group.append(Said(*row))
        if group:
            yield group
        after = chunk[-1][0]


def came(store: Store, ids: Sequence[int]) -> dict[int, str]:
    """The labels that samples have without anybody's word (JSON text): what somebody who only accepts agrees to. As the last
    repair in force made them, else as they came."""
    found: dict[int, str] = {}
    for chunk in powers(ids, 512):
        marks = ",".join("?" * len(chunk))
        found.update(
            store.read(f"SELECT id, ifnull(original_label, 'null') FROM sample WHERE id IN ({marks})", list(chunk))
        )
        found.update(
            store.read(
                "SELECT sample_id, label FROM repair "
                f"WHERE sample_id IN ({marks}) AND active AND applied AND label IS NOT NULL ORDER BY job_id, place",
                list(chunk),
            )
        )
    return found


def names(store: Store) -> dict[int, str]:
    """Annotators by their numbers."""
    return dict(store.read("SELECT id, name FROM annotator"))


#: What an annotator of a confusion said: a person, a model's first suggestion, or the label as it came.
_SOURCES = {
    "person": "SELECT sample_id, opinion.label FROM opinion JOIN annotator ON annotator.id = annotator_id WHERE name = ?",
    "model": "SELECT sample_id, label FROM suggestion WHERE 'model:' || source = ? AND rank = 0",
    "came": "SELECT id AS sample_id, original_label AS label FROM sample WHERE ? = 'as generated'",
}


def _source(name: str) -> str:
    kind = "came" if name == "as generated" else "model" if name.startswith("model:") else "person"
    return _SOURCES[kind]


def cell(store: Store, a: str, b: str, label_a: str, label_b: str, most: int = 500) -> Sequence[int]:
    """Samples of which ``a`` says ``label_a`` and ``b`` ``label_b`` (JSON texts), at most ``most``, in order of id."""
    rows = store.read(
        f"SELECT one.sample_id FROM ({_source(a)}) AS one JOIN ({_source(b)}) AS two ON two.sample_id = one.sample_id "
        "WHERE one.label = ? AND two.label = ? ORDER BY one.sample_id LIMIT ?",
        (a, b, label_a, label_b, most),
    )
    return [sample for (sample,) in rows]
