"""The data map (Swayamdipta et al. 2020): confidence over variability as a picture, with a box that picks a region."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import curation, cuts, views
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ACCENT, MUTED, STRONG
from workbench.tui.widgets.curation import shown
from workbench.tui.widgets.curation.chain import About
from workbench.tui.widgets.curation.shown import Reading, Shown

ACROSS, UP = "dynamics.variability", "dynamics.confidence"
#: Cells of the picture.
COLUMNS, ROWS = 30, 10
#: Samples of the region that are listed.
LISTED = 40
#: Density from one sample to the fullest cell, on a logarithmic scale.
SHADES, ASCII_SHADES = "·░▒▓█", ".:+*#"
#: The regions' share of the samples, as in the paper.
SHARE = 0.33
REGIONS = ("easy", "ambiguous", "hard")
WHERE = {"easy": "top", "ambiguous": "right", "hard": "bottom"}


@dataclass(frozen=True, slots=True)
class Box:
    """Cells of the picture from ``left`` to ``right`` and ``bottom`` to ``top``, all included."""

    left: int
    right: int
    bottom: int
    top: int

    def moved(self, across: int, up: int) -> Box:
        across = max(-self.left, min(across, COLUMNS - 1 - self.right))
        up = max(-self.bottom, min(up, ROWS - 1 - self.top))
        return Box(self.left + across, self.right + across, self.bottom + up, self.top + up)

    def grown(self, across: int, up: int) -> Box:
        """Wider at the right, taller at the top (where there is no more room: at the other side)."""
        left, right, bottom, top = self.left, self.right, self.bottom, self.top
        right += across
        top += up
        if right >= COLUMNS:
            left, right = max(0, left - 1), COLUMNS - 1
        if top >= ROWS:
            bottom, top = max(0, bottom - 1), ROWS - 1
        return Box(left, max(left, right), bottom, max(bottom, top))

    def holds(self, column: int, row: int) -> bool:
        return self.left <= column <= self.right and self.bottom <= row <= self.top


@dataclass(frozen=True, slots=True)
class Region:
    """A region with a name: its line, how many samples are beyond it, and its view."""

    line: float
    count: int
    view: str


class DataMap(Shown):
    """``grid[row][column]`` counts samples, from the lowest confidence and variability; ``box`` is the region picked."""

    view: ClassVar[str] = "map"

    def __init__(self, step: str, grid: Sequence[Sequence[int]], bounds: Sequence[float]) -> None:
        super().__init__(step)
        self.grid = grid
        self.bounds = tuple(bounds)
        self.total = sum(map(sum, grid))
        self.regions: dict[str, Region] = {}
        self.picked = ""
        self.box = Box(0, COLUMNS - 1, 0, ROWS - 1)
        self.listed: list[Row] = []
        self.listed_of: str | None = None

    def lacks(self) -> Reading | None:
        text = self.slice_text()
        if not self.total or text == self.listed_of:
            return None

        def read_them(store: Store) -> Callable[[], None]:
            ids = views.first(store, views.parse(text), LISTED)
            rows = shown.read_rows(store, ids)
            return partial(self.take, text, [rows[one] for one in ids if one in rows])

        return read_them

    def take(self, text: str, rows: list[Row]) -> None:
        """Show the first samples of a region."""
        self.listed_of, self.listed = text, rows

    def accepted(self, sample_id: int) -> None:
        self.listed = [replace(row, status="accepted") if row.id == sample_id else row for row in self.listed]

    @property
    def region(self) -> str:
        """The name of the region that is picked; empty for a box of one's own."""
        return self.picked

    @property
    def count(self) -> int:
        """How many samples are picked."""
        return self.regions[self.picked].count if self.picked else self.inside(self.box)

    def pick(self, name: str) -> None:
        """Pick a region; the box stands at the cells nearest to it."""
        if name in self.regions:
            self.picked, self.box = name, self._nearest(name, self.regions[name].line)

    def next_region(self) -> None:
        """Easy, ambiguous, hard, and again."""
        self.pick(REGIONS[(REGIONS.index(self.picked) + 1) % len(REGIONS) if self.picked else 0])

    def move(self, across: int, up: int, *, size: bool) -> None:
        """Move the box, or make it larger or smaller: it is one's own then."""
        self.picked = ""
        self.box = self.box.grown(across, up) if size else self.box.moved(across, up)

    def _nearest(self, name: str, line: float) -> Box:
        low, high = self.bounds[0:2] if name == "ambiguous" else self.bounds[2:4]
        cells = COLUMNS if name == "ambiguous" else ROWS
        cell = max(1, min(cells - 1, round((line - low) / ((high - low) or 1.0) * cells)))
        if name == "ambiguous":
            return Box(cell, COLUMNS - 1, 0, ROWS - 1)
        return Box(0, COLUMNS - 1, *((cell, ROWS - 1) if name == "easy" else (0, cell - 1)))

    def inside(self, box: Box) -> int:
        """How many samples a box holds."""
        return sum(sum(self.grid[row][box.left : box.right + 1]) for row in range(box.bottom, box.top + 1))

    def value(self, cell: int, *, across: bool) -> float:
        """The score at the lower edge of a cell."""
        low, high = self.bounds[0:2] if across else self.bounds[2:4]
        return low + (high - low) * cell / (COLUMNS if across else ROWS)

    def figure(self, width: int, height: int) -> list[Content]:
        if not self.total:
            text = (
                "No data map yet: a step with training dynamics (training_dynamics, cllm, wanli) measures how a classifier "
                "learns each sample; r or p runs it."
            )
            return charts.prose(text, width, MUTED)
        lines = []
        if height > shown.LOW:
            lines.append(Content.styled("confidence up, variability to the right", MUTED))
        lines += self._picture(width)
        return [*lines, *self._words(width)]

    def _picture(self, width: int) -> list[Content]:
        ascii_only = charts.ascii_only()
        shades = ASCII_SHADES if ascii_only else SHADES
        wall, thick = ("|", "#") if ascii_only else ("│", "┃")
        flat, bold = ("-", "=") if ascii_only else ("─", "━")
        most = max(max(row) for row in self.grid)
        each = max(1, min(2, (width - 7) // COLUMNS))
        lines = []
        for row in range(ROWS - 1, -1, -1):
            side = row in (ROWS - 1, 0, ROWS // 2)
            edge = self.value(row + 1 if row == ROWS - 1 else row, across=False)
            inside = self.box.bottom <= row <= self.box.top
            parts = [
                (f"{edge:5.2f}" if side else "     ", MUTED),
                (thick if inside else wall, ACCENT if inside else MUTED),
            ]
            for column in range(COLUMNS):
                sign = _shade(self.grid[row][column], most, shades)
                held = self.box.holds(column, row)
                parts.append((sign * each, f"{ACCENT} on $panel" if held else MUTED))
            lines.append(Content.assemble(*parts)[:width])
        axis = [("     ", ""), ("+" if ascii_only else "└", MUTED)]
        for column in range(COLUMNS):
            inside = self.box.left <= column <= self.box.right
            axis.append(((bold if inside else flat) * each, ACCENT if inside else MUTED))
        lines.append(Content.assemble(*axis)[:width])
        left, right = f"{self.bounds[0]:.2f}", f"{self.bounds[1]:.2f}"
        lines.append(Content.styled(f"      {left}{right.rjust(COLUMNS * each - len(left))}"[:width], MUTED))
        return lines

    def _words(self, width: int) -> list[Content]:
        found = "  ".join(f"{name} {region.count:,} ({WHERE[name]})" for name, region in self.regions.items())
        if len(found) > width:
            found = "  ".join(f"{name} {region.count:,}" for name, region in self.regions.items())
        up = f"{self.value(self.box.bottom, across=False):.2f}-{self.value(self.box.top + 1, across=False):.2f}"
        across = f"{self.value(self.box.left, across=True):.2f}-{self.value(self.box.right + 1, across=True):.2f}"
        told = f"box: confidence {up}, variability {across}"
        if len(told) > width:
            told = f"box: {up} by {across}"
        if self.picked:
            region = self.regions[self.picked]
            score = (ACROSS if self.picked == "ambiguous" else UP).partition(".")[2]
            told = f"{self.picked}: {score} {'under' if self.picked == 'hard' else 'from'} {region.line:g}"
        return [
            Content.styled(charts.fit(found, width).rstrip(), MUTED),
            Content.styled(charts.fit(told, width).rstrip(), STRONG),
        ]

    def heading(self) -> str:
        if not self.total:
            return ""
        more = f", the first {len(self.listed)}" if 0 < len(self.listed) < self.count else ""
        return f"{self.picked.capitalize() or 'In the box'}: {self.count:,} samples{more}"

    def rows(self, width: int) -> list[tuple[str, Content]]:
        return [
            (
                str(row.id),
                shown.row_line(shown.mark(row, dropped=row.dropped), row.id, "", row.text, shown.label(row.label), width),
            )
            for row in self.listed
        ]  # fmt: skip

    def pair(self, key: str | None, width: int, height: int) -> list[Content]:
        row = self.sample(key)
        if row is None:
            return []
        return shown.alone(f"{row.id:,}  {shown.label(row.label)}", "", row.text, width, height)

    def sample(self, key: str | None) -> Row | None:
        return next((row for row in self.listed if str(row.id) == key), None)

    def slice_text(self) -> str:
        """The box as a view; sides that are the picture's own are left out."""
        if self.picked:
            return self.regions[self.picked].view
        terms = []
        for name, across, low, high, last in (
            (UP, False, self.box.bottom, self.box.top + 1, ROWS),
            (ACROSS, True, self.box.left, self.box.right + 1, COLUMNS),
        ):
            if low > 0:
                terms.append(f"score.{name}>={shown.plain(self.value(low, across=across))}")
            if high < last:
                terms.append(f"score.{name}<{shown.plain(self.value(high, across=across))}")
        return " ".join(terms) or f"score.{UP}>={shown.plain(self.bounds[2] - 1)}"

    def slice(self, key: str | None) -> str:
        if not self.total:
            raise UsageError("There is no data map yet: run a step with training dynamics first.")
        order = {"easy": f"sort:-{UP}", "hard": f"sort:{UP}", "ambiguous": f"sort:-{ACROSS}"}
        return f"{self.slice_text()} {order.get(self.region, f'sort:{UP}')}"


def _shade(count: int, most: int, shades: str) -> str:
    if not count:
        return " "
    if most <= len(shades):
        return shades[count - 1]
    share = math.log1p(count) / math.log1p(most)
    return shades[min(len(shades) - 1, int(share * len(shades) - 1e-9))]


def _regions(store: Store) -> dict[str, Region]:
    """The paper's three regions, a third of the samples each, to the nearest tidy line: highest confidence, highest
    variability, lowest confidence."""
    found = {}
    for name, score, share in (("easy", UP, 1 - SHARE), ("ambiguous", ACROSS, 1 - SHARE), ("hard", UP, SHARE)):
        lines = cuts.steps(store, score)
        if lines is None:
            return {}
        place = min(range(len(lines.edges)), key=lambda at: abs(lines.below[at] - share * lines.total))
        line, under = lines.edges[place], lines.below[place]
        sign, count = ("<", under) if name == "hard" else (">=", lines.total - under)
        found[name] = Region(line, count, f"score.{score}{sign}{shown.plain(line)}")
    return found


def measured(store: Store, step: str = "") -> DataMap:
    """The picture and its regions."""
    grid, bounds = curation.scatter(store, ACROSS, UP, COLUMNS, ROWS)
    found = DataMap(step, grid, bounds)
    found.regions = _regions(store) if found.total else {}
    return found


def read(store: Store, one: About) -> DataMap:
    """The picture, and the first samples of the region that is picked first."""
    found = measured(store, one.name)
    found.pick("ambiguous")
    if (first := found.lacks()) is not None:
        first(store)()
    return found
