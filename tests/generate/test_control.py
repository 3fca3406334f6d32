"""A run under way: paused, given other limits, and its failed requests asked again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.generate.scripted import Bench, Killed, Scripted, lane, words_for
from workbench.errors import UsageError
from workbench.generate import anew, crew, recorder
from workbench.generate.asking import Asker
from workbench.generate.plan import Plan
from workbench.generate.spending import Purse, UsedUp
from workbench.generate.tally import REASONS, Rate, Tally
from workbench.models.base import Answer, BadRequest, RateLimited, Request
from workbench.models.limits import Prices, Usage
from workbench.store import failures, jobs, ledger
from workbench.store.connection import Store


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "TELL", 0.01)


def until(bench: Bench, job_id: int, what: Callable[[Any], bool]) -> Any:
    """The job's row as soon as it is as wanted; for threads beside the run."""
    with Store(bench.project) as store:
        for _ in range(6_000):
            job = jobs.get(store, job_id)
            if what(job):
                return job
            time.sleep(0.01)
    raise AssertionError(f"it never came to that: {job}")


class Beside(threading.Thread):
    """What a person does beside a run; when that fails, the run is cancelled, so that no test waits for ever."""

    def __init__(self, bench: Bench, job_id: int, work: Callable[[], None]) -> None:
        super().__init__()
        self.bench, self.job_id, self.work = bench, job_id, work
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - raised by ``end``, in the test's own thread
            self.error = error
            with Store(self.bench.project) as store:
                jobs.cancel(store, self.job_id)

    def end(self) -> None:
        self.join()
        if self.error is not None:
            raise self.error


class Holding(Scripted):
    """Wishes something at request ``at``; that request and later ones are answered when the run has heard it."""

    def __init__(self, bench: Bench, at: int, **limits: Any) -> None:
        super().__init__()
        self.bench, self.at, self.limits = bench, at, limits
        self.job_id = 0
        self.heard = asyncio.Event()
        hear = Asker.hear

        def note(asker: Asker, limits: Mapping[str, Any]) -> None:
            hear(asker, limits)
            if self.limits.items() <= limits.items():
                self.heard.set()

        bench.patch.setattr(Asker, "hear", note)

    async def complete(self, request: Request) -> Answer:
        number = len(self.requests)
        answer = await super().complete(request)
        if number == self.at:
            wish(self.bench, self.job_id, **self.limits)
        if number >= self.at:
            await self.heard.wait()
        return answer


def wish(bench: Bench, job_id: int, **limits: Any) -> None:
    with Store(bench.project) as store:
        jobs.set_limits(store, job_id, limits)


def test_a_paused_run_asks_nothing_until_it_goes_on(bench: Bench) -> None:
    model = Holding(bench, 10, paused=True)
    job_id = model.job_id = bench.submit({"concurrency": 4}, count=60)
    seen: list[int] = []

    def person() -> None:
        until(bench, job_id, lambda job: job.state == "paused" and job.result["waiting"] == "paused")
        # What was under way is recorded, and it stays like that.
        until(bench, job_id, lambda job: job.result["flying"] == 0 and job.result["requests"] == len(model.requests))
        seen.append(len(model.requests))
        time.sleep(0.1)
        seen.append(len(model.requests))
        wish(bench, job_id, paused=False)

    thread = Beside(bench, job_id, person)
    done = bench.run(job_id, model)
    thread.end()
    assert (done.state, done.result["samples"], len(model.requests)) == ("done", 60, 60)
    assert 11 <= seen[0] == seen[1] <= 14


def test_a_paused_run_can_be_cancelled_and_goes_on_when_it_is_resumed(bench: Bench) -> None:
    model = Holding(bench, 5, paused=True)
    job_id = model.job_id = bench.submit(count=40)

    def person() -> None:
        until(bench, job_id, lambda job: job.state == "paused")
        with Store(bench.project) as store:
            jobs.cancel(store, job_id)

    thread = Beside(bench, job_id, person)
    ended = bench.run(job_id, model)
    thread.end()
    assert ended.state == "cancelled"
    assert len(bench.texts()) == len(model.requests) <= 5 + 8
    # What has ended and is asked to go on is not paused any more.
    assert bench.run(job_id, Scripted()).state == "done"


