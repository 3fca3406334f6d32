"""Structured answers: what cannot be read is kept, and asked for once more."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generate.scripted import Bench, Killed, Scripted, words_for
from workbench.models.base import Answer, BadRequest, Request
from workbench.store import failures, jobs

BROKEN = 'Sure! {"instruction": "Write'


@pytest.fixture
def bench(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A project whose samples have several fields, so that answers are JSON objects."""
    made = Bench(tmp_path / "structured", monkeypatch, kind="instruction")
    yield made
    made.store.close()


def good(request: Request) -> str:
    return json.dumps({"instruction": words_for(request), "input": "", "output": words_for(request, 3)})


def repairing(request: Request) -> bool:
    return request.messages[-2]["role"] == "assistant"


def every_third_is_broken(request: Request, number: int) -> str:
    return BROKEN if request.draw % 3 == 0 and not repairing(request) else good(request)


def test_an_unreadable_answer_is_repaired_by_one_request(bench: Bench) -> None:
    model = Scripted(every_third_is_broken)
    done = bench.job(model, count=12)
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 12, 0)
    assert (done.result["repaired"], len(model.requests)) == (4, 16)
    assert done.result["output_tokens"] == 16 * 5  # both answers are paid for
    (sent,) = [one for one in model.requests if repairing(one) and one.draw == 3]
    assert sent.messages[-2]["content"] == BROKEN
    assert sent.schema is not None
    rows = bench.store.read(
        "SELECT request.ordinal, first.text, answer.text != first.text, attempts FROM request "
        "JOIN answer ON answer.id = answer_id JOIN answer AS first ON first.id = first_answer_id ORDER BY 1"
    )
    assert rows == [(place, BROKEN, 1, 2) for place in (0, 3, 6, 9)]


def test_the_first_answer_is_durable_before_the_repair_is_sent(bench: Bench) -> None:
    kept: list[bool] = []

    def script(request: Request, number: int) -> str:
        if repairing(request):
            kept.append(
                bool(bench.project.database.exists() and other.read("SELECT 1 FROM answer WHERE text = ?", (BROKEN,)))
            )
        return every_third_is_broken(request, number)

    other = bench.store.clone()
    bench.job(Scripted(script), count=6)
    other.close()
    assert kept == [True, True]


def test_what_stays_unreadable_fails_with_its_reason_and_both_answers(bench: Bench) -> None:
    def script(request: Request, number: int) -> str:
        if request.draw != 3:
            return good(request)
        return "Still no JSON." if repairing(request) else BROKEN

    model = Scripted(script)
    done = bench.job(model, count=9)
    assert (done.state, done.result["samples"], done.result["repaired"]) == ("done", 9, 1)
    assert done.result["reasons"] == {"no JSON object in the answer": 1}
    assert sum(request.draw == 3 for request in model.requests) == 2
    (failed,) = failures.failed(bench.store, done.id)
    assert failed.first is not None
    assert failed.answer is not None
    assert (failed.first.text, failed.answer.text) == (BROKEN, "Still no JSON.")


def test_a_repair_that_is_refused_keeps_the_first_answer(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        if request.draw != 3:
            return good(request)
        return BadRequest("Too long.", reason="http 400") if repairing(request) else BROKEN

    done = bench.job(Scripted(script), count=9)
    assert done.result["reasons"] == {"http 400": 1}
    (failed,) = failures.failed(bench.store, done.id)
    assert failed.first is not None
    assert (failed.first.text, failed.answer, failed.attempts) == (BROKEN, None, 2)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(BROKEN, "test", "length"), "cut off at max_tokens"),
        (Answer("", "test", "content_filter"), "held back by the endpoint's content filter"),
    ],
)
def test_what_was_cut_off_or_held_back_is_not_repaired(bench: Bench, answer: Answer, reason: str) -> None:
    model = Scripted(lambda request, number: answer if request.draw == 2 else good(request))
    done = bench.job(model, count=9)
    assert (done.result["samples"], done.result["repaired"], done.result["reasons"]) == (9, 0, {reason: 1})
    assert len(model.requests) == 10


def test_the_repair_counts_in_the_budget(bench: Bench) -> None:
    job_id = bench.submit({"concurrency": 4, "requests": 9}, count=12)
    model = Scripted(every_third_is_broken)
    stopped = bench.run(job_id, model)
    assert stopped.state == "failed"
    assert "9 requests" in stopped.error
    assert len(model.requests) == 9
    jobs.set_limits(bench.store, job_id, {"requests": None})
    rest = Scripted(every_third_is_broken)
    assert bench.run(job_id, rest).state == "done"
    assert len(model.requests) + len(rest.requests) == 12 + 4  # an answer that was kept is not asked again


@pytest.mark.parametrize("at", [1, 4, 9, 14, 25])
def test_a_run_killed_between_answer_and_repair_asks_neither_twice(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    other = Bench(tmp_path / "whole", monkeypatch, kind="instruction")
    whole = other.job(Scripted(every_third_is_broken, latency=0.001), count=30)
    job_id = bench.submit(count=30)
    first = Scripted(
        lambda request, number: Killed() if number == at else every_third_is_broken(request, number), latency=0.001
    )
    bench.killed(job_id, first)
    kept = bench.store.read("SELECT count(*) FROM answer")[0][0]
    rest = Scripted(every_third_is_broken, latency=random.Random(at).random() / 200)
    done = bench.run(job_id, rest)
    assert done.state == whole.state == "done"
    assert bench.made() == other.made()
    assert kept + len(rest.requests) == 40  # thirty, and a repair for every third
    other.store.close()


def test_a_repair_is_not_asked_again_after_a_kill_at_it(bench: Bench) -> None:
    job_id = bench.submit({"concurrency": 1}, count=6)
    bench.killed(job_id, Scripted(lambda request, number: Killed() if repairing(request) else BROKEN))
    assert bench.store.read("SELECT text FROM answer") == [(BROKEN,)]
    assert bench.store.read("SELECT count(*) FROM request") == [(0,)]
    model = Scripted(every_third_is_broken)
    done = bench.run(job_id, model)
    assert (done.state, len(model.requests)) == ("done", 6 + 2 - 1)
    assert repairing(model.requests[0])
