"""Views: one line of text that selects and orders samples, parsed here and never pasted into SQL.

    label:change_pin status:pending score.confidence<0.6 "my card" dropped:near_duplicate sort:uncertainty

Terms are joined by "and"; a leading ``-`` negates one. ``label:`` and ``status:`` take several values with commas. Quotes
keep spaces and commas together, in phrases and in values (``label:"my label"``); a quote inside them is written twice.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.errors import StoreError, UsageError
from workbench.store import curation, windows
from workbench.store.connection import Store, now
from workbench.store.view_terms import (
    BUILD,
    COMPARISON,
    OPINIONS,
    Clause,
    evaluation_and_name,
    matching,
    opinions,
    score,
    unquoted,
)  # fmt: skip
from workbench.store.view_terms import TERMS as TERMS  # noqa: PLC0414 - others take them from here
from workbench.store.view_terms import quoted as quoted  # noqa: PLC0414

_TERM = re.compile(r"^(-?)([a-z]+):(.*)$", re.DOTALL)
#: A word with quoted pieces: inside quotes everything stays together.
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_CONFINED = re.compile(r"/\*here:(\w+)\*/")
FETCH = 20_000


@dataclass(frozen=True, eq=False)
class View:
    """A parsed view. ``where`` and ``parameters`` are SQL over ``sample``; ``order`` is a score's name or None for id.

    Places in ``where`` are marked where a look into another table may be confined to the samples that are asked about.
    """

    text: str
    where: str = "1"
    parameters: tuple[Any, ...] = ()
    order: str | None = None
    descending: bool = False
    tests: dict[str, tuple[str, ...]] = field(default_factory=dict)  # simple positive tests, for quick counts
    sources: tuple[tuple[str, tuple[Any, ...]], ...] = ()  # SQL that lists what passes one test, from an index
    sets: View | None = None  # the same where labels may be sets
    phrases: tuple[str, ...] = ()  # what is searched for in texts
    behind: bool = False  # lists what is behind a number of an evaluation
    #: SQL that lists the ids in an order of its own; then ``order`` names it.
    listed: tuple[str, tuple[Any, ...]] | None = None

    def within(self, low: int, high: int) -> str:
        """``where`` for samples from ``low`` to ``high``."""
        return _CONFINED.sub(rf"AND \1 BETWEEN {low:d} AND {high:d}", self.where)

    def among(self, ids: Sequence[int]) -> str:
        """``where`` for these samples (at most some hundred)."""
        return _CONFINED.sub(rf"AND \1 IN ({','.join(f'{one:d}' for one in ids)})", self.where)


def words(text: str) -> list[str]:
    """The words of a view, quotes still in them. Raises ``UsageError`` on an open quote."""
    if text.count('"') % 2:
        raise UsageError(f'{text} - a quote (") is not closed.')
    # NUL would end SQLite's text early; lone surrogates cannot be stored, so nothing holds them.
    return _WORD.findall(text.replace("\0", "\ufffd").encode("utf-8", "replace").decode())


def parse(text: str) -> View:
    """A view from its line; raises ``UsageError`` that names the wrong term and what there is instead."""
    clauses: list[Clause] = []
    phrases: list[str] = []
    unwanted: list[str] = []
    order: str | None = None
    descending = ordered = behind = False
    tests: dict[str, tuple[str, ...]] = {}
    for word in words(text):
        comparison, said, term = COMPARISON.match(word), OPINIONS.match(word), _TERM.match(word)
        if comparison or said:
            if comparison:
                clause = score(comparison[2], comparison[3], float(comparison[4]))
            else:
                assert said is not None
                clause = opinions(said[2], int(said[3]))
            clauses.append(clause.negated() if word.startswith("-") else clause)
        elif term and term[2] == "sort":
            descending = term[3].startswith("-")
            name = term[3].removeprefix("-")
            if not re.fullmatch(r"[\w.-]+", name):
                raise UsageError(f"sort:{term[3]} - name a score, such as sort:uncertainty, or sort:id.")
            order, ordered = None if name == "id" else name, True
        elif term and term[2] in BUILD:
            clause = BUILD[term[2]](term[3])
            behind = behind or (term[2] == "behind" and not term[1])
            clauses.append(clause.negated() if term[1] else clause)
            if not term[1] and term[2] in ("status", "origin", "split", "label") and term[3] != "none":
                tests[term[2]] = clause.parameters
            elif not term[1] and (term[2] == "set" or (term[2] == "dropped" and not clause.parameters)):
                tests[term[2]] = (term[3],)
        elif term:
            close = difflib.get_close_matches(term[2], TERMS, n=1)
            hint = f"did you mean {close[0]}:?" if close else f"there are: {', '.join(TERMS)}."
            raise UsageError(
                f"{word} - there is no {term[2]}: term; {hint} (To search for it as text, put it in quotes.)"
            )
        elif word.removeprefix("-").startswith("score."):
            raise UsageError(f"{word} - compare a score with a number, such as score.confidence<0.6.")
        elif word.startswith("-") and len(word) > 1:
            unwanted.append(unquoted(word[1:]))
        else:
            phrases.append(unquoted(word))
    if phrases:
        # Every phrase is one FTS5 string, with its quotes doubled: nothing in it is an operator.
        clauses.append(matching(" AND ".join(quoted(phrase) for phrase in phrases)))
    if unwanted:
        clauses.append(matching(" OR ".join(quoted(phrase) for phrase in unwanted)).negated())
    simple = len(tests) == len(clauses)
    own = next((clause for clause in clauses if clause.order), None)
    listed = None if ordered or own is None else (f"{own.source} {own.order}", own.parameters)
    order = "behind:" if listed else order  # no score is called so
    view = _joined(text, clauses, order, descending, tests if simple else {})
    view = replace(view, phrases=tuple(phrases), behind=behind, listed=listed)
    if any(clause.sets for clause in clauses):
        sets = _joined(text, [clause.sets or clause for clause in clauses], order, descending, {})
        view = replace(view, sets=replace(sets, behind=behind, listed=listed))
    return view


def _joined(
    text: str, clauses: Sequence[Clause], order: str | None, descending: bool, tests: dict[str, tuple[str, ...]]
) -> View:
    return View(
        text,
        " AND ".join(clause.sql for clause in clauses) or "1",
        tuple(value for clause in clauses for value in clause.parameters),
        order,
        descending,
        tests,
        tuple((clause.source, clause.parameters) for clause in clauses if clause.source),
    )


def fitted(store: Store, view: View) -> View:
    """The view as this project needs it: where labels may be sets, ``label:`` looks into them."""
    if view.sets is None or store.one("SELECT 1 FROM label_set LIMIT 1") is None:
        return view
    return view.sets


def unknown(store: Store, text: str) -> list[str]:
    """Sentences about scores and techniques that a view names and this project has not got: a slip finds nothing, silently."""
    scores = set(curation.score_names(store))
    said = []
    for word in words(text):
        compared, term = COMPARISON.match(word), _TERM.match(word)
        if term and term[2] == "behind":
            said += _nothing_behind(store, *evaluation_and_name(term[3]))
        name = compared[2] if compared else term[3].removeprefix("-") if term and term[2] == "sort" else None
        if name and name != "id" and name not in scores:
            close = difflib.get_close_matches(name, scores, n=3, cutoff=0.65)
            within = [one for one in sorted(scores) if one.startswith(f"{name}.")]
            hint = f"; did you mean {' or '.join(within or close)}?" if within or close else ""
            said.append(f"No sample here has a score {name!r}{hint}")
    return said


def _nothing_behind(store: Store, evaluation_id: int | None, name: str) -> list[str]:
    """A sentence, if no sample was kept behind that number."""
    which, given = ("1", ()) if evaluation_id is None else ("id = ?", (evaluation_id,))
    found = "EXISTS (SELECT 1 FROM behind WHERE evaluation_id = evaluation.id AND name = ?)"
    if store.one(f"SELECT 1 FROM evaluation WHERE {which} AND {found} LIMIT 1", (*given, name)) is not None:
        return []
    where = "any evaluation" if evaluation_id is None else f"evaluation {evaluation_id}"
    return [f"No samples are kept behind {name!r} of {where}"]


def high_water(store: Store) -> int:
    """The highest sample id: later ones do not enter a view that is open."""
    row = store.one("SELECT ifnull(max(id), 0) FROM sample")
    return int(row[0]) if row else 0


def quick_count(store: Store, view: View) -> int | None:
    """How many samples, from the tally, where the view tests only what is tallied; else None.

    That is status, origin, split, label, ``set:`` and ``dropped:yes`` or ``no``: the tally has columns of these names.
    """
    if (not view.tests and view.where != "1") or fitted(store, view) is not view:
        return None
    row = store.one(f"SELECT ifnull(sum(n), 0) FROM tally WHERE {view.where}", view.parameters)
    return int(row[0]) if row else 0


def counting(store: Store, view: View) -> Iterator[tuple[int, int]]:
    """Count what the view holds, in short reads: (number so far, highest sample id looked at) after each."""
    yield from windows.counting(store, fitted(store, view), 1, high_water(store))


def count(store: Store, view: View) -> int:
    """How many samples the view holds now."""
    quick = quick_count(store, view)
    if quick is not None:
        return quick
    return max((number for number, _ in counting(store, view)), default=0)


def count_after(store: Store, view: View, water: int) -> int:
    """How many samples newer than ``water`` (a ``high_water`` of before) meet the view."""
    found = windows.counting(store, fitted(store, view), water + 1, high_water(store))
    return max((number for number, _ in found), default=0)


def still(store: Store, view: View, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` (of an open list, some hundred) that meet the view now."""
    return windows.still(store, fitted(store, view), ids)


