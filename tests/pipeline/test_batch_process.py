"""Batches with real processes: a kill in the middle of collecting, and keys that must leave no trace."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.batch_endpoint import BatchEndpoint, start_batches
from workbench.pipeline import start
from workbench.pipeline.setting import parameters_of
from workbench.project import create
from workbench.store import batches, jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job

SECRET = "sk-test-SECRET-4711abcdef"
LABELS = ("card", "pin", "rate")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchEndpoint]:
    started = start_batches()
    monkeypatch.setenv("OPENAI_BASE_URL", started.url)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    yield started
    started.stop()


def project(folder: Path) -> Store:
    store = Store(create(folder, labels=LABELS))
    texts = [samples.NewSample({"text": f"seed {n} about my {one}"}, one, "seed") for one in LABELS for n in range(8)]
    samples.add(store, texts)
    return store


def submit(store: Store, count: int) -> int:
    given = {"recipe": "self-instruct", "parameters": {"wave": count, "novelty": 1.0}, "model": "openai:test"}
    parameters = parameters_of(store.project, {**given, "count": count, "learn": False, "executor": "batch"})
    return start.submit(store, "generate", parameters, {"concurrency": 8})


def until(what: Callable[[], Any]) -> Any:
    """Wait for something that must come."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it does not come")


def at_rest(store: Store, job_id: int) -> Job:
    """The job when it has ended, or waits without a process."""

    def rests() -> Job | None:
        job = jobs.get(store, job_id)
        ended = job.state in (*jobs.ENDED, "waiting") and not jobs.lives(store.project, job_id)
        return job if ended else None

    found = until(rests)
    assert isinstance(found, Job)
    return found


def made(store: Store) -> list[tuple[Any, ...]]:
    return store.read(
        "SELECT request.ordinal, sample.ordinal, text, label_key, dropped FROM sample "
        "JOIN request ON request.id = request_id ORDER BY 1, 2"
    )


def test_a_kill_in_the_middle_of_collecting_loses_nothing(tmp_path: Path, server: BatchEndpoint) -> None:
    sets = []
    for name, stall in (("whole", 0), ("killed", 120)):
        with project(tmp_path / name) as store:
            server.reset()
            job_id = submit(store, 200)
            assert at_rest(store, job_id).state == "waiting"
            server.order(stall_results=stall)
            server.finish()
            start.resume(store, job_id)
            if stall:
                until(lambda: server.stats()["count"].get("stalled"))
                until(lambda: len(store.read("SELECT id FROM request")) > 60)
                pid = jobs.get(store, job_id).pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                until(lambda: not jobs.lives(store.project, job_id))  # noqa: B023
                assert jobs.mark_interrupted(store) == [job_id]
                series = store.one("SELECT id FROM series")
                assert series is not None
                assert [one.state for one in batches.of_series(store, series[0])] == ["open"]
                server.order(stall_results=0)
                start.resume(store, job_id)
            while (job := at_rest(store, job_id)).state == "waiting":
                server.finish()
                start.resume(store, job_id)
            assert job.state == "done", job.error
            sets.append(made(store))
            assert server.stats()["twice"] == 0
    assert sets[0] == sets[1]
    assert len(sets[0]) >= 200


def test_no_key_in_the_database_the_log_or_an_error(tmp_path: Path, server: BatchEndpoint) -> None:
    with project(tmp_path / "p") as store:
        server.reset(key="another key")  # the 401 repeats the key that was sent
        job_id = submit(store, 12)
        refused = at_rest(store, job_id)
        assert refused.state == "failed"
        assert "OPENAI_API_KEY" in str(refused.error)
        server.order(key=SECRET, words=f"Bad line with Bearer {SECRET}")
        start.resume(store, job_id)
        assert at_rest(store, job_id).state == "waiting"
        start.resume(store, job_id)
        failed = at_rest(store, job_id)
        assert "refused a batch" in str(failed.error)
        server.order(words="", held=False)
        start.resume(store, job_id)
        while (job := at_rest(store, job_id)).state == "waiting":
            start.resume(store, job_id)
        assert job.state == "done", job.error
        everything = b"".join(one.read_bytes() for one in sorted(tmp_path.rglob("*")) if one.is_file())
        assert SECRET.encode() not in everything
        assert b"another key" not in everything
