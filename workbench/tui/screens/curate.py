"""Curate: the chain of filters, label repairs and weightings, what each of them says and why, and a person's last word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static

from workbench.errors import UsageError
from workbench.store import acts, jobs
from workbench.store.acts import Change
from workbench.tui.screens.curate_moves import MovesScreen
from workbench.tui.screens.curate_views import HINTS
from workbench.tui.screens.job_screen import UNDER_WAY, pick, title
from workbench.tui.widgets.charts import Chart
from workbench.tui.widgets.curation import chain as steps
from workbench.tui.widgets.forms import Form, Picks
from workbench.tui.widgets.prompts import Confirm


class CurateScreen(MovesScreen):
    """The chain and a step's parameters on the left; on the right what the step says of the samples."""

    MODE: ClassVar[str] = "curate"
    HINTS: ClassVar[tuple[str, ...]] = HINTS["scores"]
    AUTO_FOCUS: ClassVar[str | None] = "#chain"
    DEFAULT_CSS: ClassVar[str] = """
    CurateScreen {
        #left { width: 48; border-right: solid $frame; }
        #chain { max-height: 14; min-height: 2; }
        #totals { padding: 0 1; height: auto; margin: 1 0 0 0; }
        #forms { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    }
    CurateScreen.-narrow #left { width: 41; }
    CurateScreen.-low {
        #chain { max-height: 7; }
        #totals { margin: 0; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._step = ""  # the one under the cursor

    def body(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="left"):
                yield title("Chain", name="chain-title")
                yield Picks(id="chain")
                yield Chart(id="totals")
                yield title("Parameters", name="parameters-title").add_class("ruled")
                with VerticalScroll(id="forms", can_focus=False):
                    yield Form(id="parameters")
                yield Static("", classes="said", markup=False)
            yield from self.right()

    async def look(self) -> None:
        before = self.known
        self.known = await self.read(partial(steps.read, before=before))
        ended, earlier = ([job.id for job in known.history if job.state == "done"] for known in (self.known, before))
        if ended != earlier:  # a run, a preview, an undoing, new samples that were checked
            self._shown_of = ()
            self._start_detail()

    def draw(self) -> None:
        picks = self.query_one("#chain", Picks)
        width = max(20, picks.content_size.width - 4)
        about = [*self.about, *[None] * len(self.chain)]
        known, specs = self.known, self.specs
        picks.fill(
            [
                (str(place), steps.chain_line(place + 1, link, about[place], known, specs, width))
                for place, link in enumerate(self.chain)
            ]
        )
        self.query_one("#totals", Chart).show(lambda room: steps.total_lines(known, specs, room))
        changed = [link.spec for link in self.chain if link.on] != self.project.config.curate.chain
        left = "Chain (changed)" if changed else "Chain"
        if not self.chain:
            left = "No steps: + adds one"
        self.write_title("chain-title", f"{left[: width - 14]:<{width - 13}} alone  drops")
        self._draw_detail()

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "chain":
            await self._show_parameters()
            here = self._here()
            if here is not None and here[1].name != self._step:
                self._step = here[1].name
                self._fit_view(another=True)
            self._start_detail()

    # Jobs

    def action_preview(self) -> None:
        self.once(partial(self._run, preview=True))

    def action_start(self) -> None:
        self.once(partial(self._run, preview=False))

    async def _run(self, *, preview: bool) -> None:
        problem = next((one.problem for one in self.about if one.problem), None)
        if problem:
            raise UsageError(problem)
        if not self.specs:
            raise UsageError("No step is on: space switches one on, + adds one.")
        if not self.known.counts.get("synthetic"):
            raise UsageError("There are no generated samples to curate yet: F2 makes some.")
        self._none_under_way()
        asking = [one.name for link, one in zip(self.chain, self.about, strict=False) if link.on and one.asks]
        if asking and not preview:
            await self._run_asking(asking)
            return
        await self._submit({"chain": self.specs, "preview": preview})

    async def _run_asking(self, asking: list[str]) -> None:
        """Steps that ask a model may cost money: how much is said first."""
        names = ", ".join(asking)
        price = steps.price(self.known, self.specs, asking)
        if price is None:
            await self._submit({"chain": self.specs, "preview": True})
            self.say(
                f"{names} asks a model: job {self.known.history[0].id} counts requests and cost first; then r asks you."
            )
            return
        requests, cost = price
        budget = self.project.config.curate.budget
        lines = [
            f"{names}: {steps.asked(requests, cost)}, if no answer is known yet.",
            "Answers are kept: what was asked before is not paid for again.",
        ]
        if budget is not None:
            lines.append(f"It stops before ${budget:,.2f}, the budget in project.yaml.")
        if await self.ask(Confirm(f"Ask a model {requests:,} times?", lines, yes="run it", no="not now")):
            await self._submit({"chain": self.specs, "preview": False})

    def _none_under_way(self) -> None:
        if pick(self.known.history, None, UNDER_WAY) is not None:
            raise UsageError("A curation is under way already; wait for it, or press c to stop it.")

    async def _submit(self, parameters: Mapping[str, Any]) -> None:
        self._none_under_way()
        job_id = await self.write(lambda store: steps.submit(store, parameters))
        self.say(f"Started job {job_id}.")
        await self.look()
        self.draw()

    def action_resume(self) -> None:
        self.once(self._resume)

    async def _resume(self) -> None:
        self._none_under_way()
        job = self.known.stopped
        if job is None:
            self.say("The last curation was not cancelled or interrupted; r runs the chain.")
            return
        await self.write(lambda store: steps.resume(store, job.id))
        self.say(f"Job {job.id} goes on; what was asked and answered is not asked again.")
        await self.look()
        self.draw()

    def action_restore(self) -> None:
        self.once(self._restore)

    async def _restore(self) -> None:
        """Take the last curation back, after saying how many samples that concerns."""
        if not self.known.standing:
            self.say("No curation is in force, so there is nothing to undo.")
            return
        dropped = self.known.counts.get("dropped", 0)
        lines = [f"{dropped:,} dropped samples come back into the data set."]
        if applied := sum(one["applied"] for one in self.known.repairs.values()):
            lines.append(f"{applied:,} applied repairs are taken back; what people said stays.")
        if waiting := sum(one["open"] for one in self.known.repairs.values()):
            lines.append(f"{waiting:,} open proposals are put away.")
        if self.known.weights:
            lines.append(f"The weights of {self.known.weights} no longer count.")
        lines.append("If an earlier curation was replaced by the last one, it is in force again.")
        if await self.ask(Confirm("Undo the last curation?", lines, yes="undo it", no="keep it")):
            await self._submit({"undo": True})

    async def action_cancel(self) -> None:
        job = pick(self.known.history, None, UNDER_WAY)
        if job is None:
            self.say("No curation is under way.")
            return
        await self.write(lambda store: jobs.cancel(store, job.id))
        self.say(f"Job {job.id} stops; what is in force stays. R goes on with it later.")
        self.changed()

    # A person's word

    async def action_overrule(self) -> None:
        """Accept the sample under the cursor: it belongs to the data set whatever steps say."""
        found, key = self.current(), self.row_key()
        row = found.sample(key) if found is not None else None
        if row is None:
            self.say("No sample is under the cursor; d goes to them.")
            return
        if row.status == "accepted":
            self.say(f"Sample {row.id:,} is accepted already.")
            return
        who, seconds, sample_id = self.annotator_id, monotonic() - self._shown_at, row.id
        await self.write(
            lambda store: acts.apply(
                store, who, [sample_id], Change(status="accepted"), kind="overrule", seconds=seconds
            )
        )
        what = "as it is, its proposal is closed" if self.view == "repairs" else "it stays in the data set"
        self.say(f"Sample {sample_id:,} is accepted: {what}. F3 and u undoes it.")
        if found is not None:
            found.accepted(sample_id)
            found.stamp += 1
            self._draw_detail()
        if self.view == "repairs":
            self._shown_of = ()
            self._start_detail()
        elif self.in_rows():
            self.query_one("#rows", Picks).action_cursor_down()

    def action_review(self) -> None:
        self.begin(self.open_in_review(self.slice()))
