"""``generate``, ``curate``, ``evaluate``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.cli import watch
from workbench.cli.output import Output, dollars
from workbench.cli.parsing import typed
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline import start
from workbench.project import Project, find
from workbench.settings_template import UNDESCRIBED
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job

if TYPE_CHECKING:
    from workbench.pipeline.preview import Preview


def _output(arguments: argparse.Namespace) -> Output:
    return Output(arguments.json, arguments.quiet)


def generate_(arguments: argparse.Namespace) -> int:
    output, project = _output(arguments), find(arguments.project)
    parameters = generate_parameters(
        project, arguments, recipe=arguments.recipe, parameters=recipe_parameters(arguments.set)
    )
    config = project.config.generate
    concurrency = config.concurrency if arguments.concurrency is None else arguments.concurrency
    if not 1 <= concurrency <= 1024:
        raise UsageError(f"--concurrency {concurrency} should be between 1 and 1024.")
    if arguments.seed is not None and not 0 <= arguments.seed < 2**31:
        raise UsageError(f"--seed {arguments.seed} should be between 0 and {2**31 - 1:,}.")
    if arguments.budget is not None and not 0 < arguments.budget < float("inf"):
        raise UsageError(f"--budget {arguments.budget:g} should be more than 0 dollars.")
    limits: dict[str, Any] = {"concurrency": concurrency, "budget": arguments.budget or config.budget}
    for name in ("requests", "tokens"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name} {value} should be at least 1.")
        limits[name] = value or getattr(config, name)
    with Store(project) as store:
        if arguments.dry_run:
            return _dry_run(store, parameters, limits["budget"], output)
        refuse_early(store, parameters, limits["budget"])
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
        if arguments.batch and (waiting := start.waiting_like(store, "generate", parameters)) is not None:
            jobs.set_limits(store, waiting, limits)
            start.resume(store, waiting)
            return _generated(waiting, store, output, detach=arguments.detach)
        if arguments.detach:
            return _generated(start.submit(store, "generate", parameters, limits), store, output, detach=True)
        job_id = start.submit(store, "generate", parameters, limits)
        return _generated(job_id, store, output)


def recipe_parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """What ``--set NAME=VALUE`` says. Raises ``UsageError`` for one that is not written so."""
    chosen = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair}: write NAME=VALUE.")
        chosen[name] = typed(value)
    return chosen


def generate_parameters(
    project: Project, arguments: argparse.Namespace, *, recipe: str | None, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """A generate job's parameters from the options that a command has, checked."""
    given = {
        "recipe": recipe,
        "count": arguments.count,
        "more": getattr(arguments, "more", None),
        "model": arguments.model,
        "seed": arguments.seed,
        "parameters": parameters,
        "executor": "batch" if getattr(arguments, "batch", False) else None,
    }
    if getattr(arguments, "prepare_only", False) and given["count"] is None and given["more"] is None:
        given["count"] = 1
    from workbench.pipeline.setting import parameters_of  # loads the endpoints' client

    return parameters_of(project, given)


def _generated(job_id: int, store: Store, output: Output, *, detach: bool = False) -> int:
    """Follow a generate job to its end, however long its batches take, and print what it gave."""
    if detach:
        output.result({"job": job_id, "state": "queued"}, [f"Job {job_id} is on its way: workbench jobs"])
        return 0
    job = watch.patiently(store, job_id, output)
    output.result(generated(job), [generated_line(job), *failure_hint(job)])
    return status(job)


def refuse_early(store: Store, parameters: Mapping[str, Any], budget: float | None) -> Preview:
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
    shown = refuse_early(store, parameters, budget)
    lines = [f"model: {parameters['model']}. {shown.model_description}"]
    said: list[dict[str, str]] = []
    for number, prompt in enumerate(shown.prompts, 1):
        lines += ["", f"prompt {number}:"]
        for message in prompt:
            if message in said and message["role"] == "system":
                lines.append("  system: (as above)")
                continue
            said.append(message)
            first, *others = message["content"].splitlines() or [""]
            lines += [f"  {message['role'] + ':':<8}{first}", *(f"  {'':<8}{line}" for line in others)]
    if shown.shape:
        lines += ["", f"shape of each answer (JSON Schema): {json.dumps(shown.shape, ensure_ascii=False)}"]
    lines += [
        "",
        f"{shown.requests:,} requests, about {shown.input_tokens:,} tokens in and {shown.output_tokens:,} out, "
        f"{dollars(shown.cost)}; {shown.kept:,} samples kept already",
    ]
    lines += [shown.note] if shown.note else []
    lines += ["Repairs of answers that cannot be read are not counted."] if shown.shape else []
    if store.project.config.task.description.strip() == UNDESCRIBED:
        lines.append("task.description in project.yaml is not written yet; every prompt holds it.")
    output.result(
        {
            "requests": shown.requests,
            "kept": shown.kept,
            "input_tokens": shown.input_tokens,
            "output_tokens": shown.output_tokens,
            "cost": shown.cost,
            "prompts": shown.prompts,
            "schema": shown.shape,
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
        "repaired",
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
    if result.get("repaired"):
        parts.append(f"{result['repaired']:,} repaired")
    if result.get("duplicates"):
        parts.append(f"{result['duplicates']:,} repeat an earlier one")
    tokens = result.get("input_tokens", 0) + result.get("output_tokens", 0)
    parts.append(f"{result.get('requests', 0):,} requests, {tokens:,} tokens, {dollars(result.get('cost'))}")
    return f"generated: {'; '.join(parts)}; {result.get('seconds', 0):.1f} s"


def failure_hint(job: Job) -> list[str]:
    """Where to look when requests failed."""
    if not (job.result or {}).get("failed"):
        return []
    return [f"`workbench jobs failures {job.id}` shows what failed, `workbench jobs retry {job.id}` asks it again."]


def _unanswered(job: Job) -> int:
    """Requests that failed for good. An answer that gave no sample is none: another request took its place."""
    result = job.result or {}
    return int(result.get("requests", 0)) - int(result.get("answers", 0))


def status(job: Job) -> int:
    """The exit status of a generate job that has ended."""
    if job.state == "cancelled":
        return 130
    return 3 if _unanswered(job) else 0
