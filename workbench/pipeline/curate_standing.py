"""Which curation stands: what began to be put in force, in which order, and taking back what was cut off at it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import takewhile

from workbench.project import Project
from workbench.store import in_force, jobs
from workbench.store.connection import Store

#: The lock that a job holds while it changes what is in force.
LOCK = "curate"


def newest(store: Store) -> tuple[list[str], int] | None:
    """(its chain, the highest sample that was judged since) of the newest curation of all samples that stands; None where
    there is none, or where it was made before samples were remembered."""
    whole = next((one for one in in_force.begun(store) if one.done and not one.new), None)
    result = jobs.get(store, whole.id).result if whole is not None else None
    if whole is None or not result or result.get("water") is None:
        return None
    return list(result["specs"]), max(int(result["water"]), in_force.judged_since(store, whole.id))


def note(store: Store, job_id: int, before: Sequence[int]) -> None:
    """Write down what a job is about to replace, and that it comes after all others."""
    turn = max((one.turn for one in in_force.begun(store)), default=0) + 1
    jobs.set_limits(store, job_id, {"replaces": list(before), "undone": None, "turn": turn})


def settle(store: Store, job_id: int | None = None) -> None:
    """Take back what other jobs than ``job_id`` were cut off at putting in force: else a part of it would count as a
    curation. Only with the lock held."""
    others = [one for one in in_force.begun(store) if one.id != job_id]
    for cut_off in takewhile(lambda one: not one.done, others):
        take_back(store, cut_off.id, cut_off.replaces)


def settle_if_free(project: Project, store: Store) -> None:
    """``settle``, unless a curation is under way: what reads the data set should not meet half of one that was killed."""
    if all(one.done for one in in_force.begun(store)[:1]):
        return
    lock = jobs.hold_name(project, LOCK)
    if lock is None:
        return
    try:
        settle(store)
    finally:
        os.close(lock)


def take_back(store: Store, job_id: int, restored: Sequence[int]) -> tuple[list[int], int]:
    """Put in force what a job had replaced; returns the jobs that no longer are, and how many samples changed."""
    gone = [job for job in in_force.jobs_in_force(store) if job not in restored]
    changed = sum([in_force.set_active(store, job, active=False) for job in gone])
    changed += sum([in_force.set_active(store, job, active=True) for job in restored])
    jobs.set_limits(store, job_id, {"undone": True})
    return gone, changed