def test_a_pause_holds_back_what_waits_to_be_asked_again(bench: Bench) -> None:
    job_id = bench.submit({"concurrency": 2}, count=10)
    refusing = threading.Event()
    refusing.set()

    def script(request: Request, number: int) -> Any:
        if number == 4:
            wish(bench, job_id, paused=True)
        return RateLimited("Slow down.", reason="http 429") if refusing.is_set() and number >= 4 else words_for(request)

    def person() -> None:
        until(bench, job_id, lambda job: job.result is not None and job.result["waiting"] == "paused")
        refusing.clear()
        wish(bench, job_id, paused=None)

    thread = Beside(bench, job_id, person)
    done = bench.run(job_id, [lane(Scripted(script))])
    thread.end()
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 10, 0)


def test_a_budget_of_requests_is_kept_to_the_last_one(bench: Bench) -> None:
    job_id = bench.submit({"concurrency": 8, "requests": 25}, count=60)
    model = Scripted(latency=0.001)
    stopped = bench.run(job_id, model)
    assert (stopped.state, len(model.requests), len(bench.texts())) == ("failed", 25, 25)
    assert "25 requests" in stopped.error
    jobs.set_limits(bench.store, job_id, {"requests": 40})
    more = Scripted()
    assert "40 requests" in bench.run(job_id, more).error
    assert len(more.requests) == 15  # what was sent before counts
    jobs.set_limits(bench.store, job_id, {"requests": None})
    assert bench.run(job_id, Scripted()).state == "done"


