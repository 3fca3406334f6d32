"""Forms and lists for the keyboard: one line a field, checked while it is typed; nothing moves when it is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import SuggestFromList
from textual.visual import Visual
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from workbench.text import clean
from workbench.tui.typed import Line

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form.

    ``kind``: "text", "whole number", "number", "yes or no", "choice" (of ``choices``) or "mapping" (written as JSON).
    An ``optional`` field may be empty, which reads as None.
    """

    name: str
    title: str
    kind: str = "text"
    default: Any = ""
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


def show(field: Field, value: Any) -> str:
    """``value`` as it is written in the form."""
    if value is None:
        return ""
    if field.kind == "yes or no":
        return "yes" if value else "no"
    if field.kind == "mapping":
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) else str(value)


def read(field: Field, text: str) -> tuple[Any, str]:
    """(value, "") or (None, what is wrong as a sentence)."""
    text = text.strip()
    if not text and (field.optional or field.kind == "mapping"):
        return None, ""
    name = field.title.strip().capitalize()
    if field.kind == "yes or no":
        return (text == "yes", "") if text in ("yes", "no") else (None, f"{name}: write yes or no.")
    if field.kind == "choice":
        return (text, "") if text in field.choices else (None, f"{name}: choose one of {', '.join(field.choices)}.")
    if field.kind == "mapping":
        return _mapping(name, text)
    if field.kind in ("whole number", "number"):
        return _number(field, name, text)
    return (text, "") if text else (None, f"{name} is needed.")


def _mapping(name: str, text: str) -> tuple[Any, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None, f'{name}: write JSON, such as {{"key": "value"}}, or leave it empty.'
    return (
        (value, "") if isinstance(value, dict) else (None, f'{name}: write a JSON object, such as {{"key": "value"}}.')
    )


def _number(field: Field, name: str, text: str) -> tuple[Any, str]:
    plain = text.replace(",", "").replace("_", "")
    value: float
    try:
        value = int(plain) if field.kind == "whole number" else float(plain)
    except ValueError:
        return None, f"{name}: a {field.kind} is needed, not {clean(text, limit=20)}."
    if not math.isfinite(value):
        return None, f"{name}: a {field.kind} is needed."
    if field.minimum is not None and value < field.minimum:
        return None, f"{name}: at least {field.minimum:g}."
    if field.maximum is not None and value > field.maximum:
        return None, f"{name}: at most {field.maximum:g}."
    return value, ""


class Choice(Static, can_focus=True):
    """One of a few words, changed with left, right or space."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; }
    Choice:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
        Binding("enter", "submit", show=False),
    ]

    class Changed(Message):
        """Another word was chosen."""

    class Submitted(Message):
        """Enter was pressed."""

    value: reactive[str] = reactive("")

    def __init__(self, choices: Sequence[str], value: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self.choices = tuple(choices)
        self.set_reactive(Choice.value, value if value in self.choices else self.choices[0])

    def render(self) -> Content:
        return Content.assemble(("< ", "$text-muted"), clean(self.value), (" >", "$foreground-muted"))

    def action_turn(self, step: int) -> None:
        self.value = self.choices[(self.choices.index(self.value) + step) % len(self.choices)]
        self.post_message(self.Changed())

    def action_submit(self) -> None:
        self.post_message(self.Submitted())


class Form(VerticalScroll, can_focus=False):
    """Fields, one line each, and one line below them with the first problem or the focused field's help."""

    DEFAULT_CSS = """
    Form { height: auto; scrollbar-size-vertical: 1; }
    Form .row { height: 1; }
    Form .title { width: 13; padding: 0 1 0 0; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    Form .row.wrong .title { color: $text-error; text-style: bold; }
    Form Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
    ]

    class Changed(Message):
        """A field's text changed (by a person or by ``fill``)."""

        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

        @property
        def control(self) -> Form:
            return self.form

    class Submitted(Message):
        """Enter was pressed in a field."""

        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

    def __init__(self, fields: Sequence[Field] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.fields = tuple(fields)

    def compose(self) -> ComposeResult:
        for field in self.fields:
            yield self._row(field)

    def _row(self, field: Field, value: Any = None) -> Horizontal:
        text = show(field, field.default if value is None else value)
        editor: Widget
        if field.kind in ("choice", "yes or no"):
            editor = Choice(field.choices or ("yes", "no"), text)
        else:
            suggester = SuggestFromList(field.suggestions) if field.suggestions else None
            editor = Line(
                text, compact=True, max_length=LONGEST, suggester=suggester, select_on_focus=True,
                placeholder="none" if field.optional or field.kind == "mapping" else "",
            )  # fmt: skip
        return Row(field, editor)

    async def replace(self, fields: Sequence[Field], values: Mapping[str, Any] | None = None) -> None:
        """Show other fields (a recipe's parameters, a filter's)."""
        self.fields = tuple(fields)
        await self.remove_children()
        await self.mount_all([self._row(field, (values or {}).get(field.name)) for field in self.fields])
        self.post_message(self.Changed(self))

    def values(self) -> tuple[dict[str, Any], dict[str, str]]:
        """(values of the fields that are right, sentence for each that is wrong); rows that are wrong are marked."""
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for row in self.query(Row):
            value, problem = read(row.field, row.text)
            row.set_class(bool(problem), "wrong")
            if problem:
                problems[row.field.name] = problem
            else:
                values[row.field.name] = value
        return values, problems

    def set(self, name: str, value: Any) -> None:
        """Write one field."""
        for row in self.query(Row):
            if row.field.name == name:
                row.text = show(row.field, value)

    def offer(self, name: str, suggestions: Sequence[str], help_: str) -> None:
        """Other suggestions and another help for a field that is typed in."""
        for row in self.query(Row):
            if row.field.name == name and isinstance(row.editor, Input):
                row.field = replace(row.field, suggestions=tuple(suggestions), help=help_)
                row.editor.suggester = SuggestFromList(suggestions)

    def focused_field(self) -> Field | None:
        """The field under the cursor, or None when the cursor is elsewhere."""
        return next((row.field for row in self.query(Row) if row.has_focus_within), None)

    def focus_first(self) -> bool:
        """Put the cursor on the first field; False when there is none."""
        editors = self.query(Row)
        if editors:
            self.screen.set_focus(editors.first().editor)  # at once: the next key may be there already
        return bool(editors)

    def action_step(self, step: int) -> None:
        if step > 0:
            self.screen.focus_next(".editor")
        else:
            self.screen.focus_previous(".editor")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self))

    def on_choice_submitted(self, event: Choice.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self))


