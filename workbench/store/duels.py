"""Outputs side by side: comparisons, their duels, and what people and models chose.

A duel holds two outputs for one input. Whoever judges it does not know whose they are, nor which of them stands first
in the table: a person gets either order, by a hash of duel and person; a model is asked in both. Choices are only ever
appended; they are kept in the duel's own terms, whatever stood first.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from workbench.errors import StoreError, UsageError
from workbench.store.acts import BREAK
from workbench.store.connection import CHUNK, Store, bulk, new_uuid, now
from workbench.store.duel_counts import Counts as Counts  # noqa: PLC0414 - others take them from here
from workbench.store.duel_counts import changed_at as changed_at  # noqa: PLC0414
from workbench.store.duel_counts import counts as counts  # noqa: PLC0414
from workbench.store.duel_counts import judged_by as judged_by  # noqa: PLC0414
from workbench.store.duel_counts import tally as tally  # noqa: PLC0414
from workbench.store.encoding import encode

#: Which of two outputs is better.
Side = Literal["first", "second", "tie"]
#: What is kept of a choice; unread: a model answered, and its answer named neither.
Verdict = Literal["first", "second", "tie", "unread"]
_OTHER: Mapping[str, Any] = {"first": "second", "second": "first"}


@dataclass(frozen=True, slots=True)
class NewDuel:
    """Two outputs for one input. ``first`` and ``second`` are places in the comparison's contenders; ``gold``: which is
    known to be better."""

    input: str
    first: int
    second: int
    first_text: str
    second_text: str
    first_sample: int | None = None
    second_sample: int | None = None
    gold: Side | None = None


@dataclass(frozen=True, slots=True)
class Duel(NewDuel):
    """A duel as kept."""

    id: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """``contenders``: names, in the order that duels refer to; ``details``: how the pairs were made, and the ``standings``
    once they were worked out; ``duels``: how many."""

    id: int
    name: str
    question: str
    contenders: tuple[str, ...]
    details: dict[str, Any]
    created_at: str
    duels: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A duel as somebody sees it: what stands first, what stands second, and nothing that tells whose they are."""

    duel_id: int
    input: str
    first: str
    second: str
    swapped: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a judge said, in the duel's own terms. ``judge``: a person's name, or the model's; ``swapped``: the duel's second
    output stood first."""

    duel_id: int
    judge: str
    person: bool
    swapped: bool
    verdict: Verdict
    reason: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model answered: ``preferred`` of the two as they were shown to it, None where the answer named neither."""

    duel_id: int
    swapped: bool
    preferred: Side | None
    reason: str = ""


def create(
    store: Store,
    name: str,
    question: str,
    contenders: Sequence[str],
    duels: Sequence[NewDuel],
    *,
    details: Mapping[str, Any] | None = None,
) -> Comparison:
    """Keep a comparison, in short transactions; it is there for others once it is complete.

    Raises ``UsageError``: the name is taken or empty, fewer than two contenders, no duels, a place that is no contender's.
    """
    name = _storable(name).strip()
    if not name:
        raise UsageError("A comparison needs a name.")
    if len(contenders) < 2 or not duels:
        raise UsageError("A comparison needs two contenders and at least one pair of their outputs.")
    if any(not 0 <= place < len(contenders) for one in duels for place in (one.first, one.second)):
        raise UsageError("A duel names a contender that is not in the comparison.")
    with store.write() as connection:
        _free(connection, name)
        _forget_unfinished(connection)
        made = connection.execute(
            "INSERT INTO comparison (uuid, name, question, contenders, details, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (new_uuid(), name, _storable(question), encode(list(contenders)), encode(dict(details or {})), now()),
        ).lastrowid
    assert made is not None
    for start in range(0, len(duels), CHUNK):
        rows = [
            (made, start + at, _storable(one.input), one.first, one.second, _storable(one.first_text),
             _storable(one.second_text), one.first_sample, one.second_sample, one.gold)
            for at, one in enumerate(duels[start : start + CHUNK])
        ]  # fmt: skip
        with store.write() as connection:
            bulk(
                connection,
                "INSERT INTO duel (comparison_id, position, input, first, second, first_text, second_text, first_sample, "
                "second_sample, gold)",
                rows,
            )
    with store.write() as connection:
        _free(connection, name)  # somebody was faster
        connection.execute("UPDATE comparison SET ready = 1 WHERE id = ?", (made,))
    return get(store, made)


def _forget_unfinished(connection: sqlite3.Connection) -> None:
    """Comparisons whose maker was cut off a day ago or more."""
    old = "SELECT id FROM comparison WHERE NOT ready AND created_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')"
    connection.execute(f"DELETE FROM duel WHERE comparison_id IN ({old})")
    connection.execute(f"DELETE FROM comparison WHERE id IN ({old})")


