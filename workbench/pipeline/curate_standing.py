"""Which curation stands: what began to be put in force, in which order, and taking back what was cut off at it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import takewhile

from workbench.project import Project
from workbench.store import in_force, jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job

#: The lock that a job holds while it changes what is in force.
LOCK = "curate"
#: Curate jobs among which the newest is looked for.
LOOKED_AT = 1_000


def switched(store: Store) -> list[Job]:
    """Curate jobs that have begun to put what they say in force and were not undone, the latest to begin first. A resumed
    job may begin after one with a higher number."""
    found = [
        job
        for job in jobs.newest(store, LOOKED_AT, kind="curate")
        if "replaces" in job.limits and not job.limits.get("undone")
    ]
    return sorted(found, key=lambda job: (job.limits.get("turn", 0), job.id), reverse=True)


def newest(store: Store) -> tuple[list[str], int] | None:
    """(its chain, the highest sample that was judged since) of the newest curation of all samples that stands; None where
    there is none, or where it was made before samples were remembered."""
    whole = next((job for job in switched(store) if job.state == "done" and not job.parameters.get("new")), None)
    if whole is None or not whole.result or whole.result.get("water") is None:
        return None
    later = [
        int(job.result["water"])
        for job in jobs.newest(store, LOOKED_AT, kind="curate")
        if job.id > whole.id and job.parameters.get("new") and job.result and job.result.get("water")
    ]
    return list(whole.result["specs"]), max([int(whole.result["water"]), *later])


def note(store: Store, job_id: int, before: Sequence[int]) -> None:
    """Write down what a job is about to replace, and that it comes after all others."""
    turn = max((job.limits.get("turn", 0) for job in switched(store)), default=0) + 1
    jobs.set_limits(store, job_id, {"replaces": list(before), "undone": None, "turn": turn})


def settle(store: Store, job_id: int | None = None) -> None:
    """Take back what other jobs than ``job_id`` were cut off at putting in force: else a part of it would count as a
    curation. Only with the lock held."""
    others = [job for job in switched(store) if job.id != job_id]
    for job in takewhile(lambda one: one.state != "done", others):
        take_back(store, job)


def settle_if_free(project: Project, store: Store) -> None:
    """``settle``, unless a curation is under way: what reads the data set should not meet half of one that was killed."""
    if not any(job.state != "done" for job in switched(store)[:1]):
        return
    lock = jobs.hold_name(project, LOCK)
    if lock is None:
        return
    try:
        settle(store)
    finally:
        os.close(lock)


def take_back(store: Store, chosen: Job) -> tuple[list[int], int]:
    """Put in force what a job had replaced; returns the jobs that no longer are, and how many samples changed."""
    restored: list[int] = chosen.limits["replaces"]
    gone = [job for job in in_force.jobs_in_force(store) if job not in restored]
    changed = sum([in_force.set_active(store, job, active=False) for job in gone])
    changed += sum([in_force.set_active(store, job, active=True) for job in restored])
    jobs.set_limits(store, chosen.id, {"undone": True})
    return gone, changed
