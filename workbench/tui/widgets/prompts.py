"""Dialogs: a question, a line of text, a list to find something in, something to read.

Show one with ``await screen.ask(dialog)`` from a worker (``screen.begin(coroutine)``): it gives the dialog's answer, None
(or False) when the person left it with escape.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input

from workbench.errors import WorkbenchError
from workbench.text import clean
from workbench.tui.typed import Line
from workbench.tui.widgets.lines import Run, cells, cut, safe, wrap
from workbench.tui.widgets.pane import Pane

T = TypeVar("T")

WIDTH = 76


class Text(Pane):
    """Lines of a dialog. ``styles`` of runs: pane--value, pane--muted, pane--key, pane--bad, pane--cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane--title", "pane--value", "pane--muted", "pane--key", "pane--bad", "pane--cursor", "pane--marked",
    }  # fmt: skip
    DEFAULT_CSS = """
    Text {
        height: auto; background: $panel;
        & > .pane--title { color: $accent; background: $panel; text-style: bold; }
        & > .pane--value { color: $foreground; background: $panel; }
        & > .pane--muted { color: $text-muted; background: $panel; }
        & > .pane--key { color: $accent; background: $panel; }
        & > .pane--bad { color: $text-error; background: $panel; }
        & > .pane--marked { color: $text-success; background: $panel; text-style: underline; }
        & > .pane--cursor { color: $block-cursor-foreground; background: $block-cursor-background; }
    }
    """

    def get_content_height(self, *_: object) -> int:
        return len(self.lines) + 1


class Dialog(ModalScreen[T]):
    """A box over the mode; escape leaves it with ``nothing``."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: transparent; }
    Dialog > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%; background: $panel; border: solid $accent; padding: 0 1;
    }
    Dialog Input { border: none; height: 1; padding: 0; background: $background; color: $foreground; }
    Dialog Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]
    NOTHING: ClassVar[object] = None

    def on_screen_resume(self) -> None:
        release = getattr(self.app, "release_keys", None)
        if release is not None:
            self.call_after_refresh(release)

    def action_leave(self) -> None:
        self.dismiss(self.NOTHING)  # type: ignore[arg-type]


class Confirm(Dialog[bool]):
    """A yes or no question. ``lines`` say how many, how much, and show an example or three."""

    NOTHING: ClassVar[object] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", show=False), Binding("n,q", "answer(False)", show=False),
    ]  # fmt: skip

    def __init__(self, title: str, lines: Sequence[str] = (), *, yes: str = "yes", no: str = "no") -> None:
        super().__init__()
        self.question, self.details, self.yes, self.no = title, lines, yes, no

    def compose(self) -> ComposeResult:
        text = Text()
        text.title = [(cut(safe(self.question), WIDTH - 4), "pane--title")]
        text.lines = [[], *([(part, "pane--value")] for line in self.details for part in wrap(clean(line), WIDTH - 4))]
        text.lines += [
            [],
            [
                ("y", "pane--key"),
                (f" {self.yes}    ", "pane--value"),
                ("n", "pane--key"),
                (f" {self.no}", "pane--value"),
            ],
        ]
        with Vertical():
            yield text

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class AskLine(Dialog["str | None"]):
    """A line of text. ``check(text)`` gives a sentence about it (a count), or raises ``WorkbenchError``: then enter waits.

    ``told(text)`` gives further sentences as they become known; enter does not wait for them, and the next key ends them.
    """

    def __init__(
        self, title: str, value: str = "", *, check: Callable[[str], Awaitable[str]] | None = None,
        help_lines: Sequence[str] = (), told: Callable[[str], AsyncIterator[str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.question, self.value, self.check, self.help_lines = title, value, check, help_lines
        self.told = told
        self.text = Text()

    def compose(self) -> ComposeResult:
        title = Text()
        title.title = [(cut(safe(self.question), WIDTH - 4), "pane--title")]
        self._tell("", bad=False)
        with Vertical():
            yield title
            yield Line(self.value, select_on_focus=False)
            yield self.text

    def _tell(self, sentence: str, *, bad: bool) -> None:
        parts = wrap(clean(sentence), WIDTH - 4)[:3]
        lines: list[list[Run]] = [[(part, "pane--bad" if bad else "pane--muted")] for part in [*parts, "", ""][:3]]
        lines += [[(part, "pane--muted")] for line in self.help_lines for part in wrap(line, WIDTH - 4)]
        self.text.show([], lines)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.check is not None:
            self.run_worker(self._changed(event.value), exclusive=True)

    async def _changed(self, value: str) -> None:
        if await self._check(value) and self.told is not None:
            try:
                async for sentence in self.told(value):
                    self._tell(sentence, bad=False)
            except WorkbenchError as error:
                self._tell(str(error), bad=True)

    async def _check(self, value: str) -> bool:
        assert self.check is not None
        try:
            self._tell(await self.check(value), bad=False)
        except WorkbenchError as error:
            self._tell(str(error), bad=True)
            return False
        return True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.run_worker(self._submit(event.value), exclusive=True)

    async def _submit(self, value: str) -> None:
        if self.check is None or await self._check(value):
            self.dismiss(value)


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a ``Finder``: what is given back, what is shown, what is shown at the right (a key, a count)."""

    value: str
    title: str
    detail: str = ""
    right: str = ""