def _free(connection: sqlite3.Connection, name: str) -> None:
    if connection.execute("SELECT 1 FROM comparison WHERE name = ? AND ready", (name,)).fetchone():
        raise UsageError(f"There is a comparison {name!r} already; choose another name.")


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


_COMPARISON = (
    "SELECT id, name, question, contenders, details, created_at, "
    "(SELECT count(*) FROM duel WHERE comparison_id = comparison.id) FROM comparison WHERE ready"
)


def _comparison(row: tuple[Any, ...]) -> Comparison:
    return Comparison(row[0], row[1], row[2], tuple(json.loads(row[3])), json.loads(row[4]), row[5], row[6])


def keep_standings(store: Store, comparison_id: int, standings: Mapping[str, Any]) -> None:
    """Keep what the choices so far come to (``details["standings"]``), for those who only show it."""
    with store.write() as connection:
        connection.execute(
            "UPDATE comparison SET details = json_set(details, '$.standings', json(?)) WHERE id = ?",
            (encode(standings), comparison_id),
        )


def listed(store: Store) -> list[Comparison]:
    """All comparisons, the newest first."""
    return [_comparison(row) for row in store.read(f"{_COMPARISON} ORDER BY id DESC")]


def get(store: Store, comparison_id: int) -> Comparison:
    row = store.one(f"{_COMPARISON} AND id = ?", (comparison_id,))
    if row is None:
        raise StoreError(f"{store.path}: there is no comparison {comparison_id}.")
    return _comparison(row)


def named(store: Store, name: str) -> Comparison:
    """The comparison called ``name``. Raises ``UsageError`` that names those that there are."""
    row = store.one(f"{_COMPARISON} AND name = ? ORDER BY id DESC", (_storable(name).strip(),))
    if row is None:
        there = ", ".join(one.name for one in listed(store)[:10])
        raise UsageError(
            f"There is no comparison {name!r}; there are: {there}."
            if there
            else "There are no comparisons yet; `workbench compare make NAME` or `compare import NAME FILE` makes one."
        )
    return _comparison(row)


_DUEL = "input, first, second, first_text, second_text, first_sample, second_sample, gold, id, position"


def contents(store: Store, comparison_id: int) -> Iterator[Duel]:
    """The duels, in order, in short reads."""
    after = -1
    while rows := store.read(
        f"SELECT {_DUEL} FROM duel WHERE comparison_id = ? AND position > ? ORDER BY position LIMIT {CHUNK}",
        (comparison_id, after),
    ):
        yield from (Duel(*row) for row in rows)
        after = rows[-1][-1]


def swapped(comparison_id: int, duel_id: int, annotator_id: int) -> bool:
    """Whether this person sees the second output first: always the same, half of the duels, nothing to be guessed from."""
    seed = f"{comparison_id}/{duel_id}/{annotator_id}".encode()
    return bool(hashlib.sha256(seed).digest()[0] & 1)


def shown(duel: Duel, comparison_id: int, annotator_id: int) -> Shown:
    """The duel as this person sees it."""
    turned = swapped(comparison_id, duel.id, annotator_id)
    texts = (duel.second_text, duel.first_text) if turned else (duel.first_text, duel.second_text)
    return Shown(duel.id, duel.input, *texts, turned)


def waiting(
    store: Store, comparison_id: int, annotator_id: int, n: int = 1, *, passing: Collection[int] = ()
) -> list[Shown]:
    """The next duels that this person has not judged, but those to be passed over: everybody goes in the same order, so that
    what two have judged overlaps."""
    rows = store.read(
        f"SELECT {_DUEL} FROM duel WHERE comparison_id = ? AND id NOT IN (SELECT value FROM json_each(?)) AND NOT EXISTS "
        "(SELECT 1 FROM choice WHERE duel_id = duel.id AND annotator_id = ? AND active) ORDER BY position LIMIT ?",
        (comparison_id, encode(list(passing)), annotator_id, n),
    )
    return [shown(Duel(*row), comparison_id, annotator_id) for row in rows]


def choose(
    store: Store, annotator_id: int, duel: Shown, preferred: Side, *, seconds: float | None = None, reason: str = ""
) -> None:
    """Keep which of the two, as they were shown, a person prefers; what the person said of this duel before stays in history.

    Returns when it is durable (with a store of a person's). ``seconds`` over ``acts.BREAK`` are a break and not kept.
    Raises ``StoreError`` when the duel is not there any more (purged).
    """
    took = None if seconds is None or seconds > BREAK else round(seconds, 2)
    with store.write() as connection:
        if connection.execute("SELECT 1 FROM duel WHERE id = ?", (duel.duel_id,)).fetchone() is None:
            raise StoreError(
                "This pair is not there any more: one of its samples was purged, or the comparison deleted."
            )
        _retire(connection, annotator_id, duel.duel_id)
        connection.execute(
            "INSERT INTO choice (duel_id, annotator_id, swapped, verdict, reason, seconds, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (duel.duel_id, annotator_id, duel.swapped, own(preferred, duel.swapped), _storable(reason), took, now()),
        )


