"""Writes the pages of docs/ that come from the code: commands, keys, techniques, views, the settings reference.

``python docs/generate.py`` writes them; ``python docs/generate.py --check`` only says which are out of date (a test does).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

HERE = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py from the code: do not edit. -->\n"


def commands() -> str:
    """Every verb with its usage and options."""
    from workbench.cli.parser import DESCRIPTION, build

    parser = build()
    lines = ["# Commands", "", NOTE, DESCRIPTION, ""]
    lines += [
        "Progress and errors go to stderr, results to stdout; `--json` prints one JSON object, `--quiet` shows no progress,",
        "`--debug` shows the traceback of an error. Exit status: 0 done, 1 failed (one sentence), 2 wrong usage, 3 finished but",
        "some requests or rows failed, 130 interrupted or cancelled. PROJECT defaults to the one that the current folder is in.",
        "",
    ]
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, verb in sorted(verbs.choices.items()):
        usage = " ".join(_usage(verb))
        lines += [f"## {name}", "", verb.description or "", "", f"    workbench {name} {usage}".rstrip(), ""]
        rows = [
            (", ".join(action.option_strings) or str(action.metavar or action.dest), _help(verb, action))
            for action in verb._actions
            if action.dest not in ("help", "json", "quiet", "debug")
        ]
        lines += [f"- `{option}`: {text}" for option, text in rows]
        lines += [""] if rows else []
    return "\n".join(lines)


def _help(verb: argparse.ArgumentParser, action: argparse.Action) -> str:
    """An option's help as ``--help`` prints it, with names of formats filled in."""
    return verb._get_formatter()._expand_help(action) if action.help else ""


def _usage(verb: argparse.ArgumentParser) -> Iterator[str]:
    for action in verb._actions:
        if action.dest in ("help", "json", "quiet", "debug"):
            continue
        if not action.option_strings:
            name = str(action.metavar or (f"{{{','.join(action.choices)}}}" if action.choices else action.dest))
            yield name if action.nargs in (None, "+") or "[" in name else f"[{name}]"
            continue
        value = "" if action.nargs == 0 else f" {action.metavar or _choices(action) or action.dest.upper()}"
        yield f"{action.option_strings[0]}{value}" if action.required else f"[{action.option_strings[0]}{value}]"


def _choices(action: argparse.Action) -> str:
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""


def techniques() -> str:
    """Recipes, filters, strategies, metrics and formats: everything that is registered."""
    import inspect

    from workbench import recipe
    from workbench.curate.base import REGISTRIES, describe
    from workbench.curate.labels import selecting
    from workbench.curate.labels.selecting import STRATEGIES
    from workbench.evaluate.base import METRICS, ORDER
    from workbench.exchange import FORMATS, READERS

    lines = [
        "# Techniques",
        "",
        NOTE,
        "What there is, by its place in the survey (arXiv 2406.15126).",
        "",
        "## Recipes",
        "",
    ]
    for one in recipe.everyone():
        lines += [f"### {one.name} ({one.year})", "", one.summary, "", f"- paper: {one.paper}, arXiv {one.arxiv}"]
        lines += [f"- place: {one.place}", f"- needs: {', '.join(one.needs)}", f"- when: {one.when}"]
        lines += [f"- requests per sample: {one.requests_per_sample}", ""]
        lines += [
            f"  - `{name}` ({parameter.kind}, default {parameter.default}): {parameter.help}"
            for name, parameter in one.parameters.items()
        ]
        lines += [f"- its curation: `{'`, `'.join(one.curate)}`"] if one.curate else []
        lines.append("")
    for kind, heading in (("filter", "Filters"), ("repair", "Label repairs"), ("weighting", "Weightings")):
        lines += [f"## {heading}", ""]
        for name in REGISTRIES[kind]:
            described = describe(REGISTRIES[kind].get(name))
            lines += [f"### {name}", "", described["summary"], ""]
            lines += [
                f"{described['paper']}; {described['place']}.{' It asks a model.' if described['asks'] else ''}",
                "",
            ]
            lines += [
                f"- `{row['name']}` ({row['type']}, default {row['default']}): {row['help']}"
                for row in described["parameters"]
            ]
            lines.append("")
    lines += ["## Selection strategies", ""]
    for name in STRATEGIES:
        described = selecting.describe(STRATEGIES.get(name))
        lines += [f"### {name}", "", described["summary"], "", f"{described['paper']}; {described['place']}.", ""]
        lines += [inspect.getdoc(STRATEGIES.get(name)) or "", "", f"Computed {described['computed']}.", ""]
    lines += ["## Metrics", ""]
    order = {name: place for place, name in enumerate(ORDER)}
    for name in sorted(METRICS, key=lambda name: (order.get(name, len(order)), name)):
        text = inspect.getdoc(METRICS.get(name)) or ""
        lines += [f"### {name}", "", text, ""]
    lines += [
        "What `workbench compare` works out of outputs judged side by side (`open.win_rate`, `open.length_controlled`,",
        "`open.flip_rate`, `open.position`, `open.accuracy`, `open.agreement`) needs somebody's choices and stands under",
        "[open evaluation](evaluation.md#open-evaluation-outputs-side-by-side).",
        "",
    ]
    lines += ["## Export formats", ""]
    lines += [f"- `{name}`: {FORMATS.get(name).summary}" for name in FORMATS]
    lines += ["", "## Import formats", ""]
    for name in READERS:
        reader = READERS.get(name)
        ends = f" ({', '.join(reader.suffixes)})" if reader.suffixes else ""
        lines.append(f"- `{name}`{ends}: {reader.summary}")
    return "\n".join(lines).rstrip() + "\n"


