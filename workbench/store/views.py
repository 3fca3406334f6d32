"""Views: one line of text that selects and orders samples, parsed here and never pasted into SQL.

    label:change_pin status:pending score.confidence<0.6 "my card" dropped:near_duplicate sort:uncertainty

Terms are joined by "and"; a leading ``-`` negates one. ``label:`` and ``status:`` take several values with commas. Quotes
keep spaces and commas together, in phrases and in values (``label:"my label"``); a quote inside them is written twice.
"""

from __future__ import annotations

import difflib
import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.store.connection import Store, now
from workbench.store.samples import DATA_SET

#: What a term may be called, with what it means: shown by help and used for suggestions.
TERMS: dict[str, str] = {
    "label": "label:change_pin,pin_blocked - the current label is one of these (label:none: has none)",
    "status": "status:pending - pending, accepted, rejected or flagged",
    "origin": "origin:synthetic - seed, synthetic, real or unlabelled",
    "split": "split:test - train, validation or test",
    "dropped": "dropped:yes, dropped:no, or dropped:near_duplicate - dropped by any filter, by none, or by that one",
    "set": "set:yes - belongs to the data set (not rejected; not dropped unless accepted)",
    "edited": "edited:yes - the text was corrected by a person",
    "noted": "noted:yes - has a note",
    "relabelled": "relabelled:yes - the label differs from the one it came with",
    "by": "by:anna - annotated by that person",
    "job": "job:12 - made by that job",
    "recipe": "recipe:attrprompt - made by that recipe",
    "id": "id:418 - that sample",
    "near": "near:418 - the stored nearest neighbours of that sample",
    "score": "score.confidence<0.6 - a score compared with <, <=, >, >= or =",
    "sort": "sort:id, sort:-id, sort:NAME or sort:-NAME - by number or by a score; samples without that score come last",
}
_STATUSES = ("pending", "accepted", "rejected", "flagged")
_ORIGINS = ("seed", "synthetic", "real", "unlabelled")
_SPLITS = ("train", "validation", "test")
_COMPARISON = re.compile(r"^(-?)score\.([\w.-]+)(<=|>=|<|>|=)(-?\d+(?:\.\d+)?(?:e-?\d+)?)$")
_TERM = re.compile(r"^(-?)([a-z]+):(.*)$", re.DOTALL)
#: A word, a value in a list with commas, and a quoted piece: inside quotes everything stays together.
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_VALUE = re.compile(r'(?:[^,"]|"[^"]*")+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
FETCH = 20_000


@dataclass(frozen=True)
class View:
    """A parsed view. ``where`` and ``parameters`` are SQL over ``sample``; ``order`` is a score's name or None for id."""

    text: str
    where: str = "1"
    parameters: tuple[Any, ...] = ()
    order: str | None = None
    descending: bool = False
    tests: dict[str, tuple[str, ...]] = field(default_factory=dict)  # simple positive tests, for quick counts


def _yes(value: str, term: str) -> bool:
    if value not in ("yes", "no"):
        raise UsageError(f"{term}:{value} - write {term}:yes or {term}:no.")
    return value == "yes"


def _among(value: str, allowed: tuple[str, ...], term: str) -> tuple[str, ...]:
    chosen = tuple(part for part in value.split(",") if part)
    for part in chosen or (value,):
        if part not in allowed:
            close = difflib.get_close_matches(part, allowed, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(allowed)}."
            raise UsageError(f"{term}:{part} - {hint}")
    return chosen


def _number(value: str, term: str) -> int:
    if not re.fullmatch(r"\d{1,18}", value):
        raise UsageError(f"{term}:{value} - a sample's or job's number is needed, such as {term}:418.")
    return int(value)


def _in(column: str, values: tuple[str, ...]) -> tuple[str, list[Any]]:
    return f"{column} IN ({','.join('?' * len(values))})", list(values)


def _label(value: str) -> tuple[str, list[Any]]:
    if value == "none":
        return "label IS NULL", []
    names = _values(value)
    if not all(names) or not names:
        raise UsageError(f"label:{value} - name a label, or write label:none for samples that have none.")
    return _in("label_key", names)


def _dropped(value: str) -> tuple[str, list[Any]]:
    if value in ("yes", "no"):
        return ("dropped > 0" if value == "yes" else "dropped = 0"), []
    # A join from the verdict's own index, not a test per sample.
    return "id IN (SELECT sample_id FROM verdict WHERE filter = ? AND active)", [value]


_MATCHES = "id IN (SELECT rowid FROM sample_fts WHERE sample_fts MATCH ?)"


def _flag(term: str, sql: str) -> Callable[[str], tuple[str, list[Any]]]:
    return lambda value: (sql if _yes(value, term) else f"NOT {sql}", [])


_BUILD: dict[str, Callable[[str], tuple[str, list[Any]]]] = {
    "label": _label,
    "status": lambda value: _in("status", _among(value, _STATUSES, "status")),
    "origin": lambda value: _in("origin", _among(value, _ORIGINS, "origin")),
    "split": lambda value: _in("split", _among(value, _SPLITS, "split")),
    "dropped": _dropped,
    "set": _flag("set", DATA_SET),
    "edited": _flag("edited", "(fields IS NOT NULL)"),
    "noted": _flag("noted", "(id IN (SELECT sample_id FROM opinion WHERE note IS NOT NULL))"),
    "relabelled": _flag("relabelled", "(label IS NOT original_label)"),
    "by": lambda value: (
        "id IN (SELECT sample_id FROM opinion JOIN annotator ON annotator.id = annotator_id WHERE name = ? "
        "AND (label IS NOT NULL OR status IS NOT NULL OR note IS NOT NULL OR opinion.fields IS NOT NULL))",
        [value],
    ),
    "job": lambda value: ("sample.job_id = ?", [_number(value, "job")]),
    "recipe": lambda value: (
        "request_id IN (SELECT request.id FROM request JOIN series ON series.id = series_id WHERE recipe = ?)",
        [value],
    ),
    "id": lambda value: ("id = ?", [_number(value, "id")]),
    "near": lambda value: (
        "id IN (SELECT other_id FROM neighbour WHERE sample_id = ?)",
        [_number(value, "near")],
    ),
}


def quoted(value: str) -> str:
    """``value`` as a term's value or a phrase that reads back as exactly this text."""
    return '"' + value.replace('"', '""') + '"'


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda found: found[1].replace('""', '"'), word)


