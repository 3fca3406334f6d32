"""Review's acts on many samples: what is marked, else the whole view; always after a question; one undo takes all back."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping, Sequence

from workbench.errors import UsageError
from workbench.store import acts, proposals, samples, views
from workbench.store.acts import UNSET, Act, Change
from workbench.store.connection import Store
from workbench.text import clean
from workbench.tui.messages import Progress
from workbench.tui.screens.review_edit import Editing
from workbench.tui.widgets.lines import number, safe, short
from workbench.tui.widgets.sample_pane import share
from workbench.tui.writing import in_words

#: Samples that are shown before a bulk act, from all over what is hit.
EXAMPLES = 5
#: What can be done to a group or a cluster.
CHOICES = {
    "accept": "Accept all of them",
    "reject": "Reject all of them",
    "rest": "Reject all but this one",
    "flag": "Flag all of them",
    "label": "Label all of them",
    "take": "Take what is proposed for each",
    "list": "List them",
}


def spread(ids: Sequence[int], count: int = EXAMPLES) -> list[int]:
    """``count`` of some samples, from the middles of as many equal stretches: what a bulk act hits, fairly shown."""
    return [ids[(2 * at + 1) * len(ids) // (2 * count)] for at in range(count)] if len(ids) > count else list(ids)


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

    async def _label_all(self, ids: Sequence[int] | None = None, where: str = "") -> None:
        label = await self.ask_any("Label for all of them")
        if label is not None:
            said = safe(in_words(label), limit=60)
            await self._bulk("label", f"Label as {said} and accept", Change(label=label, status="accepted"), ids, where)

    async def _aimed_at(self, ids: Sequence[int] | None, where: str) -> tuple[Sequence[int], str]:
        """The samples that a bulk act is for, and what they are in words; none is said."""
        if ids is None:
            ids, where = await self._targets(), "marked" if self.list.marked else "of this view"
        if not ids:
            self.say("There is nothing in this view to act on.")
        return ids, where

    async def _targets(self) -> Sequence[int]:
        """What is marked, else every sample of the view (waits until the thread has all)."""
        if self.list.marked:
            return sorted(self.list.marked)
        listing = self.listing
        if listing is None:
            return []
        while listing.searching:
            self.say(f"Reading the view to its end ({listing.share:.0%})…")
            await asyncio.sleep(0.05)
        if listing.stopped:
            raise UsageError("This view was given up before its end: R reads it again, then do it.")
        return array("q", listing.ids)

    def action_take_all(self) -> None:
        self.begin_asking(self._take_all())

    async def _take_all(self, ids: Sequence[int] | None = None, where: str = "") -> None:
        """Each sample gets its own proposal: those whose score is high enough."""
        from workbench.tui.widgets.prompts import AskLine

        ids, where = await self._aimed_at(ids, where)
        if not ids:
            return
        among, known, shape = ids, self.labels.labels, self.shape
        self.say("Looking up what is proposed…")
        every = await self.read(lambda store: proposals.many(store, among, shape, known))
        if not every:
            self.say("Nothing is proposed for these samples that they do not have already.")
            return

        async def check(text: str) -> str:
            least = _score(text)
            hit = sum(1 for one in every.values() if one.score >= least)
            return f"{number(hit)} of {number(len(among))} samples"

        text = await self.ask(
            AskLine("Take proposals with a score of at least", "0.9", check=check, help_lines=("0 takes all of them.",))
        )
        if text is None:
            return
        least = _score(text)
        taken = {sample_id: one for sample_id, one in every.items() if one.score >= least}
        if not taken:
            self.say("No proposal has such a score.")
            return
        told = {at: f"{_proposed(one)} {share(one.score)} ({safe(one.source)})" for at, one in taken.items()}
        changes = {sample_id: one.change for sample_id, one in taken.items()}
        await self._bulk("take", "Take what is proposed for", changes, sorted(taken), where, told)

    def action_group(self) -> None:
        if self.list.current is not None:
            self.begin_asking(self._together(f"group:{self.list.current}", "of this near-duplicate group"))

    def action_cluster(self) -> None:
        known = self.pane.explanation
        number_ = known.scores.get("cluster") if known is not None else None
        if number_ is None:
            self.say("This sample is in no cluster; clusters come with the suggestions, from some samples on.")
        else:
            self.begin_asking(self._together(f"cluster:{int(number_)}", "of this cluster"))

    async def _together(self, text: str, where: str) -> None:
        """Ask what to do with all samples of a group; they need not be in the view."""
        from workbench.tui.widgets.prompts import Choice, Option

        view, current = views.parse(text), self.list.current
        ids = await self.read(lambda store: views.ids(store, view))
        if len(ids) < 2 or current is None:
            self.say(f"There are no other samples {where}.")
            return
        options = [
            Option(name, title) for name, title in CHOICES.items()
            if name not in ("label", "take") or self.shape in ("one", "many", "number")
        ]  # fmt: skip
        chosen = await self.ask(Choice(f"{number(len(ids))} samples {where}", options))
        statuses = {"accept": "accepted", "reject": "rejected", "flag": "flagged"}
        if chosen in statuses:
            await self._bulk(chosen, CHOICES[chosen].split()[0], Change(status=statuses[chosen]), ids, where)
        elif chosen == "rest":
            others = [one for one in ids if one != current]
            change = Change(status="rejected", reason="duplicate" if text.startswith("group:") else UNSET)
            await self._bulk("reject", "Reject", change, others, f"{where} besides this one")
        elif chosen == "label":
            await self._label_all(ids, where)
        elif chosen == "take":
            await self._take_all(ids, where)
        elif chosen == "list":
            self.open_view(view, current)

    async def _bulk(
        self, kind: str, title: str, change: Change | Mapping[int, Change], ids: Sequence[int] | None = None,
        where: str = "", told: Mapping[int, str] | None = None,
    ) -> None:  # fmt: skip
        """One act on many samples (default: the marked ones, else the view), after a question with some of them.

        ``change`` may differ from sample to sample; ``told`` is what is said of a sample besides its text.
        """
        from workbench.tui.widgets.prompts import Confirm

        if self.bulk_running:
            self.say("Another bulk act is still being applied.")
            return
        ids, where = await self._aimed_at(ids, where)
        if not ids:
            return
        self.may_decide(ids)
        hit_ids = ids
        count = f"{number(len(ids))} sample{'s' if len(ids) > 1 else ''}"
        rows = samples.rows(self.store, spread(ids), mine=self.mine)
        shown = self.list.summaries.of(self.store, rows, mine=self.mine) if self.list.summaries else rows
        lines = []
        for row in (shown[one] for one in spread(ids) if one in shown):
            now = "" if self.shape == "none" else f"[{safe(in_words(row.label), limit=24)}] "
            lines.append(short(f"#{row.id}  {now}{clean(row.text, limit=80)}", 72))
            lines += [f"      → {told[row.id]}"] if told else []
        lines += (
            [f"… and {number(len(ids) - len(shown))} more; these are from all over them."]
            if len(ids) > EXAMPLES
            else []
        )
        hit = await self.read(lambda store: samples.kinds(store, hit_ids))
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

    def _apply(self, ids: list[int], change: Change | Mapping[int, Change], kind: str, title: str) -> Act:
        """In a thread with a store of its own: labelling goes on meanwhile."""

        def progress(done: int, total: int) -> None:
            _tell(self, Progress(title, done, total))

        with self.store.clone(durable=True) as store:
            change = self.bulk_change(store, ids, change)
            if isinstance(change, Change):
                return acts.apply(store, self.annotator_id, ids, change, kind=kind, progress=progress)
            return acts.apply_each(store, self.annotator_id, change, kind=kind, progress=progress)

    def bulk_change(
        self, store: Store, ids: Sequence[int], change: Change | Mapping[int, Change]
    ) -> Change | Mapping[int, Change]:
        """What a bulk act says of its samples; called in its thread."""
        return change

    def on_progress(self, message: Progress) -> None:
        self.say(f"{message.title}: {number(message.done)} of {number(message.total)}")


def _score(text: str) -> float:
    """A score that somebody typed; raises ``UsageError``."""
    try:
        return float(text.strip().replace(",", ".") or 0)
    except ValueError as error:
        raise UsageError(f"{clean(text, limit=40)} is not a number.") from error


def _proposed(one: proposals.Proposal) -> str:
    return "other contents" if one.label is None else safe(in_words(one.label), limit=40)


def _tell(screen: Bulk, message: Progress) -> None:
    if screen.is_running:
        screen.post_message(message)
