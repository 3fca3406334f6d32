"""Generate jobs as real processes, against the embedded model and a local endpoint."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint import Endpoint
from workbench.pipeline import start
from workbench.pipeline.setting import parameters_of
from workbench.project import Project, create
from workbench.store import jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    texts = {"card": "where is my new card", "pin": "how do I change my pin", "rate": "what is your rate today"}
    with Store(create(tmp_path / "p", labels=list(texts))) as made:
        samples.add(
            made,
            [
                samples.NewSample({"text": f"{text} {n}"}, label, "seed")
                for label, text in texts.items()
                for n in "abcde"
            ],
        )
        yield made


def submit(store: Store, limits: dict[str, Any] | None = None, **given: Any) -> int:
    chosen = {"model": "openai:test", "learn": False, **given}
    return start.submit(store, "generate", parameters_of(store.project, chosen), limits or {"concurrency": 16})


def end(store: Store, job_id: int) -> Job:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        job = jobs.get(store, job_id)
        if job.state in jobs.ENDED:
            return job
        time.sleep(0.02)
    raise AssertionError(f"job {job_id} goes on and on: {job}")


def test_the_embedded_model_through_the_ledger(store: Store) -> None:
    done = end(store, submit(store, model="embedded", count=60))
    assert done.state == "done"
    assert done.result is not None
    assert 60 <= done.result["kept"] <= 62  # after a wave without a sample, a few more are asked for than are missing
    texts = [row[0] for row in store.read("SELECT text FROM sample WHERE origin = 'synthetic'")]
    seeds = {row[0] for row in store.read("SELECT text FROM sample WHERE origin = 'seed'")}
    assert not seeds & set(texts)
    again = end(store, submit(store, model="embedded", count=60))
    assert again.result is not None
    assert again.result["requests"] == 0


def test_an_endpoint_with_faults_loses_nothing(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = endpoint(share_429=0.05, share_500=0.05, share_truncated=0.03, share_not_json=0.03, retry_after=0.05)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    done = end(store, submit(store, count=150))
    assert done.result is not None
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 150, 0)
    stats = server.stats()
    assert done.result["retried"] == stats["requests"] - 150 > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [({"unauthorised": True}, "OPENAI_API_KEY"), ({"quota": True}, "credit"), ({"bad_marker": "card"}, "")],
)
def test_what_the_endpoint_refuses(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], said: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(**options).url)
    job = end(store, submit(store, count=30))
    assert job.result is not None
    if said:
        assert job.state == "failed"
        assert said in str(job.error)
        assert job.result["requests"] == 0
    else:
        assert (job.state, job.result["samples"]) == ("done", 30)
        assert job.result["reasons"]["http 400"] >= 10


def test_several_endpoints_one_of_them_refusing(store: Store, endpoint: Callable[..., Endpoint]) -> None:
    one, two, refusing = endpoint(latency=0.01), endpoint(latency=0.01), endpoint(unauthorised=True)
    path = store.project.settings
    listed = "".join(f"\n    - {{base_url: {server.url}}}" for server in (refusing, one, two))
    settings = path.read_text().replace("use: embedded ", f"use: openai:test\n  endpoints:{listed}\n  # ")
    path.write_text(settings)
    store.project = Project(store.project.folder)
    done = end(store, submit(store, count=150))
    assert done.result is not None
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 150, 0)
    assert one.stats()["ok"] + two.stats()["ok"] == 150
    assert min(one.stats()["ok"], two.stats()["ok"]) > 0
    assert [lane["state"] for lane in done.result["lanes"]] == ["out", "well", "well"]
    given = dict(store.read("SELECT endpoint, count(*) FROM answer GROUP BY 1"))
    assert sorted(given.values()) == sorted([one.stats()["ok"], two.stats()["ok"]])


def test_no_endpoint_at_all_is_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    failed = end(store, submit(store, count=30))
    assert failed.state == "failed"
    assert "127.0.0.1:9 cannot be reached" in str(failed.error)


def test_a_killed_job_is_resumed_and_asks_no_answered_request_again(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = endpoint(latency=0.02)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    job_id = submit(store, {"concurrency": 8}, count=300)
    while server.stats()["ok"] < 80:
        time.sleep(0.01)
    pid = jobs.get(store, job_id).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while jobs.lives(store.project, job_id):
        time.sleep(0.01)
    assert jobs.mark_interrupted(store) == [job_id]
    start.resume(store, job_id)
    done = end(store, job_id)
    assert done.result is not None
    assert (done.state, done.result["kept"], done.result["requests"]) == ("done", 300, 300)
    assert 300 <= server.stats()["ok"] <= 300 + 8


def test_a_job_outlives_the_one_that_started_it(store: Store) -> None:
    job_id = submit(store, model="embedded", count=10)
    while (pid := jobs.get(store, job_id).pid) is None:
        time.sleep(0.01)
    assert end(store, job_id).state == "done"
    assert pid != os.getpid()
    with pytest.raises(ChildProcessError):  # it is nobody's child here
        os.waitpid(pid, os.WNOHANG)
