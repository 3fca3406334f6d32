"""Outputs judged blind on the screen: one key a pair, durable before the next, nothing told before the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui import seeded
from tests.tui.seeded import HOSTILE, NARROW, WIDE, shown, until
from workbench.store import acts, duels
from workbench.store.connection import Store
from workbench.store.duels import NewDuel
from workbench.tui.screens.duels import DuelsScreen


def compared(n: int = 3, *, long: int = 0, hostile: bool = False) -> Any:
    def content(store: Store) -> None:
        odd = HOSTILE if hostile else ""
        pairs = [
            NewDuel(f"question {at} {odd}", 0, 1, f"one {at} {odd}", "\n".join([f"other {at}", *["more"] * long]))
            for at in range(n)
        ]
        duels.create(store, "answers", f"Which is better? {odd}".strip(), ["zerogen", "attrprompt"], pairs)

    return content


async def opened(app: Any, pilot: Any) -> DuelsScreen:
    screen = DuelsScreen(1)
    app.push_screen(screen)
    await until(pilot, lambda: screen.pair is not None or screen.said)
    await until(pilot, lambda: "esc leave" in shown(app))
    return screen


async def test_pairs_are_judged_with_one_key_each_and_nothing_tells_whose_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", compared(4))
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        assert "1 of 4" in shown(app)
        seen = []
        for key in ("1", "right", "0"):
            assert screen.pair is not None
            seen.append(screen.pair)
            assert "zerogen" not in shown(app)
            await pilot.press(key)
            assert duels.judged_by(app.store, 1, app.annotator_id) == len(seen)  # durable before the next one shows
        await pilot.press("u")
        assert screen.pair == seen[-1]
        assert "Taken back" in shown(app)
        await pilot.press("s", "2")  # the one taken back is skipped, the last one judged
        assert "1 skipped: s shows them again." in shown(app)
        assert "zerogen" not in shown(app)
        await pilot.press("s")
        assert screen.pair == seen[-1]
        await pilot.press("1")
        assert "You have judged all 4 pairs" in shown(app)
        assert "of 4 pairs" in shown(app)
        assert "zerogen" in shown(app)
        choices = duels.choices(app.store, 1)
        wanted = [duels.own("first", seen[0].swapped), duels.own("second", seen[1].swapped)]
        assert [choice.verdict for choice in choices[:2]] == wanted
        await pilot.press("escape")
        assert not isinstance(app.screen, DuelsScreen)


async def test_a_key_held_down_loses_and_skips_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", compared(6))
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(app, pilot)
        await pilot.press(*["1"] * 8)
        await until(pilot, lambda: screen.pair is None)
        rows = app.store.read("SELECT duel_id, swapped, verdict FROM choice ORDER BY id")
        assert [row[0] for row in rows] == list(range(1, 7))
        assert all(verdict == duels.own("first", bool(turned)) for _, turned, verdict in rows)


def beside(app: Any) -> bool:
    """Whether the outputs stand side by side, not one below the other."""
    [first] = [line for line in shown(app).split("\n") if "1 First" in line]
    assert "2 Second" in shown(app)
    return "2 Second" in first


async def test_both_outputs_are_there_at_any_size_and_hostile_text_is_shown_harmless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", compared(1, long=60, hostile=True))
    async with app.run_test(size=NARROW) as pilot:
        await opened(app, pilot)
        assert not beside(app)
        assert "[/] [@click=app.bell]x[/]" in shown(app)
        assert "\x1b" not in shown(app)
        assert "more lines" in shown(app)
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: beside(app))
        await pilot.press("pagedown", "pagedown", "down")
        assert "more lines" not in shown(app)
        await pilot.press("up", "pageup", "pageup")
        assert "more lines" in shown(app)


async def test_somebody_elses_choices_do_not_count_and_the_keys_can_be_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(store: Store) -> None:
        compared(2)(store)
        ben = acts.annotator(store, "ben")
        for one in duels.waiting(store, 1, ben, 2):
            duels.choose(store, ben, one, "first")

    app = seeded.app(tmp_path, monkeypatch, "evaluate", content)
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(app, pilot)
        assert "1 of 2" in shown(app)
        await pilot.press("u")
        assert "There is nothing to take back." in shown(app)
        await pilot.press("question_mark")
        await until(pilot, lambda: "Both are equally good" in shown(app))
        await pilot.press("escape")
        with Store(app.store.project) as other, other.write() as connection:  # purged meanwhile
            connection.execute("DELETE FROM choice")
            connection.execute("DELETE FROM duel WHERE id = 1")
        await pilot.press("1")
        await until(pilot, lambda: "not there any more" in shown(app))
        assert screen.pair is not None
        assert screen.pair.duel_id == 2


async def test_a_comparison_is_chosen_where_there_are_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.errors import UsageError
    from workbench.tui.screens.duels import open_duels
    from workbench.tui.screens.evaluate import EvaluateScreen
    from workbench.tui.widgets.prompts import Finder

    app = seeded.app(tmp_path, monkeypatch, "evaluate")
    async with app.run_test(size=NARROW) as pilot:
        screen = app.screen
        assert isinstance(screen, EvaluateScreen)
        with pytest.raises(UsageError, match="no outputs to judge yet"):
            await open_duels(screen)
        for name in ("first", "second"):
            duels.create(app.store, name, "?", ["a", "b"], [NewDuel("x", 0, 1, "p", "q")])
        screen.begin_asking(open_duels(screen))
        await until(pilot, lambda: isinstance(app.screen, Finder))
        assert "0 of 1" in shown(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, DuelsScreen))
        dialog = app.screen
        assert isinstance(dialog, DuelsScreen)
        await until(pilot, lambda: dialog.comparison is not None)
        assert dialog.comparison is not None
        assert dialog.comparison.name == "first"
