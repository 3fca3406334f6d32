"""Labels and fields changed on the screen: chosen, previewed, done, taken back; other screens follow."""

from __future__ import annotations

from tests.tui.test_review import review, session, until
from workbench.project import Project
from workbench.store import acts, samples
from workbench.store.connection import Store
from workbench.store.reshape_plan import plan, plan_undo
from workbench.store.reshape_preview import do
from workbench.task_change import TaskChange
from workbench.tui.screens.review_task import split_of
from workbench.tui.screens.task_list import TaskList
from workbench.tui.widgets.prompts import AskLine, Confirm


async def test_a_rename_is_asked_for_previewed_done_and_taken_back(make_project):
    project = make_project(6)

    async def drive(app, pilot):
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, TaskList))
        assert [row.name for row in app.screen.rows] == ["card_arrival", "change_pin", "exchange_rate", "text"]
        assert app.screen.rows[0].samples == 2
        await pilot.press("down", "r")
        await until(pilot, lambda: isinstance(app.screen, AskLine))
        await pilot.press("ctrl+u", *"pin", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert app.screen.question == "Label change_pin renamed to pin?"
        assert "  by status: pending 4" in app.screen.details  # two of them have it as a suggestion only
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, TaskList) and app.screen.last.startswith("last change"))
        assert [row.name for row in app.screen.rows][:3] == ["card_arrival", "pin", "exchange_rate"]
        assert app.screen.cursor == 1
        assert review(app).labels.labels == ["card_arrival", "pin", "exchange_rate"]
        assert app.open_project.outline.labels[1].name == "pin"
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, TaskList) and app.screen.last == "")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is review(app))
        assert review(app).labels.labels == ["card_arrival", "change_pin", "exchange_rate"]

    await session(project, drive)
    assert Project(project.folder).config.task.label_names == ["card_arrival", "change_pin", "exchange_rate"]
    with Store(project) as store:
        assert samples.label_counts(store) == {"card_arrival": 2, "change_pin": 2, "exchange_rate": 2}


async def test_another_open_screen_notices_and_its_keys_give_the_new_names(make_project):
    project = make_project(5)

    async def drive(app, pilot):
        screen = review(app)
        await pilot.press(":", "ctrl+u", *"label:change_pin", "enter")
        await until(pilot, lambda: screen.listing.view.text == "label:change_pin" and app.screen is screen)
        with Store(Project(project.folder), durable=True) as other:
            me = acts.annotator(other, "ben")
            do(other, me, plan(other, TaskChange("label", "rename", ("change_pin",), ("pin",))))
            await until(pilot, lambda: screen.labels.labels[1] == "pin")
            assert screen.listing.view.text == "label:pin"
            assert app.open_project.config.task.label_names[1] == "pin"
            do(other, me, plan_undo(other))
            await until(pilot, lambda: screen.labels.labels[1] == "change_pin")
            assert screen.listing.view.text == "label:change_pin"

    await session(project, drive)


def test_a_split_as_it_is_typed():
    change = split_of(TaskChange("label", "split", ("card",)), "lost, stolen=stolen theft,")
    assert (change.into, change.words) == (("lost", "stolen"), {"stolen": ["stolen", "theft"]})
