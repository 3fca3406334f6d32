"""Review through its keys, as a person uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from workbench.project import Project
from workbench.store import acts, curation, jobs, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.review import ReviewScreen
from workbench.tui.screens.review_decide import learn_if_due


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for the threads behind the screen; a condition that never comes is the test's failure."""
    for _ in range(500):
        await pilot.pause()
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def review(app: WorkbenchApp) -> ReviewScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, ReviewScreen)
    return screen


def session(
    project: Project, drive: Callable[[WorkbenchApp, Pilot[None]], Awaitable[None]], **options: object
) -> Awaitable[None]:
    async def run() -> None:
        app = WorkbenchApp(project, "anna")
        async with app.run_test(**options) as pilot:  # type: ignore[arg-type]
            await pilot.pause()
            await drive(app, pilot)

    return run()


def state(project: Project) -> list[tuple[str, object]]:
    with Store(project) as store:
        return [(row.status, row.label) for row in samples.rows(store, range(1, 100)).values()]


async def test_a_label_key_labels_accepts_and_advances(make_project):
    project = make_project(5)

    async def drive(app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: review(app).list.current == 2)
        await pilot.press("a", "x", "f")
        await until(pilot, lambda: review(app).list.current == 5)

    await session(project, drive)
    assert state(project)[:4] == [
        ("accepted", "change_pin"), ("accepted", "change_pin"), ("rejected", "exchange_rate"), ("flagged", "card_arrival"),
    ]  # fmt: skip


async def test_a_held_key_loses_and_skips_nothing(make_project):
    project = make_project(60)

    async def drive(app, pilot):
        for _ in range(50):
            app.simulate_key("1")  # faster than the commits: they wait their turn
        await until(pilot, lambda: review(app).list.current == 51)

    await session(project, drive)
    assert [status for status, _ in state(project)] == ["accepted"] * 50 + ["pending"] * 10
    with Store(project) as store:
        assert store.read("SELECT count(*), count(DISTINCT sample_id) FROM annotation") == [(50, 50)]


async def test_undo_and_redo_work_across_restarts_and_lead_to_the_sample(make_project):
    project = make_project(5)

    async def label(app, pilot):
        await pilot.press("1", "x", "j")
        await until(pilot, lambda: review(app).list.current == 4)
        await pilot.press("q")

    async def undo(app, pilot):
        assert review(app).list.current == 4  # the place is remembered
        await pilot.press("u")
        await until(pilot, lambda: app.message is not None and "rejected sample 2" in app.message.sentence)
        assert samples.get(app.store, 2).status == "pending"
        await pilot.press("u")
        await until(pilot, lambda: samples.get(app.store, 1).status == "pending")
        await pilot.press("U", "ctrl+r")
        await until(pilot, lambda: samples.get(app.store, 2).status == "rejected")
        await pilot.press("U")
        await until(pilot, lambda: app.message is not None and "nothing to redo" in app.message.sentence)

    await session(project, label)
    await session(project, undo)


async def test_undo_says_whose_later_word_it_meets(make_project):
    project = make_project(3)

    async def drive(app, pilot):
        await pilot.press("1")
        await until(pilot, lambda: review(app).list.current == 2)
        with Store(project) as store:
            acts.apply(store, acts.annotator(store, "ben"), [1], Change(status="rejected"), kind="reject")
        await pilot.press("u")
        await until(pilot, lambda: app.message is not None and "ben (1)" in app.message.sentence)

    await session(project, drive)


async def test_bulk_asks_first_and_one_undo_takes_it_back(make_project):
    project = make_project(5)

    async def drive(app, pilot):
        await pilot.press("X")
        await until(pilot, lambda: type(app.screen).__name__ == "Confirm")
        assert "Reject 5 samples of this view?" in app.screen.question
        await pilot.press("n")
        await until(pilot, lambda: app.message is not None and app.message.sentence == "Nothing was changed.")
        await pilot.press("space", "j", "v", "A")  # mark 1 (goes to 2), 3, range 1-3
        await until(pilot, lambda: type(app.screen).__name__ == "Confirm")
        assert "Accept 3 samples marked?" in app.screen.question
        await pilot.press("y")
        await until(pilot, lambda: app.message is not None and app.message.sentence.startswith("Done"))
        assert [status for status, _ in state(project)] == ["accepted"] * 3 + ["pending"] * 2
        await pilot.press("u")
        await until(pilot, lambda: state(project)[0][0] == "pending")

    await session(project, drive)
    assert {status for status, _ in state(project)} == {"pending"}


async def test_an_edit_shows_what_changes_before_it_is_saved(make_project):
    project = make_project(3)

    async def drive(app, pilot):
        await pilot.press("e")
        await until(pilot, lambda: type(app.screen).__name__ == "EditScreen")
        await pilot.press(*" Hello", "ctrl+s")
        await until(pilot, lambda: type(app.screen).__name__ == "Confirm")
        assert any("{+ Hello+}" in line or "+}" in line for line in app.screen.details)
        await pilot.press("y")
        await until(pilot, lambda: samples.get(app.store, 1).edited)

    await session(project, drive)
    with Store(project) as store:
        assert samples.get(store, 1).text == "I am still waiting on my card? Hello"


async def test_more_labels_than_digits_put_the_suggestions_first(make_project):
    names = [f"label_{n:02}" for n in range(20)]
    project = make_project(3, labels=names)

    async def drive(app, pilot):
        assert review(app).labels.order[:3] == ["label_01", "label_00", "label_02"]  # .61, .33, then in order
        await pilot.press("l")
        await until(pilot, lambda: type(app.screen).__name__ == "Finder")
        await pilot.press(*"_17", "enter")
        await until(pilot, lambda: samples.get(app.store, 1).label == "label_17")
        assert review(app).list.current == 2

    await session(project, drive)


