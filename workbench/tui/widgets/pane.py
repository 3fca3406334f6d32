"""A pane whose lines are made whole when its sample changes; only lines that differ are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region

from workbench.tui.widgets.lines import Lines, Run


class Pane(Lines):
    """Line 0 is the title and stays; the others scroll."""

    TITLE_STYLE = "pane--title"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.title: list[Run] = []
        self.lines: list[list[Run]] = []
        self.offset_y = 0
        self.more: list[Run] = []  # said after the number of lines below the lower edge: the key that scrolls
        self._drawn: list[Sequence[Run]] = []

    def show(self, title: list[Run], lines: list[list[Run]], *, top: bool = True) -> None:
        """Other contents; ``top`` scrolls back to their start."""
        self.title, self.lines = title, lines
        if top:
            self.offset_y = 0
        self.draw()

    def draw(self) -> None:
        """Draw the lines that differ from what is on the screen."""
        height, width = self.outer_size.height, self.outer_size.width
        wanted = [self.runs(y) for y in range(height)]
        if len(wanted) != len(self._drawn):
            self.refresh()
        else:
            changed = [y for y, (new, old) in enumerate(zip(wanted, self._drawn, strict=True)) if new != old]
            if changed:
                self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._drawn = wanted

    def scroll_lines(self, step: int) -> None:
        """Scroll by some lines, no further than the last one."""
        limit = max(0, len(self.lines) - (self.outer_size.height - 1))
        self.offset_y = max(0, min(self.offset_y + step, limit))
        self.draw()

    @property
    def hidden(self) -> int:
        """Lines below the lower edge."""
        return max(0, len(self.lines) - self.offset_y - (self.outer_size.height - 1))

    def runs(self, y: int) -> Sequence[Run]:
        if y == 0:
            return self.title
        index = self.offset_y + y - 1
        if y == self.outer_size.height - 1 and self.hidden > 0:
            return [(f" … {self.hidden + 1} more lines", "pane--muted"), *self.more]
        return self.lines[index] if index < len(self.lines) else ()


class Rule(Lines):
    """The line between two panes."""

    DEFAULT_CSS = """
    Rule { width: 1; height: 1fr; color: $frame; background: $background; }
    """

    def runs(self, y: int) -> Sequence[Run]:
        return [("│", "")]
