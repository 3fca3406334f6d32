"""The action table, and the user's keys over it."""

from __future__ import annotations

import pytest

from workbench.errors import FileError
from workbench.tui import actions, keymap
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.review import ReviewScreen


def write(folder, text: str):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "keymap.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_two_actions_of_a_mode_share_a_key() -> None:
    for mode in actions.MODES:
        seen: dict[str, str] = {}
        for action in [*actions.of_mode("app"), *actions.of_mode(mode)]:
            for key in action.keys:
                assert key not in seen, f"{key}: {action.id} and {seen[key]}"
                seen[key] = action.id


def test_every_action_of_review_and_of_the_app_has_its_method() -> None:
    for screen, mode in ((ReviewScreen, "review"), (WorkbenchApp, "app")):
        for action in actions.of_mode(mode):
            assert callable(getattr(screen, f"action_{action.name}", None)), action.id


def test_the_page_of_keys_holds_every_action() -> None:
    page = actions.markdown()
    for action in actions.ACTIONS.values():
        assert f"`{action.id}`" in page
        assert action.help.replace("|", "\\|") in page


def test_keys_are_written_as_people_write_them(settings_folder) -> None:
    path = write(settings_folder, 'review.accept: [enter, "?", ctrl+t]\napp.help: f12\nreview.skip: []\n')
    assert keymap.load(path) == {
        "review.accept": ("enter", "question_mark", "ctrl+t"), "app.help": ("f12",), "review.skip": (),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("review.accept: b\nreview.acept: y\n", 2, "did you mean review.accept"),
        ("review.accept: hyperspace\n", 1, "is not a key"),
        ("review.accept: b\nreview.reject: y\nreview.flag: b\n", 1, "b is the key of review.accept and of review.flag"),
        ("review.accept: x\n", 1, "x is the key of review.accept and of review.reject"),
        ("- a\n", 1, "mapping"),
    ],
)
def test_a_mistake_names_file_and_line(settings_folder, text: str, line: int, words: str) -> None:
    with pytest.raises(FileError, match=words) as caught:
        keymap.load(write(settings_folder, text))
    assert caught.value.line == line


async def test_a_bad_keymap_is_a_message_and_the_tables_keys_hold(settings_folder, make_project) -> None:
    write(settings_folder, "review.nonsense: y\n")
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.message is not None
        assert "keymap.yaml:1" in app.message.sentence
        await pilot.press("j")
        assert app.screen.list.current == 2


async def test_the_users_keys_work_and_are_shown(settings_folder, make_project) -> None:
    write(settings_folder, "review.down: O\nreview.accept: f12\n")
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        await pilot.press("O")
        assert app.screen.list.current == 2
        await pilot.press("j")
        assert app.screen.list.current == 2
        shown = "".join(text for line in app.screen.labels.lines for text, _ in line)
        assert "F12 accept" in shown


@pytest.mark.parametrize("preset", keymap.presets())
def test_every_preset_is_right(settings_folder, preset: str) -> None:
    path = write(settings_folder, f"preset: {preset}\nreview.skip: []\n")
    chosen = keymap.load(path)
    assert chosen["review.skip"] == ()
    assert (chosen.get("review.edit") == ("i",)) == (preset == "vim")


def test_a_preset_is_written_over_the_users_own_lines_and_taken_out_again(settings_folder) -> None:
    path = write(settings_folder, "# mine\nreview.skip: f12\n")
    assert keymap.choose("vim") == path
    assert path.read_text() == "preset: vim\n# mine\nreview.skip: f12\n"
    keymap.choose("default")
    assert path.read_text() == "# mine\nreview.skip: f12\n"


def test_a_preset_that_clashes_with_the_users_keys_changes_nothing(settings_folder) -> None:
    path = write(settings_folder, "review.skip: i\nreview.explain: f9\n")
    with pytest.raises(FileError, match=r"i is the key of review.skip and of review.edit.*nothing was changed"):
        keymap.choose("vim")
    assert path.read_text() == "review.skip: i\nreview.explain: f9\n"
    assert sorted(one.name for one in settings_folder.iterdir()) == ["keymap.yaml"]


def test_a_preset_that_does_not_exist_is_named(settings_folder) -> None:
    with pytest.raises(FileError, match="did you mean vim"):
        keymap.load(write(settings_folder, "preset: vi\n"))


def test_a_file_of_comments_is_no_keymap(settings_folder) -> None:
    assert keymap.load(write(settings_folder, "# later\n")) == {}


async def test_a_keymap_chosen_on_the_screen_holds_at_once_in_every_mode(settings_folder, make_project) -> None:
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        review = app.screen
        await app.run_action("keys", app)
        await pilot.pause()
        await pilot.press("v", "i", "m", "enter")
        await pilot.pause()
        assert app.screen is review
        assert "review.edit" in {binding.id for binding in review._bindings.key_to_bindings["i"]}
        assert (settings_folder / "keymap.yaml").read_text() == "preset: vim\n"
