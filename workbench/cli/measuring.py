"""``evaluate``: the data set, a view, a snapshot, or several contenders side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from workbench.cli import watch
from workbench.cli.output import Output
from workbench.project import find
from workbench.store.connection import Store


def evaluate_(arguments: argparse.Namespace) -> int:
    from workbench.evaluate.base import METRICS

    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    for name in arguments.metric:
        METRICS.get(name)
    with Store(project) as store:
        job = watch.run(store, "evaluate", {"compare": arguments.compare, "metrics": arguments.metric or None}, output)
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = job.result or {}
    output.result({"job": job.id, **result}, evaluation_lines(result))
    return 0


def evaluation_lines(result: Mapping[str, Any]) -> list[str]:
    """An evaluation for people: the metrics, then what curation changed."""
    from workbench.evaluate.base import Metric
    from workbench.evaluate.compare import compare
    from workbench.evaluate.report import as_lines, comparison_lines

    def metrics(of: Mapping[str, Any]) -> dict[str, Metric]:
        return {name: Metric(name=name, **values) for name, values in of["metrics"].items()}

    width = 100
    if sys.stdout.isatty():
        import shutil

        width = shutil.get_terminal_size().columns
    lines = [f"{result['samples']:,} samples", *as_lines(metrics(result), width)]
    if result.get("before"):
        lines += ["", "before and after curation"]
        lines += comparison_lines(compare(metrics(result["before"]), metrics(result)), width)
    if found := result.get("difference"):
        lines.append(
            f"benchmark accuracy, curated minus raw: {found['value']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"
        )
    return lines
