"""Switching what a curate job said on and off, and forgetting what a cut-off attempt of it said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.store import curation, in_force, jobs, samples, weights
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample


def said(store: Store, count: int) -> int:
    """A curate job that drops and weighs ``count`` new samples."""
    job = jobs.create(store, "curate", {})
    samples.add(store, [NewSample({"text": f"t {n} of {job}"}, "a") for n in range(count)])
    ids = sorted(row[0] for row in store.read("SELECT id FROM sample ORDER BY id DESC LIMIT ?", (count,)))
    curation.save_drops(store, job, [Drop(one, "length", 1, {}, "short", 1.0) for one in ids])
    with store.write() as connection:
        weights.put(connection, job, "sungen", [(one, 0.5, "noisy") for one in ids])
    return job


def steps(store: Store, act: Callable[[], object]) -> int:
    """Thousands of steps of SQLite's machine that an act takes."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    store.connection.set_progress_handler(count, 1_000)
    act()
    store.connection.set_progress_handler(None, 0)
    return taken[0]


@pytest.mark.parametrize("active", [False, True])
def test_switching_takes_steps_in_proportion_to_what_was_said(store: Store, active: bool) -> None:
    few, many = said(store, 500), said(store, 2_000)
    for job in (few, many):
        in_force.set_active(store, job, active=not active)
    one = steps(store, lambda: in_force.set_active(store, few, active=active))
    four = steps(store, lambda: in_force.set_active(store, many, active=active))
    assert four < 6 * one


def test_what_is_forgotten_does_not_come_back(store: Store) -> None:
    first, second = said(store, 3), said(store, in_force.CHUNK + 1)
    in_force.forget(store, second)
    in_force.set_active(store, second, active=True)
    assert in_force.jobs_in_force(store) == [first]
    assert store.one("SELECT count(*) FROM verdict") == (3,)
    assert store.one("SELECT count(*) FROM sample WHERE dropped > 0") == (3,)
