"""Several endpoints in one run: who is asked, who is left alone, and when the run stops."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.generate.scripted import Bench, Fast, Killed, Scripted, lane, words_for
from workbench.generate import lanes as module
from workbench.generate.asking import Asker, Stopped
from workbench.generate.lanes import Lane, Lanes
from workbench.generate.plan import Planned
from workbench.generate.tally import Tally
from workbench.models.base import BadRequest, Fatal, RateLimited, Request, Transient
from workbench.models.limits import Prices, Usage
from workbench.store import jobs


def fails(error: Exception) -> Callable[[Request, int], Any]:
    return lambda request, number: error


UNREACHED = Transient("one.example cannot be reached.", reason="connection")
BROKEN = Transient("one.example failed with status 500.", reason="http 500")
NO_KEY = Fatal("one.example does not let this request in.", reason="http 401")


def log(bench: Bench, job_id: int) -> str:
    return "\n".join(message for _, _, _, message in jobs.events(bench.store, job_id))


def endpoints(bench: Bench) -> dict[str, int]:
    return dict(bench.store.read("SELECT endpoint, count(*) FROM answer GROUP BY endpoint"))


def test_both_endpoints_are_asked_and_answers_say_which_gave_them(bench: Bench) -> None:
    one, two = Scripted(latency=0.001), Scripted(latency=0.001)
    done = bench.run(bench.submit(count=60), [lane(one, host="one.example"), lane(two, host="two.example")])
    assert (done.state, done.result["samples"], len(one.requests) + len(two.requests)) == ("done", 60, 60)
    assert endpoints(bench) == {"one.example": len(one.requests), "two.example": len(two.requests)}
    assert min(len(one.requests), len(two.requests)) > 0
    assert [(row["host"], row["state"]) for row in done.result["lanes"]] == [
        ("one.example", "well"),
        ("two.example", "well"),
    ]


def test_each_answer_costs_what_its_endpoint_asks_for(bench: Bench) -> None:
    one, two = Scripted(latency=0.001), Scripted(latency=0.001)
    lanes = [lane(one, 1_000.0, host="one.example"), lane(two, 3_000.0, host="two.example")]
    done = bench.run(bench.submit(count=40), lanes)
    costs = dict(bench.store.read("SELECT endpoint, sum(cost) FROM answer GROUP BY endpoint"))
    assert costs == pytest.approx({"one.example": 0.015 * len(one.requests), "two.example": 0.045 * len(two.requests)})
    assert done.result["cost"] == pytest.approx(sum(costs.values()))


@pytest.mark.parametrize("error", [UNREACHED, BROKEN, Transient("It took too long.", reason="timeout")])
def test_an_endpoint_that_fails_is_left_alone_and_nothing_is_lost(bench: Bench, error: Transient) -> None:
    bad, good = Scripted(fails(error)), Scripted(latency=0.001)
    done = bench.run(bench.submit(count=80), [lane(bad, host="one.example"), lane(good, host="two.example")])
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 80, 0)
    assert len(good.requests) == 80
    first, second = done.result["lanes"]
    assert (first["state"], first["reason"], first["answers"]) == ("aside", error.reason, 0)
    assert (second["state"], second["answers"]) == ("well", 80)
    assert "one.example is left alone for now" in log(bench, done.id)


def test_an_endpoint_without_a_key_is_asked_no_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.0)
    bad, good = Scripted(fails(NO_KEY)), Scripted(latency=0.001)
    done = bench.run(bench.submit(count=60), [lane(bad, host="one.example"), lane(good, host="two.example")])
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 60, 0)
    assert len(bad.requests) <= 8  # those that were under way when the first came back
    assert done.result["lanes"][0]["state"] == "out"
    assert log(bench, done.id).count("one.example is not asked any more") == 1


def test_an_endpoint_that_is_back_is_asked_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.0)
    sick = Scripted(lambda request, number: BROKEN if number < 12 else words_for(request))
    good = Scripted(latency=0.001)
    done = bench.run(bench.submit(count=120), [lane(sick, host="one.example"), lane(good, host="two.example")])
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 120, 0)
    assert done.result["lanes"][0]["state"] == "well"
    assert done.result["lanes"][0]["answers"] == len(sick.requests) - 12 > 0
    assert "one.example answers again" in log(bench, done.id)


def test_the_run_stops_with_the_first_one_s_sentence_when_none_is_left(bench: Bench) -> None:
    other = Fatal("two.example has nothing left to spend.", reason="quota")
    job_id = bench.submit(count=60)
    lanes = [lane(Scripted(fails(NO_KEY)), host="one.example"), lane(Scripted(fails(other)), host="two.example")]
    failed = bench.run(job_id, lanes)
    assert (failed.state, failed.error) == ("failed", str(NO_KEY))
    assert {row["state"] for row in failed.result["lanes"]} == {"out"}
    done = bench.run(job_id, [lane(Scripted()), lane(Scripted())])
    assert (done.state, len(bench.texts())) == ("done", 60)


def test_when_all_endpoints_are_gone_nothing_is_lost(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        return words_for(request) if number < 10 else UNREACHED

    job_id = bench.submit(count=60)
    one, two = Scripted(script, latency=0.002), Scripted(script, latency=0.002)
    failed = bench.run(job_id, [lane(one, host="one.example"), lane(two, host="two.example")])
    assert (failed.state, failed.error, failed.result["failed"]) == ("failed", str(UNREACHED), 0)
    back = Scripted()
    done = bench.run(job_id, [lane(back), lane(Scripted(fails(NO_KEY)))])
    assert (done.state, len(bench.texts()), len(back.requests)) == ("done", 60, 60 - 20)


def test_one_that_was_set_aside_gets_another_chance_when_the_others_are_out(bench: Bench) -> None:
    # The second loses its key only after the first was set aside, and the first is well by then.
    def second(request: Request, number: int) -> Any:
        return words_for(request) if 0 < len(first.requests) < 8 or number < 30 else NO_KEY

    first = Scripted(lambda request, number: BROKEN if number < 8 else words_for(request))
    lanes = [lane(first, host="one.example"), lane(Scripted(second, latency=0.001), host="two.example")]
    done = bench.run(bench.submit(count=80), lanes)
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 80, 0)
    assert [row["state"] for row in done.result["lanes"]] == ["well", "out"]


def test_a_refused_request_is_not_tried_at_another_endpoint_of_the_same_model(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        return BadRequest("Not allowed.", reason="http 400") if request.draw == 5 else words_for(request)

    one, two = Scripted(script), Scripted(script)
    done = bench.run(bench.submit(count=30), [lane(one), lane(two)])
    assert (done.state, done.result["reasons"]) == ("done", {"http 400": 1})
    assert sum(request.draw == 5 for request in one.requests + two.requests) == 1


def test_what_one_model_refuses_another_may_take(bench: Bench) -> None:
    def script(request: Request, number: int) -> Any:
        return BadRequest("Too long for me.", reason="http 400") if request.draw % 5 == 0 else words_for(request)

    small, large = Scripted(script), Scripted()
    large.name = "openai:large"
    done = bench.run(bench.submit(count=30), [lane(small), lane(large)])
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 30, 0)


def test_a_rate_limited_endpoint_gives_its_requests_away(bench: Bench) -> None:
    busy = Scripted(fails(RateLimited("Slow down.", reason="http 429", retry_after=600.0)))
    free = Scripted(latency=0.001)
    done = bench.run(bench.submit(count=60), [lane(busy, host="one.example"), lane(free, host="two.example")])
    assert (done.state, len(free.requests), done.result["failed"]) == ("done", 60, 0)
    assert done.result["lanes"][0]["limited"] == len(busy.requests) == done.result["limited"]


def test_answers_are_found_again_whatever_endpoint_gave_them(bench: Bench) -> None:
    bench.run(bench.submit(count=20), [lane(Scripted(), host="one.example"), lane(Scripted(), host="two.example")])
    with bench.store.write() as connection:  # another recipe would do the same: the answers stay, the series is new
        connection.execute("DELETE FROM sample WHERE origin = 'synthetic'")
        connection.execute("DELETE FROM request")
        connection.execute("DELETE FROM wave")
    again = [Scripted(), Scripted()]
    done = bench.run(bench.submit(count=20), [lane(one) for one in again])
    assert (done.state, done.result["cached"], done.result["samples"]) == ("done", 20, 20)
    assert again[0].requests == again[1].requests == []


def test_a_budget_with_an_endpoint_of_unknown_price_is_refused_at_the_start(bench: Bench) -> None:
    one, two = Scripted(), Scripted()
    job_id = bench.submit({"concurrency": 8, "budget": 1.0}, count=5)
    refused = bench.run(job_id, [lane(one, 1.0, host="one.example"), lane(two, host="two.example")])
    assert refused.state == "failed"
    assert "at two.example is not known" in refused.error
    assert one.requests == two.requests == []


@pytest.mark.parametrize("at", [1, 25, 47])
def test_a_resumed_run_over_two_endpoints_gives_what_an_uninterrupted_one_gives(
    bench: Bench, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    def two(latency: float) -> list[Lane]:
        return [lane(Scripted(latency=latency), host="one.example"), lane(Scripted(latency=0.001), host="two.example")]

    other = Bench(tmp_path / "whole", monkeypatch)
    whole = other.run(other.submit(count=50), two(0.002))
    job_id = bench.submit(count=50)
    asked: list[Request] = []

    def script(request: Request, number: int) -> Any:
        asked.append(request)
        return Killed() if len(asked) == at else words_for(request)

    bench.killed(job_id, [lane(Scripted(script), host="one.example"), lane(Scripted(script), host="two.example")])
    done = bench.run(job_id, two(random.Random(at).random() / 200))
    assert done.state == whole.state == "done"
    assert bench.made() == other.made()
    other.store.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def some(*wishes: int | None) -> tuple[Lanes, Clock, list[str]]:
    said: list[str] = []
    clock = Clock()
    lanes = [lane(Scripted(), host=f"{number}.example", wish=wish) for number, wish in enumerate(wishes)]
    return Lanes(lanes, tell=lambda level, message: said.append(message), clock=clock), clock, said


@pytest.mark.parametrize(
    ("wishes", "width", "shares"),
    [
        ((None,), 64, [64]),
        ((16,), 64, [16]),
        ((None, None), 64, [32, 32]),
        ((8, None), 64, [7, 57]),  # 8 and 64 parts of 72
        ((8, 8), 64, [8, 8]),
        ((16, 48), 32, [8, 24]),
        ((None, None, None), 2, [1, 1, 1]),  # nobody is left out
    ],
)
def test_concurrency_is_shared_out_by_wishes(wishes: tuple[int | None, ...], width: int, shares: list[int]) -> None:
    lanes, _, _ = some(*wishes)
    lanes.share(width)
    assert [one.gate.concurrency for one in lanes] == shares


def test_the_share_of_a_lane_that_is_set_aside_goes_to_the_others() -> None:
    lanes, _, _ = some(None, None)
    lanes.share(64)
    first, second = lanes.all
    for ordinal in range(module.UNREACHED):
        assert lanes.blame(first, ordinal, UNREACHED) == (ordinal == module.UNREACHED - 1)
    assert second.gate.concurrency == 64
    lanes.back(first)
    assert second.gate.concurrency == 32


def test_the_least_loaded_is_chosen_and_not_the_one_that_just_failed() -> None:
    lanes, _, _ = some(None, None, None)
    lanes.share(30)
    a, b, c = lanes.all
    a.gate.flying, b.gate.flying, c.gate.flying = 5, 2, 7
    assert lanes.choose() is b
    assert lanes.choose(b) is a
    assert lanes.choose(refused=["openai:test"]) is None


def test_a_request_is_not_tried_again_at_a_model_that_refused_it() -> None:
    lanes, clock, _ = some(None, None)
    first, second = lanes.all
    first.model.name = "openai:small"
    for ordinal in range(module.ALIKE):
        lanes.blame(first, ordinal, BROKEN)
    clock.now = 1_000.0
    assert lanes.choose(refused=["openai:small"]) is second
    assert lanes.choose() is first


def test_when_no_endpoint_is_left_the_preparation_says_why(bench: Bench) -> None:
    lanes = [lane(Scripted(fails(NO_KEY)), host="one.example"), lane(Scripted(fails(NO_KEY)), host="two.example")]
    for one in lanes[1:]:
        one.state, one.sentence = "out", "No credit."
    asker = Asker(
        bench.store, lanes, Tally(), name="openai:test", group="test", seed=0, log=lambda *_: None, spent=Usage()
    )
    asker.hear({})
    found = asker.find([Planned(-1, Request(({"role": "user", "content": str(n)},)), {}) for n in range(3)])

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(asker.ask(one) for one in found), return_exceptions=True)

    assert {(type(one), str(one)) for one in asyncio.run(all_of_them())} == {(Stopped, str(NO_KEY))}


def test_a_lane_is_tried_again_by_one_request_at_a_time_less_and_less_often() -> None:
    lanes, clock, said = some(None, None)
    first, second = lanes.all
    for ordinal in range(module.ALIKE):
        lanes.blame(first, ordinal, BROKEN)
    assert lanes.choose() is second
    waited = []
    for _ in range(7):
        before = clock.now
        while lanes.choose() is second:
            clock.now += 1
        waited.append(clock.now - before)
        assert lanes.choose() is second  # while one is being tried, nobody else goes there
        lanes.blame(first, 99, BROKEN)
    assert waited == [5, 5, 10, 20, 40, 80, 120]
    lanes.back(first)
    assert len(said) == 2  # once set aside, once back


def test_a_lane_that_answers_now_and_then_is_not_set_aside() -> None:
    lanes, _, _ = some(None, None)
    first = lanes.all[0]
    for ordinal in range(3 * module.ALIKE):
        assert not lanes.blame(first, ordinal, BROKEN)
        if ordinal % 4 == 3:
            first.answered(5)
    assert first.state == "well"


def test_the_last_one_that_is_well_is_never_set_aside() -> None:
    lanes, _, _ = some(None, None)
    first, second = lanes.all
    assert lanes.exclude(second, "http 401", "No key.")
    assert not any(lanes.blame(first, ordinal, BROKEN) for ordinal in range(50))
    assert not lanes.exclude(first, "quota", "No credit.")
    assert lanes.sentence("Something else.") == "No credit."


def test_the_dearest_price_is_the_upper_estimate() -> None:
    def priced(*prices: Prices) -> Prices:
        return Lanes([Lane(Scripted(), one, Fast(concurrency=1)) for one in prices], tell=lambda *_: None).dearest

    assert priced(Prices(1, 4), Prices(2, 3)) == Prices(2, 4)
    assert priced(Prices(1, 4), Prices()) == Prices()