class Row(Horizontal):
    """A title and its editor."""

    def __init__(self, field: Field, editor: Widget) -> None:
        super().__init__(classes="row")
        self.field = field
        self.editor = editor
        editor.add_class("editor")

    def compose(self) -> ComposeResult:
        yield Static(clean(self.field.title), classes="title", markup=False)
        yield self.editor

    @property
    def text(self) -> str:
        return self.editor.value if isinstance(self.editor, Input | Choice) else ""

    @text.setter
    def text(self, value: str) -> None:
        if isinstance(self.editor, Input | Choice):
            self.editor.value = value


class Picks(OptionList):
    """A list to pick from that keeps its cursor on the same item while it is filled anew."""

    DEFAULT_CSS = """
    Picks { height: auto; border: none; padding: 0; background: transparent; scrollbar-size-vertical: 1; }
    Picks:focus { border: none; }
    Picks > .option-list--option-disabled { color: $text-muted; }
    Picks > .option-list--option-highlighted { background: $panel; color: $foreground; text-style: bold; }
    Picks:focus > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: none;
    }
    Picks.-textual-compact > .option-list--option { padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False, compact=True)
        for key in ("left", "right"):  # a list is never wider than its place: these keys are the screen's
            self._bindings.key_to_bindings.pop(key, None)
        self._shown: list[tuple[str, Content]] = []

    def _get_visual(self, option: Option) -> Visual:
        """The row with the cursor has one colour: those of its parts may not be readable on the cursor's."""
        if self.highlighted is not None and self.get_option_at_index(self.highlighted) is option:
            return Content(option.prompt.plain if isinstance(option.prompt, Content) else str(option.prompt))
        return super()._get_visual(option)

    @property
    def picked(self) -> str | None:
        """The key of the item under the cursor."""
        return None if self.highlighted is None else self.get_option_at_index(self.highlighted).id

    def fill(self, items: Sequence[tuple[str, Content]], *, start: str | None = None) -> None:
        """Show (key, line) items; what has not changed is left alone. A new list's cursor begins at ``start``.

        An item whose key begins with "-" stands between others: the cursor passes it.
        """
        new = list(items)
        if new == self._shown:
            return
        if [key for key, _ in new] == [key for key, _ in self._shown]:
            for place, ((_, before), (_, line)) in enumerate(zip(self._shown, new, strict=True)):
                if before != line:
                    self.replace_option_prompt_at_index(place, line)
            self._shown = new
            return
        kept, place = self.picked or start, self.highlighted or 0
        self._shown = new
        self.clear_options()
        self.add_options([Option(line, id=key, disabled=key.startswith("-")) for key, line in new])
        keys = [key for key, _ in new]
        free = [at for at, key in enumerate(keys) if not key.startswith("-")]
        if free:
            self.highlighted = keys.index(kept) if kept in keys else min(free, key=lambda at: abs(at - place))

    def pick(self, key: str) -> None:
        """Put the cursor on an item, if it is there."""
        keys = [shown for shown, _ in self._shown]
        if key in keys:
            self.highlighted = keys.index(key)
