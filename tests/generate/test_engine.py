"""The engine against a scripted model: what is asked, what is kept, and how a run ends."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.generate.scripted import Bench, Killed, Scripted, words_for
from workbench.generate import recorder, waves
from workbench.generate.asking import Asker
from workbench.models.base import Answer, BadRequest, Fatal, RateLimited, Request, Transient
from workbench.recipe import FOLDER
from workbench.store import curation, failures, jobs, ledger, samples
from workbench.store.connection import Store

Script = Callable[[Request, int], Any]


def test_count_is_reached_once_and_more_goes_on(bench: Bench) -> None:
    model = Scripted()
    first = bench.job(model, count=30)
    assert (first.state, first.result["samples"], len(model.requests)) == ("done", 30, 30)
    again = bench.job(model, count=30)
    assert (again.state, again.result["requests"], len(model.requests)) == ("done", 0, 30)
    more = bench.job(model, more=12)
    assert (more.result["samples"], more.result["kept"], len(model.requests)) == (12, 42, 42)
    assert samples.label_counts(bench.store) == {"card": 14, "pin": 14, "rate": 14}
    assert len(set(bench.texts())) == 42  # every place in the series is a draw of its own


def test_a_changed_system_prompt_asks_anew(bench: Bench) -> None:
    model = Scripted()
    bench.job(model, count=6)
    bench.edit("Messages to a bank.", "Letters to a bank.")
    changed = bench.job(model, count=6)
    assert (changed.result["cached"], len(model.requests), len(bench.texts())) == (0, 12, 12)
    assert "Letters" in model.requests[-1].messages[0]["content"]


def test_the_same_request_of_another_series_is_answered_from_the_cache(bench: Bench) -> None:
    model = Scripted()
    bench.job(model, count=6)
    copy = bench.project.folder / "mine.yaml"
    copy.write_text((FOLDER / "zerogen.yaml").read_text().replace("name: zerogen", "name: mine"))
    cached = bench.job(model, count=6, recipe=str(copy))
    assert (cached.result["cached"], cached.result["samples"], len(model.requests)) == (6, 6, 6)
    assert cached.result["input_tokens"] == 0


def test_another_endpoint_is_not_answered_from_the_cache(bench: Bench) -> None:
    bench.job(Scripted(), count=6)
    copy = bench.project.folder / "mine.yaml"
    copy.write_text((FOLDER / "zerogen.yaml").read_text().replace("name: zerogen", "name: mine"))
    other = Scripted()
    other.group = "elsewhere"
    assert bench.job(other, count=6, recipe=str(copy)).result["cached"] == 0


def test_a_refused_key_stops_at_once_and_resuming_goes_on(bench: Bench) -> None:
    sentence = "Set OPENAI_API_KEY to a key that may use test."
    model = Scripted(lambda request, number: words_for(request) if number < 5 else Fatal(sentence, reason="http 401"))
    job_id = bench.submit(count=40)
    failed = bench.run(job_id, model)
    assert (failed.state, failed.error) == ("failed", sentence)
    assert len(model.requests) <= 5 + 8  # nothing new after the first refusal, with eight under way
    assert len(bench.texts()) == 5
    mended = Scripted()
    done = bench.run(job_id, mended)
    assert (done.state, done.result["samples"], len(mended.requests)) == ("done", 40, 35)


def test_one_refused_request_costs_one_sample(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        return BadRequest("This prompt is not allowed.", reason="http 400") if number == 3 else words_for(request)

    model = Scripted(script)
    done = bench.job(model, count=20)
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 20, 1)
    assert done.result["reasons"] == {"http 400": 1}
    assert len(model.requests) == 21
    assert any("not allowed" in message for _, _, _, message in jobs.events(bench.store, done.id))
    (one,) = failures.failed(bench.store, done.id)
    assert (one.reason, one.error) == ("http 400", "This prompt is not allowed.")


def test_when_every_request_is_refused_the_run_stops_early(bench: Bench) -> None:
    model = Scripted(lambda request, number: BadRequest("Unknown parameter: tempersture.", reason="http 400"))
    failed = bench.job(model, count=500)
    assert failed.state == "failed"
    assert "tempersture" in failed.error
    assert len(model.requests) < 60


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("half a sent", "test", "length"), "cut off at max_tokens"),
        (Answer("", "test", "stop"), "empty answer"),
        (Answer("no", "test", "content_filter"), "held back by the endpoint's content filter"),
    ],
)
def test_an_answer_without_a_sample_is_counted_with_its_reason(bench: Bench, answer: Answer, reason: str) -> None:
    done = bench.job(Scripted(lambda request, number: answer if number == 2 else words_for(request)), count=9)
    assert (done.result["samples"], done.result["reasons"]) == (9, {reason: 1})


def test_a_model_that_gives_nothing_useful_is_not_asked_for_ever(bench: Bench) -> None:
    model = Scripted(lambda request, number: "")
    failed = bench.job(model, count=10)
    assert failed.state == "failed"
    assert "empty answer" in failed.error
    assert len(model.requests) < 150


def test_what_may_pass_is_asked_again(bench: Bench) -> None:
    asked: Counter[int] = Counter()

    def script(request: Request, number: int) -> Any:
        # By request, not by call: whatever the order of the answers, none fails more often than is allowed.
        place, times = request.draw & 0xFFFF, asked[request.draw]
        asked[request.draw] += 1
        if place % 3 == 0 and times < 2:
            return Transient("It sent a cut-off answer.", reason="truncated json")
        return RateLimited("Slow down.", reason="http 429") if place % 7 == 1 and times < 1 else words_for(request)

    done = bench.job(Scripted(script), count=40)
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 40, 0)
    assert (
        done.result["retried"] == 2 * 14 + 6 - 2
    )  # of the places 1, 8, 15, 22, 29 and 36, two are among the first kind


def test_a_request_that_never_works_is_given_up_while_others_are_answered(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        return Transient("Broken.", reason="http 500") if request.draw == 4 else words_for(request)

    done = bench.job(Scripted(script, latency=0.001), count=40)
    assert (done.state, done.result["samples"], done.result["reasons"]) == ("done", 40, {"http 500": 1})


def test_an_endpoint_that_is_not_there_fails_within_seconds(bench: Bench) -> None:
    model = Scripted(lambda request, number: Transient("127.0.0.1:9 cannot be reached.", reason="connection"))
    failed = bench.job(model, count=100)
    assert (failed.state, failed.error) == ("failed", "127.0.0.1:9 cannot be reached.")
    assert len(model.requests) <= 8 * 5


@pytest.mark.parametrize("reason", ["connection", "http 503"])
def test_an_endpoint_that_dies_stops_the_run_and_nothing_is_lost(bench: Bench, reason: str) -> None:
    def script(request: Request, number: int) -> Any:
        return words_for(request) if number < 20 else Transient("The endpoint is gone.", reason=reason)

    job_id = bench.submit(count=60)
    failed = bench.run(job_id, Scripted(script, latency=0.002))
    assert (failed.state, failed.error) == ("failed", "The endpoint is gone.")
    assert failed.result["failed"] == 0  # no request is blamed for it
    back = Scripted()
    done = bench.run(job_id, back)
    assert (done.state, len(bench.texts()), len(back.requests)) == ("done", 60, 40)


def test_cancelling_while_everything_is_rate_limited(bench: Bench) -> None:
    job_id = bench.submit({"concurrency": 32}, count=100)

    def script(request: Request, number: int) -> Any:
        if number == 3:
            cancel(bench, job_id)
        return RateLimited("Slow down.", reason="http 429", retry_after=600.0)

    model = Scripted(script)
    began = time.monotonic()
    ended = bench.run(job_id, model)
    assert ended.state == "cancelled"
    assert "resume" in ended.error
    assert time.monotonic() - began < 60  # not the ten minutes that the endpoint asked for
    assert bench.run(job_id, Scripted()).state == "done"


def cancel(bench: Bench, job_id: int) -> None:
    with Store(bench.project) as store:
        jobs.cancel(store, job_id)


def test_cancelling_keeps_the_answers_under_way(bench: Bench) -> None:
    job_id = bench.submit(count=5_000)

    def script(request: Request, number: int) -> str:
        if number == 30:
            cancel(bench, job_id)
        return words_for(request)

    model = Scripted(script, latency=0.02)
    ended = bench.run(job_id, model)
    assert ended.state == "cancelled"
    assert 0 < len(model.requests) == len(bench.texts()) < 5_000


def test_a_budget_is_not_exceeded_and_raising_it_goes_on(bench: Bench) -> None:
    bench.edit("  # price: {input: 0.15, output: 0.60}", "  price: {input: 1000, output: 1000} #")
    job_id = bench.submit({"concurrency": 8, "budget": 1.5}, count=100, parameters={"max_tokens": 40})
    stopped = bench.run(job_id, Scripted())
    assert stopped.state == "failed"
    assert "budget" in stopped.error
    spent = stopped.result["cost"]
    assert 0 < spent <= 1.5  # every answer is 15 tokens: 0.015 dollars
    assert stopped.result["samples"] == round(spent / 0.015)
    still = bench.run(job_id, Scripted())
    assert "budget" in still.error
    assert still.result["cost"] <= 1.5  # what was spent before counts
    jobs.set_limits(bench.store, job_id, {"budget": 100.0})
    assert bench.run(job_id, Scripted()).state == "done"


def test_a_budget_without_a_price_is_refused_before_anything_is_asked(bench: Bench) -> None:
    model = Scripted()
    refused = bench.job(model, {"concurrency": 8, "budget": 1.0}, count=5)
    assert refused.state == "failed"
    assert "model.price" in refused.error
    assert model.requests == []


class FullDisk:
    """Makes commits of answers fail: from the ``first`` on, ``times`` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, first: int, times: int) -> None:
        self.calls, self.first, self.times = 0, first, times
        self.record = ledger.record
        monkeypatch.setattr(ledger, "record", self)

    def __call__(self, *arguments: Any) -> Any:
        if arguments[-1]:
            self.calls += 1
            if self.first <= self.calls < self.first + self.times:
                raise sqlite3.OperationalError("database or disk is full")
        return self.record(*arguments)