def first(store: Store, view: View, limit: int) -> list[int]:
    """The first ``limit`` ids, for the first paint."""
    return [one for chunk in stream(store, view, limit) for one in chunk]


def first_within(store: Store, view: View, limit: int, seconds: float) -> list[int] | None:
    """The first ``limit`` ids, or None when they are not found within ``seconds``: nobody waits longer for them."""
    until = time.perf_counter() + seconds

    def late(_share: float = 0.0) -> bool:
        return time.perf_counter() > until

    if seconds <= 0:
        return None
    found: list[int] = []
    try:
        with interruptible(store, late):
            for chunk in chunks(store, view, high_water(store), size=limit, tell=_ending(late)):
                found += chunk[: limit - len(found)]
                if len(found) >= limit:
                    break
    except Stopped:
        return None
    return found


class Stopped(Exception):
    """A reading was ended from outside."""


def _ending(stop: Callable[[], bool]) -> windows.Tell:
    def tell(_share: float) -> None:
        if stop():
            raise Stopped

    return tell


@contextmanager
def interruptible(store: Store, stop: Callable[[], bool]) -> Iterator[None]:
    """Reads of ``store`` end with ``Stopped`` soon after ``stop()`` is true, also in the middle of a statement."""
    store.connection.set_progress_handler(lambda: int(stop()), 20_000)
    try:
        yield
    except StoreError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError) and "interrupt" in str(error.__cause__).lower():
            raise Stopped from error
        raise
    finally:
        store.connection.set_progress_handler(None, 0)