def _retire(connection: sqlite3.Connection, annotator_id: int, duel_id: int) -> int:
    return connection.execute(
        "UPDATE choice SET active = 0, undone_at = ? WHERE annotator_id = ? AND duel_id = ? AND active",
        (now(), annotator_id, duel_id),
    ).rowcount


def undo(store: Store, annotator_id: int, comparison_id: int) -> Shown | None:
    """Take back the person's newest choice in a comparison; returns its duel, None when there is nothing to take back."""
    with store.write() as connection:
        row = connection.execute(
            f"SELECT {', '.join(f'duel.{name}' for name in _DUEL.split(', '))} FROM choice JOIN duel ON duel.id = duel_id "
            "WHERE annotator_id = ? AND comparison_id = ? AND active ORDER BY choice.id DESC LIMIT 1",
            (annotator_id, comparison_id),
        ).fetchone()
        if row is None:
            return None
        duel = Duel(*row)
        _retire(connection, annotator_id, duel.id)
    return shown(duel, comparison_id, annotator_id)


def own(preferred: Side, turned: bool) -> Side:
    """A preference among outputs as shown, in the duel's own terms (and back)."""
    if preferred not in get_args(Side):
        raise UsageError(f"{preferred!r} is no choice: first, second or tie.")
    side: Side = _OTHER.get(preferred, preferred) if turned else preferred
    return side


def unjudged(store: Store, comparison_id: int, model: str) -> Iterator[tuple[Duel, bool]]:
    """(duel, swapped) that this model has still to judge, in order: both orders of every duel, those not understood again."""
    done = {
        (duel_id, bool(turned))
        for duel_id, turned in store.read(
            "SELECT duel_id, choice.swapped FROM choice JOIN duel ON duel.id = duel_id "
            "WHERE comparison_id = ? AND model = ? AND active AND verdict != 'unread'",
            (comparison_id, _storable(model)),
        )
    }
    for duel in contents(store, comparison_id):
        for turned in (False, True):
            if (duel.id, turned) not in done:
                yield duel, turned


def as_shown(duel: Duel, turned: bool) -> tuple[str, str]:
    """The two outputs in the order in which a model is asked."""
    return (duel.second_text, duel.first_text) if turned else (duel.first_text, duel.second_text)


def record(store: Store, model: str, judged: Sequence[Judged], *, job_id: int | None = None) -> int:
    """Keep what a model chose; returns how many were new. What it said of a duel in an order stays as it is, unless that was
    not understood: so a job may be repeated. Duels that are gone (purged) are passed over."""
    model, added = _storable(model), 0
    for start in range(0, len(judged), CHUNK):
        with store.write() as connection:
            for one in judged[start : start + CHUNK]:
                added += _record(connection, model, one, job_id)
    return added


def _record(connection: sqlite3.Connection, model: str, one: Judged, job_id: int | None) -> int:
    before = connection.execute(
        "SELECT id, verdict FROM choice WHERE duel_id = ? AND model = ? AND swapped = ? AND active",
        (one.duel_id, model, one.swapped),
    ).fetchone()
    if before is not None:
        if before[1] != "unread" or one.preferred is None:
            return 0
        connection.execute("UPDATE choice SET active = 0, undone_at = ? WHERE id = ?", (now(), before[0]))
    verdict = "unread" if one.preferred is None else own(one.preferred, one.swapped)
    return connection.execute(
        "INSERT INTO choice (duel_id, model, swapped, verdict, reason, job_id, created_at) "
        "SELECT id, ?, ?, ?, ?, ?, ? FROM duel WHERE id = ?",
        (model, one.swapped, verdict, _storable(one.reason), job_id, now(), one.duel_id),
    ).rowcount


def choices(store: Store, comparison_id: int, *, annotator_id: int | None = None) -> list[Choice]:
    """All choices that stand, oldest first; of one person only where that is asked."""
    rows = store.read(
        "SELECT duel_id, ifnull(annotator.name, model), annotator_id IS NOT NULL, choice.swapped, verdict, reason, seconds "
        "FROM choice JOIN duel ON duel.id = duel_id LEFT JOIN annotator ON annotator.id = annotator_id "
        "WHERE comparison_id = ? AND active AND (? IS NULL OR annotator_id = ?) ORDER BY choice.id",
        (comparison_id, annotator_id, annotator_id),
    )
    return [Choice(row[0], row[1], bool(row[2]), bool(row[3]), *row[4:]) for row in rows]
