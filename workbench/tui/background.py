"""The app's two threads: one writes (durably, in the order asked), one reads what takes longer than a frame."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import WorkbenchError
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.tui import watch

if TYPE_CHECKING:
    from textual.app import App

    Base = App[None]
else:
    Base = object

R = TypeVar("R")

#: Seconds between two sums over all answers, and between two looks for jobs whose process is gone.
COST_PERIOD = 3.0
#: Kilobytes of the database that each of the screen's threads keeps in memory.
KEPT = 3_000


class Worker:
    """One thread with one store of its own, opened on first use."""

    def __init__(self, name: str, open_store: Callable[[], Store]) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._open = open_store
        self._store: Store | None = None
        self._asked: set[Future[Any]] = set()

    def submit(self, work: Callable[[Store], R]) -> asyncio.Future[R]:
        def run() -> R:
            if self._store is None:
                self._store = self._open()
                self._store.keep(KEPT)
            return work(self._store)

        asked = self._pool.submit(run)
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return asyncio.wrap_future(asked)

    def close(self, *, wait: bool) -> None:
        """What was asked is done first when ``wait``. The thread closes its store itself: it may be in the middle of a read."""
        if not wait:
            for asked in list(self._asked):
                asked.cancel()
        with suppress(RuntimeError):  # closed before, on a hangup
            self._pool.submit(self._close_store)
        self._pool.shutdown(wait=wait)

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()


class Background(Base):
    """The part of the app that works in threads."""

    _writer: Worker | None = None
    _reader: Worker | None = None
    _cost_at = float("-inf")
    _cost_running = False

    def start_background(self, open_store: Callable[..., Store]) -> None:
        self._writer = Worker("writer", lambda: open_store(durable=True))
        self._reader = Worker("reader", lambda: open_store(durable=False))

    def stop_background(self) -> None:
        for worker in (self._writer, self._reader):
            if worker is not None:
                worker.close(wait=worker is self._writer)

    async def in_writer(self, work: Callable[[Store], R]) -> R:
        """``work(store)`` in the writing thread; returns when it is durable."""
        assert self._writer is not None
        return await self._writer.submit(work)

    async def in_reader(self, work: Callable[[Store], R]) -> R:
        """``work(store)`` in the reading thread."""
        assert self._reader is not None
        return await self._reader.submit(work)

    def refresh_cost(self) -> None:
        """Sum the cost anew in the reading thread, at most every few seconds."""
        if not self._cost_running and monotonic() - self._cost_at > COST_PERIOD:
            self._cost_running = True
            self.run_worker(self._read_cost(), exit_on_error=False)

    async def _read_cost(self) -> None:
        try:
            overview = self.overview  # type: ignore[attr-defined]
            overview.cost, overview.unpriced = await self.in_reader(watch.cost)
            if overview.jobs:
                await self.in_reader(jobs.mark_interrupted)
            self.refresh_frame()  # type: ignore[attr-defined]
        except WorkbenchError as error:
            self.fail(error)  # type: ignore[attr-defined]
        finally:
            self._cost_at, self._cost_running = monotonic(), False

    def leave_on_hangup(self) -> None:
        """A closed terminal or line: finish what is being written, remember the place, go. Jobs go on by themselves."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):  # signals are heard in the main thread alone
            loop.add_signal_handler(signal.SIGHUP, self._hangup, 128 + signal.SIGHUP)
            loop.add_signal_handler(signal.SIGTERM, self._hangup, 128 + signal.SIGTERM)

    def _hangup(self, status: int) -> None:
        leaving = getattr(self.screen_stack[0] if self.screen_stack else None, "leaving", None)
        if leaving is not None:
            with suppress(WorkbenchError):
                leaving()
        self.stop_background()
        if status == 128 + signal.SIGHUP:
            os._exit(status)  # there is no terminal left to restore, and writing to it would hang or fail
        self.exit(return_code=status)
