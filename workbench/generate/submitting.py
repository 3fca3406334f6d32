"""Handing requests in as batches: input files within the endpoint's limits and the budget, each paid for once at most."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from array import array
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from workbench.generate.asked import asked_of, known_of
from workbench.generate.asking import Asker, Found, Stopped
from workbench.generate.collecting import Progress, custom_id, readable
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import Recorder
from workbench.models.base import BadRequest, Fatal, ModelError, RateLimited, Transient
from workbench.models.batch import MOST_BYTES, MOST_REQUESTS, BatchClient, Remote
from workbench.models.limits import Budget, Prices, Usage
from workbench.store import batches, ledger
from workbench.store.batches import Batch
from workbench.store.connection import Store, new_uuid

#: Requests that are planned, and looked up in the cache, together.
AHEAD = 64
#: Seconds before a batch was written down from which its endpoint's list is searched: clocks differ.
EARLIER = 2 * 86_400.0
#: Tries to create a batch, and seconds before the second.
TRIES, WAIT = 4, 0.5
#: Seconds between two looks at whether people let a paused job go on.
LOOK = 0.2


class Submitter:
    """Hands requests of one series in. ``limits`` are those that people want now, ``prices`` those of a request in a batch."""

    def __init__(
        self,
        store: Store,
        client: BatchClient,
        flow: Progress,
        *,
        series_id: int,
        job_id: int,
        asker: Asker,
        prices: Prices,
        limits: Callable[[], Mapping[str, Any]],
        cancelled: Callable[[], bool],
        note: Callable[[str], None],
    ) -> None:
        self._store, self._client, self._flow, self._asker, self._prices = store, client, flow, asker, prices
        self._series, self._job = series_id, job_id
        self._limits, self._cancelled, self._note = limits, cancelled, note
        self._checked = False

    async def check(self) -> None:
        """Raises ``Fatal`` when the endpoint has no batches; asked once."""
        if not self._checked:
            await self._client.check()
            self._checked = True

    async def submit(
        self,
        places: Iterable[int],
        wave: ledger.Wave,
        plan: Plan,
        at: Callable[[int], Planned],
        recorder: Recorder,
        most: int = MOST_REQUESTS,
    ) -> list[int]:
        """Hand the requests at ``places`` in, as many batches as they need; what is cached is not sent.

        Returns the places whose kept answer needs a repair. Raises ``Stopped`` when the budget does not allow a batch, or
        the endpoint does not take it.
        """
        unreadable: list[int] = []
        found = self._found(places, at)
        while not await self._held():
            with tempfile.TemporaryFile(dir=self._store.project.locks) as content:
                made = InputFile(content, self._client, most)
                async for one in self._uncached(found, plan, unreadable):
                    try:
                        taken = made.add(one)
                    except BadRequest as error:
                        recorder.note("warning", f"request {one.planned.ordinal}: {error}")
                        await self._flow.put(asked_of(one.planned, one.key, 1, failure=error))
                        continue
                    if not taken:
                        found = itertools.chain([one], found)
                        break
                    made.worst = made.worst + self._worst(one)
                    if made.full:
                        break
                if not made.places or not self._affordable(made):
                    break
                try:
                    await self._send(made, wave)
                except BadRequest as error:
                    if error.reason != "http 413" or len(made.places) == 1:
                        raise
                    most = len(made.places) // 2  # some endpoints take smaller files than the largest provider
                    found = itertools.chain(self._found(made.places, at), found)
        return unreadable

    async def _held(self) -> bool:
        """Wait while the job is paused; True when it has been cancelled."""
        while self._asker.paused and not self._cancelled():
            await asyncio.sleep(LOOK)
        return self._cancelled()

    def _found(self, places: Iterable[int], at: Callable[[int], Planned]) -> Iterator[Found]:
        rest = iter(places)
        while chunk := list(itertools.islice(rest, AHEAD)):
            yield from self._asker.find([at(ordinal) for ordinal in chunk])

    async def _uncached(self, found: Iterator[Found], plan: Plan, unreadable: list[int]) -> AsyncIterator[Found]:
        """Those without an answer; what is there already is recorded on the way."""
        for number, one in enumerate(found):
            if not number % AHEAD:
                await asyncio.sleep(0)
            if one.known is None:
                yield one
                continue
            answer, cost = known_of(one.known), one.known.cost
            if readable(plan, one.planned, answer):
                await self._flow.put(asked_of(one.planned, one.key, 0, answer=answer, cost=cost, cached=True))
            else:
                unreadable.append(one.planned.ordinal)

    def _worst(self, found: Found) -> Usage:
        worst = self._asker.purse.worst(found.planned.request)
        cost = self._prices.cost(worst.input_tokens, worst.output_tokens)
        return Usage(1, worst.input_tokens, worst.output_tokens, cost)

    def _affordable(self, made: InputFile) -> bool:
        """Whether the budget allows a whole batch, beside those under way.

        False when it may once those have ended, for less than was feared; raises ``Stopped`` when none is under way.
        """
        pending = batches.of_series(self._store, self._series, pending=True)
        reserved = Usage()
        for one in pending:
            reserved = reserved + Usage(*one.details.get("worst", (0, 0, 0, 0.0)))
        limits, spent, worst = self._limits(), self._asker.purse.spent, made.worst
        money, requests, tokens = (limits.get(name) for name in ("budget", "requests", "tokens"))
        used = spent + reserved
        for budget, told in (
            (Budget(money=money), f"${money} (${spent.cost or 0:,.4f} spent)"),
            (Budget(requests=requests), f"{requests} requests ({spent.requests:,} used)"),
            (Budget(tokens=tokens), f"{tokens} tokens ({spent.input_tokens + spent.output_tokens:,} used)"),
        ):
            if budget.refuses(used, worst) is None:
                continue
            if pending:
                return False
            cost = "" if worst.cost is None else f" and cost ${worst.cost:,.4f}"
            raise Stopped(
                f"A batch of {worst.requests:,} requests may take {worst.input_tokens + worst.output_tokens:,} tokens{cost}, "
                f"which the budget of {told} does not allow: raise it, lower max_tokens, or ask for fewer samples at a time."
            )
        return True

    async def _send(self, made: InputFile, wave: ledger.Wave) -> None:
        await self.check()
        name = str(UUID(bytes=new_uuid()))
        worst = made.worst
        details = {
            "wave": wave.number,
            "requests": len(made.places),
            "url": made.url,
            "worst": [worst.requests, worst.input_tokens, worst.output_tokens, worst.cost],
        }
        self._note(f"handing in {len(made.places):,} requests")
        batch = batches.add(self._store, name, self._series, self._job, self._client.host, made.places, details)
        made.content.seek(0)
        try:
            file = await self._client.upload(name, made.content)
        except ModelError:
            batches.remove(self._store, batch)
            raise
        await self.make(batches.change(self._store, batch, state="uploaded", input_file=file), fresh=True)

    async def make(self, batch: Batch, *, fresh: bool) -> None:
        """Create the batch of an uploaded file; unless ``fresh``, the endpoint is first asked whether it has it already."""
        wait = WAIT
        for left in reversed(range(TRIES)):
            remote = None if fresh else await self.found(batch)
            try:
                url = str(batch.details.get("url"))
                remote = remote or await self._client.create(batch.name, batch.input_file or "", url)
            except (Transient, RateLimited):
                # It may have been made all the same: the next round looks before it asks again.
                if not left:
                    raise
                fresh = False
                await asyncio.sleep(wait)
                wait *= 2
            except (BadRequest, Fatal) as error:
                batches.change(self._store, batch, state="closed", details={"status": "refused", "words": str(error)})
                raise Stopped(f"{self._client.host} did not take a batch. {error}") from error
            else:
                self.opened(batch, remote)
                return

    async def found(self, batch: Batch) -> Remote | None:
        """What the endpoint has made of an uploaded file, if it has."""
        since = datetime.fromisoformat(batch.created_at).timestamp() - EARLIER
        return await self._client.find(batch.name, batch.input_file or "", since)

    def opened(self, batch: Batch, remote: Remote) -> None:
        """Write down that a batch exists."""
        batches.change(self._store, batch, state="open", remote=remote.id, details=counts(remote))


class InputFile:
    """One input file as it is written: its lines, the places they ask for, and what they may cost at the most."""

    def __init__(self, content: IO[bytes], client: BatchClient, most: int) -> None:
        self.content, self._client, self._most = content, client, most
        self.places: array[int] = array("q")
        self.worst = Usage()
        self.url = ""
        self._bytes = 0

    @property
    def full(self) -> bool:
        return len(self.places) >= self._most

    def add(self, found: Found) -> bool:
        """Add a request; False when it belongs into the next file. Raises ``BadRequest`` when it can be in none."""
        request = found.planned.request
        url = self._client.url(request)
        line = self._client.line(custom_id(found.planned.ordinal, found.key), request)
        if len(line) > MOST_BYTES:
            raise BadRequest("The request is longer than a batch may be.", reason="too long")
        if self.places and (url != self.url or self._bytes + len(line) > MOST_BYTES):
            return False
        self.url = url
        self.content.write(line)
        self._bytes += len(line)
        self.places.append(found.planned.ordinal)
        return True


def counts(remote: Remote) -> dict[str, Any]:
    """What a batch's row keeps of how it gets on."""
    return {
        "status": remote.status,
        "completed": remote.completed,
        "failed": remote.failed,
        **({"words": remote.words} if remote.words else {}),
    }
