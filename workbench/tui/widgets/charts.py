"""Small charts made of text: bars, a histogram with its threshold, values with whiskers, before and after.

Pure functions from numbers to lines, each at most ``width`` cells wide. Names are cleaned here and never parsed as
markup; colours are the theme's variables, so that a chart follows a change of theme. Where the terminal has no Unicode
(or ``WORKBENCH_ASCII=1``) the same charts are drawn in ASCII. Colour is never the only sign: marks differ too.
"""

from __future__ import annotations

import locale
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from workbench.text import clean
from workbench.text import number as number  # noqa: PLC0414 - beside the charts, for those who draw
from workbench.text import signed as signed  # noqa: PLC0414
from workbench.tui.widgets.lines import wrap

ACCENT = "$accent"
MUTED = "$text-muted"
STRONG = "bold"
WARNING = "$text-warning"
ERROR = "$text-error"
SUCCESS = "$text-success"

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The marks that charts are drawn with."""

    full: str = "█"
    line: str = "─"
    left: str = "├"
    right: str = "┤"
    value: str = "●"
    before: str = "○"
    tick: str = "▲"
    cut: str = "…"
    arrow: str = "→"
    fine: bool = True  # eighths of a cell can be shown


UNICODE = Glyphs()
ASCII = Glyphs("#", "-", "|", "|", "*", "o", "^", "~", "->", fine=False)


def ascii_only(environment: Mapping[str, str] | None = None) -> bool:
    """Whether to draw in ASCII: ``WORKBENCH_ASCII`` says so (1 or 0), or the terminal's encoding is not UTF-8."""
    chosen = (os.environ if environment is None else environment).get("WORKBENCH_ASCII", "")
    if chosen in ("0", "1"):
        return chosen == "1"
    return locale.getpreferredencoding(False).lower().replace("-", "") not in ("utf8", "cp65001")


