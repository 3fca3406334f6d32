"""The data card of an export: Markdown with the YAML front matter that data set hubs read.

After Gebru et al., "Datasheets for Datasets" (2018), and the Hugging Face data set card: what the data is, how it was
made, what was taken out, how good it was measured to be, and what it is not good for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.exchange.writing import write_text
from workbench.task_kinds import KINDS
from workbench.text import clean

KEYS = frozenset(
    {
        *("name", "pretty_name", "license", "language", "task", "description", "fields", "labels", "rows", "snapshot"),
        *("label", "configs", "dataset_info"),
        *("sha256", "created", "recipes", "splits", "statuses", "origins", "filters", "metrics", "annotations"),
        *("limitations", "files"),
    }
)
#: The hub's task categories and, where there is one that fits, its narrower task.
_TASKS = {
    "classification": ("text-classification", "multi-class-classification"),
    "multi_label": ("text-classification", "multi-label-classification"),
    "text_pair": ("text-classification", None),
    "question_answering": ("question-answering", None),
    "instruction": ("text-generation", None),
    "dialogue": ("text-generation", "dialogue-modeling"),
    "preference": ("text-generation", None),
}
_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")


def size_category(rows: int) -> str:
    """The hub's name for a number of rows: ``n<1K``, ``1K<n<10K``, ... ``n>1T``."""
    steps = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    if rows < 1000:
        return "n<1K"
    power = len(str(rows)) - 4
    return f"{steps[power]}<n<{steps[power + 1]}" if power + 1 < len(steps) else "n>1T"


def card(facts: Mapping[str, Any]) -> str:
    """The card as Markdown. Keys are optional, sections without facts are left out, unknown keys raise ``ValueError``.

    - ``name``, ``pretty_name``, ``license`` (SPDX identifier, lower case), ``language`` (list of codes), ``task`` (a
      kind), ``description``, ``fields`` (list of {``name``, ``kind``, ``required``, ``description``}), ``label`` (what
      a label is, in words), ``labels`` (list of names), ``rows``, ``snapshot``, ``sha256`` (of the snapshot),
      ``created``;
    - ``configs`` and ``dataset_info``: what the ``datasets`` library reads, for the front matter;
    - ``recipes``: list of {``name``, ``paper``, ``models`` (list), ``parameters`` (dict), ``jobs`` (list),
      ``samples``};
    - ``splits``, ``statuses``, ``origins``: {name: number of samples};
    - ``filters``: list of {``name``, ``version``, ``parameters``, ``checked``, ``dropped``, ``overruled``};
    - ``metrics``: {name: {``value``, ``low``, ``high``, ``note``}};
    - ``annotations``: {what: number or text}, e.g. ``annotators``, ``annotations``, ``accepted``, ``agreement``;
    - ``limitations``: list of sentences; ``files``: list of {``name``, ``format``, ``rows``, ``sha256``}.
    """
    if unknown := set(facts) - KEYS:
        raise ValueError(f"a data card has no {sorted(unknown)[0]!r}")
    title = clean(str(facts.get("pretty_name") or facts.get("name") or "Data set"))
    parts = [_front_matter(facts, title), f"# {_text(title)}", *_what(facts), *_made(facts), *_checked(facts)]
    return "\n\n".join(parts) + "\n"


def write_card(facts: Mapping[str, Any], path: Path, *, overwrite: bool = False) -> str:
    """Write the card to ``path``; returns its hex SHA-256. Raises ``FileError`` as ``write_text`` does."""
    return write_text(path, card(facts), overwrite=overwrite)


def _front_matter(facts: Mapping[str, Any], title: str) -> str:
    import yaml

    head: dict[str, Any] = {"pretty_name": title, "license": clean(str(facts.get("license") or "unknown"))}
    if language := facts.get("language"):
        head["language"] = [clean(str(code)) for code in language]
    if (task := facts.get("task")) in _TASKS:
        category, narrower = _TASKS[task]
        head["task_categories"] = [category]
        if narrower:
            head["task_ids"] = [narrower]
    if (rows := facts.get("rows")) is not None:
        head["size_categories"] = [size_category(rows)]
    tags = ["synthetic"] if facts.get("recipes") else []
    if tags := [*tags, *(["preference", "dpo"] if task == "preference" else [])]:
        head["tags"] = tags
    head |= {key: facts[key] for key in ("configs", "dataset_info") if key in facts}
    dumped: str = yaml.safe_dump(head, allow_unicode=True, sort_keys=False)
    return f"---\n{dumped}---"


