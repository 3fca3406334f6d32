"""Drawing by the line: text cut to cells, one segment per run of one style, no markup anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import RenderResult
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from workbench.text import clean

Run = tuple[str, str]  # text and the component class that styles it ("" = the widget's own)


#: Characters that every terminal shows one cell wide: for them a string's length is its width.
NARROW = re.compile("[ -~\xa0-\xac\xae-\u024f…│─┌┐└┘▁▂▃▄▅▆▇█]*")


def cells(text: str) -> int:
    """The width of ``text`` in cells."""
    return len(text) if text.isascii() or NARROW.fullmatch(text) else cell_len(text)


def cut(text: str, width: int) -> str:
    """``text`` (already clean) in exactly ``width`` cells; a cut is marked with an ellipsis."""
    if width <= 0:
        return ""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
    if NARROW.fullmatch(text):
        return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def short(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, not padded."""
    return cut(text, width).rstrip() if cells(text) > width else text


def wrap(text: str, width: int) -> list[str]:
    """``text`` (may hold newlines) as lines of at most ``width`` cells, broken at spaces where there are any."""
    width = max(width, 1)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0
        for at, whole in enumerate(paragraph.split(" ")):
            word, length = whole, cells(whole)
            if at and used and used + 1 + length > width:
                lines.append(line)
                line, used = "", 0
            elif at:
                line, used = line + " ", used + 1
            while length > width - used:
                part = _head(word, width - used) or (word[0] if not used else "")
                lines.append(line + part)
                word, line, used = word[len(part) :], "", 0
                length -= cells(part)
                if length <= width:  # widths of parts need not add up; to measure a long rest each time is slow
                    length = cells(word)
            line, used = line + word, used + length
        lines.append(line)
    return lines


def _head(word: str, width: int) -> str:
    """As many characters of ``word`` as fit in ``width`` cells."""
    used = 0
    for index, character in enumerate(word):
        used += cell_len(character)
        if used > width:
            return word[:index]
    return word


def number(value: int) -> str:
    return f"{value:,}"


def dollars(value: float) -> str:
    """Two digits after the point, more for small sums: $0.42, $0.0003."""
    return f"${value:,.2f}" if value >= 0.005 or value == 0 else f"${value:.2g}" if value >= 1e-4 else f"${value:.0e}"


def duration(seconds: float) -> str:
    """``0:16``, ``12:05``, ``3:07:09``."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class Lines(Widget):
    """A widget that draws itself a line at a time from runs of (text, component class).

    It has no border, padding or children, so its lines go to the compositor as they are made, past Textual's general
    (and ten times slower) way of styling lines.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._styles_made: dict[str, Style] = {}
        self._lines_made: dict[int, tuple[Sequence[Run], int, Strip]] = {}

    def runs(self, y: int) -> Sequence[Run]:
        """The runs of line ``y``; longer than the widget is cut."""
        raise NotImplementedError

    def style_of(self, component: str) -> Style:
        """A component's style as it is sent: NO_COLOR and the terminal's abilities are already in it."""
        style = self._styles_made.get(component)
        if style is None:
            style = self.get_component_rich_style(component) if component else self.rich_style
            background = Color.from_rich_color(style.bgcolor) if style.bgcolor else Color(0, 0, 0, 0)
            segments = [Segment("x", style)]
            for line_filter in self.app._filters:
                if line_filter.enabled:
                    segments = line_filter.apply(segments, background)
            style = self._styles_made[component] = segments[0].style or Style()
        return style

    def strip(self, runs: Iterable[Run], width: int) -> Strip:
        """Runs as a strip of exactly ``width`` cells on the widget's background."""
        segments = [Segment(text, self.style_of(name)) for text, name in runs if text]
        used = sum(cells(segment.text) for segment in segments)
        if used < width:
            segments.append(Segment(" " * (width - used), self.style_of("")))
        elif used > width:
            return Strip(segments, used).crop(0, width)
        return Strip(segments, width)

    def render_line(self, y: int) -> Strip:
        """The line as made before, if its runs are the same: the compositor asks for lines beside changed ones, too."""
        runs, width = self.runs(y), self.outer_size.width
        made = self._lines_made.get(y)
        if made is None or made[1] != width or made[0] != runs:
            made = self._lines_made[y] = (runs, width, self.strip(runs, width))
        return made[2]

    def refresh_if_changed(self) -> None:
        """Draw anew only if the first line is not as it was drawn: an empty frame would cost bytes and time, too."""
        made = self._lines_made.get(0)
        if made is None or made[0] != self.runs(0):
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        whole = crop.x == 0 and crop.width >= self.outer_size.width
        lines = (self.render_line(y) for y in crop.line_range)
        return list(lines) if whole else [line.crop(crop.x, crop.right) for line in lines]

    def notify_style_update(self) -> None:
        self._styles_made.clear()
        self._lines_made.clear()
        super().notify_style_update()

    def render(self) -> RenderResult:
        return ""


def safe(value: object, *, limit: int = 400) -> str:
    """Anything from the store as one clean line."""
    return clean(value if isinstance(value, str) else str(value), limit=limit)
