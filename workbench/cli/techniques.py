"""``recipes``, ``filters``, ``metrics``, ``models``: what there is, each with ``show NAME``; ``models check`` asks one."""

from __future__ import annotations

import argparse
import inspect
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, TypeVar

from workbench import recipe as recipe_module
from workbench.cli.output import Output, bare_address, table
from workbench.errors import UsageError
from workbench.registry import Registry
from workbench.task_kinds import KINDS

if TYPE_CHECKING:
    from workbench.curate.base import Kind

T = TypeVar("T")

#: What a recipe needs, in words; what is not named here is a word already.
_NEEDS = {
    "chat": "a model that follows instructions",
    "text_given_label": "any model, the embedded one too",
    "logprobs": "its log-probabilities",
    "unlabelled": "unlabelled texts",
}


def _output(arguments: argparse.Namespace) -> Output:
    return Output(arguments.json, arguments.quiet)


def _shown(arguments: argparse.Namespace) -> str | None:
    words = list(arguments.words)
    if not words:
        return None
    if words[0] != "show" or len(words) != 2:
        raise UsageError(f"Write `workbench {arguments.verb}` or `workbench {arguments.verb} show NAME`.")
    return str(words[1])


def recipes_(arguments: argparse.Namespace) -> int:
    name, output = _shown(arguments), _output(arguments)
    if name is not None:
        one = recipe_module.load(name)
        text = (
            recipe_module.path_of(one.name).read_text(encoding="utf-8") if not name.endswith((".yaml", ".yml")) else ""
        )
        output.result(_recipe(one), text.splitlines() or [f"{one.name}: {one.summary}"])
        return 0
    everyone = recipe_module.everyone()
    lines = []
    for one in everyone:
        needs = ", ".join(_NEEDS.get(need, need) for need in one.needs)
        lines += _wrapped(f"{one.name} ({one.year}) - {one.summary}", "")
        lines += _wrapped(f"{_tasks(one)}needs {needs}; {one.paper}", "    ")
    output.result({"recipes": [_recipe(one) for one in everyone]}, lines)
    return 0


def _wrapped(text: str, margin: str) -> list[str]:
    """A paragraph within the terminal; one line for a pipe, which may be searched."""
    if not sys.stdout.isatty():
        return [margin + text]
    width = max(40, shutil.get_terminal_size().columns)
    return textwrap.wrap(text, width, initial_indent=margin, subsequent_indent="    ")


def _tasks(one: recipe_module.Recipe) -> str:
    return "" if set(KINDS) <= set(one.tasks) else f"for {', '.join(one.tasks)} only; "


def _recipe(one: recipe_module.Recipe) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "paper": one.paper,
        "arxiv": one.arxiv,
        "year": one.year,
        "place": one.place,
        "tasks": one.tasks,
        "needs": one.needs,
        "summary": one.summary,
        "when": one.when,
        "requests_per_sample": one.requests_per_sample,
        "parameters": {name: parameter.model_dump() for name, parameter in one.parameters.items()},
    }


def filters_(arguments: argparse.Namespace) -> int:
    return _curating(arguments, "filter", "filters")


def repairs_(arguments: argparse.Namespace) -> int:
    return _curating(arguments, "repair", "repairs")


def weightings_(arguments: argparse.Namespace) -> int:
    return _curating(arguments, "weighting", "weightings")


def _curating(arguments: argparse.Namespace, kind: Kind, plural: str) -> int:
    from workbench.curate.base import REGISTRIES, describe

    registry = REGISTRIES[kind]
    name, output = _shown(arguments), _output(arguments)
    if name is not None:
        one = describe(registry.get(name))
        lines = [f"{one['name']} (version {one['version']}): {one['summary']}", one["paper"]]
        lines += [one["place"]] if one["place"] else []
        lines += ["It asks a model."] if one["asks"] else []
        lines += ["", *inspect.cleandoc(registry.get(name).__doc__ or "").splitlines(), ""]
        lines += table(
            [
                [row["name"], f"{row['type']}", f"default {_written(row['default'])}", row["help"]]
                for row in one["parameters"]
            ]
        )
        flag = {"filter": "filter", "repair": "repair", "weighting": "weight"}[kind]
        lines += ["", f"for example: workbench curate --{flag} {name}" + _example(one)]
        output.result(one, lines)
        return 0
    everyone = [describe(one) for one in _loadable(registry).values()]
    output.result(
        {plural: everyone, "failed": registry.failures},
        [*table([[one["name"], one["summary"]] for one in everyone]), *_failures(registry)],
    )
    return 0


