"""The list of a view's samples, drawn a line at a time; rows are read a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Region
from textual.strip import Strip

from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import Row
from workbench.text import clean
from workbench.tui import highlights
from workbench.tui.highlights import Highlights
from workbench.tui.listing import Listing
from workbench.tui.summaries import Summaries
from workbench.tui.widgets.lines import Lines, Run, cut, number, safe
from workbench.tui.writing import in_words

SIGNS = {"pending": "o", "accepted": "+", "rejected": "x", "flagged": "!"}
#: Rows kept; read again when somebody committed.
CACHE = 400


class SampleList(Lines, can_focus=True):
    """Columns: cursor and mark, number, sign of the status, label, text. Line 0 is the pane's title."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "list--title", "list--row", "list--cursor", "list--left", "list--pending", "list--accepted", "list--rejected",
        "list--flagged", "list--hit",
    }  # fmt: skip
    DEFAULT_CSS = """
    SampleList {
        width: 9fr; height: 1fr;
        & > .list--title { color: $text-muted; background: $panel; }
        & > .list--row { color: $foreground; background: $background; }
        & > .list--cursor { color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold; }
        & > .list--left { color: $text-muted; background: $background; }
        & > .list--pending { color: $text-muted; background: $background; }
        & > .list--accepted { color: $text-success; background: $background; }
        & > .list--rejected { color: $rejected; background: $background; }
        & > .list--flagged { color: $text-warning; background: $background; }
        & > .list--hit { color: $accent; background: $background; text-style: underline; }
    }
    """

    def __init__(self, label_width: int = 20, summaries: Summaries | None = None) -> None:
        super().__init__()
        self.label_width = min(20, label_width)  # cells of the longest label; 0: there are no labels
        self.summaries = None if summaries is None or summaries.plain else summaries
        self.listing: Listing | None = None
        self.store: Store | None = None
        self.mine: int | None = None  # who reads blind
        self.title = ""
        self.top = 0
        self.cursor = 0
        self.marked: set[int] = set()
        self.empty: list[str] = []
        self._rows: dict[int, Row] = {}
        self._left: set[int] = set()  # of those, what no longer meets the view
        self._asks_left = False  # nothing leaves a view before somebody has committed
        self.highlights = highlights.NOTHING
        self._strips: dict[tuple[int, bool, str], tuple[Row, int, Strip]] = {}

    @property
    def height(self) -> int:
        """Rows that fit under the title."""
        return max(1, self.outer_size.height - 1)

    def open(self, store: Store, listing: Listing) -> None:
        """Show another view from its first row."""
        self.store, self.listing = store, listing
        self.top = self.cursor = 0
        self._forget()
        self._asks_left = False
        self.refresh()

    def __len__(self) -> int:
        return len(self.listing.rows) if self.listing else 0

    @property
    def current(self) -> int | None:
        """The id of the sample under the cursor."""
        return self.listing.rows[self.cursor] if self.listing and self.cursor < len(self) else None

    def row(self, sample_id: int) -> Row | None:
        """What the list shows of a sample; read with its neighbours when it is not at hand."""
        if sample_id not in self._rows:
            self._read(self.top)
            if sample_id not in self._rows:
                self._fetch([sample_id])
        return self._rows.get(sample_id)

    def _fetch(self, ids: Sequence[int]) -> None:
        if self.store is None or self.listing is None or not ids:
            return
        rows = samples.rows(self.store, ids, mine=self.mine)
        if self.summaries is not None:
            rows = self.summaries.of(self.store, rows, mine=self.mine)
        self._rows.update(rows)
        self._left.difference_update(ids)
        if self._asks_left:
            self._left |= self.listing.left(self.store, rows)

    def _forget(self) -> None:
        self._rows.clear()
        self._left.clear()

    def _read(self, start: int) -> None:
        if self.listing is None or self.store is None:
            return
        if len(self._rows) > CACHE:
            self._forget()
        page = self.height
        wanted = self.listing.rows[max(0, start - page // 2) : start + page + page // 2]
        self._fetch([sample_id for sample_id in wanted if sample_id not in self._rows])

    def reread(self, ids: Sequence[int] | None = None) -> None:
        """Read rows anew: those of an act, or all that are visible; lines that differ are drawn."""
        if self.listing is None or self.store is None:
            return
        visible = self.listing.rows[self.top : self.top + self.height]
        wanted = [sample_id for sample_id in visible if ids is None or sample_id in ids]
        before = {sample_id: (self._rows.get(sample_id), sample_id in self._left) for sample_id in wanted}
        self._asks_left = True
        if ids is None:
            self._forget()
        self._fetch(wanted)
        for offset, sample_id in enumerate(visible):
            now = (self._rows.get(sample_id), sample_id in self._left)
            if sample_id in before and before[sample_id] != now:
                self._draw_row(self.top + offset)

    def move_to(self, index: int, *, line: int | None = None) -> bool:
        """Put the cursor on a row (the nearest there is), scrolling no more than needed; ``line`` wishes it there.

        True when the cursor moved or the rows scrolled.
        """
        index = max(0, min(index, len(self) - 1))
        before, top = self.cursor, self.top
        self.cursor = index
        if line is not None:
            self.top = index - line
        elif index < self.top:
            self.top = index
        elif index >= self.top + self.height:
            self.top = index - self.height + 1
        self.top = max(0, min(self.top, max(0, len(self) - self.height)))
        if self.top != top:
            self._read(self.top)
            self.refresh(Region(0, 1, self.outer_size.width, self.height))
        elif before != index:
            self._draw_row(before)
            self._draw_row(index)
        return before != index or self.top != top

    def page(self, step: int) -> None:
        """Scroll by whole pages; the cursor keeps its line."""
        line = self.cursor - self.top
        target = self.top + step * self.height
        limit = max(0, len(self) - self.height)
        if self.top == max(0, min(target, limit)):
            self.move_to(0 if step < 0 else len(self) - 1)
        else:
            self.move_to(max(0, min(target, limit)) + line, line=line)

    def keep(self, sample_id: int | None) -> None:
        """The ids have changed: the cursor keeps its sample, on the line where it was."""
        index = None if sample_id is None or self.listing is None else self.listing.index(sample_id)
        line = self.cursor - self.top
        if index is not None:
            self.cursor = -1
            self.move_to(index, line=line)
        else:
            self.move_to(self.cursor)
        self.refresh()

    def _draw_row(self, index: int) -> None:
        self.refresh(Region(0, index - self.top + 1, self.outer_size.width, 1))

    def draw_title(self, title: str) -> None:
        if title != self.title:
            self.title = title
            self.refresh(Region(0, 0, self.outer_size.width, 1))

    def on_resize(self) -> None:
        self.move_to(self.cursor)

    def highlight(self, wanted: Highlights) -> None:
        """Underline other words."""
        if wanted is not self.highlights:
            self.highlights = wanted
            self._strips.clear()
            self.refresh()

    def searched(self) -> str:
        """The row below the last one while the view is being read, and when that was given up."""
        listing = self.listing
        if listing is None or listing.finished or (listing.stopped and listing.total == len(listing.ids)):
            return ""
        if listing.stopped:
            return f"stopped at {listing.share:.0%}: R reads it again"
        return f"searching {listing.share:.0%}  (esc stops)"

    def draw_searched(self) -> None:
        """Draw what lies below the last row, if that is in sight."""
        y = len(self) - self.top + 1
        if 0 < y <= self.height:
            self.refresh(Region(0, y, self.outer_size.width, self.height - y + 1))

    def runs(self, y: int) -> Sequence[Run]:
        """The title, or what an empty list says; rows are made by ``render_line``."""
        if y == 0:
            return [(cut(f" {self.title}", self.outer_size.width), "list--title")]
        searched = self.searched()
        if searched and self.top + y - 1 == len(self):
            return [(f"  {searched}", "list--pending")]
        if searched:
            return []
        if len(self) == 0 and 0 <= y - 2 < len(self.empty):
            return [(f"  {self.empty[y - 2]}", "list--row")]
        return []

    def render_line(self, y: int) -> Strip:
        width = self.outer_size.width
        index = self.top + y - 1
        if y == 0 or self.listing is None or index >= len(self):
            return self.strip(self.runs(y), width)
        sample_id = self.listing.rows[index]
        row = self.row(sample_id)
        here = index == self.cursor
        if row is None:
            mark = "*" if sample_id in self.marked else " "
            return self.strip([(f"{'>' if here else ' '}{mark}{sample_id:>8}  deleted", "list--left")], width)
        left = sample_id in self._left
        mark = "*" if sample_id in self.marked else "~" if left else " "
        key = (sample_id, here, mark)
        made = self._strips.get(key)
        if made is None or made[0] is not row or made[1] != width:
            if len(self._strips) > CACHE:
                self._strips.clear()
            made = self._strips[key] = (row, width, self.strip(self._row_runs(row, width, mark, here, left), width))
        return made[2]

    def _row_runs(self, row: Row, width: int, mark: str, here: bool, left: bool) -> list[Run]:
        digits = max(3, len(str(self.listing.water if self.listing else 0)))
        label_width = 0 if width < 40 else min(self.label_width, width // 3)
        head = f"{'>' if here else ' '}{mark}{row.id:>{digits}} "
        sign = SIGNS.get(row.status, "?")
        name = "-" if row.label is None else safe(in_words(row.label), limit=label_width + 1)
        label = cut(name, label_width) + " " if label_width else ""
        text = cut(
            clean(row.text, limit=width),
            max(0, width - len(head) - len(sign) - 1 - (label_width + 1 if label_width else 0) - 1),
        )
        if here or left:
            return [(f"{head}{sign} {label}{text}{' ' if here else ''}", "list--cursor" if here else "list--left")]
        hit = self.highlights.painted((text, "list--row"), "list--hit") if self.highlights else []
        if row.status == "pending":
            if len(hit) < 2:
                return [(f"{head}{sign} {label}{text}", "list--row")]
            return [(f"{head}{sign} {label}", "list--row"), *hit]
        signed = [(head, "list--row"), (sign, f"list--{row.status}")]
        if len(hit) < 2:
            return [*signed, (f" {label}{text}", "list--row")]
        return [*signed, (f" {label}", "list--row"), *hit]

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def position(self) -> str:
        """``412 of 1,000,000``; what is not known yet is not guessed."""
        if self.listing is None:
            return ""
        total = self.listing.known()
        if not len(self):
            return "" if self.listing.finished else "searching"
        if self.listing.island is not None:
            return f"? of {total}"
        return f"{number(min(self.cursor + 1, len(self)))} of {total}"