def glyphs() -> Glyphs:
    """The marks for this terminal."""
    return ASCII if ascii_only() else UNICODE


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text``, cleaned, in exactly ``width`` cells: padded (on the left when ``right``), or cut with a mark."""
    shown = clean(text)
    size = cell_len(shown)
    if size > width:
        return set_cell_size(shown, max(0, width - 1)) + glyphs().cut[:width]
    return " " * (width - size) + shown if right else shown + " " * (width - size)


def _columns(names: Sequence[str], values: Sequence[str], width: int) -> tuple[int, int]:
    """Cells for the names and the values; names give way first, and a third of the line stays for the drawing."""
    value_width = max((len(value) for value in values), default=0)
    longest = max((cell_len(clean(name)) for name in names), default=0)
    return max(4, min(longest, width * 2 // 3 - value_width - 2)), value_width


def bars(counts: Mapping[str, float], width: int, *, style: str = ACCENT, most: float | None = None) -> list[Content]:
    """A horizontal bar for each name with its right-aligned count; anything above zero shows at least a sliver.

    ``most`` is the value of a full bar (default: the greatest).
    """
    shown = [f"{count:,.0f}" for count in counts.values()]
    name_width, count_width = _columns(list(counts), shown, width)
    room = max(1, width - name_width - count_width - 2)
    top = most or max(counts.values(), default=0) or 1
    return [
        Content.assemble(
            fit(name, name_width), " ", (text.rjust(count_width), MUTED), " ", (_bar(count / top, room), style)
        )
        for (name, count), text in zip(counts.items(), shown, strict=True)
    ]


def meter(share: float, width: int) -> Content:
    """Progress as a bar of ``width`` cells: the part done in the accent colour, the rest as a thin line."""
    drawn = _bar(min(1.0, max(0.0, share)), width)
    rest = "." if glyphs() is ASCII else "·"
    return Content.assemble((drawn, ACCENT), (rest * (width - len(drawn)), MUTED))


def _bar(share: float, room: int) -> str:
    marks = glyphs()
    share = min(1.0, max(0.0, share))
    if not marks.fine:
        return marks.full * (max(1, round(share * room)) if share > 0 else 0)
    eighths = max(1, round(share * room * 8)) if share > 0 else 0
    return marks.full * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def histogram(
    low: float,
    high: float,
    counts: Sequence[int],
    width: int,
    *,
    height: int = 6,
    threshold: float | None = None,
    drops: str = "",
    whole: bool = False,
) -> list[Content]:
    """Columns for ``counts`` in equal bins from ``low`` to ``high``, an axis, and a mark under ``threshold``.

    Returns ``height + 2`` lines. ``drops`` says which side of the threshold a filter drops ("below", "above"); that
    side is drawn in the warning colour and named beside the mark. ``whole`` numbers are written without decimals.
    """
    total = sum(counts)
    if not total or not counts:
        return [Content.styled("Nothing has this score yet.", MUTED)]
    marks = glyphs()
    cells = max(1, width // len(counts))
    drawn = cells * len(counts)
    most = max(counts)
    rows: list[Content] = []
    for row in range(height, 0, -1):
        parts: list[tuple[str, str]] = []
        for place, count in enumerate(counts):
            middle = low + (place + 0.5) * (high - low) / len(counts)
            dropped = threshold is not None and (middle < threshold if drops == "below" else middle > threshold)
            filled = count / most * height - (row - 1)
            style = WARNING if dropped and drops else ACCENT
            parts.append((_cell(filled, bool(count) and row == 1, marks) * cells, style))
        rows.append(Content.assemble(*parts))
    rows.append(Content.styled(marks.line * drawn, MUTED))
    rows.append(_axis(low, high, drawn, width, threshold, drops, marks, _whole if whole else number))
    return rows


def _cell(filled: float, floor: bool, marks: Glyphs) -> str:
    """One cell of a column that is ``filled`` (1 or more: wholly); a bin that is not empty shows at the ``floor``."""
    if not marks.fine:
        return marks.full if filled >= 0.5 else ("." if floor else " ")
    eighths = min(8, max(0, round(filled * 8)))
    return _LEVELS[max(eighths, 1) if floor else eighths]


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _axis(
    low: float,
    high: float,
    drawn: int,
    width: int,
    threshold: float | None,
    drops: str,
    marks: Glyphs,
    said: Callable[[float], str],
) -> Content:
    left, right = said(low), said(high)
    line = left + right.rjust(max(len(right) + 1, drawn - len(left)))
    if threshold is None:
        return Content.styled(line[:width], MUTED)
    span = (high - low) or 1.0
    place = min(drawn - 1, max(0, round((threshold - low) / span * (drawn - 1))))
    note = f"{marks.tick} {said(threshold)}" + (f", drops {drops}" if drops else "")
    # The mark stands under its place; its words go to whichever side has room for them.
    if place + len(note) > width and place + 1 < len(note):
        note = f"{marks.tick} {said(threshold)}"
    if place + len(note) > width and place + 1 >= len(note):
        note, start = f"{note[len(marks.tick) + 1 :]} {marks.tick}", place + 1 - len(note)
    else:
        start = place
    before = left + " " if len(left) + 1 < start else ""
    after = right.rjust(drawn - start - len(note)) if drawn - start - len(note) > len(right) else ""
    text = before.ljust(start) + note + after
    return Content.assemble((text[:start], MUTED), (note, WARNING), (after, MUTED))[:width]


@dataclass(frozen=True, slots=True)
class Whisker:
    """A named value with the ends of its interval (None: not known)."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None


