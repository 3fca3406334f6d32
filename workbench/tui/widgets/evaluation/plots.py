"""Drawings of their own kind: a line of levels, curves with intervals, and shades from few to many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ACCENT, MUTED, STRONG

_LEVELS, _ASCII_LEVELS = "▁▂▃▄▅▆▇█", "_.-=+*%#"
_STILL = 0.02
_SHADES, _ASCII_SHADES = "░▒▓█", ":+*#"


def spark(values: Sequence[float | None]) -> str:
    """A character a value, from the lowest to the highest of them (flat where they differ by less than ``_STILL`` of the
    largest: that is noise); a gap where there is none."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    levels = _ASCII_LEVELS if charts.ascii_only() else _LEVELS
    if not known:
        return " " * len(values)
    low, span = min(known), max(known) - min(known)
    if span <= _STILL * max(map(abs, known)):  # all on the middle level
        low, span = low - 1e9, 2e9
    return "".join(
        " "
        if value is None or not math.isfinite(value)
        else levels[int((value - low) / span * (len(levels) - 1) + 0.4999)]
        for value in values
    )


def shade(share: float) -> str:
    """A mark from light to full for a share from 0 to 1; a space for nothing."""
    marks = _ASCII_SHADES if charts.ascii_only() else _SHADES
    return " " if share <= 0 else marks[min(len(marks) - 1, int(share * len(marks)))]


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a place on the axis below, with the ends of its interval."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Points with a name, the mark they are drawn with and its style."""

    name: str
    mark: str
    style: str
    points: Sequence[Point]


def points(found: Sequence[Mapping[str, Any]] | None, at: str = "size") -> list[Point]:
    """Points from a metric's details, those without a value left out."""
    return [
        Point(float(one[at]), float(one["value"]), one.get("low"), one.get("high"))
        for one in found or ()
        if one.get("value") is not None and one.get(at) is not None
    ]


def pair_of_marks() -> tuple[str, str]:
    """The marks of what is measured, and of what it is compared with."""
    marks = charts.glyphs()
    return marks.value, marks.before


def curve(series: Sequence[Series], width: int, *, height: int = 9, below: str = "", log: bool = True) -> list[Content]:
    """Values over sizes (on a logarithmic axis, unless ``log`` is false), with whiskers; names and the sizes below.

    Series that stand at one place are drawn beside one another, so that no mark hides another.
    """
    every = [point for one in series for point in one.points]
    if not every:
        return []
    ends = [end for point in every for end in (point.value, point.low, point.high) if end is not None]
    low, high = min(ends), max(ends)
    if high - low < 0.02:
        low, high = low - 0.01, high + 0.01
    scale = (lambda x: math.log(max(x, 1e-9))) if log else (lambda x: x)
    first, last = scale(min(point.at for point in every)), scale(max(point.at for point in every))
    room = max(10, width - 8)
    grid: list[list[tuple[str, str]]] = [[(" ", "")] * room for _ in range(height)]
    bar = "|" if charts.ascii_only() else "│"

    def row(value: float) -> int:
        return min(height - 1, max(0, round((high - value) / (high - low) * (height - 1))))

    for place, one in enumerate(series):
        for point in one.points:
            share = (scale(point.at) - first) / (last - first) if last > first else 0.5
            column = min(room - 1, 1 + round(share * (room - 2 - len(series))) + place)
            if point.low is not None and point.high is not None:
                for y in range(row(point.high), row(point.low) + 1):
                    grid[y][column] = (bar, one.style if one.style != STRONG else MUTED)
            grid[row(point.value)][column] = (one.mark, one.style)
    wall = "|" if charts.ascii_only() else "│"
    lines = []
    for y, cells in enumerate(grid):
        said = charts.number(high - (high - low) * y / (height - 1)) if y in (0, height // 2, height - 1) else ""
        lines.append(Content.assemble((f"{said:>6} {wall}", MUTED), *cells)[:width])
    corner, flat = ("+", "-") if charts.ascii_only() else ("└", "─")
    lines.append(Content.styled(f"{'':7}{corner}{flat * room}"[:width], MUTED))
    lines.append(Content.styled(_axis(sorted({point.at for point in every}), scale, room, width), MUTED))
    legend: list[tuple[str, str]] = [(" " * 8, "")]
    for one in series:
        legend += [(one.mark, one.style), (f" {charts.fit(one.name, 40).rstrip()}   ", "")]
    lines.append(Content.assemble(*legend, (f"across: {below}" if below else "", MUTED))[:width])
    return lines


def _axis(sizes: Sequence[float], scale: Any, room: int, width: int) -> str:
    """The sizes under their places, as many as fit without touching."""
    first, last = scale(sizes[0]), scale(sizes[-1])
    line = [" "] * room
    free = 0
    for size in sizes:
        text = f"{size:,.0f}" if size >= 1 or size == 0 else f"{size:g}"
        share = (scale(size) - first) / (last - first) if last > first else 0.5
        start = min(max(0, round(share * (room - 1)) - len(text) // 2), room - len(text))
        if start >= free:
            line[start : start + len(text)] = text
            free = start + len(text) + 1
    return f"{'':8}{''.join(line)}".rstrip()[:width]


def levels_line(name: str, values: Sequence[float | None], width: int) -> Content:
    """A name and its line of levels with the first and the last value beside it."""
    known = [value for value in values if value is not None]
    text = f"{charts.number(known[0])} {charts.glyphs().arrow} {charts.number(known[-1])}" if known else "-"
    return Content.assemble(charts.fit(name, 12), " ", (spark(values), ACCENT), "  ", (text, MUTED))[:width]
