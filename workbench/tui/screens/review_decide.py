"""Review's decisions: each is one act, shown only after its commit; keys typed meanwhile meet the next sample.

Labels are in ``review_label.py``, corrections in ``review_edit.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, TypeVar

from workbench.store import acts, behind, jobs, remarks, samples
from workbench.store.acts import UNSET, Act, Change
from workbench.store.connection import Store
from workbench.text import clean
from workbench.tui.pace import Pace
from workbench.tui.screens.review_views import Views
from workbench.tui.watch import seconds_since
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.lines import Lines, number
from workbench.tui.writing import as_text, kind_of

R = TypeVar("R")

#: Decisions after which suggestions are learnt anew, and the part of the time that learning may take.
LEARN_AFTER = 50
LEARNING_SHARE = 0.05
#: Waiting shows after this long.
PATIENCE = 0.3
DONE = {
    "label": "Labelled",
    "accept": "Accepted",
    "reject": "Rejected",
    "flag": "Flagged",
    "edit": "Edited",
    "note": "Noted",
    "tag": "Tagged",
    "take": "Took the proposal for",
    "prefer": "Compared",
}


class Decide(Views):
    """Accept, reject, flag, skip, note, tags, undo, redo, copy."""

    decided = 0  # samples since suggestions were last learnt
    spent = 0.0  # seconds that acts before the last one took of the sample on the screen

    def __init__(self) -> None:
        super().__init__()
        self.pace = Pace()

    def show_current(self, *also: Lines) -> None:
        before = self.pane.sample
        super().show_current(*also)
        if before is None or self.pane.sample is None or before.id != self.pane.sample.id:
            self.spent = 0.0

    def follow(self, decided: int = 1) -> None:
        """Let suggestions follow what people decide: every so many samples a learn job, started off the keys' path."""
        self.decided += decided
        if self.decided >= LEARN_AFTER:
            self.decided = 0
            self.begin(self._learn())

    async def _learn(self) -> None:
        await self.read(learn_if_due)

    async def commit(self, work: Callable[[Store], R]) -> R:
        """``work`` in the writing thread; says so when it has to wait for another process."""
        future = asyncio.ensure_future(self.write(work))
        done, _ = await asyncio.wait({future}, timeout=PATIENCE)
        if not done:
            self.say("Waiting for the database: another process is writing…")
            self.paint(self.query_one("Status"))
            result = await future
            self.workbench.quiet()
            return result
        return future.result()

    def may_decide(self, ids: Sequence[int]) -> None:
        """Raise ``UsageError`` for test rows in a view that lists what is behind a number."""
        if self.listing is not None:
            behind.only_look(self.store, self.listing.view, ids)

    async def _act(self, change: Change, kind: str, *, sample_id: int | None = None, advance: bool = True) -> None:
        chosen = self.list.current if sample_id is None else sample_id
        if chosen is None:
            self.say("There is no sample here to decide on.")
            return
        self.may_decide([chosen])
        seconds = self._seconds() if sample_id is None else None
        me = self.annotator_id
        await self.commit(lambda store: acts.apply(store, me, [chosen], change, kind=kind, seconds=seconds))
        self.workbench.quiet()
        self.list.reread([chosen])
        if seconds is not None:
            self.pace.add(seconds + self.spent)
            self.labels.pace = self.pace.told()
        self.spent = 0.0
        if advance:
            await self._advance()
        self.workbench.recount()
        self.show_current(self.query_one(Header))
        if kind not in ("note", "tag"):
            self.follow()

    def _seconds(self) -> float | None:
        """How long the sample has been looked at; None after a break."""
        passed = monotonic() - self.shown_at
        return round(passed, 2) if passed <= acts.BREAK else None

    async def _advance(self) -> None:
        """To the next row; past what the thread has read so far, wait for it."""
        listing = self.listing
        if listing is None:
            return
        while self.list.cursor + 1 >= len(self.list) and listing.searching:
            await asyncio.sleep(0.01)
        if listing.finished and listing.island is not None:
            current = self.list.current
            listing.land()
            self.list.keep(current)
        if not self.list.move_to(self.list.cursor + 1):
            self.say(f"That was the last of {number(len(self.list))}. R reads the view again.")

    async def action_accept(self) -> None:
        if self.labels.undecided:
            self.say("Say which answer is better first: 1 or 2, or 0 when they are equally good.")
            return
        await self._act(Change(status="accepted", reason=self._no_reason()), "accept")

    def _no_reason(self) -> Any:
        """Takes back why the sample was rejected, if somebody said so."""
        return "" if self.pane.explanation and self.pane.explanation.reason else UNSET

    async def action_reject(self) -> None:
        await self._act(Change(status="rejected"), "reject")

    async def action_flag(self) -> None:
        await self._act(Change(status="flagged"), "flag")

    async def action_skip(self) -> None:
        await self._advance()
        self.show_current()

    def action_note(self) -> None:
        if self.searching:
            self.action_next_hit()
        elif self.pane.sample is not None:
            self.begin_asking(self._note(self.pane.sample.id))

    async def _note(self, sample_id: int) -> None:
        from workbench.tui.widgets.prompts import AskLine

        note = self.pane.explanation.note if self.pane.explanation else None
        turn = self.pane.turn
        start = "" if turn is None else f"{'; ' if note else ''}turn {turn + 1}: "
        where = "" if turn is None else f", turn {turn + 1}"
        text = await self.ask(AskLine(f"Note on sample {sample_id}{where}", clean(note or "") + start))
        if text == clean(note or "") + start and start:
            return
        if text is not None and text != (note or ""):
            await self._act(Change(note=text), "note", sample_id=sample_id, advance=False)

    def action_tag(self) -> None:
        if self.pane.sample is not None:
            self.begin_asking(self._tag(self.pane.sample.id))

    async def _tag(self, sample_id: int) -> None:
        """One tag, of the settings, of those in use, or a new one: put on, or taken off."""
        from workbench.tui.widgets.prompts import Finder, Option

        known = self.pane.explanation
        tags = known.tags if known is not None else ()
        turn = self.pane.turn
        suffix = "" if turn is None else f"@{turn + 1}"
        used = await self.read(remarks.used_tags)
        names = dict.fromkeys([*tags, *self.project.outline.tags, *(tag.partition("@")[0] for tag in used)])
        options = [
            Option(tag, f"[{'x' if tag in tags or tag + suffix in tags else ' '}] {clean(tag)}") for tag in names
        ]
        title = f"Tag on sample {sample_id}" + ("" if turn is None else f", turn {turn + 1}")
        chosen = await self.ask(Finder(title, options, new="new tag"))
        tag = "-".join((chosen or "").split())[: remarks.LONGEST_TAG]
        if tag:
            tag = tag if tag in tags else tag + suffix
            await self._act(Change(tags=remarks.toggled(tags, tag)), "tag", sample_id=sample_id, advance=False)

    async def action_undo(self) -> None:
        me = self.annotator_id

        def work(store: Store) -> tuple[Act | None, str]:
            act = acts.next_undo(store, me)
            if act is None:
                return None, ""
            others = ", ".join(f"{met.annotator} ({number(met.samples)})" for met in acts.meets(store, act))
            return acts.undo(store, me), others

        act, others = await self._turn(work)
        if act is None:
            self.say("There is nothing of yours to undo.")
            return
        later = f" What others said later stands: {others}." if others else ""
        await self._back_to(act, f"Undone: {_what(act)}.{later}")

    async def action_redo(self) -> None:
        me = self.annotator_id
        act, _ = await self._turn(lambda store: (acts.redo(store, me), ""))
        if act is None:
            self.say("There is nothing to redo.")
            return
        await self._back_to(act, f"Done again: {_what(act)}.")

    async def _turn(self, work: Callable[[Store], tuple[Act | None, str]]) -> tuple[Act | None, str]:
        return await self.commit(work)

    async def _back_to(self, act: Act, sentence: str) -> None:
        """The cursor goes to the act's (first) sample."""
        self.list.reread()
        if act.samples and self.list.current not in act.samples and not self.go_to(act.samples[0]):
            sentence += f" Sample {act.samples[0]} is not in this view."
        self.labels.counts = samples.label_counts(self.store)
        self.show_current()
        self.say(sentence)

    def action_copy(self) -> None:
        if self.pane.sample is not None:
            declared = {field.name: field.kind for field in self.project.outline.fields}
            fields = self.pane.sample.fields.items()
            text = "\n\n".join(as_text(kind_of(declared.get(name), value), value) for name, value in fields)
            self.app.copy_to_clipboard(text)
            self.say(f"Copied {number(len(text))} characters of sample {self.pane.sample.id}.")

    def action_explain(self) -> None:
        from workbench.tui.screens.explaining import ExplainScreen

        if self.pane.sample is not None and self.pane.explanation is not None:
            self.workbench.hold_keys()
            self.app.push_screen(
                ExplainScreen(self.pane.sample, self.pane.explanation, self.project.outline, self.workbench.annotator)
            )


def learn_if_due(store: Store, strategies: Sequence[str] = ()) -> int | None:
    """Start a learn job (``strategies``: orders that it computes as well), unless the last one took so long that it is too
    early for another; returns its number."""
    from workbench.pipeline.start import learn_later

    for job in jobs.newest(store, 1, kind="learn"):
        if job.finished_at is not None:
            took = float((job.result or {}).get("seconds") or 0.0)
            if (seconds_since(job.finished_at) or 0.0) < took / LEARNING_SHARE:
                return None
    return learn_later(store, strategies=strategies)


def _what(act: Act) -> str:
    """``Labelled sample 418`` or ``Rejected 1,204 samples``, with a small letter."""
    done = DONE.get(act.kind, act.kind).lower()
    return (
        f"{done} sample {act.samples[0]}" if act.total == 1 and act.samples else f"{done} {number(act.total)} samples"
    )