def _loadable(registry: Registry[T]) -> dict[str, T]:
    """What a registry holds, less what other packages announce and cannot load: ``failures`` says why."""
    found: dict[str, T] = {}
    for name in registry:
        try:
            found[name] = registry.get(name)
        except UsageError:
            continue
    return found


def _failures(registry: Registry[T]) -> list[str]:
    return [f"{name} cannot be loaded: {why}" for name, why in registry.failures.items()]


def _example(one: dict[str, Any]) -> str:
    first = next((row for row in one["parameters"] if isinstance(row["default"], (int, float))), None)
    return f":{first['name']}={_written(first['default'])}" if first else ""


def _written(default: Any) -> str:
    """A default as it is typed in ``NAME:key=value``."""
    if default is None or isinstance(default, bool):
        return {None: "none", True: "true", False: "false"}[default]
    if isinstance(default, list):
        return "+".join(default) or "empty"
    return "empty" if default == "" else str(default)


def metrics_(arguments: argparse.Namespace) -> int:
    from workbench.evaluate.base import METRICS, ORDER

    name, output = _shown(arguments), _output(arguments)
    if name is not None:
        METRICS.get(name)
    described = {metric: inspect.getdoc(one) or "" for metric, one in _loadable(METRICS).items()}
    if name is not None:
        output.result({"name": name, "description": described[name]}, [name, *described[name].splitlines()])
        return 0
    order = {metric: place for place, metric in enumerate(ORDER)}
    names = sorted(described, key=lambda metric: (order.get(metric, len(order)), metric))
    first_lines = [[metric, described[metric].split("\n\n")[0].replace("\n", " ")] for metric in names]
    output.result(
        {"metrics": [{"name": metric, "summary": line} for metric, line in first_lines], "failed": METRICS.failures},
        [
            *table(first_lines),
            "Win rates, flips and rankings of outputs side by side (open.*) come from `workbench compare`.",
            *_failures(METRICS),
        ],
    )
    return 0


def models_(arguments: argparse.Namespace) -> int:
    from workbench.models.endpoints import find_endpoints
    from workbench.models.make import MODELS

    if arguments.words[:1] == ["check"]:
        from workbench.cli.checking import check

        return check(arguments.words[1:], _output(arguments))
    name, output = _shown(arguments), _output(arguments)
    chosen = [model for model in MODELS if name is None or model.name == name]
    if not chosen:
        raise UsageError(f"There is no model {name!r}. There are: {', '.join(model.name for model in MODELS)}.")
    lines = []
    for model in chosen:
        lines += [
            f"{model.spec}: {model.description}",
            f"    can: {', '.join(sorted(model.capabilities))}; needs {model.needs}",
        ]
    found = find_endpoints() if name is None else []
    for endpoint in found:
        names = ", ".join(endpoint.models[:8]) or "no models listed"
        lines.append(f"found {endpoint.provider} at {bare_address(endpoint.base_url)} ({endpoint.source}): {names}")
        lines.append(
            f"    set model.base_url: {bare_address(endpoint.base_url)} in project.yaml, and --model openai:NAME"
        )
    output.result(
        {
            "models": [
                {
                    "name": model.name,
                    "spec": model.spec,
                    "capabilities": sorted(model.capabilities),
                    "description": model.description,
                    "needs": model.needs,
                }
                for model in chosen
            ],
            "endpoints": [
                {
                    "provider": one.provider,
                    "base_url": bare_address(one.base_url),
                    "models": list(one.models),
                    "source": one.source,
                }
                for one in found
            ],
        },
        lines,
    )
    return 0
