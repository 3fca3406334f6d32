"""Reading a view in short reads: from the index that narrows it to a few, else a bounded range of ids at a time.

A read that scans a million rows for two matches takes up to a second, and a writer's checkpoint waits for it. Here a
range starts narrow and widens while reads are quick.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
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
#: Ids from one index that are tested by their numbers: looked for at once, and after a range of ids that held hardly any.
FEW, MANY = 2_000, 40_000
HARDLY = 200

#: Hears which share (0 to 1) has been looked at; may raise to end the reading.
Tell = Callable[[float], None]


def _silent(_share: float) -> None:
    """Nobody asks."""


class Selection(Protocol):
    """What is read: SQL over ``sample`` with its parameters (``views.View``)."""

    @property
    def parameters(self) -> tuple[Any, ...]: ...
    @property
    def sources(self) -> tuple[tuple[str, tuple[Any, ...]], ...]: ...
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


def few(store: Store, view: Selection, low: int, high: int, most: int = FEW) -> list[int] | None:
    """Ids from ``low`` to ``high``, rising, among which are all that meet the view: from the index that narrows it most;
    None where each lists more than ``most``."""
    best: list[tuple[Any, ...]] | None = None
    for source, parameters in view.sources:
        found = store.read(f"{source} LIMIT ?", (*parameters, most + 1))
        if len(found) <= most and (best is None or len(found) < len(best)):
            best = found
    return None if best is None else sorted({row[0] for row in best if low <= row[0] <= high})


def _tested(
    store: Store, view: Selection, ids: Sequence[int], size: int, tell: Tell, *, descending: bool
) -> Iterator[list[int]]:
    """Those of ``ids`` that meet the view, in their order or (``descending``) from the last, at most ``size`` at once, never
    none."""
    ordered = ids[::-1] if descending else ids
    for start in range(0, len(ordered), SOME):
        some = ordered[start : start + SOME]
        kept = still(store, view, some)
        page = [one for one in some if one in kept]
        for place in range(0, len(page), size):
            yield page[place : place + size]
        tell(min(1.0, (start + SOME) / len(ordered)))


def by_id(
    store: Store, view: Selection, low: int, high: int, size: int, *, descending: bool = False, tell: Tell = _silent
) -> Iterator[list[int]]:
    """Ids from ``low`` to ``high`` that meet the view, at most ``size`` at once, never none."""
    candidates = few(store, view, low, high)
    pace, start, whole, sure = _Pace(), low, max(1, high - low + 1), candidates is not None
    direction = "DESC" if descending else "ASC"
    while candidates is None and low <= high:
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
        tell(1 - max(0, high - low + 1) / whole)
        if not sure:
            sure = True
            candidates = few(store, view, low, high, MANY) if len(ids) < min(size, HARDLY) else None
    if candidates is not None:
        done = (low - start) / whole
        yield from _tested(
            store, view, candidates, size, lambda share: tell(done + share * (1 - done)), descending=descending
        )


def counting(store: Store, view: Selection, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Count the ids from ``low`` to ``high`` that meet the view: (number so far, id that was reached) after each read."""
    pace = _Pace()
    number = 0
    candidates = few(store, view, low, high, MANY if high - low > WIDE else FEW)
    if candidates is not None:
        for start in range(0, len(candidates), SOME):
            some = candidates[start : start + SOME]
            number += len(still(store, view, some))
            yield number, some[-1]
        yield number, high
        return
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


def by_list(
    store: Store, view: Selection, source: str, parameters: Sequence[Any], high: int, size: int, *, tell: Tell = _silent
) -> Iterator[list[int]]:
    """Ids up to ``high`` that meet the view, in the order in which ``source`` (SQL; some thousand at most) lists them."""
    ids = [row[0] for row in store.read(source, parameters) if row[0] <= high]
    yield from _tested(store, view, ids, size, tell, descending=False)


def by_score(
    store: Store, view: Selection, name: str, high: int, size: int, *, descending: bool = False, tell: Tell = _silent
) -> Iterator[list[int]]:
    """Ids up to ``high`` that meet the view in the order of a score, then those without it in the order of ids.

    Where no index narrows the view to a few, the first scores are tested one by one, so that the first page is there at
    once. If it does not fill, or is not enough, all ids that meet the view are marked (a byte per sample), and the scores
    are read against the marks.
    """
    if store.one("SELECT 1 FROM score WHERE name = ? LIMIT 1", (name,)) is None:
        yield from by_id(store, view, 1, high, size, tell=tell)
        return
    probed = array("q")
    page = array("q")
    scores = _scores(store, name, high, descending=descending)
    narrow = few(store, view, 1, high)
    for some in scores if narrow is None else ():
        kept = still(store, view, some)
        page.extend(one for one in some if one in kept)
        probed.extend(some)
        while len(page) >= size:
            yield page[:size].tolist()
            del page[:size]
        tell(0.0)
        if len(probed) >= PROBED:
            break
    if page:
        yield page.tolist()
    marks = bytearray(high + 1)
    for ids in by_id(store, view, 1, high, NARROW, tell=lambda share: tell(share * 0.8)):
        for one in ids:
            marks[one] = 1
    for one in probed:
        marks[one] = 0
    left = marks.count(1)
    if left <= NARROW:
        scores = _scores_of(store, name, array("q", _marked(marks)), descending)
    for some in scores:
        page = array("q", (one for one in some if marks[one]))
        for one in some:
            marks[one] = 0
        for start in range(0, len(page), size):
            yield page[start : start + size].tolist()
        tell(0.9)
    rest = _marked(marks)
    while page := array("q", islice(rest, size)):
        yield page.tolist()


def _marked(marks: bytearray) -> Iterator[int]:
    """The places that are marked, rising."""
    place = marks.find(1)
    while place >= 0:
        yield place
        place = marks.find(1, place + 1)


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
