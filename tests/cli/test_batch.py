"""``generate --batch``: waiting in the foreground, coming back later, giving up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.batch_endpoint import BatchEndpoint, start_batches
from tests.cli.conftest import Workbench
from workbench.cli import watch
from workbench.generate import batching
from workbench.store.connection import Store


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchEndpoint]:
    started = start_batches()
    monkeypatch.setenv("OPENAI_BASE_URL", started.url)
    monkeypatch.setattr(watch, "SOONEST", 0.0)
    monkeypatch.setattr(batching, "BETWEEN", 0.0)
    yield started
    started.stop()


GENERATE = ("--recipe", "zerogen", "--model", "openai:test", "--batch")


@pytest.mark.usefixtures("inline")
def test_in_the_foreground_it_looks_until_it_is_done(workbench: Workbench, folder: Path, server: BatchEndpoint) -> None:
    server.order(held=False)
    ran = workbench("generate", folder, "--count", 12, *GENERATE, "--json")
    assert ran.status == 0, ran.err
    assert (ran.object["state"], ran.object["samples"]) == ("done", 12)
    assert "waits for batch 1 of 1: 0 of 11 answered; looked" in ran.err


@pytest.mark.usefixtures("inline")
def test_later_the_same_command_goes_on(workbench: Workbench, folder: Path, server: BatchEndpoint) -> None:
    first = workbench("generate", folder, "--count", 12, *GENERATE, "--detach", "--json").object["job"]
    (job,) = workbench("jobs", folder, "--json").object["jobs"]
    assert (job["id"], job["state"]) == (first, "waiting")
    assert "0 of 11 answered" in workbench("jobs", folder).out
    assert workbench("jobs", folder, "resume", "--json").object == {"resumed": [first]}
    server.order(held=False)
    ran = workbench("generate", folder, "--count", 12, *GENERATE, "--json")
    assert (ran.object["job"], ran.object["state"], ran.object["samples"]) == (first, "done", 12)
    assert server.stats()["paid"] == 12


@pytest.mark.usefixtures("inline")
def test_cancelling_a_job_that_waits(workbench: Workbench, folder: Path, server: BatchEndpoint) -> None:
    job = workbench("generate", folder, "--count", 12, *GENERATE, "--detach", "--json").object["job"]
    server.begin(completed=5)
    assert workbench("jobs", folder, "cancel", job, "--json").object == {"job": job, "state": "cancelled"}
    assert workbench("query", folder, "", "--count").out.strip() == "6"


@pytest.mark.usefixtures("inline")
def test_what_cannot_be_batched_says_so(workbench: Workbench, folder: Path, server: BatchEndpoint) -> None:
    ran = workbench("generate", folder, "--count", 12, "--model", "embedded", "--batch")
    assert ran.status != 0
    assert server.stats()["count"] == {}
    server.order(none=True)
    ran = workbench("generate", folder, "--count", 12, *GENERATE)
    assert ran.status == 1
    assert "has no batches" in ran.err


@pytest.mark.usefixtures("inline")
def test_ctrl_c_while_it_looks_again_gives_no_batch_up(
    workbench: Workbench, folder: Path, server: BatchEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    wait = watch._wait

    def interrupted(store: Store, job_id: int, show: Any) -> Any:
        looks.append(job_id)
        if len(looks) == 2:
            raise KeyboardInterrupt
        return wait(store, job_id, show)

    monkeypatch.setattr(watch, "_wait", interrupted)
    ran = workbench("generate", folder, "--count", 12, *GENERATE)
    assert ran.status == 130
    assert "goes on; `workbench jobs cancel" in ran.err
    (job,) = workbench("jobs", folder, "--json").object["jobs"]
    assert job["state"] == "waiting"
