"""The dialog that shows a task's labels with their counts, and its fields: what is to be changed is chosen here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key

from workbench.task_change import How, What
from workbench.tui.widgets.lines import Run, cut, number, safe
from workbench.tui.widgets.prompts import WIDTH, Dialog, Text

#: Key, what it does, and the word for it.
KEYS: tuple[tuple[str, str, str], ...] = (
    ("a", "add", "add"), ("r", "rename", "rename"), ("m", "merge", "merge"), ("s", "split", "split"),
    ("d", "describe", "describe"), ("x", "remove", "remove"), ("J", "down", "move down"), ("K", "up", "up"),
    ("u", "undo", "undo"), ("h", "history", "history"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A label or a field as the dialog lists it."""

    what: What
    name: str
    detail: str
    samples: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a key asked for: a change, "undo" or "history", of the marked names or the one under the cursor."""

    how: How | str
    what: What
    names: tuple[str, ...]
    cursor: int
    position: int = 0


@dataclass
class Shown:
    """What the dialog shows: its rows, a sentence about the last change, and where the cursor stands."""

    rows: list[Row] = field(default_factory=list)
    last: str = ""
    cursor: int = 0


class TaskList(Dialog["Wanted | None"]):
    """Labels and fields; ``space`` marks several for a merge."""

    DEFAULT_CSS = """
    TaskList > Vertical { width: 76; height: auto; max-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "leave", show=False)]

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.rows, self.last = shown.rows, shown.last
        self.cursor = max(0, min(shown.cursor, len(shown.rows) - 1))
        self.marked: list[str] = []
        self.text = Text()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.text

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        """The rows around the cursor, then the keys."""
        width = min(WIDTH, max(20, self.size.width)) - 4
        room = max(3, min(len(self.rows), self.size.height - 9))
        start = max(0, min(self.cursor - room // 2, len(self.rows) - room))
        lines: list[list[Run]] = []
        for at, row in enumerate(self.rows[start : start + room], start):
            count = "" if row.samples is None else f" {number(row.samples)}"
            sign = "*" if row.name in self.marked and row.what == self.rows[self.cursor].what else " "
            kind = "field " if row.what == "field" else ""
            detail = f"  {safe(row.detail)}" if row.detail else ""
            left = cut(f"{'>' if at == self.cursor else ' '}{sign} {kind}{safe(row.name)}{detail}", width - len(count))
            if at == self.cursor:
                lines.append([(left + count, "pane--cursor")])
            else:
                lines.append([(left, "pane--value"), (count, "pane--muted")])
        lines.append([])
        for part in (KEYS[:6], KEYS[6:]):
            runs: list[Run] = []
            for key, _, word in part:
                runs += [(key, "pane--key"), (f" {word}  ", "pane--value")]
            if part is not KEYS[:6] and part[0][0] == "J":
                runs += [("space", "pane--key"), (" mark", "pane--value")]
            lines.append(runs)
        lines.append([(cut(safe(self.last), width), "pane--muted")])
        self.text.show([("Labels and fields of the task", "pane--title")], lines)
        self.text.refresh(layout=True)

    def on_key(self, event: Key) -> None:
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10, "home": -(10**6), "end": 10**6}
        hows = {key: how for key, how, _ in KEYS}
        if event.key in steps and self.rows:
            self.cursor = max(0, min(self.cursor + steps[event.key], len(self.rows) - 1))
        elif event.key == "space" and self.rows:
            name = self.rows[self.cursor].name
            if self.marked and self._what_of(self.marked[0]) != self.rows[self.cursor].what:
                self.marked.clear()
            self.marked = [one for one in self.marked if one != name] if name in self.marked else [*self.marked, name]
            self.cursor = min(self.cursor + 1, len(self.rows) - 1)
        elif (event.character or "") in hows:
            event.stop()
            self.choose(hows[event.character or ""])
            return
        else:
            return
        event.stop()
        self.draw()

    def _what_of(self, name: str) -> What:
        return next(row.what for row in self.rows if row.name == name)

    def choose(self, how: str) -> None:
        """Leave with what a key asks for."""
        row = self.rows[self.cursor]
        same = [one.name for one in self.rows if one.what == row.what]
        if how in ("down", "up"):
            position = same.index(row.name) + (2 if how == "down" else 0)
            if 1 <= position <= len(same):
                self.dismiss(
                    Wanted("move", row.what, (row.name,), self.cursor + (1 if how == "down" else -1), position)
                )
            return
        marked = [name for name in same if name in self.marked]
        self.dismiss(Wanted(how, row.what, tuple(marked or [row.name]), self.cursor))