def views() -> str:
    """The view language."""
    from workbench.store.views import TERMS

    lines = ["# Views", "", NOTE]
    lines += [
        "A view is one line that selects and orders samples; it reads the same in the screen, in commands and when saved:",
        "",
        '    label:change_pin status:pending score.confidence<0.6 "my card" dropped:near_duplicate sort:uncertainty',
        "",
        "Terms are joined by *and*; a leading `-` negates one; anything else is searched for in the text (quoted: as a phrase).",
        "",
    ]
    for text in TERMS.values():
        example, _, meaning = text.partition(" - ")
        lines.append(f"- `{example}`: {meaning}")
    return "\n".join(lines) + "\n"


def settings() -> str:
    """project.yaml, key by key."""
    from pydantic import BaseModel

    from workbench.config import Config
    from workbench.settings_template import settings as written

    lines = ["# project.yaml", "", NOTE]
    lines += [
        "The settings of a project, hand-editable. A mistake is reported with its line. A command's option wins over the",
        "environment (`WORKBENCH_SECTION_KEY`, such as `WORKBENCH_MODEL_USE=openai:NAME`), which wins over `project.yaml`,",
        "which wins over `config.yaml` in your own settings folder, which wins over the default. `workbench config` shows each",
        "value in force and where it comes from. Keys of endpoints are read from the environment and never written anywhere.",
        "",
        "What `workbench new` writes:",
        "",
        "```yaml",
        written("my-project", description="What the texts are.", labels=["a", "b"]).rstrip(),
        "```",
        "",
        "Every key:",
        "",
        "| key | type | default |",
        "|---|---|---|",
    ]

    def walk(prefix: str, model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            inner = _model_in(field.annotation)
            key = f"{prefix}{field.alias or name}"
            if inner is not None and field.annotation is inner:
                walk(f"{key}.", inner)
                continue
            default = "required" if field.is_required() else _brief(field.get_default(call_default_factory=True))
            lines.append(f"| `{key}` | {_type(field.annotation)} | {default} |")
            if inner is not None:
                container = str(field.annotation)
                step = ".NAME." if container.startswith("dict") else "[]." if container.startswith("list") else "."
                walk(f"{key}{step}", inner)

    walk("", Config)
    return "\n".join(lines) + "\n"


def _model_in(annotation: Any) -> Any:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _type(annotation: Any) -> str:
    if isinstance(annotation, type) and not get_args(annotation):
        return {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no"}.get(
            annotation.__name__, annotation.__name__
        )
    text = re.sub(r"workbench\.(config|task)\.", "", str(annotation).replace("typing.", ""))
    for inner in ("Endpoint", "Scale", "Price"):
        text = re.sub(rf"\b{inner}\b", "mapping", text)
    text = text.replace("list[mapping]", "list of mappings")
    if text.startswith("list[") and "Label" in text:
        return "list of names, or of mappings"
    if text.startswith("dict[str, TaskField"):
        return "mapping of a field's name to its settings"
    if text.startswith("dict[str,"):
        return "mapping"
    if text.startswith("Literal["):
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    for old, new in (("str", "text"), ("int", "whole number"), ("float", "number")):
        text = re.sub(rf"\b{old}\b", new, text)
    text = text.replace(" | None", ", or nothing")
    return text.partition(", BeforeValidator")[0].replace("Annotated[", "").replace("|", "\\|")


def _brief(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return "`{}`" if not value else ", ".join(f"`{key}`" for key in value)
    return ", ".join(f"`{one}`" for one in value) if isinstance(value, list) else f"`{value}`"


def keys() -> str:
    """Every action of the screen with its keys."""
    from workbench.tui.actions import markdown

    return NOTE + "\n" + markdown()


PAGES = {
    "commands.md": commands,
    "keys.md": keys,
    "techniques.md": techniques,
    "views.md": views,
    "project-yaml.md": settings,
}


def stale() -> list[str]:
    """Names of the pages that are not as the code has them."""
    found = []
    for name, make in PAGES.items():
        path = HERE / name
        if not path.exists() or path.read_text(encoding="utf-8") != make():
            found.append(name)
    return found


def main() -> int:
    if "--check" in sys.argv:
        found = stale()
        sys.stdout.write("".join(f"{name} is out of date: run `make docs`\n" for name in found))
        return 1 if found else 0
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