class Finder(Dialog["str | None"]):
    """A list that narrows while typing; enter takes the line, escape leaves. ``moved`` hears of every line passed.

    ``new``: what was typed may be taken, too, under that name.
    """

    def __init__(
        self, title: str, options: Sequence[Option], *, moved: Callable[[str], None] | None = None, start: str = "",
        new: str = "",
    ) -> None:  # fmt: skip
        super().__init__()
        self.question, self.options, self.moved, self.new = title, list(options), moved, new
        self.found = list(options)
        self.cursor = next((at for at, option in enumerate(self.found) if option.value == start), 0)
        self.text = Text()

    def compose(self) -> ComposeResult:
        title = Text()
        title.title = [(cut(safe(self.question), WIDTH - 4), "pane--title")]
        with Vertical():
            yield title
            yield Line(placeholder="type to find", select_on_focus=False)
            yield self.text

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._list()

    @property
    def room(self) -> int:
        return max(3, min(20, self.size.height - 8))

    def on_resize(self) -> None:
        self._list()

    def _list(self) -> None:
        width = min(WIDTH, max(20, self.size.width)) - 4
        start = max(0, min(self.cursor - self.room // 2, len(self.found) - self.room))
        lines: list[list[Run]] = []
        for at, option in enumerate(self.found[start : start + self.room], start):
            right = f" {safe(option.right)}" if option.right else ""
            title = safe(option.title)
            detail = f"  {safe(option.detail)}" if option.detail else ""
            left = cut(f"{'>' if at == self.cursor else ' '} {title}{detail}", width - len(right))
            if at == self.cursor:
                lines.append([(left + right, "pane--cursor")])
            else:
                end = min(len(left), len(title) + 2)
                lines.append([(left[:end], "pane--value"), (left[end:], "pane--muted"), (right, "pane--key")])
        if not self.found:
            lines.append([("  nothing is called that", "pane--muted")])
        lines += [[] for _ in range(min(self.room, len(self.options)) - len(lines))]
        known = sum(1 for option in self.found if option in self.options)
        count = f"{known} of {len(self.options)}" if known != len(self.options) else f"{known}"
        self.text.show([(count, "pane--muted")], lines)
        self.text.refresh(layout=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        wanted = event.value.casefold().split()
        self.found = [
            option for option in self.options
            if all(word in f"{option.title} {option.detail} {option.right}".casefold() for word in wanted)
        ]  # fmt: skip
        self.found.sort(key=lambda option: not option.title.casefold().startswith(" ".join(wanted)))
        typed = event.value.strip()
        if self.new and typed and all(option.value != typed for option in self.options):
            self.found.append(Option(typed, f"{self.new}: {typed}"))
        self.cursor = 0
        self._list()
        self._tell()

    def on_key(self, event: Key) -> None:
        steps = {"down": 1, "up": -1, "ctrl+n": 1, "ctrl+p": -1, "pagedown": self.room, "pageup": -self.room}
        if event.key in steps and self.found:
            event.stop()
            self.cursor = max(0, min(self.cursor + steps[event.key], len(self.found) - 1))
            self._list()
            self._tell()

    def _tell(self) -> None:
        if self.moved is not None and self.found:
            self.moved(self.found[self.cursor].value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.found:
            self.dismiss(self.found[self.cursor].value)


class Choice(Dialog["str | None"]):
    """A short list: a digit takes its line, a letter goes to the next line that begins with it (and takes it, if it is the
    only one), enter takes the line under the cursor."""

    def __init__(self, title: str, options: Sequence[Option]) -> None:
        super().__init__()
        self.question, self.options, self.cursor = title, list(options), 0
        self.text = Text()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.text

    def on_mount(self) -> None:
        self._list()

    def on_resize(self) -> None:
        self._list()

    def _list(self) -> None:
        width = min(WIDTH, max(20, self.size.width)) - 4
        room = max(1, self.size.height - 6)
        start = max(0, min(self.cursor - room // 2, len(self.options) - room))
        lines: list[list[Run]] = [[]]
        for at, option in enumerate(self.options[start : start + room], start):
            digit = str(at + 1) if at < 9 else " "
            left = f"{digit} {safe(option.title, limit=width)}"
            rest = cut(f"  {safe(option.detail, limit=width)}", max(0, width - cells(left)))
            if at == self.cursor:
                lines.append([(cut(left + rest, width), "pane--cursor")])
            else:
                lines.append([(left[:2], "pane--key"), (left[2:], "pane--value"), (rest, "pane--muted")])
        self.text.show([(cut(safe(self.question), width), "pane--title")], lines)
        self.text.refresh(layout=True)

    def on_key(self, event: Key) -> None:
        steps = {"down": 1, "up": -1, "home": -len(self.options), "end": len(self.options)}
        key = event.character or ""
        if event.key in steps:
            self.cursor = max(0, min(self.cursor + steps[event.key], len(self.options) - 1))
            self._list()
        elif event.key == "enter" or (key.isdecimal() and key.isascii() and 1 <= int(key) <= len(self.options)):
            self.dismiss(self.options[self.cursor if event.key == "enter" else int(key) - 1].value)
        elif key.isalpha():
            order = [*range(self.cursor + 1, len(self.options)), *range(self.cursor + 1)]
            found = [at for at in order if self.options[at].title.casefold().startswith(key.casefold())]
            if len(found) == 1:
                self.dismiss(self.options[found[0]].value)
            elif found:
                self.cursor = found[0]
                self._list()
        else:
            return
        event.stop()


class Reading(Dialog[None]):
    """Something to read: paragraphs of (text, style), wrapped to the dialog; scrolls."""

    DEFAULT_CSS = """
    Reading > Vertical { width: 100%; max-width: 100; height: 100%; }
    Reading Text { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "leave", show=False), Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False), Binding("pagedown,space,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False), Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
    ]  # fmt: skip

    def __init__(self, title: str, paragraphs: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.question, self.paragraphs = title, paragraphs
        self.text = Text()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.text

    def on_mount(self) -> None:
        self.call_after_refresh(self.lay_out)

    def on_resize(self) -> None:
        self.call_after_refresh(self.lay_out)

    def lay_out(self) -> None:
        width = max(20, self.text.size.width)
        lines: list[list[Run]] = [[]]
        for text, style in self.paragraphs:
            lines += [[(line, style)] for line in wrap(clean(text, multiline=True), width)]
        hint = "j k scroll  esc closes"
        title = cut(safe(self.question), max(1, width - len(hint) - 1))
        self.text.show([(title, "pane--title"), (f" {hint}", "pane--muted")], lines)

    def action_scroll(self, step: int) -> None:
        self.text.scroll_lines(step)

    def action_page(self, step: int) -> None:
        self.text.scroll_lines(step * max(1, self.text.size.height - 2))
