"""Review's labels, by their shape: one of them, several, a number on a scale, an object, none.

A key never writes a label of another shape: what a digit cannot say is said in a sentence.
"""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

from workbench.errors import UsageError
from workbench.store import acts, samples
from workbench.store.acts import UNSET, Change
from workbench.store.blind import own_label
from workbench.store.connection import Store
from workbench.tui import blind
from workbench.tui.screens.review_hints import Hints
from workbench.tui.widgets.label_shapes import chosen
from workbench.tui.widgets.lines import number, safe
from workbench.tui.writing import read_number, read_set, toggled

NO_LABELS = "This task has no labels: a accepts, x rejects, f flags."
NO_DIGITS = "The label is an object read out of the text: l marks it there, e corrects it."


class Labelling(Hints):
    """Digits, codes, and labels found by typing."""

    async def _digit(self, digit: int) -> None:
        if self.project.outline.kind == blind.KIND and self.shape == "none":
            await self._prefer(digit)
        elif self.shape == "none":
            self.say(NO_LABELS)
        elif self.shape == "object":
            self.say(NO_DIGITS)
        elif self.shape == "number":
            await self._step(digit)
        elif not 1 <= digit <= len(self.labels.order):
            self.say(f"There is no label {digit}." if digit else "Every sample has one label here; x rejects it.")
        elif self.shape == "many":
            await self._toggle(self.labels.order[digit - 1])
        else:
            await self._label_as(self.labels.order[digit - 1])

    async def _label_as(self, label: Any) -> None:
        """One act: the label, and with it the sample is accepted."""
        await self._act(Change(label=label, status="accepted", reason=self._no_reason()), "label")

    async def _coded(self, name: str) -> None:
        if self.shape == "many":
            await self._toggle(name)
            self._draw_hint("")
        else:
            self._end_hint(draw=False)
            await self._label_as(self.labels.coded(name))

    async def _prefer(self, digit: int) -> None:
        """1 or 2: that answer is better, whatever it came as; 0: neither is, and the pair teaches nothing."""
        sample = self.pane.sample
        if sample is None or digit > 2:
            self.say(f"There is no answer {digit}." if sample else "There is no sample here to decide on.")
            return
        if not blind.is_pair(sample):
            self.say("An answer of this pair is missing: e writes it, x rejects the sample.")
            return
        if not digit:
            await self._act(Change(status="rejected", reason=blind.TIE), "prefer")
            return
        fields = blind.preferring(sample, self.workbench.annotator, digit - 1)
        change = Change(status="accepted", fields=fields, reason=self._no_reason())
        await self._act(change, "prefer")

    async def _step(self, digit: int) -> None:
        """The value of a scale that a digit stands for."""
        steps = self.labels.steps
        assert steps is not None
        value = steps.digits.get(digit)
        if value is not None:
            await self._label_as(value)
        elif steps.digits:
            self.say(f"{digit} is no step of the scale from {steps.low:g} to {steps.high:g}.")
        else:
            self.say(f"The scale from {steps.low:g} to {steps.high:g} has more steps than digits: l asks for a number.")

    async def _toggle(self, name: str, *, sample_id: int | None = None) -> None:
        """Put a label into the sample's set or take it out: one act; the sample stays under the cursor."""
        chosen_id = self.list.current if sample_id is None else sample_id
        if chosen_id is None:
            self.say("There is no sample here to decide on.")
            return
        self.may_decide([chosen_id])
        me, known = self.annotator_id, self.labels.labels
        seconds = self._seconds() if sample_id is None else None

        def work(store: Store) -> None:
            now = self._label_here(store, chosen_id)
            change, kind = self.worded(Change(label=toggled(now, name, known)), "label")
            acts.apply(store, me, [chosen_id], change, kind=kind, seconds=seconds)

        await self.commit(work)
        self._labelled_in_place(chosen_id, seconds)

    async def action_label_none(self) -> None:
        if self.shape != "many":
            await self._digit(0)
            return
        sample_id = self.list.current
        if sample_id is None:
            self.say("There is no sample here to decide on.")
            return
        self.may_decide([sample_id])
        me, seconds = self.annotator_id, self._seconds()
        none, kind = self.worded(Change(label=[]), "label")
        await self.commit(lambda store: acts.apply(store, me, [sample_id], none, kind=kind, seconds=seconds))
        self._labelled_in_place(sample_id, seconds)

    def worded(self, change: Change, kind: str) -> tuple[Change, str]:
        """A decision, and what it is called, as it counts in the view at hand."""
        return change, kind

    def _label_here(self, store: Store, sample_id: int) -> Any:
        """The label that putting in and taking out begins with: who reads blind goes on from their own."""
        if self.mine is None:
            return samples.get(store, sample_id).label
        own = own_label(store, self.mine, sample_id)
        return None if own is None else json.loads(own)

    def _labelled_in_place(self, sample_id: int, seconds: float | None) -> None:
        self.shown_at = monotonic()  # each act has its own time
        self.spent += seconds or 0.0
        self.workbench.quiet()
        self.list.reread([sample_id])
        self.show_current()

    async def action_label_1(self) -> None:
        await self._digit(1)

    async def action_label_2(self) -> None:
        await self._digit(2)

    async def action_label_3(self) -> None:
        await self._digit(3)

    async def action_label_4(self) -> None:
        await self._digit(4)

    async def action_label_5(self) -> None:
        await self._digit(5)

    async def action_label_6(self) -> None:
        await self._digit(6)

    async def action_label_7(self) -> None:
        await self._digit(7)

    async def action_label_8(self) -> None:
        await self._digit(8)

    async def action_label_9(self) -> None:
        await self._digit(9)

    def action_find_label(self) -> None:
        sample_id = self.list.current
        if self.shape == "none":
            self.say(NO_LABELS)
        elif sample_id is not None:
            self.begin_asking(self._mark_text(sample_id) if self.shape == "object" else self._find_label(sample_id))

    async def _mark_text(self, sample_id: int) -> None:
        """Fill the object from the text."""
        raise NotImplementedError

    async def _find_label(self, sample_id: int) -> None:
        title = f"Label for sample {sample_id}"
        if self.shape == "many":
            label = self._label_here(self.store, sample_id)
            name = await self.ask_label(f"{title}: put in or take out", marked=chosen(label))
            if name is not None:
                await self._toggle(name, sample_id=None if self.list.current == sample_id else sample_id)
            return
        value = await (self.ask_number(title) if self.shape == "number" else self.ask_label(title))
        if value is not None:
            here = self.list.current == sample_id
            change = Change(label=value, status="accepted", reason=self._no_reason() if here else UNSET)
            await self._act(change, "label", sample_id=None if here else sample_id, advance=here)

    async def ask_label(self, title: str, *, marked: list[str] | None = None) -> str | None:
        """One of the labels, found by typing."""
        from workbench.tui.widgets.prompts import Finder, Option

        counts = self.labels.counts
        options = [
            Option(
                name,
                name if marked is None else f"[{'x' if name in marked else ' '}] {name}",
                self.labels.descriptions.get(name, ""),
                number(counts.get(name, 0)) if marked is None else "",
            )
            for name in self.labels.order
        ]
        return await self.ask(Finder(title, options))

    async def ask_number(self, title: str) -> float | None:
        """A number on the scale."""
        from workbench.tui.widgets.prompts import AskLine

        steps = self.labels.steps
        assert steps is not None

        async def check(text: str) -> str:
            return (
                f"{read_number(text, steps.low, steps.high):g}" if text.strip() else f"{steps.low:g} to {steps.high:g}."
            )

        text = await self.ask(
            AskLine(title, check=check, help_lines=(f"A number from {steps.low:g} to {steps.high:g}.",))
        )
        return read_number(text, steps.low, steps.high) if text and text.strip() else None

    async def ask_set(self, title: str) -> list[str] | None:
        """Several of the labels, or none of them, as a line."""
        from workbench.tui.widgets.prompts import AskLine

        known = self.labels.labels

        async def check(text: str) -> str:
            found = read_set(text, known)
            return f"{len(found)} of {len(known)} labels" if found else "None of the labels."

        names = ", ".join(safe(name) for name in known)
        text = await self.ask(
            AskLine(title, check=check, help_lines=("Names with commas between them; nothing: none.", names))
        )
        return None if text is None else read_set(text, known)

    async def ask_any(self, title: str) -> Any:
        """A label of the task's shape for many samples, or None; raises ``UsageError`` where there is no such thing."""
        if self.shape == "none":
            raise UsageError("This task has no labels: A accepts, X rejects, F flags all.")
        if self.shape == "object":
            raise UsageError("An object is read out of one text and fits no other: e corrects one at a time.")
        if self.shape == "number":
            return await self.ask_number(title)
        return await (self.ask_set(title) if self.shape == "many" else self.ask_label(title))
