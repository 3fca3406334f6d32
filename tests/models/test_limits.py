"""Backoff, pace, prices and budget; the pace against simulated servers in virtual time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import pytest

from tests.models.virtual import Bucket, Flaky, Sliding, Window, generate, run
from workbench.models.limits import FREE, Backoff, Budget, Pace, Prices, Usage


def test_backoff_grows_to_its_cap_and_repeats_with_its_seed() -> None:
    waits = [Backoff(base=0.5, cap=4, seed=seed).wait(attempt) for attempt in range(8) for seed in range(200)]
    for attempt, most in enumerate([0.5, 1, 2, 4, 4, 4, 4, 4]):
        here = waits[attempt * 200 : attempt * 200 + 200]
        assert max(here) <= most
        assert sum(here) / 200 == pytest.approx(most / 2, rel=0.15)  # uniform from 0: full jitter
    one, other = Backoff(seed=3), Backoff(seed=3)
    assert [one.wait(n) for n in range(9)] == [other.wait(n) for n in range(9)]
    assert Backoff().wait(10_000) <= 30


def test_retry_after_is_a_lower_bound_but_not_for_hours() -> None:
    backoff = Backoff(base=0.25, longest=600)
    assert 7 <= backoff.wait(0, retry_after=7) <= 7.05
    assert backoff.wait(5, retry_after=0) <= 0.05
    assert 600 <= backoff.wait(0, retry_after=86_400) <= 600.05


def test_without_refusals_nobody_waits() -> None:
    result = generate(lambda now: True)
    assert result.seconds == pytest.approx(math.ceil(2000 / 64) * 0.05, abs=0.06)
    assert result.wasted == 0


@pytest.mark.parametrize("seed", range(4))
def test_stray_refusals_do_not_stop_the_others(seed: int) -> None:
    # Fault-free 1.6 s. A request that is refused twice waits for 2 s by order of the server.
    result = generate(Flaky(0.05, seed))
    assert result.answered == 2000
    assert result.seconds <= 1.6 + 3


def test_refusals_that_do_not_depend_on_the_rate_do_not_stall_the_run() -> None:
    result = generate(Flaky(0.3))
    assert result.answered == 2000
    assert result.seconds <= 30


@pytest.mark.parametrize(
    "server",
    [Window(200), Window(200, phase=0.5), Window(200, phase=0.9), Sliding(200), Bucket(200, 20), Bucket(200, 200)],
    ids=["window", "window at .5", "window at .9", "sliding", "bucket of 20", "bucket of 200"],
)
def test_a_real_limit_is_found_and_kept(server: Callable[[float], bool]) -> None:
    result = generate(server)
    assert result.answered == 2000
    assert result.seconds <= 11.1  # ideal: 9 to 10
    assert result.wasted <= 200  # 64 are under way when the limit is met


def test_a_limit_per_minute() -> None:
    result = generate(Window(600, 60), requests=1200, retry_after=10)
    assert result.answered == 1200
    assert result.seconds <= 75
    assert result.wasted <= 200


def test_a_ceiling_holds_and_turns_come_in_order() -> None:
    assert generate(lambda now: True, requests=300, ceiling=100).seconds == pytest.approx(3, abs=0.15)

    async def main(clock: Callable[[], float]) -> list[int]:
        pace, order = Pace(10, clock=clock), list[int]()

        async def one(number: int) -> None:
            await pace.turn()
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(20)))
        return order

    assert run(main) == list(range(20))


def test_everything_refused_means_probes_until_one_is_let_in() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    for step in range(20):
        now = step * 0.01
        assert pace._take() == 0
        pace.limited(1.0, 0.001)
        if pace.probing:
            break
    assert step == Pace.RUN - 1
    assert pace._take() == pytest.approx(Pace.PROBE)
    now += 1.01 * Pace.PROBE
    assert pace._take() == 0
    now += 0.01
    pace.ok(0.01)
    assert not pace.probing
    assert pace.rate < math.inf
    assert pace.refused == Pace.RUN


def test_a_cancelled_wait_leaves_the_pace_usable() -> None:
    async def main(clock: Callable[[], float]) -> float:
        pace = Pace(1, clock=clock)
        await pace.turn()
        waiting = asyncio.ensure_future(pace.turn())
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait([waiting])
        await pace.turn()
        return clock()

    assert run(main) == pytest.approx(1, abs=0.06)


def test_prices_are_per_million_tokens_and_unknown_is_not_nothing() -> None:
    assert Prices(0.4, 1.6).cost(500_000, 250_000) == pytest.approx(0.2 + 0.4)
    assert Prices(0.4, None).cost(1, 1) is None
    assert FREE.cost(10**9, 10**9) == 0
    assert (Usage(1, 10, 5, 0.5) + Usage(2, 20, 10, 0.25)) == Usage(3, 30, 15, 0.75)
    assert (Usage(cost=0.5) + Usage(cost=None)).cost is None


def test_budget_refuses_before_the_request_that_would_exceed_it() -> None:
    used = Usage(requests=9, input_tokens=900, output_tokens=50, cost=0.99)
    assert Budget().refuses(used) is None
    assert Budget(requests=10, tokens=1000, money=1.0).refuses(used, Usage(1, 30, 20, 0.01)) is None
    assert "10 requests" in str(Budget(requests=10).refuses(used, Usage(2)))
    assert "1,000 tokens" in str(Budget(tokens=1000).refuses(used, Usage(1, 30, 21)))
    assert "$1.00" in str(Budget(money=1.0).refuses(used, Usage(1, cost=0.02)))
    assert "prices are unknown" in str(Budget(money=1.0).refuses(Usage(), Usage(1, cost=None)))


@pytest.mark.parametrize(
    ("server", "seconds", "retry_after"),
    [(Flaky(0.05), 60, 1.0), (Bucket(3, 10), 130, 1.0), (Window(120, 60), 160, 20.0)],
    ids=["stray refusals", "3 a second", "120 a minute"],
)
def test_answers_that_take_ten_seconds(server: Callable[[float], bool], seconds: float, retry_after: float) -> None:
    # Ideal for 300 requests, 64 at a time: 50, 107 and 130 s.
    result = generate(server, requests=300, latency=10, retry_after=retry_after)
    assert result.answered == 300
    assert result.seconds <= seconds
