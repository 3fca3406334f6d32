"""The scores of a step: their histogram, the line that is drawn through them, the samples on both sides of it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import curation, cuts
from workbench.store.connection import Store
from workbench.store.cuts import Steps
from workbench.store.jobs import Job
from workbench.store.samples import Row
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, WARNING
from workbench.tui.widgets.curation import shown
from workbench.tui.widgets.curation.chain import About
from workbench.tui.widgets.curation.shown import Reading, Shown

#: Samples on each side of the line, and drops where a step has no number, that are listed.
EXAMPLES = 40
#: The share that a line drops at first, where the threshold is off.
FEW = 0.05
#: Lines that a coarse key moves by.
COARSE = 10


@dataclass(slots=True)
class Sides:
    """The samples nearest to a line: below it (nearest last) and from it upwards (nearest first), each (id, value, text)."""

    line: float
    under: int
    below: list[tuple[int, float, str]] = field(default_factory=list)
    above: list[tuple[int, float, str]] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    said: Mapping[int, tuple[str, int | None]] = field(default_factory=dict)


def read_sides(store: Store, name: str, step: str, line: float, under: int | None = None) -> Sides:
    """The samples on both sides of ``line``: short reads of the index. ``under`` is how many are below it, if known."""
    below = curation.near(store, name, line, EXAMPLES, above=False)[::-1]
    above = curation.near(store, name, line, EXAMPLES, above=True)
    ids = [row[0] for row in (*below, *above)]
    said = cuts.said(store, step, ids) if ids else {}
    rows = shown.read_rows(store, [*ids, *(other for _, other in said.values())])
    return Sides(line, cuts.under(store, name, line) if under is None else under, below, above, rows, said)


class Scores(Shown):
    """A filter's numbers. ``line`` is where the threshold would be; ``sides`` may be of a moment ago."""

    view: ClassVar[str] = "scores"

    def __init__(self, one: About, steps: Steps | None) -> None:
        super().__init__(one.name)
        self.one = one
        self.name = f"filter.{one.name}"
        self.steps = steps
        self.line = one.threshold
        self.sides: Sides | None = None
        self.drops: list[tuple[int, str, str, int | None]] = []
        self.drop_rows: dict[int, Row] = {}
        self.total = 0
        self.stored = True  # the drops are verdicts in force, not a preview's
        self.rules: Mapping[str, int] = {}
        self.checked = 0

    @property
    def movable(self) -> bool:
        """Whether there is a line to move."""
        return self.steps is not None and self.one.cut is not None and self.line is not None

    @property
    def moved(self) -> bool:
        """Whether the line is elsewhere than the chain's threshold."""
        return self.movable and self.line != self.one.threshold

    def move(self, by: int) -> bool:
        """Draw the line ``by`` steps further; False where there is none to move. A threshold that is off gets a line that
        drops a small share."""
        if self.steps is None or not self.steps.total or self.one.cut is None:
            return False
        if self.line is None:
            share = self.steps.total * (1 - FEW if self.drops_above else FEW)
            self.line = self.steps.edges[bisect_left(self.steps.below, share)]
            return True
        self.line = self.steps.moved(self.line, by)
        return True

    def describe(self, one: About) -> None:
        if one.threshold != self.one.threshold:
            self.line = one.threshold
        self.one = one

    def lacks(self) -> Reading | None:
        line = self.line
        if not self.movable or line is None or (self.sides is not None and self.sides.line == line):
            return None

        under = self.steps.under(line) if self.steps is not None else None

        def read_them(store: Store) -> Callable[[], None]:
            sides = read_sides(store, self.name, self.step, line, under)
            return lambda: setattr(self, "sides", sides)

        return read_them

    def texts_shown(self) -> Iterable[dict[int, Row]]:
        return (self.drop_rows, self.sides.rows) if self.sides is not None else (self.drop_rows,)

    @property
    def unmeasured(self) -> bool:
        """Whether the line is where the step measures nothing: it gave no number to samples that it keeps."""
        if (
            self.steps is None
            or self.line is None
            or self.steps.total >= self.checked
            or self.line == self.one.threshold
        ):
            return False
        under = self.steps.under(self.line)
        return under == (0 if self.drops_above else self.steps.total)

    @property
    def drops_above(self) -> bool:
        return self.one.cut is not None and self.one.cut[1] == "above"

    def dropping(self) -> int | None:
        """How many numbers lie on the side that is dropped; None while that is read."""
        if self.steps is None or self.line is None:
            return None
        under = self.steps.under(self.line)
        if under is None and self.sides is not None and self.sides.line == self.line:
            under = self.sides.under
        return None if under is None else self.steps.total - under if self.drops_above else under

    def figure(self, width: int, height: int) -> list[Content]:
        if self.one.problem:
            return charts.prose(self.one.problem, width, ERROR)
        lines = charts.prose(self.one.summary, width, MUTED, most=2)
        if self.steps is not None and self.steps.total and height <= shown.LOW:
            lines = []
        if self.steps is None or not self.steps.total:
            counted = bool(self.drops or self.total)  # a filter without a number of its own has no histogram
            if not counted:
                lines.append(Content.styled("No numbers yet: p counts, r runs.", MUTED))
            return [*lines, *self._rules(width, height)]
        if self.one.cut is None and sum(count > 0 for count in self.steps.counts) < 2:
            return [*lines, *self._rules(width, height)]  # all have one and the same number: nothing to see
        low, high, counts = _columns(self.steps, width)
        side = self.one.cut[1] if self.one.cut else ""
        lines += charts.histogram(
            low, high, counts, width, height=height, threshold=self.line, drops=side, whole=self.one.whole
        )
        return [*lines, *self._counted(width), *self._rules(width, height)]

    def _counted(self, width: int) -> list[Content]:
        dropping = self.dropping()
        if dropping is None or self.steps is None or self.line is None:
            return []
        around = "" if self.one.pointwise else "at least " if self.unmeasured else "about "
        total = max(self.checked, self.steps.total)
        text = f"drops {around}{dropping:,}, keeps {total - dropping:,}"
        share = f" ({dropping / total:.1%})" if total else ""
        lines = [Content.assemble((text, STRONG), (share, MUTED))[:width]]
        # Always a line: the list below must not jump when the first key moves the threshold.
        said, style = "left and right move the line", MUTED
        if self.moved:
            now = "off" if self.one.threshold is None else self._number(self.one.threshold)
            then = self._number(self.line)
            said = f"moved: t sets {then}, now {now}"
            style = WARNING
            if self.unmeasured:
                said = f"unmeasured: t sets {then}, p counts"
        lines.append(Content.styled(charts.fit(said, width).rstrip(), style))
        return lines

    def _rules(self, width: int, height: int) -> list[Content]:
        """Pass rates of a filter with several rules."""
        if len(self.rules) < 2:
            return []
        most = sorted(self.rules.items(), key=lambda item: -item[1])
        if height <= shown.LOW:
            told = ", ".join(f"{name} {count:,}" for name, count in most)
            return charts.prose(f"by rule: {told}", width, MUTED, most=2)
        lines = [Content.styled("drops by rule, and the share that passes", MUTED)]
        width_of_name = min(max(len(name) for name, _ in most), max(8, width - 18))
        for name, count in most[:4]:
            passes = f"{1 - count / self.checked:>7.1%}" if self.checked else ""
            lines.append(
                Content.assemble(charts.fit(name, width_of_name), (f"{count:>8,}", STRONG), (passes, MUTED))[:width]
            )
        if len(most) > 4:
            lines.append(Content.styled(f"and {len(most) - 4} more rules", MUTED))
        return lines

    def heading(self) -> str:
        if self.movable:
            return "Samples nearest to the line"
        what = "drops" if self.stored else "would drop"
        count = len(self.drops)
        more = f", the first {count}" if self.total > count > 0 else ""
        return f"{self.step} {what} {self.total:,}{more}"

    def rows(self, width: int) -> list[tuple[str, Content]]:
        if not self.movable:
            return [(str(drop[0]), self._drop_line(drop, width)) for drop in self.drops]
        if self.sides is None or self.line is None:
            return []
        kept, dropped = self.sides.below, self.sides.above
        if not self.drops_above:
            kept, dropped = self.sides.above[::-1], self.sides.below[::-1]
        made = [self._side_line(row, width, dropped=False) for row in kept]
        made.append(
            (f"{shown.BETWEEN}line", shown.between(f"{self._number(self.sides.line)}: dropped from here on", width))
        )
        return made + [self._side_line(row, width, dropped=True) for row in dropped]

    @property
    def middle(self) -> int:
        """The row where the line is."""
        if self.sides is None:
            return 0
        return len(self.sides.below if self.drops_above else self.sides.above)

    def _number(self, value: float) -> str:
        """A value with as many decimals as the lines have."""
        step = self.steps.step if self.steps is not None else 0.001
        digits = 0 if self.one.whole else max(2, math.ceil(-math.log10(step)))
        return f"{value:,.{digits}f}"

    def _side_line(self, row: tuple[int, float, str], width: int, *, dropped: bool) -> tuple[str, Content]:
        sample_id, value, text = row
        assert self.sides is not None
        found = self.sides.rows.get(sample_id)
        right = "overruled" if found is not None and found.status == "accepted" and dropped else ""
        sign = shown.mark(found, dropped=dropped)
        return str(sample_id), shown.row_line(sign, sample_id, f"{self._number(value):>6}", text, right, width)

    def _drop_line(self, drop: tuple[int, str, str, int | None], width: int) -> Content:
        sample_id, text, reason, _ = drop
        found = self.drop_rows.get(sample_id)
        overruled = found is not None and found.status == "accepted"
        sign = shown.mark(found, dropped=True)
        return shown.row_line(sign, sample_id, "", text, "overruled" if overruled else reason, width)

    def start(self) -> str | None:
        """The dropped sample nearest to the line."""
        if self.sides is None:
            return None
        side = self.sides.above[:1] if self.drops_above else self.sides.below[-1:]
        return str(side[0][0]) if side else None

    def _of(self, key: str | None) -> tuple[str, str, int | None, bool, str] | None:
        """(text, reason, other, whether it is on the dropped side, the other's text) of a row."""
        if key is None or key.startswith(shown.BETWEEN):
            return None
        sample_id = int(key)
        if not self.movable:
            drop = next((one for one in self.drops if one[0] == sample_id), None)
            if drop is None:
                return None
            row = self.drop_rows.get(drop[3]) if drop[3] is not None else None
            return self._text(self.drop_rows, sample_id, drop[1]), drop[2], drop[3], True, row.text if row else ""
        if self.sides is None:
            return None
        below = next((one for one in self.sides.below if one[0] == sample_id), None)
        found = below or next((one for one in self.sides.above if one[0] == sample_id), None)
        if found is None:
            return None
        dropped = (below is None) == self.drops_above
        reason, other = self.sides.said.get(sample_id) or self._previewed(sample_id)
        row = self.sides.rows.get(other) if other is not None else None
        row = row or (self.drop_rows.get(other) if other is not None else None)
        return self._text(self.sides.rows, sample_id, found[2]), reason, other, dropped, row.text if row else ""

    def _previewed(self, sample_id: int) -> tuple[str, int | None]:
        return next(((reason, other) for one, _, reason, other in self.drops if one == sample_id), ("", None))

    def _text(self, rows: Mapping[int, Row], sample_id: int, text: str) -> str:
        return rows[sample_id].text if sample_id in rows else text

    def pair(self, key: str | None, width: int, height: int) -> list[Content]:
        found = self._of(key)
        if found is None or key is None:
            return []
        text, reason, other, dropped, other_text = found
        what = "dropped" if dropped else "kept"
        if not self.stored or self.moved:
            what = "would be " + what
        elif dropped and not reason:
            what = "over the line, not dropped by this step:"
        if other is None or not other_text:
            return shown.alone(f"{what} {int(key):,}", reason, text, width, height)
        lines = charts.prose(reason, width, WARNING, most=2)
        lines += shown.side_by_side(
            (f"{what} {int(key):,}", text), (f"refers to {other:,}", other_text), width, height - len(lines)
        )
        return lines

    def sample(self, key: str | None) -> Row | None:
        if key is None or key.startswith(shown.BETWEEN):
            return None
        rows = self.sides.rows if self.movable and self.sides is not None else self.drop_rows
        return rows.get(int(key))

    def slice(self, key: str | None) -> str:
        """The side of the line that the row is on; without a row what the step drops, if that is in force."""
        found = self._of(key)
        if self.movable and self.line is not None and (found is not None or self.moved or not self.stored):
            above = self.drops_above if found is None else found[3] == self.drops_above
            order = "" if above else "-"
            sign = ">=" if above else "<"
            return f"score.{self.name}{sign}{shown.plain(self.line)} sort:{order}{self.name}"
        if self.stored and self.total:
            return f"dropped:{self.step}"
        raise UsageError(
            "Nothing that this step dropped is in force, so there is nothing to open: r runs the chain."
            if self.stored
            else "A preview stores no verdicts, so there is nothing to open: r runs the chain."
        )


