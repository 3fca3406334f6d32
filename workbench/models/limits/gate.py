"""All limits of one endpoint in one place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from workbench.models.limits.buckets import Bucket
from workbench.models.limits.concurrency import Width
from workbench.models.limits.pace import Pace


class Gate:
    """When a request may be sent to one endpoint: pace, requests and tokens per minute, and how many at once.

    ``await turn(tokens)`` before every request, those asked again included; it counts the request as under way. Exactly
    one of ``ok``, ``limited``, ``timed_out``, ``failed`` and ``dropped`` ends it. ``latency`` is in seconds, since
    ``turn`` returned. Turns are given in the order in which they were asked for. For one event loop.

    ``concurrency`` is the most that may be under way; it may be set while the gate is used. Limits per minute are None
    where there are none.
    """

    FEWER = "a slow or refusing endpoint: fewer at once"
    NAP = 0.05  # seconds: waits are cut to it, so that a limit that has changed meanwhile is noticed

    def __init__(
        self,
        *,
        concurrency: int,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.flying = 0
        self.pace = Pace(clock=clock)
        self._clock = clock
        self._width = Width(max(1, concurrency))
        self._requests = None if requests_per_minute is None else Bucket(requests_per_minute, clock=clock)
        self._tokens = None if tokens_per_minute is None else Bucket(tokens_per_minute, clock=clock)
        self._reserved = 0.0  # tokens, of all that are under way
        self._lock = asyncio.Lock()
        self._landed = asyncio.Event()
        self._why = ""
        self._queue = 0

    @property
    def concurrency(self) -> int:
        """The most requests that people want under way at once."""
        return self._width.wished

    @concurrency.setter
    def concurrency(self, wished: int) -> None:
        self._width.wished = max(1, wished)
        self._landed.set()

    @property
    def width(self) -> int:
        """The most requests that may be under way now: ``concurrency``, or less while the endpoint cannot bear it."""
        return self._width.now

    @property
    def load(self) -> float:
        """For choosing the endpoint that has least to do: (under way + waiting for a turn) / ``width``, and 1 more while a
        limit holds turns up."""
        return (self.flying + self._queue) / self.width + (1.0 if self._why or self.pace.probing else 0.0)

    @property
    def waiting(self) -> str:
        """Which limit holds turns up, in words for people; empty when none does, or only ``concurrency``."""
        return self._why

    async def turn(self, tokens: int = 0) -> None:
        """Wait until a request of about ``tokens`` (in and out together) may be sent, and count it as under way.

        Cancelling the wait leaves no trace.
        """
        if self._lock.locked() or not self._try(tokens):
            self._queue += 1
            try:
                async with self._lock:
                    while not self._try(tokens):
                        await self._nap()
            finally:
                self._queue -= 1
                if not self._queue:
                    self._why = ""
        self.flying += 1
        self._reserved += tokens

    def ok(self, latency: float, tokens_used: int) -> None:
        """An answer, which used ``tokens_used`` (in and out together)."""
        self._width.ok(self._clock(), latency, self.flying)
        self._land(tokens_used)
        self.pace.ok(latency)

    def limited(self, retry_after: float | None, latency: float) -> None:
        """A 429, with the seconds that the endpoint asks to wait, if it says so."""
        self._width.limited(self._clock(), latency)
        self._land(0)
        self.pace.limited(retry_after, latency)

    def timed_out(self, latency: float) -> None:
        """No answer in time. Whether its tokens were used is unknown: they stay counted."""
        self._width.timed_out(self._clock(), latency)
        self._land(None)
        self.pace.ok(latency)

    def failed(self, latency: float) -> None:
        """Another error: the request was let in, so no limit was met."""
        self._width.ok(self._clock(), latency, self.flying)
        self._land(None)
        self.pace.ok(latency)

    def dropped(self) -> None:
        """Cancelled on this side: nothing is learnt from it."""
        self._land(None)

    def _land(self, used: int | None) -> None:
        """One request less under way. The tokens of all that are under way are known, each one's are not: each gives back
        the mean of them, so that all together give back what all together took. ``used`` None: as much as estimated."""
        estimated = self._reserved / self.flying
        self.flying -= 1
        self._reserved = self._reserved - estimated if self.flying else 0.0
        if self._tokens is not None and used is not None:
            self._tokens.correct(estimated, used)
        self._landed.set()

    def _try(self, tokens: int) -> bool:
        """Take the turn if nothing stands against it; else note why, and for how many seconds."""
        self._wait = 0.0
        if self.flying >= self.width:
            # The limit that people set is no news to them.
            self._why, self._wait = self.FEWER if self.width < self.concurrency else "", self.NAP
            return False
        if self._requests is not None and (wait := self._requests.wait(1)) > 0:
            self._why, self._wait = "requests per minute", wait
            return False
        if self._tokens is not None and (wait := self._tokens.wait(tokens)) > 0:
            self._why, self._wait = "tokens per minute", wait
            return False
        if (wait := self.pace.take()) > 0:
            self._why, self._wait = "rate limit" if self.pace.met else "", wait
            return False
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(tokens)
        return True

    async def _nap(self) -> None:
        if self.flying < self.width:
            await asyncio.sleep(min(self._wait, self.NAP))
            return
        self._landed.clear()
        await self._landed.wait()
