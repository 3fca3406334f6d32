"""``strategies``, ``learn``, and what ``label --queue --strategy`` needs: choosing what to look at."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
from typing import Any

from workbench.cli import watch
from workbench.cli.output import Output, table
from workbench.curate.labels.explained import why
from workbench.curate.labels.selecting import STRATEGIES, describe, unfit
from workbench.errors import UsageError
from workbench.project import find
from workbench.store import choosing
from workbench.store.connection import Store

_WORD = re.compile(r'(?:[^\s"]|"[^"]*"|")+')


def strategies_(arguments: argparse.Namespace) -> int:
    output, words = Output(arguments.json, arguments.quiet), list(arguments.words)
    if words:
        if words[0] != "show" or len(words) != 2:
            raise UsageError("Write `workbench strategies` or `workbench strategies show NAME`.")
        one = describe(STRATEGIES.get(words[1]))
        lines = [f"{one['name']} (version {one['version']}): {one['summary']}", one["paper"], one["place"], ""]
        lines += inspect.cleandoc(STRATEGIES.get(words[1]).__doc__ or "").splitlines()
        lines += ["", f"Computed {one['computed']}.", f"for example: workbench label --queue --strategy {one['name']}"]
        output.result(one, lines)
        return 0
    found = []
    for name in STRATEGIES:
        try:
            found.append(describe(STRATEGIES.get(name)))
        except UsageError:
            continue  # the registry's failures say why
    lines = table([[one["name"], one["summary"]] for one in found])
    lines += [f"{name} cannot be loaded: {reason}" for name, reason in STRATEGIES.failures.items()]
    output.result({"strategies": found, "failed": STRATEGIES.failures}, lines)
    return 0


def learn_(arguments: argparse.Namespace) -> int:
    """Run a learn job to its end, or only print the learning curve."""
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    with Store(project) as store:
        result: dict[str, Any] = {}
        lines: list[str] = []
        if not arguments.curve:
            for name in arguments.strategy:
                fitting(store, name)
            job = watch.run(store, "learn", {"strategies": arguments.strategy, "clusters": arguments.clusters}, output)
            if job.state == "cancelled":
                return watch.cancelled(job, output)
            result = {"job": job.id, **(job.result or {})}
            lines = _learnt(result)
        points = choosing.curve(store)
        result["learning_curve"] = [dataclasses.asdict(one) for one in points]
        if points:
            rows = [
                [f"{one.labelled:,}", f"{one.accuracy:.3f}", f"{one.low:.3f}-{one.high:.3f}", f"{one.trained_on:,}"]
                for one in points
            ]
            heading = ["decided", "accuracy", "95 % interval", "trained on"]
            lines += [f"On {points[-1].validation:,} validation texts:", *table([heading, *rows], right=(0, 1, 2, 3))]
        else:
            result["note"] = choosing.no_curve(store)
            lines.append(result["note"])
        output.result(result, lines)
    return 0


def _learnt(result: dict[str, Any]) -> list[str]:
    lines = [
        f"Learnt from {result.get('trained_on', 0):,} texts: {result.get('suggested', 0):,} suggestions, "
        f"{result.get('clusters', 0):,} clusters, orders: {', '.join(result.get('strategies', [])) or 'none'}"
    ]
    lines += [result["note"]] if result.get("note") else []
    return lines + list(result.get("skipped", {}).values())


def fitting(store: Store, name: str) -> None:
    """Raises ``UsageError`` for a strategy that does not exist, or cannot work for the project's task."""
    reason = unfit(STRATEGIES.get(name), store.project.config.task.label_shape)
    if reason is not None:
        raise UsageError(f"{reason}; this project's task has none.")


def ordered(store: Store, text: str, name: str | None, output: Output) -> str:
    """A view's line in the order of a strategy; its scores are computed now if there are none."""
    if name is None:
        return text
    fitting(store, name)
    if not choosing.has_score(store, name):
        result = watch.run(store, "learn", {"strategies": [name]}, output).result or {}
        if reason := result.get("skipped", {}).get(name) or result.get("note"):
            output.say(str(reason))
    words = [word for word in _WORD.findall(text) if not word.startswith("sort:")]
    return " ".join([*words, f"sort:-{name}"])


def reason(store: Store, name: str | None, sample_id: int, *, mine: int | None = None) -> dict[str, Any]:
    """What a queue says of why a sample is where it is; nothing without a strategy. ``mine``: who reads blind."""
    if name is None:
        return {}
    found = why(store, name, sample_id, mine=mine)
    return {"strategy": name, "score": found.score, "why": found.sentence}
