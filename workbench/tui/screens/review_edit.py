"""Review's corrections: a field is chosen, written anew, checked by the task's rules, compared, and saved as one act."""

from __future__ import annotations

import asyncio
from typing import Any

from workbench.errors import UsageError
from workbench.store import samples
from workbench.store.acts import Change
from workbench.store.samples import Sample
from workbench.task_kinds import FieldKind
from workbench.text import clean
from workbench.tui.screens.review_label import Labelling
from workbench.tui.spans import targets
from workbench.tui.widgets.lines import number, safe
from workbench.tui.widgets.sample_pane import dialogue_field
from workbench.tui.writing import as_text, read

LABEL = "label"


class Editing(Labelling):
    """``e``, marking text, and the turns of a dialogue."""

    def action_turn_on(self) -> None:
        self._turn_to(1)

    def action_turn_back(self) -> None:
        self._turn_to(-1)

    def _turn_to(self, step: int) -> None:
        if not self.pane.turns:
            self.say("There is no dialogue here to step through.")
        elif not self.pane.turn_to(step):
            self.say(f"That was the last of {number(len(self.pane.turns))} turns.")
        else:
            self.paint(self.pane)

    async def _mark_text(self, sample_id: int) -> None:
        from workbench.answer_schema import label_fault
        from workbench.tui.screens.marking import MarkScreen

        task = await asyncio.to_thread(lambda: self.project.config.task)
        sample = samples.get(self.store, sample_id, mine=self.mine)
        text, parts = sample.fields.get(task.text_field), targets(task.json_schema or {})
        if not isinstance(text, str) or not parts:
            self.say("There is nothing here that could be marked in the text: e corrects the object.")
            return

        async def check(value: Any) -> str | None:
            wrong = await asyncio.to_thread(label_fault, task, value)
            return None if wrong is None else f"Not saved: {wrong}."

        label = await self.ask(MarkScreen(f"Sample {sample_id}: mark", text, sample.label, parts, check=check))
        if label is not None and label != sample.label:
            await self._act(Change(label=label), "label", sample_id=sample_id, advance=False)

    def action_edit(self) -> None:
        if self.pane.sample is not None:
            self.begin_asking(self._edit(self.pane.sample.id))

    async def _edit(self, sample_id: int) -> None:
        from workbench.tui.differences import brief
        from workbench.tui.screens.editing import HINTS, EditScreen
        from workbench.tui.widgets.prompts import Confirm

        sample = samples.get(self.store, sample_id, mine=self.mine)
        turn = self.pane.turn if self.pane.sample is not None and self.pane.sample.id == sample_id else None
        if turn is not None and turn < len(self.pane.turns):
            await self._edit_turn(sample_id, turn)
            return
        name = await self._part(sample)
        if name is None:
            return
        before, kind = self._now(sample, name)
        shown = as_text(kind, before)

        async def check(text: str) -> str | None:
            return await asyncio.to_thread(self._fault, name, kind, text, before)

        text = shown
        while True:
            title = f"Sample {sample_id}: {name}"
            written = await self.ask(EditScreen(title, shown, start=text, check=check, hint=HINTS.get(kind, "")))
            if written is None or written == shown:
                return
            text = written
            value = read(kind, text, before)
            if value == before:
                return
            if await self.ask(Confirm("Save this?", [brief(shown, text)], yes="save", no="edit on")):
                break
        if name == LABEL:
            await self._act(Change(label=value), "label", sample_id=sample_id, advance=False)
            return
        # Others may have changed other fields while this one was written.
        fields = dict(samples.get(self.store, sample_id, mine=self.mine).fields)
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
        await self._act(Change(fields=fields), "edit", sample_id=sample_id, advance=False)

    async def _edit_turn(self, sample_id: int, turn: int) -> None:
        """What is said in one turn of the dialogue; nothing else of it changes."""
        from workbench.tui.differences import brief
        from workbench.tui.screens.editing import EditScreen
        from workbench.tui.widgets.prompts import Confirm

        name, before = dialogue_field(self.project.outline), self.pane.turns
        assert name is not None
        shown = clean(before[turn]["content"], multiline=True)

        def after(text: str) -> list[dict[str, Any]]:
            return [{**one, "content": text} if at == turn else one for at, one in enumerate(before)]

        async def check(text: str) -> str | None:
            written = as_text("messages", after(text))
            return await asyncio.to_thread(self._fault, name, "messages", written, before)

        title = f"Sample {sample_id}, turn {turn + 1}: {safe(before[turn]['role'], limit=30)}"
        text = shown
        while True:
            written = await self.ask(EditScreen(title, shown, start=text, check=check))
            if written is None or written == shown:
                return
            text = written
            if await self.ask(Confirm("Save this?", [brief(shown, text)], yes="save", no="edit on")):
                break
        fields = dict(samples.get(self.store, sample_id, mine=self.mine).fields)
        if fields.get(name) != before:
            raise UsageError("Somebody has changed this dialogue meanwhile; nothing was saved.")
        await self._act(Change(fields={**fields, name: after(text)}), "edit", sample_id=sample_id, advance=False)

    async def _part(self, sample: Sample) -> str | None:
        """The field to be corrected, or the label that is read out of the text: asked where there are several."""
        from workbench.tui.widgets.prompts import Choice, Option

        names = [field.name for field in self.project.outline.fields]
        if self.shape == "object":
            names.insert(0, LABEL)
        if len(names) == 1:
            return names[0]
        options = [
            Option(name, name, " ".join(clean(as_text(kind, value), limit=200).split()))
            for name in names
            for value, kind in [self._now(sample, name)]
        ]
        return await self.ask(Choice(f"Sample {sample.id}: correct what?", options))

    def _now(self, sample: Sample, name: str) -> tuple[Any, FieldKind]:
        """A part's value and how it is written."""
        if name == LABEL and self.shape == "object":
            return sample.label, "json"
        declared = {field.name: field.kind for field in self.project.outline.fields}[name]
        return sample.fields.get(name), declared

    def _fault(self, name: str, kind: FieldKind, text: str, before: Any) -> str | None:
        """What is wrong with a text as this part of a sample, in a sentence; for a thread: it loads the settings."""
        from workbench.answer_schema import fault, label_fault

        try:
            value = read(kind, text, before)
        except UsageError as error:
            return str(error)
        task = self.project.config.task
        if name == LABEL and self.shape == "object":
            wrong = "there is no object here" if value is None else label_fault(task, value)
        else:  # this field alone: what is wrong elsewhere is no reason to refuse a correction here
            alone = task.model_copy(update={"fields": {name: task.fields[name]}})
            wrong = fault(alone, {} if value is None else {name: value})
        return None if wrong is None else f"Not saved: {wrong}."
