"""Review: snapshots and real deletion."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from workbench.errors import UsageError
from workbench.store import purge_scope, snapshots, versions, views
from workbench.store.connection import Store
from workbench.store.snapshots import Snapshot
from workbench.text import clean
from workbench.tui.messages import Progress
from workbench.tui.screens.review_task import TaskChanges
from workbench.tui.screens.touring import begin_tour
from workbench.tui.versioning import called, counted, in_lines
from workbench.tui.widgets.lines import number, safe
from workbench.tui.widgets.prompts import AskLine, Choice, Confirm, Finder, Option, Reading

R = TypeVar("R")

NEW = "new"
#: Examples of each kind of difference that a comparison shows.
EXAMPLES = 10


class Versions(TaskChanges):
    """Snapshots: made, compared, put back; and samples deleted for good."""

    _versioning = False

    def action_snapshots(self) -> None:
        self.begin_asking(self._snapshots())

    def action_purge(self) -> None:
        self.begin_asking(self._purge())

    def action_tour(self) -> None:
        begin_tour(self.workbench)

    async def _snapshots(self) -> None:
        found = await self.read(lambda store: snapshots.newest(store, 200))
        chosen = await self.ask(
            Finder("Snapshots", [Option(NEW, "New snapshot", "of the view that is open"), *map(_option, found)])
        )
        if chosen is None:
            return
        if chosen == NEW:
            await self._freeze()
            return
        one = next(one for one in found if str(one.id) == chosen)
        if one.sha256 is None:
            raise UsageError(f"{called(one)} was cut off before it was whole; make another one.")
        others = [other for other in found if other.id != one.id and other.sha256 is not None]
        wanted = await self.ask(
            Choice(
                safe(called(one)),
                [
                    Option("now", "Compare with the data set now"),
                    *([Option("other", "Compare with another snapshot")] if others else []),
                    Option("restore", "Restore", "make the data set as it was; one undo takes it back"),
                ],
            )
        )
        if wanted == "now":
            await self._compare(one, None)
        elif wanted == "other":
            picked = await self.ask(Finder(f"{called(one)} against", [_option(other) for other in others]))
            if picked is not None:
                await self._compare(one, next(other for other in others if str(other.id) == picked))
        elif wanted == "restore":
            await self._restore_snapshot(one)

    async def _freeze(self) -> None:
        if self.listing is None:
            return
        view = self.listing.view
        n = await self.read(lambda store: views.count(store, view))
        name = await self.ask(
            AskLine(
                "Name of the snapshot",
                help_lines=(
                    f"{number(n)} samples: {safe(view.text) or 'all samples'}",
                    "Nothing: it has its number only.",
                ),
            )
        )
        if name is None:
            return
        made = await self._away(
            "Freezing",
            lambda store: snapshots.create(store, views.ids(store, view), view.text, name=name.strip() or None),
        )
        self.say(f"{called(made)}: {number(made.total)} samples are frozen.")

    async def _compare(self, one: Snapshot, other: Snapshot | None) -> None:
        right = None if other is None else other.id
        found = await self._away("Comparing", lambda store: versions.compare(store, one.id, right))
        lines = list(in_lines(found, called(one), called(other), EXAMPLES))
        paragraphs = [(clean(line), "pane--muted" if line.startswith("  ") else "pane--value") for line in lines]
        self.workbench.hold_keys()
        await self.ask(Reading(f"{called(one)} and {called(other)}", paragraphs))

    async def _restore_snapshot(self, one: Snapshot) -> None:
        plan = await self._away("Comparing", lambda store: versions.restoring(store, one))
        if not plan.changes:
            self.say(f"The data set is as {called(one)} has it.")
            return
        if not await self.ask(Confirm(f"Restore {called(one)}?", [*counted(plan), "", "One undo takes it all back."])):
            self.say("Nothing was changed.")
            return
        me = self.annotator_id
        act = await self._away(
            "Restoring", lambda store: versions.restore(store, me, plan, self._progress("Restoring"))
        )
        self.list.reread()
        self.show_current()
        self.say(f"Restored {called(one)}: {number(act.total if act else 0)} samples changed. One undo takes it back.")

    async def _purge(self) -> None:
        from workbench.pipeline import purge

        ids = list(await self._targets())
        if not ids:
            raise UsageError("There is nothing here to purge.")
        lines = await self._away("Counting", lambda store: _said(store, ids))
        wanted = str(len(ids))
        ask = f"Delete {number(len(ids))} sample{'' if len(ids) == 1 else 's'} for good? Type {wanted} and enter."

        async def check(text: str) -> str:
            if text.strip().replace(",", "") != wanted:
                raise UsageError(f"Type {wanted} to delete them for good, escape to leave.")
            return "Enter deletes them."

        typed = await self.ask(AskLine(ask, check=check, help_lines=lines))
        if typed is None:
            self.say("Nothing was deleted.")
            return
        me = self.annotator_id
        done = await self._away("Purging", lambda store: purge.purge(store, me, ids))
        self.list.marked.clear()
        if self.listing is not None:
            self.open_view(self.listing.view)
        self.say(" ".join(purge.done_in_words(done)))

    async def _away(self, title: str, work: Callable[[Store], R]) -> R:
        """``work`` in a thread with a store of its own: labelling goes on meanwhile."""
        if self._versioning:
            raise UsageError("Another snapshot or purge is under way.")
        self._versioning = True
        self.say(f"{title}…")

        def run() -> R:
            with self.store.clone(durable=True) as store:
                return work(store)

        try:
            return await asyncio.to_thread(run)
        finally:
            self._versioning = False

    def _progress(self, title: str) -> Callable[[int, int], None]:
        def told(done: int, total: int) -> None:
            if self.is_running:
                self.post_message(Progress(title, done, total))

        return told


def _said(store: Store, ids: list[int]) -> list[str]:
    from workbench.pipeline import purge

    effects = purge_scope.effects(store, ids)
    return purge.in_words(effects, purge.beside(store, effects))


def _option(one: Snapshot) -> Option:
    gone = f", {number(purged)} purged" if (purged := one.details.get("purged")) else ""
    unfinished = "" if one.sha256 else ", unfinished"
    title = f"{one.id}  {one.name or ''}".rstrip()
    return Option(str(one.id), title, f"{number(one.total)} samples{gone}{unfinished}  {one.view}", one.created_at[:16])
