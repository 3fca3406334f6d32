"""The dialog in which a sample's text is corrected."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import TextArea

from workbench.text import clean
from workbench.tui.typed import Area
from workbench.tui.widgets.lines import cut, safe
from workbench.tui.widgets.prompts import Dialog, Text


class EditScreen(Dialog["str | None"]):
    """ctrl+s gives the text back, escape leaves it as it was."""

    DEFAULT_CSS = """
    EditScreen > Vertical { width: 90%; max-width: 110; height: 70%; }
    EditScreen TextArea { height: 1fr; border: none; padding: 0; background: $background; }
    EditScreen TextArea:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", show=False, priority=True)]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.question = title
        self.original = text
        self.shown = clean(text, multiline=True)

    def compose(self) -> ComposeResult:
        title = Text()
        title.title = [(cut(safe(self.question), 60), "pane--title")]
        keys = Text()
        keys.title = [
            ("ctrl+s", "pane--key"),
            (" save   ", "pane--value"),
            ("esc", "pane--key"),
            (" leave", "pane--value"),
        ]
        with Vertical():
            yield title
            yield Area(self.shown, soft_wrap=True, tab_behavior="focus")
            yield keys

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()

    def action_save(self) -> None:
        text = self.query_one(TextArea).text
        # What was not touched stays as it is in the store, unclean characters and all.
        self.dismiss(self.original if text == self.shown else text)
