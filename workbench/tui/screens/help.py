"""Dialogs made from the action table: all keys, the command palette; and the choice of a theme and of a keymap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

from workbench.errors import WorkbenchError
from workbench.text import clean
from workbench.tui import actions, keymap, themes
from workbench.tui.widgets.prompts import Finder, Option

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.table.action import Action


def options(mode: str, keys: actions.Keymap) -> list[Option]:
    """Every action that works in ``mode``: what it is called, what it does, its keys."""
    rows = [row for row in [*actions.of_mode(mode), *actions.of_mode("app")] if row.id not in _SAME]
    return _listed(rows, keys)


def _listed(rows: Iterable[Action], keys: actions.Keymap) -> list[Option]:
    return [
        Option(row.id, row.title, row.help, " ".join(actions.shown(key) for key in actions.keys(row.id, keys)))
        for row in rows
    ]


def show_own(dialog: Screen[Any], mode: str, title: str, keys: actions.Keymap) -> None:
    """The keys of a dialog that has a mode of its own; enter does the action there."""

    async def perform(chosen: str | None) -> None:
        if chosen is not None:
            await dialog.run_action(actions.ACTIONS[chosen].name)

    dialog.app.push_screen(Finder(f"Keys: {title}. Esc closes.", _listed(actions.of_mode(mode), keys)), perform)


#: Eight lines that would say what "Label 1" says.
_SAME = {f"review.label_{digit}" for digit in range(2, 10)}


class HelpScreen(Finder):
    """All keys that work here; typing narrows them, enter does the action."""

    TITLE_TEXT = "Keys"

    def __init__(self, mode: str) -> None:
        self.mode = mode
        keys = cast("WorkbenchApp[None]", _app()).keymap
        title = actions.MODES.get(mode, "Workbench")
        super().__init__(f"{self.TITLE_TEXT}: {title}. Type to find, enter does it, esc closes.", options(mode, keys))

    def dismiss(self, result: object = None) -> object:  # type: ignore[override]
        """Close first, then do the action on the mode that lies beneath."""
        closed = super().dismiss(None)
        if isinstance(result, str):
            action = actions.ACTIONS[result]
            app = self.app
            app.call_later(_perform, app, action.mode, action.name)
        return closed


async def _perform(app: WorkbenchApp[None], mode: str, name: str) -> None:
    await app.run_action(name, app if mode == "app" else app.screen)


class PaletteScreen(HelpScreen):
    """The same list, for finding by name."""

    TITLE_TEXT = "Commands"


class ThemeScreen(Finder):
    """The themes there are; moving shows them, enter keeps one, escape goes back."""

    def __init__(self) -> None:
        app = cast("WorkbenchApp[None]", _app())
        self.before = app.theme
        listed: list[Option] = []
        for name in themes.names():
            try:
                themes.load(name)
                listed.append(Option(name, name))
            except WorkbenchError as error:
                listed.append(Option(name, name, str(error)))
        super().__init__("Theme", listed, moved=self._try, start=self.before)

    def _try(self, name: str) -> None:
        self._choose(name, remember=False)

    def _choose(self, name: str, *, remember: bool) -> None:
        app = cast("WorkbenchApp[None]", self.app)
        try:
            themes.choose(app, name, remember=remember)
        except WorkbenchError as error:
            app.fail(error)

    def dismiss(self, result: object = None) -> object:  # type: ignore[override]
        self._choose(result if isinstance(result, str) else self.before, remember=isinstance(result, str))
        return super().dismiss(None)


class KeymapScreen(Finder):
    """The keymaps there are; enter takes one, at once and for every later start."""

    def __init__(self) -> None:
        super().__init__("Keymap", [Option(name, name, about) for name, about in keymap.presets().items()])

    def dismiss(self, result: object = None) -> object:  # type: ignore[override]
        closed = super().dismiss(None)
        if isinstance(result, str):
            app = cast("WorkbenchApp[None]", self.app)
            try:
                file = keymap.choose(result)
                app.take_keymap(keymap.load(file))
                app.say(f"The keys of {result} hold now; ? shows them, {clean(str(file))} may change them.")
            except WorkbenchError as error:
                app.fail(error)
        return closed


def _app() -> object:
    from textual._context import active_app

    return active_app.get()