def last(store: Store, view: View, limit: int, water: int) -> list[int]:
    """The last ``limit`` ids of a view ordered by id, in the view's order: the end is there before the middle is."""
    found: list[int] = []
    for chunk in (
        windows.by_id(store, fitted(store, view), 1, water, limit, descending=not view.descending) if limit else ()
    ):
        found += chunk[: limit - len(found)]
        if len(found) == limit:
            break
    return found[::-1]


def chunks(
    store: Store, view: View, water: int, *, size: int = FETCH, tell: windows.Tell = lambda share: None
) -> Iterator[list[int]]:
    """All ids of the view in order, at most ``size`` at a time; no read stays open or looks at very many samples.

    ``tell`` hears which share has been looked at, also while nothing is found; what it raises ends the reading.
    """
    view = fitted(store, view)
    if view.listed is not None:
        yield from windows.by_list(store, view, *view.listed, water, size, tell=tell)
    elif view.order is None:
        yield from windows.by_id(store, view, 1, water, size, descending=view.descending, tell=tell)
    else:
        yield from windows.by_score(store, view, view.order, water, size, descending=view.descending, tell=tell)


def stream(store: Store, view: View, limit: int | None = None) -> Iterator[list[int]]:
    """The first ``limit`` ids (default: all) a chunk at a time, read only as far as they are taken."""
    left = limit
    if left == 0:
        return
    for chunk in chunks(store, view, high_water(store), size=FETCH if left is None else min(left, FETCH)):
        if left is None:
            yield chunk
            continue
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


def ids(store: Store, view: View) -> array[int]:
    """All ids of the view, in order (8 bytes each)."""
    found = array("q")
    for chunk in chunks(store, view, high_water(store)):
        found.extend(chunk)
    return found


def save(store: Store, name: str, text: str) -> None:
    """Keep a view under a name (an existing one is replaced); raises ``UsageError`` when it does not parse."""
    parse(text)
    name, text = (value.encode("utf-8", "replace").decode() for value in (name, text))
    with store.write() as connection:
        connection.execute(
            "INSERT INTO saved_view VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET query = excluded.query",
            (name, text, now()),
        )


def saved(store: Store) -> dict[str, str]:
    """Saved views: name to line."""
    return dict(store.read("SELECT name, query FROM saved_view ORDER BY name"))


def forget(store: Store, name: str) -> None:
    """Take a saved view away; its samples stay."""
    with store.write() as connection:
        connection.execute("DELETE FROM saved_view WHERE name = ?", (name,))


def rename(store: Store, name: str, new: str) -> None:
    """Give a saved view another name; raises ``UsageError`` when that is taken."""
    new = new.encode("utf-8", "replace").decode()
    with store.write() as connection:
        if connection.execute("SELECT 1 FROM saved_view WHERE name = ?", (new,)).fetchone():
            raise UsageError(f"There is a view called {new!r} already.")
        connection.execute("UPDATE saved_view SET name = ? WHERE name = ?", (new, name))
