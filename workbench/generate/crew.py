"""The workers of a run: so many as people want requests under way, each asking one request after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from workbench.generate import repairing
from workbench.generate.asking import Asker, Found, Stopped
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import Recorder
from workbench.store.answers import Asked

#: An in-process model has no requests in flight; answers wait for their commit up to this many.
IN_PROCESS = 512
#: Requests that are planned, and looked up in the cache, together.
AHEAD = 64
#: Seconds between two looks at how many are wanted.
LOOK = 0.05


class Crew:
    """Workers that share one iterator of requests; their number follows ``width`` while they work. For one event loop.

    A worker holds a slot from the question to the commit of its answer, so that a kill repeats at most as many requests
    as there are slots.
    """

    def __init__(self, asker: Asker, plan: Plan, recorder: Recorder, width: Callable[[], int]) -> None:
        self._asker, self._plan, self._recorder, self._width = asker, plan, recorder, width
        self._slots = IN_PROCESS if asker.in_process else width()
        asker.slots = asyncio.Semaphore(self._slots)

    async def work(self, planned: Iterable[Planned]) -> None:
        """Ask them all. When the run stops, requests under way are waited for; raises what a worker met by mistake."""
        requests = self._found(planned)
        if self._asker.in_process:
            await self._work(requests, lambda: False)
        else:
            await self._together(requests)

    def _found(self, planned: Iterable[Planned]) -> Iterator[Found]:
        rest = iter(planned)
        while group := list(islice(rest, AHEAD)):
            yield from self._asker.find(group)

    def _wanted(self) -> int:
        """One worker for each request that may be under way, and some in place of those who wait to ask again."""
        return self._width() + min(self._asker.resting, self._width())

    async def _together(self, requests: Iterator[Found]) -> None:
        workers: set[asyncio.Task[bool]] = set()
        leaving = 0
        ended = False
        failure: BaseException | None = None

        def leave() -> bool:
            nonlocal leaving
            if len(workers) - leaving <= self._wanted():
                return False
            leaving += 1
            return True

        while workers or not ended:
            if not ended:
                self._widen()
                while len(workers) < self._wanted():
                    workers.add(asyncio.create_task(self._work(requests, leave)))
            done, workers = await asyncio.wait(workers, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (error := task.exception()) is not None:
                    failure = failure or error
                    self._asker.halt(Stopped(str(error)))
                elif not task.result():
                    leaving -= 1
                ended = ended or error is not None or task.result()
        if failure is not None:
            raise failure

    def _widen(self) -> None:
        """As many answers may wait for their commit as requests may be under way."""
        for _ in range(self._width() - self._slots):
            self._asker.slots.release()
        self._slots = max(self._slots, self._width())

    async def _work(self, requests: Iterator[Found], leave: Callable[[], bool]) -> bool:
        """Ask one request after another. True when there are no more (or the run stops), False when fewer are wanted at once."""
        asker = self._asker
        for found in requests:
            try:
                await asker.take_slot()
                asked = await asker.ask(found)
                if found.planned.request.schema is not None:
                    asked = await repairing.readable(asker, self._plan, found, asked, self._keep)
            except Stopped as stop:
                asker.halt(stop)
                return True
            self._recorder.put(asked)
            if leave():
                return False
        return True

    async def _keep(self, asked: Asked) -> None:
        """Wait until an answer is durable that no request shows yet."""
        loop = asyncio.get_running_loop()
        kept = loop.create_future()

        def durable() -> None:
            if not kept.done():
                kept.set_result(None)

        self._recorder.keep(asked, lambda: loop.call_soon_threadsafe(durable))
        await self._asker.pause(kept)
