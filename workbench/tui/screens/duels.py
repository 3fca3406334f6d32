"""Outputs side by side, judged blind: one key a pair, durable before the next one shows."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from workbench.errors import StoreError, UsageError, WorkbenchError
from workbench.evaluate.open import own
from workbench.store import duels
from workbench.store.connection import Store
from workbench.store.duels import Comparison, Shown, Side
from workbench.text import clean
from workbench.tui import actions
from workbench.tui.screens.help import show_own
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.lines import Run, cells, cut, number, safe, wrap
from workbench.tui.widgets.pane import Pane, Rule
from workbench.tui.widgets.prompts import Finder, Option

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.screens.base import ModeScreen

#: Characters of a text that are shown.
SHOWN = 20_000
#: Columns from which the outputs stand side by side.
BESIDE = 100
#: The part of the height that the input may take: where the outputs stand side by side, and one below the other.
INPUT = (3, 4)
KEPT: dict[str, str] = {"first": "the first was better", "second": "the second was better", "tie": "both equal"}


class Part(Pane):
    """The input, or one output."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane--title", "pane--value", "pane--muted", "pane--key", "pane--bad"}
    DEFAULT_CSS = """
    Part {
        background: $background;
        & > .pane--title { color: $accent; background: $background; text-style: bold; }
        & > .pane--value { color: $foreground; background: $background; }
        & > .pane--muted { color: $text-muted; background: $background; }
        & > .pane--key { color: $accent; background: $background; }
        & > .pane--bad { color: $text-error; background: $background; }
    }
    """


