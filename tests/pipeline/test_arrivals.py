"""New samples are held against the curation in force as they arrive, without anybody asking."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.generate import engine as engine_module
from workbench.generate.engine import Engine
from workbench.generate.tally import Tally
from workbench.pipeline import start
from workbench.pipeline.setting import parameters_of
from workbench.store import in_force, jobs
from workbench.store.connection import Store


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The parameters of the jobs that would have been started as processes."""
    found: list[dict[str, Any]] = []

    def launch(store: Store, job_id: int, module: str) -> None:
        found.append(jobs.get(store, job_id).parameters)

    monkeypatch.setattr(start, "launch", launch)
    return found


def generate(store: Store, run: RunJob, count: int) -> None:
    given = {"recipe": "zerogen", "model": "embedded", "count": count, "parameters": {}}
    assert run("generate", {"concurrency": 4}, **parameters_of(store.project, given)).state == "done"


def test_after_a_run_they_are_checked_if_a_curation_is_in_force(
    store: Store, run: RunJob, begun: list[dict[str, Any]]
) -> None:
    for n in range(8):
        add(store, f"where is my card {n}", f"the card has gone {n}", label="lost_card", origin="seed")
        add(store, f"I want my money back {n}", f"send the money {n}", origin="seed")
    generate(store, run, 10)
    assert begun == []  # nothing to hold them against
    run("curate", chain=["exact_duplicate", "length:min_words=2"])
    add(store, "ok", "ok")
    run("curate", chain=["exact_duplicate", "length:min_words=2"])
    assert in_force.jobs_in_force(store)
    generate(store, run, 20)
    assert begun == [{"new": True}]
    generate(store, run, 20)
    assert begun == [{"new": True}]  # nothing came


def test_one_check_that_has_not_begun_sees_them_all(store: Store, begun: list[dict[str, Any]], run: RunJob) -> None:
    add(store, "ok", "ok")
    run("curate", chain=["exact_duplicate"])
    first = start.check_arrivals(store)
    assert first is not None
    assert start.check_arrivals(store) is None
    assert begun == [{"new": True}]
    with store.write() as connection:
        connection.execute("UPDATE job SET state = 'running' WHERE id = ?", (first,))
    held = jobs.hold(store.project, first)  # as its process would
    assert held is not None
    assert start.check_arrivals(store) is None
    assert jobs.get(store, first).limits["again"] is True  # it looks once more when it ends


def test_the_settings_can_switch_it_off(store: Store, begun: list[dict[str, Any]], run: RunJob) -> None:
    add(store, "ok", "ok")
    run("curate", chain=["exact_duplicate"])
    path = store.project.settings
    path.write_text(path.read_text(encoding="utf-8").replace("curate:", "curate:\n  arrivals: no"), encoding="utf-8")
    store.project.__dict__.pop("config", None)
    assert start.check_arrivals(store) is None
    assert begun == []


async def test_a_long_run_says_so_now_and_then() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    made = SimpleNamespace(tally=Tally(), limits={}, cancelled=False, present=0, _told=0, _loop=loop)
    made.arrived = lambda: loop.call_soon_threadsafe(told.set)
    made.tally.samples = engine_module.ARRIVED - 1
    Engine._wish(made, False, {})  # type: ignore[arg-type]
    assert made._told == 0
    made.tally.samples += 1
    Engine._wish(made, False, {})  # type: ignore[arg-type]
    await asyncio.wait_for(told.wait(), 10)
    assert made._told == engine_module.ARRIVED
    made.present = 1_000_000  # where there is much to be read again, a fifth more must have come
    made.tally.samples += 100_000
    Engine._wish(made, False, {})  # type: ignore[arg-type]
    assert made._told == engine_module.ARRIVED
    made.tally.samples += 200_000
    Engine._wish(made, False, {})  # type: ignore[arg-type]
    assert made._told == made.tally.samples
