"""Label repairs: what a step would make of samples, what is done already, and what that did to the validation split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, get_args

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import repairs
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.samples import Row
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, WARNING, Whisker
from workbench.tui.widgets.curation import shown
from workbench.tui.widgets.curation.chain import About
from workbench.tui.widgets.curation.shown import Shown

#: Repairs that are listed.
LISTED = 400
State = Literal["open", "applied", "all"]
STATES: tuple[State, ...] = get_args(State)


class Repairs(Shown):
    """The repairs in force of one step in one ``state``; those of a preview where nothing is in force."""

    view: ClassVar[str] = "repairs"

    def __init__(self, one: About, state: State) -> None:
        super().__init__(one.name)
        self.one = one
        self.state = state
        self.counts: Mapping[str, int] = {}
        self.listed: list[repairs.Row] = []
        self.texts: dict[int, Row] = {}
        self.result: Mapping[str, Any] = {}
        self.preview = False

    def describe(self, one: About) -> None:
        self.one = one

    def texts_shown(self) -> Iterable[dict[int, Row]]:
        return (self.texts,)

    def figure(self, width: int, height: int) -> list[Content]:
        if self.one.problem:
            return charts.prose(self.one.problem, width, ERROR)
        lines = charts.prose(self.one.summary, width, MUTED, most=2 if height > 4 else 1)
        told = shown.total_of(self.result, "repairs", self.step)
        if told is None and not self.counts:
            if (left_out := shown.total_of(self.result, "left_out", self.step)) is not None:
                return [*lines, *charts.prose(f"Left out: {left_out}.", width, WARNING)]
            return [*lines, Content.styled("No proposals yet: p counts, r runs.", MUTED)]
        counts = self.counts or told or {}
        text = f"{counts['proposed']:,} proposed, {counts['applied']:,} applied, {counts['open']:,} open"
        lines.append(Content.assemble((text, STRONG), ("  (preview)" if not self.counts else "", MUTED))[:width])
        return [*lines, *self._validation(width)]

    def _validation(self, width: int) -> list[Content]:
        """Accuracy on the validation split, trained on the labels before and after all repairs of the chain."""
        told = shown.total_of(self.result, "validation")
        if not told:
            why = "" if self.preview else "Validation: no measure (it needs a labelled validation split)."
            return [Content.styled(charts.fit(why, width).rstrip(), MUTED)] if why and self.counts else []
        if not any(one.get("applied") for one in (self.result.get("repairs") or {}).values()):
            said = "Nothing is applied yet, so the validation split sees no change."
            return charts.prose(said, width, MUTED)
        rows = [
            Whisker(name, told[name]["value"], told[name].get("low"), told[name].get("high"))
            for name in ("before", "after")
            if told.get(name)
        ]
        said = "accuracy on the validation split, before and after the chain's repairs"
        lines = [Content.styled(said if len(said) <= width else "accuracy on the validation split", MUTED)]
        lines += charts.intervals(rows, width)
        if difference := told.get("difference"):
            low, high = difference.get("low"), difference.get("high")
            word = "better" if low is not None and low > 0 else "worse" if high is not None and high < 0 else "unclear"
            shade = {"better": SUCCESS, "worse": ERROR}.get(word, MUTED)
            span = f" ({charts.signed(low)} to {charts.signed(high)})" if low is not None else ""
            lines.append(
                Content.assemble((f"{charts.signed(difference['value'])}{span} ", STRONG), (word, shade))[:width]
            )
        return lines

    def heading(self) -> str:
        if not self.counts:
            return "Proposals (a preview stores none)" if self.listed else "Proposals"
        name = {"open": "Open proposals", "applied": "Applied repairs", "all": "All repairs"}[self.state]
        count = self.counts["proposed"] if self.state == "all" else self.counts[self.state]
        more = f", {len(self.listed)} shown" if 0 < len(self.listed) < count else ""
        return f"{name}: {count:,}{more}"

    def rows(self, width: int) -> list[tuple[str, Content]]:
        return [(str(row.sample_id), self._line(row, width)) for row in self.listed]

    def _line(self, row: repairs.Row, width: int) -> Content:
        change = _change(row)
        sign = ("+", SUCCESS) if row.applied else ("o", WARNING)
        room = max(10, width - 16)
        beside = min(len(change), max(10, room - 9, room * 3 // 5))
        if len(change) > beside and row.label is not None:  # the label that is proposed says more than the one it has
            change = f"{charts.glyphs().arrow} {shown.label(row.label)}"
        return Content.assemble(
            (f"{sign[0]} ", sign[1]), (f"{row.sample_id:>6,} ", MUTED), (f"{row.confidence:>5.2f}  ", STRONG),
            charts.fit(change, beside), " ", (charts.fit(row.text, max(4, room - beside - 1)), MUTED),
        )  # fmt: skip

    def _row(self, key: str | None) -> repairs.Row | None:
        return next((row for row in self.listed if str(row.sample_id) == key), None)

    def pair(self, key: str | None, width: int, height: int) -> list[Content]:
        row = self._row(key)
        if row is None:
            return []
        done = "applied" if row.applied else "open"
        told = f"{row.confidence:.2f}, {done}"
        lines = [
            Content.assemble((charts.fit(_change(row), max(8, width - len(told) - 1)), STRONG), " ", (told, MUTED))
        ]
        lines += charts.prose(row.reason, width, WARNING, most=2)
        own = self.texts.get(row.sample_id)
        other = self.texts.get(row.other_id) if row.other_id is not None else None
        text = own.text if own is not None else row.text
        if other is None:
            return [*lines, *charts.prose(text, width, most=max(1, height - len(lines)))]
        return lines + shown.side_by_side(
            (f"sample {row.sample_id:,}", text), (f"refers to {other.id:,}  {shown.label(other.label)}", other.text),
            width, height - len(lines), marks=False,
        )  # fmt: skip

    def sample(self, key: str | None) -> Row | None:
        return self.texts.get(int(key)) if key is not None else None

    def slice(self, key: str | None) -> str:
        """The proposals in Review, where a person decides; the most certain first."""
        if not self.counts:
            raise UsageError("No proposal is stored, so there is nothing to open: r runs the chain.")
        if self.state == "applied":
            return f"repair:applied sort:-repair.{self.step}"
        return f"repair:open sort:-repair.{self.step}"


def _change(row: repairs.Row) -> str:
    arrow = charts.glyphs().arrow
    if row.label is None:
        return "corrected text" if row.given is None else f"{shown.label(row.given)}: text or soft label"
    return f"{shown.label(row.given)} {arrow} {shown.label(row.label)}"


def _previewed(
    sample_id: int,
    text: str,
    reason: str,
    other_id: int | None,
    given: Any = None,
    label: Any = None,
    confidence: float = 0.0,
    applied: bool = False,
) -> repairs.Row:
    """A proposal as a preview's result holds it."""
    corrected = label is None  # a text, not a label
    return repairs.Row(sample_id, None if corrected else given, label, confidence, reason, other_id, applied, text)


def read(store: Store, one: About, newest: Job | None, state: State) -> Repairs:
    """What is in force of a step; what the newest job said of it."""
    found = Repairs(one, state)
    found.result = (newest.result if newest is not None else None) or {}
    found.preview = newest is not None and bool(newest.parameters.get("preview"))
    found.counts = repairs.counts(store).get(one.name, {})
    if found.counts:
        found.listed = repairs.listed(store, one.name, state, LISTED)
    else:
        examples = shown.total_of(found.result, "examples", one.name) or []
        found.listed = [_previewed(*row) for row in examples]
    found.texts = shown.read_rows(store, [part for row in found.listed for part in (row.sample_id, row.other_id)])
    return found
