"""``generate``, ``curate``, ``evaluate``, ``jobs``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.cli import watch
from workbench.cli.output import Output, dollars, table
from workbench.cli.parser import typed
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline import start
from workbench.project import find
from workbench.store import jobs, ledger
from workbench.store.connection import Store
from workbench.store.jobs import Job

if TYPE_CHECKING:
    from workbench.pipeline.preview import Preview


def _output(arguments: argparse.Namespace) -> Output:
    return Output(arguments.json, arguments.quiet)


def generate_(arguments: argparse.Namespace) -> int:
    from workbench.pipeline.setting import parameters_of

    output, project = _output(arguments), find(arguments.project)
    chosen = {}
    for pair in arguments.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair}: write NAME=VALUE.")
        chosen[name] = typed(value)
    given = {
        "recipe": arguments.recipe,
        "count": arguments.count,
        "more": arguments.more,
        "model": arguments.model,
        "seed": arguments.seed,
        "parameters": chosen,
    }
    if arguments.prepare_only and arguments.count is None and arguments.more is None:
        given["count"] = 1
    parameters = parameters_of(project, given)
    config = project.config.generate
    concurrency = config.concurrency if arguments.concurrency is None else arguments.concurrency
    if not 1 <= concurrency <= 1024:
        raise UsageError(f"--concurrency {concurrency} should be between 1 and 1024.")
    if arguments.seed is not None and not 0 <= arguments.seed < 2**31:
        raise UsageError(f"--seed {arguments.seed} should be between 0 and {2**31 - 1:,}.")
    if arguments.budget is not None and not 0 < arguments.budget < float("inf"):
        raise UsageError(f"--budget {arguments.budget:g} should be more than 0 dollars.")
    limits = {"concurrency": concurrency, "budget": arguments.budget or config.budget}
    with Store(project) as store:
        if arguments.dry_run:
            return _dry_run(store, parameters, limits["budget"], output)
        _refuse_early(store, parameters, limits["budget"])
        if arguments.prepare_only:
            job = watch.run(store, "generate", {**parameters, "prepare_only": True}, output, limits=limits)
            if job.state == "cancelled":
                return watch.cancelled(job, output)
            import yaml

            prepared = (job.result or {}).get("prepared", {})
            output.result(
                {"job": job.id, "prepared": prepared},
                yaml.safe_dump(
                    {"proposals": prepared.get("attributes", {})}, allow_unicode=True, sort_keys=False
                ).splitlines(),
            )
            return 0
        if arguments.detach:
            job_id = start.submit(store, "generate", parameters, limits)
            output.result({"job": job_id, "state": "queued"}, [f"Job {job_id} is on its way: workbench jobs"])
            return 0
        job = watch.run(store, "generate", parameters, output, limits=limits)
        output.result(generated(job), [generated_line(job)])
        return _status(job)


def _refuse_early(store: Store, parameters: Mapping[str, Any], budget: float | None) -> Preview:
    """What cannot work is said before a job is made; gives the preview of what can."""
    from workbench.pipeline.preview import generate as preview

    shown = preview(store.project, store, parameters)
    if shown.refusal:
        raise WorkbenchError(shown.refusal)
    if budget is not None and shown.cost is None:
        raise WorkbenchError(
            f"A budget needs the price of {parameters['model']}: set model.price in project.yaml "
            "({input: ..., output: ...}, dollars per million tokens), or leave the budget out."
        )
    return shown


def _dry_run(store: Store, parameters: Mapping[str, Any], budget: float | None, output: Output) -> int:
    shown = _refuse_early(store, parameters, budget)
    lines = [f"model: {parameters['model']}. {shown.model_description}"]
    for number, prompt in enumerate(shown.prompts, 1):
        lines += ["", f"prompt {number}:"]
        for message in prompt:
            first, *others = message["content"].splitlines() or [""]
            lines += [f"  {message['role'] + ':':<8}{first}", *(f"  {'':<8}{line}" for line in others)]
    lines += [
        "",
        f"{shown.requests:,} requests, about {shown.input_tokens:,} tokens in and {shown.output_tokens:,} out, "
        f"{dollars(shown.cost)}; {shown.kept:,} samples kept already",
    ]
    lines += [shown.note] if shown.note else []
    output.result(
        {
            "requests": shown.requests,
            "kept": shown.kept,
            "input_tokens": shown.input_tokens,
            "output_tokens": shown.output_tokens,
            "cost": shown.cost,
            "prompts": shown.prompts,
            "note": shown.note,
            "model": shown.model_description,
        },
        lines,
    )
    return 0


def generated(job: Job) -> dict[str, Any]:
    """A generate job as ``--json`` prints it."""
    result = job.result or {}
    names = (
        "requests",
        "answers",
        "cached",
        "retried",
        "failed",
        "reasons",
        "samples",
        "kept",
        "duplicates",
        "input_tokens",
        "output_tokens",
        "cost",
        "seconds",
    )
    return {"job": job.id, "state": job.state, **{name: result.get(name) for name in names}}


def generated_line(job: Job) -> str:
    result = job.result or {}
    parts = [f"{result.get('samples', 0):,} new samples, {result.get('kept', 0):,} kept in all"]
    if result.get("failed"):
        reasons = ", ".join(f"{n} {reason}" for reason, n in list(result.get("reasons", {}).items())[:3])
        failed, empty = _unanswered(job), result["failed"] - _unanswered(job)
        said = ([f"{failed:,} requests failed"] if failed else []) + ([f"{empty:,} answers gave none"] if empty else [])
        parts.append(f"{' and '.join(said)} ({reasons})")
    if result.get("duplicates"):
        parts.append(f"{result['duplicates']:,} repeat an earlier one")
    tokens = result.get("input_tokens", 0) + result.get("output_tokens", 0)
    parts.append(f"{result.get('requests', 0):,} requests, {tokens:,} tokens, {dollars(result.get('cost'))}")
    return f"generated: {'; '.join(parts)}; {result.get('seconds', 0):.1f} s"


def _unanswered(job: Job) -> int:
    """Requests that failed for good. An answer that gave no sample is none: another request took its place."""
    result = job.result or {}
    return int(result.get("requests", 0)) - int(result.get("answers", 0))


def _status(job: Job) -> int:
    if job.state == "cancelled":
        return 130
    return 3 if _unanswered(job) else 0


def curate_(arguments: argparse.Namespace) -> int:
    from workbench.curate.base import parse_filter

    output, project = _output(arguments), find(arguments.project)
    chain = arguments.filter or list(project.config.curate.filters)
    for spec in chain:
        parse_filter(spec)  # a mistake is said here, not by a job
    parameters = {"filters": chain, "preview": arguments.preview, "undo": arguments.undo}
    with Store(project) as store:
        if arguments.detach:
            job_id = start.submit(store, "curate", parameters)
            output.result({"job": job_id, "state": "queued"}, [f"Job {job_id} is on its way: workbench jobs"])
            return 0
        job = watch.run(store, "curate", parameters, output)
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = job.result or {}
    if arguments.undo:
        output.result({"job": job.id, **result}, [f"{result['checked']:,} samples have their earlier verdicts again"])
        return 0
    rows = [["filter", "drops", "alone"]] if arguments.preview else [["filter", "drops"]]
    for name, n in result["dropped"].items():
        rows.append([name, f"{n:,}", *([f"{result['alone'][name]:,}"] if arguments.preview else [])])
    word = "would keep" if arguments.preview else "kept"
    lines = [
        *table(rows, right=(1, 2)),
        f"{word} {result['kept']:,} of {result['checked']:,} samples; {result['seconds']:.1f} s",
    ]
    shown = {key: value for key, value in result.items() if key != "examples" or arguments.preview}
    output.result({"job": job.id, **shown}, lines)
    return 0


def evaluate_(arguments: argparse.Namespace) -> int:
    from workbench.evaluate.base import METRICS

    output, project = _output(arguments), find(arguments.project)
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


def jobs_(arguments: argparse.Namespace) -> int:
    words = list(arguments.words)
    verbs = ("cancel", "resume", "log")
    place = None if not words or words[0] in verbs else words.pop(0)
    output, project = _output(arguments), find(place)
    if words and words[0] not in verbs:
        raise UsageError(f"jobs {words[0]}: there are cancel, resume and log.")
    with Store(project) as store:
        jobs.mark_interrupted(store)
        if not words:
            return _list(store, output)
        number = _number(words[1]) if len(words) > 1 else None
        if words[0] == "resume":
            return _resume(store, number, output)
        if number is None:
            raise UsageError(f"Say which job: workbench jobs {words[0]} ID.")
        if words[0] == "cancel":
            if jobs.get(store, number).state in ("done", "failed", "cancelled"):
                raise UsageError(f"Job {number} has ended already.")
            job = jobs.cancel(store, number)
            output.result(
                {"job": job.id, "state": job.state},
                [f"Job {job.id}: {'cancelled' if job.state == 'cancelled' else 'asked to stop'}."],
            )
            return 0
        lines = [
            {"time": at, "level": level, "message": message} for _, at, level, message in jobs.events(store, number)
        ]
        output.result(
            {"job": number, "log": lines}, [f"{one['time']} {one['level']} {one['message']}" for one in lines]
        )
        return 0


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 18):
        raise UsageError(f"{word!r} is not a job's number.")
    return int(word)


def _list(store: Store, output: Output) -> int:
    found = jobs.newest(store)
    rows = [["job", "kind", "state", "done", "started", "by", ""]]
    for job in found:
        amount = f"{job.done:,}/{job.total:,}" if job.total else f"{job.done:,}"
        rows.append(
            [str(job.id), job.kind, job.state, amount, (job.started_at or "")[:19], job.user, job.error or job.note]
        )
    listed = [
        {
            "id": job.id,
            "kind": job.kind,
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "error": job.error,
            "created_at": job.created_at,
            "finished_at": job.finished_at,
            "user": job.user,
            "result": job.result,
        }
        for job in found
    ]
    spent, unknown = ledger.spent(store)
    last = f"spent so far: {dollars(spent)}" + (", and answers of unknown price" if unknown else "")
    output.result({"jobs": listed, "cost": spent}, [*table(rows, right=(0, 3)), last] if found else ["No jobs yet."])
    return 0


def _resume(store: Store, number: int | None, output: Output) -> int:
    chosen = (
        [number] if number is not None else [job.id for job in jobs.newest(store, 1000) if job.state == "interrupted"]
    )
    resumed = []
    for job_id in chosen:
        try:
            start.resume(store, job_id)
        except UsageError:
            if number is not None:
                raise
            continue  # somebody else was quicker
        resumed.append(job_id)
    output.result(
        {"resumed": resumed},
        [f"Resumed: {', '.join(map(str, resumed))}." if resumed else "There is nothing to resume."],
    )
    return 0
