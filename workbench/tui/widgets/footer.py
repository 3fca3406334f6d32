"""The bottom line: the five keys that matter here, and where all the others are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from workbench.tui import actions
from workbench.tui.widgets.lines import Lines, Run

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


class Footer(Lines):
    """Keys with what they do, from the action table and the user's keymap."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--title"}
    DEFAULT_CSS = """
    Footer {
        height: 1; background: $panel; color: $text-muted;
        & > .footer--key { color: $accent; background: $panel; }
        & > .footer--title { color: $text-muted; background: $panel; }
    }
    """

    def __init__(self, hints: Sequence[str]) -> None:
        super().__init__()
        self.hints = tuple(hints)

    def show(self, hints: Sequence[str]) -> None:
        """Name other actions."""
        if tuple(hints) != self.hints:
            self.hints = tuple(hints)
            self.refresh()

    def runs(self, y: int) -> Sequence[Run]:
        app = cast("WorkbenchApp[None]", self.app)
        runs: list[Run] = []
        for action_id in (*self.hints, "app.help"):
            key = next(iter(actions.keys(action_id, app.keymap)), None)
            if key is None:
                continue
            title = actions.ACTIONS[action_id].title.lower()
            runs += [(f" {actions.shown(key)}", "footer--key"), (f" {title}  ", "footer--title")]
        return runs
