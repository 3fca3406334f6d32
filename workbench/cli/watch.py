"""Running a job from a command: start it, show how far it is, and say how it ended. The job goes on if this process ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workbench.cli.output import Output
from workbench.errors import WorkbenchError
from workbench.pipeline import start
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.text import clean

#: Seconds between two looks at a job, and between two plain progress lines.
LOOK, LINE = 0.04, 5.0


class Interrupted(WorkbenchError):
    """Ctrl-C while a job was being watched."""

    exit_status = 130


def run(
    store: Store, kind: str, parameters: Mapping[str, Any], output: Output, *, limits: Mapping[str, Any] | None = None
) -> Job:
    """Start a job and wait for its end; raises ``WorkbenchError`` with its sentence when it failed."""
    job_id = start.submit(store, kind, parameters, limits)
    return follow(store, job_id, output)


def follow(store: Store, job_id: int, output: Output) -> Job:
    """Show a job's progress until it ends. Ctrl-C cancels it (it can be resumed)."""
    try:
        with _progress(output) as show:
            job = _wait(store, job_id, show)
    except KeyboardInterrupt:
        jobs.cancel(store, job_id)
        raise Interrupted(f"Job {job_id} is being cancelled; `workbench jobs resume {job_id}` goes on.") from None
    if job.state in ("failed", "interrupted"):
        raise WorkbenchError(job.error or f"Job {job_id} was interrupted; `workbench jobs resume {job_id}` goes on.")
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
        if job.state in jobs.ENDED:
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
            share = f"{job.done:,}/{job.total:,}" if job.total else f"{job.done:,}"
            sys.stderr.write(clean(f"{job.kind} {share} {job.note}") + "\n")

    return show


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
            amount = f"{job.done:,}" + (f"/{job.total:,}" if job.total else "")
            if job.kind == "curate":
                amount = ""
            progress.update(
                task,
                description=f"{job.kind:<9}",
                completed=(total or job.done) if ended else job.done,
                total=total,
                amount=amount,
                note="" if ended else clean(job.note, limit=40),
            )

        yield show
