"""Only the cells that differ go to the terminal: over a slow line a key costs a few hundred bytes, not thousands.

Textual sends every changed region whole and names the colours of every segment. This keeps what the terminal shows and
sends, for each line, the runs of cells that are not as they should be, with one colour sequence per change of style. A
line that holds anything but Latin letters and the signs of our own panes (terminals disagree about the width of others) is
sent whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from workbench.tui.widgets.lines import NARROW

if TYPE_CHECKING:
    from rich.console import Console
    from textual.app import App
    from textual.screen import Screen

    Base = App[Any]
else:
    Base = object

#: Unchanged cells between two changed ones that are cheaper to send again than a jump of the cursor.
GAP = 6
Cell = tuple[str, str] | None  # character and colour codes; None: not known


class Terminal:
    """What the terminal shows, as far as it is known."""

    def __init__(self) -> None:
        self.rows: dict[int, list[Cell]] = {}
        self._codes: dict[Style | None, str] = {None: ""}

    def forget(self) -> None:
        """Nothing is known: everything is sent again."""
        self.rows.clear()

    def codes(self, style: Style | None, system: ColorSystem) -> str:
        found = self._codes.get(style)
        if found is None and style is not None:
            if len(self._codes) > 5_000:
                self._codes = {None: ""}
            found = self._codes[style] = style._make_ansi_codes(system)
        return found or ""

    def update(self, pieces: Iterable[tuple[int, int, Strip]], system: ColorSystem) -> str:
        """The bytes that bring the terminal to show ``pieces`` (x, y, strip)."""
        out: list[str] = []
        state = ["\0"]  # the colour codes in force; at first none that could be equal
        for x, y, strip in pieces:
            row = self.rows.setdefault(y, [])
            runs = [(text, self.codes(style, system)) for text, style, control in strip if not control and text]
            width = strip.cell_length
            if len(row) < x + width:
                row.extend([None] * (x + width - len(row)))
            if all(NARROW.fullmatch(text) for text, _ in runs):
                cells: list[Cell] = [(character, codes) for text, codes in runs for character in text]
                self._send(out, state, x, y, row, cells)
            else:
                self._whole(out, state, x, y, row, runs, width)
        if out and state[0] not in ("", "\0"):
            out.append("\x1b[0m")
        return "".join(out)

    def _send(self, out: list[str], state: list[str], x: int, y: int, row: list[Cell], cells: list[Cell]) -> None:
        width = len(cells)
        old = row[x : x + width]
        if old == cells:
            return
        changed = [at for at in range(width) if old[at] != cells[at]]
        start = last = changed[0]
        for at in [*changed[1:], width + GAP + 1]:
            if at - last > GAP:
                self._run(out, state, x + start, y, cells[start : last + 1])
                start = at
            last = at
        row[x : x + width] = cells

    def _run(self, out: list[str], state: list[str], x: int, y: int, cells: list[Cell]) -> None:
        out.append(f"\x1b[{y + 1};{x + 1}H")
        for cell in cells:
            assert cell is not None
            character, codes = cell
            if codes != state[0]:
                out.append(f"\x1b[0;{codes}m" if codes else "\x1b[0m")
                state[0] = codes
            out.append(character)

    def _whole(
        self, out: list[str], state: list[str], x: int, y: int, row: list[Cell], runs: list[tuple[str, str]], width: int
    ) -> None:
        known: list[Cell] = [(text, codes) for text, codes in runs]
        # The runs stand in the first cells: equal runs are an equal line.
        known = [*known, *([None] * (width - len(known)))][:width]
        if len(runs) <= width and row[x : x + width] == known:
            return
        out.append(f"\x1b[{y + 1};{x + 1}H")
        for text, codes in runs:
            if codes != state[0]:
                out.append(f"\x1b[0;{codes}m" if codes else "\x1b[0m")
                state[0] = codes
            out.append(text)
        row[x : x + width] = known if len(runs) <= width else [None] * width


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """(x, y, strip) of an update, as Textual's own ``render_segments`` would send them."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if chop is not None and x <= x2 and end > x1:
                    yield x, y, chop.crop(0, min(end, x2) - x) if end > x2 else chop


class Sent(CompositorUpdate):
    """An update that is worked out when it is sent."""

    def __init__(self, terminal: Terminal, update: CompositorUpdate) -> None:
        self.terminal, self.update = terminal, update

    def render_segments(self, console: Console) -> str:
        return self.terminal.update(_pieces(self.update), console._color_system or ColorSystem.TRUECOLOR)


class Thrifty(Base):
    """The part of the app that sends."""

    terminal: Terminal | None = None

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, (LayoutUpdate, ChopsUpdate)) and not self.is_headless:
            if self.terminal is None:
                self.terminal = Terminal()
            renderable = Sent(self.terminal, renderable)
        super()._display(screen, renderable)

    def redraw(self) -> None:
        """Send everything again: the window has another size, or something else has written on it."""
        if self.terminal is not None:
            self.terminal.forget()
        if self.is_running and self._screen_stacks:
            self.screen.refresh(layout=True)
