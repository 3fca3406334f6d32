"""People at work: how far and how fast each is, what they say, and what a sample still lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from workbench.errors import UsageError
from workbench.store.acts import BREAK, system_user
from workbench.store.blind import SAID
from workbench.store.connection import Store, now, powers

#: The newest decisions of a person that their speed is taken from.
RECENT = 2_000
#: Their newest annotations among which those are looked for: bulk acts and files are not timed.
LOOKED_AT = 20_000
_READ = 5_000
#: SQL for "undoes another act, or is undone". These and opinions that decide nothing are few, with an index of their own;
#: counting the others would look up every row.
TURNED = "(undoes IS NOT NULL OR undone_by IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Progress:
    """One person's work. ``samples``: those on which they decided; ``decisions``: acts that stand (a bulk act is one);
    ``seconds_median`` and ``per_hour``: of their newest timed decisions, breaks left out (None: none was timed); ``today``:
    annotations since midnight UTC; ``last_at``: their newest annotation (UTC)."""

    annotator_id: int
    name: str
    samples: int
    decisions: int
    seconds_median: float | None
    per_hour: float | None
    today: int
    last_at: str | None


def progress(store: Store) -> list[Progress]:
    """Everybody who has said something, by name. Index reads only: short for a million annotations."""
    from statistics import median  # a megabyte that the screen only needs here

    midnight = datetime.now(UTC).strftime("%Y-%m-%dT00:00:00.000Z")
    found = []
    for annotator_id, name in store.read("SELECT id, name FROM annotator ORDER BY name"):
        newest = store.one("SELECT max(created_at) FROM annotation WHERE annotator_id = ?", (annotator_id,))
        if newest is None or newest[0] is None:
            continue
        timed = [
            seconds
            for (seconds,) in store.read(
                "SELECT seconds FROM (SELECT seconds FROM annotation WHERE annotator_id = ? ORDER BY created_at DESC LIMIT ?) "
                "WHERE seconds <= ? LIMIT ?",
                (annotator_id, LOOKED_AT, BREAK, RECENT),
            )
        ]
        spent = sum(timed)
        found.append(
            Progress(
                annotator_id,
                name,
                _count(store, "opinion WHERE annotator_id = ?", annotator_id)
                - _count(store, "opinion WHERE annotator_id = ? AND label IS NULL AND status IS NULL", annotator_id),
                _count(store, "act WHERE annotator_id = ?", annotator_id)
                - _count(store, f"act WHERE annotator_id = ? AND {TURNED}", annotator_id),
                median(timed) if timed else None,
                3600 * len(timed) / spent if spent > 0 else None,
                _count(store, "annotation WHERE annotator_id = ? AND created_at >= ?", annotator_id, midnight),
                min(newest[0], now()),  # dated on after a clock that ran ahead
            )
        )
    return found


def _count(store: Store, what: str, *parameters: int | str) -> int:
    row = store.one(f"SELECT count(*) FROM {what}", parameters)
    return int(row[0]) if row else 0


def opinions_of(store: Store, part: Literal["label", "status"] = "label") -> Iterator[tuple[int, int, str]]:
    """(sample id, annotator id, value) of all current opinions that say something about ``part``, in order of sample and
    person, in short reads. Labels are JSON text, statuses plain; one set back to pending is no opinion."""
    if part not in ("label", "status"):
        raise UsageError(f"{part!r} is not something that people agree about; there are: label, status.")
    after = (0, 0)
    while chunk := store.read(
        f"SELECT sample_id, annotator_id, {part} FROM opinion WHERE (sample_id, annotator_id) > (?, ?) "
        f"AND {part} IS NOT NULL AND {part} != 'pending' ORDER BY sample_id, annotator_id LIMIT ?",
        (*after, _READ),
    ):
        yield from chunk
        after = chunk[-1][:2]


def model_opinions(store: Store) -> Iterator[tuple[int, str, str]]:
    """(sample id, name, label as JSON text) of what no person said, for the samples whose label people spoke about: the
    first suggestion of each source ("model:SOURCE") and the label that the sample came with ("as generated")."""
    after = 0
    while chunk := store.read(
        "SELECT DISTINCT sample_id FROM opinion WHERE sample_id > ? AND label IS NOT NULL ORDER BY sample_id LIMIT 512",
        (after,),
    ):
        ids = [one for (one,) in chunk]
        for part in powers(ids, 512):
            marks = ",".join("?" * len(part))
            yield from store.read(
                f"SELECT id, 'as generated', original_label FROM sample WHERE id IN ({marks}) AND original_label IS NOT NULL "
                f"UNION ALL SELECT sample_id, 'model:' || source, label FROM suggestion WHERE sample_id IN ({marks}) "
                "AND rank = (SELECT min(rank) FROM suggestion AS other WHERE other.sample_id = suggestion.sample_id "
                "AND other.source = suggestion.source) ORDER BY 1, 2",
                [*part, *part],
            )
        after = ids[-1]


def has_spoken(store: Store, annotator_id: int, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` (some hundred) on which a person decided."""
    marks = ",".join("?" * len(ids))
    rows = store.read(
        f"SELECT sample_id FROM opinion WHERE sample_id IN ({marks}) AND annotator_id = ? AND {SAID}",
        [*ids, annotator_id],
    )
    return {one for (one,) in rows}


def lacking(store: Store, ids: Sequence[int], overlap: int) -> dict[int, int]:
    """How many people are still wanted on each of ``ids`` (some hundred); samples that have enough are left out.

    A sample whose disagreement somebody settled lacks nobody. Where the settings name the annotators, only theirs count.
    """
    names = store.project.outline.review.annotators
    who = f"AND name IN ({','.join('?' * len(names))})" if names else ""
    marks = ",".join("?" * len(ids))
    rows = store.read(
        f"SELECT sample_id, sum({SAID} {who}), max(ruling IS NOT NULL) FROM opinion JOIN annotator "
        f"ON annotator.id = annotator_id WHERE sample_id IN ({marks}) GROUP BY sample_id",
        [*names, *ids],
    )
    people = {sample: overlap if ruled else number for sample, number, ruled in rows}
    return {one: overlap - people.get(one, 0) for one in ids if people.get(one, 0) < overlap}


def known(store: Store, name: str | None = None) -> int:
    """A person's number by name (default: the system user), 0 for somebody who has not been here; nobody is written down."""
    row = store.one("SELECT id FROM annotator WHERE name = ?", (name or system_user(),))
    return int(row[0]) if row else 0
