"""Generate: choose a recipe, see what it will do and cost, start it, watch it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import OptionList, Static

from workbench.errors import UsageError, WorkbenchError
from workbench.jobs import words
from workbench.jobs.words import UNDER_WAY
from workbench.tui.screens.job_screen import pick, title
from workbench.tui.screens.run_control import RunControl
from workbench.tui.widgets import endpoint_choices, job_view, run_view
from workbench.tui.widgets import recipe_view as view
from workbench.tui.widgets.charts import Chart
from workbench.tui.widgets.forms import Field, Form, Picks
from workbench.tui.widgets.prompts import Confirm
from workbench.tui.widgets.run_view import Live, Reader

if TYPE_CHECKING:
    from workbench.pipeline.preview import Preview

#: Seconds without a change of the form before its preview is made.
DEBOUNCE = 0.25
MORE = "more"
UP_TO = "up to"

#: More requests than this are asked about first, free ones too: a slip of the finger makes 50,030 of 500.
MANY = 5_000


class GenerateScreen(RunControl):
    """Recipes and settings on the left; the preview, or the run under way, on the right; all runs below."""

    MODE: ClassVar[str] = "generate"
    AUTO_FOCUS: ClassVar[str | None] = "#recipes"
    DEFAULT_CSS: ClassVar[str] = """
    GenerateScreen {
        #left { width: 44; border-right: solid $frame; }
        #recipes { max-height: 12; }
        #forms { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        #runs { height: 8; }
    }
    GenerateScreen.-narrow #left { width: 36; }
    GenerateScreen.-low { #recipes { max-height: 3; } #runs { height: 3; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self.recipes: dict[str, view.Chosen] = {}
        self.showing: int | None = None  # the job in the pane; None: the preview
        self.live = Live()
        self._reader = Reader()
        self._preview: Preview | str | None = None  # a sentence when it could not be made
        self._preview_of: dict[str, Any] | None = None
        self._parameters_of: str | None = None
        self._timer: Timer | None = None
        self._filled = 0  # the width for which the recipes are drawn

    def body(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="left"):
                yield title("Recipe")
                yield Picks(id="recipes")
                yield title("Settings")
                with VerticalScroll(id="forms", can_focus=False):
                    yield Form(self._settings(), id="settings")
                    yield Form(id="parameters")
                yield Static("", classes="said", markup=False)
            with Vertical(id="right"):
                yield title("What it will do", name="pane-title")
                with VerticalScroll(id="pane", classes="pane"):
                    yield Chart(id="chart")
                yield title("Runs", name="runs-title").add_class("ruled")
                yield Picks(id="runs")

    def _settings(self) -> list[Field]:
        settings = self.project.config.generate
        model = self.project.config.model.use
        return [
            Field("model", "model", default=model, suggestions=tuple(dict.fromkeys((model, "embedded", "openai:"))),
                  help=endpoint_choices.HELP),
            Field("how", "how many", "choice", UP_TO, choices=(UP_TO, MORE),
                  help="up to: bring it to so many kept samples (again adds nothing); more: so many new ones."),
            Field("count", "samples", "whole number", 500, minimum=1, maximum=10_000_000, help="How many samples."),
            Field("seed", "seed", "whole number", settings.seed, minimum=0, maximum=2**31 - 1,
                  help="The same seed gives the same run; another one gives other samples."),
            Field("concurrency", "at once", "whole number", settings.concurrency, minimum=1, maximum=1024,
                  help="Requests under way at once."),
            Field("budget", "budget $", "number", settings.budget, minimum=0.0001, optional=True,
                  help="US dollars that the run may spend; empty: no limit. Below: other budgets."),
            Field("requests", "  requests", "whole number", settings.requests, minimum=1, optional=True,
                  help="It stops before it has sent more requests; empty: no limit."),
            Field("tokens", "  tokens", "whole number", settings.tokens, minimum=1, optional=True,
                  help="It stops before it has used more tokens, in and out; empty: no limit."),
        ]  # fmt: skip

    def on_mount(self) -> None:
        self.query_one("#pane").can_focus = True
        self._draw_pane()
        self.run_worker(self._list_recipes(), group="recipes", exclusive=True)
        self.run_worker(self._offer_models(), group="endpoints")

    async def _offer_models(self) -> None:
        """Ask the endpoints that are there which models they have: suggestions in the model field, nothing moves."""
        from workbench.models.endpoints import find_endpoints

        model = self.project.config.model
        found = await asyncio.to_thread(find_endpoints)
        offered = (model.use, *endpoint_choices.choices(found, model.base_url), "embedded", "openai:")
        told = endpoint_choices.told(found, model.base_url)
        self.query_one("#settings", Form).offer("model", tuple(dict.fromkeys(offered)), told)
        self._explain()

    # Recipes and the form

    async def _list_recipes(self) -> None:
        """Read all recipes, and what the model in the form cannot do."""
        values, _ = self.query_one("#settings", Form).values()
        model = str(values.get("model", ""))
        task = self.project.config.task.kind
        try:
            with job_view.Waiting(self, lambda: self.note("Reading recipes ...")):
                found = await self.read(lambda store: view.list_recipes(store, model, task))
        except WorkbenchError as error:
            self.fail(error)
            return
        self.recipes = {one.recipe.name: one for one in found}
        self._fill()
        await self._show_parameters()

    def _fill(self) -> None:
        """Draw the recipes for their present width."""
        low = self.has_class("-low")
        picks = self.query_one("#recipes", Picks)
        self._filled = picks.content_size.width
        width = max(20, self._filled - 4)
        picks.fill(
            [(name, view.recipe_line(one, width, short=low)) for name, one in self.recipes.items()],
            start=self.project.config.generate.recipe,
        )

    def _fill_runs(self) -> None:
        """Draw the history for its present width."""
        live, runs = self.live, self.query_one("#runs", Picks)
        width = max(20, runs.content_size.width - 4)
        runs.fill([(str(job.id), run_view.history_line(job, live.yields.get(job.id), width)) for job in live.history])
        if self.showing is not None:
            runs.pick(str(self.showing))
        none = "Runs: none so far; r starts the first one"
        self.write_title("runs-title", run_view.history_title(width) if live.history else none)

    async def _show_parameters(self) -> None:
        """The parameters of the recipe under the cursor, at the project's values."""
        chosen = self.recipes.get(self.query_one("#recipes", Picks).picked or "")
        if chosen is None or chosen.recipe.name == self._parameters_of:
            self._changed_form()
            return
        self._parameters_of = chosen.recipe.name
        given = self.project.config.generate.parameters.get(chosen.recipe.name, {})
        fields = [
            Field(name, name.replace("_", " "), one.kind, one.default, one.help, one.minimum, one.maximum)
            for name, one in chosen.recipe.parameters.items()
        ]
        await self.query_one("#parameters", Form).replace(fields, given)

    def form_values(self) -> tuple[dict[str, Any], dict[str, Any], str | None]:
        """(a generate job's parameters, its limits, the first problem as a sentence or None)."""
        values, problems = self.query_one("#settings", Form).values()
        parameters, wrong = self.query_one("#parameters", Form).values()
        problem = next(iter([*problems.values(), *wrong.values()]), None)
        recipe = self.query_one("#recipes", Picks).picked
        if recipe is None:
            return {}, {}, "There is no recipe to run."
        how = "more" if values.get("how") == MORE else "count"
        asked = {
            "recipe": recipe, how: values.get("count"), "model": values.get("model"), "seed": values.get("seed"),
            "parameters": parameters,
        }  # fmt: skip
        limits = {name: values[name] for name in words.LIMITS if values.get(name) is not None}
        return asked, limits, problem

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "recipes":
            if self._parameters_of not in (None, event.option.id):
                self.showing = None
            await self._show_parameters()
            return
        runs = self.query_one("#runs", Picks)
        if runs.has_focus and runs.picked is not None and int(runs.picked) != self.showing:
            self.show_run(int(runs.picked))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "recipes":
            self.action_settings()
        elif event.option.id is not None:
            self.show_run(int(event.option.id))

    def on_form_changed(self, event: Form.Changed) -> None:
        self._changed_form()
        field_ = event.form.focused_field()
        if field_ is not None and field_.name == "model":
            self.run_worker(self._list_recipes(), group="recipes", exclusive=True)

    def on_form_submitted(self, _event: Form.Submitted) -> None:
        self.action_start()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self._explain()

    def _changed_form(self) -> None:
        """Something was typed: say what is wrong now, and make the preview once the typing pauses."""
        self._explain()
        asked, _, problem = self.form_values()
        if problem is not None or asked == self._preview_of:
            return
        if any(form.has_focus_within for form in self.query(Form)):
            self.showing = None
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, self._start_preview)

    def _explain(self) -> None:
        """The first problem, or the help of the field under the cursor."""
        _, _, problem = self.form_values()
        forms = self.query(Form)
        focused = next((one for form in forms if (one := form.focused_field()) is not None), None)
        self.note(problem or (focused.help if focused else ""), wrong=bool(problem))

    # The preview

    def _start_preview(self) -> None:
        self.run_worker(self._read_preview(), group="preview", exclusive=True)

    async def _read_preview(self) -> None:
        asked, _, problem = self.form_values()
        if problem is None:
            await self._preview_of_form(asked)
            self._draw_pane()

    async def _preview_of_form(self, asked: dict[str, Any]) -> Preview | str:
        """The preview of what the form asks for: the one that is there, else made in a thread."""
        if asked != self._preview_of or self._preview is None:
            with job_view.Waiting(self, lambda: self._draw_pane(waiting="Rendering prompts and counting tokens ...")):
                try:
                    self._preview = await asyncio.to_thread(view.make_preview, self.store, asked)
                except WorkbenchError as error:
                    self._preview = str(error)
            self._preview_of = asked
        return self._preview

    # Runs

    def show_run(self, job_id: int | None) -> None:
        """Put a run (None: the preview) into the pane."""
        self.showing = job_id
        self.query_one("#pane").scroll_home(animate=False)
        self._draw_pane()
        self.changed()

    async def look(self) -> None:
        first, before = not self.live.history, self.live
        self.live = await self.read(lambda store: self._reader.read(store, self.showing, before))
        active = pick(self.live.history, None, UNDER_WAY)
        if first and self.showing is None and active is not None:
            self.showing, self._again = active.id, True
        if self.live.late:
            self.set_timer(run_view.CALM, self.changed)

    def draw(self) -> None:
        if not self.query("#recipes"):
            return  # the screen is being taken down
        if self._filled != self.query_one("#recipes").content_size.width:
            self._fill()
        self._fill_runs()
        self._draw_pane()
        self.hint()

    def _draw_pane(self, waiting: str = "") -> None:
        """A run, or the preview."""
        live, chart = self.live, self.query_one("#chart", Chart)
        if self.showing is not None:
            if live.shown is not None and live.shown.id == self.showing:
                height = self.query_one("#pane").content_size.height
                self.write_title("pane-title", f"Run {self.showing}")
                chart.show(lambda width: run_view.run_lines(live, width, height))
            return
        self.write_title("pane-title", "What it will do")
        chosen, preview = self.recipes.get(self.query_one("#recipes", Picks).picked or ""), self._preview
        chart.show(lambda width: view.preview_lines(chosen, preview, waiting, width))

    def picked_run(self) -> int | None:
        runs = self.query_one("#runs", Picks)
        shown = self.showing if self.showing is not None and not runs.has_focus else int(runs.picked or 0)
        return shown or None

    # Actions

    def action_settings(self) -> None:
        self.query_one("#settings", Form).focus_first()

    def action_recipes(self) -> None:
        self.set_focus(self.query_one("#recipes"))

    def action_runs(self) -> None:
        self.set_focus(self.query_one("#runs"))

    def action_preview(self) -> None:
        self.show_run(None)
        self._start_preview()

    def action_more(self) -> None:
        form = self.query_one("#settings", Form)
        values, _ = form.values()
        form.set("how", UP_TO if values.get("how") == MORE else MORE)
        self.showing = None
        self._changed_form()

    def action_start(self) -> None:
        self.once(self._start)

    async def _start(self) -> None:
        """Ask first when it costs money; then start the job and show it."""
        asked, limits, problem = self.form_values()
        if problem is not None:
            raise UsageError(problem)
        same = [job for job in self.live.history if job.state in UNDER_WAY and view.same_series(job, asked)]
        if same:
            raise UsageError(f"Job {same[0].id} is making these already; another seed or parameter makes others.")
        preview = await self._preview_of_form(asked)
        if isinstance(preview, str) or preview.refusal:
            raise UsageError(preview if isinstance(preview, str) else str(preview.refusal))
        if not preview.requests:
            raise UsageError(
                f"This recipe with these parameters and seed has its {preview.kept:,} samples already; "
                "raise the number, or press m for more."
            )
        if str(asked["model"]).partition(":")[0] != "embedded" or preview.requests > MANY:
            question, lines = view.question(preview, asked, limits)
            if not await self.ask(Confirm(question, lines, yes="send them", no="do not")):
                return
        job_id = await self.write(lambda store: view.submit(store, asked, limits))
        self.say(f"Started job {job_id}; it goes on when you leave.")
        self._preview_of, self.showing = None, job_id
        await self.look()
        self.draw()
