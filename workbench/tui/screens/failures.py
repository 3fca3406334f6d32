"""The failed requests of a run: why, what was sent, what came back, and asking them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from workbench.errors import WorkbenchError
from workbench.pipeline import control
from workbench.store import failures, jobs
from workbench.store.connection import Store
from workbench.store.failures import Failed, Said
from workbench.store.jobs import Job
from workbench.text import clean
from workbench.tui import actions
from workbench.tui.screens.help import show_own
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, Chart
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.forms import Picks
from workbench.tui.widgets.lines import dollars, safe
from workbench.tui.widgets.prompts import Confirm

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

#: Requests that one read brings; the next ones are read when the cursor comes near the end.
PAGE = 100
#: Lines of one message or answer that are shown.
LONGEST = 400
#: The line above the reasons that stands for all of them.
ALL = ""


class FailuresScreen(ModalScreen["int | None"]):
    """Reasons and requests on the left, the opened request on the right. Gives the id of the job that asks again, if any."""

    HINTS: ClassVar[tuple[str, ...]] = (
        "failures.read", "failures.back", "failures.again", "failures.again_all", "failures.leave",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS: ClassVar[str | None] = "#reasons"
    DEFAULT_CSS: ClassVar[str] = """
    FailuresScreen {
        background: $background;
        .pane-title {
            height: 1; padding: 0 1; color: $text-muted; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis;
        }
        .ruled { border-top: solid $frame; height: 2; }
        #left { width: 40; border-right: solid $frame; }
        #reasons { max-height: 8; }
        #requests { height: 1fr; }
        #told { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    }
    FailuresScreen.-narrow #left { width: 30; }
    FailuresScreen.-low #reasons { max-height: 5; }
    """

    def __init__(self, job_id: int) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self.job_id = job_id
        self.job: Job | None = None
        self.reasons: dict[str, int] = {}
        self.found: list[Failed] = []
        self._of: str | None = None  # the reason whose requests are listed
        self._more = False
        self._bindings = self._bindings.copy()
        for key, bound in actions.bindings("failures", self.workbench.keymap, priority=True).key_to_bindings.items():
            self._bindings.key_to_bindings.setdefault(key, []).extend(bound)

    @property
    def workbench(self) -> WorkbenchApp[None]:
        return cast("WorkbenchApp[None]", self.app)

    def compose(self) -> ComposeResult:
        yield Static("", id="title", classes="pane-title", markup=False)
        with Horizontal():
            with Vertical(id="left"):
                yield Picks(id="reasons")
                yield Static("Requests", classes="pane-title ruled", markup=False)
                yield Picks(id="requests")
            with VerticalScroll(id="told"):
                yield Chart(id="chart")
        yield Footer(self.HINTS)

    def on_mount(self) -> None:
        self._say("Reading ...")
        self.run_worker(self._read(), group="read")

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.workbench.release_keys)

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    async def _read(self) -> None:
        def read(store: Store) -> tuple[Job, dict[str, int]]:
            return jobs.get(store, self.job_id), failures.by_reason(store, self.job_id)

        try:
            self.job, self.reasons = await self.workbench.in_reader(read)
            await self._list(ALL)
        except WorkbenchError as error:
            self._say(str(error))

    async def _list(self, reason: str) -> None:
        """The first requests of a reason."""
        self._of, self.found = reason, []
        await self._next_page()

    async def _next_page(self) -> None:
        reason, after = self._of, self.found[-1].id if self.found else 0
        chosen = None if reason in (ALL, None) else [str(reason)]
        try:
            page = await self.workbench.in_reader(
                lambda store: failures.failed(store, self.job_id, chosen, after=after, limit=PAGE)
            )
        except WorkbenchError as error:
            self._say(str(error))
            return
        if reason != self._of:
            return  # another reason was chosen meanwhile
        self.found += page
        self._more = len(page) == PAGE
        self._draw()

    # Drawing

    def _say(self, text: str) -> None:
        self.query_one("#chart", Chart).show(lambda width: charts.prose(text, width, MUTED))

    def _draw(self) -> None:
        if self.job is None or not self.query("#reasons"):
            return  # not read yet, or being taken down
        total = sum(self.reasons.values())
        of = f" of {int((self.job.result or {}).get('requests') or 0):,}" if self.job.result else ""
        recipe = safe(self.job.parameters.get("recipe", ""), limit=40)
        self.query_one("#title", Static).update(clean(f"Job {self.job_id} {recipe}: {total:,}{of} requests failed"))
        reasons, requests = self.query_one("#reasons", Picks), self.query_one("#requests", Picks)
        width = max(12, reasons.content_size.width - 3)
        listed = [(ALL, "all", total), *((name, name, count) for name, count in self.reasons.items())]
        reasons.fill([(f"r{key}", reason_line(name, count, width)) for key, name, count in listed])
        width = max(12, requests.content_size.width - 3)
        requests.fill([(str(one.id), request_line(one, width, reason=self._of == ALL)) for one in self.found])
        self._open()

    def _open(self) -> None:
        picked = self.query_one("#requests", Picks).picked
        one = next((one for one in self.found if str(one.id) == picked), None)
        if one is None:
            self._say("No request of this run failed." if not self.reasons else "")
            return
        self.query_one("#chart", Chart).show(lambda width: request_lines(one, width))

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_list.id == "reasons":
            reason = str(event.option.id)[1:]
            if reason != self._of and self._of is not None:
                await self._list(reason)
            return
        self.query_one("#told").scroll_home(animate=False)
        self._open()
        if self._more and event.option_index >= len(self.found) - PAGE // 4:
            self._more = False
            await self._next_page()

    # Actions

    def action_read(self) -> None:
        """From the reasons to their requests, from there to the text."""
        order = ("reasons", "requests", "told")
        here = self.focused.id if self.focused is not None else "reasons"
        place = order.index(here) if here in order else 0
        self.set_focus(self.query_one(f"#{order[min(place + 1, 2)]}"))

    def action_back(self) -> None:
        here = self.focused.id if self.focused is not None else "reasons"
        self.set_focus(self.query_one("#requests" if here == "told" else "#reasons"))

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_keys(self) -> None:
        show_own(self, "failures", "Failed requests", self.workbench.keymap)

    def action_again(self) -> None:
        picked = str(self.query_one("#reasons", Picks).picked or "r")[1:]
        focused = self.focused.id if self.focused is not None else ""
        if picked == ALL and focused in ("requests", "told"):  # the cursor is on a request: its reason is meant
            request = self.query_one("#requests", Picks).picked
            picked = next((one.reason for one in self.found if str(one.id) == request), ALL)
        self.run_worker(self._again([picked] if picked != ALL else None), group="again", exclusive=True)

    def action_again_all(self) -> None:
        self.run_worker(self._again(None), group="again", exclusive=True)

    async def _again(self, reasons: list[str] | None) -> None:
        try:
            job = await self.workbench.in_reader(lambda store: control.failing(store, self.job_id, reasons))
            count = sum(n for name, n in self.reasons.items() if reasons is None or name in reasons)
            why = f" that failed for {reasons[0]!r}" if reasons else ""
            if not await self.app.push_screen_wait(
                Confirm(
                    f"Ask {count:,} request{'' if count == 1 else 's'}{why} again?",
                    [price(job, count), "A job of its own does it; samples that come of it join this run's recipe."],
                    yes="send them", no="do not",
                )
            ):  # fmt: skip
                return
            started = await self.workbench.in_writer(lambda store: control.retry(store, self.job_id, reasons))
        except WorkbenchError as error:
            self.workbench.fail(error)
            self._say(str(error))
            return
        self.dismiss(started)


def price(job: Job, count: int) -> str:
    """What asking again is likely to cost, from what the job's answers cost."""
    result = job.result or {}
    answers, cost = result.get("answers") or 0, result.get("cost")
    if cost is None or not answers:
        return "What it will cost is not known."
    return f"For about {dollars(cost / answers * count)}, by what this run's answers cost." if cost else "At no cost."


def reason_line(name: str, count: int, width: int) -> Content:
    room = max(4, width - 8)
    return Content.assemble(charts.fit(name, room), f"{count:>8,}")


def request_line(one: Failed, width: int, *, reason: bool) -> Content:
    """Its place in the series, the reason where several are listed, else what it was about."""
    about = one.reason if reason else str(one.conditions.get("label") or "") or one.reason
    return Content.assemble((f"{one.ordinal:>7,}  ", MUTED), charts.fit(about, max(4, width - 9)))


def request_lines(one: Failed, width: int) -> list[Content]:
    """One request to read: why it failed, what was sent, what came back."""
    tried = f"{one.attempts:,} attempt{'' if one.attempts == 1 else 's'}"
    lines = [
        *charts.prose(one.error or one.reason, width, ERROR, most=6),
        *charts.prose(f"request {one.ordinal:,}, {tried}, {job_view.ago(one.created_at)}", width, MUTED),
    ]
    if one.conditions:
        told = ", ".join(f"{name} {value}" for name, value in one.conditions.items())
        lines += charts.prose(told, width, MUTED, most=3)
    for message in one.messages:
        lines += _said(f"Sent, {safe(message.get('role', ''), limit=20)}", str(message.get("content", "")), width)
    if one.first is not None:
        lines += _said(f"Came back{_about(one.first)}", one.first.text, width)
    if one.answer is not None:
        which = "Came back when asked to repair it" if one.first is not None else "Came back"
        lines += _said(which + _about(one.answer), one.answer.text, width)
    if one.first is None and one.answer is None:
        lines += [Content(""), Content.styled("No answer came.", MUTED)]
    return lines


def _said(title: str, text: str, width: int) -> list[Content]:
    body = charts.prose(text, width, most=LONGEST) if text else [Content.styled("(nothing)", MUTED)]
    return [Content(""), *charts.prose(title, width, STRONG), *body]


def _about(said: Said) -> str:
    parts = [said.model, said.endpoint if said.endpoint else ""]
    parts += [f"ended: {said.finish_reason}" if said.finish_reason else "", f"{said.output_tokens:,} tokens"]
    return f" ({safe(', '.join(part for part in parts if part), limit=200)})"