def test_a_full_disk_stops_the_job_with_its_sentence(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LAST_WAIT", 0.01)
    job_id, model = bench.submit(count=60), Scripted()
    with monkeypatch.context() as broken:
        FullDisk(broken, first=3, times=10**9)
        failed = bench.run(job_id, model)
    assert failed.state == "failed"
    assert "the disk is full" in failed.error
    ((kept,),) = bench.store.read("SELECT count(*) FROM answer")
    assert len(model.requests) - kept <= 8  # only what could not be written is asked again
    again = Scripted()
    assert bench.run(job_id, again).state == "done"
    assert len(bench.texts()) == 60
    assert len(model.requests) + len(again.requests) <= 60 + 8


def test_a_disk_with_room_again_loses_no_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LAST_WAIT", 0.01)
    job_id, model = bench.submit(count=60), Scripted()
    with monkeypatch.context() as broken:
        FullDisk(broken, first=3, times=2)
        assert bench.run(job_id, model).state == "failed"
    again = Scripted()
    assert bench.run(job_id, again).state == "done"
    assert len(bench.texts()) == len(model.requests) + len(again.requests) == 60  # each asked once


class Steered(Scripted):
    """People want 32 at once at request 40, and 2 at request 300. What is asked from the first wish on is held until 32 are
    under way; what is asked from the second on, until the run has heard it."""

    def __init__(self, bench: Bench, job_id: int) -> None:
        super().__init__()
        self.bench, self.job_id = bench, job_id
        self.under_way = 0
        self.seen: list[int] = []
        self.many, self.heard = asyncio.Event(), asyncio.Event()
        self.from_then_on = 0
        hear = Asker.hear

        def note(asker: Asker, limits: Mapping[str, Any]) -> None:
            hear(asker, limits)
            if limits.get("concurrency") == 2:
                self.from_then_on = len(self.requests)
                self.heard.set()

        bench.patch.setattr(Asker, "hear", note)

    async def complete(self, request: Request) -> Answer:
        number = len(self.requests)
        self.under_way += 1
        self.seen.append(self.under_way)
        if self.under_way == 32:
            self.many.set()
        try:
            answer = await super().complete(request)
            if number in (40, 300):
                with Store(self.bench.project) as store:
                    jobs.set_limits(store, self.job_id, {"concurrency": 32 if number == 40 else 2})
            if number >= 40:
                await asyncio.wait_for(self.many.wait(), 120)
            if number >= 300:
                await asyncio.wait_for(self.heard.wait(), 120)
            return answer
        finally:
            self.under_way -= 1


def test_concurrency_follows_its_limit_while_the_job_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "TELL", 0.01)
    job_id = bench.submit({"concurrency": 4}, count=400)
    model = Steered(bench, job_id)
    assert bench.run(job_id, model).state == "done"
    assert max(model.seen[:41]) <= 4
    assert max(model.seen) == 32
    assert 300 < model.from_then_on < 400
    assert max(model.seen[model.from_then_on :]) <= 2


