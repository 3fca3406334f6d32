"""Curate: the chain of filters, what each of them drops and why, and a person's last word on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static

from workbench.errors import UsageError, WorkbenchError
from workbench.store import acts, jobs
from workbench.store.acts import Change
from workbench.tui.screens.curate_chain import ChainScreen
from workbench.tui.screens.job_screen import UNDER_WAY, pick, title
from workbench.tui.widgets import filter_view as view
from workbench.tui.widgets import job_view
from workbench.tui.widgets.charts import Chart
from workbench.tui.widgets.filter_view import Curation, Detail
from workbench.tui.widgets.forms import Form, Picks
from workbench.tui.widgets.prompts import Confirm


class CurateScreen(ChainScreen):
    """The chain and a filter's parameters on the left; its scores and the samples it drops on the right."""

    MODE: ClassVar[str] = "curate"
    HINTS: ClassVar[tuple[str, ...]] = (
        "curate.preview", "curate.start", "curate.switch", "curate.overrule", "curate.review",
    )  # fmt: skip
    AUTO_FOCUS: ClassVar[str | None] = "#chain"
    DEFAULT_CSS: ClassVar[str] = """
    CurateScreen {
        #left { width: 48; border-right: solid $frame; }
        #chain { max-height: 12; min-height: 2; }
        #totals { padding: 0 1; height: auto; margin: 1 0 0 0; }
        #forms { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        #scores { padding: 0 1; height: auto; min-height: 9; }
        #examples { height: 1fr; }
        #pair { padding: 0 1; height: 10; border-top: solid $frame; }
    }
    CurateScreen.-narrow #left { width: 41; }
    CurateScreen.-low {
        #chain { max-height: 6; }
        #totals { margin: 0; }
        #scores { min-height: 6; }
        #pair { height: 6; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.known = Curation()
        self.detail: Detail | None = None
        self._detail_of: tuple[object, ...] = ()
        self._shown_at = monotonic()

    def body(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="left"):
                yield title("Filters", name="chain-title")
                yield Picks(id="chain")
                yield Chart(id="totals")
                yield title("Parameters", name="parameters-title").add_class("ruled")
                with VerticalScroll(id="forms", can_focus=False):
                    yield Form(id="parameters")
                yield Static("", classes="said", markup=False)
            with Vertical(id="right"):
                yield title("", name="scores-title")
                yield Chart(id="scores")
                yield title("Drops", name="examples-title").add_class("ruled")
                yield Picks(id="examples")
                yield Chart(id="pair")

    # Reading

    async def look(self) -> None:
        before = self.known.newest
        self.known = await self.read(partial(view.read, before=self.known))
        after = self.known.newest
        if after is not None and (before is None or before.id != after.id):
            self._start_detail()

    def _start_detail(self) -> None:
        self.run_worker(self._read_detail(), group="detail", exclusive=True)

    async def _read_detail(self) -> None:
        """Scores and examples of the filter under the cursor, in a thread of its own: a score has a row a sample."""
        here = self._here()
        newest = self.known.newest
        if here is None:
            return
        name = here[1].name
        wanted = (name, newest.id if newest else None)
        if wanted != self._detail_of:
            preview = newest if newest is not None and newest.parameters.get("preview") else None
            waiting = "Counting scores ..."
            try:
                with job_view.Waiting(self, lambda: self._draw_detail(waiting)):
                    self.detail = await asyncio.to_thread(view.detail_in_thread, self.store, name, preview)
            except WorkbenchError as error:
                self.fail(error)
                return
            self._detail_of = wanted
        self._draw_detail()

    # Drawing

    def draw(self) -> None:
        picks = self.query_one("#chain", Picks)
        width = max(20, picks.content_size.width - 4)
        about = [*self.about, *[None] * len(self.chain)]
        specs = self.specs
        picks.fill(
            [
                (str(place), view.chain_line(place + 1, link, about[place], self.known, specs, width))
                for place, link in enumerate(self.chain)
            ]
        )
        known = self.known
        self.query_one("#totals", Chart).show(lambda room: view.total_lines(known, specs, room))
        changed = [link.spec for link in self.chain if link.on] != self.project.config.curate.filters
        left = "Filters (changed)" if changed else "Filters"
        if not self.chain:
            left = "No filters: + adds one"
        self.write_title("chain-title", f"{left[: width - 14]:<{width - 13}} alone  drops")
        self._draw_detail()

    def _draw_detail(self, waiting: str = "") -> None:
        here, shown = self._here(), self.detail
        if here is None:
            return
        one = here[1]
        if shown is not None and shown.name != one.name:
            shown = None
        height = 4 if self.has_class("-low") else 6
        running = pick(self.known.history, None, UNDER_WAY)
        if running is not None:
            job = running
            self.write_title("scores-title", f"{one.name}   (job {job.id} is at work)")
            self.query_one("#scores", Chart).show(lambda width: job_view.job_lines(job, width))
        else:
            self.write_title("scores-title", one.name)
            self.query_one("#scores", Chart).show(
                lambda width: view.score_lines(one, shown, width, height=height, waiting=waiting)
            )
        examples = self.query_one("#examples", Picks)
        found = shown.examples if shown is not None else []
        width = max(20, examples.content_size.width - 4)
        examples.fill([(str(example.id), view.example_line(example, width)) for example in found])
        self.write_title("examples-title", view.examples_title(one.name, shown))
        self._draw_pair()

    def _draw_pair(self) -> None:
        example = self._example()
        chart = self.query_one("#pair", Chart)
        height = 5 if self.has_class("-low") else 9
        chart.show(lambda width: view.pair_lines(example, width, height=height))

    def _example(self) -> view.Example | None:
        place = self.query_one("#examples", Picks).highlighted
        found = self.detail.examples if self.detail is not None else []
        return found[place] if place is not None and place < len(found) else None

    # Jobs and verdicts

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "chain":
            await self._show_parameters()
            self._start_detail()
        else:
            self._shown_at = monotonic()
            self._draw_pair()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "chain":
            self.action_start()

    def action_examples(self) -> None:
        self.set_focus(self.query_one("#examples"))

    def action_preview(self) -> None:
        self.once(partial(self._run, preview=True))

    def action_start(self) -> None:
        self.once(partial(self._run, preview=False))

    async def _run(self, *, preview: bool) -> None:
        problem = next((one.problem for one in self.about if one.problem), None)
        if problem:
            raise UsageError(problem)
        if not self.specs:
            raise UsageError("No filter is on: space switches one on, + adds one.")
        if not self.known.counts.get("synthetic"):
            raise UsageError("There are no generated samples to curate yet: F2 makes some.")
        await self._submit({"filters": self.specs, "preview": preview})

    async def _submit(self, parameters: Mapping[str, Any]) -> None:
        if pick(self.known.history, None, UNDER_WAY) is not None:
            raise UsageError("A curation is under way already; wait for it, or press c to stop it.")
        job_id = await self.write(lambda store: view.submit(store, parameters))
        self.say(f"Started job {job_id}.")
        await self.look()
        self.draw()

    def action_restore(self) -> None:
        self.once(self._restore)

    async def _restore(self) -> None:
        """Take the last curation back, after saying how many samples that concerns."""
        if not self.known.in_force:
            self.say("No curation is in force, so there is nothing to undo.")
            return
        dropped = self.known.counts.get("dropped", 0)
        lines = [
            f"{dropped:,} dropped samples come back into the data set.",
            "If an earlier curation was replaced by the last one, its verdicts are in force again.",
        ]
        if await self.ask(Confirm("Undo the last curation?", lines, yes="undo it", no="keep it")):
            await self._submit({"undo": True})

    async def action_cancel(self) -> None:
        job = pick(self.known.history, None, UNDER_WAY)
        if job is None:
            self.say("No curation is under way.")
            return
        await self.write(lambda store: jobs.cancel(store, job.id))
        self.say(f"Job {job.id} stops; no verdict is changed.")
        self.changed()

    async def action_overrule(self) -> None:
        """Accept the dropped sample: it belongs to the data set whatever filters say."""
        example = self._example()
        if example is None:
            self.say("No dropped sample is under the cursor; d goes to them.")
            return
        if example.status == "accepted":
            self.say(f"Sample {example.id:,} is accepted already.")
            return
        who, seconds = self.annotator_id, monotonic() - self._shown_at
        await self.write(
            lambda store: acts.apply(
                store, who, [example.id], Change(status="accepted"), kind="overrule", seconds=seconds
            )
        )
        self._detail_of = ()
        self.say(f"Sample {example.id:,} is accepted: it stays in the data set. F3 and u undoes it.")
        await self._read_detail()
        examples = self.query_one("#examples", Picks)
        examples.action_cursor_down()

    def action_review(self) -> None:
        here = self._here()
        if here is None:
            return
        if not self.known.in_force.get(here[1].name):
            self.say("A preview stores no verdicts, so there is nothing to open: r runs the chain.")
            return
        self.begin(self.open_in_review(f"dropped:{here[1].name}"))
