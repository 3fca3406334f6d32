"""The engine: asks the requests of a series, wave by wave, within limits, and never asks one twice.

Endpoints and the embedded model run through the same code. Requests under way are bounded; so are answers that are not
yet committed, by the same number, so that a kill repeats at most the requests in flight. Nothing grows with the number
of requests of a wave: they are planned, and looked up in the ledger, a few at a time.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.generate import anew
from workbench.generate.asking import Asker, Stopped
from workbench.generate.batching import Batches, Waiting
from workbench.generate.crew import Crew
from workbench.generate.lanes import Lane
from workbench.generate.parts import PREPARE, Pool, Setting
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import GATHER, Recorder
from workbench.generate.tally import Rate, Tally
from workbench.generate.waves import Memory, decided, gave_up
from workbench.models.base import Answer, Request
from workbench.models.batch import BatchClient
from workbench.models.limits import Prices, Usage
from workbench.recipe import Recipe
from workbench.store import answers, failures, jobs, ledger
from workbench.store.connection import Store

__all__ = ["Engine", "Lane", "Outcome", "Stopped", "Tally"]

#: A recipe that has asked this many times the wanted samples, and still lacks some, is not going to get there.
PATIENCE = 20
#: Nor is one that got nothing out of its last requests: so many, in at least two waves of at most ``CAUTIOUS`` each.
BARREN, CAUTIOUS = 64, 64
#: New samples after which who waits for them is told, and one in so many of all: whoever looks reads the old ones too.
ARRIVED, SHARE = 5_000, 5
#: Seconds between two looks at what people want, while the preparation asks.
LOOK = 0.3


@dataclass
class Outcome:
    """What ``Engine.run`` returns: ``kept`` samples in the series, and why it ended early if it did.

    ``waiting``: batches are under way; ``reason`` says how they get on.
    """

    kept: int
    reason: str | None = None
    cancelled: bool = False
    waiting: bool = False


@dataclass
class Engine:
    """One run of one series. ``name`` and ``group`` are the run's model in the cache, ``lanes`` the endpoints that answer for
    it (or the one model in this process).

    ``limits`` may change while it runs: ``concurrency`` on all lanes together, ``budget`` in dollars, ``requests``, ``tokens``,
    ``paused``. ``tally`` starts from what the job did before it was cut off, if it was.
    """

    store: Store
    series_id: int
    job_id: int
    recipe: Recipe
    setting: Setting
    name: str
    group: str
    lanes: Sequence[Lane]
    limits: dict[str, Any]
    model_parameters: dict[str, Any]
    log: Callable[[str, str], None] = lambda level, message: None
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.cancelled = False
        #: Called in a thread of its own whenever so many more samples are there; how many the project had before.
        self.arrived: Callable[[], object] | None = None
        self.present = 0
        self._told = self.tally.samples
        self.batches: Batches | None = None
        tally = self.tally
        # Every attempt that an endpoint let in: what a budget of requests counts.
        sent = tally.requests - tally.cached + tally.retried + tally.repaired
        self.asker = Asker(
            self.store,
            self.lanes,
            tally,
            name=self.name,
            group=self.group,
            seed=self.setting.seed,
            log=self.log,
            spent=Usage(sent, tally.input_tokens, tally.output_tokens, tally.cost),
            apart=bool(self.setting.models),
        )
        self.in_process = self.asker.in_process
        self._total: int | None = None
        self._kept = self._again = 0
        self._note = "starting"
        self._samples_before = tally.samples
        self._rate = Rate(tally.answers)
        self._started = time.monotonic()
        self._hears(self.limits)

    def by_batch(self, client: BatchClient, prices: Prices) -> None:
        """Ask the waves through an endpoint's batches, at ``prices``; ``run`` ends while they are under way."""
        self.batches = Batches(
            self.store,
            client,
            series_id=self.series_id,
            job_id=self.job_id,
            asker=self.asker,
            prices=prices,
            limits=lambda: self.limits,
            cancelled=lambda: self.cancelled,
            note=self._doing,
        )

    def _doing(self, note: str) -> None:
        self._note = note

    async def run(self, wanted: int) -> Outcome:
        """Ask until the series has ``wanted`` kept samples; an interrupted wave is continued first."""
        self._loop = asyncio.get_running_loop()
        self._total = wanted
        self._kept = ledger.kept(self.store, self.series_id)
        try:
            if self._complete(wanted):
                return Outcome(self._kept)
            await self._prepare()
            return await self._waves(wanted)
        except Waiting as waiting:
            return Outcome(ledger.kept(self.store, self.series_id), str(waiting), waiting=True)
        except Stopped as stop:
            return Outcome(ledger.kept(self.store, self.series_id), str(stop), self.cancelled)
        finally:
            await self._close()

    async def again(self, job_id: int, reasons: Sequence[str] | None = None) -> Outcome:
        """Ask the failed requests of a job of this series once more, each at its place; ``reasons`` None stands for all.

        One that was answered is a new draw; one that was not is the same request. For recipes whose later requests do not
        depend on what earlier ones gave.
        """
        self._loop = asyncio.get_running_loop()
        self._kept = ledger.kept(self.store, self.series_id)
        self._again = self.tally.requests + failures.count(self.store, job_id, reasons)
        try:
            await self._prepare()
            self._note = "asking again"
            plan = Plan(self.recipe, self.setting, self.model_parameters)
            failed = anew.failed(
                self.store,
                plan,
                self.series_id,
                job_id,
                reasons,
                tally=self.tally,
                tell=self.asker.lanes.say,
            )
            await self._ask(plan, failed)
            return Outcome(ledger.kept(self.store, self.series_id))
        except Stopped as stop:
            return Outcome(ledger.kept(self.store, self.series_id), str(stop), self.cancelled)
        finally:
            await self._close()

    async def _close(self) -> None:
        for lane in self.lanes:
            await lane.model.close()

    async def prepare(self) -> None:
        """Ask only what the recipe needs before the first sample; raises ``Stopped``."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._prepare()
        finally:
            await self._close()

    def _complete(self, wanted: int) -> bool:
        last = ledger.last_wave(self.store, self.series_id)
        return self._kept >= wanted and (last is None or last.decided)

    async def _prepare(self) -> None:
        """Once per series; afterwards the answer stands in its row."""
        step = self.recipe.prepare
        if step is None or self.setting.prepared:
            return
        self._note = "preparing"
        given = ledger.prepared(self.store, self.series_id)
        if given is None:
            options = self.recipe.options(step, self.setting.parameters)
            given = await self._watched(PREPARE.get(step.part)(self.setting, self._ask_once, options))
            ledger.keep_prepared(self.store, self.series_id, given)
        self.setting.prepared = given

    async def _watched(self, work: Coroutine[Any, Any, Any]) -> Any:
        """``work``, while people are told how far it is and heard when they want it to stop."""

        async def look() -> None:
            while True:
                with self.store.write() as connection:
                    wishes = jobs.tell(connection, self.job_id, 0, self._total, self._note, self.result())
                    jobs.show_paused(connection, self.job_id, paused=bool(wishes[1].get("paused")))
                self._wish(*wishes)
                await asyncio.sleep(LOOK)

        looking = asyncio.create_task(look())
        try:
            return await work
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _ask_once(self, request: Request) -> Answer:
        """One request outside the waves, kept in the ledger under its key like all others."""
        asked = await self.asker.ask(*self.asker.find([Planned(-1, request, {})]))
        if asked.answer_text is None:
            raise Stopped(
                f"A preparing request failed: {asked.error or asked.reason} Mend the cause and run the command again."
            )
        if not asked.cached:
            self.tally.prepared(Usage(1, asked.input_tokens, asked.output_tokens, asked.cost))
            with self.store.write() as connection:
                answers.keep_answers(connection, [asked])
                jobs.tell(connection, self.job_id, 0, self._total, self._note, self.result())
        return Answer(asked.answer_text, asked.answer_model, asked.finish_reason)

    async def _waves(self, wanted: int) -> Outcome:
        plan = Plan(self.recipe, self.setting, self.model_parameters)
        memory = self._memory() if plan.feedback or self.recipe.accept else None
        barren = fruitless = 0  # requests, and waves, since one was kept
        wave = ledger.last_wave(self.store, self.series_id)
        kept = self._kept
        if wave is not None and not wave.decided:
            kept = ledger.kept(self.store, self.series_id, end=wave.start)
        while True:
            if wave is None or wave.decided:
                self._kept = kept
                if kept >= wanted:
                    return Outcome(kept)
                start = wave.start + wave.size if wave else 0
                if (fruitless >= 2 and barren >= BARREN) or start > PATIENCE * wanted + 200:
                    return Outcome(kept, gave_up(kept, wanted, start, self.tally.reasons))
                if (most := plan.most) is not None and start >= most:
                    self.log("info", f"All {most:,} unlabelled texts were asked about; {kept:,} samples came of them.")
                    return Outcome(kept)
                size = min(plan.wave_size(wanted - kept), wanted if most is None else most - start)
                if fruitless:  # something is wrong: find out at a small price
                    size = min(max(size, 2**fruitless), CAUTIOUS)
                number = wave.number + 1 if wave else 0
                frozen = memory.freeze() if memory else {}
                wave = ledger.open_wave(self.store, self.series_id, number, start, size, frozen, self.job_id)
            self._note = f"wave {wave.number + 1}" if plan.feedback else "asking"
            if memory:
                memory.open(wave)
                await self._wave(memory.plan, wave, memory.pool)
                memory.decide(wave, self.job_id)
            else:
                await self._wave(plan, wave, Pool())
                decided(self.store, self.series_id, wave, self.job_id, [])
            gained = ledger.kept(self.store, self.series_id, wave.start, wave.start + wave.size)
            kept += gained
            self._samples_before = self.tally.samples
            barren, fruitless = (0, 0) if gained else (barren + wave.size, fruitless + 1)
            wave = replace(wave, decided=True)

    def _memory(self) -> Memory:
        return Memory(
            self.store,
            self.series_id,
            self.setting,
            lambda setting: Plan(self.recipe, setting, self.model_parameters),
        )

    async def _wave(self, plan: Plan, wave: ledger.Wave, pool: Pool) -> None:
        """Ask what is not yet recorded of a wave, by batch if so wished; what batches leave over is asked like all else."""

        def at(place: int) -> Planned:
            return plan.at(place, pool)

        batches = self.batches
        if batches is None:
            await self._ask(plan, map(at, self._unrecorded(wave)))
            return
        while missing := array("q", self._unrecorded(wave)):
            left: list[int] = []

            async def one_pass(recorder: Recorder, missing: array[int] = missing, left: list[int] = left) -> None:
                left += await batches.run(plan, wave, missing, at, recorder)

            await self._recorded(plan, one_pass)
            await self._ask(plan, map(at, left))

    def _unrecorded(self, wave: ledger.Wave) -> Iterator[int]:
        return ledger.unrecorded(self.store, self.series_id, wave.start, wave.size)

    async def _ask(self, plan: Plan, requests: Iterable[Planned]) -> None:
        """Ask some requests and write down what came. When the run stops, those under way are waited for."""
        await self._recorded(plan, lambda recorder: Crew(self.asker, plan, recorder, self._width).work(requests))

    async def _recorded(self, plan: Plan, work: Callable[[Recorder], Awaitable[None]]) -> None:
        """Do ``work`` with a recorder; afterwards all that it was given is written down."""
        recorder = self._recorder = Recorder(
            self.store.clone(),
            series_id=self.series_id,
            job_id=self.job_id,
            plan=plan,
            tally=self.tally,
            done=self._committed,
            gather=GATHER if self.in_process else 0.0,
            state=self.state,
            wishes=self._hear,
        )
        self.asker.log, self.asker.lanes.tell = recorder.note, recorder.tell
        try:
            recorder.start()
            await work(recorder)
        finally:
            recorder.finish()
            self.asker.log = self.asker.lanes.tell = self.log
        if self.asker.stop is not None:
            raise self.asker.stop

    def _width(self) -> int:
        """How many requests people want under way at once, now."""
        wished = sum(lane.wish or 0 for lane in self.lanes) if all(lane.wish for lane in self.lanes) else 64
        return max(1, int(self.limits.get("concurrency") or wished))

    def _committed(self, count: int) -> None:
        """So many answers are durable: as many more may be asked. 0 says that the recorder met an error."""

        slots = self.asker.slots  # those of the crew that asked: by the time of the release there may be another one

        def release() -> None:
            if not count:
                self.asker.halt(Stopped(str(self._recorder.error)))
            for _ in range(count if self.batches is None else self.batches.committed(count)):
                slots.release()

        self._soon(release)

    def _hear(self, cancel: bool, limits: dict[str, Any]) -> None:
        """What people want, as the recorder's thread reads it."""
        self._soon(lambda: self._wish(cancel, limits))

    def _soon(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(call)

    def _wish(self, cancel: bool, limits: dict[str, Any]) -> None:
        if limits != self.limits:
            self._hears(limits)
        made = self.tally.samples
        if self.arrived is not None and made - self._told >= max(ARRIVED, (self.present + made) // SHARE):
            self._told = made
            self._loop.run_in_executor(None, self.arrived)
        if cancel:
            self.cancelled = True
            self.asker.halt(Stopped("Cancelled."))

    def _hears(self, limits: dict[str, Any]) -> None:
        self.limits = limits
        self.asker.hear(limits)
        self.asker.lanes.share(self._width())

    def state(self) -> tuple[int, int | None, str, dict[str, Any]]:
        """(done, total, note, result) for the job's row."""
        if self._again:
            return self.tally.requests, self._again, self._note, self.result()
        return self._kept + self.tally.samples - self._samples_before, self._total, self._note, self.result()

    def result(self) -> dict[str, Any]:
        """The counts that ``generate --json`` prints, live while the job runs."""
        lanes = self.asker.lanes
        return {
            **self.tally.counts(),
            "kept": self._kept,
            "rate": round(self._rate.now(self.tally.answers), 1),
            "flying": lanes.flying,
            "waiting": self._waiting(),
            "lanes": [] if self.in_process else lanes.state(),
            "seconds": round(time.monotonic() - self._started, 3),
        }

    def _waiting(self) -> str:
        """What the run waits for, in words for people; empty when it does not."""
        if (asker := self.asker).paused:
            return "paused"
        if asker.purse.tight:
            return "budget: until it is known what requests under way use"
        return asker.lanes.waiting or ("its turn to ask again" if asker.resting else "")
