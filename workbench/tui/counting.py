"""Counting what views hold, in a thread that stops when nobody listens any more. No widgets here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from workbench.errors import WorkbenchError
from workbench.store import views
from workbench.store.connection import Store
from workbench.store.views import View

T = TypeVar("T")

#: Seconds between two words of a count.
PERIOD = 0.3


@dataclass(frozen=True, slots=True)
class Count:
    """``number`` samples so far, after a ``share`` (0 to 1) has been looked at; ``finished``: these are all."""

    number: int
    share: float
    finished: bool

    def __str__(self) -> str:
        return f"{self.number:,}" if self.finished else f"{self.number:,}+ …"

    def told(self, what: str = "") -> str:
        """The count in words: what is not known yet is never shown as the total."""
        if self.finished:
            return f"{self.number:,} sample{'' if self.number == 1 else 's'}{what}"
        return f"{self.number:,}+ samples{what} … counted to {self.share:.0%}"


def steps(store: Store, view: View) -> Iterator[Count]:
    """The count as it grows; the last one is finished."""
    quick = views.quick_count(store, view)
    number, high = 0, max(1, views.high_water(store))
    if quick is None:
        for number, reached in views.counting(store, view):
            yield Count(number, reached / high, False)
    yield Count(number if quick is None else quick, 1.0, True)


async def follow(store: Store, work: Callable[[Store], Iterator[T]]) -> AsyncIterator[T]:
    """What ``work`` yields in a thread with a store of its own: the newest some times a second, and the last.

    The thread ends soon after the iteration does.
    """
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[T | None, Exception | None, bool]]()
    stop = threading.Event()

    def put(value: T | None, error: Exception | None, last: bool) -> None:
        with suppress(RuntimeError):  # the loop is closed: the screen was left
            loop.call_soon_threadsafe(queue.put_nowait, (value, error, last))

    def run() -> None:
        newest: T | None = None
        told: T | None = None
        said = 0.0
        try:
            with store.clone(durable=False) as own, views.interruptible(own, stop.is_set):
                for newest in work(own):
                    if stop.is_set():
                        return
                    if monotonic() - said >= PERIOD:
                        said, told = monotonic(), newest
                        put(newest, None, False)
            put(None if told is newest else newest, None, True)
        except views.Stopped:
            return
        except WorkbenchError as error:
            put(None, error, True)

    threading.Thread(target=run, name="count", daemon=True).start()
    try:
        while True:
            value, error, last = await queue.get()
            if error is not None:
                raise error
            if value is not None:
                yield value
            if last:
                return
    finally:
        stop.set()


async def counted(store: Store, view: View) -> AsyncIterator[Count]:
    """How many samples a view holds, as it is counted."""
    async for count in follow(store, lambda own: steps(own, view)):
        yield count
