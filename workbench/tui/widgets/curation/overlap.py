"""Which steps drop the same samples: a small matrix, and the pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import curation
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import MUTED, STRONG
from workbench.tui.widgets.curation.chain import About
from workbench.tui.widgets.curation.shown import Shown

#: Cells of a column.
CELLS = 7


class Overlap(Shown):
    """``pairs`` are samples that two steps would drop, each alone (a preview's); ``in_force`` those that both did drop."""

    view: ClassVar[str] = "overlap"

    def __init__(
        self, step: str, names: Sequence[str], pairs: Mapping[tuple[str, str], int], alone: Mapping[str, int],
        in_force: Sequence[tuple[str, str, int]], job: int | None,
    ) -> None:  # fmt: skip
        super().__init__(step)
        self.names, self.pairs, self.alone, self.in_force, self.job = names, pairs, alone, in_force, job

    def figure(self, width: int, height: int) -> list[Content]:
        if self.job is None:
            return charts.prose(
                "Which steps drop the same samples is counted by a preview: p counts each step alone.", width, MUTED
            )
        said = f"both would drop, each alone (job {self.job})"
        lines = [Content.styled(charts.fit(said, width).rstrip(), MUTED)]
        longest = max((len(name) for name in self.names), default=4)
        column = max(10, min(longest, width // 2)) + 3
        room = max(1, (width - column) // CELLS)
        names = list(self.names)
        if len(names) > room:  # the columns that fit: those around the step under the cursor
            place = names.index(self.step) if self.step in names else 0
            start = max(0, min(place - room // 2, len(names) - room))
            shown_names = names[start : start + room]
        else:
            shown_names = names
        numbers = "".join(str(names.index(name) + 1).rjust(CELLS) for name in shown_names)
        lines.append(Content.styled(" " * column + numbers, MUTED))
        for place, name in enumerate(names, 1):
            parts = [(f"{place:>2} ", MUTED), (charts.fit(name, column - 3), STRONG if name == self.step else "")]
            for other in shown_names:
                if other == name:
                    count = self.alone.get(name)
                    parts.append(((f"({count:,})" if count is not None else "-").rjust(CELLS), MUTED))
                    continue
                both = self.pairs.get((name, other), 0)
                parts.append((f"{both:,}".rjust(CELLS) if both else ".".rjust(CELLS), STRONG if both else MUTED))
            lines.append(Content.assemble(*parts)[:width])
        return [*lines, Content.styled(charts.fit("(n) is what the step drops alone", width).rstrip(), MUTED)]

    def heading(self) -> str:
        if not self.in_force:
            return "In force: none is dropped by two steps"
        return "In force: dropped by two steps"

    def rows(self, width: int) -> list[tuple[str, Content]]:
        return [
            (
                f"{first}|{second}",
                Content.assemble((f"{count:>7,} ", STRONG), charts.fit(f"{first} and {second}", max(8, width - 8))),
            )
            for first, second, count in self.in_force
        ]

    def slice(self, key: str | None) -> str:
        pair = next((row for row in self.in_force if f"{row[0]}|{row[1]}" == key), None)
        if not self.in_force:
            raise UsageError(
                "No sample in force is dropped by two steps, so there is nothing to open; r runs the chain."
            )
        if pair is None:
            raise UsageError("Choose two steps in the list below (d goes there); only what is in force can be opened.")
        return f"dropped:{pair[0]} dropped:{pair[1]}"


def read(store: Store, one: About, previewed: Job | None) -> Overlap:
    """The newest preview's overlap, and what is in force."""
    result = (previewed.result if previewed is not None else None) or {}
    pairs: dict[tuple[str, str], int] = {}
    for both, count in (result.get("overlap") or {}).items():
        first, _, second = str(both).partition("|")
        pairs[first, second] = pairs[second, first] = int(count)
    alone = result.get("alone") or {}
    return Overlap(
        one.name, list(alone), pairs, alone, curation.overlap(store), previewed.id if previewed and alone else None
    )
