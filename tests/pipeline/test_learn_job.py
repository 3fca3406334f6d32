"""Learning: suggestions and neighbours for what is pending, and who follows whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.pipeline import learn_job, start
from workbench.store import acts, jobs
from workbench.store.acts import Change
from workbench.store.connection import Store

SEEDS = ("I lost my card today", "my card is lost", "please refund my money", "a refund of my payment")

LEARN_LATER = start.learn_later


def fill(store: Store, *texts: str) -> None:
    add(store, *SEEDS[:2], label="lost_card", origin="seed")
    add(store, *SEEDS[2:], origin="seed")
    add(store, *texts)


def with_neighbours(store: Store) -> set[int]:
    return {row[0] for row in store.read("SELECT sample_id FROM neighbour")}


def test_pending_samples_get_labels_and_neighbours(store: Store, run: RunJob) -> None:
    fill(store, "refund my payment please", "is my card lost", "my payment please refund")
    job = run("learn")
    assert job.state == "done", job.error
    assert (job.result["trained_on"], job.result["suggested"], job.result["neighbours"]) == (4, 3, 3)
    best = store.read("SELECT sample_id, label FROM suggestion WHERE rank = 0 ORDER BY sample_id")
    assert best == [(5, '"refund"'), (6, '"lost_card"'), (7, '"refund"')]


def test_nothing_pending_costs_nothing(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, "refund my payment please", "is my card lost")
    acts.apply(store, acts.annotator(store, "me"), [5, 6], Change(status="accepted"), kind="accept")
    monkeypatch.setattr("workbench.store.splits.generated", lambda *_: pytest.fail("it reads the samples"))
    assert run("learn").result["note"] == "Nothing is pending."


def test_samples_beyond_the_limit_get_their_neighbours_in_the_next_job(
    store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn_job, "NEIGHBOURS", 2)
    fill(store, *(f"refund my payment number {n}" for n in range(5)))
    run("learn")
    assert with_neighbours(store) == {8, 9}
    run("learn")
    assert with_neighbours(store) == {6, 7, 8, 9}
    add(store, "refund my payment at once")
    run("learn")
    assert with_neighbours(store) == {5, 6, 7, 8, 9, 10}


class Learning:
    """Learn jobs of a store whose processes are not started."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        monkeypatch.setattr(start, "launch", lambda *_: None)

    def old(self, job_id: int) -> None:
        with self.store.write() as connection:
            connection.execute("UPDATE job SET queued_at = '2020' WHERE id = ?", (job_id,))


def test_one_that_waits_will_see_what_is_new(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    learning = Learning(store, monkeypatch)
    first = start.learn_later(store)
    assert first is not None
    assert start.learn_later(store) is None
    learning.old(first)  # no process ever took it
    assert start.learn_later(store) == first + 1


def test_one_that_runs_is_followed_by_another(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "learn_later", LEARN_LATER)  # the fixture has replaced it
    Learning(store, monkeypatch)
    fill(store, "refund my payment please", "is my card lost")
    real = learn_job._learn
    asked: list[Any] = []

    def meanwhile(context: Any) -> dict[str, Any]:
        add(store, "a refund at once")
        asked.append(start.learn_later(store))
        return real(context)

    monkeypatch.setattr(learn_job, "_learn", meanwhile)
    job = run("learn")
    assert (job.state, asked) == ("done", [None])
    follower = jobs.newest(store)[0]
    assert (follower.id, follower.kind, follower.state) == (job.id + 1, "learn", "queued")


def test_one_whose_process_died_holds_nobody_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    Learning(store, monkeypatch)
    dead = jobs.create(store, "learn", {})
    jobs.start(store, dead)
    assert start.learn_later(store) == dead + 1
    assert jobs.get(store, dead).state == "interrupted"
