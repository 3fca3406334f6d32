"""Jobs: states, locks held for life, cancel and limits as flags."""

from __future__ import annotations

import fcntl
import os
import threading

import pytest

from workbench.errors import StoreError
from workbench.store import jobs
from workbench.store.connection import Store


def test_a_job_from_its_row_to_its_end(store: Store) -> None:
    number = jobs.create(store, "generate", {"recipe": "zerogen", "text": "\ud800"}, {"budget": 1.5})
    job = jobs.get(store, number)
    assert (job.state, job.parameters["recipe"], job.limits, job.done, job.result) == (
        "queued",
        "zerogen",
        {"budget": 1.5},
        0,
        None,
    )
    jobs.start(store, number)
    assert jobs.get(store, number).state == "running"
    assert jobs.get(store, number).pid == os.getpid()
    assert jobs.progress(store, number, 3, 10, "asking") == (False, {"budget": 1.5})
    jobs.set_limits(store, number, {"concurrency": 2, "budget": None})
    assert jobs.progress(store, number, 4, 10, "asking", {"samples": 4}) == (False, {"concurrency": 2})
    jobs.finish(store, number, "done", result=None, error=None)
    job = jobs.get(store, number)
    assert (job.state, job.done, job.total, job.result) == ("done", 4, 10, {"samples": 4})
    assert job.finished_at is not None
    assert jobs.active(store) == []


def test_cancel_is_a_flag_for_a_living_job_and_final_for_one_that_never_started(store: Store) -> None:
    waiting, living = jobs.create(store, "learn", {}, None), jobs.create(store, "learn", {}, None)
    lock = jobs.hold(store.project, living)
    jobs.start(store, living)
    assert jobs.cancel(store, waiting).state == "cancelled"
    assert jobs.cancel(store, living).state == "running"
    assert jobs.progress(store, living, 0, None, "")[0] is True
    os.close(lock)
    with pytest.raises(StoreError, match=r"there is no job 99; `workbench jobs` lists them\."):
        jobs.cancel(store, 99)


def test_a_lock_proves_that_a_job_lives(store: Store) -> None:
    number = jobs.create(store, "learn", {}, None)
    assert not jobs.lives(store.project, number)
    lock = jobs.hold(store.project, number)
    assert lock is not None
    assert jobs.lives(store.project, number)
    assert jobs.hold(store.project, number) is None
    jobs.start(store, number)
    assert jobs.mark_interrupted(store) == []
    os.close(lock)
    assert jobs.mark_interrupted(store) == [number]
    assert jobs.get(store, number).state == "interrupted"
    with store.write() as connection:
        jobs.requeue(connection, number)
    assert jobs.get(store, number).state == "queued"


def test_lists_and_logs(store: Store) -> None:
    numbers = [jobs.create(store, kind, {}, None) for kind in ("learn", "curate", "learn")]
    assert [job.id for job in jobs.newest(store)] == numbers[::-1]
    assert [job.id for job in jobs.newest(store, kind="learn")] == [numbers[2], numbers[0]]
    assert [job.id for job in jobs.newest(store, 1)] == [numbers[2]]
    assert [job.id for job in jobs.active(store)] == numbers
    jobs.log(store, numbers[0], "warning", "odd \ud800 \x1b text")
    jobs.log(store, numbers[0], "info", "second")
    lines = jobs.events(store, numbers[0])
    assert [(line[2], line[3]) for line in lines] == [("warning", "odd ? \x1b text"), ("info", "second")]
    assert [line[3] for line in jobs.events(store, numbers[0], after=lines[0][0])] == ["second"]


def test_a_job_cancelled_before_its_process_began_does_not_begin(store: Store) -> None:
    number, other = jobs.create(store, "learn", {}), jobs.create(store, "learn", {})
    assert jobs.cancel(store, number).state == "cancelled"
    assert not jobs.start(store, number)
    lock = jobs.hold(store.project, other)  # its process has its lock, and has not begun
    assert jobs.cancel(store, other).state == "queued"
    assert not jobs.start(store, other)
    os.close(lock)
    assert [job.state for job in jobs.newest(store)] == ["cancelled", "cancelled"]
    assert jobs.get(store, other).pid is None


def test_looking_whether_a_job_lives_does_not_keep_it_from_starting(store: Store) -> None:
    number = jobs.create(store, "learn", {})
    os.close(jobs.hold(store.project, number))
    looking = os.open(jobs.lock_path(store.project, number), os.O_RDWR)
    fcntl.flock(looking, fcntl.LOCK_SH)
    assert not jobs.lives(store.project, number)  # who looks is not taken for the job
    threading.Timer(0.05, os.close, (looking,)).start()
    lock = jobs.hold(store.project, number)
    assert lock is not None
    os.close(lock)


def test_only_one_of_two_people_resumes_a_job(store: Store) -> None:
    number = jobs.create(store, "learn", {})
    jobs.start(store, number)
    jobs.finish(store, number, "failed", result=None, error="no seeds")
    with store.write() as connection:
        assert jobs.requeue(connection, number)
        assert not jobs.requeue(connection, number)
    jobs.start(store, number)
    with store.write() as connection:
        assert not jobs.requeue(connection, number)
    assert jobs.get(store, number).state == "running"


def test_a_queued_job_that_no_process_took_is_marked_in_the_end(store: Store) -> None:
    fresh, forgotten, starting = (jobs.create(store, "learn", {}) for _ in range(3))
    lock = jobs.hold(store.project, starting)
    with store.write() as connection:
        connection.execute("UPDATE job SET queued_at = '2020' WHERE id IN (?, ?)", (forgotten, starting))
    assert jobs.mark_interrupted(store) == [forgotten]
    assert "did not start" in str(jobs.get(store, forgotten).error)
    assert [job.id for job in jobs.active(store)] == [fresh, starting]
    assert jobs.start(store, forgotten)  # its process was merely slow
    os.close(lock)


def test_a_job_under_way_is_asked_to_be_done_again(store: Store) -> None:
    number = jobs.create(store, "learn", {})
    assert not jobs.ask_again(store, number)
    jobs.start(store, number)
    assert jobs.ask_again(store, number)
    assert jobs.get(store, number).limits == {"again": True}
    jobs.finish(store, number, "done", result=None, error=None)
    assert not jobs.ask_again(store, number)
