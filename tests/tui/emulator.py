"""A terminal in memory: pyte, with the alternate screen cleared on entry and halves of wide characters blanked as xterm does."""

from __future__ import annotations

from typing import Any

import pytest

pyte = pytest.importorskip("pyte", reason="pyte is a test dependency")
from wcwidth import wcwidth  # noqa: E402 - pyte brings it

Seen = tuple[str, str, str, bool, bool, bool, bool, bool]


class Emulator(pyte.Screen):  # type: ignore[misc,name-defined]
    """What a person in front of a terminal of this size would see."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self._stream = pyte.ByteStream(self)

    def feed(self, data: bytes | str) -> None:
        self._stream.feed(data.encode() if isinstance(data, str) else data)

    def draw(self, data: str) -> None:
        for character in data:
            line, x = self.buffer[self.cursor.y], self.cursor.x
            for at in range(x, min(x + max(wcwidth(character), 0), self.columns)):
                self._break(line, at)
            super().draw(character)

    def erase_characters(self, count: int | None = None) -> None:
        line, x = self.buffer[self.cursor.y], self.cursor.x
        for at in range(x, min(x + (count or 1), self.columns)):
            self._break(line, at)
            line[at] = self.default_char._replace(bg=self.cursor.attrs.bg)

    def set_mode(self, *modes: int, **keywords: Any) -> None:
        if 1049 in modes:
            self.erase_in_display(2)
        super().set_mode(*modes, **keywords)

    def report_device_status(self, mode: int, **_: Any) -> None:
        """Nobody reads an answer here."""

    def _break(self, line: Any, at: int) -> None:
        """The other half of a wide character that is written on becomes a blank."""
        if line[at].data == "" and at:
            line[at - 1] = self.default_char._replace(bg=line[at - 1].bg)
        elif at + 1 < self.columns and line[at + 1].data == "":
            line[at + 1] = self.default_char._replace(bg=line[at + 1].bg)

    def text(self) -> list[str]:
        return ["".join(self.buffer[y][x].data for x in range(self.columns)) for y in range(self.lines)]

    def seen(self) -> list[list[Seen]]:
        """Every cell as it looks: on a blank nobody sees the letters' colour, their weight and their slant."""
        return [[_seen(self.buffer[y][x]) for x in range(self.columns)] for y in range(self.lines)]


def _seen(cell: Any) -> Seen:
    fore, bold, italics = cell.fg, cell.bold, cell.italics
    if cell.data == " " and not (cell.underscore or cell.strikethrough or cell.reverse):
        fore, bold, italics = "default", False, False
    return (cell.data, fore, cell.bg, bold, italics, cell.underscore, cell.strikethrough, cell.reverse)
