"""A job's own process: holds the job's lock for life, runs the registered callable, writes down how it ended."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import StoreError, WorkbenchError
from workbench.project import Project
from workbench.sharing import fit
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job

#: Tries to write down how a job ended, and seconds between them: a full disk may have room again.
LAST_TRIES, LAST_WAIT = 5, 1.0


class Cancelled(WorkbenchError):
    """A person asked the job to stop."""


@dataclass
class JobContext:
    """What a job's callable gets: the project, a store of its own, its row, and ways to say how far it is."""

    project: Project
    store: Store
    job: Job
    _told: float = field(default=0.0)

    def report(self, done: int, total: int | None, note: str, result: Mapping[str, Any] | None = None) -> None:
        """Say how far the job is, at most some times a second; raises ``Cancelled`` when a person asked for it."""
        if time.monotonic() - self._told < 0.2 and result is None:
            return
        self._told = time.monotonic()
        cancel, limits = jobs.progress(self.store, self.job.id, done, total, note, result)
        self.job.limits.clear()
        self.job.limits.update(limits)
        if cancel:
            raise Cancelled("Cancelled.")

    def log(self, level: str, message: str) -> None:
        jobs.log(self.store, self.job.id, level, message)


@dataclass(frozen=True)
class Ended:
    """How a callable ended: ``state`` done, failed, cancelled, or waiting (it is to be resumed, nobody knows when);
    ``result`` for ``--json``; ``error`` a sentence."""

    result: Mapping[str, Any]
    state: str = "done"
    error: str | None = None
    afterwards: Callable[[], object] | None = None  # what nobody needs to wait for, such as starting another job


#: A job kind's callable.
Run = Callable[[JobContext], Ended]


def run(project: Project, job_id: int, kinds: Mapping[str, Callable[[], Run]]) -> int:
    """Run one job in this process; returns its exit status. ``kinds`` gives a loader per kind, so that only one is imported."""
    project.locks.mkdir(parents=True, exist_ok=True)
    fit(project.locks)
    lock = jobs.hold(project, job_id)
    if lock is None:
        sys.stderr.write(f"job {job_id} is running already\n")
        return 1
    try:
        return _run(project, job_id, kinds)
    finally:
        os.close(lock)


def _run(project: Project, job_id: int, kinds: Mapping[str, Callable[[], Run]]) -> int:
    with Store(project) as store:
        if not jobs.start(store, job_id):
            sys.stderr.write(f"job {job_id} is {jobs.get(store, job_id).state}; it does not begin\n")
            return 1
        job = jobs.get(store, job_id)
        context = JobContext(project, store, job)
        try:
            if job.kind not in kinds:
                raise WorkbenchError(f"There is no job kind {job.kind!r} in this version; upgrade the workbench.")
            ended = kinds[job.kind]()(context)
        except Cancelled as error:
            ended = Ended(job.result or {}, "cancelled", str(error))
        except WorkbenchError as error:
            ended = Ended({}, "failed", str(error))
        except Exception as error:  # noqa: BLE001 - our mistake: a sentence for the person, the traceback in the log file
            traceback.print_exc()
            ended = Ended(
                {},
                "failed",
                f"Job {job_id} met a mistake in the workbench ({type(error).__name__}: {error}); "
                f"details are in {jobs.log_path(project, job_id)}.",
            )
        try:
            _write_down(store, job_id, ended)
            if ended.afterwards is not None:
                ended.afterwards()
        except WorkbenchError as error:
            # The disk is still full, say: without its last word the job counts as interrupted, and can be resumed.
            sys.stderr.write(f"{ended.error or ended.state}\n{error}\n")
            return 1
    return 0 if ended.state in ("done", "waiting") else 1


def _write_down(store: Store, job_id: int, ended: Ended) -> None:
    for left in reversed(range(LAST_TRIES)):
        try:
            with store.write():
                if ended.error:
                    jobs.log(store, job_id, "error" if ended.state == "failed" else "info", ended.error)
                jobs.finish(store, job_id, ended.state, result=ended.result or None, error=ended.error)
            return
        except StoreError:
            if not left:
                raise
            time.sleep(LAST_WAIT)
