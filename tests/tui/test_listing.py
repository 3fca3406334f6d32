"""A view's ids: the end before the middle, far samples, and what has left the view."""

from __future__ import annotations

from workbench.store import acts, samples, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.tui.listing import PAGE, Listing


def opened(project, text: str = "status:pending") -> tuple[Store, Listing]:
    store = Store(project, durable=True)
    return store, Listing(store, views.parse(text))


def test_the_end_and_any_sample_are_there_before_the_middle(make_project) -> None:
    store, listing = opened(make_project(1000))
    with store:
        assert (len(listing.rows), listing.total, listing.finished) == (PAGE, 1000, False)
        assert listing.end(store)
        assert listing.rows[-1] == 1000
        listing.land()
        assert listing.around(store, 600)
        assert listing.rows[listing.index(600)] == 600
        told: list[bool] = []
        listing.fill(store, told.append)
        assert told[-1]
        listing.land()
        assert list(listing.rows) == list(range(1, 1001))


def test_ids_are_fixed_when_the_view_is_opened(make_project) -> None:
    store, listing = opened(make_project(300))
    with store:
        me = acts.annotator(store, "anna")
        acts.apply(store, me, [2, 250], Change(status="rejected"), kind="reject")
        samples.add(store, [samples.NewSample({"text": "new"}, "change_pin")])
        listing.fill(store, lambda finished: None)
        assert 2 in listing.ids  # was there at opening: stays, marked
        assert 301 not in listing.ids  # came later
        assert listing.arrived(store) == 1
        rows = samples.rows(store, [1, 2])
        assert listing.left(store, rows) == {2}
        everything = Listing(store, views.parse(""))
        assert everything.left(store, rows) == set()
        searched = Listing(store, views.parse("status:pending -label:change_pin"))
        acts.apply(store, me, [1], Change(label="change_pin"), kind="label")
        assert searched.left(store, samples.rows(store, [1, 3])) == {1}
        assert searched.arrived(store) == 0


def test_a_view_by_score_finds_its_end_only_when_it_is_filled(make_project) -> None:
    store, listing = opened(make_project(500), "sort:-uncertainty")
    with store:
        assert list(listing.rows[:4]) == [1, 2, 3, 4]  # .9, .1; those without a score come last
        assert not listing.end(store)
        listing.fill(store, lambda finished: None)
        assert listing.end(store)
        assert listing.index(500) == 499