async def test_a_view_line_that_is_wrong_says_so_and_a_right_one_counts(make_project):
    project = make_project(5)

    async def drive(app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: type(app.screen).__name__ == "AskLine")
        await pilot.press(*" statsu:x")
        await until(
            pilot, lambda: "did you mean status" in "".join(t for line in app.screen.text.lines for t, _ in line)
        )
        await pilot.press("enter")
        await pilot.pause()
        assert type(app.screen).__name__ == "AskLine"  # enter waits until the line is right
        await pilot.press("ctrl+u", *"label:change_pin", "enter")
        await until(pilot, lambda: list(review(app).listing.ids) == [2, 5])

    await session(project, drive)


async def test_search_goes_from_hit_to_hit(make_project):
    project = make_project(5)

    async def drive(app, pilot):
        await pilot.press("slash", *"my card", "enter")
        await until(pilot, lambda: app.message is not None and "Hit 1 of 3" in app.message.sentence)
        await pilot.press("n")
        await until(pilot, lambda: review(app).list.current == 3)
        await pilot.press("n")
        await until(pilot, lambda: review(app).list.current == 5)
        await pilot.press("N", "escape")
        await until(pilot, lambda: not review(app).searching and review(app).list.current == 3)

    await session(project, drive)


async def test_new_samples_are_announced_and_nothing_jumps(make_project):
    project = make_project(5)

    async def drive(app, pilot):
        await pilot.press("j", "j")
        with Store(project) as store:
            samples.add(store, [samples.NewSample({"text": f"new {n}"}, "change_pin") for n in range(120)])
        await until(pilot, lambda: "120 new: R" in review(app).list.title)
        assert review(app).list.current == 3
        await pilot.press("R")
        await until(pilot, lambda: len(review(app).list) == 125)
        assert review(app).list.current == 3

    await session(project, drive)


async def test_an_empty_project_says_what_to_do(make_project):
    project = make_project(0)

    async def drive(app, pilot):
        assert "F2" in " ".join(review(app).list.empty)
        await pilot.press("1", "x", "u", "e", "A", "end", "pagedown", "i", "c")
        await pilot.pause()

    await session(project, drive)


async def test_every_mode_opens_and_comes_back(make_project):
    project = make_project(3)

    async def drive(app, pilot):
        for key, mode in (("f2", "generate"), ("f4", "curate"), ("f5", "evaluate"), ("f3", "review")):
            await pilot.press(key)
            await until(pilot, lambda mode=mode: app.current_mode == mode)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.current_mode == "curate")

    await session(project, drive)


async def test_help_finds_an_action_and_does_it(make_project):
    project = make_project(3)

    async def drive(app, pilot):
        await pilot.press("question_mark", *"reject", "enter")
        await until(pilot, lambda: state(project)[0][0] == "rejected")

    await session(project, drive)


async def test_without_a_project_the_start_screen_offers_the_recent_ones(make_project):
    project = make_project(3)

    async def nothing(app, pilot):
        await pilot.pause()

    await session(project, nothing)
    app = WorkbenchApp(None)
    async with app.run_test() as pilot:
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "review" and review(app).list.current == 1)


async def test_the_start_screen_offers_the_tour(monkeypatch):
    begun = []
    monkeypatch.setattr("workbench.tui.screens.start.begin_tour", begun.append)
    app = WorkbenchApp(None)
    async with app.run_test() as pilot:
        await pilot.press("t")
        assert begun == [app]


async def test_the_time_of_a_decision_is_recorded_and_breaks_are_not(make_project, monkeypatch):
    project = make_project(3)

    async def drive(app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: review(app).list.current == 2)
        review(app).shown_at -= 500
        await pilot.press("a")
        await until(pilot, lambda: review(app).list.current == 3)

    await session(project, drive)
    with Store(project) as store:
        (first,), (second,) = store.read("SELECT seconds FROM annotation ORDER BY id")
    assert first is not None
    assert first < 120
    assert second is None


async def test_suggestions_are_learnt_again_after_many_decisions_and_move_nothing(make_project, monkeypatch):
    project = make_project(60)
    started: list[int] = []
    monkeypatch.setattr("workbench.pipeline.start.learn_later", lambda store, **_: started.append(1))

    async def drive(app, pilot):
        for _ in range(49):
            app.simulate_key("1")
        await until(pilot, lambda: review(app).list.current == 50)
        assert not started
        await pilot.press("1")
        await until(pilot, lambda: bool(started))
        with Store(project) as store:
            curation.save_suggestions(store, "tfidf", [(51, [("exchange_rate", 0.77)])], job_id=0)
        await until(pilot, lambda: any(".77" in text for line in review(app).labels.lines for text, _ in line))
        assert review(app).list.current == 51

    await session(project, drive)


def test_learning_takes_a_small_part_of_the_time(make_project, monkeypatch):
    monkeypatch.setattr("workbench.pipeline.start.learn_later", lambda store, **_: 7)
    with Store(make_project(3)) as store:
        assert learn_if_due(store) == 7
        job = jobs.create(store, "learn", {})
        jobs.start(store, job)
        jobs.finish(store, job, "done", result={"seconds": 30.0}, error=None)
        assert learn_if_due(store) is None  # that would be half of the time and more
