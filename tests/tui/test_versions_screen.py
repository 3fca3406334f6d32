"""Snapshots and purge from the screen, and the tour from its first key to its last."""

from __future__ import annotations

from pathlib import Path

from tests.tui.seeded import shown, until
from workbench.store import acts, samples, snapshots
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.tui import tour
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.prompts import AskLine, Choice, Confirm, Finder, Reading


async def test_a_snapshot_is_made_compared_and_restored_and_samples_are_purged(make_project):
    project = make_project(5)
    app = WorkbenchApp(project, "anna")
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, Finder))
        await pilot.press("enter")  # new
        await until(pilot, lambda: isinstance(app.screen, AskLine))
        await pilot.press(*"one", "enter")
        with Store(project, durable=True) as store:
            await until(pilot, lambda: snapshots.newest(store) and snapshots.newest(store)[0].sha256)
            acts.apply(store, acts.annotator(store, "ben"), [1], Change(fields={"text": "another text"}), kind="edit")
            acts.apply(store, acts.annotator(store, "ben"), [2], Change(status="rejected"), kind="reject")
        await until(pilot, lambda: not app.screen_stack[0]._versioning)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, Finder))
        await pilot.press(*"one", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        await until(pilot, lambda: "{+another" in shown(app))
        assert "removed: 1 (now 1 rejected)" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen_stack[0]._versioning)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, Finder))
        await pilot.press(*"one", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "1 texts set back" in shown(app)
        await pilot.press("y")
        with Store(project) as store:
            await until(pilot, lambda: samples.get(store, 2).status == "accepted")
            assert samples.get(store, 1).text != "another text"
        await until(pilot, lambda: not app.screen_stack[0]._versioning)
        app.screen_stack[0].list.marked = {3}
        await app.run_action("screen.purge")
        await until(pilot, lambda: isinstance(app.screen, AskLine))
        assert "1 sample is deleted for good" in shown(app)
        await pilot.press("2", "enter")  # not their number
        await pilot.pause()
        await pilot.press("backspace", "1", "enter")
        with Store(project) as store:
            await until(pilot, lambda: not store.read("SELECT 1 FROM sample WHERE id = 3"))


async def test_the_tour_asks_for_one_key_after_another_and_notices_each(tmp_path: Path):
    project = tour.prepare(tmp_path / "tour")
    app = tour.TourApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.line is not None)
        line = app.line
        assert line is not None
        for at, step in enumerate(tour.STEPS):
            await until(pilot, lambda at=at: line.at == at)
            if step.action == "reject":
                await until(pilot, lambda: tour.ODD in shown(app))
            await pilot.press(_pressed(line.key))
            await until(pilot, lambda at=at: line.at == at + 1)
            if step.action in ("find_label", "view", "help"):
                await until(pilot, lambda: len(app.screen_stack) > 1)
                await pilot.press("escape")
                await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: "That was it" in shown(app))
    with Store(project) as store:
        counts = samples.counts(store)
    assert (counts["accepted"], counts["rejected"], counts["flagged"]) == (2, 1, 1)


def _pressed(key: str) -> str:
    return {":": "colon", "?": "question_mark"}.get(key, key)