def _what(facts: Mapping[str, Any]) -> list[str]:
    parts = []
    if description := facts.get("description"):
        parts.append(_text(description, multiline=True))
    known = [
        ("Task", _task(facts["task"]) if facts.get("task") else None),
        ("Samples", f"{facts['rows']:,}" if facts.get("rows") is not None else None),
        ("Fields", "; ".join(_field(field) for field in facts.get("fields") or ())),
        ("Label", _text(facts["label"]) if facts.get("label") else None),
        ("Labels", _labels(facts.get("labels") or ())),
        ("Snapshot", _code(facts["snapshot"]) if facts.get("snapshot") else None),
        ("SHA-256 of the snapshot", _code(facts["sha256"]) if facts.get("sha256") else None),
        ("Made", _text(facts["created"]) if facts.get("created") else None),
        ("Licence", _text(facts.get("license") or "none was chosen; ask the people who made it before using it")),
    ]
    parts.append("\n".join(f"- {name}: {value}" for name, value in known if value))
    if files := facts.get("files"):
        rows = [
            (
                _code(file["name"]),
                _text(file.get("format", "")),
                _number(file.get("rows")),
                _code(file.get("sha256", "")),
            )
            for file in files
        ]
        parts.append(_section("Files", _table(("file", "format", "rows", "SHA-256"), rows)))
    for title, key in (("Splits", "splits"), ("Status", "statuses"), ("Origin", "origins")):
        if counts := facts.get(key):
            table = _table(
                (title.lower(), "samples"), [(_code(name), _number(count)) for name, count in counts.items()]
            )
            parts.append(_section(title, table))
    return parts


def _made(facts: Mapping[str, Any]) -> list[str]:
    parts = []
    if recipes := facts.get("recipes"):
        rows = [
            (
                _code(recipe["name"]),
                _text(recipe.get("paper", "")),
                _codes(recipe.get("models") or ()),
                _parameters(recipe.get("parameters")),
                ", ".join(_text(job) for job in recipe.get("jobs") or ()),
                _number(recipe.get("samples")),
            )
            for recipe in recipes
        ]
        header = ("recipe", "paper", "models", "parameters", "jobs", "samples")
        told = "Samples were written by language models, as these recipes say; they are not observations."
        parts.append(_section("How it was made", f"{told}\n\n{_table(header, rows)}"))
    if filters := facts.get("filters"):
        rows = [
            (
                _code(item["name"]),
                _text(item.get("version", "")),
                _parameters(item.get("parameters")),
                _number(item.get("checked")),
                _number(item.get("dropped")),
                _number(item.get("overruled")),
            )
            for item in filters
        ]
        header = ("filter", "version", "parameters", "checked", "dropped", "overruled by a person")
        parts.append(_section("What was filtered", _table(header, rows)))
    return parts


def _checked(facts: Mapping[str, Any]) -> list[str]:
    parts = []
    if metrics := facts.get("metrics"):
        rows = [
            (_code(name), _number(metric.get("value")), _interval(metric), _text(metric.get("note") or ""))
            for name, metric in metrics.items()
        ]
        parts.append(_section("Measured", _table(("metric", "value", "interval", "note"), rows)))
    if annotations := facts.get("annotations"):
        said = [f"- {_text(str(name).replace('_', ' '))}: {_number(value)}" for name, value in annotations.items()]
        parts.append(_section("What people said", "\n".join(said)))
    if limitations := facts.get("limitations"):
        parts.append(_section("Limitations", "\n".join(f"- {_text(sentence)}" for sentence in limitations)))
    return parts


def _task(name: str) -> str:
    kind = KINDS.get(name)
    return _text(name) if kind is None else f"{_text(kind.title)}: {_text(kind.summary)}"


def _field(field: Mapping[str, Any]) -> str:
    about = [str(field["kind"])] if field.get("kind") else []
    about += [] if field.get("required", True) else ["may be missing"]
    about += [str(field["description"])] if field.get("description") else []
    return f"{_code(field['name'])} ({_text(', '.join(about))})" if about else _code(field["name"])


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(header)
    table = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in table)


def _text(value: object, *, multiline: bool = False) -> str:
    """Foreign text that Markdown shows as it is: no markup, no HTML, no way out of a table cell or list item."""
    shown = _SPECIAL.sub(r"\\\1", clean(str(value), multiline=multiline).strip())
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(value: object) -> str:
    """A name as a code span; backticks and bars, which end one in a table, are replaced."""
    shown = clean(str(value)).replace("`", "'").replace("|", "\u00a6").strip()
    return f"`{shown}`" if shown else ""


def _codes(values: Iterable[object]) -> str:
    return ", ".join(_code(value) for value in values)


def _labels(labels: Iterable[object], limit: int = 100) -> str:
    known = list(labels)
    more = f" and {len(known) - limit:,} more" if len(known) > limit else ""
    return f"{len(known):,}: {_codes(known[:limit])}{more}" if known else ""


def _parameters(parameters: Mapping[str, Any] | None) -> str:
    return _codes(f"{name}={value}" for name, value in (parameters or {}).items())


def _number(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _interval(metric: Mapping[str, Any]) -> str:
    if metric.get("low") is None or metric.get("high") is None:
        return ""
    return f"{_number(metric['low'])} to {_number(metric['high'])}"
