"""The dialogs in which a sample's field is chosen and corrected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import TextArea

from workbench.errors import WorkbenchError
from workbench.tui.typed import Area
from workbench.tui.widgets.lines import Run, cut, safe, wrap
from workbench.tui.widgets.prompts import Dialog, Text

#: What the last line says about a form of text.
HINTS = {"messages": "user: and assistant: begin a turn", "json": "JSON", "number": "a number"}
WIDTH = 72


class EditScreen(Dialog["str | None"]):
    """ctrl+s gives the text back, escape leaves it as it was.

    ``check(text)`` gives a sentence about what is wrong (then the text stays, to be mended), or None; ``start`` is where a
    person left off.
    """

    DEFAULT_CSS = """
    EditScreen > Vertical { width: 90%; max-width: 110; height: 70%; }
    EditScreen.-tall > Vertical { height: 90%; }
    EditScreen TextArea { height: 1fr; border: none; padding: 0; background: $background; }
    EditScreen TextArea:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", show=False, priority=True)]

    def __init__(
        self, title: str, text: str, *, start: str | None = None, hint: str = "",
        check: Callable[[str], Awaitable[str | None]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.question = title
        self.original, self.start = text, text if start is None else start
        self.hint, self.check = hint, check
        self.set_class(bool(hint), "-tall")
        self.said = Text()

    def compose(self) -> ComposeResult:
        title = Text()
        title.title = [(cut(safe(self.question), 60), "pane--title")]
        self._say("")
        with Vertical():
            yield title
            yield Area(self.start, soft_wrap=True, tab_behavior="focus")
            yield self.said

    def _say(self, sentence: str) -> None:
        """The keys, and above them what is wrong."""
        keys: list[Run] = [
            ("ctrl+s", "pane--key"), (" save   ", "pane--value"), ("esc", "pane--key"), (" leave", "pane--value"),
            *([(f"   {self.hint}", "pane--muted")] if self.hint else []),
        ]  # fmt: skip
        wrong: list[list[Run]] = [[(line, "pane--bad")] for line in wrap(safe(sentence), WIDTH)] if sentence else []
        self.said.show(wrong[0] if wrong else keys, [*wrong[1:], *([keys] if wrong else [])])
        self.said.refresh(layout=True)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()

    async def action_save(self) -> None:
        """Keys typed meanwhile wait until the text is checked."""
        text = self.query_one(TextArea).text
        if self.check is not None and text != self.original:
            try:
                wrong = await self.check(text)
            except WorkbenchError as error:
                wrong = str(error)
            if wrong:
                self._say(wrong)
                return
        self.dismiss(text)
