"""Samples that a filter dropped for the same kept one: the groups, and each member beside its representative."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual.content import Content

from workbench.errors import UsageError
from workbench.store import curation
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import MUTED, STRONG, WARNING
from workbench.tui.widgets.curation import shown
from workbench.tui.widgets.curation.chain import About
from workbench.tui.widgets.curation.shown import Reading, Shown

#: Groups, and members of one, that are listed.
LISTED, MEMBERS = 200, 200

#: Sample, text, reason, similarity.
Member = tuple[int, str, str, float | None]


class Groups(Shown):
    """The largest groups first; ``opened`` is the representative whose members are listed."""

    view: ClassVar[str] = "groups"

    def __init__(self, step: str, groups: list[tuple[int, int]], texts: dict[int, Row]) -> None:
        super().__init__(step)
        self.groups = groups
        self.texts = texts
        self.wanted: int | None = groups[0][0] if groups else None
        self.opened: int | None = None
        self.members: list[Member] = []
        self.member_rows: dict[int, Row] = {}

    def lacks(self) -> Reading | None:
        wanted = self.wanted
        if wanted is None or wanted == self.opened:
            return None

        def read_them(store: Store) -> Callable[[], None]:
            members = curation.members(store, self.step, wanted, MEMBERS)
            return partial(self.take, wanted, members, shown.read_rows(store, [member[0] for member in members]))

        return read_them

    def take(self, representative: int, members: list[Member], rows: dict[int, Row]) -> None:
        """Show the members of a group."""
        self.opened, self.members, self.member_rows = representative, members, rows

    def texts_shown(self) -> Iterable[dict[int, Row]]:
        return self.texts, self.member_rows

    def figure(self, width: int, height: int) -> list[Content]:
        if not self.groups:
            text = "No sample is dropped for another one by this step: r runs the chain, then its groups are here."
            return charts.prose(text, width, MUTED)
        more = f"the largest {LISTED}" if len(self.groups) == LISTED else f"{len(self.groups):,} groups"
        dropped = sum(count for _, count in self.groups)
        said = f"{more}, {dropped:,} samples dropped for a kept one"
        return [
            Content.styled(charts.fit(said, width).rstrip(), MUTED),
            Content.styled(charts.fit(" size   kept", width).rstrip(), MUTED),
        ]

    def tops(self, width: int) -> list[tuple[str, Content]]:
        made = []
        for representative, count in self.groups:
            text = self.texts[representative].text if representative in self.texts else ""
            made.append(
                (
                    str(representative),
                    Content.assemble(
                        (f"{count + 1:>5,} ", STRONG), (f"{representative:>6,} ", MUTED),
                        charts.fit(text, max(8, width - 13)),
                    ),
                )
            )  # fmt: skip
        return made

    def heading(self) -> str:
        if self.opened is None:
            return ""
        count = next((count for one, count in self.groups if one == self.opened), 0)
        first = f", the first {len(self.members)}" if 0 < len(self.members) < count else ""
        return f"Dropped for sample {self.opened:,}{first}"

    def rows(self, width: int) -> list[tuple[str, Content]]:
        made = []
        for sample_id, text, reason, value in self.members:
            row = self.member_rows.get(sample_id)
            right = "overruled" if row is not None and row.status == "accepted" else reason
            number = "" if value is None else f"{value:.2f}"
            sign = shown.mark(row, dropped=True)
            made.append((str(sample_id), shown.row_line(sign, sample_id, number, text, right, width)))
        return made

    def pair(self, key: str | None, width: int, height: int) -> list[Content]:
        found = next((member for member in self.members if str(member[0]) == key), None)
        if found is None or self.opened is None:
            return []
        sample_id, text, reason, _ = found
        row = self.member_rows.get(sample_id)
        kept = self.texts.get(self.opened)
        lines = charts.prose(reason, width, WARNING, most=2)
        title = f"overruled {sample_id:,}" if row is not None and row.status == "accepted" else f"dropped {sample_id:,}"
        return lines + shown.side_by_side(
            (f"kept {self.opened:,}", kept.text if kept is not None else ""),
            (title, row.text if row is not None else text),
            width,
            height - len(lines),
        )

    def sample(self, key: str | None) -> Row | None:
        return self.member_rows.get(int(key)) if key is not None else None

    def slice(self, key: str | None) -> str:
        """The whole group, its representative first."""
        if self.opened is None:
            raise UsageError("There is no group to open: r runs the chain.")
        ids = [self.opened, *(member[0] for member in self.members)]
        return f"id:{','.join(str(one) for one in ids)}"


def read(store: Store, one: About) -> Groups:
    """The groups of a step, the first one opened."""
    groups = curation.groups(store, one.name, LISTED)
    found = Groups(one.name, groups, shown.read_rows(store, [representative for representative, _ in groups]))
    if (first := found.lacks()) is not None:
        first(store)()
    return found
