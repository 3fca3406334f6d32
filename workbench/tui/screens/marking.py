"""The dialog in which an object is read out of a text by marking it, word by word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key

from workbench.errors import UsageError, WorkbenchError
from workbench.text import clean
from workbench.tui.spans import Marker, Target, marks, now, offsets, put, quoted
from workbench.tui.widgets.lines import Run, cells, cut, safe, short, wrap
from workbench.tui.widgets.prompts import Dialog, Text
from workbench.tui.writing import in_words

#: Characters of a text that are shown: what is longer is marked up to here.
SHOWN = 20_000
DIGITS = 9
#: Lines that the text keeps, however many parts the object has.
LEAST = 4
KEYS = (("← →", "word"), ("v", "grow"), ("1-9", "put there"), ("tab", "choose"), ("x", "empty"), ("u", "back"),
        ("ctrl+s", "save"))  # fmt: skip


class MarkScreen(Dialog["dict[str, Any] | None"]):
    """Words are marked with the arrows and put into a part of the object by its digit; ctrl+s gives the object back.

    ``label`` is what the object is so far; ``check(object)`` gives a sentence about what is wrong (then it stays, to be
    mended), or None.
    """

    DEFAULT_CSS = """
    MarkScreen > Vertical { width: 100%; max-width: 110; height: 100%; }
    MarkScreen Text { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", show=False, priority=True)]

    def __init__(
        self, title: str, text: str, label: Any, targets: Sequence[Target], *,
        check: Callable[[Any], Awaitable[str | None]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.question, self.raw, self.targets, self.check = title, text, list(targets), check
        self.shown = clean(text, multiline=True)[:SHOWN]
        self.places = offsets(text)
        self.label: dict[str, Any] = dict(label) if isinstance(label, Mapping) else {}
        self.before: list[dict[str, Any]] = []
        self.marker = Marker(self.shown)
        self.chosen = 0
        self.said = ""
        self.text = Text()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.text

    def on_mount(self) -> None:
        self.call_after_refresh(self.lay_out)

    def on_resize(self) -> None:
        self.call_after_refresh(self.lay_out)

    # --- what is shown -----------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        width, height = max(20, self.text.size.width), max(8, self.text.size.height)
        listed = self._listed(width, max(1, height - LEAST - 5))
        lines, at = self._text(width)
        room = min(len(lines), max(LEAST, height - len(listed) - 4))
        start = max(0, min(at - room // 2, len(lines) - room))
        shown = lines[start : start + room]
        hint: list[Run] = []
        for key, title in KEYS:
            hint += [(f"{key} ", "pane--key"), (f"{title}  ", "pane--muted")]
        last: list[Run] = [(short(self.said, width), "pane--bad")] if self.said else hint
        head: list[Run] = [(cut(safe(self.question), width), "pane--title")]
        self.text.show(head, [*shown, *([[]] * (room - len(shown))), [], *listed, [], last])

    def _text(self, width: int) -> tuple[list[list[Run]], int]:
        """The text with what stands in the object marked and the words at hand; and the line that these are in."""
        known = marks(self.label, self.raw, self.shown)
        first, last = self.marker.span
        lines: list[list[Run]] = []
        at, here = 0, 0
        for line in wrap(self.shown, width):
            start = max(at, self.shown.find(line, at))
            at = start + len(line)
            if start <= first < max(at, start + 1):
                here = len(lines)
            edges = sorted(
                {start, at, *(max(start, min(edge, at)) for span in (*known, (first, last)) for edge in span)}
            )
            runs: list[Run] = []
            for left, right in pairwise(edges):
                style = "pane--value"
                if first <= left < last:
                    style = "pane--cursor"
                elif any(low <= left < high for low, high in known):
                    style = "pane--marked"
                runs.append((self.shown[left:right], style))
            lines.append(runs)
        return lines, here

    def _listed(self, width: int, room: int) -> list[list[Run]]:
        """The parts of the object with their digits and what stands there."""
        names = min(max((cells(safe(one.title)) for one in self.targets), default=0), width // 2)
        start = max(0, min(self.chosen - room // 2, len(self.targets) - room))
        lines: list[list[Run]] = []
        for at, one in enumerate(self.targets[start : start + room], start):
            digit = str(at + 1) if at < DIGITS else " "
            value = quoted(now(self.label, one), self.raw)
            told = "" if value in (None, []) else safe(in_words(value))
            name = cut(safe(one.title), names)
            style = "pane--cursor" if at == self.chosen else "pane--value"
            lines.append(
                [(f"{digit} ", "pane--key"), (name, style), (short(f"  {told}", width - names - 2), "pane--muted")]
            )
        return lines

    # --- keys --------------------------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        key, marker = event.key, self.marker
        steps = {"right": 1, "l": 1, "w": 1, "left": -1, "h": -1, "b": -1, "home": -(10**6), "end": 10**6}
        growing = {"shift+right": 1, "L": 1, "shift+left": -1, "H": -1}
        self.said = ""
        if key in steps:
            marker.move(steps[key])
        elif key in growing:
            marker.move(growing[key], grow=True)
        elif key in ("down", "j", "up", "k"):
            self._line(1 if key in ("down", "j") else -1)
        elif key == "v":
            if marker.growing:
                marker.stop()
            else:
                marker.growing = True
        elif key in ("tab", "shift+tab"):
            self.chosen = (self.chosen + (1 if key == "tab" else -1)) % len(self.targets)
        elif key == "enter":
            self._put(self.chosen)
        elif key == "x":
            self._empty()
        elif key == "u":
            self._back()
        elif key.isdigit() and key.isascii() and 1 <= int(key) <= len(self.targets):
            self._put(int(key) - 1)
        else:
            return
        event.stop()
        event.prevent_default()
        self.lay_out()

    def _line(self, step: int) -> None:
        """To the same place of the line above or below."""
        width, at, first = (
            max(20, self.text.size.width),
            0,
            self.marker.words[self.marker.last][0] if self.marker.words else 0,
        )
        lines: list[tuple[int, int]] = []
        for line in wrap(self.shown, width):
            start = max(at, self.shown.find(line, at))
            at = start + len(line)
            lines.append((start, at))
        here = next((row for row, (start, end) in enumerate(lines) if start <= first < max(end, start + 1)), 0)
        wanted = max(0, min(here + step, len(lines) - 1))
        if wanted != here:
            self.marker.move_to(lines[wanted][0] + first - lines[here][0])

    def _put(self, at: int) -> None:
        start, end = self.marker.span
        if start == end:
            self.said = "There is no word here to mark."
            return
        try:
            label = put(self.label, self.targets[at], self.raw, self.places[start], self.places[end])
        except UsageError as error:
            self.said = str(error)
            return
        self.before.append(self.label)
        self.label, self.chosen = label, at
        self.marker.stop()

    def _empty(self) -> None:
        """Take away what stands at the chosen part."""
        target = self.targets[self.chosen]
        gone = now(self.label, target)
        if gone is None or gone == []:
            return
        self.before.append(self.label)
        self.label = _without(self.label, target.path, gone if target.many else None)

    def _back(self) -> None:
        if self.before:
            self.label = self.before.pop()

    async def action_save(self) -> None:
        if self.check is not None:
            try:
                self.said = await self.check(self.label) or ""
            except WorkbenchError as error:
                self.said = str(error)
            if self.said:
                self.lay_out()
                return
        self.dismiss(self.label)


def _without(label: Mapping[str, Any], path: tuple[str, ...], gone: Any) -> dict[str, Any]:
    """The object without what stands at ``path``, or without some of the list there."""
    made = dict(label)
    name = path[0]
    if len(path) > 1:
        made[name] = _without(made[name], path[1:], gone)
    elif gone is None:
        del made[name]
    else:
        made[name] = [one for one in made[name] if one not in gone]
    return made
