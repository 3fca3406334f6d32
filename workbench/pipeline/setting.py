"""What generate jobs and their preview have in common: recipe, parameters, seeds, model and prices of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.generate.parts import Example, Setting
from workbench.models.base import Model
from workbench.models.limits import FREE, Prices
from workbench.models.make import ModelSettings, make_model
from workbench.project import Project
from workbench.recipe import Recipe, load
from workbench.store import splits
from workbench.store.connection import Store
from workbench.text import content_hash

#: Refuses a run that cannot be meant: the largest project is about a million samples.
MOST = 10_000_000


@dataclass(frozen=True)
class Run:
    """A generate run as asked for; ``wanted(kept)`` is the number of kept samples to reach."""

    recipe: Recipe
    setting: Setting
    model: Model
    prices: Prices
    count: int | None
    more: int | None

    def wanted(self, kept: int) -> int:
        return kept + self.more if self.more is not None else int(self.count or 0)


def parameters_of(project: Project, given: Mapping[str, Any]) -> dict[str, Any]:
    """A generate job's parameters with the project's settings for what was not given; checked, ready to be stored.

    Raises ``UsageError``: neither or both of ``count`` and ``more``, not positive, unknown recipe or recipe parameter.
    """
    config = project.config
    count, more = given.get("count"), given.get("more")
    if (count is None) == (more is None):
        raise UsageError("Say either --count N (up to N kept samples) or --more N (so many new ones).")
    for name, value in (("--count", count), ("--more", more)):
        if value is not None and not 1 <= value <= MOST:
            raise UsageError(f"{name} {value} should be between 1 and {MOST:,}.")
    name = given.get("recipe") or config.generate.recipe
    recipe = load(name)
    chosen = {**config.generate.parameters.get(recipe.name, {}), **(given.get("parameters") or {})}
    return {
        "recipe": name,
        "count": count,
        "more": more,
        "model": given.get("model") or config.model.use,
        "seed": config.generate.seed if given.get("seed") is None else given["seed"],
        "parameters": recipe.settle(chosen),
        "learn": given.get("learn", True),
    }


def series_parameters(project: Project, recipe: Recipe, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a series one, besides model and seed: the recipe's parameters, and all that its prompts are made of.

    A changed prompt, label or description begins a new series: its samples are not more of the same.
    """
    task = project.config.task
    words = recipe.model_dump(
        include={"prompt", "prepare", "conditions", "demonstrations", "model", "parse", "wave", "accept"}
    )
    about = [
        words,
        task.kind,
        task.description,
        task.language,
        task.text_field,
        [[label.name, label.description] for label in task.labels],
        dict(project.config.model.parameters),
    ]
    return {"version": recipe.version, "made_of": content_hash(about)[:16], **parameters}


def run_of(project: Project, store: Store, parameters: Mapping[str, Any]) -> Run:
    """The run that stored parameters describe. Raises ``WorkbenchError`` when the recipe cannot run with this model."""
    config = project.config
    recipe = load(parameters["recipe"])
    seeds = [Example(*row) for row in splits.seeds(store)]
    embedded = parameters["model"].partition(":")[0] == "embedded"
    if embedded and not seeds:
        raise WorkbenchError(
            "The embedded model learns from the project's seeds, and there are none; "
            "add some with `workbench import FILE --as seed`, or use an endpoint (--model openai:NAME)."
        )
    model = make_model(
        parameters["model"],
        examples=[(seed.text, seed.label) for seed in seeds if seed.label is not None],
        settings=ModelSettings(
            base_url=config.model.base_url,
            timeout=config.model.timeout,
            seed=parameters["seed"],
            api_key_env=config.model.api_key_env,
            group=config.model.group,
        ),
    )
    refusal = recipe.refusal(
        frozenset(model.capabilities), parameters["model"], task=config.task.kind, seeds=len(seeds)
    )
    if refusal:
        raise WorkbenchError(refusal)
    price = config.model.price
    prices = FREE if embedded else Prices(price.input, price.output) if price else Prices()
    setting = Setting(config, parameters["parameters"], parameters["seed"], seeds)
    return Run(recipe, setting, model, prices, parameters.get("count"), parameters.get("more"))
