"""What recipes are composed of: registries of parts and what a part gets to see."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workbench.config import Config, Label
from workbench.models.base import Answer, Request
from workbench.registry import Registry


@dataclass(frozen=True, slots=True)
class Example:
    """A text that may be shown to a model: a seed, or a sample generated earlier. Never one of the test or validation split."""

    id: int
    text: str
    label: str | None


def random_at(seed: int, *place: object) -> random.Random:
    """A generator that depends on the seed and the place alone."""
    return random.Random(":".join(str(part) for part in (seed, *place)))


@dataclass
class Setting:
    """What does not change while a series runs. ``seeds`` holds training seeds only; ``prepared`` the preparation's result."""

    config: Config
    parameters: Mapping[str, Any]
    seed: int
    seeds: Sequence[Example]
    prepared: Mapping[str, Any] = field(default_factory=dict)
    _by_label: dict[str, list[Example]] | None = None

    @property
    def labels(self) -> list[Label]:
        return self.config.task.labels

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        return tuple(self.config.task.label_names)

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
    """What a wave may build on, frozen when it opened: samples kept in earlier waves and not rejected by a person since."""

    generated: dict[str, list[Example]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that gives no sample, or a sample that the recipe does not keep: the reason, the number, the other sample."""

    reason: str
    value: float | None = None
    other: int | None = None


#: (setting, ordinal, conditions so far, options) -> conditions to add
Condition = Callable[[Setting, int, Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
#: (setting, ordinal, conditions, pool, options) -> demonstrations, in the order in which the prompt shows them
Demonstrations = Callable[[Setting, int, Mapping[str, Any], Pool, Mapping[str, Any]], Sequence[Example]]
#: (answer, setting, conditions, options) -> the sample's fields, or why there is none
Parse = Callable[[Answer, Setting, Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any] | Refusal]
#: asks one request and gives its answer (from the ledger when it is there)
Ask = Callable[[Request], "Any"]


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
PARSERS: Registry[Parse] = Registry("parser", "workbench.generate.parsers", "workbench.parsers")
ACCEPT: Registry[type[Accept]] = Registry("acceptance rule", "workbench.generate.acceptance", "workbench.acceptance")
#: (setting, ask, options) -> what later conditions find in ``setting.prepared``; a coroutine
PREPARE: Registry[Callable[..., Any]] = Registry(
    "preparation", "workbench.generate.preparation", "workbench.preparation"
)
