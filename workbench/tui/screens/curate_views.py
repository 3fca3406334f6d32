"""Curate's right pane: which view of a step is shown, what keys move in it, and reading what the move calls for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.css.query import NoMatches

from workbench.errors import WorkbenchError
from workbench.store.connection import Store
from workbench.tui.screens.curate_chain import ChainScreen
from workbench.tui.screens.job_screen import UNDER_WAY, pick, title
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import MUTED, Chart
from workbench.tui.widgets.curation import chain as steps
from workbench.tui.widgets.curation import data_map, groups, overlap, repairs, scores, weights
from workbench.tui.widgets.curation.chain import About, Curation
from workbench.tui.widgets.curation.scores import Scores
from workbench.tui.widgets.curation.shown import Shown
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.forms import Picks

#: The views with their names as shown.
VIEWS: Mapping[str, str] = {
    "scores": "Scores", "groups": "Groups", "repairs": "Repairs", "weights": "Weights", "map": "Data map",
    "overlap": "Overlap",
}  # fmt: skip
#: The first view of each kind of step.
FIRST: Mapping[str, str] = {"filter": "scores", "repair": "repairs", "weighting": "weights"}
#: Techniques whose regions are best seen in the data map.
MAPPED_FIRST = ("training_dynamics", "wanli")
#: What the footer names in each view, and while a job is at work or after one stopped.
HINTS: Mapping[str, tuple[str, ...]] = {
    "scores": ("curate.preview", "curate.start", "curate.higher", "curate.view", "curate.review"),
    "moved": ("curate.set", "curate.higher", "curate.preview", "curate.view", "curate.review"),
    "groups": ("curate.preview", "curate.start", "curate.overrule", "curate.view", "curate.review"),
    "repairs": ("curate.preview", "curate.start", "curate.state", "curate.view", "curate.review"),
    "weights": ("curate.preview", "curate.start", "curate.switch", "curate.view", "curate.review"),
    "map": ("curate.preview", "curate.higher", "curate.open", "curate.view", "curate.review"),
    "overlap": ("curate.preview", "curate.start", "curate.examples", "curate.view", "curate.review"),
    "running": ("curate.cancel", "curate.switch", "curate.view", "curate.review", "app.jobs"),
    "stopped": ("curate.resume", "curate.preview", "curate.start", "curate.view", "curate.review"),
}


class Figure(Chart, can_focus=True):
    """The chart on top; it has the cursor while the data map's box is moved."""