def test_two_jobs_on_one_series_exclude_each_other(bench: Bench) -> None:
    second = bench.submit(count=20)
    states: list[Any] = []

    def script(request: Request, number: int) -> str:
        if number == 3:
            thread = threading.Thread(target=lambda: states.append(bench.run(second, Scripted())))
            thread.start()
            thread.join()
        return words_for(request)

    first = bench.job(Scripted(script), count=20)
    assert first.state == "done"
    assert states[0].state == "failed"
    assert "Another job" in states[0].error


@pytest.mark.parametrize("recipe", ["zerogen", "self-instruct"])
@pytest.mark.parametrize("at", [1, 17, 30, 45])
def test_a_resumed_run_gives_what_an_uninterrupted_one_gives(
    bench: Bench, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, recipe: str, at: int
) -> None:
    chosen: dict[str, Any] = {"recipe": recipe, "count": 50}
    if recipe == "self-instruct":
        chosen["parameters"] = {"wave": 12}

    def script(request: Request, number: int) -> str:
        text = words_for(request, 5)
        return "the same words again and again" if request.draw % 7 == 0 else text  # the novelty rule has work to do

    other = Bench(tmp_path / "whole", monkeypatch)
    whole = other.job(Scripted(script, latency=0.001), **chosen)
    job_id = bench.submit(**chosen)
    chance = random.Random(at)
    slow = Scripted(lambda request, number: Killed() if number == at else script(request, number), latency=0.001)
    bench.killed(job_id, slow)
    done = bench.run(job_id, Scripted(script, latency=chance.random() / 200))
    assert done.state == whole.state == "done"
    assert bench.made() == other.made()
    other.store.close()


