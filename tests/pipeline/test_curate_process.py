"""Curate jobs that ask a model, as real processes: killed, resumed, cancelled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint import Endpoint
from workbench.pipeline import control, start
from workbench.project import create
from workbench.store import jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job

SAMPLES, AT_ONCE = 200, 8


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with Store(create(tmp_path / "p", labels=["card", "pin"])) as made:
        new = [samples.NewSample({"text": f"sample {n}"}, "card", "synthetic") for n in range(SAMPLES)]
        samples.add(made, new)
        path = made.project.settings
        path.write_text(path.read_text().replace("use: embedded", "use: openai:judge", 1))
        yield made


def until(store: Store, job_id: int, holds: Callable[[Job], Any]) -> Job:
    limit = time.monotonic() + 180
    while time.monotonic() < limit:
        if holds(job := jobs.get(store, job_id)):
            return job
        time.sleep(0.01)
    raise AssertionError(f"it never came to that: {jobs.get(store, job_id)}")


def answers(store: Store) -> int:
    (row,) = store.read("SELECT count(*) FROM answer")
    return int(row[0])


def submit(store: Store) -> int:
    return start.submit(store, "curate", {"chain": ["alpagasus"]}, {"concurrency": AT_ONCE})


def test_a_killed_job_repeats_at_most_what_was_under_way(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = endpoint(latency=0.1)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    job_id = submit(store)
    pid = until(store, job_id, lambda _: answers(store) >= 40).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(store, job_id, lambda job: not jobs.lives(store.project, job_id))
    before = answers(store)
    assert before < SAMPLES
    control.resume(store, job_id)
    done = until(store, job_id, lambda job: job.state in jobs.ENDED)
    assert done.result is not None
    assert (done.state, done.result["checked"], answers(store)) == ("done", SAMPLES, SAMPLES)
    assert done.result["usage"]["cached"] == before
    # Over both processes, as a budget counts; what was under way at the kill was paid for as well.
    assert SAMPLES <= done.result["usage"]["answers"] <= SAMPLES + AT_ONCE
    assert server.stats()["ok"] - SAMPLES <= AT_ONCE


def test_a_cancelled_job_keeps_its_answers_and_changes_no_verdict(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = endpoint(latency=0.1)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    job_id = submit(store)
    until(store, job_id, lambda _: answers(store) >= 20)
    jobs.cancel(store, job_id)
    done = until(store, job_id, lambda job: job.state in jobs.ENDED)
    assert (done.state, done.error) == ("cancelled", "Cancelled; no verdict was changed.")
    assert store.read("SELECT count(*) FROM verdict") == [(0,)]
    assert 20 <= answers(store) == server.stats()["ok"] < SAMPLES
