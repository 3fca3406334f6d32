"""Starting and resuming jobs: what the screen and the commands call. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import UsageError
from workbench.jobs.launch import launch, resumable
from workbench.pipeline import curate_standing
from workbench.store import jobs, renames
from workbench.store.connection import Store
from workbench.store.jobs import Job

MODULE = "workbench.pipeline.process"
#: A limit of a job that waits for its batches: they are to be given up, which needs a process.
GIVE_UP = "give_up"


def submit(
    store: Store,
    kind: str,
    parameters: Mapping[str, Any],
    limits: Mapping[str, Any] | None = None,
    *,
    start: bool = True,
) -> int:
    """Queue a job and start its process; returns the job's id. With ``start=False`` somebody else runs it."""
    job_id = jobs.create(store, kind, parameters, limits)
    if start:
        launch(store, job_id, MODULE)
    return job_id


def resume(store: Store, job_id: int) -> None:
    """Start the process of an interrupted, failed, cancelled or waiting job again; raises ``UsageError`` if it cannot go on."""
    resumable(store, job_id)
    with store.write() as connection:
        mine = jobs.requeue(connection, job_id)
    if not mine:
        raise UsageError(f"Job {job_id} has just been resumed by somebody else.")
    launch(store, job_id, MODULE)


def waiting_like(store: Store, kind: str, parameters: Mapping[str, Any]) -> int | None:
    """The newest job with these parameters that waits without a process, if there is one."""
    for job in jobs.active(store)[::-1]:
        if job.state == "waiting" and job.kind == kind and job.parameters == parameters:
            return job.id
    return None


def cancel(store: Store, job_id: int) -> Job:
    """Ask a job to stop. One that waits for its batches gets a process that gives them up and keeps what they answered."""
    job = jobs.get(store, job_id)
    if job.state != "waiting" or jobs.lives(store.project, job_id):
        return jobs.cancel(store, job_id)
    jobs.set_limits(store, job_id, {GIVE_UP: True})
    resume(store, job_id)
    return jobs.get(store, job_id)


def learn_later(store: Store, *, strategies: Sequence[str] = (), clusters: bool = False) -> int | None:
    """Start a learn job, unless one that has not begun will see what is new; one under way is asked to follow itself.

    ``strategies`` are computed besides those of every job; ``clusters`` makes the clusters anew. Wishes of several callers
    add up in the one job.
    """
    if renames.under_way(store.connection) is not None:  # it would see half a change; the next decision asks again
        return None
    wishes: dict[str, Any] = dict.fromkeys(strategies, True)
    wanted: dict[str, Any] = ({"strategies": wishes} if wishes else {}) | ({"clusters": True} if clusters else {})
    jobs.mark_interrupted(store)
    for job in jobs.active(store):
        if job.kind == "learn":
            if wanted:
                jobs.set_limits(store, job.id, wanted)
            if jobs.get(store, job.id).state == "queued" or jobs.ask_again(store, job.id):
                return None
    return submit(store, "learn", {}, wanted)


def check_arrivals(store: Store) -> int | None:
    """Hold new samples against the curation in force, where there is one and ``curate.arrivals`` is on.

    One that has not begun sees what is new; one under way is asked to follow itself.
    """
    if not store.project.config.curate.arrivals or curate_standing.newest(store) is None:
        return None
    jobs.mark_interrupted(store)
    for job in jobs.active(store):
        mine = job.kind == "curate" and job.parameters.get("new")
        if mine and (job.state == "queued" or jobs.ask_again(store, job.id)):
            return None
    return submit(store, "curate", {"new": True})
