"""What Generate shows before a run: the recipes, and what the chosen one will do and cost; as lines for a width."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.content import Content

from workbench.jobs import words
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, WARNING
from workbench.tui.widgets.lines import safe

if TYPE_CHECKING:
    from workbench.pipeline.preview import Preview
    from workbench.recipe import Recipe

#: Lines of a message, and of a schema, that the preview shows.
MESSAGE_LINES, SHAPE_LINES = 14, 24


@dataclass(frozen=True)
class Chosen:
    """A recipe as listed; ``refusal`` says why the model in the form cannot run it."""

    recipe: Recipe
    refusal: str | None


def list_recipes(store: Store, model: str, task: str) -> list[Chosen]:
    from workbench import recipe
    from workbench.models.make import MODELS

    info = next((one for one in MODELS if one.name == model.partition(":")[0]), None)
    can: frozenset[str] = frozenset(info.capabilities) if info else frozenset()
    seeds, models = samples.counts(store)["seed"], store.project.config.model.names(model)
    return [
        Chosen(one, one.refusal(can, model, task=task, seeds=seeds, models=models) if info else None)
        for one in recipe.everyone()
    ]


def make_preview(store: Store, asked: Mapping[str, Any]) -> Preview:
    """In a thread of its own, with a store of its own: a slow recipe must not hold up Review's reads."""
    from workbench.pipeline import preview, setting

    with store.clone(durable=False) as own:
        return preview.generate(own.project, own, setting.parameters_of(own.project, asked))


def submit(store: Store, asked: Mapping[str, Any], limits: Mapping[str, Any]) -> int:
    from workbench.pipeline import setting, start

    return start.submit(store, "generate", setting.parameters_of(store.project, asked), limits)


def same_series(job: Job, asked: Mapping[str, Any]) -> bool:
    """Whether a job draws from the series that ``asked`` means: two at once would make the same samples."""
    return all(job.parameters.get(name) == asked.get(name) for name in ("recipe", "model", "seed", "parameters"))


def recipe_line(chosen: Chosen, width: int, *, short: bool) -> Content:
    recipe, off = chosen.recipe, chosen.refusal is not None
    name = safe(recipe.name, limit=40)
    head = Content.assemble((name, MUTED if off else STRONG), (f"  {recipe.year}", MUTED))
    told = (chosen.refusal or recipe.summary).removeprefix(f"Recipe {recipe.name!r} ")
    if short:
        told = "cannot run" if off else told  # why stands beside it, in the preview
        return Content.assemble(head, "  ", (charts.fit(told, max(4, width - len(head) - 2)).rstrip(), MUTED))
    style = WARNING if off else MUTED
    return Content("\n").join([head, *charts.prose(told, width, style, indent=2, most=3)])


def preview_lines(chosen: Chosen | None, preview: Preview | str | None, waiting: str, width: int) -> list[Content]:
    if chosen is None:
        return [Content.styled(waiting or "Reading recipes ...", MUTED)]
    recipe = chosen.recipe
    lines = [
        Content.assemble((safe(recipe.title), STRONG), (f"  {recipe.year}  {safe(recipe.place)}", MUTED))[:width],
        *charts.prose(recipe.summary, width),
        *charts.prose(f"When: {recipe.when}", width, MUTED),
        Content(""),
    ]
    if isinstance(preview, str):
        return lines + charts.prose(preview, width, ERROR)
    if preview is None or waiting:
        return [*lines, Content.styled(waiting, MUTED)]
    if preview.refusal:
        return lines + charts.prose(preview.refusal, width, ERROR)
    lines += charts.prose(estimate(preview), width, STRONG)
    repairs = "Repairs of answers that cannot be read are not counted." if preview.shape else ""
    for text in (f"{preview.note} {repairs}".strip(), preview.model_description):
        lines += charts.prose(text, width, MUTED) if text else []
    for number, prompt in enumerate(preview.prompts, 1):
        lines += [Content(""), Content.styled(f"Prompt {number}", MUTED)]
        for message in prompt:
            role = charts.fit(str(message.get("role", "")), 9)
            said = charts.prose(str(message.get("content", "")), max(10, width - 10), most=MESSAGE_LINES)
            lines += [
                Content.assemble((role if not place else " " * 9, MUTED), " ", line) for place, line in enumerate(said)
            ]
    if preview.shape:
        lines += [Content(""), Content.styled("Shape of each answer (JSON Schema)", MUTED)]
        lines += charts.prose(json.dumps(preview.shape, indent=2, ensure_ascii=False), width, MUTED, most=SHAPE_LINES)
    return lines


def estimate(preview: Preview) -> str:
    if not preview.requests:
        return f"Nothing to do: {preview.kept:,} samples are there already. Raise the number, or press m for more."
    tokens = f"about {job_view.tokens(preview.input_tokens)} tokens in, {job_view.tokens(preview.output_tokens)} out"
    cost = job_view.money(preview.cost) if preview.cost != 0 else "no cost"
    return f"{preview.requests:,} requests   {tokens}   {cost}"


def question(preview: Preview, asked: Mapping[str, Any], limits: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What is said before money is spent."""
    model = safe(asked["model"], limit=80)
    cost = "at unknown cost" if preview.cost is None else f"for about {job_view.money(preview.cost)}"
    budgets = [
        words.limit(name, limits[name]) for name in ("budget", "requests", "tokens") if limits.get(name) is not None
    ]
    lines = [
        f"About {preview.input_tokens:,} tokens in and {preview.output_tokens:,} out (estimated).",
        f"It stops before it has used {' or '.join(budgets)}."
        if budgets
        else "There is no budget: it runs to its end.",
    ]
    return f"Send {preview.requests:,} requests to {model} {cost}?", [*lines, preview.note] if preview.note else lines
