"""Evaluate: what the data set is worth, in figures with error bars; every number opens the samples behind it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import OptionList, Static

from workbench.text import clean
from workbench.tui.screens.evaluate_jobs import JobsScreen
from workbench.tui.screens.job_screen import UNDER_WAY, pick, title
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import MUTED, Chart
from workbench.tui.widgets.curation import data_map
from workbench.tui.widgets.evaluation import accuracy, cards, classes, comparison, history, mapped, number, reading
from workbench.tui.widgets.evaluation.sheet import Figures, Sheet, sheet
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.forms import Picks

#: The sections of an evaluation and of a comparison; the first one stands at the left where there is room for two.
SECTIONS: Mapping[str, str] = {
    "cards": "Cards", "number": "Number", "accuracy": "Accuracy", "classes": "Classes", "map": "Data map", "history": "History",
}  # fmt: skip
COMPARED: Mapping[str, str] = {"summary": "Summary", "table": "Table", "charts": "Charts", "differences": "Differences"}
#: Seconds between two readings of older evaluations: keys come first.
BETWEEN = 0.02
#: What the footer names: with an evaluation, with a comparison, while a job is at work.
HINTS: Mapping[str, tuple[str, ...]] = {
    "evaluation": ("evaluate.start", "evaluate.compare", "evaluate.section", "evaluate.validation", "evaluate.report"),
    "comparison": ("evaluate.start", "evaluate.compare", "evaluate.section", "evaluate.runs", "evaluate.report"),
    "running": ("evaluate.cancel", "evaluate.section", "evaluate.runs", "app.jobs", "app.review"),
}


class EvaluateScreen(JobsScreen):
    """Cards on the left, the section chosen on the right (one at a time where it is narrow), evaluations so far below."""

    MODE: ClassVar[str] = "evaluate"
    HINTS: ClassVar[tuple[str, ...]] = HINTS["evaluation"]
    AUTO_FOCUS: ClassVar[str | None] = "#cards"
    DEFAULT_CSS: ClassVar[str] = """
    EvaluateScreen {
        #work { padding: 0 1; }
        #sections { padding: 0 1; height: 1; }
        #columns { height: 1fr; }
        #left { width: 1fr; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        #right {
            width: 1fr; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
            border-left: solid $frame;
        }
        #behind { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
        #runs { max-height: 5; min-height: 1; }
    }
    EvaluateScreen #right.-alone { border-left: none; }
    EvaluateScreen.-low #runs { max-height: 2; }
    EvaluateScreen.-low #runs-title { border-top: none; height: 1; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.section = "cards"  # of an evaluation; where it is wide, the one after it
        self.side = "summary"  # of a comparison; where it is wide, the table has the summary above it
        self.notes = False
        self.mapped: data_map.DataMap | None = None
        self._map_read = self._read_once = False
        self._metric = ""  # under the cursor of the cards

    def body(self) -> ComposeResult:
        yield title("Evaluation", name="figures-title")
        yield Chart(id="work")
        yield Chart(id="sections")
        with Horizontal(id="columns"):
            with VerticalScroll(id="left", can_focus=False):
                yield Figures(id="cards")
            with VerticalScroll(id="right", can_focus=False):
                yield Figures(id="section")
        yield Static("", id="behind", markup=False)
        yield title("Evaluations", name="runs-title").add_class("ruled")
        yield Picks(id="runs")

    def on_mount(self) -> None:
        self.set_timer(job_view.PATIENCE, self._wait)

    def _wait(self) -> None:
        if not self._read_once:
            self.cards.show(lambda width: sheet(charts.prose("Reading evaluations ...", width, MUTED)))

    @property
    def cards(self) -> Figures:
        return self.query_one("#cards", Figures)

    @property
    def figures(self) -> Figures:
        return self.query_one("#section", Figures)

    # Reading

    async def look(self) -> None:
        newest = self.known.found[0]["id"] if self.known.found else None
        first = not self._read_once
        # What is shown first is read first; older ones, for the list and the history, come a few at a time after it was drawn.
        self.known = await self.read(partial(reading.read, before=self.known, most=1 if first else reading.SOME))
        self._read_once = True
        if self.known.found and self.known.found[0]["id"] != newest:
            self._fill()
            self.query_one("#runs", Picks).pick(str(self.known.found[0]["id"]))
        if self.known.more:
            self.call_after_refresh(self.set_timer, BETWEEN, self.changed)

    def entered(self) -> None:
        self._map_read = False  # curation may have measured anew
        super().entered()

    def _read_map(self) -> None:
        if not self._map_read and self.known.mapped:
            self._map_read = True
            self.begin(self._take_map())

    async def _take_map(self) -> None:
        self.mapped = await self.read(data_map.measured)
        self._draw_section()

    # Drawing

    def one(self) -> dict[str, Any] | None:
        """The evaluation that is shown."""
        return reading.shown(self.known.found, self.query_one("#runs", Picks).picked)

    def sections(self, one: Mapping[str, Any]) -> dict[str, str]:
        """The sections there are, where it is wide without the one that always stands at the left."""
        wide = not self.has_class("-narrow")
        known, beside = (COMPARED, "summary") if reading.is_comparison(one) else (SECTIONS, "cards")
        return {name: title for name, title in known.items() if not (wide and name == beside)}

    def chosen(self, one: Mapping[str, Any]) -> str:
        found = self.sections(one)
        name = self.side if reading.is_comparison(one) else self.section
        return name if name in found else next(iter(found))

    def _fill(self) -> None:
        runs = self.query_one("#runs", Picks)
        width = max(20, runs.content_size.width - 4)
        runs.fill([(str(one["id"]), cards.history_line(one, width)) for one in self.known.found])

    def draw(self) -> None:
        self._fill()
        known = self.known
        running = pick(known.history, None, UNDER_WAY)
        newest = known.history[0] if known.history else None
        work = running or (newest if newest is not None and newest.state in ("failed", "interrupted") else None)
        self.query_one("#work", Chart).show(lambda width: [] if work is None else job_view.job_lines(work, width))
        one = self.one()
        self.write_title("runs-title", "Evaluations" if one is not None else "Evaluations: none so far")
        kind = (
            "running" if running is not None else "comparison" if one and reading.is_comparison(one) else "evaluation"
        )
        self.query_one(Footer).show(HINTS[kind])
        self.query_one("#sections").display = one is not None
        if one is None:
            self.write_title("figures-title", "Evaluation")
            self._show_columns(left=True, right=False)
            if self._read_once:
                self.cards.show(lambda width: sheet(cards.empty(known.counts, width)))
            return
        what = "Comparison" if reading.is_comparison(one) else "Evaluation"
        of = clean(str(one.get("view") or ""), limit=80)
        of = "" if of in ("", "data set", "comparison") else f"   of {of}"
        contenders = one["result"].get("contenders") or ()
        size = f"{len(contenders)} contenders" if contenders else f"{one['samples']:,} samples"
        told = f"{what} {one['id']}   {size}   {job_view.ago(one['created_at'])}{of}"
        self.write_title("figures-title", told)
        self._draw_left(one)
        self._draw_section()

    def _show_columns(self, *, left: bool, right: bool) -> None:
        """Which columns stand there; the cursor goes to one that does."""
        for name, wanted in (("#left", left), ("#right", right)):
            self.query_one(name).display = wanted
        self.query_one("#right").set_class(not left, "-alone")
        focused = self.focused
        if (
            focused is not None
            and focused.id in ("cards", "section")
            and not (left if focused.id == "cards" else right)
        ):
            self.set_focus(self.cards if left else self.figures)

    def _draw_left(self, one: Mapping[str, Any]) -> None:
        result, notes = one["result"], self.notes
        if not reading.is_comparison(one):
            self.cards.show(lambda width: cards.cards(result, width, notes=notes))

    def _draw_section(self) -> None:
        try:
            one, tabs = self.one(), self.query_one("#sections", Chart)
        except NoMatches:  # the screen is being taken down
            return
        if one is None:
            return
        found, chosen = self.sections(one), self.chosen(one)
        tabs.show(lambda width: [_tabs(found, chosen, width)])
        wide, compared = not self.has_class("-narrow"), reading.is_comparison(one)
        self._show_columns(left=not compared and (wide or chosen == "cards"), right=chosen != "cards")
        if chosen == "map":
            self._read_map()
        high = not self.has_class("-low")
        self.figures.show(lambda width: self._sheet(one, chosen, width, high))
        self._say_behind()

    def _sheet(self, one: Mapping[str, Any], chosen: str, width: int, high: bool) -> Sheet:
        result = one["result"]
        if chosen == "summary":
            return comparison.summary(result, width)
        if chosen == "table":
            return comparison.table(result, width, told=not self.has_class("-narrow"))
        if chosen == "charts":
            return comparison.multiples(result, width)
        if chosen == "differences":
            return comparison.differences(result, width)
        if chosen == "accuracy":
            return accuracy.figures(result, width, high=high)
        if chosen == "classes":
            return classes.figures(result, width)
        if chosen == "map":
            spot = self.figures.key.removeprefix("region ")
            return mapped.figures(self.mapped, width, picked=spot, high=high)
        if chosen == "history":
            return history.figures(self.known.found, one, width)
        if chosen == "number":
            behind = self.known.behind.get(one["id"], {})
            return number.figures(self.known.found, one, self.metric(one), width, behind=behind, high=high)
        return Sheet()

    def metric(self, one: Mapping[str, Any]) -> str:
        """The metric under the cursor of the cards (the first, if there is none of that name)."""
        metrics = one["result"].get("metrics", {})
        first = [name for names in cards.groups(metrics).values() for name in names]
        return self._metric if self._metric in metrics else first[0] if first else ""

    def _say_behind(self) -> None:
        focused = self.focused
        spot = focused.spot if isinstance(focused, Figures) else None
        self.query_one("#behind", Static).update(clean(f"enter: {spot.says}", limit=400) if spot is not None else "")

    # Moving

    def on_figures_moved(self, event: Figures.Moved) -> None:
        spot = event.figures.spot
        if event.figures.id == "cards" and spot is not None and spot.target.value != self._metric:
            self._metric = spot.target.value
            self._draw_section()
        elif event.figures.id == "section" and spot is not None and spot.key.startswith("region "):
            self._draw_section()
        self._say_behind()

    def on_figures_beyond(self, event: Figures.Beyond) -> None:
        other = self.figures if event.by > 0 else self.cards
        if event.figures is not other and other.is_on_screen and other.now.spots:
            self.set_focus(other)

    def on_figures_opened(self, event: Figures.Opened) -> None:
        spot, one = event.figures.spot, self.one()
        if spot is None or one is None:
            return
        if spot.target.kind == "evaluation":
            self.query_one("#runs", Picks).pick(spot.target.value)
        else:
            self.begin_asking(self.open_samples(one, spot.target))

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        self.draw()

    def action_section(self) -> None:
        self._turn(1)

    def action_section_before(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        one = self.one()
        if one is None:
            return
        found = list(self.sections(one))
        name = found[(found.index(self.chosen(one)) + by) % len(found)]
        if reading.is_comparison(one):
            self.side = name
        else:
            self.section = name
        self.query_one("#right", VerticalScroll).scroll_home(animate=False)
        self._draw_section()

    def action_runs(self) -> None:
        self.set_focus(self.query_one("#runs"))
        self._say_behind()

    def action_cards(self) -> None:
        self.set_focus(self.cards if self.query_one("#left").display else self.figures)

    def action_details(self) -> None:
        self.notes = not self.notes
        self.draw()


def _tabs(found: Mapping[str, str], chosen: str, width: int) -> Content:
    """The sections, the one that is shown underlined (in ASCII: in brackets)."""
    parts: list[tuple[str, str]] = []
    for name, called in found.items():
        if name == chosen:
            parts.append((f"[{called}]" if charts.ascii_only() else called, "bold underline"))
        else:
            parts.append((called, MUTED))
        parts.append(("  ", ""))
    return Content.assemble(*parts)[:width]
