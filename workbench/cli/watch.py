"""Running a job from a command: start it, show how far it is, and say how it ended. The job goes on if this process ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from workbench.cli.output import Output, dollars
from workbench.errors import UsageError, WorkbenchError
from workbench.jobs import words
from workbench.pipeline import start
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.text import clean

#: Seconds between two looks at a job, and between two plain progress lines.
LOOK, LINE = 0.04, 5.0
#: Seconds between two looks at batches: at first, and at most.
SOONEST, SELDOM = 2.0, 60.0


class Interrupted(WorkbenchError):
    """Ctrl-C while a job was being watched."""

    exit_status = 130


def run(
    store: Store, kind: str, parameters: Mapping[str, Any], output: Output, *, limits: Mapping[str, Any] | None = None
) -> Job:
    """Start a job and wait for its end; raises ``WorkbenchError`` with its sentence when it failed."""
    job_id = start.submit(store, kind, parameters, limits)
    return follow(store, job_id, output)


def follow(store: Store, job_id: int, output: Output, *, mine: bool = True) -> Job:
    """Show a job's progress until it ends, or waits without a process. Ctrl-C cancels it if it is ``mine``, else it goes on."""
    try:
        with _progress(output) as show:
            job = _wait(store, job_id, show)
    except KeyboardInterrupt:
        if not mine:
            raise Interrupted(f"Job {job_id} goes on; `workbench jobs cancel {job_id}` stops it.") from None
        jobs.cancel(store, job_id)
        raise Interrupted(f"Job {job_id} is being cancelled; `workbench jobs resume {job_id}` goes on.") from None
    if job.state in ("failed", "interrupted"):
        raise WorkbenchError(job.error or f"Job {job_id} was interrupted; `workbench jobs resume {job_id}` goes on.")
    return job


def patiently(store: Store, job_id: int, output: Output) -> Job:
    """``follow``, and look again at a job that waits for its batches, less and less often. From its first wait
    on, Ctrl-C leaves it alone: cancelling would give up batches that are being paid for."""
    job, wait = follow(store, job_id, output), SOONEST
    while job.state == "waiting":
        if not output.quiet:
            sys.stderr.write(clean(f"waits for {job.note}; looking again in {wait:.0f} s") + "\n")
        try:
            time.sleep(wait)
        except KeyboardInterrupt:
            raise Interrupted(
                f"Job {job_id} waits for its batches; `workbench jobs resume {job_id}` looks again, `workbench jobs cancel "
                f"{job_id}` gives them up."
            ) from None
        with suppress(UsageError):  # somebody else has resumed it
            start.resume(store, job_id)
        job, wait = follow(store, job_id, output, mine=False), min(wait * 1.5, SELDOM)
    return job


def complete(store: Store, kind: str, parameters: Mapping[str, Any], output: Output) -> Job:
    """``run`` for a step that the next one needs: raises ``Interrupted`` when somebody cancels it."""
    job = run(store, kind, parameters, output)
    if job.state == "cancelled":
        raise Interrupted(f"Job {job.id} ({kind}) was cancelled; run the command again to go on.")
    return job


def cancelled(job: Job, output: Output) -> int:
    """Print that a job was cancelled by somebody; returns the exit status."""
    output.result(
        {"job": job.id, "state": job.state},
        [f"Job {job.id} was cancelled; `workbench jobs resume {job.id}` goes on."],
    )
    return 130


def _wait(store: Store, job_id: int, show: Any) -> Job:
    absent = 0
    while True:
        job = jobs.get(store, job_id)
        show(job)
        if job.state in jobs.ENDED or (job.state == "waiting" and not jobs.lives(store.project, job_id)):
            return job
        # A process that died without a word leaves its lock free; it takes a moment to take it after the start.
        absent = 0 if jobs.lives(store.project, job_id) else absent + 1
        if absent * LOOK > (jobs.UNCLAIMED if job.state == "queued" else 1.0):
            jobs.mark_interrupted(store)
        time.sleep(LOOK)


@contextmanager
def _progress(output: Output) -> Iterator[Any]:
    if output.quiet:
        yield lambda job: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


def _lines() -> Any:
    """A plain line now and then, for logs."""
    told = [time.monotonic()]

    def show(job: Job) -> None:
        if time.monotonic() - told[0] >= LINE and job.state == "running":
            told[0] = time.monotonic()
            sys.stderr.write(clean(" ".join(filter(None, (job.kind, _amount(job), remark(job))))) + "\n")

    return show


def _amount(job: Job) -> str:
    """``12/80``, or ``12`` where nobody knows of how many; nothing where nothing is counted (a trainer of the user's own)."""
    return f"{job.done:,}/{job.total:,}" if job.total else f"{job.done:,}" if job.done else ""


def remark(job: Job) -> str:
    """What stands behind the bar: rate, time left, cost, trouble, and what is done or waited for."""
    result, speed, left = job.result or {}, words.rate(job), words.seconds_left(job)
    parts = ["paused" if words.paused(job) else ""]
    if job.kind == "generate":
        parts += [words.per_second(speed) if speed else "", _left(left) if left is not None else ""]
        parts += [dollars(result["cost"]) if result.get("cost") else ""]
        parts += [f"{result[name]:,} {name}" for name in ("repaired", "failed") if result.get(name)]
    waits = words.waiting(job)
    parts.append(f"waits for {waits}" if waits else job.note)
    return "  ".join(part for part in parts if part)


def _left(seconds: float) -> str:
    whole = int(seconds)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02} left"
        if whole >= 3600
        else f"{whole // 60}:{whole % 60:02} left"
    )


@contextmanager
def _bar() -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        task = progress.add_task("", amount="", note="", total=None)

        def show(job: Job) -> None:
            ended = job.state in jobs.ENDED
            total = job.total or (1 if ended else None)
            amount = "" if job.kind == "curate" else _amount(job)
            progress.update(
                task,
                description=f"{job.kind:<9}",
                completed=(total or job.done) if ended else job.done,
                total=total,
                amount=amount,
                note="" if ended else clean(remark(job), limit=70),
            )

        yield show
