"""What a generate run would do, before a request is paid for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.config import Endpoint
from workbench.errors import WorkbenchError
from workbench.generate.parts import Example, Pool, Setting
from workbench.generate.plan import Plan
from workbench.models.make import MODELS
from workbench.pipeline.setting import batch_factor, inputs_of, listed, prices_of, series_parameters
from workbench.project import Project
from workbench.recipe import Recipe, load
from workbench.store import ledger, splits
from workbench.store.connection import Store

#: Rendered prompts that a preview shows.
SHOWN = 3
#: Tokens of an answer are unknown before it comes: a seed's length where there are seeds, else so many for a text alone,
#: and for each field of an object.
ANSWER_TOKENS = 30
FIELD_TOKENS = {"text": 60, "number": 5, "json": 80, "messages": 300}
#: What names of keys, quotes and brackets add to the texts of an object.
JSON_SHARE = 1.25


@dataclass
class Preview:
    """``refusal`` says why it cannot run (then the rest is empty). Tokens are estimates: four characters each.

    ``shape`` is the JSON Schema that each answer is asked to follow, None for plain text.
    """

    refusal: str | None = None
    prompts: list[list[dict[str, str]]] = field(default_factory=list)
    requests: int = 0
    kept: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    note: str = ""
    model_description: str = ""
    shape: dict[str, Any] | None = None


def generate(project: Project, store: Store, parameters: Mapping[str, Any]) -> Preview:
    """Preview a run from parameters as ``setting.parameters_of`` gives them. Asks no model and writes nothing."""
    config = project.config
    info = next((one for one in MODELS if one.name == str(parameters["model"]).partition(":")[0]), None)
    if info is None:
        return Preview(refusal=f"There is no model {parameters['model']!r}; write embedded, or openai:NAME.")
    recipe = load(parameters["recipe"])
    seeds = [Example(*row) for row in splits.seeds(store)]
    inputs = inputs_of(store, recipe)
    refusal = recipe.refusal(
        info.capabilities,
        str(parameters["model"]),
        task=config.task.kind,
        seeds=len(seeds),
        unlabelled=len(inputs),
        models=config.model.names(str(parameters["model"])),
    )
    if refusal is None and info.name == "embedded" and not seeds:
        refusal = (
            "The embedded model learns from seeds, and there are none; add some with `workbench import FILE --as seed`."
        )
    if refusal:
        return Preview(refusal=refusal, model_description=info.description)
    models = config.model.names(str(parameters["model"])) if "several models" in recipe.needs else ()
    setting = Setting(config, parameters["parameters"], parameters["seed"], seeds, inputs=inputs, models=models)
    series = ledger.find_series(
        store,
        recipe.name,
        series_parameters(project, recipe, parameters["parameters"]),
        parameters["model"],
        parameters["seed"],
    )
    kept = ledger.kept(store, series) if series else 0
    first = ledger.next_ordinal(store, series) if series else 0
    missing = parameters["more"] if parameters.get("more") else max(0, int(parameters.get("count") or 0) - kept)
    if recipe.runs_on:
        note = f"It asks no model: it searches {len(inputs):,} unlabelled texts."
        return Preview(kept=kept, cost=0.0, note=note, model_description=info.description)
    result = Preview(requests=missing, kept=kept, model_description=info.description)
    setting.prepared, note = _prepared(store, series, recipe, setting)
    try:
        plan = Plan(recipe, setting, dict(config.model.parameters))
        if plan.most is not None:
            result.requests = missing = max(0, min(missing, plan.most - first))
            first = min(first, plan.most - 1)
            note = f"{note} There are {plan.most:,} unlabelled texts, one request each.".strip()
        shown = min(SHOWN, max(missing, 1))
        planned = [plan.at(first + place, Pool()) for place in range(shown)]
    except WorkbenchError as error:
        return Preview(refusal=str(error), model_description=info.description)
    result.prompts = [[dict(message) for message in one.request.shown] for one in planned]
    result.shape = next((dict(one.request.schema) for one in planned if one.request.schema), None)
    letters = [sum(len(message["content"]) for message in prompt) for prompt in result.prompts]
    result.input_tokens = math.ceil(sum(letters) / len(letters) / 4 * missing) if letters else 0
    result.output_tokens = math.ceil(_answer_tokens(setting) * missing)
    result.cost, told = _cost(project, str(parameters["model"]), result.input_tokens, result.output_tokens)
    if result.cost is not None and parameters.get("executor") == "batch":
        endpoint = _endpoints(project, str(parameters["model"]))[0]  # batches go to the first endpoint
        factor = batch_factor(listed(project, endpoint.use or str(parameters["model"]), endpoint))
        result.cost *= factor
        told = f"{told} By batch at {factor:g} of the price.".strip()
    note = f"{note} {told}".strip()
    if models:
        note = f"{note} It asks {', '.join(models[:-1])} and {models[-1]} in turn.".strip()
    if plan.recipe.accept:
        note = f"{note} Some answers will not be kept: expect more requests than samples.".strip()
    result.note = note
    return result


def _answer_tokens(setting: Setting) -> float:
    """Tokens that an answer is likely to have: as long as the seeds are, else by the fields that the task has."""
    task, seeds = setting.config.task, setting.seeds[:200]
    if seeds:
        share = 1.0 if setting.answer_schema is None else JSON_SHARE
        return share * sum(len(seed.text) for seed in seeds) / len(seeds) / 4
    if setting.answer_schema is None:
        return ANSWER_TOKENS
    fields = sum(FIELD_TOKENS[field.kind] for field in task.fields.values())
    return JSON_SHARE * (fields + (FIELD_TOKENS["json"] if task.label_shape == "object" else 0))


def _cost(project: Project, model: str, input_tokens: int, output_tokens: int) -> tuple[float | None, str]:
    """Dollars (None: unknown), by the dearest of the project's endpoints, and what is to be said about the price."""
    ours, endpoints = project.config.model, _endpoints(project, model)
    costs = [prices_of(project, one.use or model, one).cost(input_tokens, output_tokens) for one in endpoints]
    if None in costs:
        return None, "The model's price is not known (model.price in project.yaml): tokens only."
    found = None if ours.price or endpoints[0].price else listed(project, endpoints[0].use or model, endpoints[0])
    told = f"Prices of {found.provider} as listed on {found.as_of} (model.price sets your own)." if found else ""
    return max(cost for cost in costs if cost is not None), told


def _endpoints(project: Project, model: str) -> list[Endpoint]:
    """The endpoints that a run with ``model`` asks; a plain one where none are listed."""
    return project.config.model.several(model) or [Endpoint()]


def _prepared(store: Store, series: int | None, recipe: Recipe, setting: Setting) -> tuple[dict[str, Any], str]:
    """What the preparation gave, or a stand-in that shows where its results will stand."""
    if recipe.prepare is None:
        return {}, ""
    given = ledger.prepared(store, series) if series else None
    if given is not None:
        return given, ""
    proposals = setting.parameters.get("proposals")
    if isinstance(proposals, dict) and proposals:
        return {"attributes": proposals}, ""
    names = [f"<attribute {n} that the model proposes>" for n in range(1, int(setting.parameters["attributes"]) + 1)]
    return {"attributes": {name: ["<one of its values>"] for name in names}}, (
        "The attributes are asked from the model first; --prepare-only asks only them."
    )
