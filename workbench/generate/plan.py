"""Which request stands at which place of a series: a function of the recipe, its parameters, the seed and earlier waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.errors import UsageError
from workbench.generate.parts import (
    ACCEPT,
    CONDITIONS,
    DEMONSTRATIONS,
    PARSERS,
    Accept,
    Content,
    Pool,
    Refusal,
    Setting,
)
from workbench.generate.prompt import Prompts
from workbench.models.base import Answer, Request
from workbench.recipe import Recipe

#: Characters of an unreadable answer that its repair shows to the model.
REPAIRED = 20_000


@dataclass(frozen=True, slots=True)
class Planned:
    """Request number ``ordinal`` of a series; ``parents`` are the samples that it shows the model."""

    ordinal: int
    request: Request
    parents: Mapping[str, Sequence[int]]


class Plan:
    """The requests of one series, any of them at once and in constant memory."""

    def __init__(self, recipe: Recipe, setting: Setting, model_parameters: Mapping[str, Any] | None = None) -> None:
        self.recipe = recipe
        self.setting = setting
        self._prompts = Prompts(recipe, setting)
        parameters = setting.parameters
        self._conditions = [(CONDITIONS.get(step.part), recipe.options(step, parameters)) for step in recipe.conditions]
        shown = recipe.demonstrations
        self._demonstrations = (DEMONSTRATIONS.get(shown.part), recipe.options(shown, parameters)) if shown else None
        self._parser, self._reading = PARSERS.get(recipe.parse.part), recipe.options(recipe.parse, parameters)
        self._schema = self._parser.schema(setting, self._reading)
        sent = {name: recipe.value(value, parameters) for name, value in recipe.model.items()}
        #: The project's own model parameters win over the recipe's.
        self.sent = {**sent, **(model_parameters or {})}

    @property
    def feedback(self) -> bool:
        """Whether later requests depend on what earlier ones gave, so that waves have a fixed size."""
        return self.recipe.wave is not None

    @property
    def most(self) -> int | None:
        """How many requests the series can have at most; None where nothing bounds them but the wish."""
        if "unlabelled" not in self.recipe.needs:
            return None
        return len(self.setting.prepared.get("retrieved", self.setting.inputs))

    def wave_size(self, missing: int) -> int:
        """How many requests the next wave has, when ``missing`` samples are still wanted: the ledger records it."""
        if self.recipe.wave is None:
            return missing
        size = self.recipe.value(self.recipe.wave, self.setting.parameters)
        if not isinstance(size, int):
            raise UsageError(f"Recipe {self.recipe.name!r}: wave should be a whole number, not {size!r}.")
        return min(size, missing)

    def at(self, ordinal: int, pool: Pool) -> Planned:
        """The request at one place. Equal arguments give an equal request, whatever was asked before."""
        conditions: dict[str, Any] = {}
        for condition, options in self._conditions:
            conditions.update(condition(self.setting, ordinal, conditions, options))
        shown = []
        if self._demonstrations:
            select, options = self._demonstrations
            shown = list(select(self.setting, ordinal, conditions, pool, options))
        told = self._prompts.render(conditions, shown)
        raw = bool(self.recipe.prompt.completion)
        request = Request(
            messages=() if raw else told,
            conditions=conditions,
            parameters=self.sent,
            schema=None if raw else self._schema,
            prompt=told[0]["content"] if raw else None,
            # Repeats are wanted here: the place in the series, and the seed, tell them apart in the cache.
            draw=(self.setting.seed << 32) | ordinal,
        )
        parents: dict[str, Sequence[int]] = {"demonstrations": [one.id for one in shown]} if shown else {}
        if (given := conditions.get("unlabelled")) is not None:
            parents["unlabelled"] = [given]
        return Planned(ordinal, request, parents)

    def parse(self, answer: Answer, conditions: Mapping[str, Any]) -> Sequence[Content] | Refusal:
        """The samples in an answer, or why it gives none."""
        return self._parser.read(answer, self.setting, conditions, self._reading)

    def unreadable(self, answer: Answer, conditions: Mapping[str, Any]) -> str | None:
        """Why an answer is not in the asked form, where asking once more may mend that; None where it would not."""
        found = self.parse(answer, conditions)
        return found.reason if isinstance(found, Refusal) and found.repairable else None

    def repair(self, request: Request, answer: Answer, why: str) -> Request:
        """The request that asks to put an unreadable answer right: the same conversation, with what is wrong with it."""
        told = (
            f"That cannot be used: {why}. Send the same content again as one JSON object in the form that was asked for, "
            "and nothing else."
        )
        return replace(
            request,
            messages=(
                *request.messages,
                {"role": "assistant", "content": answer.text[:REPAIRED]},
                {"role": "user", "content": told},
            ),
        )

    def rules(self) -> list[tuple[str, Accept]]:
        """Fresh acceptance rules with their names."""
        return [
            (step.part, ACCEPT.get(step.part)(self.setting, **self.recipe.options(step, self.setting.parameters)))
            for step in self.recipe.accept
        ]