def test_refused_requests_count_in_a_budget_of_requests_and_rate_limited_ones_do_not(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        if request.draw % 4 == 0:
            return BadRequest("No.", reason="http 400")
        return RateLimited("Slow.", reason="http 429") if number % 3 == 0 else words_for(request)

    job_id = bench.submit({"concurrency": 1, "requests": 20}, count=60)
    stopped = bench.run(job_id, [lane(Scripted(script))])
    assert stopped.state == "failed"
    assert stopped.result["requests"] == 20
    assert stopped.result["limited"] > 0


def test_a_budget_of_tokens_waits_for_what_is_under_way_instead_of_stopping(bench: Bench) -> None:
    # Each request may take some 300 tokens and takes 15: eight at once would look like too much, but are not.
    job_id = bench.submit({"concurrency": 8, "tokens": 700}, count=60, parameters={"max_tokens": 100})
    stopped = bench.run(job_id, Scripted(latency=0.001))
    used = stopped.result["input_tokens"] + stopped.result["output_tokens"]
    assert stopped.state == "failed"
    assert "700 tokens" in stopped.error
    assert 300 < used <= 700
    assert stopped.result["samples"] == used // 15


def test_a_budget_given_while_the_job_runs_holds(bench: Bench) -> None:
    model = Holding(bench, 10, requests=60)
    job_id = model.job_id = bench.submit({"concurrency": 2}, count=400)
    stopped = bench.run(job_id, model)
    assert (stopped.state, len(model.requests)) == ("failed", 60)


def failing(*places: int) -> Callable[[Request, int], Any]:
    return lambda request, number: "" if request.draw & 0xFFFFFFF in places else words_for(request)


def again(bench: Bench, job_id: int, model: Any, reasons: list[str] | None = None) -> Any:
    parameters = {**jobs.get(bench.store, job_id).parameters, "again_of": job_id, "reasons": reasons}
    return bench.run(jobs.create(bench.store, "generate", parameters, {"concurrency": 4}), model)


def test_failed_requests_are_asked_again_at_their_places(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        if request.draw == 4:
            return BadRequest("No.", reason="http 400")
        return failing(2, 7)(request, number)

    first = bench.job(Scripted(script), count=9)
    assert first.result["reasons"] == {"empty answer": 2, "http 400": 1}
    model = Scripted()
    done = again(bench, first.id, model)
    assert (done.state, done.result["again"], done.result["samples"], done.result["failed"]) == ("done", 3, 3, 0)
    assert (done.done, done.total, done.result["kept"]) == (3, 3, 12)
    # An answer of no use is drawn anew; a request that was never answered is the same.
    assert sorted(request.draw for request in model.requests) == [4, (1 << 28) | 2, (1 << 28) | 7]
    assert failures.by_reason(bench.store, first.id) == {}
    assert bench.store.read("SELECT count(*) FROM answer WHERE text = ''") == [(2,)]  # it stays kept
    assert [row[1] for row in bench.made()] == list(range(12))


def test_what_fails_again_can_be_asked_once_more(bench: Bench) -> None:
    first = bench.job(Scripted(failing(2)), count=6)
    second = again(bench, first.id, Scripted(failing(2)))
    assert (second.state, second.result["reasons"], second.result["again"]) == ("done", {"empty answer": 1}, 1)
    model = Scripted()
    third = again(bench, second.id, model)
    assert (third.state, third.result["samples"]) == ("done", 1)
    assert [request.draw for request in model.requests] == [(2 << 28) | 2]


def test_only_some_reasons_are_asked_again(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        return BadRequest("No.", reason="http 400") if request.draw == 4 else failing(2)(request, number)

    first = bench.job(Scripted(script), count=6)
    model = Scripted()
    done = again(bench, first.id, model, ["empty answer"])
    assert (done.result["again"], [request.draw & 0xFF for request in model.requests]) == (1, [2])
    assert failures.by_reason(bench.store, first.id) == {"http 400": 1}


def test_a_killed_rerun_goes_on_where_it_stopped(bench: Bench) -> None:
    places = range(0, 40, 2)
    first = bench.job(Scripted(failing(*places)), count=20)
    failed = first.result["failed"]
    parameters = {**first.parameters, "again_of": first.id}
    job_id = jobs.create(bench.store, "generate", parameters, {"concurrency": 1})
    # It fails again for the first of them, and is killed at the eighth.
    bench.killed(job_id, Scripted(lambda r, n: Killed() if n == 7 else "" if n == 0 else words_for(r)))
    rest = Scripted()
    done = bench.run(job_id, rest)
    assert (done.state, done.total, done.result["again"]) == ("done", failed, failed)
    assert failed - 8 <= len(rest.requests) <= failed - 6  # what was answered is not asked a second time
    assert done.result["reasons"] == {"empty answer": 1}


def test_requests_that_others_build_on_are_not_asked_again_alone(bench: Bench) -> None:
    first = bench.job(Scripted(failing(3)), recipe="self-instruct", count=12, parameters={"wave": 6})
    refused = again(bench, first.id, Scripted())
    assert refused.state == "failed"
    assert "--more" in refused.error


def test_a_changed_project_cannot_ask_the_same_requests_again(bench: Bench) -> None:
    first = bench.job(Scripted(failing(3)), count=6)
    bench.edit("Messages to a bank.", "Letters to a bank.")
    refused = again(bench, first.id, Scripted())
    assert refused.state == "failed"
    assert "has changed" in refused.error


def test_nothing_failed_is_said(bench: Bench) -> None:
    first = bench.job(Scripted(), count=6)
    assert "has no failed requests" in again(bench, first.id, Scripted()).error


def test_a_request_is_not_asked_anew_for_ever(bench: Bench) -> None:
    first = bench.job(Scripted(failing(2)), count=4)
    with bench.store.write() as connection:
        connection.execute("UPDATE request SET draw = ? WHERE state = 'failed'", ((anew.MOST_AGAIN << 28) | 2,))
    model = Scripted()
    done = again(bench, first.id, model)
    assert (done.state, model.requests) == ("done", [])
    assert any("15 times" in message for _, _, _, message in jobs.events(bench.store, done.id))


def test_concurrency_given_while_the_job_runs_is_shared_out_over_its_lanes(bench: Bench) -> None:
    model = Holding(bench, 2, concurrency=20)
    job_id = model.job_id = bench.submit({"concurrency": 6}, count=80)
    lanes = [lane(model), lane(Scripted(), wish=5)]
    assert bench.run(job_id, lanes).state == "done"
    assert [one.gate.concurrency for one in lanes] == [16, 4]  # 20 and 5 parts of 25


def test_the_live_result_names_what_people_look_at(bench: Bench) -> None:
    done = bench.job(Scripted(), count=5)
    assert {"waiting", "flying", "lanes", "repaired", "again", "rate"} <= done.result.keys()
    (only,) = done.result["lanes"]
    assert 1 <= only.pop("width") <= 8
    assert only == {
        "host": "test.example", "model": "openai:test", "flying": 0, "answers": 5, "limited": 0, "refused": 0,
        "waiting": "", "state": "well", "reason": "",
    }  # fmt: skip


def test_a_wave_is_planned_a_few_requests_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "AHEAD", 10)
    monkeypatch.setattr(crew, "AHEAD", 4)
    planned: list[int] = []
    at = Plan.at

    def note(self: Any, ordinal: int, pool: Any) -> Any:
        planned.append(ordinal)
        return at(self, ordinal, pool)

    monkeypatch.setattr(Plan, "at", note)
    ahead: list[int] = []

    def script(request: Request, number: int) -> str:
        ahead.append(len(planned) - number)
        return words_for(request)

    job_id = bench.submit({"concurrency": 3}, count=200)
    bench.killed(job_id, Scripted(lambda request, number: Killed() if number == 57 else script(request, number)))
    assert bench.run(job_id, Scripted()).state == "done"
    assert max(ahead) <= 4 + 3
    assert [row[1] for row in bench.made()] == list(range(200))


def test_the_rate_is_that_of_the_last_seconds() -> None:
    now = [0.0]
    rate = Rate(100, clock=lambda: now[0])
    for second in range(1, 21):
        now[0] = float(second)
        told = rate.now(100 + 10 * second)
    assert told == pytest.approx(10)
    for second in range(21, 27):
        now[0] = float(second)
        told = rate.now(300)
    assert told == 0.0


def test_reasons_without_end_are_counted_together() -> None:
    tally = Tally()
    for number in range(REASONS + 50):
        tally.fail(f"reason {number}")
    assert (len(tally.reasons), tally.reasons["other"], tally.failed) == (REASONS + 1, 50, REASONS + 50)


def test_a_purse_counts_what_is_under_way_at_its_worst() -> None:
    purse = Purse(Usage(), Prices(1_000_000.0, 1_000_000.0))
    purse.hear({"budget": 10.0})
    worst = Usage(1, 3, 1, 4.0)
    assert purse.take(worst)
    assert purse.take(worst)
    assert not purse.take(worst)  # 12 dollars, if both are as long as they may be
    purse.land(worst, Usage(1, 1, 1, 2.0))
    assert purse.take(worst)  # 2 spent and 8 under way
    purse.land(worst, None)  # not sent
    purse.land(worst, Usage(1, 4, 3, 7.0))
    with pytest.raises(UsedUp, match="budget of"):
        purse.take(worst)  # 9 spent, nothing under way
    purse.hear({})
    assert purse.take(worst)


def test_an_upper_estimate_counts_bytes_because_letters_of_some_scripts_are_tokens() -> None:
    purse = Purse(Usage(), Prices())

    def tokens(text: str, **more: Any) -> int:
        return purse.worst(Request(({"role": "user", "content": text},), **more)).input_tokens

    assert tokens("a" * 100) == 40
    assert tokens("銀" * 100) == 120
    assert tokens("\ud800") == 2  # what no file can hold is estimated all the same
    lengths = {"max_tokens": 10, "max_completion_tokens": 300}
    assert purse.worst(Request((), parameters=lengths)).output_tokens == 300
    assert purse.worst(Request((), parameters={"max_tokens": "many"})).output_tokens == 1_000
    schema = {"type": "object"}  # 18 characters, as Python writes it
    assert [tokens("a" * 7, schema=schema), tokens("a" * 7, schema={}), tokens("a" * 7)] == [10, 4, 3]


def test_what_was_paid_before_its_request_is_written_down_counts_once() -> None:
    used = Usage(1, 10, 5, 0.5)
    purse = Purse(Usage(), Prices())
    purse.paid(used)  # collected from a batch, and unreadable
    assert purse.spent == used
    purse.found(used)  # the same answer, about to be repaired
    assert purse.spent == used
    purse.found(used)  # another one, which an earlier process of the job paid for
    assert purse.spent == used + used


def test_what_the_preparation_used_still_counts_when_the_job_is_resumed(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        told = request.messages[-1]["content"]
        if "attributes in which" in told:
            return "length\ntone"
        return "one\ntwo" if told.startswith("Give 2 different values") else words_for(request)

    chosen: dict[str, Any] = {"recipe": "attrprompt", "parameters": {"attributes": 2, "values": 2}, "count": 30}
    job_id = bench.submit({"concurrency": 1, "requests": 20}, **chosen)
    bench.killed(job_id, Scripted(lambda request, number: Killed() if number == 9 else script(request, number)))
    rest = Scripted(script)
    stopped = bench.run(job_id, rest)
    assert "20 requests" in stopped.error
    assert 9 + len(rest.requests) == 20  # 3 for the attributes, and 17 samples
    assert (stopped.result["requests"], stopped.result["samples"]) == (20, 17)
    assert stopped.result["preparing"] == {"requests": 3, "input_tokens": 30, "output_tokens": 15, "cost": None}


def test_a_seed_that_no_draw_can_hold_is_refused(bench: Bench) -> None:
    for seed in (-1, 2**31):
        with pytest.raises(UsageError, match="--seed"):
            bench.submit(count=5, seed=seed)
    assert bench.job(Scripted(), count=3, seed=2**31 - 1).state == "done"
