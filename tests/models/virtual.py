"""An event loop whose clock jumps over sleeps, and an engine and servers small enough to reason about."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from workbench.models.limits import Gate


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when nothing is left to do, and then at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        really = self._selector.select  # type: ignore[attr-defined]

        def select(timeout: float | None = None) -> Any:
            if timeout:
                self.now += timeout
            return really(0)

        self._selector.select = select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


def run(main: Callable[[Callable[[], float]], Coroutine[Any, Any, Any]]) -> Any:
    """Run ``main(clock)`` in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop.time))
    finally:
        loop.close()


class Bucket:
    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, float(burst), 0.0

    def __call__(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Sliding:
    def __init__(self, most: int, seconds: float = 1.0) -> None:
        self.most, self.seconds, self.times = most, seconds, deque[float]()

    def __call__(self, now: float) -> bool:
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) >= self.most:
            return False
        self.times.append(now)
        return True


class Window:
    def __init__(self, most: int, seconds: float = 1.0, phase: float = 0.0) -> None:
        self.most, self.seconds, self.phase, self.window = most, seconds, phase, (-1, 0)

    def __call__(self, now: float) -> bool:
        second = int((now + self.phase) / self.seconds)
        used = self.window[1] if self.window[0] == second else 0
        self.window = (second, used + (used < self.most))
        return used < self.most


class Flaky:
    """Refuses a share at random, whatever the rate."""

    def __init__(self, share: float, seed: int = 0) -> None:
        self.share, self.random = share, random.Random(seed)

    def __call__(self, now: float) -> bool:
        return self.random.random() >= self.share


@dataclass
class Run:
    seconds: float
    answered: int
    wasted: int


def generate(
    admits: Callable[[float], bool],
    *,
    requests: int = 2000,
    workers: int = 64,
    latency: float = 0.05,
    retry_after: float | None = 1.0,
    work: float = 0.0,
    jitter: float = 0.0,
    seed: int = 0,
    **limits: Any,
) -> Run:
    """An engine of ``workers`` against a server: refused requests come back after Retry-After, before new ones.

    ``work`` is the mean of the seconds that server and client together compute for each request, one at a time;
    answers take up to 1 + ``jitter`` times ``latency``. ``limits`` are those of the ``Gate``.
    """
    chance = random.Random(seed)

    async def main(clock: Callable[[], float]) -> Run:
        gate = Gate(concurrency=workers, clock=clock, **limits)
        fresh, later = iter(range(requests)), list[tuple[float, int]]()
        left, wasted, busy = requests, 0, 0.0

        async def worker() -> None:
            nonlocal left, wasted, busy
            while left:
                item = heapq.heappop(later)[1] if later and later[0][0] <= clock() else next(fresh, -1)
                if item < 0:
                    await asyncio.sleep(0.01)
                    continue
                await gate.turn(100)
                sent = clock()
                busy = max(busy, sent) + work * chance.uniform(0.5, 1.5)
                await asyncio.sleep(busy - sent)
                if admits(clock()):
                    await asyncio.sleep(latency * (1 + jitter * chance.random()))
                    left -= 1
                    gate.ok(clock() - sent, 100)
                else:
                    await asyncio.sleep(0.002)
                    wasted += 1
                    heapq.heappush(later, (clock() + (retry_after or 0.2), item))
                    gate.limited(retry_after, clock() - sent)

        await asyncio.gather(*(worker() for _ in range(workers)))
        assert gate.flying == 0
        return Run(clock(), requests - left, wasted)

    result: Run = run(main)
    return result
