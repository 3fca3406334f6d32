"""Review of every kind of task: what each key says, and that it never says something of another shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from tests.tui.kinds import KINDS, READ, TURNS, make
from tests.tui.seeded import shown
from tests.tui.test_review import review, until
from workbench.answer_schema import fault
from workbench.project import Project
from workbench.store import samples
from workbench.store.connection import Store
from workbench.tui.app import WorkbenchApp


def sample(project: Project, sample_id: int = 1) -> samples.Sample:
    with Store(project) as store:
        return samples.get(store, sample_id)


def opened(project: Project) -> WorkbenchApp[None]:
    return WorkbenchApp[None](project, "anna")


async def says(app: WorkbenchApp[None], pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: app.message is not None and words in app.message.sentence)


async def dialog(app: WorkbenchApp[None], pilot: Pilot[None], name: str) -> Any:
    await until(pilot, lambda: type(app.screen).__name__ == name)
    return app.screen


async def write(app: WorkbenchApp[None], pilot: Pilot[None], text: str) -> Any:
    """Replace what stands in the editor and save."""
    screen = await dialog(app, pilot, "EditScreen")
    screen.query_one(TextArea).text = text
    await pilot.press("ctrl+s")
    return screen


@pytest.mark.parametrize("name", KINDS)
async def test_no_key_writes_a_sample_that_the_task_does_not_have(tmp_path: Path, name: str) -> None:
    project = make(tmp_path, name)
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for key in "0123456789":
            await pilot.press("g", key)
            await pilot.pause()
        await pilot.press("g", "a", "G", "x")
        last = len(KINDS[name][1])
        await until(pilot, lambda: sample(project, last).status == "rejected")
    with Store(project) as store:
        for one in samples.many(store, range(1, last + 1)):
            task = project.config.task
            fields = {key: value for key, value in one.fields.items() if value != ""}
            if name == "similarity" and one.label == 3.4:
                continue  # as it came
            assert fault(task, fields, one.label) is None


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (30, 9)])
async def test_every_kind_is_shown_at_every_size(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    app = opened(make(tmp_path, name))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        first = next(value for value in KINDS[name][1][0][0].values() if isinstance(value, (str, list)))
        turn = 0 if size == (30, 9) else 1  # where only the sample has room, what is said first
        words = (first if isinstance(first, str) else first[turn]["content"]).split()[0]
        assert words in shown(app)
        for key in ("J", "i", "escape", "K", "j", "l", "escape"):
            await pilot.press(key)
            await pilot.pause()


async def test_digits_put_labels_in_and_take_them_out_and_enter_goes_on(tmp_path: Path) -> None:
    project = make(tmp_path, "multi_label")
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("3", "2")  # damage in, refund out
        await until(pilot, lambda: sample(project).label == ["delivery", "damage"])
        assert sample(project).status == "pending"
        assert review(app).list.current == 1
        assert "[x] damage" in shown(app)
        await pilot.press("u")
        await until(pilot, lambda: sample(project).label == ["delivery", "refund", "damage"])
        await pilot.press("u", "U", "enter")
        await until(pilot, lambda: review(app).list.current == 2)
        await pilot.press("a", "0", "a")
        await until(pilot, lambda: sample(project, 3).status == "accepted")
    assert (sample(project).label, sample(project).status) == (["delivery", "refund", "damage"], "accepted")
    assert (sample(project, 2).label, sample(project, 3).label) == ([], [])
    with Store(project) as store:
        kinds = [kind for (kind,) in store.read("SELECT kind FROM act ORDER BY id")]
    assert kinds == ["label", "label", "undo", "undo", "redo", "accept", "accept", "label", "accept"]


async def test_a_label_beyond_the_digits_is_put_in_by_its_name(tmp_path: Path) -> None:
    project = make(tmp_path, "multi_label")
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("l")
        finder = await dialog(app, pilot, "Finder")
        assert [option.title for option in finder.options][:2] == ["[x] delivery", "[x] refund"]
        await pilot.press(*"thank", "enter")
        await until(pilot, lambda: sample(project).label == ["delivery", "refund", "thanks"])
        assert review(app).list.current == 1


async def test_digits_of_many_labels_stay_where_they_are_while_labelling(tmp_path: Path, make_project) -> None:
    from workbench.project import create

    names = [f"topic_{n:02}" for n in range(20)]
    project = create(tmp_path / "many", kind="multi_label", labels=names)
    with Store(project) as store:
        samples.add(store, [samples.NewSample({"text": "A text."}, ["topic_15"])])
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert review(app).labels.order[:3] == ["topic_15", "topic_00", "topic_01"]  # what it has comes first
        await pilot.press("1", "2")
        await until(pilot, lambda: sample(project).label == ["topic_00"])
        assert review(app).labels.order[:3] == ["topic_15", "topic_00", "topic_01"]


async def test_a_digit_sets_a_step_of_a_short_scale(tmp_path: Path) -> None:
    project = make(tmp_path, "similarity")
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.press("0", "5")
        await until(pilot, lambda: sample(project, 2).label == 5)
        await pilot.press("g", "9")
        await says(app, pilot, "9 is no step of the scale from 0 to 5")
        await pilot.press("l")
        asked = await dialog(app, pilot, "AskLine")
        await pilot.press(*"7", "enter")
        await until(pilot, lambda: "not between 0 and 5" in str(asked.text.lines))
        await pilot.press("backspace", *"2.5", "enter")
        await until(pilot, lambda: sample(project).label == 2.5)
    assert sample(project).status == "accepted"


async def test_a_long_scale_asks_for_the_number(tmp_path: Path) -> None:
    from workbench.project import create

    project = create(tmp_path / "long", kind="text_pair", scale=(0, 100))
    with Store(project) as store:
        samples.add(store, [samples.NewSample({"first": "a", "second": "b"})])
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("7")
        await says(app, pilot, "l asks for a number")
        await pilot.press("l")
        await dialog(app, pilot, "AskLine")
        await pilot.press(*"70", "enter")
        await until(pilot, lambda: sample(project).label == 70)


async def test_the_object_is_corrected_as_json_and_checked(tmp_path: Path) -> None:
    project = make(tmp_path, "extraction")
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "+ name Anna Berg" in shown(app)
        assert "? due 2025-03-03" in shown(app)  # "3 March" stands there
        await pilot.press("3")
        await says(app, pilot, "e corrects it")
        await pilot.press("e")
        await dialog(app, pilot, "Choice")
        await pilot.press("1")
        screen = await write(app, pilot, '{"city": ')
        await until(pilot, lambda: "This is no JSON: line 1" in str(screen.said.title))
        screen = await write(app, pilot, '{"city": "Leith"}')
        await until(pilot, lambda: "'name' is a required property" in str(screen.said.title + screen.said.lines))
        assert screen.query_one(TextArea).text == '{"city": "Leith"}'  # nothing is lost
        await write(app, pilot, '{"name": "Anna", "city": "Leith"}')
        await dialog(app, pilot, "Confirm")
        await pilot.press("y")
        await until(pilot, lambda: sample(project).label == {"name": "Anna", "city": "Leith"})
        await pilot.press("u")
        await until(pilot, lambda: sample(project).label == READ)


async def test_one_field_of_several_is_chosen_and_corrected(tmp_path: Path) -> None:
    project = make(tmp_path, "preference")
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("e", "r")  # the only field that begins with r
        screen = await write(app, pilot, "  ")
        await until(pilot, lambda: "has no rejected" in str(screen.said.title))
        await write(app, pilot, "Soon.")
        await dialog(app, pilot, "Confirm")
        await pilot.press("y")
        await until(pilot, lambda: sample(project).fields["rejected"] == "Soon.")
        assert sample(project).fields["chosen"].startswith("I am sorry")
        assert "Edited    rejected: " in shown(app)


async def test_an_optional_field_can_be_emptied(tmp_path: Path) -> None:
    project = make(tmp_path, "instruction")
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.pause()
        for text in ("of Scotland", ""):
            await pilot.press("e", "2")
            await write(app, pilot, text)
            await dialog(app, pilot, "Confirm")
            await pilot.press("y")
            await until(pilot, lambda text=text: sample(project).fields.get("input", "") == text)
    assert "input" not in sample(project).fields


async def test_a_dialogue_is_corrected_as_text(tmp_path: Path) -> None:
    project = make(tmp_path, "dialogue")
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("e")  # one field: no question
        screen = await dialog(app, pilot, "EditScreen")
        text = screen.query_one(TextArea).text
        await write(app, pilot, text.replace("user: It's", "usr: It's"))
        await until(pilot, lambda: "did you mean user?" in str(screen.said.title))
        await write(app, pilot, text.replace("4471-22", "4471-23") + "\n\nuser: Thanks!")
        await dialog(app, pilot, "Confirm")
        await pilot.press("y")
        await until(pilot, lambda: len(sample(project).fields["messages"]) == 6)
    turns = sample(project).fields["messages"]
    assert turns[:3] == TURNS[:3]
    assert turns[3] == {"role": "user", "content": "It's 4471-23."}
    assert turns[5] == {"role": "user", "content": "Thanks!"}


async def test_a_long_dialogue_scrolls_and_says_how(tmp_path: Path) -> None:
    app = opened(make(tmp_path, "dialogue"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("j")
        assert "more lines: J" in shown(app)
        assert "origin" not in shown(app).partition("Sample 2")[2]
        for _ in range(40):
            await pilot.press("J")
        assert "Label     open" in shown(app)
        assert review(app).list.current == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("preference", "This task has no labels: A accepts, X rejects"),
        ("extraction", "fits no other: e corrects one at a time"),
    ],
)
async def test_what_cannot_be_labelled_at_once_says_so(tmp_path: Path, name: str, words: str) -> None:
    app = opened(make(tmp_path, name))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("L")
        await says(app, pilot, words)


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("multi_label", "thanks, delivery", ["delivery", "thanks"]),
        ("similarity", "2", 2),
        ("text_pair", "neutr", "neutral"),
    ],
)
async def test_many_are_labelled_at_once_in_their_shape(tmp_path: Path, name: str, text: str, label: object) -> None:
    project = make(tmp_path, name)
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("L")
        await until(pilot, lambda: type(app.screen).__name__ in ("Finder", "AskLine"))
        await pilot.press(*text, "enter")
        await dialog(app, pilot, "Confirm")
        await pilot.press("y")
        await until(pilot, lambda: sample(project, 2).label == label)
        await pilot.press("u")
        await until(pilot, lambda: sample(project, 2).label == KINDS[name][1][1][1])


async def test_a_wrong_name_in_a_set_names_the_nearest(tmp_path: Path) -> None:
    app = opened(make(tmp_path, "multi_label"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("L")
        asked = await dialog(app, pilot, "AskLine")
        await pilot.press(*"refnd")
        await until(pilot, lambda: "did you mean refund" in str(asked.text.lines))


async def test_enter_decides_only_where_labels_are_put_together(tmp_path: Path) -> None:
    project = make(tmp_path, "classification")
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("enter", "enter", "j")
        await until(pilot, lambda: review(app).list.current == 2)
    assert sample(project).status == "pending"


async def test_the_list_shows_what_the_user_says_first_and_the_question(tmp_path: Path) -> None:
    for name, words in (
        ("dialogue", "Hi, my bill"),
        ("question_answering", "When was Canberra founded? / Canberra was"),
    ):
        app = opened(make(tmp_path, name))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            row = review(app).list.row(1)
            assert row is not None
            assert row.text.startswith(words)


async def test_the_screen_of_any_kind_starts_without_pydantic(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from workbench.project import Project\n"
        "project = Project(Path(sys.argv[1])); project.outline\n"
        "import workbench.tui.app, workbench.tui.screens.review\n"
        "print([name for name in ('pydantic', 'yaml', 'jsonschema', 'numpy') if name in sys.modules])"
    )
    project = make(tmp_path, "extraction")
    for expected in ("[", "[]"):  # the first run may check the settings, the second remembers
        done = subprocess.run(
            [sys.executable, "-c", code, str(project.folder)], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(expected), done.stdout
