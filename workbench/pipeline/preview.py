"""What a generate run would do, before a request is paid for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.parts import Example, Pool, Setting
from workbench.generate.plan import Plan
from workbench.models.limits import FREE, Prices
from workbench.models.make import MODELS
from workbench.pipeline.setting import series_parameters
from workbench.project import Project
from workbench.recipe import Recipe, load
from workbench.store import ledger, splits
from workbench.store.connection import Store

#: Rendered prompts that a preview shows.
SHOWN = 3
#: Tokens of an answer are unknown before it comes: a seed's length where there are seeds, else this.
ANSWER_TOKENS = 30


@dataclass
class Preview:
    """``refusal`` says why it cannot run (then the rest is empty). Tokens are estimates: four characters each."""

    refusal: str | None = None
    prompts: list[list[dict[str, str]]] = field(default_factory=list)
    requests: int = 0
    kept: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    note: str = ""
    model_description: str = ""


def generate(project: Project, store: Store, parameters: Mapping[str, Any]) -> Preview:
    """Preview a run from parameters as ``setting.parameters_of`` gives them. Asks no model and writes nothing."""
    config = project.config
    info = next((one for one in MODELS if one.name == str(parameters["model"]).partition(":")[0]), None)
    if info is None:
        return Preview(refusal=f"There is no model {parameters['model']!r}; write embedded, or openai:NAME.")
    recipe = load(parameters["recipe"])
    seeds = [Example(*row) for row in splits.seeds(store)]
    refusal = recipe.refusal(info.capabilities, str(parameters["model"]), task=config.task.kind, seeds=len(seeds))
    if refusal is None and info.name == "embedded" and not seeds:
        refusal = (
            "The embedded model learns from seeds, and there are none; add some with `workbench import FILE --as seed`."
        )
    if refusal:
        return Preview(refusal=refusal, model_description=info.description)
    setting = Setting(config, parameters["parameters"], parameters["seed"], seeds)
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
    result = Preview(requests=missing, kept=kept, model_description=info.description)
    setting.prepared, note = _prepared(store, series, recipe, setting)
    try:
        plan = Plan(recipe, setting, dict(config.model.parameters))
        planned = [plan.at(first + place, Pool()) for place in range(min(SHOWN, max(missing, 1)))]
    except WorkbenchError as error:
        return Preview(refusal=str(error), model_description=info.description)
    result.prompts = [[dict(message) for message in one.request.messages] for one in planned]
    letters = [sum(len(message["content"]) for message in prompt) for prompt in result.prompts]
    result.input_tokens = math.ceil(sum(letters) / len(letters) / 4 * missing) if letters else 0
    length = sum(len(seed.text) for seed in seeds[:200]) / len(seeds[:200]) / 4 if seeds else ANSWER_TOKENS
    result.output_tokens = math.ceil(length * missing)
    price = config.model.price
    prices = FREE if info.name == "embedded" else Prices(price.input, price.output) if price else Prices()
    result.cost = prices.cost(result.input_tokens, result.output_tokens)
    if result.cost is None:
        note = f"{note} The model's price is not known (model.price in project.yaml): tokens only.".strip()
    if plan.feedback:
        note = f"{note} Some answers will not be kept: expect more requests than samples.".strip()
    result.note = note
    return result


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