def _columns(steps: Steps, width: int) -> tuple[float, float, list[int]]:
    """(lowest, highest, counts) of so many lines a column that the columns fit ``width``, and hold some samples each."""
    counts: Sequence[int] = steps.counts
    most = max(12, min(width, int(2 * math.sqrt(steps.total))))
    each = -(-len(counts) // max(1, most))
    made = [sum(counts[start : start + each]) for start in range(0, len(counts), each)]
    return steps.edges[0], steps.edges[0] + len(made) * each * steps.step, made


def read(store: Store, one: About, newest: Job | None) -> Scores:
    """A filter's scores and examples: of ``newest`` if that was a preview, else of the verdicts in force."""
    name = f"filter.{one.name}"
    found = Scores(one, None if one.problem else cuts.steps(store, name, around=one.threshold, whole=one.whole))
    result = (newest.result if newest is not None else None) or {}
    found.checked = int(result.get("checked") or 0)
    found.rules = shown.total_of(result, "rules", one.name) or {}
    if newest is not None and newest.parameters.get("preview"):
        found.stored = False
        rows = shown.total_of(result, "examples", one.name) or []
        found.drops = [(int(row[0]), str(row[1]), str(row[2]), row[3]) for row in rows]
        found.total = int(shown.total_of(result, "dropped", one.name) or len(rows))
    else:
        found.drops = curation.dropped_examples(store, one.name, EXAMPLES)
        found.total = curation.drops_by_filter(store).get(one.name, 0)
    found.drop_rows = shown.read_rows(store, [part for drop in found.drops for part in (drop[0], drop[3])])
    if found.movable and found.steps is not None and found.line is not None:
        # A step that gives no number to what it keeps has nothing on that side of its line; the line must go there too.
        beyond = 0 if found.drops_above else found.steps.total
        if found.steps.under(found.line) == beyond and found.steps.total < found.checked:
            reach = max(found.steps.edges[-1] - found.steps.edges[0], abs(found.line) / 4)
            far = found.line - reach if found.drops_above else found.line + reach
            found.steps = cuts.steps(store, name, around=far, whole=one.whole)
        found.sides = read_sides(store, name, one.name, found.line)
    return found
