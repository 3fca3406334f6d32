"""Lines with places in them: a cursor goes from place to place, and enter opens the samples behind the one it is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

#: The place with the cursor: with the focus, and without.
HERE, ELSEWHERE = "$block-cursor-foreground on $block-cursor-background", "bold on $panel"
#: Lines that stay in sight above and below the cursor.
ROUND = 2


@dataclass(frozen=True, slots=True)
class Target:
    """What a place opens.

    ``kind``: "view" (``value`` is its line), "metric" (its name), "cell" (rows of a metric that tests: with that ``gold``
    label and ``guess``; None: any, and "wrong" alone: another than gold), "evaluation" (its number), "" (nothing).
    """

    kind: str = ""
    value: str = ""
    gold: str | None = None
    guess: str | None = None
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: characters ``start`` to ``end`` of a line. ``key`` names it while it is drawn anew; ``says`` what it opens."""

    key: str
    line: int
    start: int
    end: int
    says: str
    target: Target


@dataclass
class Sheet:
    """Lines and their places."""

    lines: list[Content] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)

    def add(self, *lines: Content) -> None:
        self.lines += lines

    def head(self, text: str, style: str = "bold") -> None:
        """A heading, with an empty line before it unless it is the first."""
        if self.lines:
            self.lines.append(Content(""))
        self.lines.append(Content.styled(text, style))

    def put(self, line: Content, key: str, says: str, target: Target, start: int = 0, end: int | None = None) -> None:
        """A line that is a place, or has one from ``start`` to ``end``."""
        self.mark(key, says, target, start, len(line.plain.rstrip()) if end is None else end, line=len(self.lines))
        self.lines.append(line)

    def mark(self, key: str, says: str, target: Target, start: int, end: int, *, line: int | None = None) -> None:
        """A place in a line (default: the last one)."""
        at = len(self.lines) - 1 if line is None else line
        self.spots.append(Spot(key, at, start, max(end, start + 1), says, target))

    def extend(self, other: Sheet) -> None:
        """The lines of another sheet below these, with their places."""
        below = len(self.lines)
        self.lines += other.lines
        self.spots += [replace(spot, line=spot.line + below) for spot in other.spots]


Draw = Callable[[int], Sheet]


def sheet(lines: Iterable[Content]) -> Sheet:
    """Lines without places."""
    return Sheet(list(lines))


