"""``run``: whole recipes, from the first request to what they are worth; several side by side on one budget."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench import recipe as recipe_module
from workbench.cli import curating, measuring, running_several, watch, work
from workbench.cli.output import Output
from workbench.errors import UsageError, WorkbenchError
from workbench.project import find
from workbench.store.connection import Store


def run_(arguments: argparse.Namespace) -> int:
    """Generate up to ``--count``, run the recipe's own curation if it has one (else the project's chain), evaluate.

    Each part can be repeated: what is there already is neither generated nor paid for again. Several recipes are compared.
    """
    place, names = _words(arguments.words)
    if arguments.budget is not None and not 0 < arguments.budget < float("inf"):
        raise UsageError(f"--budget {arguments.budget:g} should be more than 0 dollars.")
    if len(names) > 1:
        return running_several.run(arguments, find(place), names)
    (name,) = names
    output, project = Output(arguments.json, arguments.quiet), find(place)
    one = recipe_module.load(name)
    given = work.recipe_parameters(arguments.set)
    steps = one.chain(given) if one.curate else list(project.config.curate.chain)
    curating.check(steps)
    parameters = work.generate_parameters(project, arguments, recipe=name, parameters=given)
    money = {"budget": arguments.budget}
    done: dict[str, Any] = {"recipe": one.name}
    with Store(project) as store:
        work.refuse_early(store, parameters, arguments.budget or project.config.generate.budget)
        limits = {
            "concurrency": project.config.generate.concurrency,
            "budget": arguments.budget or project.config.generate.budget,
        }
        made = watch.run(store, "generate", {**parameters, "learn": False}, output, limits=limits)
        if made.state == "cancelled":
            return watch.cancelled(made, output)
        done["generate"] = work.generated(made)
        if not (made.result or {}).get("kept"):
            raise WorkbenchError(f"Job {made.id} kept no sample, so there is nothing to curate.")
        curated = watch.run(store, "curate", {"chain": steps}, output, limits=money)
        if curated.state == "cancelled":
            return watch.cancelled(curated, output)
        done["curate"] = {key: value for key, value in (curated.result or {}).items() if key != "examples"}
        measured = watch.run(store, "evaluate", {"compare": True}, output)
        if measured.state == "cancelled":
            return watch.cancelled(measured, output)
        done["evaluate"] = measured.result or {}
    output.result(
        done,
        [
            work.generated_line(made),
            "",
            *curating.lines(curated.result or {}),
            "",
            *measuring.evaluation_lines(measured.result or {}),
        ],
    )
    failed = bool((curated.result or {}).get("usage", {}).get("failed"))
    return 3 if failed else work.status(made)


def _words(words: list[str]) -> tuple[str | None, list[str]]:
    """The project, if the first word is one, and the recipes. A word alone is a recipe; of several the first is a
    project unless it is a recipe's name or file."""
    if len(words) == 1:
        return None, words
    first = words[0]
    is_recipe = first in recipe_module.names() or first.endswith((".yaml", ".yml"))
    if is_recipe and not (Path(first) / "project.yaml").is_file():
        return None, words
    return first, words[1:]
