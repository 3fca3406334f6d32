"""The queue: its order, leases and explanations, below the screen and once through the keys."""

from __future__ import annotations

from array import array

import pytest

from tests.tui.test_review import review, session, until
from workbench.store import acts, choosing, clusters, curation, jobs, views
from workbench.store.acts import Change
from workbench.store.choosing import Point
from workbench.store.clusters import Cluster
from workbench.store.connection import Store
from workbench.tui import queueing
from workbench.tui.listing import Listing
from workbench.tui.queueing import Desk
from workbench.tui.screens.why import bought, gather, page, whiskers


def learnt(store: Store, *names: str, **result: object) -> int:
    """A learn job that is done."""
    number = jobs.create(store, "learn", {})
    jobs.finish(store, number, "done", result={"strategies": list(names), **result}, error=None)
    return number


def test_the_order_is_added_to_the_view_and_nothing_else_changes():
    assert queueing.line("status:pending sort:id", "margin") == "status:pending sort:-margin"
    assert queueing.line('"sort:this please" label:"a b"', "margin") == '"sort:this please" label:"a b" sort:-margin'
    assert queueing.line("", "random") == "sort:-random"
    views.parse(queueing.line("", "cluster_order"))


def test_a_new_order_loses_nobody(make_project):
    with Store(make_project(6)) as store:
        view = views.parse("status:pending sort:-margin")
        curation.save_scores(store, "margin", [(2, 0.1), (5, 0.9), (6, 0.5)], version=1, job_id=0)
        acts.apply(store, acts.annotator(store, "me"), [3], Change(status="accepted"), kind="accept")
        # 3 has left the view: it stays, behind; 1 and 4 have no score.
        assert list(queueing.reordered(store, view, 6, array("q", [1, 2, 3, 4, 5, 6]))) == [5, 6, 2, 1, 4, 3]
        assert list(queueing.reordered(store, view, 6, array("q", [3, 2, 5]))) == [5, 2, 3]


def test_only_what_follows_is_reordered(make_project):
    with Store(make_project(5)) as store:
        listing = Listing(store, views.parse(""))
        assert listing.finished
        listing.reorder([5, 4, 3], 2)
        assert list(listing.rows) == [1, 2, 5, 4, 3]
        with pytest.raises(ValueError, match="cannot stand for"):
            listing.reorder([1], 2)


def test_only_strategies_that_fit_are_offered(make_project):
    with Store(make_project(5)) as store:
        learnt(store, "uncertainty")
        offered = {name: when for name, _, when in queueing.choices(store, "one")}
        assert len(offered) == 12
        assert offered["uncertainty"].startswith("2 at ")
        assert offered["margin"] == "not yet computed"
        assert {name for name, _, _ in queueing.choices(store, "none")} == {
            "core_set", "representative", "vote_k", "cluster_order", "random",
        }  # fmt: skip


def test_what_others_hold_or_have_settled_is_passed_over(make_project):
    with Store(make_project(6)) as mine, Store(mine.project) as theirs:
        me, other = acts.annotator(mine, "anna"), acts.annotator(mine, "ben")
        acts.apply(mine, other, [2], Change(label="change_pin", status="accepted"), kind="label")
        first, second = Desk(), Desk()
        held, passed = first.take(theirs, other, [3, 4], 1)
        assert (held, passed) == ({3, 4}, set())
        held, passed = second.take(mine, me, [1, 2, 3, 4, 5, 6], 1)
        assert (held, passed) == ({1, 5, 6}, {2, 3, 4})
        first.close(theirs)
        held, passed = second.take(mine, me, [1, 2, 3, 4, 5, 6], 1)
        assert (held, passed) == ({1, 3, 4, 5, 6}, {2})
        second.close(mine)


def test_with_overlap_a_second_opinion_is_wanted(make_project):
    with Store(make_project(3)) as store:
        me, other = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        acts.apply(store, other, [2], Change(label="change_pin", status="accepted"), kind="label")
        desk = Desk()
        assert desk.take(store, me, [1, 2, 3], 2) == ({1, 2, 3}, set())
        desk.close(store)


