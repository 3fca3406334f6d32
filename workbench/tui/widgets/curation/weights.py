"""Weights: how much each sample counts in training, and which count least and most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import curation, weights
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.samples import Row
from workbench.store.weights import Weighted
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, WARNING
from workbench.tui.widgets.curation import shown
from workbench.tui.widgets.curation.chain import About
from workbench.tui.widgets.curation.shown import Shown

#: Samples at each end that are listed, and columns of the histogram.
LISTED, COLUMNS = 20, 36


class Weights(Shown):
    """The weights that a step gave last, in force or not."""

    view: ClassVar[str] = "weights"

    def __init__(self, one: About) -> None:
        super().__init__(one.name)
        self.one = one
        self.name = f"weight.{one.name}"
        self.histogram: tuple[float, float, Sequence[int]] = (0.0, 0.0, ())
        self.lightest: Sequence[Weighted] = ()
        self.heaviest: Sequence[Weighted] = ()
        self.texts: dict[int, Row] = {}
        self.told: Mapping[str, float] = {}
        self.in_force: str | None = None

    def describe(self, one: About) -> None:
        self.one = one

    def texts_shown(self) -> Iterable[dict[int, Row]]:
        return (self.texts,)

    def figure(self, width: int, height: int) -> list[Content]:
        if self.one.problem:
            return charts.prose(self.one.problem, width, ERROR)
        lines = charts.prose(self.one.summary, width, MUTED, most=2 if height > 4 else 1)
        low, high, counts = self.histogram
        if not any(counts):
            lines.append(Content.styled("No weights yet: p counts, r runs.", MUTED))
            return lines
        lines += charts.histogram(low, high, counts, width, height=height)
        if self.told:
            text = f"mean {self.told['mean']:.2f}, from {self.told['low']:.2g} to {self.told['high']:.2g}"
            if zero := int(self.told.get("zero") or 0):
                text += f", {zero:,} count nothing"
            lines.append(Content.styled(charts.fit(text, width).rstrip(), STRONG))
        if self.in_force == self.step:
            lines.append(Content.styled("in force: training and exports use them", MUTED))
        else:
            other = f" ({self.in_force} is)" if self.in_force else ""
            lines.append(Content.styled(charts.fit(f"not in force{other}: r runs the chain", width).rstrip(), WARNING))
        return lines

    def heading(self) -> str:
        return "Heaviest and lightest samples" if self.heaviest else ""

    def rows(self, width: int) -> list[tuple[str, Content]]:
        if not self.heaviest:
            return []
        made = [(f"{shown.BETWEEN}heavy", shown.between("heaviest", width))]
        made += [self._line(one, width) for one in self.heaviest]
        made.append((f"{shown.BETWEEN}light", shown.between("lightest", width)))
        twice = {one.sample_id for one in self.heaviest}
        return made + [self._line(one, width) for one in self.lightest if one.sample_id not in twice]

    def _line(self, one: Weighted, width: int) -> tuple[str, Content]:
        row = self.texts.get(one.sample_id)
        sign = shown.mark(row, dropped=row is not None and row.dropped)
        right = shown.label(row.label) if row is not None else ""
        line = shown.row_line(sign, one.sample_id, f"{one.value:>6.3g}", one.text, right, width)
        return str(one.sample_id), line

    def start(self) -> str | None:
        return str(self.heaviest[0].sample_id) if self.heaviest else None

    def pair(self, key: str | None, width: int, height: int) -> list[Content]:
        found = next((one for one in (*self.heaviest, *self.lightest) if str(one.sample_id) == key), None)
        if found is None:
            return []
        row = self.texts.get(found.sample_id)
        title = f"{found.sample_id:,}  {shown.label(row.label) if row is not None else ''}".rstrip()
        text = row.text if row is not None else found.text
        return shown.alone(title, found.reason or f"weight {found.value:.3g}", text, width, height)

    def sample(self, key: str | None) -> Row | None:
        return self.texts.get(int(key)) if key is not None and key.lstrip("-").isdigit() else None

    def slice(self, key: str | None) -> str:
        """All weighted samples from the end that the row is at: the heaviest first, or the lightest."""
        if not any(self.histogram[2]):
            raise UsageError("There are no weights yet: p counts, r runs.")
        light = key is not None and key not in {str(one.sample_id) for one in self.heaviest}
        low, high, _ = self.histogram
        edge = f"score.{self.name}<1" if light and low < 1 < high else f"score.{self.name}>=0"
        if not light and low < 1 < high:
            edge = f"score.{self.name}>1"
        return f"{edge} sort:{'' if light else '-'}{self.name}"


def read(store: Store, one: About, newest: Job | None) -> Weights:
    """What a weighting gave: from its scores; the reasons where its weights are in force."""
    found = Weights(one)
    found.told = shown.total_of(newest.result if newest is not None else None, "weights", one.name) or {}
    found.histogram = curation.histogram(store, found.name, COLUMNS)
    found.in_force = weights.in_force(store)
    if found.in_force == one.name:
        found.lightest, found.heaviest = weights.extremes(store, LISTED)
    else:
        ends = (
            curation.near(store, found.name, line, LISTED, above=above)
            for line, above in ((-1e308, True), (1e308, False))
        )
        found.lightest, found.heaviest = ([Weighted(i, value, "", text) for i, value, text in end] for end in ends)
    found.texts = shown.read_rows(store, [one.sample_id for one in (*found.lightest, *found.heaviest)])
    return found