def _values(text: str) -> tuple[str, ...]:
    """The values of a term: commas outside quotes separate them."""
    return tuple(_unquoted(part) for part in _VALUE.findall(text))


def _split(text: str) -> list[str]:
    """The words of a view, quotes still in them. Raises ``UsageError`` on an open quote."""
    if text.count('"') % 2:
        raise UsageError(f'{text} - a quote (") is not closed.')
    # NUL would end SQLite's text early; lone surrogates cannot be stored, so nothing holds them.
    return _WORD.findall(text.replace("\0", "\ufffd").encode("utf-8", "replace").decode())


def parse(text: str) -> View:
    """A view from its line; raises ``UsageError`` that names the wrong term and what there is instead."""
    clauses: list[str] = []
    parameters: list[Any] = []
    phrases: list[str] = []
    order: str | None = None
    descending = False
    tests: dict[str, tuple[str, ...]] = {}
    for word in _split(text):
        comparison = _COMPARISON.match(word)
        term = _TERM.match(word)
        if comparison:
            negated, name, operator, number = comparison.groups()
            clause = f"id IN (SELECT sample_id FROM score WHERE name = ? AND value {operator} ?)"
            clauses.append(f"NOT {clause}" if negated else clause)
            parameters += [name, float(number)]
        elif term and term[2] == "sort":
            descending = term[3].startswith("-")
            name = term[3].removeprefix("-")
            if not re.fullmatch(r"[\w.-]+", name):
                raise UsageError(f"sort:{term[3]} - name a score, such as sort:uncertainty, or sort:id.")
            order = None if name == "id" else name
        elif term and term[2] in _BUILD:
            clause, values = _BUILD[term[2]](term[3] if term[2] == "label" else _unquoted(term[3]))
            clauses.append(f"NOT ({clause})" if term[1] else clause)
            parameters += values
            if not term[1] and term[2] in ("status", "origin", "split", "label") and term[3] != "none":
                tests[term[2]] = tuple(values)
        elif term:
            close = difflib.get_close_matches(term[2], TERMS, n=1)
            hint = f"did you mean {close[0]}:?" if close else f"there are: {', '.join(TERMS)}."
            raise UsageError(
                f"{word} - there is no {term[2]}: term; {hint} (To search for it as text, put it in quotes.)"
            )
        elif word.removeprefix("-").startswith("score."):
            raise UsageError(f"{word} - compare a score with a number, such as score.confidence<0.6.")
        elif word.startswith("-") and len(word) > 1:
            clauses.append(f"NOT {_MATCHES}")
            parameters.append(quoted(_unquoted(word[1:])))
        else:
            phrases.append(_unquoted(word))
    if phrases:
        # Every phrase is one FTS5 string, with its quotes doubled: nothing in it is an operator.
        clauses.append(_MATCHES)
        parameters.append(" AND ".join(quoted(phrase) for phrase in phrases))
    simple = len(tests) == len(clauses)
    return View(text, " AND ".join(clauses) or "1", tuple(parameters), order, descending, tests if simple else {})


