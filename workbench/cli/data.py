"""``import``, ``export``, ``query``, ``view``."""

from __future__ import annotations

import argparse
import os
from typing import Any

from workbench.cli import watch
from workbench.cli.output import Output, table
from workbench.cli.parsing import split_project
from workbench.errors import UsageError
from workbench.project import find
from workbench.store import explaining, samples, views
from workbench.store.connection import Store


def _output(arguments: argparse.Namespace) -> Output:
    return Output(arguments.json, arguments.quiet)


def import_(arguments: argparse.Namespace) -> int:
    from workbench.exchange import parse_map

    place, (file,) = split_project(arguments.words, 1)
    output, project = _output(arguments), find(place)
    _ = project.config
    _storable(file)
    if arguments.map:
        parse_map(arguments.map)
    parameters = {
        "file": _absolute(file),
        "role": arguments.role,
        "map": arguments.map,
        "format": arguments.format,
        "encoding": arguments.encoding,
    }
    with Store(project) as store:
        job = watch.run(store, "import", parameters, output)
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = job.result or {}
    lines = [
        f"{file}: {result['read']:,} rows read, {result['added']:,} added as {arguments.role}, "
        f"{result['duplicates']:,} there already, {result['failed_rows']:,} failed"
    ]
    lines += [f"{file}:{one['line']}: {one['reason']}" for one in result["failed"][:10]]
    if result["failed_rows"] > 10:
        lines.append(f"... and {result['failed_rows'] - 10:,} more (--json lists the first hundred)")
    output.result({"job": job.id, **result}, lines)
    return 3 if result["failed_rows"] else 0


def _absolute(file: str) -> str:
    """The path without links; unlike ``Path.resolve`` and ``expanduser`` it raises for none (a link to itself, no home)."""
    return os.path.realpath(os.path.expanduser(file))


def _storable(file: str) -> None:
    """A job's parameters are text: a name that is not UTF-8 cannot be handed to it."""
    try:
        file.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{file}: the name is not valid UTF-8; rename the file first.") from None


def export_(arguments: argparse.Namespace) -> int:
    output, project = _output(arguments), find(arguments.project)
    _storable(arguments.out)
    if arguments.view:
        views.parse(arguments.view)
    parameters = {
        "format": arguments.format,
        "out": _absolute(arguments.out),
        "view": arguments.view,
        "overwrite": arguments.overwrite,
        "raw": arguments.raw,
    }
    with Store(project) as store:
        job = watch.run(store, "export", parameters, output)
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = job.result or {}
    lines = [
        f"{result['rows']:,} samples in {result['path']}",
        f"sha256 {result['sha256']}",
        f"data card {result['card']}",
    ]
    lines += [f"left out {one['uuid']}: {one['reason']}" for one in result["failed"][:10]]
    if result["failed_rows"] > 10:
        lines.append(f"... and {result['failed_rows'] - 10:,} more (--json lists the first hundred)")
    output.result({"job": job.id, **result}, lines)
    return 3 if result["failed_rows"] else 0


def as_row(sample: samples.Sample) -> dict[str, Any]:
    """A sample as ``query`` prints it."""
    return {
        "id": sample.id,
        "uuid": sample.uuid,
        "origin": sample.origin,
        "split": sample.split,
        "status": sample.status,
        "dropped": bool(sample.dropped),
        "fields": sample.fields,
        "label": sample.label,
        "original_label": sample.original_label,
        "edited": sample.edited,
        "conditions": sample.conditions,
        "job": sample.job_id,
    }


def explained(store: Store, sample: samples.Sample) -> dict[str, Any]:
    """Everything behind a sample, as ``query --explain`` prints it."""
    known = explaining.explain(store, sample)
    origin = known.origin
    return {
        **as_row(sample),
        "scores": known.scores,
        "note": known.note,
        "verdicts": [
            {"filter": one.filter, "reason": one.reason, "value": one.value, "other": one.other}
            for one in known.verdicts
        ],
        "repairs": [
            {
                "technique": one.technique,
                "label": one.label,
                "confidence": one.confidence,
                "reason": one.reason,
                "applied": one.applied,
            }
            for one in known.repairs
        ],
        "weight": None
        if known.weight is None
        else {"technique": known.weight[0], "value": known.weight[1], "reason": known.weight[2]},
        "taken_for": None
        if known.taken_for is None
        else {"label": known.taken_for[0], "evaluation": known.taken_for[1]},
        "suggestions": [
            {"label": label, "score": score, "source": source} for label, score, source in known.suggestions
        ],
        "neighbours": [
            {"id": other, "similarity": near, "status": status} for other, near, status, _ in known.neighbours
        ],
        "parents": sample.parents,
        "origin_request": None
        if origin is None
        else {
            "recipe": origin.recipe,
            "model": origin.model,
            "seed": origin.seed,
            "messages": origin.messages,
            "parameters": origin.parameters,
            "answer": origin.answer,
            "finish_reason": origin.finish_reason,
            "input_tokens": origin.input_tokens,
            "output_tokens": origin.output_tokens,
            "cost": origin.cost,
        },
    }


def query_(arguments: argparse.Namespace) -> int:
    place, (line,) = split_project(arguments.words, 1)
    output, project = _output(arguments), find(place)
    view = views.parse(line)
    if arguments.limit is not None and arguments.limit < 0:
        raise UsageError(f"--limit {arguments.limit} should not be below 0.")
    with Store(project) as store:
        for sentence in views.unknown(store, line):
            output.say(sentence)
        if arguments.count:
            number = views.count(store, view)
            output.result({"count": number}, [f"{number:,}"])
            return 0
        found = (one for ids in views.stream(store, view, arguments.limit) for one in samples.many(store, ids))
        output.rows(explained(store, one) if arguments.explain else as_row(one) for one in found)
    return 0


def view_(arguments: argparse.Namespace) -> int:
    output, project = _output(arguments), find(arguments.project)
    with Store(project) as store:
        if arguments.what == "save":
            if not arguments.name or not arguments.query:
                raise UsageError("Say --name and --query.")
            views.save(store, arguments.name, arguments.query)
        found = views.saved(store)
    output.result({"views": found}, table([[name, line] for name, line in found.items()]) or ["No saved views yet."])
    return 0
