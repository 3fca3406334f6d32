"""The histogram of a score with a low and a high edge that keys move; how many samples lie between them is always shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.errors import WorkbenchError
from workbench.store.cuts import Steps
from workbench.tui.widgets import charts
from workbench.tui.widgets.lines import Run, cut, number, safe
from workbench.tui.widgets.prompts import WIDTH, Dialog, Text

#: Lines that a coarse key moves by, and rows of the columns at most.
COARSE, ROWS = 10, 8
_LEVELS = " ▁▂▃▄▅▆▇█"


class RangePicker(Dialog["str | None"]):
    """Gives the terms of a view that stand for the range ("" for all), or None. ``told(terms)`` says how many samples of the
    view lie in it, as they are counted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", show=False), Binding("right,l", "move(1)", show=False),
        Binding("pageup,H", f"move(-{COARSE})", show=False), Binding("pagedown,L", f"move({COARSE})", show=False),
        Binding("home,g", "move(-1000000)", show=False), Binding("end,G", "move(1000000)", show=False),
        Binding("tab,space,up,down,j,k", "other", show=False), Binding("enter", "take", show=False),
    ]  # fmt: skip

    def __init__(
        self, name: str, steps: Steps, *, told: Callable[[str], AsyncIterator[str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.score, self.steps, self.told = name, steps, told
        self.edges = [0, len(steps.edges) - 1]  # places of the low and the high edge
        self.active = 0
        self.sentence = ""
        self.text = Text()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.text

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    @property
    def between(self) -> int:
        """Samples with the score from the low edge up to the high one: exact, from the steps."""
        return self.steps.below[self.edges[1]] - self.steps.below[self.edges[0]]

    @property
    def terms(self) -> str:
        """The range as terms of a view; an edge at its end says nothing."""
        low, high = (self.steps.edges[place] for place in self.edges)
        said = [f"score.{self.score}>={plain(low)}"] if self.edges[0] > 0 else []
        return " ".join(
            said + ([f"score.{self.score}<{plain(high)}"] if self.edges[1] < len(self.steps.edges) - 1 else [])
        )

    def action_move(self, by: int) -> None:
        low, high = self.edges
        if self.active == 0:
            low = max(0, min(low + by, high - 1))
        else:
            high = min(len(self.steps.edges) - 1, max(high + by, low + 1))
        if [low, high] != self.edges:
            self.edges, self.sentence = [low, high], ""
            self._draw()
            self.run_worker(self._count(), exclusive=True)

    def action_other(self) -> None:
        self.active = 1 - self.active
        self._draw()

    def action_take(self) -> None:
        self.dismiss(self.terms)

    async def _count(self) -> None:
        try:
            if self.told is not None:
                async for sentence in self.told(self.terms):
                    self.sentence = sentence
                    self._draw()
        except WorkbenchError as error:
            self.sentence = str(error)
            self._draw()

    def _draw(self) -> None:
        width = min(WIDTH, max(20, self.size.width)) - 4
        low, high = (plain(self.steps.edges[place]) for place in self.edges)
        ends = [(" from ", "pane--muted"), (low, self._style(0)), (" to below ", "pane--muted"), (high, self._style(1))]
        total = self.steps.total
        share = f" ({self.between / total:.1%})" if total else ""
        lines: list[list[Run]] = [[], *self._columns(width), [], ends]
        lines.append(
            [(cut(f" {number(self.between)} of {number(total)} samples that have it{share}", width), "pane--value")]
        )
        lines += [[(cut(f" {self.sentence}", width), "pane--muted")], []]
        lines.append([(cut(" ← → move  tab other edge  enter lists them  pgup pgdn faster", width), "pane--muted")])
        self.text.show([(cut(safe(self.score), width), "pane--title")], lines)
        self.text.refresh(layout=True)

    def _style(self, edge: int) -> str:
        return "pane--cursor" if edge == self.active else "pane--key"

    def _columns(self, width: int) -> list[list[Run]]:
        """The bars, what is outside of the range muted, and the marks of the edges below them."""
        counts = self.steps.counts
        each = max(1, -(-len(counts) // (width - 2)))
        columns = [sum(counts[at : at + each]) for at in range(0, len(counts), each)]
        wide = max(1, (width - 2) // len(columns))
        most = max(columns) or 1
        rows = max(3, min(ROWS, self.size.height - 12))
        fine = charts.glyphs().fine
        lines: list[list[Run]] = []
        for row in range(rows, 0, -1):
            line: list[Run] = [(" ", "pane--muted")]
            for at, column in enumerate(columns):
                filled = column / most * rows - (row - 1)
                if fine:
                    mark = _LEVELS[max(1 if column and row == 1 else 0, min(8, max(0, round(filled * 8))))]
                else:
                    mark = "#" if filled >= 0.5 else "." if column and row == 1 else " "
                inside = at * each < self.edges[1] and (at + 1) * each > self.edges[0]
                line.append((mark * wide, "pane--key" if inside else "pane--muted"))
            lines.append(_joined(line))
        places = [
            min(len(columns) - 1, place // each) * wide + (wide - 1 if at else 0) for at, place in enumerate(self.edges)
        ]
        axis = [" "] * (len(columns) * wide)
        for place, mark in zip(places, "[]", strict=True):
            axis[min(place, len(axis) - 1)] = mark
        lines.append([(" " + "".join(axis), "pane--key")])
        return lines


def _joined(line: list[Run]) -> list[Run]:
    """Neighbours of one style as one run."""
    made: list[Run] = []
    for text, style in line:
        if made and made[-1][1] == style:
            made[-1] = (made[-1][0] + text, style)
        else:
            made.append((text, style))
    return made


def plain(value: float) -> str:
    """A number as a view reads it, no longer than needed."""
    return f"{value:.10f}".rstrip("0").rstrip(".") if value else "0"
