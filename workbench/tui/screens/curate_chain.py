"""Curate's chain: which steps, in which order, with which parameters; remembered for each person."""

from __future__ import annotations

from textual import events
from textual.timer import Timer

from workbench.errors import UsageError
from workbench.store import acts
from workbench.tui.screens.job_screen import JobScreen
from workbench.tui.widgets import job_view
from workbench.tui.widgets.curation import chain as steps
from workbench.tui.widgets.curation.chain import KINDS, About, Link
from workbench.tui.widgets.forms import Form, Picks
from workbench.tui.widgets.prompts import Finder

#: Where a person's chain is remembered; it counts for as long as project.yaml's stays the same.
PLACE = "curate.chain"
DEBOUNCE = 0.25


class ChainScreen(JobScreen):
    """The part of Curate that edits the chain."""

    def __init__(self) -> None:
        super().__init__()
        self.chain: list[Link] = []
        self.about: list[About] = []
        self._parameters_of: tuple[int, str] | None = None
        self._timer: Timer | None = None

    async def on_mount(self) -> None:
        configured = self.project.config.curate.chain
        kept = acts.stopped_at(self.store, self.annotator_id, PLACE)
        if isinstance(kept, dict) and kept.get("configured") == configured:
            self.chain = [Link(str(spec), bool(on)) for spec, on in kept.get("chain", [])]
        else:
            self.chain = [Link(spec) for spec in configured]
        self.begin(self._describe())

    @property
    def specs(self) -> list[str]:
        """The steps that are on, in order."""
        return [link.spec for link in self.chain if link.on]

    def _place(self) -> int | None:
        """The link under the cursor."""
        place = self.query_one("#chain", Picks).highlighted
        return place if place is not None and place < len(self.chain) else None

    def _here(self) -> tuple[Link, About] | None:
        place = self._place()
        return None if place is None or place >= len(self.about) else (self.chain[place], self.about[place])

    async def _describe(self) -> None:
        """What the chain's specs mean; loading the techniques takes a moment the first time."""
        chain = list(self.chain)
        with job_view.Waiting(self, lambda: self.note("Loading the techniques ...")):
            self.about = await self.read(lambda _store: steps.about(chain))
        self.note("")
        self.described()
        self.draw()
        await self._show_parameters()
        self._start_detail()

    def _start_detail(self) -> None:
        """Read what is shown of the step under the cursor."""
        raise NotImplementedError

    def described(self) -> None:
        """The chain's specs were read anew."""
        raise NotImplementedError

    async def _show_parameters(self) -> None:
        place, here = self._place(), self._here()
        if place is None or here is None or (place, here[1].name) == self._parameters_of:
            return
        self._parameters_of = (place, here[1].name)
        asks = ", asks a model" if here[1].asks else ""
        self.write_title("parameters-title", f"{here[1].name}, {KINDS[here[1].kind][1]}{asks}")
        await self.query_one("#parameters", Form).replace(steps.fields(here[1]))

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        field = self.query_one("#parameters", Form).focused_field()
        self.note(field.help if field is not None else "")

    def on_form_changed(self, event: Form.Changed) -> None:
        values, problems = event.form.values()
        field = event.form.focused_field()
        problem = next(iter(problems.values()), "")
        self.note(problem or (field.help if field else ""), wrong=bool(problem))
        here, place = self._here(), self._place()
        if problem or here is None or place is None or self._parameters_of != (place, here[1].name):
            return
        spec = steps.spec_of(here[0].technique, here[1], values)
        try:
            steps.check(spec)
        except UsageError as error:
            self.note(str(error), wrong=True)
            return
        if spec != self.chain[place].spec and spec != steps.spec_of(here[0].technique, here[1], here[1].values):
            self.chain[place].spec = spec
            self._edited()

    def on_form_submitted(self, _event: Form.Submitted) -> None:
        self.set_focus(self.query_one("#chain"))

    def _edited(self) -> None:
        """The chain changed: say what it means, remember it for this person."""
        self.begin(self._describe())
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, lambda: self.begin(self._remember()))

    async def _remember(self) -> None:
        value = {
            "configured": self.project.config.curate.chain,
            "chain": [[link.spec, link.on] for link in self.chain],
        }
        who = self.annotator_id
        await self.write(lambda store: acts.stop_at(store, who, PLACE, value))

    def action_chain(self) -> None:
        self.set_focus(self.query_one("#chain"))

    def action_parameters(self) -> None:
        if not self.query_one("#parameters", Form).focus_first():
            self.say("This step has no parameters.")

    def action_switch(self) -> None:
        place = self._place()
        if place is not None:
            self.chain[place].on = not self.chain[place].on
            self.draw()
            self._edited()

    def action_remove(self) -> None:
        place = self._place()
        if place is not None:
            gone = self.chain.pop(place)
            del self.about[place : place + 1]
            self._parameters_of = None
            self.draw()
            self._edited()
            self.say(f"{gone.technique} is out of the chain; + adds it again.")

    def _move(self, step: int) -> None:
        place = self._place()
        if place is None or not 0 <= place + step < len(self.chain):
            return
        for row in (self.chain, self.about):
            if place + step < len(row):
                row[place], row[place + step] = row[place + step], row[place]  # type: ignore[assignment]
        self._parameters_of = None
        self.draw()
        self.query_one("#chain", Picks).highlighted = place + step
        self._edited()

    def action_earlier(self) -> None:
        self._move(-1)

    def action_later(self) -> None:
        self._move(1)

    def action_add(self) -> None:
        self.begin_asking(self._add())

    async def _add(self) -> None:
        found = await self.read(lambda _store: steps.available())
        name = await self.ask(Finder("Add a step: filter, label repair or weighting", found))
        if name is not None:
            place = self._place()
            self.chain.insert(len(self.chain) if place is None else place + 1, Link(name))
            self.about = []
            self._parameters_of = None
            self.draw()
            self.query_one("#chain", Picks).highlighted = 0 if place is None else place + 1
            self._edited()