class DuelsScreen(ModalScreen[None]):
    """One comparison, judged by the person at the screen. Nothing tells whose an output is until all are judged."""

    HINTS: ClassVar[tuple[str, ...]] = (
        "duels.first", "duels.second", "duels.tie", "duels.skip", "duels.undo", "duels.leave",
    )  # fmt: skip
    AFTER: ClassVar[tuple[str, ...]] = ("duels.skip", "duels.undo", "duels.leave")
    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS: ClassVar[str] = """
    DuelsScreen {
        background: $background;
        #question { height: 2; padding: 0; }
        #input { height: auto; margin: 0 1; }
        #outputs { height: 1fr; layout: horizontal; margin: 0 1; }
        #first, #second { width: 1fr; height: 1fr; }
        #second { margin: 0 0 0 1; }
        #told { height: 1; margin: 0 1; }
        .ruled { border-top: solid $frame; }
    }
    DuelsScreen.-narrow #outputs { layout: vertical; }
    DuelsScreen.-narrow #second { margin: 0; }
    DuelsScreen.-narrow Rule { display: none; }
    """

    def __init__(self, comparison_id: int) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (BESIDE, "-wide")]
        self.comparison_id = comparison_id
        self.comparison: Comparison | None = None
        self.pair: Shown | None = None
        self.judged = 0
        self.passed: list[int] = []
        self.standings: list[str] = []
        self.said, self.wrong = "", False
        self.shown_at = monotonic()
        self.input, self.first, self.second = Part(id="input"), Part(id="first"), Part(id="second")
        self.told = Part(id="told")
        self.footer = Footer(self.HINTS)
        self._bindings = self._bindings.copy()
        for key, bound in actions.bindings("duels", self.workbench.keymap, priority=True).key_to_bindings.items():
            self._bindings.key_to_bindings.setdefault(key, []).extend(bound)

    @property
    def workbench(self) -> WorkbenchApp[None]:
        return cast("WorkbenchApp[None]", self.app)

    def compose(self) -> ComposeResult:
        yield self.input
        with Container(id="outputs"):
            yield self.first
            yield Rule()
            yield self.second
        yield self.told
        yield self.footer

    async def on_mount(self) -> None:
        await self._read()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.workbench.release_keys)

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.lay_out)

    # What is shown

    async def _read(self) -> None:
        """The next pair; the comparison itself the first time."""
        me = self.workbench.annotator_id

        def read(store: Store) -> tuple[Comparison, int, Shown | None, list[str]]:
            one = self.comparison or duels.get(store, self.comparison_id)
            return one, *_next(store, one, me, self.passed)

        try:
            self.comparison, self.judged, self.pair, self.standings = await self.workbench.in_reader(read)
        except WorkbenchError as error:
            self._say(str(error), wrong=True)
        self._show()

    def _show(self) -> None:
        self.shown_at = monotonic()
        self.footer.show(self.HINTS if self.pair is not None else self.AFTER)
        self.lay_out()

    def _say(self, sentence: str, *, wrong: bool = False) -> None:
        self.said, self.wrong = sentence, wrong

    def lay_out(self) -> None:
        """Everything anew, for the size that there is now."""
        if not self.is_attached or (self.comparison is None and not self.said):
            return
        width, pair, beside = max(20, self.size.width - 2), self.pair, self.size.width >= BESIDE
        top = self._head(width)
        self.query_one("#outputs").display = pair is not None
        if pair is None:
            self._fit(self.size.height - 2)
            self.input.show(top, [[], *self._last(width)])
        else:
            lines = [[(line, "pane--value")] for line in wrap(_text(pair.input), width - 2)] if pair.input else []
            self._fit(min(len(lines), max(2, self.size.height // INPUT[not beside])) + 2)
            self.input.show(top, [*lines, []])
            across = (width - 2) // 2 if beside else width
            for part, key, title, text in (
                (self.first, "duels.first", "First", pair.first), (self.second, "duels.second", "Second", pair.second)
            ):  # fmt: skip
                pressed = next(iter(actions.keys(key, self.workbench.keymap)), "")
                head: list[Run] = [(f"{actions.shown(pressed)} ", "pane--key"), (title, "pane--title")]
                part.show(head, [[(line, "pane--value")] for line in wrap(_text(text), across - 2)])
        self.told.show([(cut(safe(self.said), width), "pane--bad" if self.wrong else "pane--muted")], [])

    def _fit(self, height: int) -> None:
        if self.input.styles.height is None or self.input.styles.height.value != height:
            self.input.styles.height = height
            self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        for part in (self.input, self.first, self.second):
            part.draw()

    def _head(self, width: int) -> list[Run]:
        if self.comparison is None:
            return []
        total = self.comparison.duels
        place = f" {number(min(total, self.judged + (self.pair is not None)))} of {number(total)}"
        if self.passed:
            place += f", {number(len(self.passed))} skipped"
        question = cut(safe(self.comparison.question), max(1, width - cells(place) - 1))
        return [(question, "pane--title"), (place, "pane--muted")]

    def _last(self, width: int) -> list[list[Run]]:
        """What is said when no pair is left."""
        assert self.comparison is not None or self.said
        if self.comparison is None:
            return []
        sentences = []
        if self.passed:
            sentences.append(f"{number(len(self.passed))} skipped: s shows them again.")
        else:
            sentences.append(f"You have judged all {number(self.judged)} pairs of {self.comparison.name!r}.")
        sentences += ["", *self.standings]
        if self.standings:
            name = self.comparison.name
            sentences += ["", f"`workbench compare show {name}` has the ranking of all judges together."]
        return [[(line, "pane--value")] for text in sentences for line in wrap(clean(text), width - 2)]

    # Actions

    async def _decide(self, preferred: Side) -> None:
        pair, one = self.pair, self.comparison
        if pair is None or one is None:
            return
        me, seconds, passed = self.workbench.annotator_id, monotonic() - self.shown_at, list(self.passed)

        def keep(store: Store) -> tuple[int, Shown | None, list[str]]:
            duels.choose(store, me, pair, preferred, seconds=seconds)
            return _next(store, one, me, passed)

        try:
            self.judged, self.pair, self.standings = await self.workbench.in_writer(keep)
        except StoreError as error:
            self._say(str(error), wrong=True)
            await self._read()
            return
        self._say(f"Kept: {KEPT[preferred]}. u takes it back.")
        self._show()

    async def action_first(self) -> None:
        await self._decide("first")

    async def action_second(self) -> None:
        await self._decide("second")

    async def action_tie(self) -> None:
        await self._decide("tie")

    async def action_skip(self) -> None:
        if self.pair is not None:
            self.passed.append(self.pair.duel_id)
            self._say("Skipped; it comes again at the end.")
        elif self.passed:
            self.passed = []
            self._say("")
        await self._read()

    async def action_undo(self) -> None:
        me = self.workbench.annotator_id

        def back(store: Store) -> tuple[Shown | None, int]:
            found = duels.undo(store, me, self.comparison_id)
            return found, duels.judged_by(store, self.comparison_id, me)

        try:
            found, self.judged = await self.workbench.in_writer(back)
        except WorkbenchError as error:
            self._say(str(error), wrong=True)
            self.lay_out()
            return
        self._say("There is nothing to take back." if found is None else "Taken back; choose again.")
        self.pair = found or self.pair
        self._show()

    def action_down(self) -> None:
        self._scroll(1)

    def action_up(self) -> None:
        self._scroll(-1)

    def action_page_down(self) -> None:
        self._scroll(max(1, self.first.size.height - 2))

    def action_page_up(self) -> None:
        self._scroll(-max(1, self.first.size.height - 2))

    def _scroll(self, step: int) -> None:
        for part in (self.first, self.second) if self.pair is not None else (self.input,):
            part.scroll_lines(step)

    def action_input_down(self) -> None:
        self.input.scroll_lines(1)

    def action_input_up(self) -> None:
        self.input.scroll_lines(-1)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_keys(self) -> None:
        show_own(self, "duels", "outputs side by side", self.workbench.keymap)


def _next(
    store: Store, comparison: Comparison, annotator_id: int, passed: list[int]
) -> tuple[int, Shown | None, list[str]]:
    """(how many are judged, the next pair, what the choices come to when none is left)."""
    found = duels.waiting(store, comparison.id, annotator_id, passing=passed)
    judged = duels.judged_by(store, comparison.id, annotator_id)
    if found or passed:  # whose the outputs were is told when nothing is left to judge
        return judged, found[0] if found else None, []
    return judged, None, own.in_words(comparison.contenders, duels.tally(store, comparison.id, annotator_id))


def _text(text: str) -> str:
    return clean(text, multiline=True, limit=SHOWN)


async def open_duels(screen: ModeScreen) -> None:
    """Judge a comparison; which one is asked where there are several. Raises ``UsageError`` when there is none."""
    me = screen.workbench.annotator_id

    def read(store: Store) -> list[tuple[Comparison, int]]:
        return [(one, duels.judged_by(store, one.id, me)) for one in duels.listed(store)]

    found: list[tuple[Comparison, int]] = await screen.read(read)
    if not found:
        raise UsageError(
            "There are no outputs to judge yet; `workbench compare make NAME --contender A --contender B` pairs them."
        )
    chosen: Any = str(found[0][0].id)
    if len(found) > 1:
        options = [
            Option(str(one.id), one.name, one.question, f"{number(judged)} of {number(one.duels)}")
            for one, judged in found
        ]
        chosen = await screen.ask(Finder("Judge which comparison?", options))
    if chosen is not None:
        await screen.app.push_screen_wait(DuelsScreen(int(chosen)))
