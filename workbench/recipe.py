"""Recipes: YAML files that compose registered parts into a published method. Loaded, checked, and given parameters."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from workbench.config import check, load_yaml
from workbench.errors import UsageError
from workbench.paths import PACKAGE
from workbench.task import Part
from workbench.task_kinds import KINDS

FOLDER = PACKAGE / "recipes"


#: What a recipe needs besides what its model can do.
_NOT_OF_MODELS = ("seeds", "unlabelled", "several models")


class Parameter(Part):
    """A parameter of a recipe. Its kind is that of its default."""

    default: int | float | bool | str | dict[str, Any] | None
    help: str
    minimum: float | None = None
    maximum: float | None = None

    @property
    def kind(self) -> str:
        value = self.default
        for kind, name in ((bool, "yes or no"), (int, "whole number"), (float, "number"), (str, "text")):
            if isinstance(value, kind):
                return name
        return "mapping"

    def check(self, name: str, value: Any) -> Any:
        """``value`` as this parameter takes it; raises ``UsageError`` when it cannot."""
        kind = self.kind
        if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        fits = {
            "yes or no": isinstance(value, bool),
            "whole number": isinstance(value, int) and not isinstance(value, bool),
            "number": isinstance(value, float),
            "text": isinstance(value, str),
            "mapping": value is None or isinstance(value, dict),
        }[kind]
        if not fits:
            raise UsageError(f"{name} is {value!r}, but should be a {kind}: {self.help}")
        if isinstance(value, (int, float)):
            if not math.isfinite(value):
                raise UsageError(f"{name} is {value}, but should be a finite number.")
            if self.minimum is not None and value < self.minimum:
                raise UsageError(f"{name} is {value}, but should be at least {self.minimum:g}.")
            if self.maximum is not None and value > self.maximum:
                raise UsageError(f"{name} is {value}, but should be at most {self.maximum:g}.")
        return value


class Step(Part):
    """A registered part with its options; an option that is a string ``$name`` stands for a parameter."""

    part: str
    options: dict[str, Any] = Field(default_factory=dict)


class PromptText(Part):
    """Jinja templates. They see the task, the label, conditions, demonstrations and parameters."""

    system: str = ""
    user: str = ""
    completion: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> PromptText:
        if bool(self.user) == bool(self.completion) or (self.completion and self.system):
            raise ValueError(
                "a prompt is either user (with or without system), or completion, a raw text to be continued"
            )
        return self

    def templates(self) -> list[tuple[str, str]]:
        """(role, template) in the order in which they are sent."""
        return [
            (role, text)
            for role, text in (("system", self.system), ("user", self.user), ("prompt", self.completion))
            if text
        ]


class Recipe(Part):
    """One recipe. ``place`` is where the survey's tree has it; ``needs`` what the model must be able to do, and what there must
    be. ``curate`` is the chain of curation that belongs to the method. ``runs_on`` names the model that stands in where
    the method asks none."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    version: int = 1
    title: str
    paper: str
    arxiv: str = ""
    year: int
    place: str
    tasks: list[str] = Field(min_length=1)
    needs: list[
        Literal[
            "chat",
            "text_given_label",
            "logprobs",
            "structured",
            "embeddings",
            "completions",
            "seeds",
            "unlabelled",
            "several models",
        ]
    ]
    summary: str
    when: str
    requests_per_sample: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    prepare: Step | None = None
    conditions: list[Step] = Field(min_length=1)
    demonstrations: Step | None = None
    prompt: PromptText
    model: dict[str, Any] = Field(default_factory=dict)
    parse: Step
    wave: int | str | None = None
    accept: list[Step] = Field(default_factory=list)
    curate: list[str] = Field(default_factory=list)
    runs_on: Literal["corpus"] | None = None

    @field_validator("tasks")
    @classmethod
    def _kinds(cls, tasks: list[str]) -> list[str]:
        if unknown := next((name for name in tasks if name not in KINDS), None):
            raise ValueError(f"there is no task kind {unknown!r}; there are: {', '.join(KINDS)}")
        return tasks

    @field_validator("wave")
    @classmethod
    def _positive(cls, wave: int | str | None) -> int | str | None:
        if isinstance(wave, int) and wave < 1:
            raise ValueError("a wave has at least one request")
        return wave

    def settle(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters: the given ones checked, the others at their defaults. Raises ``UsageError``."""
        for name in given:
            if name not in self.parameters:
                close = difflib.get_close_matches(name, self.parameters, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"it has: {', '.join(self.parameters) or 'none'}."
                raise UsageError(f"Recipe {self.name!r} has no parameter {name!r}; {hint}")
        return {
            name: parameter.check(f"{self.name}.{name}", given[name]) if name in given else parameter.default
            for name, parameter in self.parameters.items()
        }

    def chain(self, given: Mapping[str, Any]) -> list[str]:
        """The steps of curation that belong to the method, with ``$name`` replaced by the parameter's value.

        Raises ``UsageError`` when the recipe has none, or for a parameter that it does not have.
        """
        if not self.curate:
            raise UsageError(f"Recipe {self.name!r} has no curation of its own; leave --recipe out.")
        parameters = self.settle(given)

        def written(found: re.Match[str]) -> str:
            value = self.value(found[0], parameters)
            return ("yes" if value else "no") if isinstance(value, bool) else "none" if value is None else str(value)

        return [re.sub(r"\$[a-z_]+", written, spec) for spec in self.curate]

    def options(self, step: Step, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A step's options with ``$name`` replaced by the parameter's value."""
        return {name: self.value(option, parameters) for name, option in step.options.items()}

    def value(self, option: Any, parameters: Mapping[str, Any]) -> Any:
        if isinstance(option, str) and option.startswith("$"):
            if option[1:] not in parameters:
                raise UsageError(f"Recipe {self.name!r} uses {option}, but has no such parameter.")
            return parameters[option[1:]]
        return option

    def refusal(
        self,
        capabilities: frozenset[str],
        model: str,
        *,
        task: str,
        seeds: int,
        unlabelled: int = 0,
        models: Sequence[str] = (),
    ) -> str | None:
        """Why this recipe cannot run with that model and project, as a sentence; None if it can. ``models`` are the names
        of all models that the run would ask; none stands for that model alone."""
        if task not in self.tasks:
            return f"Recipe {self.name!r} is for {', '.join(self.tasks)}, but this project's task is {task}."
        if "chat" not in capabilities and task != "classification" and not self.runs_on:
            return (
                f"{model} writes single texts given one label; for a task of kind {task} use an endpoint (openai:NAME)."
            )
        offered = set(capabilities) | ({"text_given_label"} if "chat" in capabilities else set())
        missing = [need for need in self.needs if need not in _NOT_OF_MODELS and need not in offered]
        if missing:
            words = {
                "chat": "follow instructions",
                "logprobs": "give token log-probabilities",
                "structured": "answer by a JSON schema",
                "embeddings": "give embeddings",
                "completions": "continue raw prompts",
            }
            wanted = " and ".join(words.get(need, need) for need in missing)
            return (
                f"Recipe {self.name!r} needs a model that can {wanted}, and {model} cannot; "
                "use an endpoint as the model (openai:NAME), or recipe 'zerogen'."
            )
        if "several models" in self.needs and len(models) < 2:
            return (
                f"Recipe {self.name!r} needs at least two differently named models, and there is only {model}; "
                "list them under model.endpoints in project.yaml (`use: openai:NAME` at each)."
            )
        if "seeds" in self.needs and not seeds:
            return f"Recipe {self.name!r} needs seeds; add some with `workbench import FILE --as seed`."
        if "unlabelled" in self.needs and not unlabelled:
            return f"Recipe {self.name!r} needs texts without labels; add some with `workbench import FILE --as unlabelled`."
        return None


@cache
def _load(path: Path) -> Recipe:
    value, node = load_yaml(path)
    return check(Recipe, value, node, path)


def names() -> list[str]:
    """Names of the recipes that come with the workbench."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def path_of(name: str) -> Path:
    """Where a recipe's file is; raises ``UsageError`` with the nearest name when there is none."""
    known = names()
    if name in known:
        return FOLDER / f"{name}.yaml"
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}."
    raise UsageError(f"There is no recipe {name!r}; {hint}")


def load(name: str) -> Recipe:
    """A recipe by name, or from a file when ``name`` ends in .yaml; raises ``UsageError`` or ``FileError`` (with the line)."""
    if name.endswith((".yaml", ".yml")):
        return _load(Path(name).expanduser().resolve())
    return _load(path_of(name))


def everyone() -> Sequence[Recipe]:
    """All recipes, by year and name."""
    return sorted((load(name) for name in names()), key=lambda recipe: (recipe.year, recipe.name))
