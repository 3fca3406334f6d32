"""Curate's keys in the right pane: the line through the scores, the data map's box, the groups; and what slice that is."""

from __future__ import annotations

from time import monotonic

from textual.widgets import OptionList

from workbench.errors import UsageError
from workbench.tui.screens.curate_views import ViewsScreen
from workbench.tui.widgets.curation import chain as steps
from workbench.tui.widgets.curation import repairs
from workbench.tui.widgets.curation.data_map import DataMap
from workbench.tui.widgets.curation.groups import Groups
from workbench.tui.widgets.curation.scores import COARSE, Scores


class MovesScreen(ViewsScreen):
    """The part of Curate that moves something in a view."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_at = monotonic()

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        found = self.current()
        if event.option_list.id == "tops" and isinstance(found, Groups) and event.option.id is not None:
            found.wanted = int(event.option.id)
            self._moved()
        elif event.option_list.id == "rows":
            self._shown_at = monotonic()
            self._draw_pair()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "tops":
            self.set_focus(self.query_one("#rows"))
        elif event.option_list.id == "chain":
            self.action_open()

    def action_open(self) -> None:
        """Set a moved line; in the data map go to the next region; else go to what the step says of samples."""
        found = self.current()
        if isinstance(found, Scores) and found.moved:
            self.action_set()
        elif isinstance(found, DataMap) and not self.in_rows():
            found.next_region()
            self.set_focus(self.query_one("#figure"))
            self._moved()
        else:
            self.action_examples()

    def action_examples(self) -> None:
        """Go to the samples; in the groups to the groups first, in the data map to the box first."""
        found = self.current()
        wanted = "rows"
        if isinstance(found, Groups) and found.groups and (self.focused is None or self.focused.id != "tops"):
            wanted = "tops"
        elif isinstance(found, DataMap) and found.total and (self.focused is None or self.focused.id != "figure"):
            wanted = "figure"
        self.set_focus(self.query_one(f"#{wanted}"))

    def action_chain(self) -> None:
        found = self.current()
        if isinstance(found, Scores) and found.moved:
            found.line = found.one.threshold
            found.stamp += 1
            self._moved()
        super().action_chain()

    def _shift(self, across: int = 0, up: int = 0, *, coarse: bool = False) -> None:
        found = self.current()
        if isinstance(found, DataMap) and found.total:
            found.move(across, up, size=coarse)
            self._moved()
        elif isinstance(found, Scores) and across:
            if not found.move(across * (COARSE if coarse else 1)):
                self.say(self._unmovable(found))
                return
            self._moved()

    def _unmovable(self, found: Scores) -> str:
        if found.one.cut is None:
            return f"{found.step} has no threshold on a number."
        return "There are no numbers yet: p counts, r runs."

    def action_lower(self) -> None:
        self._shift(-1)

    def action_higher(self) -> None:
        self._shift(1)

    def action_much_lower(self) -> None:
        self._shift(-1, coarse=True)

    def action_much_higher(self) -> None:
        self._shift(1, coarse=True)

    def action_up(self) -> None:
        self._shift(up=1)

    def action_down(self) -> None:
        self._shift(up=-1)

    def action_taller(self) -> None:
        self._shift(up=1, coarse=True)

    def action_shorter(self) -> None:
        self._shift(up=-1, coarse=True)

    def action_set(self) -> None:
        """Write the line into the chain as the step's threshold."""
        found, here, place = self.current(), self._here(), self._place()
        if not isinstance(found, Scores) or here is None or place is None or found.one.cut is None:
            self.say("There is no line to set here.")
            return
        if not found.moved or found.line is None:
            self.say("The line stands where the threshold is; left and right move it.")
            return
        value = int(found.line) if found.one.whole else found.line
        spec = steps.spec_of(here[0].technique, here[1], {**here[1].values, found.one.cut[0]: value})
        steps.check(spec)
        self.chain[place].spec = spec
        self._parameters_of = None
        self._edited()
        self.say(f"{found.step}: {found.one.cut[0].replace('_', ' ')} is {value:g} now; p counts what that does.")

    def action_state(self) -> None:
        """Open, applied, all."""
        if self.view != "repairs":
            self.say("Only label repairs are open or applied.")
            return
        self.state = repairs.STATES[(repairs.STATES.index(self.state) + 1) % len(repairs.STATES)]
        self._start_detail()

    def slice(self) -> str:
        """The slice that the cursor is in, as a view for Review. Raises ``UsageError`` where there is none."""
        found = self.current()
        if found is None:
            raise UsageError("Nothing is shown yet that could be opened in Review.")
        return found.slice(self.row_key() if self.in_rows() else None)
