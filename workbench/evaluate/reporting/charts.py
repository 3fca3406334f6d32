"""Charts as SVG, drawn by hand: each is a figure with a title, a description in words, and its numbers as a table below.

Colours are classes that the page's style defines for light, dark and print. Sizes are in units of the drawing, 720 wide; the
page scales it. Names are cut to what fits, and stand whole in the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from workbench.evaluate.reporting.markup import ends, number, table, text

WIDTH = 720
#: Room for names on the left, for numbers on the right.
LEFT, RIGHT = 190, 60
ROW = 26
#: Letters of a name that fit into ``LEFT``.
LETTERS = 23


@dataclass(frozen=True, slots=True)
class Mark:
    """A named value with the ends of its interval; ``muted`` ones are references."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A named curve: points (x, value, low, high)."""

    name: str
    points: Sequence[tuple[float, float, float | None, float | None]]


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from ``first`` to ``last`` in data over ``start`` to ``start + size`` in the drawing."""

    first: float
    last: float
    start: float
    size: float

    def at(self, value: float) -> float:
        share = (value - self.first) / (self.last - self.first)
        return self.start + min(1.0, max(0.0, share)) * self.size

    def ticks(self) -> list[float]:
        """Round numbers on the scale, four to eight of them."""
        step = _step((self.last - self.first) / 5)
        first = math.ceil(self.first / step - 1e-9)
        last = math.floor(self.last / step + 1e-9)
        return [tick * step for tick in range(first, last + 1)]


def axis(values: Sequence[float], start: float, size: float) -> Axis:
    """A scale that holds all ``values`` with a little room."""
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or max(abs(high) * 0.05, 0.01)
    return Axis(low - room, high + room, start, size)


def _step(about: float) -> float:
    power = 10.0 ** math.floor(math.log10(about)) if about > 0 else 1.0
    return float(next((power * unit for unit in (1, 2, 5, 10) if power * unit >= about * 0.999), power * 10))


def figure(
    title: str, said: str, height: float, drawing: str, numbers: str, caption: str = "", *, width: float = WIDTH
) -> str:
    """A drawing with its title, what it says in words (for people who cannot see it), and its numbers to unfold."""
    # Of the content, so that the same evaluation gives the same file.
    name = f"chart-{crc32((title + said).encode('utf-8', 'replace')):08x}"
    below = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    return (
        f'<figure><h3 id="{name}">{text(title)}</h3>'
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="{name}" aria-describedby="{name}-said">'
        f'<desc id="{name}-said">{text(said)}</desc>{drawing}</svg>{below}'
        f"<details><summary>The numbers</summary>{numbers}</details></figure>"
    )


def whiskers(title: str, marks: Sequence[Mark], *, caption: str = "", unit: str = "", narrow: bool = False) -> str:
    """Values with their intervals on one axis; nothing where none has a value. ``narrow``: one of several side by side."""
    known = [mark for mark in marks if mark.value is not None]
    if not known:
        return ""
    width, left = (WIDTH / 2, LEFT / 2 + 15) if narrow else (WIDTH, LEFT)
    found = [end for mark in known for end in (mark.value, mark.low, mark.high) if end is not None]
    scale = axis(found, left, width - left - RIGHT)
    parts = _grid(scale, ROW * len(known) + 4, every=2 if narrow else 1)
    for place, mark in enumerate(known):
        assert mark.value is not None
        middle, kind = ROW * place + ROW / 2 + 2, "muted" if mark.muted else "mark"
        parts.append(_name(mark.name, middle, left))
        if mark.low is not None and mark.high is not None:
            one, other = scale.at(mark.low), scale.at(mark.high)
            caps = f"M{one:.1f} {middle - 4}v8M{other:.1f} {middle - 4}v8"
            parts.append(f'<path class="bar-{kind}" d="M{one:.1f} {middle}H{other:.1f}{caps}"/>')
        parts.append(f'<circle class="{kind}" cx="{scale.at(mark.value):.1f}" cy="{middle}" r="5"/>')
        parts.append(_value(number(mark.value), middle, width))
    said = "; ".join(
        f"{m.name}: {number(m.value)}" + (f" ({ends(m.low, m.high)})" if m.low is not None else "") for m in known
    )
    rows = [[text(m.name), number(m.value), ends(m.low, m.high)] for m in known]
    below = table(("", unit or "value", "95 % interval"), rows, right=(1, 2))
    return figure(title, said, ROW * len(known) + 34, "".join(parts), below, caption, width=width)


def bars(
    title: str, rows: Sequence[tuple[str, float, float | None]], *, caption: str = "", head: str = "samples"
) -> str:
    """A bar for each (name, value, reference); the reference is a mark across the bar."""
    top = max((max(value, other or 0.0) for _, value, other in rows), default=0.0)
    if not top:
        return ""
    high = 18
    scale = Axis(0.0, top, LEFT, _ROOM)
    parts = []
    for place, (name, value, other) in enumerate(rows):
        y = high * place + 4
        parts.append(_name(name, y + 7))
        parts.append(_box("mark", LEFT, y, max(scale.at(value) - LEFT, 1.5 if value else 0.0), high - 5))
        if other is not None:
            parts.append(f'<path class="bar-muted" d="M{scale.at(other):.1f} {y - 2}v{high - 1}"/>')
        parts.append(_value(number(value), y + 7))
    referenced = any(other is not None for _, _, other in rows)
    cells = [[text(name), number(value), *([number(other)] if referenced else [])] for name, value, other in rows]
    said = "; ".join(f"{name}: {number(value)}" for name, value, _ in rows[:30])
    heads = ("", head, "reference") if referenced else ("", head)
    return figure(title, said, high * len(rows) + 10, "".join(parts), table(heads, cells, right=(1, 2)), caption)


def curves(title: str, lines: Sequence[Line], *, across: str, caption: str = "", log: bool = True) -> str:
    """Curves with bands for their intervals, the horizontal scale logarithmic unless told; nothing without two points."""
    lines = [line for line in lines if line.points]
    if sum(len(line.points) for line in lines) < 2:
        return ""
    turn: Callable[[float], float] = (lambda x: math.log10(max(x, 1e-9))) if log else (lambda x: x)
    xs = sorted({point[0] for line in lines for point in line.points})
    over = axis([turn(x) for x in xs], 60, WIDTH - 60 - RIGHT - 90)
    found = [end for line in lines for point in line.points for end in point[1:] if end is not None]
    flat = axis(found, 0, 1)
    high = 240
    down = Axis(flat.first, flat.last, high, -(high - 14))
    parts = [
        f'<path class="grid" d="M60 {down.at(tick):.1f}H{over.start + over.size:.0f}"/>'
        f'<text class="tick" x="52" y="{down.at(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>'
        for tick in down.ticks()
    ]
    last = -100.0
    for x in xs:
        place = over.at(turn(x))
        if place - last > 44:
            parts.append(f'<text class="tick" x="{place:.1f}" y="{high + 18}" text-anchor="middle">{number(x)}</text>')
            last = place
    parts.append(
        f'<text class="tick" x="{over.start + over.size:.0f}" y="{high + 36}" text-anchor="end">{text(across)}</text>'
    )
    for place, line in enumerate(lines):
        parts.append(_curve(line, place, lambda x: over.at(turn(x)), down.at, over.start + over.size))
    said = "; ".join(
        f"{line.name}: " + ", ".join(f"{number(x)}: {number(y)}" for x, y, *_ in line.points) for line in lines
    )
    rows = [[text(line.name), number(x), number(y), ends(low, top)] for line in lines for x, y, low, top in line.points]
    return figure(
        title,
        said,
        high + 44,
        "".join(parts),
        table(("", across, "value", "95 % interval"), rows, right=(1, 2, 3)),
        caption,
    )


def heat(title: str, classes: Sequence[str], cells: Mapping[tuple[int, int], int], *, caption: str = "") -> str:
    """A square of shaded counts: right label down, predicted label across. ``cells`` has what is not zero."""
    size = len(classes)
    if not cells or size < 2:
        return ""
    side = min(34.0, (WIDTH - LEFT - 10) / size)
    totals = {row: sum(n for (truth, _), n in cells.items() if truth == row) for row in range(size)}
    parts = []
    for row, name in enumerate(classes):
        y = row * side + 6
        if side >= 11 or row % math.ceil(11 / side) == 0:
            parts.append(_name(name, y + side / 2))
            turned = f"translate({LEFT + row * side + side / 2 + 3:.1f} {size * side + 12:.1f}) rotate(60)"
            parts.append(f'<text class="tick" transform="{turned}">{text(_cut(name, 18))}</text>')
    for (truth, guess), times in sorted(cells.items()):
        share = times / max(1, totals[truth])
        kind = "mark" if truth == guess else "wrong"
        x, y = LEFT + guess * side, truth * side + 6
        parts.append(_box(kind, x, y, side - 1, side - 1, 0.12 + 0.88 * share))
        if side >= 22:
            shade = "cell full" if share > 0.55 else "cell"
            place = f'x="{x + side / 2 - 0.5:.1f}" y="{y + side / 2 + 4:.1f}"'
            parts.append(f'<text class="{shade}" {place} text-anchor="middle">{times}</text>')
    parts.append(f'<rect class="frame" x="{LEFT}" y="6" width="{size * side - 1:.1f}" height="{size * side - 1:.1f}"/>')
    wrong = sorted(((n, t, g) for (t, g), n in cells.items() if t != g), reverse=True)
    said = "Most confused: " + "; ".join(f"{classes[t]} taken for {classes[g]}: {n}" for n, t, g in wrong[:10])
    rows = [[text(classes[t]), text(classes[g]), f"{n:,}"] for n, t, g in wrong[:200]]
    below = table(
        ("right label", "predicted", "times"), rows, right=(2,), caption="Confused labels, the most frequent first"
    )
    return figure(
        title, said if wrong else "No label was taken for another.", size * side + 130, "".join(parts), below, caption
    )


def cloud(
    title: str, grid: Sequence[Sequence[int]], bounds: Sequence[float], *, across: str, up: str, caption: str = ""
) -> str:
    """How many samples stand in each cell of two scores, ``grid[row][column]`` from the lowest of both, as shaded boxes.

    ``bounds``: lowest and highest across, lowest and highest up. Nothing where no sample has both scores.
    """
    most = max((max(row, default=0) for row in grid), default=0)
    if not most:
        return ""
    box, tall, wide = 10, len(grid), len(grid[0])
    parts = [f'<rect class="frame" x="60" y="6" width="{wide * box}" height="{tall * box}"/>']
    for row, cells in enumerate(grid):
        for column, times in enumerate(cells):
            if times:
                shade = 0.15 + 0.85 * math.log1p(times) / math.log1p(most)
                parts.append(_box("mark", 60 + column * box, 6 + (tall - 1 - row) * box, box - 1, box - 1, shade))
    left, right, bottom, top = bounds
    low = tall * box + 6
    parts += [
        f'<text class="tick" x="60" y="{low + 16}">{number(left)}</text>',
        f'<text class="tick" x="{60 + wide * box}" y="{low + 16}" text-anchor="end">{number(right)} {text(across)}</text>',
        f'<text class="tick" x="52" y="{low}" text-anchor="end">{number(bottom)}</text>',
        f'<text class="tick" x="52" y="16" text-anchor="end">{number(top)}</text>',
        f'<text class="tick" transform="translate(20 {low / 2:.0f}) rotate(-90)" text-anchor="middle">{text(up)}</text>',
    ]
    step = (top - bottom) / tall
    sums = [(bottom + row * step, sum(cells)) for row, cells in enumerate(grid)]
    fullest = max(sums, key=lambda one: one[1])
    every = sum(n for _, n in sums)
    said = f"{every:,} samples; the fullest row of boxes, {fullest[1]:,} of them, has {up} near {number(fullest[0])}."
    rows = [[f"{number(start)} to {number(start + step)}", f"{n:,}"] for start, n in reversed(sums)]
    return figure(title, said, low + 26, "".join(parts), table((up, "samples"), rows, right=(1,)), caption)


_ROOM = WIDTH - LEFT - RIGHT


def _grid(scale: Axis, bottom: float, every: int = 1) -> list[str]:
    return [
        f'<path class="grid" d="M{scale.at(tick):.1f} 0V{bottom}"/>'
        f'<text class="tick" x="{scale.at(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{number(tick)}</text>'
        for tick in scale.ticks()[::every]
    ]


def _box(kind: str, x: float, y: float, width: float, height: float, opacity: float | None = None) -> str:
    shade = "" if opacity is None else f' fill-opacity="{opacity:.2f}"'
    return f'<rect class="{kind}"{shade} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _name(name: str, middle: float, left: float = LEFT) -> str:
    cut = _cut(name, round(LETTERS * left / LEFT))
    return f'<text x="{left - 10}" y="{middle + 4:.1f}" text-anchor="end">{text(cut)}</text>'


def _value(shown: str, middle: float, width: float = WIDTH) -> str:
    return f'<text class="n" x="{width - 2}" y="{middle + 4:.1f}" text-anchor="end">{shown}</text>'


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _curve(line: Line, place: int, x_of: Callable[[float], float], y_of: Callable[[float], float], end: float) -> str:
    kind = ("one", "two", "three", "four")[place % 4]
    spots = [(x_of(x), y_of(y), low, high) for x, y, low, high in line.points]
    banded = [(x, low, high) for x, _, low, high in spots if low is not None and high is not None]
    band = ""
    if len(banded) > 1:
        upper = " ".join(f"{x:.1f},{y_of(high):.1f}" for x, _, high in banded)
        lower = " ".join(f"{x:.1f},{y_of(low):.1f}" for x, low, _ in reversed(banded))
        band = f'<polygon class="band-{kind}" points="{upper} {lower}"/>'
    drawn = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, *_ in spots)
    dots = "".join(f'<circle class="dot-{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y, *_ in spots)
    label = f'<text x="{end + 8:.1f}" y="{spots[-1][1] + 4 + (0 if place % 2 else -2):.1f}">{text(_cut(line.name, 18))}</text>'
    return f'{band}<path class="line-{kind}" d="{drawn}"/>{dots}{label}'
