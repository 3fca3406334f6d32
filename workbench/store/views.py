"""Views: one line of text that selects and orders samples, parsed here and never pasted into SQL.

    label:change_pin status:pending score.confidence<0.6 "my card" dropped:near_duplicate sort:uncertainty

Terms are joined by "and"; a leading ``-`` negates one. ``label:`` and ``status:`` take several values with commas. Quotes
keep spaces and commas together, in phrases and in values (``label:"my label"``); a quote inside them is written twice.
"""

from __future__ import annotations

import difflib
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import UsageError
from workbench.store import curation, windows
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
    "repair": "repair:open, repair:applied, repair:mckd - a proposed repair waits for a person, is done, or is by that technique",
    "by": "by:anna - annotated by that person",
    "job": "job:12 - made by that job",
    "recipe": "recipe:attrprompt - made by that recipe",
    "id": "id:418 - that sample; id:13,18,19 - these",
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
_CONFINED = re.compile(r"/\*here:(\w+)\*/")
FETCH = 20_000


@dataclass(frozen=True)
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

    def within(self, low: int, high: int) -> str:
        """``where`` for samples from ``low`` to ``high``."""
        return _CONFINED.sub(rf"AND \1 BETWEEN {low:d} AND {high:d}", self.where)

    def among(self, ids: Sequence[int]) -> str:
        """``where`` for these samples (at most some hundred)."""
        return _CONFINED.sub(rf"AND \1 IN ({','.join(f'{one:d}' for one in ids)})", self.where)


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
    return "id IN (SELECT sample_id FROM verdict WHERE filter = ? AND active /*here:sample_id*/)", [value]


_MATCHES = "id IN (SELECT rowid FROM sample_fts WHERE sample_fts MATCH ? /*here:rowid*/)"


def _repair(value: str) -> tuple[str, list[Any]]:
    if value == "open":
        return (
            "(status IN ('pending', 'flagged') AND id IN (SELECT sample_id FROM repair WHERE active AND NOT applied "
            "/*here:sample_id*/) AND NOT EXISTS (SELECT 1 FROM opinion WHERE opinion.sample_id = sample.id "
            "AND opinion.label IS NOT NULL))"
        ), []
    if value == "applied":
        return "id IN (SELECT sample_id FROM repair WHERE active AND applied /*here:sample_id*/)", []
    return "id IN (SELECT sample_id FROM repair WHERE active AND technique = ? /*here:sample_id*/)", [value]


def _flag(term: str, sql: str) -> Callable[[str], tuple[str, list[Any]]]:
    return lambda value: (sql if _yes(value, term) else f"NOT {sql}", [])


_BUILD: dict[str, Callable[[str], tuple[str, list[Any]]]] = {
    "label": _label,
    "status": lambda value: _in("status", _among(value, _STATUSES, "status")),
    "origin": lambda value: _in("origin", _among(value, _ORIGINS, "origin")),
    "split": lambda value: _in("split", _among(value, _SPLITS, "split")),
    "dropped": _dropped,
    "repair": _repair,
    "set": _flag("set", DATA_SET),
    "edited": _flag("edited", "(fields IS NOT NULL)"),
    "noted": _flag("noted", "(id IN (SELECT sample_id FROM opinion WHERE note IS NOT NULL /*here:sample_id*/))"),
    "relabelled": _flag("relabelled", "(label IS NOT original_label)"),
    "by": lambda value: (
        "id IN (SELECT sample_id FROM opinion JOIN annotator ON annotator.id = annotator_id WHERE name = ? "
        "AND (label IS NOT NULL OR status IS NOT NULL OR note IS NOT NULL OR opinion.fields IS NOT NULL) /*here:sample_id*/)",
        [value],
    ),
    "job": lambda value: ("sample.job_id = ?", [_number(value, "job")]),
    "recipe": lambda value: (
        "(SELECT series_id FROM request WHERE request.id = request_id) IN (SELECT series.id FROM series WHERE recipe = ?)",
        [value],
    ),
    "id": lambda value: (
        f"id IN ({','.join('?' * (value.count(',') + 1))})",
        [_number(part, "id") for part in value.split(",")],
    ),
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
            # The plus keeps SQLite from the index on values: for each range of samples it would read all that compare so.
            clause = f"id IN (SELECT sample_id FROM score WHERE +name = ? AND +value {operator} ? /*here:sample_id*/)"
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
            elif not term[1] and (term[2] == "set" or (term[2] == "dropped" and not values)):
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


def unknown(store: Store, text: str) -> list[str]:
    """Sentences about scores and techniques that a view names and this project has not got: a slip finds nothing, silently."""
    scores = set(curation.score_names(store))
    said = []
    for word in _split(text):
        compared, term = _COMPARISON.match(word), _TERM.match(word)
        name = compared[2] if compared else term[3].removeprefix("-") if term and term[2] == "sort" else None
        if name and name != "id" and name not in scores:
            close = difflib.get_close_matches(name, scores, n=3, cutoff=0.65)
            within = [one for one in sorted(scores) if one.startswith(f"{name}.")]
            hint = f"; did you mean {' or '.join(within or close)}?" if within or close else ""
            said.append(f"No sample here has a score {name!r}{hint}")
    return said


def high_water(store: Store) -> int:
    """The highest sample id: later ones do not enter a view that is open."""
    row = store.one("SELECT ifnull(max(id), 0) FROM sample")
    return int(row[0]) if row else 0


def quick_count(store: Store, view: View) -> int | None:
    """How many samples, from the tally, where the view tests only what is tallied; else None.

    That is status, origin, split, label, ``set:`` and ``dropped:yes`` or ``no``: the tally has columns of these names.
    """
    if not view.tests and view.where != "1":
        return None
    row = store.one(f"SELECT ifnull(sum(n), 0) FROM tally WHERE {view.where}", view.parameters)
    return int(row[0]) if row else 0


def counting(store: Store, view: View) -> Iterator[tuple[int, int]]:
    """Count what the view holds, in short reads: (number so far, highest sample id looked at) after each."""
    yield from windows.counting(store, view, 1, high_water(store))


def count(store: Store, view: View) -> int:
    """How many samples the view holds now."""
    quick = quick_count(store, view)
    if quick is not None:
        return quick
    return max((number for number, _ in counting(store, view)), default=0)


def count_after(store: Store, view: View, water: int) -> int:
    """How many samples newer than ``water`` (a ``high_water`` of before) meet the view."""
    found = windows.counting(store, view, water + 1, high_water(store))
    return max((number for number, _ in found), default=0)


def still(store: Store, view: View, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` (of an open list, some hundred) that meet the view now."""
    return windows.still(store, view, ids)


def first(store: Store, view: View, limit: int) -> list[int]:
    """The first ``limit`` ids, for the first paint."""
    return [one for chunk in stream(store, view, limit) for one in chunk]


def last(store: Store, view: View, limit: int, water: int) -> list[int]:
    """The last ``limit`` ids of a view ordered by id, in the view's order: the end is there before the middle is."""
    found: list[int] = []
    for chunk in windows.by_id(store, view, 1, water, limit, descending=not view.descending) if limit else ():
        found += chunk[: limit - len(found)]
        if len(found) == limit:
            break
    return found[::-1]


def chunks(store: Store, view: View, water: int, *, size: int = FETCH) -> Iterator[list[int]]:
    """All ids of the view in order, at most ``size`` at a time; no read stays open or looks at very many samples."""
    if view.order is None:
        yield from windows.by_id(store, view, 1, water, size, descending=view.descending)
    else:
        yield from windows.by_score(store, view, view.order, water, size, descending=view.descending)


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
