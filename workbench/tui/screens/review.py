"""Review: moving about. Decisions are in ``review_decide.py``, labels in ``review_label.py``, corrections in
``review_edit.py``, bulk acts in ``review_bulk.py``, lists in ``review_views.py``."""

from __future__ import annotations

from workbench.tui.screens.review_versions import Versions


class ReviewScreen(Versions):
    """Three panes over one view; the cursor's sample is what everything else follows."""

    def _moved(self, index: int) -> None:
        if self.list.move_to(index):
            self.show_current()

    def action_down(self) -> None:
        self._moved(self.list.cursor + 1)

    def action_up(self) -> None:
        self._moved(self.list.cursor - 1)

    def action_page_down(self) -> None:
        self.list.page(1)
        self.show_current()

    def action_page_up(self) -> None:
        self.list.page(-1)
        self.show_current()

    def action_half_down(self) -> None:
        self._moved(self.list.cursor + self.list.height // 2)

    def action_half_up(self) -> None:
        self._moved(self.list.cursor - self.list.height // 2)

    def action_first(self) -> None:
        if self.listing is not None:
            self.listing.land()
            self.wants_end = False
            self.list.cursor = self.list.top = 0
            self.list.refresh()
            self.show_current()

    def action_last(self) -> None:
        if self.listing is None:
            return
        if not self.listing.end(self.store):
            self.wants_end = True
            self.say("Reading the view to its end…")
            return
        self.list.move_to(len(self.list) - 1)
        self.list.refresh()
        self.show_current()

    def action_scroll_down(self) -> None:
        self.pane.scroll_lines(max(1, self.pane.size.height // 2))

    def action_scroll_up(self) -> None:
        self.pane.scroll_lines(-max(1, self.pane.size.height // 2))
