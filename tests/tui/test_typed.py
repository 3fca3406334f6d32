"""Keys that arrive in a bundle, as over a slow line, keep their order and reach what they were typed for."""

from __future__ import annotations

from textual.events import Key

from workbench.store import samples
from workbench.tui.app import WorkbenchApp
from workbench.tui.typed import Area, Line


def burst(app: WorkbenchApp[None], *keys: str) -> None:
    """All at once into the app's queue, as the driver puts what one read of the terminal gave."""
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


async def test_keys_typed_after_a_dialog_key_are_for_the_dialog(make_project) -> None:
    app = WorkbenchApp(make_project(5), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        burst(app, "l", *"refund")
        await pilot.pause(0.3)
        assert isinstance(app.focused, Line)
        assert app.focused.value == "refund"
        assert samples.counts(app.store)["flagged"] == 0


async def test_an_edit_typed_ahead_stays_in_the_editor(make_project) -> None:
    app = WorkbenchApp(make_project(5), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        burst(app, "e", *"xfa", "backspace", "backspace", *"z")
        await pilot.pause(0.3)
        assert isinstance(app.focused, Area)
        assert app.focused.text.endswith("xz")
        await pilot.press("escape")
        await pilot.pause(0.1)
        counts = samples.counts(app.store)
        assert (counts["flagged"], counts["accepted"], counts["rejected"]) == (0, 0, 0)


async def test_a_line_keeps_letters_and_backspaces_in_order(make_project) -> None:
    app = WorkbenchApp(make_project(5), "anna")
    async with app.run_test() as pilot:
        await pilot.pause()
        burst(app, "slash", *"abcdefgh", *["backspace"] * 8, *"abcdefgh")
        await pilot.pause(0.3)
        assert isinstance(app.focused, Line)
        assert app.focused.value == "abcdefgh"
