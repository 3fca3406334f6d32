"""``evaluate``: the data set, another set, or several sets side by side, measured."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

from workbench.cli import watch
from workbench.cli.output import Output, dollars, table
from workbench.errors import UsageError
from workbench.pipeline import start
from workbench.project import Project, find
from workbench.store import snapshots, versions, views
from workbench.store.connection import Store

#: Evaluations that --list shows, and columns of a pipe.
LISTED, WIDE = 50, 100
#: More metrics than this have their main ones in words first.
SEVERAL = 8


def evaluate_(arguments: argparse.Namespace) -> int:
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    with Store(project) as store:
        if arguments.list:
            return _list(store, output)
        parameters = _parameters(arguments, project, store)
        limits = {"budget": arguments.budget}
        if arguments.judge:
            _say_cost(project, store, parameters, output)
        if arguments.detach:
            job_id = start.submit(store, "evaluate", parameters, limits)
            output.result({"job": job_id, "state": "queued"}, [f"Job {job_id} is on its way: workbench jobs"])
            return 0
        job = watch.run(store, "evaluate", parameters, output, limits=limits)
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = job.result or {}
    output.result({"job": job.id, **result}, evaluation_lines(result))
    return 3 if (result.get("usage") or {}).get("failed") else 0


def _parameters(arguments: argparse.Namespace, project: Project, store: Store) -> dict[str, Any]:
    """The job's parameters; a mistake in them is said here, not by a job."""
    from workbench.evaluate.base import METRICS

    for name in arguments.metric:
        METRICS.get(name)
    if arguments.budget is not None and not 0 < arguments.budget < float("inf"):
        raise UsageError(f"--budget {arguments.budget:g} should be more than 0 dollars.")
    if arguments.trainer and not project.config.evaluate.trainer.command:
        raise UsageError("--trainer runs a command of yours: write it as evaluate.trainer.command in project.yaml.")
    if arguments.view:
        views.parse(arguments.view)
    if arguments.snapshot:
        versions.find(store, arguments.snapshot)
    contenders = list(arguments.compare or [])
    if contenders:
        from workbench.pipeline.contender_specs import parse_all
        from workbench.pipeline.contenders import Resolver
        from workbench.pipeline.curate_items import material_of

        specs = parse_all(contenders)
        resolver = Resolver(project, store, lambda: material_of(project, store, lambda *_: None))
        resolver.check(specs, asks=arguments.judge)
    return {
        "metrics": arguments.metric or None,
        "view": arguments.view,
        "snapshot": arguments.snapshot,
        "compare": arguments.compare is not None and not contenders,
        "contenders": contenders or None,
        "thorough": arguments.thorough,
        "judge": arguments.judge,
        "trainer": arguments.trainer,
    }


def _say_cost(project: Project, store: Store, parameters: Mapping[str, Any], output: Output) -> None:
    """How much is about to be asked, and for how much."""
    from workbench.pipeline.comparing import judging
    from workbench.pipeline.judging_model import answers_questions

    model, requests, cost = judging(project, store, parameters)
    if not answers_questions(model):
        raise UsageError(
            f"{model} writes texts and cannot judge: name a model that answers questions as evaluate.judge.model in "
            "project.yaml."
        )
    price = "at a price that is not known" if cost is None else f"for about {dollars(cost)}"
    output.say(f"{model} is asked at most {requests:,} times, {price}; what it was asked before is not asked again.")


def _list(store: Store, output: Output) -> int:
    found = snapshots.evaluations(store, LISTED)
    rows = [
        {
            "evaluation": one["id"],
            "job": one["job"],
            "of": _of(one),
            "samples": one["samples"],
            "rounds": one["result"].get("rounds"),
            "accuracy": _accuracy(one["result"]),
            "created_at": one["created_at"],
        }
        for one in found
    ]
    lines = table(
        [
            ["number", "when", "round", "samples", "accuracy", "of"],
            *[
                [
                    str(row["evaluation"]),
                    str(row["created_at"])[:16].replace("T", " "),
                    "-" if row["rounds"] is None else f"{row['rounds']:,}",
                    f"{row['samples']:,}",
                    "-" if row["accuracy"] is None else f"{row['accuracy']:.3f}",
                    str(row["of"]),
                ]
                for row in rows
            ],
        ],
        right=(0, 2, 3, 4),
    )
    output.result({"evaluations": rows}, lines if rows else ["There is no evaluation yet: workbench evaluate"])
    return 0


def _of(one: Mapping[str, Any]) -> str:
    contenders = one["result"].get("contenders")
    return f"{one['view']}: {', '.join(str(each['name']) for each in contenders)}" if contenders else str(one["view"])


def _accuracy(result: Mapping[str, Any]) -> float | None:
    value = result.get("metrics", {}).get("benchmark.accuracy", {}).get("value")
    return None if value is None else float(value)


def evaluation_lines(result: Mapping[str, Any]) -> list[str]:
    """An evaluation for people: the metrics, then what curation changed; or contenders side by side."""
    width = WIDE
    if sys.stdout.isatty():
        import shutil

        width = shutil.get_terminal_size().columns
    used = _usage_line(result.get("usage"))
    if result.get("kind") == "comparison":
        from workbench.cli import side_by_side

        return [*side_by_side.comparison_lines(result, width), *used]
    return [*_one_set(result, width), *result.get("notes", ()), *used]


def _one_set(result: Mapping[str, Any], width: int) -> list[str]:
    from workbench.evaluate.base import Metric
    from workbench.evaluate.compare import compare
    from workbench.evaluate.report import as_lines, comparison_lines
    from workbench.evaluate.summary import of_one

    def metrics(of: Mapping[str, Any]) -> dict[str, Metric]:
        return {name: Metric(name=name, **values) for name, values in of["metrics"].items()}

    found = metrics(result)
    lines = [f"{result['samples']:,} samples"]
    if len(found) > SEVERAL:
        lines += [line for said in of_one(result) for line in textwrap.wrap(said, width, subsequent_indent="  ")] + [""]
    lines += as_lines(found, width)
    if result.get("before"):
        before, after = result["before"]["samples"], result["samples"]
        lines += ["", f"before ({before:,} samples) and after ({after:,}) curation"]
        lines += comparison_lines(compare(metrics(result["before"]), found), width)
        if before != after:
            lines += textwrap.wrap(
                "Each side is measured whole, and most diversity moves with the number of samples: "
                "`workbench evaluate --compare raw set` draws both to one size.",
                width,
            )
    if gain := result.get("difference"):
        lines.append(
            f"benchmark accuracy, curated minus raw: {'~' if gain.get('rough') else ''}{gain['value']:+.3f} "
            f"({gain['low']:+.3f} to {gain['high']:+.3f})"
        )
    return lines


def _usage_line(usage: Mapping[str, Any] | None) -> list[str]:
    if not usage:
        return []
    failed = f", {usage['failed']:,} failed" if usage.get("failed") else ""
    return [
        f"asked {usage.get('requests', 0):,} times, {usage.get('cached', 0):,} answers were known{failed}; "
        f"{dollars(usage.get('cost'))}"
    ]
