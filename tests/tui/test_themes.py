"""Themes are checked before Textual sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import FileError, UsageError
from workbench.paths import data_folder
from workbench.tui import settings, themes
from workbench.tui.app import WorkbenchApp

GOOD = (data_folder("themes") / "workbench-dark.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(data_folder("themes").glob("*.yaml")), ids=lambda path: path.stem)
async def test_our_themes_load_and_show(path: Path, make_project) -> None:
    settings.remember_theme(path.stem)
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == path.stem
        assert app.message is None


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("#d8dce4", "#d8dce"), 3, "is not a colour"),
        (('"#7fb4e6"', '"#7fb4e6"\nacent: "#000000"'), 9, "did you mean 'accent'"),
        (("dark: true", "dark: maybe"), 2, "dark"),
        (("dark: true", "terminal: true"), 3, "a terminal theme uses the terminal's colours"),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, change: tuple[str, str], line: int, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(FileError, match=words) as caught:
        themes.read(path)
    assert (caught.value.path, caught.value.line) == (path, line)


async def test_a_bad_theme_is_a_message_and_the_default_is_used(settings_folder: Path, make_project) -> None:
    (settings_folder / "themes").mkdir(parents=True)
    (settings_folder / "themes" / "mine.yaml").write_text(GOOD.replace("#7fb4e6", "blurple"), encoding="utf-8")
    settings.remember_theme("mine")
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == themes.DEFAULT
        assert app.message is not None
        assert "mine.yaml:8: accent: 'blurple' is not a colour" in app.message.sentence


def test_a_name_that_leaves_the_folder_is_no_theme() -> None:
    with pytest.raises(UsageError, match="There is no theme"):
        themes.load("../pyproject")


async def test_the_choice_is_shown_while_moving_and_remembered(make_project) -> None:
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        await app.run_action("theme", app)
        await pilot.pause()
        await pilot.press("up")  # from workbench-dark to terminal
        await pilot.pause(0.1)
        assert app.theme == "terminal"
        await pilot.press("escape")
        assert app.theme == "workbench-dark"
        await app.run_action("theme", app)
        await pilot.pause()
        await pilot.press(*"light", "enter")
        await pilot.pause(0.1)
        assert app.theme == "workbench-light"
    assert settings.theme() == "workbench-light"


async def test_no_color_is_respected(make_project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = WorkbenchApp(make_project(3), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        for line in app.screen._compositor.render_strips():
            for _, style, _ in line:
                for colour in (style.color, style.bgcolor) if style else ():
                    assert colour is None or colour.triplet is None or len(set(colour.triplet)) == 1  # greys only
