"""Evaluate: what the data set is worth, in figures with error bars."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import OptionList

from workbench.errors import UsageError
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.tui.screens.job_screen import UNDER_WAY, JobScreen, pick, title
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets import evaluation_view as view
from workbench.tui.widgets.charts import Chart
from workbench.tui.widgets.forms import Picks


class EvaluateScreen(JobScreen):
    """Cards on the left, charts on the right (below one another where it is narrow), evaluations so far below."""

    MODE: ClassVar[str] = "evaluate"
    HINTS: ClassVar[tuple[str, ...]] = (
        "evaluate.start", "evaluate.cancel", "evaluate.details", "evaluate.runs", "app.curate",
    )  # fmt: skip
    AUTO_FOCUS: ClassVar[str | None] = "#figures"
    DEFAULT_CSS: ClassVar[str] = """
    EvaluateScreen {
        #work { padding: 0 1; }
        #cards { width: 1fr; padding: 0 2 0 0; }
        #charts { width: 1fr; }
        #columns { height: auto; }
        #runs { height: 6; }
    }
    EvaluateScreen.-narrow {
        #columns { layout: vertical; }
        #cards, #charts { width: 100%; padding: 0; }
        #charts { margin: 1 0 0 0; }
    }
    EvaluateScreen.-low #runs { height: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.known = view.Evaluations()
        self.notes = True
        self._read_once = False

    def body(self) -> ComposeResult:
        yield title("Evaluation", name="figures-title")
        yield Chart(id="work")
        with VerticalScroll(id="figures", classes="pane"), Horizontal(id="columns"):
            yield Chart(id="cards")
            yield Chart(id="charts")
        yield title("Evaluations", name="runs-title").add_class("ruled")
        yield Picks(id="runs")

    def on_mount(self) -> None:
        self.query_one("#figures").can_focus = True
        self.set_timer(job_view.PATIENCE, self._wait)

    def _wait(self) -> None:
        if not self._read_once:
            self.query_one("#cards", Chart).show(
                lambda width: charts.prose("Reading evaluations ...", width, charts.MUTED)
            )

    async def look(self) -> None:
        newest = self.known.found[0]["id"] if self.known.found else None
        self.known = await self.read(partial(view.read, before=self.known if self._read_once else None))
        self._read_once = True
        if self.known.found and self.known.found[0]["id"] != newest:
            self._fill()
            self.query_one("#runs", Picks).pick(str(self.known.found[0]["id"]))

    def _fill(self) -> None:
        runs = self.query_one("#runs", Picks)
        width = max(20, runs.content_size.width - 4)
        runs.fill([(str(one["id"]), view.history_line(one, width)) for one in self.known.found])

    def draw(self) -> None:
        self._fill()
        known, notes = self.known, self.notes
        running = pick(known.history, None, UNDER_WAY)
        newest = known.history[0] if known.history else None
        work = running or (newest if newest is not None and newest.state in ("failed", "interrupted") else None)
        self.query_one("#work", Chart).show(lambda width: [] if work is None else job_view.job_lines(work, width))
        one = view.shown(known.found, self.query_one("#runs", Picks).picked)
        cards, figures = self.query_one("#cards", Chart), self.query_one("#charts", Chart)
        figures.display = one is not None
        if one is None:
            self.write_title("figures-title", "Evaluation")
            self.write_title("runs-title", "Evaluations: none so far")
            if self._read_once:
                cards.show(lambda width: view.empty(known.counts, width))
            return
        result = one["result"]
        self.write_title(
            "figures-title", f"Evaluation {one['id']}   {one['samples']:,} samples   {job_view.ago(one['created_at'])}"
        )
        self.write_title("runs-title", "Evaluations")
        cards.show(lambda width: view.cards(result, width, notes=notes))
        figures.show(lambda width: view.figures(result, width))

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        self.draw()

    def action_start(self) -> None:
        self.once(self._start)

    async def _start(self) -> None:
        if not self.known.counts.get("in_data_set"):
            raise UsageError("There are no samples to measure yet: F2 makes some.")
        if pick(self.known.history, None, UNDER_WAY) is not None:
            raise UsageError("An evaluation is under way already; wait for it, or press c to stop it.")
        job_id = await self.write(_submit)
        self.say(f"Started job {job_id}.")
        await self.look()
        self.draw()

    async def action_cancel(self) -> None:
        job = pick(self.known.history, None, UNDER_WAY)
        if job is None:
            self.say("No evaluation is under way.")
            return
        await self.write(lambda store: jobs.cancel(store, job.id))
        self.say(f"Job {job.id} stops.")
        self.changed()

    def action_runs(self) -> None:
        self.set_focus(self.query_one("#runs"))

    def action_cards(self) -> None:
        self.set_focus(self.query_one("#figures"))

    def action_details(self) -> None:
        self.notes = not self.notes
        self.draw()


def _submit(store: Store) -> int:
    from workbench.pipeline import start

    return start.submit(store, "evaluate", {"compare": True})
