"""Review: labels and fields that change in the middle of a project."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.project import Outline, Project
from workbench.store.connection import Store
from workbench.task_change import TaskChange
from workbench.text import clean
from workbench.tui.screens.review_queue import Queue
from workbench.tui.screens.task_list import Row, Shown, TaskList, Wanted
from workbench.tui.summaries import Summaries
from workbench.tui.widgets.label_pane import LabelPane
from workbench.tui.widgets.lines import cells, number, safe

#: What the label pane takes over from one made for the new settings.
TAKEN = ("shape", "labels", "descriptions", "steps", "kind", "reasons", "order", "codes", "no_codes")
#: What the project remembers of its settings.
REMEMBERED = ("outline", "config", "guidelines")


class TaskChanges(Queue):
    """Labels and fields that change in the middle of a project."""

    _settings_at: tuple[int, int] | None = None
    _changing = False

    def action_task(self) -> None:
        self.begin_asking(self._choose_change())

    def action_undo_task(self) -> None:
        self.begin_asking(self._undo_task())

    async def _choose_change(self) -> None:
        cursor = 0
        while True:
            shown = await self.read(listed)
            wanted = await self.ask(TaskList(replace_cursor(shown, cursor)))
            if wanted is None:
                return
            cursor = wanted.cursor
            try:
                if wanted.how == "undo":
                    await self._undo_task()
                elif wanted.how == "history":
                    await self._show_history()
                elif (change := await self._asked(wanted)) is not None:
                    await self._change_task(change, ask=change.how != "move")
            except WorkbenchError as error:
                self.fail(error)

    async def _asked(self, wanted: Wanted) -> TaskChange | None:
        """The change that a key means, with the names that it needs; None: the person left."""
        names, what = wanted.names, wanted.what
        base = TaskChange(what, wanted.how, names)  # type: ignore[arg-type]
        one = clean(names[0])
        if wanted.how in ("move", "remove"):
            return replace(base, position=wanted.position, names=names[:1])
        if wanted.how == "add":
            text = await self._line(
                f"New {what}", f"Its name{'; after a colon its description' if what == 'label' else ''}."
            )
            name, colon, said = (text or "").partition(":")
            return (
                replace(base, names=(), into=(name.strip(),), description=said.strip() if colon else None)
                if text
                else None
            )
        if wanted.how == "rename":
            text = await self._line(f"Rename {one}", "The new name.", value=names[0])
            return replace(base, names=names[:1], into=(text.strip(),)) if text else None
        if wanted.how == "describe":
            text = await self._line(f"Describe {one}", "Goes into prompts, and beside the label.")
            return replace(base, names=names[:1], description=text) if text is not None else None
        if wanted.how == "merge":
            title = f"Merge {', '.join(map(clean, names))} into" if len(names) > 1 else f"Merge {one} into"
            text = await self._line(
                title, "One of the names there are, or a new one.", value=names[0] if len(names) > 1 else ""
            )
            return replace(base, into=(text.strip(),)) if text else None
        return await self._asked_split(base)

    async def _asked_split(self, base: TaskChange) -> TaskChange | None:
        if base.what == "field":
            names = await self._line("Split the field into", "Names with commas between them.")
            at = (
                await self._line("Split it at", "The text between the parts; nothing: the ends of lines.")
                if names
                else None
            )
            into = tuple(part.strip() for part in (names or "").split(",") if part.strip())
            return replace(base, names=base.names[:1], into=into, separator=at or "\n") if at is not None else None
        text = await self._line(
            f"Split {clean(base.names[0])} into",
            "Names with commas between them; words that decide after an equals sign:",
            "lost, stolen=stolen theft. What no word decides is left to you, in a view.",
        )
        return None if not text else split_of(replace(base, names=base.names[:1]), text)

    async def _line(self, title: str, *help_lines: str, value: str = "") -> str | None:
        from workbench.tui.widgets.prompts import AskLine

        return await self.ask(AskLine(title, value, help_lines=help_lines))

    async def _change_task(self, change: TaskChange, *, ask: bool = True) -> None:
        from workbench.store import reshape_plan

        await self._carry_out(lambda store: reshape_plan.plan(store, change), ask=ask)

    async def _undo_task(self) -> None:
        from workbench.store import reshape_plan

        await self._carry_out(reshape_plan.plan_undo, ask=True)

    async def _carry_out(self, make: Any, *, ask: bool) -> None:
        """Preview, ask, do it in a thread with a store of its own, show the new names."""
        from workbench.store import reshape_preview
        from workbench.tui.widgets.prompts import Confirm

        planned, found = await self.read(lambda store: _previewed(store, make))
        reshape_preview.refuse(found)
        title = f"Take back: {found.change.sentence()}?" if found.undoes else f"{found.change.sentence()}?"
        if ask and not await self.ask(Confirm(title[0].upper() + title[1:], found.lines()[1:])):
            return
        if self._changing:
            raise UsageError("A change of the task is under way; wait until it is done.")
        self._changing = True
        try:
            await asyncio.to_thread(self._do, planned)
        finally:
            self._changing = False
        await self._renew()
        said = f"{found.change.sentence()}: {number(found.samples)} samples"
        self.say(f"Taken back: {said}." if found.undoes else f"{said[0].upper()}{said[1:]}. {self._next(found)}")

    def _next(self, found: Any) -> str:
        if found.open:
            return f'{number(found.open)} to be decided: saved view "split {clean(found.change.names[0])}" (w).'
        return found.notes[0] if found.notes else ""

    def _do(self, planned: Any) -> None:
        from workbench.store import reshape_preview

        told = [monotonic()]

        def progress(done: int, total: int) -> None:
            if monotonic() - told[0] > 0.5:
                told[0] = monotonic()
                self.app.call_from_thread(self.say, f"{planned.change.sentence()}: {100 * done // max(1, total)} %")

        with self.store.clone(durable=True) as store:
            reshape_preview.do(store, self.annotator_id, planned, progress)

    async def _show_history(self) -> None:
        from workbench.store import reshape
        from workbench.tui.widgets.prompts import Reading

        found = await self.read(reshape.history)
        lines = [
            (f"{one.id}  {one.created_at[:16]}  {one.by}  {'taken back: ' if one.undoes else ''}{one.change.sentence()}"
             f"{' (taken back)' if one.undone_by else ''}  {number(one.total)} samples", "pane--value")
            for one in found
        ]  # fmt: skip
        await self.ask(Reading("Changes of labels and fields", lines or [("Nothing was changed yet.", "pane--muted")]))

    def on_mount(self) -> None:
        self._settings_at = stamp(self.project)

    def changed(self) -> None:
        super().changed()
        if not self._changing and self._settings_at is not None and stamp(self.project) != self._settings_at:
            self.begin(self._follow())

    async def _follow(self) -> None:
        if await self._renew():
            self.say("The task's labels or fields were changed; the names are the new ones now.")

    async def _renew(self) -> bool:
        """Read the settings again and show what they say; False when the task is as it was."""
        self._settings_at = stamp(self.project)
        before = self.project.outline
        outline: Outline = await self.read(lambda store: Project(store.project.folder).outline)
        for name in REMEMBERED:
            self.project.__dict__.pop(name, None)
        self.project.__dict__["outline"] = outline
        if outline == before:
            return False
        fresh = LabelPane(outline, self.workbench.keymap)
        for name in TAKEN:
            if hasattr(fresh, name):
                setattr(self.labels, name, getattr(fresh, name))
        self.shape = outline.label_shape
        self.pane.outline = outline
        summaries = Summaries(outline)
        self.list.summaries = None if summaries.plain else summaries
        if self.shape == "one":
            self.list.label_width = min(20, max((cells(safe(label.name)) for label in outline.labels), default=20))
        if self.listing is not None:
            from workbench.store import views
            from workbench.store.reshape_views import view_now

            text = view_now(self.store.connection, self.listing.view.text, [label.name for label in outline.labels])
            self.list.reread()
            if text != self.listing.view.text:
                self.open_view(views.parse(text), self.list.current)
        self.changed()
        self.show_current()
        return True


def stamp(project: Project) -> tuple[int, int]:
    """When the settings were written last, and their size; zeros when they cannot be seen."""
    try:
        about = project.settings.stat()
    except OSError:
        return (0, 0)
    return (about.st_mtime_ns, about.st_size)


def split_of(change: TaskChange, text: str) -> TaskChange:
    """``lost, stolen=stolen theft`` as the labels that one is split into, and the words that decide."""
    into: list[str] = []
    words: dict[str, list[str]] = {}
    for part in filter(str.strip, text.split(",")):
        name, equals, said = part.partition("=")
        into.append(name.strip())
        if equals and said.split():
            words[name.strip()] = said.split()
    return replace(change, into=tuple(into), words=words)


def replace_cursor(shown: Shown, cursor: int) -> Shown:
    return Shown(shown.rows, shown.last, cursor)


def listed(store: Store) -> Shown:
    """The labels with their counts and the fields, as the settings have them now."""
    from workbench.store import reshape, samples

    outline = Project(store.project.folder).outline
    counts = samples.label_counts(store)
    rows = [Row("label", one.name, one.description, counts.get(one.name, 0)) for one in outline.labels]
    rows += [Row("field", one.name, one.kind + ("" if one.required else ", optional")) for one in outline.fields]
    newest = reshape.newest(store)
    return Shown(rows, f"last change: {newest.change.sentence()} ({newest.by})" if newest else "")


def _previewed(store: Store, make: Any) -> tuple[Any, Any]:
    from workbench.store import reshape_preview

    planned = make(store)
    return planned, reshape_preview.preview(store, planned)
