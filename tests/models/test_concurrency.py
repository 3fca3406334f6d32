"""How many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.models.virtual import run
from workbench.models.limits import Gate, Width


def _round(width: Width, now: float, latency: float) -> None:
    for _ in range(width.now):
        width.ok(now, latency, width.now)


def test_a_timeout_halves_once_per_latency_and_flat_latency_grows_back() -> None:
    width = Width(64)
    _round(width, 1.0, 0.5)
    for _ in range(10):  # all sent together, 30 s before
        width.timed_out(40.0, 30.0)
    assert width.now == 32
    width.timed_out(60.0, 30.0)  # sent before the last change
    assert width.now == 32
    width.timed_out(71.0, 30.0)
    assert width.now == 16
    _round(width, 72.0, 0.5)  # the round with the timeout in it
    assert width.now == 16
    _round(width, 73.0, 0.5)
    assert width.now == 20  # 16 + sqrt(16)
    for second in range(60):
        _round(width, 74.0 + second, 0.5)
    assert width.now == 64


def test_latency_that_rises_stops_the_growth() -> None:
    width = Width(64)
    _round(width, 1.0, 0.5)
    width.timed_out(40.0, 30.0)
    _round(width, 41.0, 0.5)
    for second in range(5):
        _round(width, 42.0 + second, 0.8)
    assert width.now == 32


def test_it_does_not_grow_where_the_width_is_not_used() -> None:
    width = Width(64)
    width.timed_out(40.0, 30.0)
    for _ in range(200):
        width.ok(50.0, 0.5, flying=3)
    assert width.now == 32


def test_sustained_refusals_shrink_mildly_down_to_half_and_stray_ones_do_not() -> None:
    width = Width(64)
    for second in range(100):
        for _ in range(19):
            width.ok(float(second), 0.05, 1)
        width.limited(float(second), 0.002)  # 5 %
    assert width.now == 64
    for tenth in range(1000):
        width.limited(100 + tenth / 10, 0.002)
    assert width.now == 32


def test_it_is_never_less_than_one_nor_more_than_wished() -> None:
    width = Width(4)
    for minute in range(10):
        width.timed_out(60.0 * minute, 30.0)
    assert width.now == 1
    for second in range(40):
        _round(width, 1000.0 + second, 0.5)
    assert width.now == 4
    width.wished = 2
    assert width.now == 2
    width.wished = 100
    assert width.now == 100


def test_an_endpoint_that_bears_sixteen_at_once_is_found_out() -> None:
    """Each request takes 1 s of one of 16 places, those that wait longer than 3 s in all time out."""

    async def main(clock: Callable[[], float]) -> tuple[int, int, int]:
        gate, places = Gate(concurrency=128, clock=clock), asyncio.Semaphore(16)
        late = [0, 0]
        left = 4000

        async def worker() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await gate.turn()
                sent = clock()
                try:
                    async with asyncio.timeout(3), places:
                        await asyncio.sleep(1)
                except TimeoutError:
                    late[left < 2000] += 1
                    gate.timed_out(clock() - sent)
                else:
                    gate.ok(clock() - sent, 0)

        await asyncio.gather(*(worker() for _ in range(128)))
        return late[0], late[1], gate.width

    first, second, width = run(main)
    assert first <= 300  # at a width of 128 it would be 80 of 128
    assert second <= 80
    assert 16 <= width <= 64
