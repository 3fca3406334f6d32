"""Prompts: Jinja in its sandbox, with undefined names refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.parts import Example, Setting
from workbench.recipe import Recipe

#: A rendered prompt may be this long; a template that loops away is a mistake, not a prompt.
LONGEST = 400_000


class Prompts:
    """Renders a recipe's messages. Templates see ``task``, ``field``, ``language``, ``label``, ``demonstrations``, the
    conditions and the parameters; a name that is none of these is an error, not an empty string."""

    def __init__(self, recipe: Recipe, setting: Setting) -> None:
        self.recipe = recipe
        self.setting = setting
        self._labels = {label.name: label for label in setting.labels}

    @cached_property
    def _templates(self) -> dict[str, Any]:
        from jinja2 import StrictUndefined, TemplateSyntaxError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        # Prompts are plain text, never HTML: nothing is escaped.
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
        try:
            return {
                role: environment.from_string(text)
                for role, text in (("system", self.recipe.prompt.system), ("user", self.recipe.prompt.user))
                if text
            }
        except TemplateSyntaxError as error:
            raise WorkbenchError(
                f"Recipe {self.recipe.name!r}: line {error.lineno} of its prompt is not valid Jinja ({error.message})."
            ) from error

    def render(self, conditions: Mapping[str, Any], demonstrations: Sequence[Example]) -> tuple[dict[str, str], ...]:
        """Chat messages; raises ``WorkbenchError`` when a template names something that is not there."""
        from jinja2 import TemplateError

        task = self.setting.config.task
        names = {
            **self.setting.parameters,
            **conditions,
            "task": {"description": task.description, "labels": task.label_names, "kind": task.kind},
            "field": task.text_field,
            "language": task.language,
            "label": self._labels.get(str(conditions.get("label"))),
            "demonstrations": [{"text": one.text, "label": one.label} for one in demonstrations],
        }
        messages = []
        for role, template in self._templates.items():
            try:
                text = template.render(names).strip()
            except TemplateError as error:
                raise WorkbenchError(
                    f"Recipe {self.recipe.name!r}: its {role} prompt cannot be rendered: {error}."
                ) from error
            if len(text) > LONGEST:
                raise WorkbenchError(
                    f"Recipe {self.recipe.name!r}: its {role} prompt is over {LONGEST:,} characters long."
                )
            messages.append({"role": role, "content": text})
        return tuple(messages)
