"""A wave through the endpoint's batches: the same requests at its own pace, usually at half the price.

One pass looks at the batches that are under way, collects those that have ended, hands in what is missing, and ends: the
job's process ends with it and waits for nobody (``Waiting``). The next pass may come days later, in another process.

What goes where. A request is asked by batch the first time, and again by batch when its batch expired or was cancelled
before its turn: it was never asked, and the price holds. A line that failed, and a late wave of a few replacements, are
asked request by request when there are at most ``FEW`` of them: another day for a handful costs a person more than the
saving. So are repairs of unreadable answers: each is a new request that depends on the answer before. And so is the very
first request of a series: it learns which parameters and which form of structured answers the endpoint takes, before a
day is spent on thousands of lines that are all refused for the same word.

What must hold at every kill: a batch's row is there before the endpoint hears of it, and its batch is looked for by our
name before it is made again, so that nothing is paid twice; a batch is closed only when all its answers are committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from workbench.generate.asking import Asker, Stopped
from workbench.generate.collecting import Collector, Progress, Todo
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import Recorder
from workbench.generate.submitting import Submitter, counts
from workbench.models.base import BadRequest, ModelError, RateLimited, Transient
from workbench.models.batch import ENDED, MOST_REQUESTS, BatchClient, Remote
from workbench.models.limits import Prices
from workbench.store import batches, ledger
from workbench.store.batches import Batch
from workbench.store.connection import Store

#: So many requests are rather asked one by one than wait for another batch.
FEW = 50
#: After so many completed batches without an answer to it, a request is asked by itself, which finds out what is wrong.
ROUNDS = 3
#: So many batches in a row without one answer are not followed by another.
BARREN = 3
#: Looks at a completed batch whose results have not appeared yet, before it is taken to have none.
LATE = 5
#: Looks at cancelled batches before the process ends, and seconds between them; the endpoint may take minutes.
LOOKS, BETWEEN = 6, 1.0


class Waiting(Stopped):
    """Batches are under way: nothing can be done until the endpoint has gone on."""


class Batches:
    """Asks waves of one series through ``client``'s batches. ``prices`` are those of a request in a batch, ``limits`` those
    that people want now, ``cancelled`` whether they want the job to stop; ``note`` hears what is being done.

    For one event loop.
    """

    def __init__(
        self,
        store: Store,
        client: BatchClient,
        *,
        series_id: int,
        job_id: int,
        asker: Asker,
        prices: Prices,
        limits: Callable[[], Mapping[str, Any]],
        cancelled: Callable[[], bool],
        note: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._store, self._client, self._asker, self._prices = store, client, asker, prices
        self._series, self._job = series_id, job_id
        self._cancelled, self._note = cancelled, note
        self._flow = Progress()
        self._submitter = Submitter(
            store,
            client,
            self._flow,
            series_id=series_id,
            job_id=job_id,
            asker=asker,
            prices=prices,
            limits=limits,
            cancelled=cancelled,
            note=note,
        )

    def committed(self, count: int) -> int:
        """So many answers are durable (0: the recorder met an error); returns how many of them were not from batches."""
        return self._flow.committed(count)

    async def run(
        self, plan: Plan, wave: ledger.Wave, missing: Sequence[int], at: Callable[[int], Planned], recorder: Recorder
    ) -> list[int]:
        """One pass over a wave whose places ``missing`` are not recorded; ``at`` plans the request at a place.

        Returns the places that are to be asked request by request; then another pass is due, unless there are none.
        Raises ``Waiting`` when batches are under way, ``Stopped`` when a person cancelled, the budget does not allow it, or
        the endpoint refused.
        """
        self._flow.begin(recorder)
        todo = Todo(wave, missing)
        collector = Collector(
            self._store, self._client, plan, at, recorder, self._flow, self._asker, self._prices, todo
        )
        try:
            left = await self._pass(plan, wave, todo, at, recorder, collector)
            await self._flow.settled()
            return left
        except (Transient, RateLimited) as error:
            # The endpoint is away or busy: its batches go on without us.
            if not self._pending():
                raise Stopped(str(error)) from error
            raise Waiting(self._said(wave, str(error))) from error
        except ModelError as error:
            raise Stopped(str(error)) from error
        finally:
            await self._client.close()

    async def _pass(
        self,
        plan: Plan,
        wave: ledger.Wave,
        todo: Todo,
        at: Callable[[int], Planned],
        recorder: Recorder,
        collector: Collector,
    ) -> list[int]:
        await self._unless_cancelled(wave, collector)
        await self._recover()
        await self._look(collector)
        await self._unless_cancelled(wave, collector)
        for batch in self._pending():
            todo.busy(batches.ordinals(self._store, batch))
        rows = self._of(wave)
        for batch in rows:
            if batch.state == "closed" and batch.details.get("status") == "completed":
                todo.tried(batches.ordinals(self._store, batch))
        fresh = todo.count(0)
        if not rows and wave.number == 0 and fresh == wave.size > 1:
            await self._submitter.check()
            return [wave.start]
        left: list[int] = []
        most = self._room(rows)
        if fresh and fresh <= FEW and self._late(plan, rows):
            left += todo.places(0)
        elif fresh and most:
            left += await self._submitter.submit(todo.places(0), wave, plan, at, recorder, most)
        if not self._pending():
            left += todo.places(ROUNDS, None)
            again = todo.count(1, ROUNDS - 1)
            if again <= FEW:
                left += todo.places(1, ROUNDS - 1)
            elif most:
                left += await self._submitter.submit(todo.places(1, ROUNDS - 1), wave, plan, at, recorder, most)
        await self._unless_cancelled(wave, collector)
        if self._pending():
            raise Waiting(self._said(wave))
        return sorted(left)

    async def _unless_cancelled(self, wave: ledger.Wave, collector: Collector) -> None:
        if self._asker.stop is not None and not self._cancelled():
            raise self._asker.stop
        if self._cancelled():
            await self._give_up(wave, collector)

    def _late(self, plan: Plan, rows: list[Batch]) -> bool:
        """Whether this wave only replaces what earlier batches of the job left without a sample."""
        if plan.feedback or rows:
            return False
        return any(one.job_id == self._job for one in batches.of_series(self._store, self._series))

    def _room(self, rows: list[Batch]) -> int:
        """Requests that the next batch may have; 0 while there is room only when one under way has ended."""
        closed = [one for one in rows if one.state == "closed"]
        if not closed or not closed[-1].details.get("full"):
            return MOST_REQUESTS
        return 0 if self._pending() else max(FEW, int(closed[-1].details.get("requests", 0)) // 2)

    def _pending(self) -> list[Batch]:
        return batches.of_series(self._store, self._series, pending=True)

    def _of(self, wave: ledger.Wave) -> list[Batch]:
        return [one for one in batches.of_series(self._store, self._series) if one.details.get("wave") == wave.number]

    async def _recover(self, *, make: bool = True) -> None:
        """Batches that a kill left half made: those never sent are forgotten, the others are looked for by name, and made
        if they are wanted and not there."""
        for batch in self._pending():
            if batch.endpoint != self._client.host:
                raise Stopped(
                    f"{batch.details.get('requests', 0):,} requests of this recipe are in a batch at {batch.endpoint}, but "
                    f"now {self._client.host} is asked: set model.base_url back to collect them."
                )
            if batch.state == "new":
                batches.remove(self._store, batch)
            elif batch.state == "uploaded" and make:
                await self._submitter.make(batch, fresh=False)
            elif batch.state == "uploaded":
                remote = await self._submitter.found(batch)
                if remote is None:
                    batches.change(self._store, batch, state="closed", details={"status": "not made"})
                else:
                    self._submitter.opened(batch, remote)

    async def _look(self, collector: Collector) -> None:
        """Ask how each batch gets on; collect those that have ended."""
        for batch in self._pending():
            try:
                remote = await self._client.get(str(batch.remote))
            except BadRequest as error:
                raise Stopped(
                    f"{self._client.host} no longer knows the batch {batch.remote} ({error.reason}): check that the key is of "
                    "the same account and project; or cancel this job, which gives the batch up, and resume it."
                ) from error
            await self._seen(batch, remote, collector)

    async def _seen(self, batch: Batch, remote: Remote, collector: Collector) -> None:
        """Write down how a batch gets on; collect it when it has ended, and only then close its row."""
        batch = batches.change(self._store, batch, looked=True, details=counts(remote))
        if remote.status not in ENDED:
            return
        late = int(batch.details.get("late", 0)) + 1
        empty = remote.output_file is None and remote.error_file is None
        if remote.status == "completed" and empty and remote.total and late < LATE:
            batches.change(self._store, batch, details={"late": late})
            return
        self._note("collecting a batch")
        await collector.collect(batch, remote)
        self._close(batch, remote, collector)

    def _close(self, batch: Batch, remote: Remote, collector: Collector) -> None:
        """All answers of a batch are committed: close its row, then say what must be said about it."""
        host, answered, requests = self._client.host, collector.answered, int(batch.details.get("requests", 0))
        full = remote.status == "failed" and "limit" in remote.code
        batches.change(self._store, batch, state="closed", details={"answered": answered, "full": full})
        if collector.fatal is not None:
            raise Stopped(str(collector.fatal))
        if full and (requests > FEW or self._pending()):
            collector.log("warning", f"{host} has no room for a batch of {requests:,} requests: {remote.words}")
            return
        if remote.status == "failed":
            raise Stopped(f"{host} refused a batch of {requests:,} requests: {remote.words or 'it does not say why'}.")
        if remote.status != "completed":
            collector.log(
                "warning",
                f"batch {remote.id} is {remote.status}: {answered:,} of its {requests:,} requests have an answer, and keep it",
            )
        self._stop_if_barren()

    def _stop_if_barren(self) -> None:
        last = [one for one in batches.of_series(self._store, self._series) if one.state == "closed"][-BARREN:]
        if len(last) < BARREN or any(one.details.get("answered") or one.details.get("told") for one in last):
            return
        for one in last:
            batches.change(self._store, one, details={"told": True})
        raise Stopped(
            f"{BARREN} batches in a row at {self._client.host} ended without one answer (the last is "
            f"{last[-1].details.get('status')}): resume the job later, or leave --batch out."
        )

    async def _give_up(self, wave: ledger.Wave, collector: Collector) -> None:
        """Cancel what is under way and keep what it answered.

        Raises ``Stopped`` when that is done, ``Waiting`` while the endpoint is still at it.
        """
        await self._recover(make=False)
        for batch in self._pending():
            await self._look_once(batch, collector)
        for batch in self._pending():
            with suppress(BadRequest):  # it has just ended
                remote = await self._client.cancel(str(batch.remote))
                batches.change(self._store, batch, looked=True, details=counts(remote))
        for left in reversed(range(LOOKS)):
            for batch in self._pending():
                await self._look_once(batch, collector)
            if not self._pending():
                raise Stopped("Cancelled.")
            if left:
                await asyncio.sleep(BETWEEN)
        raise Waiting(self._said(wave, "being cancelled, what they answered is kept"))

    async def _look_once(self, batch: Batch, collector: Collector) -> None:
        """Like a look, but for a batch that nobody waits for any more."""
        try:
            await self._seen(batch, await self._client.get(str(batch.remote)), collector)
        except BadRequest as error:
            collector.log("warning", f"batch {batch.remote} is given up: {error}")
            batches.change(self._store, batch, state="closed", details={"status": "lost"})
        except Stopped as stop:
            collector.log("warning", str(stop))

    def _said(self, wave: ledger.Wave, more: str = "") -> str:
        """How the batches get on: "batch 3 of 3: 1,200 of 2,000 answered; looked 14:02" (local time)."""
        rows = self._of(wave)
        pending = [(number, one) for number, one in enumerate(rows, 1) if one.state != "closed"]
        which = f"batch {pending[0][0]:,} of {len(rows):,}" if len(pending) == 1 else f"{len(pending):,} batches"
        answered = sum(int(one.details.get("completed", 0)) for _, one in pending)
        total = sum(int(one.details.get("requests", 0)) for _, one in pending)
        told = f"{which}: {answered:,} of {total:,} answered; looked {datetime.now():%H:%M}"
        return f"{told}; {more}" if more else told