def test_the_page_says_why_and_what_labelling_has_bought(make_project):
    with Store(make_project(5)) as store:
        curation.save_scores(store, "margin", [(1, 0.72)], version=1, job_id=0)
        clusters.save(store, [Cluster(1, "card, pin", 5)], [(1, 1)], job_id=0)
        curve = {"validation": 100, "low": 0.5, "high": 0.7}
        learnt(store, curve={**curve, "labelled": 0, "trained_on": 10, "accuracy": 0.55})
        learnt(store, curve={**curve, "labelled": 50, "trained_on": 60, "accuracy": 0.61})
        found = gather(store, 1, "margin", "one")
        lines = ["".join(text for text, _ in line) for line in page(found, 90)]
        assert lines[1] == "Margin 0.28: change_pin .61 against card_arrival .33."
        assert "- uncertainty .90: change_pin .61 against card_arrival .33" in lines
        assert any(line.startswith("From 0 to 50 decisions: accuracy 0.550, now accuracy 0.610") for line in lines)
        assert any(line.startswith("50 decided") for line in lines)
        assert gather(store, 4, None, "one").lines == []


def test_blind_reading_does_not_tell_what_others_said(make_project):
    with Store(make_project(3)) as store:
        curation.save_scores(store, "rare_label", [(1, 1.0)], version=1, job_id=0)
        anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        acts.apply(store, ben, [1], Change(label="exchange_rate"), kind="label")
        seen = {who: gather(store, 1, "rare_label", "one", mine=who).lines[0][1] for who in (anna, ben)}
        assert seen[anna].startswith("rare label: card_arrival")
        assert seen[ben].startswith("rare label: exchange_rate")


async def test_an_order_that_cannot_be_computed_says_why(make_project, monkeypatch):
    project = make_project(5)
    monkeypatch.setattr("workbench.pipeline.start.learn_later", lambda _, **more: None)

    async def drive(app, pilot):
        await pilot.press("Q")
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press(*"margin", "enter")
        await until(pilot, lambda: "being computed" in review(app).list.title)
        with Store(project) as store:
            learnt(store, "uncertainty", skipped={"margin": "margin needs two labels."})
        await until(pilot, lambda: review(app).awaited is None)
        assert "being computed" not in review(app).list.title
        assert list(review(app).listing.rows) == [1, 2, 3, 4, 5]

    await session(project, drive, size=(100, 20))


def test_a_long_curve_keeps_its_ends():
    points = [Point(n, "", 50 * n, 10, 100, 0.5 + n / 100, 0.4, 0.7) for n in range(37)]
    shown = whiskers(points)
    assert (len(shown), shown[0].name, shown[-1].name) == (10, "0 decided", "1,800 decided")
    assert bought(points[:1]).startswith("After 0 decisions: accuracy 0.500")


async def test_a_queue_through_its_keys(make_project, monkeypatch):
    project = make_project(40)
    asked: list[object] = []
    monkeypatch.setattr("workbench.pipeline.start.learn_later", lambda _, **more: asked.append(more))

    async def drive(app, pilot):
        await pilot.press("Q")
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press(*"margin", "enter")
        await until(pilot, lambda: review(app).strategy == "margin")
        assert asked == [{"strategies": ["margin"]}]
        assert "being computed" in review(app).list.title
        with Store(project) as store:
            curation.save_scores(store, "margin", [(n, n / 100) for n in range(1, 41)], version=1, job_id=1)
            learnt(store, "margin")
        await until(pilot, lambda: list(review(app).listing.rows[:2]) == [40, 39])
        await until(pilot, lambda: review(app).strategy == "margin" and len(review(app).desk.mine) > 0)
        await pilot.press("a", "a")
        await until(pilot, lambda: review(app).list.current == 38)
        seen = list(review(app).listing.rows)[: review(app)._kept()]
        with Store(project) as store:  # the order turns round: what is on the screen stays
            curation.save_scores(store, "margin", [(n, 1 - n / 100) for n in range(1, 41)], version=1, job_id=2)
            learnt(store, "margin")
        await until(pilot, lambda: review(app).reranked > 0)
        rows = list(review(app).listing.rows)
        assert rows[: len(seen)] == seen
        assert rows[len(seen) :] == sorted(set(range(1, 41)) - set(seen))
        assert review(app).list.current == 38
        assert "re-ranked" in review(app).list.title
        with Store(project) as store:
            assert choosing.labelled(store) == 2
        await pilot.press("y")
        await until(pilot, lambda: len(app.screen_stack) > 1 and len(app.screen.text.lines) > 3)
        await pilot.press("escape", "colon", "ctrl+u")
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press("enter")
        await until(pilot, lambda: review(app).desk.sitting is None)

    await session(project, drive, size=(100, 20))