def test_more_counts_from_where_the_job_first_started(bench: Bench) -> None:
    bench.job(Scripted(), count=10)
    job_id = bench.submit(more=30)
    bench.killed(job_id, Scripted(lambda request, number: Killed() if number == 12 else words_for(request)))
    assert 10 < len(bench.texts()) < 40
    done = bench.run(job_id, Scripted())
    assert (done.result["kept"], len(bench.texts())) == (40, 40)


def test_an_answer_that_was_committed_but_not_parsed_is_not_asked_again(bench: Bench) -> None:
    job_id = bench.submit(count=12)
    bench.run(job_id, Scripted())
    with bench.store.write() as connection:  # as a kill between two commits leaves it
        connection.execute("UPDATE request SET state = 'answered' WHERE ordinal >= 7")
        connection.execute("DELETE FROM sample WHERE request_id IN (SELECT id FROM request WHERE ordinal >= 7)")
        connection.execute("UPDATE wave SET decided = 0")
        connection.execute("UPDATE job SET state = 'interrupted'")
    model = Scripted()
    done = bench.run(job_id, model)
    assert (done.state, len(bench.texts()), model.requests) == ("done", 12, [])


def test_log_probabilities_become_a_score(bench: Bench) -> None:
    done = bench.job(
        Scripted(lambda request, number: Answer(words_for(request), "test", "stop", 1, 2, [-1.0, -3.0])), count=3
    )
    assert done.state == "done"
    assert bench.store.read("SELECT name, value FROM score") == [("confidence", -2.0)] * 3


def test_hostile_answers_are_stored_and_harm_nothing(bench: Bench) -> None:
    hostile = ["\x1b]52;c;aGk=\x07 text", "lone \ud800 surrogate", "nul \0 byte", "[/] [@click=x]", "x" * 100_000]
    done = bench.job(Scripted(lambda request, number: hostile[number % 5]), count=10)
    assert (done.state, done.result["samples"]) == ("done", 10)
    assert any("\ufffd" in text for text in bench.texts())


def test_a_budget_that_is_taken_away_while_the_job_runs_no_longer_holds(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "TELL", 0.01)
    bench.edit("  # price: {input: 0.15, output: 0.60}", "  price: {input: 1000, output: 1000} #")
    job_id = bench.submit({"concurrency": 2, "budget": 1.5}, count=150, parameters={"max_tokens": 40})

    def script(request: Request, number: int) -> str:
        if number == 20:
            with Store(bench.project) as store:
                jobs.set_limits(store, job_id, {"budget": None})
        return words_for(request)

    done = bench.run(job_id, Scripted(script, latency=0.005))
    assert done.state == "done", done.error
    assert done.result["cost"] == pytest.approx(150 * 0.015)


def test_many_drops_are_written_in_short_transactions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    put = curation.put_drops

    def note(connection: Any, job_id: int, drops: Any) -> None:
        sizes.append(len(drops))
        put(connection, job_id, drops)

    monkeypatch.setattr(waves, "CHUNK", 4)
    monkeypatch.setattr(curation, "put_drops", note)
    bench.job(
        Scripted(lambda request, number: "two words" if request.draw < 10 else words_for(request)),
        recipe="self-instruct",
        count=20,
        parameters={"wave": 20},
    )
    assert sizes[:3] == [4, 4, 2]
    last = ledger.last_wave(bench.store, 1)
    assert last is not None
    assert last.decided
