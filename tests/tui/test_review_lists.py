"""Lists of Review through its keys: long searches that can be given up, ways back, clusters, ranges, saved views."""

from __future__ import annotations

import threading

import pytest

from tests.tui.test_review import review, session, until
from workbench.store import acts, curation, jobs, samples, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample
from workbench.tui import listing as listings
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.range_picker import RangePicker

START = "origin:synthetic status:pending"  # the view of new settings
GATE = threading.Event()


class Slow(Store):
    """A store whose reads wait in the threads that fill a list, until the gate is open."""

    def read(self, sql, parameters=()):
        if threading.current_thread().name == "view" and "sample" in sql:
            GATE.wait(20)
        return super().read(sql, parameters)

    def clone(self, *, durable=None):
        return Slow(self.project, durable=self.durable if durable is None else durable)


@pytest.fixture
def gate(monkeypatch):
    """No view has its first page at once, and nothing is found before the gate opens."""
    monkeypatch.setattr(listings, "PATIENCE", 0.0)
    GATE.clear()
    yield GATE
    GATE.set()


def shown(app: WorkbenchApp) -> list[str]:
    """The lines of the list as they are drawn."""
    its = review(app).list
    return [its.render_line(y).text for y in range(its.outer_size.height)]


async def test_keys_live_while_a_view_is_searched_and_escape_gives_it_up(make_project, gate):
    app = WorkbenchApp(make_project(300), "anna", open_store=Slow)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        screen = review(app)
        await until(
            pilot, lambda: screen.list.current == 1
        )  # at the start there is nothing else to do: rows come first
        screen.open_view(views.parse("status:pending -label:change_pin"))
        assert len(screen.list) == 0
        assert any("searching 0%  (esc stops)" in line for line in shown(app))
        await pilot.press("question_mark")  # a key has its answer although nothing is found yet
        await pilot.pause()
        assert app.screen is not screen
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert screen.listing.stopped
        assert any("stopped at 0%: R reads it again" in line for line in shown(app))
        assert screen.list.position() == "searching" or screen.listing.known() == "0+"
        await pilot.press("A")  # what was given up is never acted on as if it were all
        await pilot.pause()
        assert app.screen is screen
        gate.set()
        await pilot.press("R")
        await until(pilot, lambda: screen.listing.finished)
        await until(pilot, lambda: screen.list.current == 1)
        assert (len(screen.list), screen.listing.known()) == (200, "200")


async def test_back_is_the_view_as_it_was_left(make_project):
    project = make_project(60)

    async def drive(app, pilot):
        screen = review(app)
        await pilot.press("down", "down", "space", "up", "up", "up")
        await pilot.press("tilde")
        await until(pilot, lambda: screen.listing.view.text == "near:1")
        assert list(screen.list.listing.rows) == [2, 3]
        await pilot.press("x")  # decided here; the view before keeps its rows
        await until(pilot, lambda: screen.list.current == 3)
        await pilot.press("b")
        await until(pilot, lambda: screen.listing.view.text == START)
        assert (screen.list.current, screen.list.marked, len(screen.list)) == (1, {3}, 60)
        await pilot.press("b")
        assert screen.listing.view.text == START

    await session(project, drive)


async def test_one_goes_on_exactly_where_one_stopped(make_project):
    project = make_project(400)

    async def leave(app, pilot):
        screen = review(app)
        screen.open_view(views.parse("label:change_pin"))
        await until(pilot, lambda: screen.listing.finished)
        await pilot.press(*["pagedown"] * 3, "down", "down", "space")
        screen.start_hits("PIN")
        await until(pilot, lambda: screen.hits is not None and screen.hits.finished)
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: screen.share == 62)
        await pilot.pause()
        leave.found = (
            screen.list.current, screen.list.cursor, screen.list.top, screen.list.marked, screen.list.outer_size.width,
        )  # fmt: skip
        screen.leaving()

    await session(project, leave, size=(120, 40))

    async def again(app, pilot):
        screen = review(app)
        await until(pilot, lambda: screen.listing.finished and screen.hits is not None and screen.hits.finished)
        found = (
            screen.list.current,
            screen.list.cursor,
            screen.list.top,
            screen.list.marked,
            screen.list.outer_size.width,
        )
        assert found == leave.found
        assert (screen.hit_words, screen.share) == ("PIN", 62)
        await pilot.press("b")
        await until(pilot, lambda: screen.listing.view.text == START)

    await session(project, again, size=(120, 40))


