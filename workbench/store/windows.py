"""Reading a view in short reads: each looks at a bounded range of ids, however few of them meet the view.

A read that scans a million rows for two matches takes up to a second, and a writer's checkpoint waits for it. Here a
range starts narrow and widens while reads are quick.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from workbench.store.connection import Store

#: Ids that one read looks at: at first, and at most. A scan reads some 5 ids per microsecond, a search in texts one.
NARROW, WIDE = 20_000, 160_000
#: Seconds under which the next read looks at more ids, and over which it looks at fewer.
QUICK, SLOW = 0.03, 0.1
#: Samples that one read tests by their numbers.
SOME = 500
#: Scores that are looked at one by one before all samples of the view are collected instead.
PROBED = 2_000


class Selection(Protocol):
    """What is read: SQL over ``sample`` with its parameters (``views.View``)."""

    @property
    def parameters(self) -> tuple[Any, ...]: ...
    def within(self, low: int, high: int) -> str: ...
    def among(self, ids: Sequence[int]) -> str: ...


class _Pace:
    """How many ids the next read looks at."""

    def __init__(self) -> None:
        self.width = NARROW

    def read(self, store: Store, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        began = time.perf_counter()
        found = store.read(sql, parameters)
        took = time.perf_counter() - began
        if took < QUICK:
            self.width = min(WIDE, self.width * 2)
        elif took > SLOW:
            self.width = max(1_000, self.width // 2)
        return found


def by_id(
    store: Store, view: Selection, low: int, high: int, size: int, *, descending: bool = False
) -> Iterator[list[int]]:
    """Ids from ``low`` to ``high`` that meet the view, at most ``size`` at once, never none."""
    pace = _Pace()
    direction = "DESC" if descending else "ASC"
    while low <= high:
        first = max(low, high - pace.width + 1) if descending else low
        last = high if descending else min(high, low + pace.width - 1)
        found = pace.read(
            store,
            f"SELECT id FROM sample WHERE {view.within(first, last)} AND id BETWEEN ? AND ? "
            f"ORDER BY id {direction} LIMIT ?",
            (*view.parameters, first, last, size),
        )
        ids = [row[0] for row in found]
        if ids:
            yield ids
        if descending:
            high = (ids[-1] if len(ids) == size else first) - 1
        else:
            low = (ids[-1] if len(ids) == size else last) + 1


def counting(store: Store, view: Selection, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Count the ids from ``low`` to ``high`` that meet the view: (number so far, id that was reached) after each read."""
    pace = _Pace()
    number = 0
    while low <= high:
        last = min(high, low + pace.width - 1)
        ((found,),) = pace.read(
            store,
            f"SELECT count(*) FROM sample WHERE {view.within(low, last)} AND id BETWEEN ? AND ?",
            (*view.parameters, low, last),
        )
        number += found
        low = last + 1
        yield number, last


def still(store: Store, view: Selection, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` that meet the view now."""
    found: set[int] = set()
    for start in range(0, len(ids), SOME):
        some = ids[start : start + SOME]
        marks = ",".join("?" * len(some))
        found.update(
            row[0]
            for row in store.read(
                f"SELECT id FROM sample WHERE {view.among(some)} AND id IN ({marks})", (*view.parameters, *some)
            )
        )
    return found


def by_score(
    store: Store, view: Selection, name: str, high: int, size: int, *, descending: bool = False
) -> Iterator[list[int]]:
    """Ids up to ``high`` that meet the view in the order of a score, then those without it in the order of ids.

    The first scores are tested one by one, so that the first page is there at once. If it does not fill, or is not
    enough, all ids that meet the view are marked (a byte per sample), and the scores are read against the marks.
    """
    probed = array("q")
    page = array("q")
    scores = _scores(store, name, high, descending=descending)
    for some in scores:
        kept = still(store, view, some)
        page.extend(one for one in some if one in kept)
        probed.extend(some)
        while len(page) >= size:
            yield page[:size].tolist()
            del page[:size]
        if len(probed) >= PROBED:
            break
    if page:
        yield page.tolist()
    marks = bytearray(high + 1)
    for ids in by_id(store, view, 1, high, NARROW):
        for one in ids:
            marks[one] = 1
    for one in probed:
        marks[one] = 0
    if marks.count(1) <= NARROW:
        scores = _scores_of(store, name, array("q", (one for one, mark in enumerate(marks) if mark)), descending)
    for some in scores:
        page = array("q", (one for one in some if marks[one]))
        for one in some:
            marks[one] = 0
        for start in range(0, len(page), size):
            yield page[start : start + size].tolist()
    place = marks.find(1)
    while place >= 0:
        page = array("q")
        while place >= 0 and len(page) < size:
            page.append(place)
            place = marks.find(1, place + 1)
        yield page.tolist()


def _scores(store: Store, name: str, high: int, *, descending: bool) -> Iterator[list[int]]:
    """Ids up to ``high`` that have a score, in its order; a few at first, then more."""
    compare, direction = ("<", "DESC") if descending else (">", "ASC")
    place: tuple[float, int] | None = None
    size = SOME
    read = 0
    while True:
        beyond = f"AND (value, sample_id) {compare} (?, ?)" if place else ""
        found = store.read(
            f"SELECT sample_id, value FROM score WHERE name = ? {beyond} AND sample_id <= ? "
            f"ORDER BY value {direction}, sample_id {direction} LIMIT ?",
            (name, *(place or ()), high, size),
        )
        if found:
            yield [row[0] for row in found]
            place = (found[-1][1], found[-1][0])
        if len(found) < size:
            return
        read += size
        size = SOME if read < PROBED else NARROW


def _scores_of(store: Store, name: str, ids: Sequence[int], descending: bool) -> Iterator[list[int]]:
    """Those of ``ids`` that have a score, in its order."""
    found: list[tuple[float, int]] = []
    for start in range(0, len(ids), SOME):
        some = ids[start : start + SOME]
        marks = ",".join("?" * len(some))
        found += store.read(
            f"SELECT value, sample_id FROM score WHERE sample_id IN ({marks}) AND name = ?", (*some, name)
        )
    found.sort(reverse=descending)
    yield [sample_id for _, sample_id in found]
