"""All limits of one endpoint together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.models.virtual import generate, run
from workbench.models.limits import Gate

Main = Callable[[Callable[[], float]], Coroutine[Any, Any, Any]]


def test_requests_per_minute() -> None:
    # 6,000 a minute are 100 a second, and 600 may be sent at once: (1,600 - 600) / 100 s.
    result = generate(lambda now: True, requests=1600, requests_per_minute=6000)
    assert result.seconds == pytest.approx(10, abs=0.3)
    assert result.wasted == 0


def test_tokens_per_minute() -> None:
    # 100 tokens each: 600,000 a minute are 100 requests a second.
    result = generate(lambda now: True, requests=1600, tokens_per_minute=600_000)
    assert result.seconds == pytest.approx(10, abs=0.3)


def test_real_usage_replaces_the_estimate() -> None:
    async def main(clock: Callable[[], float]) -> float:
        gate = Gate(concurrency=8, tokens_per_minute=60_000, clock=clock)  # 1,000 a second, 6,000 at most
        for _ in range(30):
            await gate.turn(2_000)
            gate.ok(0.0, 100)
        return clock()

    assert run(main) == pytest.approx(0, abs=0.1)  # 3,000 tokens in all: nobody had to wait


def test_tokens_given_back_are_those_that_were_taken_however_requests_land() -> None:
    async def main(clock: Callable[[], float]) -> float:
        gate = Gate(concurrency=8, tokens_per_minute=60_000, clock=clock)
        for tokens in (100, 2_000, 300):
            await gate.turn(tokens)
        gate.ok(0.0, 50)
        gate.limited(1.0, 0.0)  # used nothing
        gate.ok(0.0, 250)
        assert gate._tokens is not None
        return gate._tokens.level

    assert run(main) == pytest.approx(6_000 - 300, abs=2)


def test_a_request_larger_than_the_whole_bucket_is_sent() -> None:
    async def main(clock: Callable[[], float]) -> float:
        gate = Gate(concurrency=8, tokens_per_minute=1_000, clock=clock)
        await gate.turn(50_000)
        gate.ok(0.0, 500)
        return clock()

    assert run(main) == 0


def test_no_more_than_concurrency_are_under_way_and_it_may_change() -> None:
    async def main(clock: Callable[[], float]) -> list[int]:
        gate, seen = Gate(concurrency=4, clock=clock), list[int]()

        async def one() -> None:
            await gate.turn()
            seen.append(gate.flying)
            await asyncio.sleep(1)
            gate.ok(1.0, 0)

        running = [asyncio.ensure_future(one()) for _ in range(20)]
        await asyncio.sleep(1.5)
        assert gate.flying == gate.width == 4
        assert gate.waiting == ""  # what people wish is no news to them
        gate.concurrency = 6
        await asyncio.sleep(0.1)
        assert gate.flying == 6
        gate.concurrency = 1
        await asyncio.gather(*running)
        assert gate.flying == 0
        return seen

    seen = run(main)
    assert len(seen) == 20
    assert max(seen) == 6


@pytest.mark.parametrize(
    ("limits", "why"),
    [({"requests_per_minute": 10}, "requests per minute"), ({"tokens_per_minute": 10}, "tokens per minute")],
)
def test_it_says_why_turns_wait(limits: dict[str, int], why: str) -> None:
    async def main(clock: Callable[[], float]) -> None:
        gate = Gate(concurrency=8, clock=clock, **limits)
        assert gate.load == 0
        await gate.turn(10)
        assert gate.load == pytest.approx(1 / 8)
        waiting = asyncio.ensure_future(gate.turn(10))
        await asyncio.sleep(0.01)
        assert gate.waiting == why
        assert gate.load > 1
        waiting.cancel()
        await asyncio.wait([waiting])
        assert gate.waiting == ""
        assert gate.flying == 1
        gate.dropped()
        assert gate.flying == 0

    run(main)


def test_a_rate_limit_and_fewer_at_once_are_said_too() -> None:
    async def main(clock: Callable[[], float]) -> None:
        gate = Gate(concurrency=16, clock=clock)
        for _ in range(8):
            await gate.turn()
        for _ in range(8):
            gate.limited(5.0, 0.001)
        waiting = asyncio.ensure_future(gate.turn())
        await asyncio.sleep(0.01)
        assert gate.waiting == "rate limit"
        waiting.cancel()
        await asyncio.wait([waiting])

        slow = Gate(concurrency=2, clock=clock)
        await slow.turn()
        await slow.turn()
        slow.timed_out(30.0)
        assert slow.width == 1
        waiting = asyncio.ensure_future(slow.turn())
        await asyncio.sleep(0.01)
        assert slow.waiting == Gate.FEWER
        slow.failed(1.0)
        await waiting
        assert slow.flying == 1

    run(main)


def test_turns_are_given_in_order_and_a_cancelled_one_does_not_stop_the_rest() -> None:
    async def main(clock: Callable[[], float]) -> list[int]:
        gate, order = Gate(concurrency=1, clock=clock), list[int]()

        async def one(number: int) -> None:
            await gate.turn()
            order.append(number)
            await asyncio.sleep(0.1)
            gate.ok(0.1, 0)

        tasks = [asyncio.ensure_future(one(number)) for number in range(10)]
        await asyncio.sleep(0.05)
        tasks[1].cancel()
        tasks[5].cancel()
        await asyncio.wait(tasks)
        assert gate.flying == 0
        return order

    assert run(main) == [0, 2, 3, 4, 6, 7, 8, 9]
