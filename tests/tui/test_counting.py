"""Counts that are still being made are never shown as totals."""

from __future__ import annotations

from workbench.store import views
from workbench.store.connection import Store
from workbench.tui import counting
from workbench.tui.counting import Count
from workbench.tui.listing import Listing


def test_words_of_a_count() -> None:
    assert Count(1204, 0.4, False).told() == "1,204+ samples … counted to 40%"
    assert (str(Count(1204, 0.4, False)), str(Count(1204, 1.0, True))) == ("1,204+ …", "1,204")
    assert Count(1, 1.0, True).told(" of this view") == "1 sample of this view"


async def test_the_last_count_is_the_whole(make_project) -> None:
    with Store(make_project(50)) as store:
        for text, number in (("", 50), ("-label:change_pin", 33), ("nothing", 0)):
            counts = [count async for count in counting.counted(store, views.parse(text))]
            assert (counts[-1].number, counts[-1].finished) == (number, True)
            assert not any(count.finished for count in counts[:-1])


def test_a_view_that_was_given_up_does_not_know_how_many_there_are(make_project) -> None:
    with Store(make_project(500)) as store:
        listing = Listing(store, views.parse("-label:change_pin"))
        assert listing.known() == "200+ …"
        listing.stop()
        listing.fill(store, lambda finished: None)
        assert (listing.known(), listing.stopped, listing.finished) == ("200+", True, False)
