"""Starting and resuming jobs: what the screen and the commands call. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import UsageError
from workbench.jobs.launch import launch, resumable
from workbench.store import jobs
from workbench.store.connection import Store

MODULE = "workbench.pipeline.process"


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
    """Start the process of an interrupted, failed or cancelled job again; raises ``UsageError`` if it cannot go on."""
    resumable(store, job_id)
    with store.write() as connection:
        mine = jobs.requeue(connection, job_id)
    if not mine:
        raise UsageError(f"Job {job_id} has just been resumed by somebody else.")
    launch(store, job_id, MODULE)


def learn_later(store: Store) -> int | None:
    """Start a learn job, unless one that has not begun will see what is new; one under way is asked to follow itself."""
    jobs.mark_interrupted(store)
    for job in jobs.active(store):
        if job.kind == "learn" and (job.state == "queued" or jobs.ask_again(store, job.id)):
            return None
    return submit(store, "learn", {})