def high_water(store: Store) -> int:
    """The highest sample id: later ones do not enter a view that is open."""
    row = store.one("SELECT ifnull(max(id), 0) FROM sample")
    return int(row[0]) if row else 0


def quick_count(store: Store, view: View) -> int | None:
    """How many samples, from the tally, where the view tests only status, origin, split and label; else None."""
    if not view.tests and view.where != "1":
        return None
    clauses: list[str] = []
    parameters: list[Any] = []
    for term, values in view.tests.items():
        column = "label_key" if term == "label" else term
        clauses.append(f"{column} IN ({','.join('?' * len(values))})")
        parameters += values
    row = store.one(f"SELECT ifnull(sum(n), 0) FROM tally WHERE {' AND '.join(clauses) or '1'}", parameters)
    return int(row[0]) if row else 0


def count(store: Store, view: View) -> int:
    """How many samples the view holds now."""
    quick = quick_count(store, view)
    if quick is not None:
        return quick
    row = store.one(f"SELECT count(*) FROM sample WHERE {view.where}", view.parameters)
    return int(row[0]) if row else 0


def first(store: Store, view: View, limit: int) -> list[int]:
    """The first ``limit`` ids, for the first paint."""
    for chunk in chunks(store, view, high_water(store), size=limit):
        return chunk[:limit]
    return []


def last(store: Store, view: View, limit: int, water: int) -> list[int]:
    """The last ``limit`` ids of a view ordered by id, in the view's order: the end is there before the middle is."""
    direction = "ASC" if view.descending else "DESC"
    found = store.read(
        f"SELECT id FROM sample WHERE {view.where} AND id <= ? ORDER BY id {direction} LIMIT ?",
        (*view.parameters, water, limit),
    )
    return [row[0] for row in reversed(found)]


def chunks(store: Store, view: View, water: int, *, size: int = FETCH) -> Iterator[list[int]]:
    """All ids of the view in order, a chunk at a time; each is one short keyset read, so that no read stays open."""
    yield from _by_id(store, view, water, size) if view.order is None else _by_score(store, view, water, size)


def _by_id(store: Store, view: View, water: int, size: int) -> Iterator[list[int]]:
    after = water + 1 if view.descending else 0
    compare, direction = ("<", "DESC") if view.descending else (">", "ASC")
    while True:
        found = store.read(
            f"SELECT id FROM sample WHERE {view.where} AND id {compare} ? AND id <= ? ORDER BY id {direction} LIMIT ?",
            (*view.parameters, after, water, size),
        )
        ids = [row[0] for row in found]
        if ids:
            yield ids
            after = ids[-1]
        if len(ids) < size:
            return


def _by_score(store: Store, view: View, water: int, size: int) -> Iterator[list[int]]:
    compare, direction = ("<", "DESC") if view.descending else (">", "ASC")
    place: tuple[float, int] | None = None
    while True:
        beyond = f"AND (value, sample_id) {compare} (?, ?)" if place else ""
        found = store.read(
            f"SELECT sample_id, value FROM score JOIN sample ON sample.id = sample_id WHERE name = ? {beyond} "
            f"AND sample_id <= ? AND {view.where} ORDER BY value {direction}, sample_id {direction} LIMIT ?",
            (view.order, *(place or ()), water, *view.parameters, size),
        )
        if found:
            yield [row[0] for row in found]
            place = (found[-1][1], found[-1][0])
        if len(found) < size:
            break
    after = 0
    while True:
        found = store.read(
            f"SELECT id FROM sample WHERE {view.where} AND id > ? AND id <= ? "
            "AND NOT EXISTS (SELECT 1 FROM score WHERE sample_id = id AND name = ?) ORDER BY id LIMIT ?",
            (*view.parameters, after, water, view.order, size),
        )
        if found:
            yield [row[0] for row in found]
            after = found[-1][0]
        if len(found) < size:
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
