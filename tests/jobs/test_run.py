"""A job's own process, without the process: how it ends is always written down in a sentence."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import StoreError, UsageError, WorkbenchError
from workbench.jobs import launch
from workbench.jobs import run as runner
from workbench.jobs.run import Cancelled, Ended, JobContext
from workbench.project import create
from workbench.store import jobs
from workbench.store.connection import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(create(tmp_path / "p", labels=["a", "b"])) as made:
        yield made


def ended(store: Store, work: Callable[[JobContext], Ended], **given: Any) -> tuple[int, jobs.Job]:
    job_id = jobs.create(store, "curate", {}, given)
    status = runner.run(store.project, job_id, {"curate": lambda: work})
    return status, jobs.get(store, job_id)


def test_a_job_that_is_done(store: Store) -> None:
    status, job = ended(store, lambda context: Ended({"kept": 3}))
    assert (status, job.state, job.result, job.error) == (0, "done", {"kept": 3}, None)
    assert not jobs.lives(store.project, job.id)


def test_a_sentence_a_mistake_and_a_wish(store: Store) -> None:
    def fail(context: JobContext) -> Ended:
        raise WorkbenchError("The seeds are missing.")

    def crash(context: JobContext) -> Ended:
        raise KeyError("x")

    def cancel(context: JobContext) -> Ended:
        raise Cancelled("Cancelled.")

    status, job = ended(store, fail)
    assert (status, job.state, job.error) == (1, "failed", "The seeds are missing.")
    assert [event[2:] for event in jobs.events(store, job.id)] == [("error", "The seeds are missing.")]
    status, job = ended(store, crash)
    assert job.state == "failed"
    assert job.error is not None
    assert "mistake in the workbench (KeyError: 'x')" in job.error
    assert ended(store, cancel)[1].state == "cancelled"


def test_an_unknown_kind_asks_for_a_newer_version(store: Store) -> None:
    job_id = jobs.create(store, "tune", {})
    runner.run(store.project, job_id, {})
    assert "upgrade" in str(jobs.get(store, job_id).error)


def test_only_one_process_runs_a_job(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.0)
    job_id = jobs.create(store, "curate", {})
    lock = jobs.hold(store.project, job_id)
    assert lock is not None
    assert jobs.lives(store.project, job_id)
    assert runner.run(store.project, job_id, {}) == 1
    assert jobs.get(store, job_id).state == "queued"
    with pytest.raises(UsageError, match="is running"):
        launch.resumable(store, job_id)
    os.close(lock)


def test_a_report_hears_a_wish_to_stop(store: Store) -> None:
    def work(context: JobContext) -> Ended:
        jobs.cancel(store, context.job.id)
        context.report(1, 2, "half", {"kept": 1})
        return Ended({})

    status, job = ended(store, work)
    assert (status, job.state, job.done, job.total) == (1, "cancelled", 1, 2)


def test_what_comes_afterwards_finds_the_job_ended(store: Store) -> None:
    states: list[str] = []

    def work(context: JobContext) -> Ended:
        return Ended({}, afterwards=lambda: states.append(jobs.get(store, context.job.id).state))

    ended(store, work)
    assert states == ["done"]


@pytest.mark.parametrize("refusals", [2, 99])
def test_the_last_word_waits_for_room_on_the_disk(store: Store, monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
    monkeypatch.setattr(runner, "LAST_WAIT", 0.0)
    left = [refusals]
    write = Store.write

    @contextmanager
    def full(self: Store) -> Iterator[Any]:
        if left[0] and self is not store:
            left[0] -= 1
            raise StoreError("project.db: the disk is full.")
        with write(self) as connection:
            yield connection

    def work(context: JobContext) -> Ended:
        monkeypatch.setattr(Store, "write", full)
        return Ended({}, "failed", "The endpoint is gone.")

    _, job = ended(store, work)
    if refusals == 2:
        assert (job.state, job.error) == ("failed", "The endpoint is gone.")
    else:
        assert jobs.mark_interrupted(store) == [job.id]  # its lock is free: it can be resumed


def test_a_job_cancelled_before_it_began_never_runs(store: Store) -> None:
    job_id = jobs.create(store, "curate", {})
    with store.write() as connection:
        connection.execute("UPDATE job SET cancel = 1 WHERE id = ?", (job_id,))
    assert runner.run(store.project, job_id, {"curate": lambda: pytest.fail("it runs")}) == 1
    assert jobs.get(store, job_id).state == "cancelled"


@pytest.mark.parametrize(
    "failure",
    [subprocess.TimeoutExpired("x", 60), OSError(12, "Cannot allocate memory"), 3],
    ids=lambda one: str(one)[:9],
)
def test_a_start_that_fails_leaves_a_failed_job_that_can_be_resumed(
    store: Store, monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> subprocess.CompletedProcess[bytes]:
        if isinstance(failure, BaseException):
            raise failure
        return subprocess.CompletedProcess([], failure)

    job_id = jobs.create(store, "curate", {})
    monkeypatch.setattr(launch.subprocess, "run", refuse)
    with pytest.raises(StoreError) as said:
        launch.launch(store, job_id, "workbench.pipeline.process")
    job = jobs.get(store, job_id)
    assert (job.state, job.error) == ("failed", str(said.value))
    launch.resumable(store, job_id)


def test_a_job_that_is_starting_is_not_started_again(store: Store) -> None:
    with pytest.raises(UsageError, match="is starting"):
        launch.resumable(store, jobs.create(store, "curate", {}))


def test_a_limit_that_was_taken_away_is_gone_for_the_job(store: Store) -> None:
    def work(context: JobContext) -> Ended:
        jobs.set_limits(store, context.job.id, {"budget": None, "width": 2})
        context.report(1, 2, "", {"kept": 1})
        return Ended(dict(context.job.limits))

    job_id = jobs.create(store, "curate", {}, {"budget": 1.0})
    runner.run(store.project, job_id, {"curate": lambda: work})
    assert jobs.get(store, job_id).result == {"width": 2}
