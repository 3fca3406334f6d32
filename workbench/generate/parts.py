"""What recipes are composed of: registries of parts and what a part gets to see."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from workbench import answer_schema
from workbench.config import Config, Label
from workbench.models.base import Answer, Request
from workbench.registry import Registry

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Example:
    """A text that may be shown to a model: a seed, or a sample generated earlier. Never one of the test or validation split.

    ``model`` wrote it, where the recipe tells models apart."""

    id: int
    text: str
    label: str | None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """An unlabelled example of the user's that is to be annotated, or found for a label: its whole contents."""

    id: int
    fields: Mapping[str, Any]
    text: str


def random_at(seed: int, *place: object) -> random.Random:
    """A generator that depends on the seed and the place alone."""
    return random.Random(":".join(str(part) for part in (seed, *place)))


@dataclass
class Setting:
    """What does not change while a series runs. ``seeds`` holds training seeds only; ``inputs`` the unlabelled examples, where
    the recipe is about them; ``prepared`` the preparation's result; ``models`` the names of the run's models in order,
    where the recipe tells them apart."""

    config: Config
    parameters: Mapping[str, Any]
    seed: int
    seeds: Sequence[Example]
    prepared: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[Input] = ()
    models: Sequence[str] = ()
    _by_label: dict[str, list[Example]] | None = None

    @property
    def labels(self) -> list[Label]:
        return self.config.task.labels

    @cached_property
    def input_by_id(self) -> Mapping[int, Input]:
        """The unlabelled examples by sample number."""
        return {one.id: one for one in self.inputs}

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        return tuple(self.config.task.label_names)

    @cached_property
    def scale_steps(self) -> tuple[float, ...]:
        """The numbers that a label on the task's scale may be asked to be, from low to high."""
        scale = self.config.task.scale
        if scale is None:
            return ()
        count = int((scale.high - scale.low) / scale.step + 1e-9) + 1
        return tuple(round(scale.low + n * scale.step, 6) for n in range(count))

    @cached_property
    def answer_schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema of an answered sample; None where that is a single plain text."""
        return answer_schema.schema(self.config.task)

    def random(self, *place: object) -> random.Random:
        """A generator of its own for one place, so that a draw depends on where it is, not on what was drawn before."""
        return random_at(self.seed, *place)

    def seeds_of(self, label: str) -> list[Example]:
        if self._by_label is None:
            self._by_label = {}
            for seed in self.seeds:
                self._by_label.setdefault(seed.label or "", []).append(seed)
        return self._by_label.get(label, [])


@dataclass
class Pool:
    """What a wave may build on, frozen when it opened: samples kept in earlier waves and not rejected by a person since,
    by label, in request order."""

    generated: dict[str, list[Example]] = field(default_factory=dict)
    _made: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """``make()``, called for the first request of the wave that asks for ``key`` and remembered for the others."""
        if key not in self._made:
            self._made[key] = make()
        found: Made = self._made[key]
        return found


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that gives no sample, or a sample that the recipe does not keep: the reason, the number, the other sample.

    ``repairable`` says that the model had an answer but not in the asked form: it may be asked once to put it right.
    """

    reason: str
    value: float | None = None
    other: int | None = None
    repairable: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """One sample as read from an answer. ``label`` None: the label is what the conditions asked for. ``extra`` is kept
    beside the sample's conditions (a rationale): it belongs to how the sample was made, not to its contents."""

    fields: Mapping[str, Any]
    label: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)


#: (setting, ordinal, conditions so far, options) -> conditions to add
Condition = Callable[[Setting, int, Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
#: (setting, ordinal, conditions, pool, options) -> demonstrations, in the order in which the prompt shows them
Demonstrations = Callable[[Setting, int, Mapping[str, Any], Pool, Mapping[str, Any]], Sequence[Example]]
#: (answer, setting, conditions, options) -> what the answer holds, or why it gives no sample
Read = Callable[[Answer, Setting, Mapping[str, Any], Mapping[str, Any]], "Sequence[Content] | Refusal"]
#: (setting, options) -> the JSON Schema that the answer should follow; None for plain text
Schema = Callable[[Setting, Mapping[str, Any]], "Mapping[str, Any] | None"]
#: asks one request and gives its answer (from the ledger when it is there)
Ask = Callable[[Request], "Any"]


def plain(setting: Setting, options: Mapping[str, Any]) -> None:
    """The schema of an answer that is a text."""


@dataclass(frozen=True, slots=True)
class Parser:
    """How answers are read: ``read`` gives the samples of one, ``schema`` what the endpoint is told about their form."""

    read: Read
    schema: Schema = plain


class Accept(ABC):
    """A rule that decides, in request order, which samples a feedback recipe keeps. It remembers what it has seen.

    It is made with the setting and the recipe's options for it, by name.
    """

    @abstractmethod
    def __init__(self, setting: Setting) -> None: ...

    @abstractmethod
    def seen(self, example: Example) -> None:
        """Take note of a seed, or of a sample that an earlier wave kept."""

    @abstractmethod
    def judge(self, example: Example) -> Refusal | None:
        """Why this sample is not kept, or None; a kept one counts as seen afterwards."""


CONDITIONS: Registry[Condition] = Registry("condition", "workbench.generate.conditions", "workbench.conditions")
DEMONSTRATIONS: Registry[Demonstrations] = Registry(
    "demonstration selection", "workbench.generate.demonstrations", "workbench.demonstrations"
)
PARSERS: Registry[Parser] = Registry("parser", "workbench.generate.parsers", "workbench.parsers")
ACCEPT: Registry[type[Accept]] = Registry("acceptance rule", "workbench.generate.acceptance", "workbench.acceptance")
#: (setting, ask, options) -> what later conditions find in ``setting.prepared``; a coroutine
PREPARE: Registry[Callable[..., Any]] = Registry(
    "preparation", "workbench.generate.preparation", "workbench.preparation"
)
