"""What the views of Curate's right pane have in common: read in a thread, drawn at any size, sent to Review as a slice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.text import clean
from workbench.tui.differences import brief
from workbench.tui.marks import Spans, differing
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import MUTED, STRONG, WARNING
from workbench.tui.widgets.contents import marked

if TYPE_CHECKING:
    from workbench.tui.widgets.curation.chain import About

#: Reads in a thread; what it gives takes over what was read, in the screen's own.
Reading = Callable[[Store], Callable[[], None]]
#: Characters of a text that a pair of samples shows.
SHOWN = 4_000
#: Lines of a chart on a low screen, where summaries give way to it.
LOW = 3
#: Cells that two texts side by side need.
BESIDE = 44
#: Words that only one of two texts has.
DIFFERS = "$text-warning underline"
#: Rows whose key begins so stand between others and cannot be picked.
BETWEEN = "-"


class Shown:
    """One view of one step. ``rows`` and ``tops`` are lists of (key, line); a key that begins with ``BETWEEN`` cannot be
    picked."""

    view: ClassVar[str] = ""

    def __init__(self, step: str) -> None:
        self.step = step
        self.stamp = 0  # goes up with every change that the lists show

    def describe(self, one: About) -> None:
        """The step's parameters changed."""

    def lacks(self) -> Reading | None:
        """What is to be read after a key moved something; None when everything is there."""
        return None

    def accepted(self, sample_id: int) -> None:
        """A person accepted a sample."""
        for rows in self.texts_shown():
            if sample_id in rows:
                rows[sample_id] = replace(rows[sample_id], status="accepted")

    def texts_shown(self) -> Iterable[dict[int, Row]]:
        """The samples that are held, by number."""
        return ()

    def figure(self, width: int, height: int) -> list[Content]:
        """What stands on top: a chart of about ``height`` lines, with its words."""
        return []

    def tops(self, width: int) -> list[tuple[str, Content]]:
        """A list above the rows, where the rows belong to one of its lines."""
        return []

    def heading(self) -> str:
        """The title of the rows."""
        return ""

    def rows(self, width: int) -> list[tuple[str, Content]]:
        """The list below the figure."""
        return []

    def start(self) -> str | None:
        """The row that the cursor begins on."""
        return None

    def pair(self, key: str | None, width: int, height: int) -> list[Content]:
        """The row in full, beside the sample that it refers to."""
        return []

    def sample(self, key: str | None) -> Row | None:
        """The sample of a row that a person may accept."""
        return None

    def slice(self, key: str | None) -> str:
        """The row's slice of the data as a view for Review; None is the view's own. Raises ``UsageError`` for none."""
        raise UsageError("There is nothing here to open in Review.")


def read_rows(store: Store, ids: Sequence[int | None]) -> dict[int, Row]:
    """Samples by number, as lists show them."""
    wanted = sorted({one for one in ids if one is not None})
    return samples.rows(store, wanted) if wanted else {}


def mark(row: Row | None, *, dropped: bool) -> tuple[str, str]:
    """(mark, style) of a sample: ``+`` when a person accepted it, ``x`` dropped, a point otherwise."""
    if row is not None and row.status == "accepted":
        return "+", charts.SUCCESS
    return ("x", WARNING) if dropped else ("·" if not charts.ascii_only() else ".", MUTED)


def row_line(sign: tuple[str, str], sample_id: int, value: str, text: str, right: str, width: int) -> Content:
    """``x     18 .91  I am still waiting ...   overruled``: the text gives way first."""
    left = [(f"{sign[0]} ", sign[1]), (f"{sample_id:>6,} ", MUTED)]
    if value:
        left.append((f"{value} ", STRONG))
    used = sum(len(part) for part, _ in left)
    room = max(8, width - used)
    beside = min(len(right), room * 2 // 5) if right else 0
    parts: list[tuple[str, str]] = [*left, (charts.fit(text, room - beside - (1 if beside else 0)), "")]
    if beside:
        parts.append((" " + charts.fit(right, beside), MUTED))
    return Content.assemble(*parts)


def between(text: str, width: int) -> Content:
    """A line between rows: ``--- threshold 0.780 -------``."""
    dash = charts.glyphs().line
    shown = charts.fit(text, min(len(clean(text)), width - 5)).rstrip()
    return Content.styled(f"{dash * 2} {shown} {dash * max(0, width - len(shown) - 4)}"[:width], MUTED)


def label(value: Any) -> str:
    """A label as one short line; ``no label`` for None."""
    if value is None:
        return "no label"
    return clean(value if isinstance(value, str) else str(value), limit=80)


def side_by_side(
    left: tuple[str, str], right: tuple[str, str], width: int, height: int, *, marks: bool = True
) -> list[Content]:
    """Two titled texts beside each other, differences underlined; where that is too narrow, one text with the words of
    only the first in [-...-], of only the second in {+...+}."""
    texts = [clean(text, multiline=True, limit=SHOWN) for _, text in (left, right)]
    found = differing(texts[0], texts[1]) if marks else None
    if found is not None and width < BESIDE:
        title = charts.fit(f"[-{left[0]}-] {{+{right[0]}+}}", width).rstrip()
        return [Content.styled(title, MUTED), *charts.prose(brief(texts[0], texts[1]), width, most=max(1, height - 1))]
    spans: tuple[Spans, Spans] = found or ((), ())
    half = max(8, (width - 3) // 2)
    bar = "|" if charts.ascii_only() else "│"
    columns = [_marked(texts[at], spans[at], half, height - 1) for at in (0, 1)]
    lines = [
        Content.assemble((charts.fit(left[0], half), MUTED), (f" {bar} ", MUTED), (charts.fit(right[0], half), MUTED))
    ]
    for place in range(max(map(len, columns))):
        first, second = (column[place] if place < len(column) else Content("") for column in columns)
        lines.append(Content.assemble(first.pad_right(max(0, half - first.cell_length)), (f" {bar} ", MUTED), second))
    return lines


def _marked(text: str, spans: Spans, width: int, most: int) -> list[Content]:
    lines = [Content.assemble(*line) for line in marked(text, spans, width, "", DIFFERS)]
    if len(lines) <= most:
        return lines
    last = lines[most - 1].plain[: width - 1].rstrip() + charts.glyphs().cut
    return [*lines[: most - 1], Content(last)]


def alone(title: str, reason: str, text: str, width: int, height: int) -> list[Content]:
    """One sample in full with its reason above."""
    lines = charts.prose(reason, width, WARNING, most=2) if reason else []
    lines.append(Content.styled(charts.fit(title, width).rstrip(), MUTED))
    return [*lines, *charts.prose(text, width, most=max(1, height - len(lines)))]


def number(value: float) -> str:
    """A score's value, short and plain: ``0.78``, ``-1.25``, ``12``, ``1,240``."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def plain(value: float) -> str:
    """A number as a view's term reads it."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def total_of(found: Mapping[str, Any] | None, *path: str) -> Any:
    """A value deep inside a job's result, or None."""
    value: Any = found
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
