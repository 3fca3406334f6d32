"""The engine: asks the requests of a series, wave by wave, within limits, and never asks one twice.

An endpoint and the embedded model run through the same code. Requests under way are bounded; so are answers that are not
yet committed, by the same number, so that a kill repeats at most the requests in flight.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.generate.asking import Asker, Found, Stopped
from workbench.generate.parts import PREPARE, Pool, Setting
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import GATHER, Recorder
from workbench.generate.tally import Tally
from workbench.generate.waves import Memory, decided
from workbench.models.base import Answer, Model, Request
from workbench.models.limits import Prices, Usage
from workbench.recipe import Recipe
from workbench.store import answers, jobs, ledger
from workbench.store.connection import Store

__all__ = ["Engine", "Outcome", "Stopped", "Tally"]

#: An in-process model has no requests in flight; answers wait for their commit up to this many.
IN_PROCESS = 512
#: A recipe that has asked this many times the wanted samples, and still lacks some, is not going to get there.
PATIENCE = 20
#: Nor is one that got nothing out of its last requests: so many, in at least two waves of at most ``CAUTIOUS`` each.
BARREN, CAUTIOUS = 64, 64
#: Requests that are planned together.
AHEAD = 64
#: Seconds between two looks at what people want, while the preparation asks.
LOOK = 0.3


@dataclass
class Outcome:
    """What ``Engine.run`` returns: ``kept`` samples in the series, and why it ended early if it did."""

    kept: int
    reason: str | None = None
    cancelled: bool = False


@dataclass
class Engine:
    """One run of one series. ``limits`` may change while it runs (``concurrency``, ``budget`` in dollars). ``tally``
    starts from what the job did before it was cut off, if it was."""

    store: Store
    series_id: int
    job_id: int
    recipe: Recipe
    setting: Setting
    model: Model
    prices: Prices
    limits: dict[str, Any]
    model_parameters: dict[str, Any]
    log: Callable[[str, str], None] = lambda level, message: None
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.cancelled = False
        self.in_process = "chat" not in self.model.capabilities
        tally = self.tally
        self.asker = Asker(
            self.store,
            self.model,
            self.prices,
            tally,
            seed=self.setting.seed,
            limits=lambda: self.limits,
            log=self.log,
            spent=Usage(tally.requests, tally.input_tokens, tally.output_tokens, tally.cost),
        )
        self._total: int | None = None
        self._kept = 0
        self._note = "starting"
        self._slots = 1
        self._samples_before = tally.samples
        self._answers_before = tally.answers
        self._started = time.monotonic()

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
        except Stopped as stop:
            return Outcome(ledger.kept(self.store, self.series_id), str(stop), self.cancelled)
        finally:
            await self.model.close()

    async def prepare(self) -> None:
        """Ask only what the recipe needs before the first sample; raises ``Stopped``."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._prepare()
        finally:
            await self.model.close()

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
                self._wish(*jobs.progress(self.store, self.job_id, 0, self._total, self._note, self.result()))
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
            raise Stopped(f"A preparing request failed ({asked.reason}); mend the cause and run the command again.")
        if not asked.cached:
            with self.store.write() as connection:
                answers.keep_answers(connection, [asked])
            self.tally.requests += 1
            self.tally.answers += 1
            self.tally.asked(asked.input_tokens, asked.output_tokens, asked.cost)
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
                    return Outcome(kept, self._gave_up(wanted, start))
                size = plan.wave_size(wanted - kept)
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

    def _gave_up(self, wanted: int, asked: int) -> str:
        reasons = ", ".join(
            f"{n} {reason}" for reason, n in sorted(self.tally.reasons.items(), key=lambda one: -one[1])[:3]
        )
        return (
            f"Stopped at {self._kept:,} of {wanted:,} samples after {asked:,} requests: hardly any of the last ones was kept"
            + (f" ({reasons})" if reasons else " (see their verdicts)")
            + "; change the recipe's parameters or the model, then run it again."
        )

    async def _wave(self, plan: Plan, wave: ledger.Wave, pool: Pool) -> None:
        """Ask what is not yet recorded of one wave. When the run stops, requests under way are waited for."""
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
        self.asker.log = recorder.note
        try:
            recorder.start()
            recorded = {ordinal for ordinal, _ in ledger.recorded(self.store, self.series_id, wave.start, wave.size)}
            ordinals = [n for n in range(wave.start, wave.start + wave.size) if n not in recorded]
            requests = self._requests(plan, pool, ordinals)
            self._slots = IN_PROCESS if self.in_process else self._width()
            self.asker.slots = asyncio.Semaphore(self._slots)
            if self.in_process:
                await self._work(requests, lambda: False)
            else:
                await self._crowd(requests)
        finally:
            recorder.finish()
        if self.asker.stop is not None:
            raise self.asker.stop

    def _width(self) -> int:
        """How many requests people want under way at once, now."""
        return max(1, int(self.limits.get("concurrency") or 64))

    def _requests(self, plan: Plan, pool: Pool, ordinals: Sequence[int]) -> Iterator[Found]:
        """Planned a few at a time: one look into the cache for all of them."""
        for start in range(0, len(ordinals), AHEAD):
            yield from self.asker.find([plan.at(ordinal, pool) for ordinal in ordinals[start : start + AHEAD]])

    def _crew(self) -> int:
        """Workers: one for each request that may be under way, and some in place of those who wait to ask again."""
        return self._width() + min(self.asker.resting, self._width())

    async def _crowd(self, requests: Iterator[Found]) -> None:
        """Workers that share one iterator; their number follows the wished concurrency while the wave runs."""
        workers: set[asyncio.Task[bool]] = set()
        leaving = 0
        ended = False
        failure: BaseException | None = None

        def leave() -> bool:
            nonlocal leaving
            if len(workers) - leaving <= self._crew():
                return False
            leaving += 1
            return True

        while workers or not ended:
            if not ended:
                self._widen()
                while len(workers) < self._crew():
                    workers.add(asyncio.create_task(self._work(requests, leave)))
            done, workers = await asyncio.wait(workers, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (error := task.exception()) is not None:
                    failure = failure or error
                    self.asker.halt(Stopped(str(error)))
                elif not task.result():
                    leaving -= 1
                ended = ended or error is not None or task.result()
        if failure is not None:
            raise failure

    def _widen(self) -> None:
        """As many answers may wait for their commit as requests may be under way."""
        for _ in range(self._width() - self._slots):
            self.asker.slots.release()
        self._slots = max(self._slots, self._width())

    async def _work(self, requests: Iterator[Found], leave: Callable[[], bool]) -> bool:
        """Ask one request after another. True when there are no more (or the run stops), False when fewer are wanted at once."""
        asker = self.asker
        for found in requests:
            try:
                await asker.take_slot()
                asked = await asker.ask(found)
            except Stopped as stop:
                asker.halt(stop)
                return True
            self._recorder.put(asked)
            if leave():
                return False
        return True

    def _committed(self, count: int) -> None:
        """So many answers are durable: as many more may be asked. 0 says that the recorder met an error."""

        def release() -> None:
            if not count:
                self.asker.halt(Stopped(str(self._recorder.error)))
            for _ in range(count):
                self.asker.slots.release()

        self._soon(release)

    def _hear(self, cancel: bool, limits: dict[str, Any]) -> None:
        """What people want, as the recorder's thread reads it."""
        self._soon(lambda: self._wish(cancel, limits))

    def _soon(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(call)

    def _wish(self, cancel: bool, limits: dict[str, Any]) -> None:
        self.limits = limits
        if cancel:
            self.cancelled = True
            self.asker.halt(Stopped("Cancelled."))

    def state(self) -> tuple[int, int | None, str, dict[str, Any]]:
        """(done, total, note, result) for the job's row."""
        return self._kept + self.tally.samples - self._samples_before, self._total, self._note, self.result()

    def result(self) -> dict[str, Any]:
        """The counts that ``generate --json`` prints, live while the job runs."""
        tally = self.tally
        seconds = time.monotonic() - self._started
        return {
            "requests": tally.requests,
            "answers": tally.answers,
            "cached": tally.cached,
            "retried": tally.retried,
            "limited": tally.limited,
            "failed": tally.failed,
            "reasons": dict(tally.reasons),
            "samples": tally.samples,
            "kept": self._kept,
            "input_tokens": tally.input_tokens,
            "output_tokens": tally.output_tokens,
            "cost": tally.cost,
            "rate": round((tally.answers - self._answers_before) / seconds, 1) if seconds > 0 else 0.0,
            "waiting": self.asker.flying,
            "seconds": round(seconds, 3),
        }
