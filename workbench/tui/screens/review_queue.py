"""Review: what to look at next, and why: a view in the order of a selection strategy."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import partial
from typing import Any

from workbench.store import choosing, samples, views
from workbench.store.connection import Store
from workbench.tui import queueing
from workbench.tui.listing import Listing
from workbench.tui.messages import Filled
from workbench.tui.queueing import Desk
from workbench.tui.screens.review_decide import learn_if_due
from workbench.tui.screens.review_people import People
from workbench.tui.widgets.lines import number

#: Times that a new order is read before it is put off because the person has moved on meanwhile.
TRIES = 3


class Queue(People):
    """What to look at next, and why.

    A queue is any view in the order of a strategy, best first. It is ordered anew behind what the person sees when a learn
    job has new scores, and passes over what others are working on.
    """

    strategy: str | None = None  # whose order the view has
    awaited: str | None = None  # a strategy whose first scores are being computed
    learnt = 0  # the learn job whose scores the order is of
    reranked = 0  # rows up to which nothing has moved, since the order was last changed; 0: it was not
    ordering = taking = False

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()

    def open_view(self, view: views.View, sample_id: int | None = None, **options: Any) -> None:
        """As ever; a queue's leases begin or end."""
        self.strategy, self.reranked = None, 0
        self.learnt = choosing.newest_learnt(self.store)
        super().open_view(view, sample_id, **options)
        self.begin(self._settle(view))

    async def _settle(self, view: views.View) -> None:
        """Find out whether a view that was opened is a queue; take or give back leases."""
        name = view.order if view.descending else None
        is_one = name is not None and await self.read(lambda _: queueing.is_strategy(name))
        if self.listing is None or self.listing.view is not view:
            return
        self.strategy = name if is_one else None
        if self.strategy is None:
            if self.desk.sitting is not None:
                await self.write(self.desk.close)
            return
        self.draw_titles()
        start = self.list.cursor
        await self._take()
        if self.list.cursor == start and self.list.current in self.desk.passed:
            self._pass_over()
            self.show_current()

    def action_queue(self) -> None:
        self.begin_asking(self._choose())

    async def _choose(self) -> None:
        from workbench.pipeline import start
        from workbench.tui.widgets.prompts import Finder, Option

        shape = self.project.outline.label_shape
        found = await self.read(lambda store: queueing.choices(store, shape))
        options = [Option(name, name, summary, when) for name, summary, when in found]
        waiting = samples.counts(self.store)["pending"]
        chosen = await self.ask(Finder(f"{number(waiting)} pending: look first at", options, start=self.strategy or ""))
        if chosen is None or self.listing is None:
            return
        there = await self.read(lambda store: choosing.has_score(store, chosen))
        self.open_view(views.parse(queueing.line(self.listing.view.text, chosen)))
        self.awaited = None if there else chosen
        await self.read(lambda store: start.learn_later(store, strategies=[chosen]))
        self.say(
            f"Ordered by {chosen}; y says why a sample is where it is."
            if there
            else f"{chosen} is being computed; the list takes its order when it is there."
        )

    async def _learn(self) -> None:
        wanted = [self.strategy] if self.strategy else []
        await self.read(lambda store: learn_if_due(store, wanted))

    def changed(self) -> None:
        super().changed()
        if self.strategy is not None:
            self._look_for_scores()

    def on_filled(self, message: Filled) -> None:
        super().on_filled(message)
        if message.finished and message.generation == self.generation and self.strategy is not None:
            self._look_for_scores()

    def _look_for_scores(self) -> None:
        """When a learn job has ended: the rest of the queue in its new order, from the reading thread."""
        listing = self.listing
        if listing is None or self.ordering or not listing.finished or listing.island is not None:
            return
        newest = choosing.newest_learnt(self.store)
        if newest > self.learnt:
            self.ordering = True
            self.begin(self._rerank(listing, newest))

    async def _rerank(self, listing: Listing, job_id: int) -> None:
        try:
            await self._reorder(listing, job_id)
        finally:
            self.ordering = False

    async def _reorder(self, listing: Listing, job_id: int) -> None:
        name = self.strategy
        if name is None or await self.read(lambda store: choosing.computed_by(store, name)) <= self.learnt:
            self.learnt = job_id
            if name is not None and self.awaited == name:
                await self._told_off(name)
            return
        for _ in range(TRIES):
            keep = self._kept()
            rest = listing.ids[keep:]
            new = await self.read(partial(_reordered, listing, rest))
            if listing is not self.listing or listing.island is not None:
                return
            if self._kept() <= keep:
                break
        else:
            return  # the person moves faster than the order is read: at the next commit again
        self.learnt = job_id
        if self.awaited == name and self.list.cursor == 0:
            self.awaited = None
            self.open_view(listing.view)
            self.say(f"{name} is there: the list is in its order now.")
            return
        self.awaited = None
        listing.reorder(new, keep)
        self.reranked = keep
        self.desk.passed.clear()
        self.list.refresh()
        self.draw_titles()
        await self._take()

    async def _told_off(self, name: str) -> None:
        """Say why an order that was asked for could not be computed, if the last job knows."""
        reason = await self.read(lambda store: choosing.skipped(store, name))
        if reason:
            self.awaited = None
            self.say(reason)
            self.draw_titles()

    def _kept(self) -> int:
        """Rows that stay where they are: all up to the end of what is on the screen."""
        return min(len(self.list), max(self.list.cursor + 1, self.list.top + self.list.height))

    def notes(self) -> str:
        """What the list's title says of the queue."""
        if self.strategy is None:
            return ""
        ahead = self._ahead(queueing.LOOK)
        passed = sum(1 for one in ahead if one in self.desk.passed)
        waiting = "  being computed" if self.awaited else ""
        again = "  re-ranked" if self.reranked > self.list.cursor else ""
        others = f"  {number(passed)} with others or done" if passed else ""
        return f"{waiting}{again}{others}"

    def _ahead(self, most: int) -> Sequence[int]:
        """The next rows, this one first."""
        return [] if self.listing is None else self.listing.rows[self.list.cursor : self.list.cursor + most].tolist()

    async def _advance(self) -> None:
        """To the next row that is free; leases are taken ahead, in the writing thread."""
        await super()._advance()
        if self.strategy is None:
            return
        self._pass_over()
        if self.desk.left(self._ahead(queueing.AHEAD)) < queueing.LOW and not self.taking:
            self.begin(self._take())

    def _pass_over(self) -> None:
        """Behind the rows that are with others or done."""
        if self.listing is None:
            return
        rows, at = self.listing.rows, self.list.cursor
        while at + 1 < len(rows) and rows[at] in self.desk.passed:
            at += 1
        if at != self.list.cursor:
            self.list.move_to(at)

    async def _take(self) -> None:
        """Lease the next samples."""
        candidates = list(self._ahead(queueing.LOOK))
        if not candidates or self.taking:
            return
        self.taking = True
        me, overlap, desk = self.annotator_id, self.project.outline.review.overlap, self.desk
        try:
            mine, passed = await self.write(lambda store: desk.take(store, me, candidates, overlap))
        finally:
            self.taking = False
        desk.mine, desk.passed = mine, passed
        self.draw_titles()

    def action_why(self) -> None:
        if self.list.current is not None:
            self.begin_asking(self._why(self.list.current))

    async def _why(self, sample_id: int) -> None:
        from workbench.tui.screens.why import WhyScreen, gather

        name, outline = self.strategy, self.project.outline
        mine = self.mine

        def read(store: Store) -> Any:
            return gather(store, sample_id, name, outline.label_shape, mine=mine)

        await self.ask(WhyScreen(await self.read(read)))

    def on_unmount(self) -> None:
        """The process's leases are free at once."""
        if self.desk.sitting is not None:
            self.desk.sitting.close()


def _reordered(listing: Listing, rest: array[int], store: Store) -> array[int]:
    return queueing.reordered(store, listing.view, listing.water, rest)
