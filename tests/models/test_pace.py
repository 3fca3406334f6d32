"""How fast is sent, against simulated servers in virtual time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import pytest

from tests.models.virtual import Bucket, Flaky, Sliding, Window, generate, run
from workbench.models.limits import Gate, Pace


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


KINDS: dict[str, Callable[[], Callable[[float], bool]]] = {
    **{f"window at {phase}": (lambda phase=phase: Window(200, phase=phase)) for phase in (0.0, 0.2, 0.5, 0.7, 0.9)},
    "sliding": lambda: Sliding(200),
    "bucket of 5": lambda: Bucket(200, 5),
    "bucket of 20": lambda: Bucket(200, 20),
    "bucket of 200": lambda: Bucket(200, 200),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_limit_is_found_and_kept(kind: str) -> None:
    result = generate(KINDS[kind]())
    assert result.answered == 2000
    assert result.seconds <= 10.6  # ideal: 9 to 10
    assert result.wasted <= 45


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS)
def test_a_real_limit_is_found_where_requests_take_work_and_answers_differ(kind: str, seed: int) -> None:
    # Requests queue at the server, so that more of them are under way when the first refusal comes.
    result = generate(KINDS[kind](), work=0.0007, jitter=0.3, seed=seed)
    assert result.answered == 2000
    assert result.seconds <= 10.6
    assert result.wasted <= 80


def test_a_limit_together_with_stray_refusals() -> None:
    bucket, flaky = Bucket(200, 20), Flaky(0.05)
    result = generate(lambda now: flaky(now) and bucket(now))
    assert result.answered == 2000
    assert result.seconds <= 13  # ideal: 10, and 1 or 2 for those that are refused last
    assert result.wasted <= 300  # 105 of them by chance


def test_a_limit_that_hardly_refuses() -> None:
    for server in (Bucket(1000, 50), Window(1000)):
        result = generate(server, requests=5000)
        assert result.answered == 5000
        assert result.seconds <= 6.5
        assert result.wasted <= 100


def test_a_limit_per_minute() -> None:
    result = generate(Window(600, 60), requests=1200, retry_after=10)
    assert result.answered == 1200
    assert result.seconds <= 75
    assert result.wasted <= 200


def test_a_ceiling_holds_and_turns_come_in_order() -> None:
    async def main(clock: Callable[[], float]) -> tuple[list[int], float]:
        gate, order = Gate(concurrency=64, clock=clock), list[int]()
        gate.pace = Pace(10, clock=clock)

        async def one(number: int) -> None:
            await gate.turn()
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(20)))
        return order, clock()

    order, seconds = run(main)
    assert order == list(range(20))
    assert seconds == pytest.approx(1.9, abs=0.06)


def test_the_first_are_spread_so_that_not_all_are_refused_at_once() -> None:
    async def main(clock: Callable[[], float]) -> list[float]:
        gate, times = Gate(concurrency=256, clock=clock), list[float]()

        async def one() -> None:
            await gate.turn()
            times.append(clock())

        await asyncio.gather(*(one() for _ in range(256)))
        return times

    times = run(main)
    assert times[40] == pytest.approx(40 / Pace.START_RATE, abs=0.002)
    assert times[-1] <= Pace.START + 0.002


def test_everything_refused_means_probes_until_one_is_let_in() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    for step in range(20):
        now = step * 0.01
        assert pace.take() == 0
        pace.limited(1.0, 0.001)
        if pace.probing:
            break
    assert step == Pace.RUN - 1
    assert pace.take() == pytest.approx(Pace.PROBE)
    now += 1.01 * Pace.PROBE
    assert pace.take() == 0
    now += 0.01
    pace.ok(0.01)
    assert not pace.probing
    assert pace.rate < math.inf
    assert pace.refused == Pace.RUN


def test_a_cancelled_wait_leaves_the_pace_usable() -> None:
    async def main(clock: Callable[[], float]) -> float:
        gate = Gate(concurrency=8, clock=clock)
        gate.pace = Pace(1, clock=clock)
        await gate.turn()
        waiting = asyncio.ensure_future(gate.turn())
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait([waiting])
        await gate.turn()
        return clock()

    assert run(main) == pytest.approx(1, abs=0.06)


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