class ViewsScreen(ChainScreen):
    """The part of Curate that shows what a step says of the samples."""

    DEFAULT_CSS: ClassVar[str] = """
    ViewsScreen {
        #views { padding: 0 1; height: 1; }
        #figure { padding: 0 1; height: auto; min-height: 1; }
        #tops { height: 1fr; max-height: 14; }
        #rows { height: 1fr; min-height: 2; }
        #pair { padding: 0 1; height: 10; border-top: solid $frame; }
    }
    ViewsScreen.-low #rows-title { border-top: none; height: 1; text-style: bold; }
    ViewsScreen.-low #pair { height: 6; }
    ViewsScreen.-low #pair.-pictured { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.known = Curation()
        self.view = "scores"
        self.state: repairs.State = "open"
        self.shown: Shown | None = None
        self._shown_of: tuple[object, ...] = ()
        self._line_drawn: float | None = None
        self._lists_drawn: tuple[Shown | None, int, int] = (None, 0, 0)
        self._catching = False

    def right(self) -> ComposeResult:
        with Vertical(id="right"):
            yield Chart(id="views")
            yield Figure(id="figure")
            yield Picks(id="tops")
            yield title("", name="rows-title").add_class("ruled")
            yield Picks(id="rows")
            yield Chart(id="pair")

    # Which view

    def views(self) -> list[str]:
        """The views that the step under the cursor has."""
        here = self._here()
        if here is None:
            return ["scores"]
        one = here[1]
        found = [FIRST[one.kind]]
        if one.name in self.known.grouped:
            found.append("groups")
        if self.known.mapped:
            found.insert(0 if here[0].technique in MAPPED_FIRST else len(found), "map")
        return [*found, "overlap"] if one.kind == "filter" else found

    def _fit_view(self, *, another: bool = False) -> None:
        """Another step begins with its own first view; the overlap, which is about all steps, stays."""
        if self.view not in self.views() or (another and self.view != "overlap"):
            self.view = self.views()[0]

    def action_view(self) -> None:
        self._turn(1)

    def action_view_before(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        found = self.views()
        if len(found) == 1:
            self.say("This step has one view so far; r or p makes more to see.")
            return
        self.view = found[(found.index(self.view) + by) % len(found)] if self.view in found else found[0]
        if self.focused is not None and self.focused.id in ("figure", "tops", "rows"):
            self.set_focus(self.query_one("#chain"))
        self._start_detail()
        self._draw_detail()

    # Reading

    def entered(self) -> None:
        self._shown_of = ()  # people may have accepted, labelled or repaired samples meanwhile
        super().entered()
        self._start_detail()

    def _start_detail(self) -> None:
        self._work(self._read_detail, group="detail", exclusive=True)

    def _work(self, work: Callable[[], Coroutine[Any, Any, None]], *, group: str, exclusive: bool = False) -> None:
        """A worker from a function, not from a coroutine: one that is replaced before it began leaves nothing behind."""
        self.run_worker(cast("Any", work), group=group, exclusive=exclusive)

    def described(self) -> None:
        """The chain's specs were read anew: the line stands where the threshold is."""
        here, found = self._here(), self.shown
        if here is not None and found is not None and found.step == here[1].name:
            found.describe(here[1])
            found.stamp += 1
            self._draw_detail()
            self._work(self._catch_up, group="moves")

    async def _read_detail(self) -> None:
        """What the view shows, in a thread of its own: a score has a row a sample."""
        here = self._here()
        if here is None:
            return
        self._fit_view()
        newest, one, view, state = self.known.newest, here[1], self.view, self.state
        wanted = (one.name, view, newest.id if newest else None, state if view == "repairs" else "")
        if wanted != self._shown_of:
            known = self.known
            try:
                with job_view.Waiting(self, lambda: self._draw_detail("Counting ...")):
                    self.shown = await asyncio.to_thread(_in_thread, self.store, one, known, view, state)
            except WorkbenchError as error:
                self.fail(error)
                return
            self._shown_of, self._line_drawn = wanted, None
        self._draw_detail()
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Read what a moved line, box or cursor calls for. While one reading is under way the newest wish waits."""
        if self._catching:
            return
        self._catching = True
        try:
            while (found := self.shown) is not None and (lacking := found.lacks()) is not None:
                take = await self.read(lacking)
                take()
                found.stamp += 1
                if found is self.shown:
                    self._draw_detail()
        except WorkbenchError as error:
            self.fail(error)
        finally:
            self._catching = False

    def _moved(self) -> None:
        """A key moved something: draw what is known at once, read the rest."""
        self._draw_detail()
        self._work(self._catch_up, group="moves")

    # Drawing

    def current(self) -> Shown | None:
        """What is shown of the step under the cursor in the view that is chosen."""
        here, found = self._here(), self.shown
        if here is None or found is None or found.step != here[1].name or found.view != self.view:
            return None
        return found

    def _draw_detail(self, waiting: str = "") -> None:
        here, found = self._here(), self.current()
        try:
            figure, rows, tops = self.query_one(Figure), self.query_one("#rows", Picks), self.query_one("#tops", Picks)
        except NoMatches:  # the screen is being taken down
            return
        names, view, one = self.views(), self.view, here[1] if here is not None else None
        self.query_one("#views", Chart).show(lambda width: [_tabs(names, view, one, width)])
        low = self.has_class("-low")
        running = pick(self.known.history, None, UNDER_WAY)
        if running is not None:
            job = running
            figure.show(lambda width: job_view.job_lines(job, width))
        elif found is None:
            figure.show(lambda width: [Content.styled(waiting, MUTED)])
        else:
            figure.show(lambda width: found.figure(width, 3 if low else 6))
        width = max(20, rows.content_size.width - 4)
        drawn = (found, found.stamp if found is not None else 0, width)
        if drawn != self._lists_drawn:
            self._lists_drawn = drawn
            above = found.tops(width) if found is not None else []
            tops.display = bool(above)
            tops.fill(above)
            rows.fill(
                found.rows(width) if found is not None else [], start=found.start() if found is not None else None
            )
        self._follow_line(found, rows)
        self.write_title("rows-title", found.heading() if found is not None else "")
        self._draw_pair()
        self._hint(running is not None, found)

    def _follow_line(self, found: Shown | None, rows: Picks) -> None:
        """The cursor goes with the line, which stays in the middle of the list."""
        if not isinstance(found, Scores) or found.sides is None or found.sides.line == self._line_drawn:
            return
        self._line_drawn = found.sides.line
        if (start := found.start()) is not None:
            rows.pick(start)
        if found.movable:
            middle = found.middle
            self.call_after_refresh(lambda: rows.scroll_to(y=middle - rows.size.height // 2, animate=False))

    def _draw_pair(self) -> None:
        found, key = self.current(), self.row_key()
        height = 5 if self.has_class("-low") else 9
        chart = self.query_one("#pair", Chart)
        chart.set_class(self.view == "map", "-pictured")
        chart.show(lambda width: found.pair(key, width, height) if found is not None else [])

    def _hint(self, running: bool, found: Shown | None) -> None:
        moved = isinstance(found, Scores) and found.moved
        stopped = self.known.stopped is not None
        self.query_one(Footer).show(
            HINTS["running" if running else "moved" if moved else "stopped" if stopped else self.view]
        )

    def row_key(self) -> str | None:
        """The row under the cursor of the list."""
        return self.query_one("#rows", Picks).picked

    def in_rows(self) -> bool:
        """Whether the person is in the list, and not in the chain."""
        return self.focused is not None and self.focused.id == "rows"


def _tabs(names: list[str], current: str, one: About | None, width: int) -> Content:
    """The views, the one that is shown underlined, and the step's name where there is room."""
    parts: list[tuple[str, str]] = []
    for name in names:
        parts += [(VIEWS[name], "bold underline" if name == current else MUTED), ("  ", "")]
    line = Content.assemble(*parts)
    if one is not None and not one.problem:
        room = width - line.cell_length
        for said in (f"{one.name}, {steps.KINDS[one.kind][1]}", one.name):
            if len(said) <= room:
                line = Content.assemble(line, (charts.fit(said, room, right=True), MUTED))
                break
    return line[:width]


_READ: Mapping[str, Callable[[Store, About, Curation, repairs.State], Shown]] = {
    "scores": lambda store, one, known, _: scores.read(store, one, known.newest),
    "groups": lambda store, one, _known, _: groups.read(store, one),
    "repairs": lambda store, one, known, state: repairs.read(store, one, known.newest, state),
    "weights": lambda store, one, known, _: weights.read(store, one, known.newest),
    "map": lambda store, one, _known, _: data_map.read(store, one),
    "overlap": lambda store, one, known, _: overlap.read(store, one, known.previewed),
}


def _in_thread(store: Store, one: About, known: Curation, view: str, state: repairs.State) -> Shown:
    """Read with a store of its own: a million scores must not hold up Review's reads."""
    with store.clone(durable=False) as own:
        return _READ[view](own, one, known, state)
