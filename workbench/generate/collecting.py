"""Reading what batches answered, as it arrives: every line is checked against the request it claims to answer.

Results come in any order, may be there twice and may name what was never asked. Collecting can be cut off anywhere: what
is committed is known by its place in the series, the rest is read again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator

from workbench.generate.asked import asked_of
from workbench.generate.asking import Asker, Found, Stopped
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import Recorder
from workbench.models.base import Answer, BadRequest, Fatal, ModelError, RateLimited, Transient
from workbench.models.batch import BatchClient, Line, Remote, route_of
from workbench.models.limits import Prices, Usage
from workbench.models.refusals import Route
from workbench.store import answers, batches, ledger
from workbench.store.answers import Asked
from workbench.store.batches import Batch
from workbench.store.connection import Store

#: Answers that may wait for their commit while more are read.
AHEAD = 512
#: Unreadable answers that are kept together.
TOGETHER = 64
#: Tries to read a results file to its end, and seconds before the second.
TRIES, WAIT = 4, 0.5
#: Hex digits of a request's key in its custom_id, which may have 64 characters.
DIGITS = 24
_CUSTOM_ID = re.compile(r"r(\d{1,18})-([0-9a-f]{24})")
#: How a place of a wave stands: below these two, the number of completed batches that did not answer it.
_BUSY, _DONE = 254, 255


def custom_id(ordinal: int, key: str) -> str:
    """The name of a request in a batch: its place, and enough of its key to tell that it is the same request."""
    return f"r{ordinal}-{key[:DIGITS]}"


class Todo:
    """How the places of one wave stand, a byte each."""

    def __init__(self, wave: ledger.Wave, missing: Iterable[int]) -> None:
        self._start, self._size = wave.start, wave.size
        self._how = bytearray([_DONE]) * wave.size
        for place in missing:
            self._how[place - wave.start] = 0

    def missing(self, place: int) -> bool:
        return 0 <= place - self._start < self._size and self._how[place - self._start] != _DONE

    def done(self, place: int) -> None:
        self._how[place - self._start] = _DONE

    def busy(self, places: Iterable[int]) -> None:
        """These are in a batch that is under way."""
        for place in places:
            if self.missing(place):
                self._how[place - self._start] = _BUSY

    def tried(self, places: Iterable[int]) -> None:
        """These were in a batch that is completed."""
        for place in places:
            if self.missing(place) and self._how[place - self._start] < _BUSY - 1:
                self._how[place - self._start] += 1

    def places(self, low: int, high: int | None = None) -> Iterator[int]:
        """Those that ``low`` to ``high`` completed batches did not answer, and that are in none now."""
        high = low if high is None else min(high, _BUSY - 1)
        return (self._start + n for n, how in enumerate(self._how) if low <= how <= high)

    def count(self, low: int, high: int | None = None) -> int:
        return sum(1 for _ in self.places(low, high))


class Progress:
    """Answers on their way into the ledger: at most ``AHEAD`` wait for their commit. For one event loop."""

    def __init__(self) -> None:
        self._under = 0
        self._moved = asyncio.Event()
        self._recorder: Recorder | None = None

    def begin(self, recorder: Recorder) -> None:
        self._recorder, self._under = recorder, 0

    async def put(self, asked: Asked) -> None:
        """Hand an answer to the recorder; raises ``Stopped`` when it cannot write."""
        assert self._recorder is not None
        await self._until(AHEAD - 1)
        self._under += 1
        self._recorder.put(asked)

    def committed(self, count: int) -> int:
        """So many are durable, 0 when the recorder met an error; returns how many of them did not come from here."""
        mine = min(count, self._under)
        self._under -= mine
        self._moved.set()
        return count - mine

    async def settled(self) -> None:
        """Wait until all are durable; raises ``Stopped`` when they will never be."""
        await self._until(0)

    async def _until(self, most: int) -> None:
        while self._under > most:
            if self._recorder is not None and self._recorder.error is not None:
                raise Stopped(str(self._recorder.error))
            self._moved.clear()
            await self._moved.wait()


class Collector:
    """Collects batches of one wave. ``answered`` and ``fatal`` are about the last one: how many of its requests have an
    answer, and what no request of the run would survive (no credit, say)."""

    def __init__(
        self,
        store: Store,
        client: BatchClient,
        plan: Plan,
        at: Callable[[int], Planned],
        recorder: Recorder,
        flow: Progress,
        asker: Asker,
        prices: Prices,
        todo: Todo,
    ) -> None:
        self._store, self._client, self._plan, self._at = store, client, plan, at
        self._recorder, self._flow, self._asker, self._prices, self._todo = recorder, flow, asker, prices, todo
        self.fatal: ModelError | None = None
        self._unreadable: list[Asked] = []
        self._answered: set[int] = set()
        self._strange = 0

    @property
    def answered(self) -> int:
        return len(self._answered)

    def log(self, level: str, message: str) -> None:
        self._recorder.note(level, message)

    async def collect(self, batch: Batch, remote: Remote) -> None:
        """Bring everything that a batch answered into the ledger; when this returns, all of it is committed.

        Raises ``Transient`` when a results file cannot be read to its end, ``Stopped`` when the ledger cannot be written.
        """
        self.fatal, self._answered, self._strange = None, set(), 0
        mine, seen = frozenset(batches.ordinals(self._store, batch)), set[int]()
        for file in (remote.output_file, remote.error_file):
            if file is not None:
                seen = await self._read(file, route_of(str(batch.details.get("url"))), mine, seen, remote)
        self._keep()
        await self._flow.settled()
        if self._strange:
            self.log(
                "warning",
                f"batch {remote.id}: {self._strange:,} lines of its results answer no request of it, or one that has an "
                "answer; they are left out",
            )

    async def _read(self, file: str, route: Route, mine: frozenset[int], before: set[int], remote: Remote) -> set[int]:
        """Read one results file; returns the places that are decided, those of ``before`` included."""
        wait, strange = WAIT, self._strange
        for left in reversed(range(TRIES)):
            seen, self._strange = set(before), strange
            try:
                async for line in self._client.lines(file, route):
                    await self._line(line, mine, seen)
            except BadRequest as error:
                self.log("warning", f"batch {remote.id}: its results are gone ({error.reason})")
            except (Transient, RateLimited):
                if not left:
                    raise
                await asyncio.sleep(wait)
                wait *= 2
                continue
            break
        return seen

    async def _line(self, line: Line | None, mine: frozenset[int], seen: set[int]) -> None:
        named = None if line is None else _CUSTOM_ID.fullmatch(line.custom_id)
        ordinal = int(named[1]) if named else -1
        if line is None or named is None or ordinal not in mine or ordinal in seen:
            self._strange += 1
            return
        if not self._todo.missing(ordinal):  # it was recorded before collecting was cut off
            seen.add(ordinal)
            if line.answer is not None:
                self._answered.add(ordinal)
            return
        (found,) = self._asker.find([self._at(ordinal)])
        if found.key[:DIGITS] != named[2]:
            self._strange += 1
        elif line.answer is None:
            await self._failed(found, line, seen)
        else:
            seen.add(ordinal)
            await self._answer(found, line.answer)

    async def _answer(self, found: Found, answer: Answer) -> None:
        ordinal = found.planned.ordinal
        self._answered.add(ordinal)
        cost = self._prices.cost(answer.input_tokens, answer.output_tokens)
        used = Usage(1, answer.input_tokens, answer.output_tokens, cost)
        asked = asked_of(found.planned, found.key, 1, answer=answer, cost=cost)
        if readable(self._plan, found.planned, answer):
            self._todo.done(ordinal)
            self._asker.purse.spent += used
            await self._flow.put(asked)
        elif found.known is None:
            self._asker.purse.paid(used)
            self._unreadable.append(asked)
            if len(self._unreadable) >= TOGETHER:
                self._keep()

    async def _failed(self, found: Found, line: Line, seen: set[int]) -> None:
        """A line without an answer: refused for good, or to be asked again."""
        error = line.error
        if isinstance(error, Fatal):
            self.fatal = error
        elif isinstance(error, BadRequest):
            seen.add(found.planned.ordinal)
            self.log("warning", f"request {found.planned.ordinal}: {error}")
            self._todo.done(found.planned.ordinal)
            await self._flow.put(asked_of(found.planned, found.key, 1, failure=error))
        elif not line.expired:
            self._asker.tally.retried += 1

    def _keep(self) -> None:
        """Keep unreadable answers under their keys: whoever asks for them next finds them, and sends the repair."""
        unreadable, self._unreadable = self._unreadable, []
        if unreadable:
            with self._store.write() as connection:
                answers.keep_answers(connection, unreadable)


def readable(plan: Plan, planned: Planned, answer: Answer) -> bool:
    """Whether an answer can be used as it is, or could not be mended by another request either."""
    request = planned.request
    return request.schema is None or plan.unreadable(answer, request.conditions) is None