def intervals(
    rows: Sequence[Whisker], width: int, *, start: float | None = None, end: float | None = None
) -> list[Content]:
    """Each value as a mark with its whisker on one common axis, the numbers beside it, and the axis below.

    The axis runs from ``start`` to ``end`` (default: what the rows need). Rows without a value show ``-``.
    """
    known = [
        end_ for row in rows for end_ in (row.value, row.low, row.high) if end_ is not None and math.isfinite(end_)
    ]
    if not known:
        return []
    first = min(known) if start is None else start
    last = max(known) if end is None else end
    if last <= first:
        first, last = first - 0.05, last + 0.05
    marks = glyphs()
    values = [number(row.value) for row in rows]
    name_width, value_width = _columns([row.name for row in rows], values, width)
    room = max(8, width - name_width - value_width - 3)

    def place(value: float) -> int:
        return min(room - 1, max(0, round((value - first) / (last - first) * (room - 1))))

    lines = []
    for row, text in zip(rows, values, strict=True):
        cells = [" "] * room
        if row.low is not None and row.high is not None:
            ends = place(row.low), place(row.high)
            cells[ends[0] : ends[1] + 1] = marks.line * (ends[1] - ends[0] + 1)
            cells[ends[0]], cells[ends[1]] = marks.left, marks.right
        if row.value is not None and math.isfinite(row.value):
            cells[place(row.value)] = marks.value
        lines.append(
            Content.assemble(
                fit(row.name, name_width),
                " ",
                (text.rjust(value_width), STRONG),
                "  ",
                ("".join(cells).rstrip(), ACCENT),
            )
        )
    left, right = number(first), number(last)
    indent = " " * (name_width + value_width + 3)
    lines.append(Content.styled(indent + left + right.rjust(max(len(right) + 1, room - len(left))), MUTED)[:width])
    return lines


def pairs(rows: Sequence[tuple[str, float | None, float | None, str]], width: int) -> list[Content]:
    """Before and after: name, both numbers, the change and a word about it (``better``, ``worse``, ``unclear``)."""
    marks = glyphs()
    texts = [
        (name, number(before), number(after), "" if before is None or after is None else signed(after - before), word)
        for name, before, after, word in rows
    ]
    columns = [max((len(row[place]) for row in texts), default=0) for place in (1, 2, 3)]
    longest = max((cell_len(clean(name)) for name, *_ in texts), default=0)
    words = max((len(clean(row[4])) for row in texts), default=0)
    name_width = max(4, min(longest, width - sum(columns) - len(marks.arrow) - words - 6))
    shades = {"better": SUCCESS, "worse": ERROR}
    return [
        Content.assemble(
            fit(name, name_width), " ", (before.rjust(columns[0]), MUTED), f" {marks.arrow} ",
            (after.rjust(columns[1]), STRONG), "  ", change.rjust(columns[2]), " ",
            (clean(word), shades.get(word, MUTED)),
        )[:width]
        for name, before, after, change, word in texts
    ]  # fmt: skip


def prose(text: str, width: int, style: str = "", *, indent: int = 0, most: int | None = None) -> list[Content]:
    """Clean text wrapped to ``width`` cells; after ``most`` lines it is cut, and the cut is marked."""
    room = max(1, width - indent)
    lines = wrap(clean(text, multiline=True, limit=20_000), room)
    if most is not None and len(lines) > most:
        last = set_cell_size(lines[most - 1], min(cell_len(lines[most - 1]), room - 1)).rstrip()
        lines = [*lines[: most - 1], last + glyphs().cut]
    return [Content.assemble(" " * indent, (line, style)) for line in lines]


Draw = Callable[[int], list[Content]]


class Chart(Widget):
    """Shows what a function draws for the widget's width, and draws it again when the width changes."""

    DEFAULT_CSS = """
    Chart { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, draw: Draw | None = None, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes, markup=False)
        self._draw: Draw = draw or (lambda _width: [])
        self._lines: tuple[int, list[Content]] | None = None

    def show(self, draw: Draw) -> None:
        """Draw something else; the layout is only worked out anew when its height changes."""
        width = self.content_size.width
        before = self._lines
        self._draw = draw
        self._lines = None
        if before is not None and width and len(self.lines(width)) == len(before[1]) and before[0] == width:
            # The same words may have other styles, which == does not see.
            if not all(now.is_same(old) for now, old in zip(self.lines(width), before[1], strict=True)):
                self.refresh()
            return
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        """What is drawn at a width, remembered for the newest one."""
        if self._lines is None or self._lines[0] != width:
            self._lines = (width, self._draw(width))
        return self._lines[1]

    @property
    def plain(self) -> str:
        """What is shown, without styles."""
        return "\n".join(line.plain for line in self.lines(self.content_size.width or 80))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def render(self) -> Content:
        return Content("\n").join(self.lines(self.content_size.width or 80))
