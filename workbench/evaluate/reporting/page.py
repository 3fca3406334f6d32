"""The whole page of a report."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from workbench.evaluate.reporting import sections
from workbench.evaluate.reporting.markup import items, paragraph, text

#: Nothing is loaded and nothing runs, whatever a text in the page says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(facts: Mapping[str, Any]) -> str:
    """The report as one HTML document.

    ``facts``: ``title``, ``description``, ``language``, ``created`` (UTC ISO 8601), ``version`` (of the workbench),
    ``samples`` (how many were measured), ``view`` (which), ``result`` (an evaluation's, or None), ``comparison`` (a
    comparison's result, or None), ``history`` (list of {created_at, samples, accuracy, low, high}, oldest first),
    ``data_map`` ({grid, bounds} or None), ``judged`` (list of standings), ``examples`` (list of {text, label}), ``card`` (a
    data card's facts), ``summary`` (sentences). The same facts give the same bytes.
    """
    result = facts.get("result") or {}
    metrics, before = result.get("metrics") or {}, result.get("before")
    parts = [
        sections.comparison(facts["comparison"]) if facts.get("comparison") else "",
        sections.key_figures(metrics),
        sections.benchmark(metrics, before, result.get("difference")),
        sections.before_after(metrics, before),
        sections.labels_and_lengths(metrics),
        sections.data_map(facts.get("data_map")),
        sections.judged(facts.get("judged") or ()),
        sections.history(facts.get("history") or ()),
        sections.examples(facts.get("examples") or ()),
        sections.made(facts.get("card") or {}),
    ]
    body = "\n".join(part for part in parts if part)
    style = resources.files("workbench.evaluate.reporting").joinpath("style.css").read_text(encoding="utf-8")
    return _DOCUMENT.format(
        language=text(facts.get("language") or "en"),
        policy=POLICY,
        title=text(facts["title"]),
        style=style,
        about=text(_about(facts)),
        description=paragraph(str(facts["description"])) if facts.get("description") else "",
        summary=items(facts.get("summary") or ()).replace("<ul>", '<ul class="lead">', 1),
        body=body or paragraph("Nothing has been measured yet: run workbench evaluate, then write the report again."),
        foot=text(_foot(facts)),
    )


def _about(facts: Mapping[str, Any]) -> str:
    parts = [f"{facts['samples']:,} samples"] if facts.get("samples") is not None else []
    parts += [str(facts["view"])] if facts.get("view") else []
    parts.append(f"written {str(facts['created'])[:16].replace('T', ' ')} UTC")
    return ", ".join(parts)


def _foot(facts: Mapping[str, Any]) -> str:
    return (
        f"Made by workbench {facts['version']}. Intervals hold 95 % unless they are called rough: then too few samples stand "
        "behind them. A difference is called one only where its own interval does not hold 0."
    )


_DOCUMENT = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="workbench">
<title>{title}: evaluation</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="soft">{about}</p>
{description}
{summary}
</header>
<main>
{body}
</main>
<footer><p class="soft">{foot}</p></footer>
</body>
</html>
"""