async def test_words_that_are_searched_for_are_marked(make_project):
    async def drive(app, pilot):
        screen = review(app)
        screen.open_view(views.parse('"my card"'))
        await pilot.pause()
        assert ("my card", "pane--hit") in [run for line in screen.pane.lines for run in line]
        line = screen.list.render_line(2)
        assert [segment.text for segment in line if segment.style and segment.style.underline] == ["my card"]
        await pilot.press("slash", *"card", "enter")
        await until(pilot, lambda: screen.hits is not None and screen.hits.finished)
        await pilot.press("n")
        assert "hits" in screen.list.title
        await pilot.press("escape")
        assert screen.hits is None

    await session(make_project(10), drive)


async def test_clusters_ranges_and_saved_views(make_project):
    project = make_project(6)
    with Store(project) as store:
        job = jobs.create(store, "learn", {}, None)
        with store.write() as connection:
            connection.executemany(
                "INSERT INTO cluster (id, title, size) VALUES (?, ?, ?)", [(1, "card, lost", 4), (2, "pin", 2)]
            )
        curation.save_scores(store, "cluster", [(n, 1.0 if n < 5 else 2.0) for n in range(1, 7)], version=1, job_id=job)
        curation.save_scores(store, "margin", [(n, n / 10) for n in range(1, 7)], version=1, job_id=job)
        acts.apply(store, acts.annotator(store, "ben"), [1], Change(status="accepted"), kind="accept")
        views.save(store, "sure", "score.margin>0.3")

    async def drive(app, pilot):
        screen = review(app)
        await pilot.press("C")
        await until(pilot, lambda: app.screen is not screen and "o" in app.screen.found[0].right)
        assert app.screen.found[0].right.split() == ["4", "1", "+", "3", "o", "50%", "card_arrival"]
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen.listing.view.text == "cluster:2")
        await pilot.press("percent_sign")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press(*"margin", "enter")
        await until(pilot, lambda: isinstance(app.screen, RangePicker))
        picker = app.screen
        await pilot.press("pagedown", "tab", "left")
        await until(pilot, lambda: "of this view" in picker.sentence)
        assert picker.between == 6 - 1 - 1  # .1 is below the low edge, .6 not below the high one
        await pilot.press("enter")
        await until(pilot, lambda: "score.margin>=" in screen.listing.view.text)
        assert list(screen.listing.rows) == [5]
        await pilot.press("w")
        await until(pilot, lambda: app.screen is not screen and app.screen.found[0].right == "3")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "New name" in getattr(app.screen, "question", ""))
        await pilot.press("r", "enter")
        await until(pilot, lambda: views.saved(screen.store) == {"surer": "score.margin>0.3"})
        await until(pilot, lambda: getattr(app.screen, "question", "") == "Saved views")
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "Take away" in getattr(app.screen, "question", ""))
        await pilot.press("y")
        await until(pilot, lambda: not views.saved(screen.store) and app.screen is screen)

    await session(project, drive)


@pytest.mark.parametrize(("size", "gone"), [((80, 24), ""), ((60, 15), "labels"), ((40, 10), "list and labels")])
async def test_small_terminals_keep_the_sample_and_say_what_is_left_out(make_project, size, gone):
    async def drive(app, pilot):
        screen = review(app)
        await pilot.press("down", "1")
        await until(pilot, lambda: screen.list.current == 3)
        assert screen.pane.outer_size.height >= 4
        assert screen.labels.display == ("labels" not in gone)
        assert screen.list.display == ("list" not in gone)
        screen._told_hidden = ""
        screen._fit(size[0])
        assert not gone or gone in screen._told_hidden

    await session(make_project(5), drive, size=size)


def test_a_set_of_labels_stays_in_the_view_of_one_of_them(make_project):
    with Store(make_project(2)) as store:
        samples.add(store, [NewSample({"text": "two"}, ["change_pin", "card_arrival"])])
        listing = listings.Listing(store, views.parse("label:change_pin status:pending"))
        assert list(listing.ids) == [2, 3]
        assert listing.left(store, samples.rows(store, [2, 3])) == set()
