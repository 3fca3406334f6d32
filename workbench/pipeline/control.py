"""Control of jobs while they run and after: pause, go on, other limits, failed requests again. Imports nothing heavy.

A wish is a flag in the job's row, heard within a second; each function raises ``UsageError`` with a sentence where the job's
state does not allow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import UsageError
from workbench.jobs import words
from workbench.pipeline import start
from workbench.store import failures, jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job

#: Most requests at once that any endpoint gets.
MOST_AT_ONCE = 1024
#: Limits that belong to one run and not to the next one of the same kind.
_OWN = ("wanted", "series", "paused", "again", start.GIVE_UP)


def checked(limits: Mapping[str, Any]) -> dict[str, Any]:
    """``limits`` if all of them can be meant; None lifts a budget."""
    for name, value in limits.items():
        if name not in words.LIMITS:
            raise UsageError(f"There is no limit {name!r}; there are {', '.join(words.LIMITS)}.")
        if name == "concurrency":
            if not isinstance(value, int) or not 1 <= value <= MOST_AT_ONCE:
                raise UsageError(f"concurrency {value} should be between 1 and {MOST_AT_ONCE:,}.")
        elif value is not None and not 0 < value < float("inf"):
            raise UsageError(f"{name} {value:g} should be more than 0.")
    return dict(limits)


def asking(store: Store, job_id: int) -> Job:
    """The job, which must be of a kind that asks a model."""
    job = jobs.get(store, job_id)
    if job.kind not in ("generate", "curate", "evaluate", "judge"):
        raise UsageError(f"Job {job_id} is a job of kind {job.kind}, which has no requests.")
    return job


def generating(store: Store, job_id: int) -> Job:
    """The job, which must be one whose requests give samples."""
    job = jobs.get(store, job_id)
    if job.kind != "generate":
        raise UsageError(f"Job {job_id} is a job of kind {job.kind}, which has no requests.")
    return job


def pause(store: Store, job_id: int) -> Job:
    """Requests under way are waited for, no more are asked until it goes on."""
    job = asking(store, job_id)
    if words.paused(job):
        raise UsageError(f"Job {job_id} is paused already; `workbench jobs resume {job_id}` goes on.")
    if job.state not in words.UNDER_WAY:
        raise UsageError(f"Job {job_id} is {job.state}: only a job under way can be paused.")
    if job.cancel:
        raise UsageError(f"Job {job_id} is being cancelled.")
    if job.state == "waiting":
        raise UsageError(f"Job {job_id} waits for its batches and asks nothing meanwhile; cancelling gives them up.")
    jobs.set_limits(store, job_id, {"paused": True})
    return jobs.get(store, job_id)


def resume(store: Store, job_id: int) -> str:
    """Go on with a paused job that lives, or start the process of one that ended early or waits without one.

    Returns what was done: ``unpaused`` or ``started``.
    """
    jobs.mark_interrupted(store)
    job = jobs.get(store, job_id)
    was_paused = words.paused(job)
    if job.limits.get("paused"):
        jobs.set_limits(store, job_id, {"paused": None})
    if was_paused and (job.state == "queued" or jobs.lives(store.project, job_id)):
        return "unpaused"
    start.resume(store, job_id)
    return "started"


def change(store: Store, job_id: int, limits: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set limits of a job, running or ended; returns those that were named as they were and as they are."""
    job = asking(store, job_id)
    wanted = checked(limits)
    if job.state == "done":
        raise UsageError(f"Job {job_id} is done: it asks nothing any more.")
    if (
        wanted.get("budget") is not None
        and (job.result or {}).get("requests")
        and (job.result or {}).get("cost") is None
    ):
        raise UsageError(
            f"The price of {job.parameters.get('model')} is not known, so a budget in dollars cannot be kept: set model.price "
            "in project.yaml, or limit requests or tokens."
        )
    jobs.set_limits(store, job_id, wanted)
    now = jobs.get(store, job_id).limits
    return {name: job.limits.get(name) for name in wanted}, {name: now.get(name) for name in wanted}


def retry(store: Store, job_id: int, reasons: Sequence[str] | None = None) -> int:
    """Start a job that asks the failed requests of another one again, all or those of some reasons; returns its id."""
    job = failing(store, job_id, reasons)
    limits = {name: value for name, value in job.limits.items() if name not in _OWN}
    wanted = {**job.parameters, "again_of": job_id, "reasons": list(reasons) if reasons else None}
    return start.submit(store, "generate", wanted, limits)


def failing(store: Store, job_id: int, reasons: Sequence[str] | None = None) -> Job:
    """The job, whose failed requests can be asked again."""
    jobs.mark_interrupted(store)
    job = generating(store, job_id)
    if job.state in words.UNDER_WAY:
        raise UsageError(
            f"Job {job_id} is {words.state(job)}: its failed requests can be asked again once it has ended."
        )
    found = failures.by_reason(store, job_id)
    if not found:
        raise UsageError(f"Job {job_id} has no failed requests.")
    missing = [reason for reason in reasons or () if reason not in found]
    if missing:
        raise UsageError(f"No request of job {job_id} failed for {missing[0]!r}; there are: {', '.join(found)}.")
    return job
