"""The ids of an open view: fixed when it was opened, filled by a thread, any row reachable at once. No widgets here."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping

from workbench.errors import WorkbenchError
from workbench.store import views
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.store.views import View

#: Rows read for the first paint, and around a place reached before the thread has got there.
PAGE = 200
#: Terms of a view that the rows on the screen answer without asking the database.
ROW_TERMS = frozenset({"status", "origin", "label"})


class Listing:
    """A view's ids in order. ``rows`` is what the list shows: all that is known, or an island around a far place.

    The thread only appends to ``ids``; everything else happens in the screen's thread. 4 bytes a sample.
    """

    def __init__(self, store: Store, view: View) -> None:
        self.view = view
        self.water = views.high_water(store)
        self.total = views.quick_count(store, view)
        self.code = "I" if self.water < 2**32 else "q"  # 4 bytes a sample, where they suffice
        self.ids = array(self.code, views.first(store, view, PAGE))
        self.finished = view.order is None and len(self.ids) < PAGE
        if self.finished:
            self.total = len(self.ids)
        self.island: array[int] | None = None
        self._stop = threading.Event()

    @property
    def rows(self) -> array[int]:
        return self.ids if self.island is None else self.island

    @property
    def by_id(self) -> bool:
        return self.view.order is None

    def fill(self, store: Store, tell: Callable[[bool], None]) -> None:
        """Collect the rest (in a thread, with its own store); ``tell(finished)`` after every chunk."""
        known = len(self.ids)
        for chunk in views.chunks(store, self.view, self.water):
            if self._stop.is_set():
                return
            self.ids.extend(array(self.code, chunk[known:] if known else chunk))
            known = max(0, known - len(chunk))
            tell(False)
        self.finished = True
        self.total = len(self.ids)
        tell(True)

    def stop(self) -> None:
        """The view was closed: the thread need not go on."""
        self._stop.set()

    def end(self, store: Store) -> bool:
        """Go to the end before the middle is known; False when only the thread can say where the end is."""
        if self.finished:
            return True
        if not self.by_id:
            return False
        self.island = array(self.code, views.last(store, self.view, PAGE, self.water))
        return True

    def around(self, store: Store, sample_id: int) -> bool:
        """Go to a sample that the thread has not reached; False when it is not there (yet)."""
        if self.index(sample_id) is not None:
            return True
        if self.finished or not self.by_id or self.view.descending or sample_id > self.water:
            return False
        found = views.last(store, self.view, PAGE, sample_id)
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
        return {
            row.id for row in rows.values()
            if any(str(getattr(row, term)) not in allowed for term, allowed in tests.items())
        }  # fmt: skip

    def arrived(self, store: Store) -> int:
        """How many samples of this view have been added since it was opened; for a thread."""
        return views.count_after(store, self.view, self.water)


def start_fill(listing: Listing, store: Store, tell: Callable[[bool], None], fail: Callable[[Exception], None]) -> None:
    """Fill in a thread of its own."""

    def run() -> None:
        try:
            with store.clone(durable=False) as own:
                listing.fill(own, tell)
        except WorkbenchError as error:
            fail(error)

    threading.Thread(target=run, name="view", daemon=True).start()