class Figures(Widget, can_focus=True):
    """Shows a sheet. The cursor keeps its place while the sheet is drawn anew; without places the keys scroll."""

    DEFAULT_CSS = """
    Figures { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", show=False), Binding("down,j", "step(1)", show=False),
        Binding("left", "aside(-1)", show=False), Binding("right", "aside(1)", show=False),
        Binding("home", "end(0)", show=False), Binding("end", "end(-1)", show=False),
        Binding("pageup", "page(-1)", show=False), Binding("pagedown,space", "page(1)", show=False),
        Binding("enter", "open", show=False),
    ]  # fmt: skip

    class Moved(Message):
        """The cursor is on another place."""

        def __init__(self, figures: Figures) -> None:
            super().__init__()
            self.figures = figures

        @property
        def control(self) -> Figures:
            return self.figures

    class Opened(Moved):
        """Enter on a place."""

    class Beyond(Moved):
        """There is no place further to the left (``by`` -1) or right (1)."""

        def __init__(self, figures: Figures, by: int) -> None:
            super().__init__(figures)
            self.by = by

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._draw: Draw = lambda _width: Sheet()
        self._made: tuple[int, Sheet] | None = None
        self.key = ""  # of the place under the cursor
        self._shown: tuple[list[str], Content] | None = None

    def show(self, draw: Draw) -> None:
        """Draw something else; the layout is only worked out anew when its height changes."""
        before = self._made
        self._draw, self._made = draw, None
        width = self.content_size.width
        if before is not None and width and before[0] == width:
            new, old = self.sheet(width), before[1]
            if len(new.lines) == len(old.lines):
                same = new.spots == old.spots and all(
                    now.is_same(then) for now, then in zip(new.lines, old.lines, strict=True)
                )
                if not same:
                    self.refresh()
                return
        self.refresh(layout=True)

    def sheet(self, width: int) -> Sheet:
        """What is drawn at a width, remembered for the newest one."""
        if self._made is None or self._made[0] != width:
            self._made = (width, self._draw(width))
        return self._made[1]

    @property
    def now(self) -> Sheet:
        return self.sheet(self.content_size.width or 80)

    @property
    def spot(self) -> Spot | None:
        """The place under the cursor: the one it was on, else the first."""
        spots = self.now.spots
        return next((one for one in spots if one.key == self.key), spots[0] if spots else None)

    @property
    def plain(self) -> str:
        """What is shown, without styles."""
        return "\n".join(line.plain for line in self.now.lines)

    def pick(self, key: str) -> None:
        """Put the cursor on a place."""
        self.key = key
        self.refresh()
        self.keep_in_sight()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.sheet(width).lines)

    def render(self) -> Content:
        lines, spot = list(self.now.lines), self.spot
        if spot is not None and spot.line < len(lines):
            line = lines[spot.line]
            marked = Content.styled(
                line.plain[spot.start : spot.end].ljust(spot.end - spot.start), HERE if self.has_focus else ELSEWHERE
            )
            lines[spot.line] = Content.assemble(line[: spot.start], marked, line[spot.end :])
        return Content("\n").join(lines)

    def on_focus(self) -> None:
        self.refresh()
        self.post_message(self.Moved(self))

    def on_blur(self) -> None:
        self.refresh()

    def keep_in_sight(self) -> None:
        """Scroll so far that the cursor's line is seen; at the first place to the very top."""
        spot, around = self.spot, self.parent
        if spot is None or not isinstance(around, VerticalScroll):
            return
        top, height = around.scroll_offset.y, around.size.height
        first = self.now.spots[0].line == spot.line
        low = 0 if first and spot.line < height else max(0, spot.line - ROUND)
        if low < top:
            around.scroll_to(y=low, animate=False)
        elif spot.line + ROUND >= top + height:
            around.scroll_to(y=spot.line + ROUND - height + 1, animate=False)

    def _go(self, spot: Spot) -> None:
        if spot.key != self.key:
            self.key = spot.key
            self.refresh()
            self.post_message(self.Moved(self))
        self.keep_in_sight()

    def action_step(self, by: int) -> None:
        spot = self.spot
        if spot is None:
            if isinstance(self.parent, VerticalScroll):
                self.parent.scroll_relative(y=by, animate=False)
            return
        beyond = [one for one in self.now.spots if (one.line - spot.line) * by > 0]
        if beyond:
            self._go(min(beyond, key=lambda one: (abs(one.line - spot.line), abs(one.start - spot.start))))
        elif isinstance(self.parent, VerticalScroll):  # what stands above the first and below the last place
            self.parent.scroll_relative(y=by, animate=False)

    def action_aside(self, by: int) -> None:
        spot = self.spot
        beside = [] if spot is None else _beside(self.now.spots, spot, by)
        if beside:
            self._go(beside[0])
        else:
            self.post_message(self.Beyond(self, by))

    def action_end(self, place: int) -> None:
        if self.now.spots:
            self._go(self.now.spots[place])

    def action_page(self, by: int) -> None:
        spot, around = self.spot, self.parent
        if not isinstance(around, VerticalScroll):
            return
        if spot is None:
            around.scroll_relative(y=by * max(1, around.size.height - 2), animate=False)
            return
        goal = spot.line + by * max(1, around.size.height - 2)
        self._go(min(self.now.spots, key=lambda one: (abs(one.line - goal), abs(one.start - spot.start))))

    def action_open(self) -> None:
        if self.spot is not None:
            self.post_message(self.Opened(self))


def _beside(spots: Sequence[Spot], spot: Spot, by: int) -> list[Spot]:
    """The places of the same line on one side, the nearest first."""
    found = [one for one in spots if one.line == spot.line and (one.start - spot.start) * by > 0]
    return sorted(found, key=lambda one: abs(one.start - spot.start))
