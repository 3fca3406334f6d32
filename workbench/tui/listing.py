"""The ids of an open view: fixed when it was opened, filled by a thread, any row reachable at once. No widgets here."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from workbench.errors import WorkbenchError
from workbench.store import views
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.store.views import View

#: Rows read for the first paint, and around a place reached before the thread has got there.
PAGE = 200
#: Terms of a view that the rows on the screen answer without asking the database.
ROW_TERMS = frozenset({"status", "origin", "label"})
#: Seconds that a key waits for a view's first page, or its end, before a thread looks for it; between two words of it.
PATIENCE = 0.03
PERIOD = 0.3


class Listing:
    """A view's ids in order. ``rows`` is what the list shows: all that is known, or an island around a far place.

    The thread only appends to ``ids``; everything else happens in the screen's thread. 4 bytes a sample.
    """

    def __init__(self, store: Store, view: View, patience: float | None = None) -> None:
        self.view = view
        self.patience = PATIENCE if patience is None else patience
        self.water = views.high_water(store)
        self.total = views.quick_count(store, view)
        self.code = "I" if self.water < 2**32 else "q"  # 4 bytes a sample, where they suffice
        found = views.first_within(store, view, PAGE, self.patience)
        self.ids = array(self.code, found or ())
        self.finished = found is not None and view.order is None and len(found) < PAGE
        if self.finished:
            self.total = len(self.ids)
        self.share = 0.0  # of the samples that have been looked at
        self.island: array[int] | None = None
        self._stop = threading.Event()

    @property
    def rows(self) -> array[int]:
        return self.ids if self.island is None else self.island

    @property
    def by_id(self) -> bool:
        return self.view.order is None

    @property
    def searching(self) -> bool:
        """The thread has not reached the end."""
        return not self.finished and not self._stop.is_set()

    @property
    def stopped(self) -> bool:
        """Given up before the end: what is listed is not all."""
        return self._stop.is_set() and not self.finished

    def known(self) -> str:
        """How many samples the view has: what is still being counted is never shown as the total."""
        if self.total is not None:
            return f"{self.total:,}"
        return f"{len(self.ids):,}+" + ("" if self.stopped else " …")

    def fill(self, store: Store, tell: Callable[[bool], None]) -> None:
        """Collect the rest (in a thread, with its own store); ``tell(finished)`` with the first page and some times a second."""
        known, told = len(self.ids), 0.0

        def looked(share: float) -> None:
            nonlocal told
            if self._stop.is_set():
                raise views.Stopped
            self.share = share
            if monotonic() - told >= PERIOD:
                told = monotonic()
                tell(False)

        try:
            with views.interruptible(store, self._stop.is_set):
                for chunk in views.chunks(store, self.view, self.water, tell=looked):
                    if self._stop.is_set():
                        return
                    few = len(self.ids) < PAGE
                    self.ids.extend(array(self.code, chunk[known:] if known else chunk))
                    known = max(0, known - len(chunk))
                    if few:
                        told = 0.0
                    looked(self.share)
        except views.Stopped:
            return
        self.finished, self.share = True, 1.0
        self.total = len(self.ids)
        tell(True)

    def stop(self) -> None:
        """The view was closed, or a person gave it up: the thread need not go on."""
        self._stop.set()

    def end(self, store: Store) -> bool:
        """Go to the end before the middle is known; False when only the thread can say where the end is."""
        if self.finished:
            return True
        found = self._before(store, self.water) if self.by_id else None
        if found is None:
            return False
        self.island = array(self.code, found)
        return True

    def _before(self, store: Store, sample_id: int) -> list[int] | None:
        """The last page up to a sample, or None when it is not found soon."""
        until = monotonic() + self.patience
        try:
            with views.interruptible(store, lambda: monotonic() > until):
                return views.last(store, self.view, PAGE, sample_id)
        except views.Stopped:
            return None

    def around(self, store: Store, sample_id: int) -> bool:
        """Go to a sample that the thread has not reached; False when it is not there (yet)."""
        if self.index(sample_id) is not None:
            return True
        if self.finished or not self.by_id or self.view.descending or sample_id > self.water:
            return False
        found = self._before(store, sample_id)
        if not found or found[-1] != sample_id:
            return False
        self.island = array(self.code, found)
        return True

    def land(self) -> None:
        """Back from the island: all ids are there."""
        self.island = None

    def index(self, sample_id: int) -> int | None:
        """Where a sample is in ``rows``, or None."""
        rows = self.rows
        if self.by_id and not self.view.descending:
            at = bisect_left(rows, sample_id)
            return at if at < len(rows) and rows[at] == sample_id else None
        try:
            return rows.index(sample_id)
        except ValueError:
            return None

    def place(self, sample_id: int) -> int:
        """Where a sample that is not in the view would be, if the view is in the order of numbers; else 0."""
        return bisect_left(self.rows, sample_id) if self.by_id and not self.view.descending else 0

    def left(self, store: Store, rows: Mapping[int, Row]) -> set[int]:
        """Those of some samples that no longer meet the view (they stay in the list, marked)."""
        tests = self.view.tests
        if not tests and self.view.where == "1":
            return set()
        if not tests or not ROW_TERMS.issuperset(tests):
            return set(rows) - views.still(store, self.view, list(rows))
        return {row.id for row in rows.values() if not all(_has(row, term, among) for term, among in tests.items())}

    def reorder(self, rest: Sequence[int], keep: int) -> None:
        """Put the rows after the first ``keep`` into another order; raises ``ValueError`` unless they are as many. Only when
        all rows are known: the thread appends to them."""
        if not self.finished or len(rest) != len(self.ids) - keep:
            raise ValueError(f"{len(rest)} rows cannot stand for {len(self.ids) - keep}")
        if not isinstance(rest, array) or rest.typecode != self.code:
            rest = array(self.code, rest)
        self.ids[keep:] = rest

    def arrived(self, store: Store) -> int:
        """How many samples of this view have been added since it was opened; for a thread."""
        return views.count_after(store, self.view, self.water)


def _has(row: Row, term: str, allowed: tuple[str, ...]) -> bool:
    value = getattr(row, term)
    return any(one in allowed for one in value) if isinstance(value, list) else str(value) in allowed


def start_fill(listing: Listing, store: Store, tell: Callable[[bool], None], fail: Callable[[Exception], None]) -> None:
    """Fill in a thread of its own."""

    def run() -> None:
        try:
            with store.clone(durable=False) as own:
                own.keep(1_000)  # each row is read once
                listing.fill(own, tell)
        except WorkbenchError as error:
            fail(error)

    threading.Thread(target=run, name="view", daemon=True).start()
