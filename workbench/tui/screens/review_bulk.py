"""Review's acts on many samples: what is marked, else the whole view; always after a question; one undo takes all back."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence

from workbench.store import acts, samples
from workbench.store.acts import Act, Change
from workbench.text import clean
from workbench.tui.messages import Progress
from workbench.tui.screens.review_edit import Editing
from workbench.tui.widgets.lines import number, safe
from workbench.tui.writing import in_words

EXAMPLES = 3


class Bulk(Editing):
    """Marks, and acts on what is marked or listed."""

    bulk_running = False
    last_mark: int | None = None

    def action_mark(self) -> None:
        sample_id = self.list.current
        if sample_id is None:
            return
        self.list.marked ^= {sample_id}
        self.last_mark = self.list.cursor
        self.list.refresh()
        self.list.move_to(self.list.cursor + 1)
        self.show_current()

    def action_mark_range(self) -> None:
        if self.listing is None or self.list.current is None:
            return
        start = self.list.cursor if self.last_mark is None else self.last_mark
        low, high = sorted((start, self.list.cursor))
        self.list.marked.update(self.listing.rows[low : high + 1])
        self.last_mark = self.list.cursor
        self.list.refresh()
        self.draw_titles()

    def action_unmark(self) -> None:
        self.list.marked.clear()
        self.last_mark = None
        self.list.refresh()
        self.draw_titles()

    def action_accept_all(self) -> None:
        self.begin_asking(self._bulk("accept", "Accept", Change(status="accepted")))

    def action_reject_all(self) -> None:
        self.begin_asking(self._bulk("reject", "Reject", Change(status="rejected")))

    def action_flag_all(self) -> None:
        self.begin_asking(self._bulk("flag", "Flag", Change(status="flagged")))

    def action_label_all(self) -> None:
        self.begin_asking(self._label_all())

    async def _label_all(self) -> None:
        label = await self.ask_any("Label for all of them")
        if label is not None:
            said = safe(in_words(label), limit=60)
            await self._bulk("label", f"Label as {said} and accept", Change(label=label, status="accepted"))

    async def _targets(self) -> Sequence[int]:
        """What is marked, else every sample of the view (waits until the thread has all)."""
        if self.list.marked:
            return sorted(self.list.marked)
        listing = self.listing
        if listing is None:
            return []
        while not listing.finished:
            self.say("Reading the view to its end…")
            await asyncio.sleep(0.05)
        return array("q", listing.ids)

    async def _bulk(self, kind: str, title: str, change: Change) -> None:
        from workbench.tui.widgets.prompts import Confirm

        if self.bulk_running:
            self.say("Another bulk act is still being applied.")
            return
        marked = bool(self.list.marked)
        ids = await self._targets()
        if not ids:
            self.say("There is nothing in this view to act on.")
            return
        count = f"{number(len(ids))} sample{'s' if len(ids) > 1 else ''}"
        where = "marked" if marked else "of this view"
        shown = samples.rows(self.store, list(ids[:EXAMPLES]))
        lines = [f"#{row.id}  {clean(row.text, limit=60)}" for row in shown.values()]
        lines += [f"… and {number(len(ids) - EXAMPLES)} more"] if len(ids) > EXAMPLES else []
        hit = await self.read(lambda store: samples.kinds(store, ids))
        if hit:
            lines += ["", "Of these: " + ", ".join(f"{number(n)} {kind}" for kind, n in hit.items()) + "."]
        if not await self.ask(Confirm(f"{title} {count} {where}?", [*lines, "", "One undo takes it all back."])):
            self.say("Nothing was changed.")
            return
        self.bulk_running = True
        try:
            act = await asyncio.to_thread(self._apply, list(ids), change, kind, title)
        finally:
            self.bulk_running = False
        self.list.marked.clear()
        self.list.reread()
        self.list.refresh()
        self.show_current()
        self.follow(act.total)
        self.say(f"Done: {title.lower()} {number(act.total)}. One undo takes it back.")

    def _apply(self, ids: list[int], change: Change, kind: str, title: str) -> Act:
        """In a thread with a store of its own: labelling goes on meanwhile."""
        with self.store.clone(durable=True) as store:
            return acts.apply(
                store, self.annotator_id, ids, change, kind=kind,
                progress=lambda done, total: _tell(self, Progress(title, done, total)),
            )  # fmt: skip

    def on_progress(self, message: Progress) -> None:
        self.say(f"{message.title}: {number(message.done)} of {number(message.total)}")


def _tell(screen: Bulk, message: Progress) -> None:
    if screen.is_running:
        screen.post_message(message)
