"""Prompts: Jinja in its sandbox, with undefined names refused."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import FrameType
from typing import Any

from workbench import answer_schema
from workbench.errors import WorkbenchError
from workbench.generate.parts import Example, Setting
from workbench.recipe import Recipe
from workbench.task_kinds import KINDS

#: A rendered prompt may be this long; a template that loops away is a mistake, not a prompt.
LONGEST = 400_000
#: The first renderings of every template are watched and may take so many seconds each.
WATCHED, SECONDS = 3, 2.0
#: Renderings that depend on nothing but a few words (a label) are kept, up to this many.
KEPT = 4_096


class Endless(Exception):
    """A template that did not end in time."""


class Prompts:
    """Renders a recipe's messages. Templates see ``task`` (with ``shape``: the form of the answer in words), ``field``,
    ``language``, ``label``, ``wanted`` (the wanted label in words, with a space before it; empty where there is none),
    ``demonstrations``, ``input`` (the unlabelled example: ``text``, ``fields``), the conditions and the parameters; a
    name that is none of these is an error, not an empty string."""

    def __init__(self, recipe: Recipe, setting: Setting) -> None:
        self.recipe = recipe
        self.setting = setting
        self._labels = {label.name: label for label in setting.labels}
        self._rendered: dict[tuple[tuple[str, Any], ...], tuple[dict[str, str], ...]] = {}
        self._watched = 0
        task = setting.config.task
        self._names = {
            "task": {
                "description": task.description,
                "labels": task.label_names,
                "kind": task.kind,
                "title": KINDS[task.kind].title.lower(),
                "fields": list(task.fields),
                "shape": answer_schema.describe(task),
            },
            "field": task.text_field if len(task.fields) == 1 and setting.answer_schema is None else "example",
            "language": task.language_name,
        }

    @cached_property
    def _templates(self) -> dict[str, Any]:
        from jinja2 import StrictUndefined, TemplateSyntaxError

        # Prompts are plain text, never HTML: nothing is escaped.
        environment = _sandbox()(undefined=StrictUndefined, autoescape=False)
        # A prompt is a function of what it is made from: chance belongs to the conditions, which have a seed.
        del environment.filters["random"], environment.globals["lipsum"]
        try:
            return {role: environment.from_string(text) for role, text in self.recipe.prompt.templates() if text}
        except TemplateSyntaxError as error:
            raise WorkbenchError(
                f"Recipe {self.recipe.name!r}: line {error.lineno} of its prompt is not valid Jinja ({error.message})."
            ) from error

    def render(self, conditions: Mapping[str, Any], demonstrations: Sequence[Example]) -> tuple[dict[str, str], ...]:
        """Chat messages; raises ``WorkbenchError`` when a template names something that is not there, reaches for what
        is none of its business, or does not end."""
        if demonstrations or not all(type(value) is str for value in conditions.values()):
            return self._render(conditions, demonstrations)
        key = tuple(conditions.items())
        found = self._rendered.get(key)
        if found is None:
            if len(self._rendered) >= KEPT:
                self._rendered.clear()
            found = self._rendered[key] = self._render(conditions, demonstrations)
        return found

    def _render(self, conditions: Mapping[str, Any], demonstrations: Sequence[Example]) -> tuple[dict[str, str], ...]:
        names = {
            **self.setting.parameters,
            **conditions,
            **self._names,
            "label": self._labels.get(str(conditions.get("label"))),
            "wanted": self._wanted(conditions.get("label")),
            "input": self.setting.input_by_id[conditions["unlabelled"]] if "unlabelled" in conditions else None,
            "demonstrations": [{"text": one.text, "label": one.label} for one in demonstrations],
        }
        watched, self._watched = self._watched < WATCHED, self._watched + 1
        messages = []
        for role, template in self._templates.items():
            try:
                text = (_within(SECONDS, template, names) if watched else template.render(names)).strip()
            except Exception as error:  # templates may divide by zero, multiply a text by itself, ...
                raise WorkbenchError(
                    f"Recipe {self.recipe.name!r}: its {role} prompt cannot be rendered: {_reason(error)}."
                ) from error
            if len(text) > LONGEST:
                raise WorkbenchError(
                    f"Recipe {self.recipe.name!r}: its {role} prompt is over {LONGEST:,} characters long."
                )
            messages.append({"role": role, "content": text})
        return tuple(messages)

    def _wanted(self, label: Any) -> str:
        """`` whose label is "a" (what that is)``, and the like for several labels and for scales."""
        if label is None:
            return ""
        if isinstance(label, (int, float)):
            scale = self.setting.config.task.scale
            return f" whose label is {label:g}" + (f" on a scale from {scale.low:g} to {scale.high:g}" if scale else "")
        names = label if isinstance(label, list) else [label]
        said = [self._named(str(name)) for name in names]
        if len(said) == 1:
            return f" whose label is {said[0]}"
        return f" with exactly these labels: {', '.join(said)}"

    def _named(self, name: str) -> str:
        about = self._labels[name].description if name in self._labels else ""
        return f'"{name}" ({about})' if about else f'"{name}"'


def _reason(error: Exception) -> str:
    if isinstance(error, Endless):
        return f"it did not end within {SECONDS:g} seconds"
    return str(error).rstrip(".") or type(error).__name__


def _within(seconds: float, template: Any, names: Mapping[str, Any]) -> str:
    """Render with an eye on the clock: Python looks at it on every line that the template was compiled to."""
    deadline = time.monotonic() + seconds
    before = sys.gettrace()

    def look(frame: FrameType, event: str, argument: Any) -> Any:
        if time.monotonic() > deadline:
            raise Endless
        return look

    sys.settrace(look)
    try:
        return str(template.render(names))
    finally:
        sys.settrace(before)


def _sandbox() -> Any:
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        """Jinja's sandbox, and no products that do not fit into a prompt: one such step cannot be interrupted."""

        intercepted_binops = frozenset(["*", "**"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "**":
                if not all(isinstance(one, (int, float)) and abs(one) <= 1_000 for one in (left, right)):
                    raise SecurityError("it takes a power of large numbers")
            elif any(_size(one) * _factor(other) > LONGEST for one, other in ((left, right), (right, left))):
                raise SecurityError("it multiplies something to an enormous size")
            return super().call_binop(context, operator, left, right)

    return Sandbox


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes, list, tuple)) else 0


def _factor(value: Any) -> int:
    return value if isinstance(value, int) else 0
