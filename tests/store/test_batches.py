"""Rows of batches: there before the endpoint hears of them."""

from __future__ import annotations

from array import array

from workbench.store import batches, jobs, ledger
from workbench.store.connection import Store


def test_a_batch_from_its_name_to_its_end(store: Store) -> None:
    series = ledger.series(store, "zerogen", {}, "openai:test", 0)
    job = jobs.create(store, "generate", {})
    made = batches.add(store, "a name", series, job, "host:1", range(3, 6), {"wave": 0, "requests": 3})
    assert (made.state, made.remote, made.looked_at) == ("new", None, None)
    assert batches.ordinals(store, made) == array("q", [3, 4, 5])
    made = batches.change(store, made, state="uploaded", input_file="file-1")
    made = batches.change(store, made, state="open", remote="batch-1", looked=True, details={"status": "validating"})
    assert made.details == {"wave": 0, "requests": 3, "status": "validating"}
    assert (made.input_file, made.remote) == ("file-1", "batch-1")
    assert made.looked_at is not None
    batches.remove(store, made)  # only what was never sent can be forgotten
    assert batches.of_series(store, series, pending=True) == [made]
    batches.change(store, made, state="closed")
    assert batches.of_series(store, series, pending=True) == []
    assert len(batches.of_series(store, series)) == 1


def test_a_batch_that_was_never_sent_is_forgotten(store: Store) -> None:
    series = ledger.series(store, "zerogen", {}, "openai:test", 0)
    made = batches.add(store, "x", series, jobs.create(store, "generate", {}), "host", [1], {})
    batches.remove(store, made)
    assert batches.of_series(store, series) == []


def test_a_job_that_waits_has_no_process_and_is_not_interrupted(store: Store) -> None:
    job = jobs.create(store, "generate", {})
    jobs.start(store, job)
    jobs.finish(store, job, "waiting", result={"samples": 3}, error=None)
    assert jobs.mark_interrupted(store) == []
    waits = jobs.get(store, job)
    assert (waits.state, waits.finished_at, waits.result) == ("waiting", None, {"samples": 3})
    with store.write() as connection:
        assert jobs.requeue(connection, job)
    assert jobs.get(store, job).state == "queued"
