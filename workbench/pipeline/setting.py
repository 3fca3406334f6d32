"""What generate jobs and their preview have in common: recipe, parameters, seeds, model and prices of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench import answer_schema
from workbench.config import Endpoint
from workbench.errors import UsageError, WorkbenchError
from workbench.generate.lanes import Lane
from workbench.generate.parts import Example, Input, Setting
from workbench.models.limits import FREE, Gate, Listed, Prices, known
from workbench.models.make import ModelSettings, make_model
from workbench.models.openai import DEFAULT_BASE_URL
from workbench.models.place import host_of
from workbench.project import Project
from workbench.recipe import Recipe, load
from workbench.store import splits
from workbench.store.connection import Store
from workbench.text import content_hash

#: Refuses a run that cannot be meant: the largest project is about a million samples.
MOST = 10_000_000


@dataclass(frozen=True)
class Run:
    """A generate run as asked for; ``wanted(kept)`` is the number of kept samples to reach.

    ``name`` and ``group`` are those under which answers are kept and found again: the endpoints of one run count as one
    (where the recipe tells models apart, the request's conditions name its model, and they are part of the key).
    """

    recipe: Recipe
    setting: Setting
    lanes: Sequence[Lane]
    name: str
    group: str
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
    seed = config.generate.seed if given.get("seed") is None else given["seed"]
    if not 0 <= seed < 2**31:
        raise UsageError(f"--seed {seed} should be between 0 and {2**31 - 1:,}.")
    name = given.get("recipe") or config.generate.recipe
    recipe = load(name)
    chosen = {**config.generate.parameters.get(recipe.name, {}), **(given.get("parameters") or {})}
    return {
        "recipe": name,
        "count": count,
        "more": more,
        "model": recipe.runs_on or given.get("model") or config.model.use,
        "seed": seed,
        "parameters": recipe.settle(chosen),
        "learn": given.get("learn", True),
        **_executor(given),
    }


def _executor(given: Mapping[str, Any]) -> dict[str, str]:
    """How the requests are sent, where it is not one by one. Raises ``UsageError`` for a way that there is not."""
    executor = given.get("executor")
    if executor not in (None, "batch"):
        raise UsageError(f"There is no executor {executor!r}; there is batch.")
    return {} if executor is None else {"executor": executor}


def series_parameters(project: Project, recipe: Recipe, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a series one, besides model and seed: the recipe's parameters, and all that its prompts are made of.

    A changed prompt, label or description begins a new series: its samples are not more of the same.
    """
    task, model = project.config.task, project.config.model
    words = recipe.model_dump(
        include={"prompt", "prepare", "conditions", "demonstrations", "model", "parse", "wave", "accept"}
    )
    about: list[Any] = [
        words,
        task.kind,
        task.description,
        task.language,
        answer_schema.describe(task),
        [[label.name, label.description] for label in task.labels],
        dict(model.parameters),
    ]
    if "several models" in recipe.needs:
        about.append(model.names(model.use))  # they take turns: another list is another order
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
    inputs = inputs_of(store, recipe)
    lanes = lanes_of(project, parameters, [(seed.text, seed.label) for seed in seeds if seed.label is not None])
    models = sorted({lane.model.name for lane in lanes})
    for lane in lanes:
        refusal = recipe.refusal(
            frozenset(lane.model.capabilities),
            lane.model.name,
            task=config.task.kind,
            seeds=len(seeds),
            unlabelled=len(inputs),
            models=models,
        )
        if refusal:
            raise WorkbenchError(refusal)
    apart = models if "several models" in recipe.needs else ()
    setting = Setting(config, parameters["parameters"], parameters["seed"], seeds, inputs=inputs, models=apart)
    name, group = str(parameters["model"]), config.model.group or group_of(lanes)
    return Run(recipe, setting, lanes, name, group, parameters.get("count"), parameters.get("more"))


def inputs_of(store: Store, recipe: Recipe) -> list[Input]:
    """The unlabelled examples, for a recipe that is about them."""
    if "unlabelled" not in recipe.needs:
        return []
    return [Input(sample_id, fields, text) for sample_id, text, fields in splits.unlabelled(store)]


def lanes_of(project: Project, parameters: Mapping[str, Any], examples: Sequence[tuple[str, str]]) -> list[Lane]:
    """One lane, or one for each of ``model.endpoints`` when the run uses the project's own model."""
    ours, spec = project.config.model, str(parameters["model"])
    lanes = []
    for one in ours.several(spec) or [Endpoint()]:
        use = one.use or spec
        model = make_model(
            use,
            examples=examples,
            settings=ModelSettings(
                base_url=one.base_url or ours.base_url,
                timeout=one.timeout or ours.timeout,
                seed=parameters["seed"],
                api_key_env=one.api_key_env or ours.api_key_env,
                group=ours.group,
            ),
        )
        gate = Gate(
            concurrency=project.config.generate.concurrency,
            requests_per_minute=one.requests_per_minute or ours.requests_per_minute,
            tokens_per_minute=one.tokens_per_minute or ours.tokens_per_minute,
        )
        lanes.append(Lane(model, prices_of(project, use, one), gate, one.concurrency))
    return lanes


def prices_of(project: Project, use: str, endpoint: Endpoint | None = None) -> Prices:
    """What a model's tokens cost: as the settings say, else as the bundled list knows them for that provider, else unknown."""
    said = (endpoint.price if endpoint else None) or project.config.model.price
    if use.partition(":")[0] in ("embedded", "corpus"):
        return FREE
    if said is not None:
        return Prices(said.input, said.output)
    found = listed(project, use, endpoint)
    return Prices() if found is None else found.prices


def listed(project: Project, use: str, endpoint: Endpoint | None = None) -> Listed | None:
    """A model's line in the bundled list of prices, if its provider and name are there."""
    url = (endpoint.base_url if endpoint else None) or project.config.model.base_url
    return known(use.partition(":")[2], host_of(url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL))


def batch_prices(lane: Lane) -> Prices:
    """What a lane's tokens cost in a batch."""
    return lane.prices.times(batch_factor(known(lane.model.name.partition(":")[2], lane.host)))


def batch_factor(found: Listed | None) -> float:
    """The share of its price that a request in a batch costs: less than 1 where the provider is known to ask less."""
    return 1.0 if found is None or found.batch_factor is None else found.batch_factor


def group_of(lanes: Sequence[Lane]) -> str:
    """One endpoint's own group, or one for all of them, in whatever order they are listed."""
    groups = sorted({f"{lane.model.name} {lane.model.group}" for lane in lanes})
    return lanes[0].model.group if len(groups) == 1 else "several:" + content_hash(groups)[:16]
