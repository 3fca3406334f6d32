"""Lines between the panes and the status line: who said what of a sample, or how an audit stands. Empty: no room taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workbench.tui.widgets.lines import Lines, Run, cut

MOST = 8


class UnderPanes(Lines):
    """At most ``MOST`` lines, each cut to the width; a cut of the list itself is said."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"under--muted", "under--key", "under--value"}
    DEFAULT_CSS = """
    UnderPanes {
        height: auto; display: none; background: $background; border-top: solid $frame;
        & > .under--muted { color: $text-muted; background: $background; }
        & > .under--key { color: $accent; background: $background; }
        & > .under--value { color: $foreground; background: $background; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.rows: list[list[Run]] = []

    def show(self, rows: list[list[Run]]) -> None:
        """Other lines; the layout is only worked out anew when there are more or fewer."""
        if len(rows) > MOST:
            rows = [*rows[: MOST - 1], [(f" … {len(rows) - MOST + 1} more", "under--muted")]]
        if rows == self.rows:
            return
        higher = len(rows) != len(self.rows)
        self.rows = rows
        self.display = bool(rows)
        self.refresh(layout=higher)

    def get_content_height(self, *_: object) -> int:
        return len(self.rows)

    def runs(self, y: int) -> Sequence[Run]:
        if not 0 <= y < len(self.rows):
            return []
        room, shown = self.size.width, []
        for text, style in self.rows[y]:
            if room > 0:
                shown.append((cut(text, room) if len(text) > room else text, style))
                room -= len(text)
        return shown
