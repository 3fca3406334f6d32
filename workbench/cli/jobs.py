"""``jobs``: list, show, watch and control background jobs; look at failed requests and ask them again."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

from workbench.cli import watch
from workbench.cli.job_lines import (
    described,
    failure,
    failure_lines,
    figure_lines,
    figures,
    lanes,
    made,
    name,
    plain,
    remark,
)
from workbench.cli.output import Output, dollars, table
from workbench.cli.parser import JOB_VERBS
from workbench.cli.parsing import NONE
from workbench.cli.work import generated, generated_line, status
from workbench.errors import UsageError
from workbench.jobs import words
from workbench.pipeline import control, start
from workbench.project import find
from workbench.store import failures, jobs, ledger
from workbench.store.connection import Store

#: Options that only some verbs know.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "all": ("",),
    "concurrency": ("set",),
    "budget": ("set",),
    "requests": ("set",),
    "tokens": ("set",),
    "reason": ("failures", "retry"),
    "limit": ("failures",),
    "detach": ("retry",),
}
#: Failed requests that are printed unless more are asked for.
SHOWN = 10


def jobs_(arguments: argparse.Namespace) -> int:
    said = list(arguments.words)
    place = None if not said or said[0] in JOB_VERBS else said.pop(0)
    output, project = Output(arguments.json, arguments.quiet), find(place)
    verb = said[0] if said else ""
    if verb and verb not in JOB_VERBS:
        raise UsageError(f"jobs {verb}: there are {', '.join(JOB_VERBS[:-1])} and {JOB_VERBS[-1]}.")
    if len(said) > 2:
        raise UsageError(f"Too many words: {' '.join(said)}.")
    for option, known in OPTIONS.items():
        if getattr(arguments, option) not in (None, False, []) and verb not in known:
            where = f"jobs {known[0]}" if known[0] else "the list"
            raise UsageError(f"--{option} belongs to {where}.")
    with Store(project) as store:
        jobs.mark_interrupted(store)
        if not verb:
            return _list(store, output, everything=arguments.all)
        number = _number(said[1]) if len(said) > 1 else None
        if verb == "resume":
            return _resume(store, number, output)
        if number is None:
            raise UsageError(f"Say which job: workbench jobs {verb} ID.")
        return _DO[verb](store, number, output, arguments)


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 18):
        raise UsageError(f"{word!r} is not a job's number.")
    return int(word)


def _list(store: Store, output: Output, *, everything: bool) -> int:
    found = [job for job in jobs.newest(store, 1000) if everything or job.kind in words.MAIN][:50]
    rows = [["job", "kind", "recipe", "state", "done", "rate", "cost", "started", "by", ""]]
    for job in found:
        speed, cost = words.rate(job), (job.result or {}).get("cost")
        rows.append(
            [
                str(job.id),
                job.kind,
                str(job.parameters.get("recipe") or ""),
                words.state(job),
                words.amount(job),
                "" if speed is None else words.per_second(speed),
                dollars(cost) if cost else "",
                (job.started_at or "")[:16].replace("T", " "),
                job.user,
                remark(job),
            ]
        )
    spent, unknown = ledger.spent(store)
    priced = f"{dollars(spent)}{', and answers of unknown price' if unknown else ''}"
    last = f"spent so far: {priced if spent or not unknown else 'unknown, the answers have no price'}"
    nothing = "No jobs yet." if everything else "No jobs yet (--all shows imports and learning too)."
    output.result(
        {"jobs": [described(job) for job in found], "cost": spent},
        [*table(rows, right=(0, 4, 5, 6)), last] if found else [nothing],
    )
    return 0


def _show(store: Store, number: int, output: Output, _: argparse.Namespace) -> int:
    job = jobs.get(store, number)
    value = described(job) | {"parameters": job.parameters, "limits": words.limits(job)}
    lines = [f"job {job.id}  {name(job)}  {words.state(job)}  by {job.user}"]
    lines += [job.error] if job.error else []
    pairs = [
        ("created", job.created_at[:19].replace("T", " ")),
        ("ended", (job.finished_at or "")[:19].replace("T", " ")),
        ("done", words.amount(job)),
        ("waits for", words.waiting(job)),
        ("limits", ", ".join(words.limit(name, limit) for name, limit in words.limits(job).items())),
    ]
    pairs += [(name.replace("_", " "), plain(one)) for name, one in job.parameters.items() if one not in (None, {}, "")]
    if job.kind == "generate":
        given = made(store, job)
        value |= {**figures(given), "reasons": failures.by_reason(store, number)}
        pairs += figure_lines(job, given)
    width = max(len(name) for name, _ in pairs)
    lines += [f"{name:<{width}}  {text}" for name, text in pairs if text]
    reasons = value.get("reasons") or {}
    lines += [f"failed: {n:,} {reason}" for reason, n in reasons.items()]
    lines += [f"endpoint {lane}" for lane in lanes(job)]
    output.result(value, lines)
    return 0


def _watch(store: Store, number: int, output: Output, _: argparse.Namespace) -> int:
    """As ``generate`` shows it; ctrl-c stops the watching, not the job."""
    job = watch.follow(store, number, output, mine=False)
    if job.state == "waiting":
        output.result(
            described(job), [f"Job {number} waits ({job.note}); `workbench jobs resume {number}` looks again."]
        )
        return 0
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    if job.kind == "generate":
        output.result(generated(job), [generated_line(job)])
        return status(job)
    output.result(described(job), [f"Job {number} ({job.kind}) is {job.state}."])
    return 0


def _pause(store: Store, number: int, output: Output, _: argparse.Namespace) -> int:
    job = control.pause(store, number)
    output.result(
        {"job": number, "state": job.state, "paused": True},
        [f"Job {number} asks nothing until `workbench jobs resume {number}`; requests under way are waited for."],
    )
    return 0


def _resume(store: Store, number: int | None, output: Output) -> int:
    chosen = [number] if number is not None else [
        job.id
        for job in jobs.newest(store, 1000)
        if job.state == "interrupted" or (job.state == "waiting" and not jobs.lives(store.project, job.id))
    ]  # fmt: skip
    resumed = []
    for job_id in chosen:
        try:
            control.resume(store, job_id)
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


def _set(store: Store, number: int, output: Output, arguments: argparse.Namespace) -> int:
    given = {name: getattr(arguments, name) for name in words.LIMITS if getattr(arguments, name) is not None}
    if not given:
        raise UsageError("Say what to set: --concurrency, --budget, --requests or --tokens.")
    before, after = control.change(store, number, {name: None if one == NONE else one for name, one in given.items()})
    lines = [f"Job {number}: {words.limit(name, before[name])} -> {words.limit(name, after[name])}" for name in after]
    job = jobs.get(store, number)
    if job.state in words.STOPPED:
        lines.append(f"It does not run ({job.state}); `workbench jobs resume {number}` goes on.")
    output.result({"job": number, "state": job.state, "before": before, "after": after}, lines)
    return 0


def _cancel(store: Store, number: int, output: Output, _: argparse.Namespace) -> int:
    if jobs.get(store, number).state in ("done", "failed", "cancelled"):
        raise UsageError(f"Job {number} has ended already.")
    job = start.cancel(store, number)
    output.result(
        {"job": job.id, "state": job.state},
        [f"Job {job.id}: {'cancelled' if job.state == 'cancelled' else 'asked to stop'}."],
    )
    return 0


def _failures(store: Store, number: int, output: Output, arguments: argparse.Namespace) -> int:
    control.generating(store, number)
    reasons, limit = arguments.reason or None, SHOWN if arguments.limit is None else arguments.limit
    if limit < 1:
        raise UsageError(f"--limit {limit} should be at least 1.")
    counts = failures.by_reason(store, number)
    for reason in arguments.reason:
        if reason not in counts:
            there = f"there are: {', '.join(counts)}" if counts else "none failed"
            raise UsageError(f"No request of job {number} failed for {reason!r}; {there}.")
    found = failures.failed(store, number, reasons, limit=limit)
    total = sum(n for reason, n in counts.items() if reasons is None or reason in reasons)
    lines = [f"{n:,} {reason}" for reason, n in counts.items()] or [f"Job {number} has no failed requests."]
    for one in found:
        lines += ["", *failure_lines(one)]
    if len(found) < total:
        lines += ["", f"{len(found):,} of {total:,} shown; --limit N shows more, --json all of each."]
    output.result({"job": number, "reasons": counts, "failures": [failure(one) for one in found]}, lines)
    return 0


def _retry(store: Store, number: int, output: Output, arguments: argparse.Namespace) -> int:
    reasons: Sequence[str] | None = arguments.reason or None
    job_id = control.retry(store, number, reasons)
    if arguments.detach:
        output.result({"job": job_id, "state": "queued"}, [f"Job {job_id} is on its way: workbench jobs"])
        return 0
    job = watch.follow(store, job_id, output)
    output.result(generated(job), [generated_line(job)])
    return status(job)


def _log(store: Store, number: int, output: Output, _: argparse.Namespace) -> int:
    jobs.get(store, number)
    lines = [{"time": at, "level": level, "message": message} for _, at, level, message in jobs.events(store, number)]
    output.result({"job": number, "log": lines}, [f"{one['time']} {one['level']} {one['message']}" for one in lines])
    return 0


_DO: Mapping[str, Callable[[Store, int, Output, argparse.Namespace], int]] = {
    "show": _show,
    "watch": _watch,
    "pause": _pause,
    "set": _set,
    "cancel": _cancel,
    "failures": _failures,
    "retry": _retry,
    "log": _log,
}
