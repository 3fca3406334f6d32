"""Jobs and failed requests as commands print them: objects for ``--json``, lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workbench.cli.output import dollars
from workbench.jobs import words
from workbench.jobs.words import Yield
from workbench.store import yields
from workbench.store.connection import Store
from workbench.store.failures import Failed, Said
from workbench.store.jobs import Job


def described(job: Job) -> dict[str, Any]:
    """A job as ``--json`` lists it."""
    return {
        "id": job.id,
        "kind": job.kind,
        "recipe": job.parameters.get("recipe"),
        "model": job.parameters.get("model"),
        "state": job.state,
        "paused": words.paused(job),
        "done": job.done,
        "total": job.total,
        "rate": words.rate(job),
        "cost": (job.result or {}).get("cost"),
        "error": job.error,
        "note": job.note,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "user": job.user,
        "result": job.result,
    }


def name(job: Job) -> str:
    return f"{job.kind} {job.parameters['recipe']}" if job.parameters.get("recipe") else job.kind


def remark(job: Job) -> str:
    """The last column of the list: an error, what is waited for, what failed, else what is done."""
    if job.error:
        return job.error
    if waits := words.waiting(job):
        return f"waits for {waits}"
    if (reasons := words.reasons(job)) and job.state == "done":
        return "failed: " + ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    if job.kind == "curate" and job.state == "done":
        return _curated(job)
    return "" if words.paused(job) or job.state == "done" else job.note


def _curated(job: Job) -> str:
    """What a curate job was: of twenty in a list, which one is in force matters."""
    result = job.result or {}
    if job.parameters.get("undo"):
        return "undo"
    checked, kept = result.get("checked", 0), result.get("kept", 0)
    if job.parameters.get("preview"):
        return f"preview, would keep {kept:,} of {checked:,}"
    undone = ", undone since" if job.limits.get("undone") else ""
    return f"kept {kept:,} of {checked:,}{' new samples' if job.parameters.get('new') else ''}{undone}"


def plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def made(store: Store, job: Job) -> Yield:
    """What a job's samples were good for."""
    return words.yield_of(job, yields.refused(store, job.id).get(job.id, 0), yields.accepted(store).get(job.id, 0))


def figures(given: Yield) -> dict[str, Any]:
    """The yield for ``--json``."""
    dollars_each, of = given.price or (None, None)
    return {
        "kept_here": given.kept,
        "kept_per_request": given.per_request,
        "accepted": given.accepted,
        "cost_each": dollars_each,
        "cost_each_of": of,
    }


def figure_lines(job: Job, given: Yield) -> list[tuple[str, str]]:
    """Counts, tokens, cost and yield of a generate job, each with its name."""
    result = job.result or {}
    if not result:
        return []
    names = ("requests", "answers", "cached", "retried", "limited", "repaired", "failed", "samples", "duplicates")
    pairs = [
        ("counts", ", ".join(f"{name} {result[name]:,}" for name in names if result.get(name))),
        ("tokens", f"{result.get('input_tokens', 0):,} in, {result.get('output_tokens', 0):,} out"),
        ("cost", dollars(result.get("cost"))),
    ]
    if given.per_request is not None:
        pairs.append(("yield", f"{given.kept:,} kept, {given.per_request:.2f} for each request"))
    if given.price is not None and given.cost:
        each, of = given.price
        nobody = "" if given.accepted else " (nobody has accepted one yet)"
        pairs.append(("price", f"{words.dollars_each(each)} for each {of} sample{nobody}"))
    return pairs


def lanes(job: Job) -> list[str]:
    """The endpoints of a run that has several."""
    found = (job.result or {}).get("lanes") or []
    if len(found) < 2:
        return []
    return [
        f"{one.get('host')} {one.get('model')}: {one.get('answers', 0):,} answers, {one.get('flying', 0)} of "
        f"{one.get('width', 0)} at once"
        + "".join(f", {said}" for said in (one.get("waiting"), one.get("reason")) if said)
        for one in found
    ]


def failure(one: Failed) -> dict[str, Any]:
    """A failed request as ``--json`` prints it."""
    answers = [said for said in (one.first, one.answer) if said is not None]
    return {
        "request": one.id,
        "ordinal": one.ordinal,
        "reason": one.reason,
        "error": one.error,
        "attempts": one.attempts,
        "prompt": one.messages,
        "parameters": one.parameters,
        "conditions": one.conditions,
        "answers": [asdict(said) for said in answers],
        "created_at": one.created_at,
    }


def failure_lines(one: Failed) -> list[str]:
    """A failed request for people: why, what was sent, what came back."""
    tried = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
    lines = [f"request {one.ordinal}: {one.reason}, {tried}"]
    if one.error:
        lines.append(f"  {one.error}")
    for message in one.messages:
        lines += _speech(str(message.get("role", "")), str(message.get("content", "")))
    if one.first is not None:
        lines += _speech("answer", one.first.text, _ended(one.first))
    if one.answer is not None:
        lines += _speech("repaired" if one.first is not None else "answer", one.answer.text, _ended(one.answer))
    return lines


def _ended(said: Said) -> str:
    return f" (ended: {said.finish_reason})" if said.finish_reason else ""


def _speech(who: str, text: str, after: str = "") -> list[str]:
    first, *others = (text + after).splitlines() or [""]
    return [f"  {who + ':':<10}{first}", *(f"  {'':<10}{line}" for line in others)]
