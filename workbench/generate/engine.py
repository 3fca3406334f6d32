"""The engine: asks the requests of a series, wave by wave, within limits, and never asks one twice.

An endpoint and the embedded model run through the same code. Requests under way are bounded; so are answers that are not
yet committed, by the same number, so that a kill repeats at most the requests in flight.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import WorkbenchError
from workbench.generate.parts import PREPARE, Pool, Setting
from workbench.generate.plan import Plan, Planned
from workbench.generate.recorder import Recorder, Tally
from workbench.generate.waves import decide, frozen_now, pool_of
from workbench.models.base import Answer, BadRequest, Fatal, Model, RateLimited, Request, Transient
from workbench.models.limits import Backoff, Budget, Pace, Prices, Usage
from workbench.recipe import Recipe
from workbench.store import ledger
from workbench.store.connection import Store
from workbench.store.ledger import Asked

#: Attempts at a request whose failures may pass (timeouts, 5xx).
ATTEMPTS = 6
#: This many failed attempts in a row, and no answer ever: the endpoint is not there.
DEAD = 8
#: An in-process model has no requests in flight; answers wait for their commit up to this many.
IN_PROCESS = 512
#: A recipe that has asked this many times the wanted samples, and still lacks some, is not going to get there.
PATIENCE = 20


class Stopped(WorkbenchError):
    """The run ends early for a reason that a person must see; everything so far is kept."""


@dataclass
class Outcome:
    """What ``Engine.run`` returns: ``kept`` samples in the series, and why it ended early if it did."""

    kept: int
    reason: str | None = None
    cancelled: bool = False


@dataclass
class Engine:
    """One run of one series. ``limits`` may change while it runs (``concurrency``, ``budget`` in dollars)."""

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
        self.in_process = "chat" not in self.model.capabilities
        self.pace = Pace()
        self.backoff = Backoff(seed=self.setting.seed)
        self.cancelled = False
        self._total: int | None = None
        self._kept = 0
        self._note = "starting"
        self._flying = 0
        self._stop: WorkbenchError | None = None
        self._slots = 1
        self._samples_before = 0
        self._reserved = Usage()
        self._failed_in_a_row = 0
        self._started = time.monotonic()

    async def run(self, wanted: int) -> Outcome:
        """Ask until the series has ``wanted`` kept samples; an interrupted wave is continued first."""
        self._loop = asyncio.get_running_loop()
        self._total = wanted
        self._kept = ledger.kept(self.store, self.series_id)
        waves = ledger.waves(self.store, self.series_id)
        unfinished = waves and not waves[-1].decided
        if self._kept >= wanted and not unfinished:
            return Outcome(self._kept)
        try:
            if self.recipe.prepare and not self.setting.prepared:
                await self.prepare()
            return await self._waves(wanted)
        except Stopped as stop:
            return Outcome(ledger.kept(self.store, self.series_id), str(stop), self.cancelled)
        finally:
            await self.model.close()

    async def prepare(self) -> None:
        """Ask what the recipe needs before the first sample; once per series."""
        step = self.recipe.prepare
        assert step is not None
        self._note = "preparing"
        given = ledger.prepared(self.store, self.series_id)
        if given is None:
            options = self.recipe.options(step, self.setting.parameters)
            given = await PREPARE.get(step.part)(self.setting, self._ask_once, options)
            ledger.keep_prepared(self.store, self.series_id, given)
        self.setting.prepared = given

    async def _ask_once(self, request: Request) -> Answer:
        """One request outside the waves, kept in the ledger under its key like all others."""
        planned = Planned(-1, request, {})
        asked = await self._ask(planned)
        if asked.answer_text is None:
            raise Stopped(f"A preparing request failed ({asked.reason}); mend the cause and run the command again.")
        if not asked.cached:
            with self.store.write() as connection:
                ledger.keep_answer(connection, asked)
            self.tally.requests += 1
            self.tally.answers += 1
            self.tally.input_tokens += asked.input_tokens
            self.tally.output_tokens += asked.output_tokens
            if self.tally.cost is not None:
                self.tally.cost = None if asked.cost is None else self.tally.cost + asked.cost
        return Answer(asked.answer_text, asked.answer_model, asked.finish_reason)

    async def _waves(self, wanted: int) -> Outcome:
        plan = Plan(self.recipe, self.setting, self.model_parameters)
        fruitless = 0
        while True:
            waves = ledger.waves(self.store, self.series_id)
            if waves and not waves[-1].decided:
                wave = waves[-1]
            else:
                self._kept = ledger.kept(self.store, self.series_id)
                if self._kept >= wanted:
                    return Outcome(self._kept)
                start = waves[-1].start + waves[-1].size if waves else 0
                if fruitless >= 2 or start > PATIENCE * wanted + 200:
                    return Outcome(self._kept, self._gave_up(wanted, start))
                size = plan.wave_size(wanted - self._kept)
                if fruitless:
                    size = min(size, 64)  # something is wrong: find out at a small price
                frozen = frozen_now(self.store) if plan.feedback else {}
                ledger.open_wave(self.store, self.series_id, len(waves), start, size, frozen, self.job_id)
                wave = ledger.waves(self.store, self.series_id)[-1]
            pool = pool_of(self.store, self.series_id, wave) if plan.feedback else Pool()
            self._note = f"wave {wave.number + 1}" if plan.feedback else "asking"
            before = self._kept
            await self._wave(plan, wave, pool)
            decide(self.store, self.series_id, wave, plan, self.setting, self.job_id)
            self._kept = ledger.kept(self.store, self.series_id)
            self._samples_before = self.tally.samples
            fruitless = 0 if self._kept > before else fruitless + 1

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
        """Ask what is not yet recorded of one wave. A fatal answer stops new requests; those under way are waited for."""
        recorded = {ordinal for ordinal, _ in ledger.recorded(self.store, self.series_id, wave.start, wave.size)}
        ordinals = (n for n in range(wave.start, wave.start + wave.size) if n not in recorded)
        self._slots = IN_PROCESS if self.in_process else self._width()
        self._uncommitted = asyncio.Semaphore(self._slots)
        self._samples_before = self.tally.samples
        self._stop = None
        recorder = Recorder(
            self.store.clone(), series_id=self.series_id, job_id=self.job_id, plan=plan, tally=self.tally,
            done=self._committed, state=self.state, wishes=self._wish,
        )  # fmt: skip
        recorder.start()
        self._recorder = recorder
        try:
            if self.in_process:
                await self._work(plan, pool, ordinals)
            else:
                await self._crowd(plan, pool, ordinals)
        finally:
            recorder.finish()
        if self._stop is not None:
            raise Stopped(str(self._stop))

    def _width(self) -> int:
        """How many requests people want under way at once, now."""
        return max(1, int(self.limits.get("concurrency") or 64))

    async def _crowd(self, plan: Plan, pool: Pool, ordinals: Iterator[int]) -> None:
        """Workers that share one iterator; their number follows the wished concurrency while the wave runs."""
        workers: set[asyncio.Task[bool]] = set()
        ended = False
        while not ended:
            while len(workers) < self._width():
                workers.add(asyncio.create_task(self._work(plan, pool, ordinals, lambda: len(workers))))
            done, workers = await asyncio.wait(workers, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            ended = any([task.result() for task in done])
        await asyncio.gather(*workers)

    async def _work(
        self, plan: Plan, pool: Pool, ordinals: Iterator[int], crowd: Callable[[], int] | None = None
    ) -> bool:
        """Ask one ordinal after another. True when there are no more (or the run stops), False when fewer are wanted at once."""
        for ordinal in ordinals:
            await self._uncommitted.acquire()
            if self.cancelled and self._stop is None:
                self._stop = Stopped("Cancelled.")
            if self._stop is not None:
                return True
            try:
                asked = await self._ask(plan.at(ordinal, pool))
            except Stopped as stop:
                self._stop = self._stop or stop
                return True
            self._recorder.put(asked)
            if crowd is not None and crowd() > self._width():
                return False
        return True

    async def _ask(self, planned: Planned) -> Asked:
        """One request to its end: from the cache, answered, or failed for good. Raises ``Stopped``."""
        request = planned.request
        key = request.key(self.model.name, self.model.group)
        known = None if self.in_process else ledger.find(self.store, key)
        if known is not None:
            return self._asked(planned, key, 0, known.text, known.model, known.finish_reason, known.input_tokens,
                               known.output_tokens, known.logprobs, 0.0, known.cost, cached=True)  # fmt: skip
        attempts = 0
        limited = 0
        while True:
            if self.cancelled or self._stop is not None:
                raise Stopped("Cancelled." if self.cancelled else str(self._stop))
            self._check_budget(request)
            if not self.in_process:
                await self.pace.turn()
            started = time.monotonic()
            try:
                answer = await self._complete(request)
            except RateLimited as error:
                self.tally.limited += 1
                self.tally.retried += 1
                self.pace.limited(error.retry_after, time.monotonic() - started)
                await asyncio.sleep(self.backoff.wait(min(limited, 4), error.retry_after))
                limited += 1
            except Transient as error:
                self.pace.ok(time.monotonic() - started)
                attempts += 1
                self._failed_in_a_row += 1
                if self._failed_in_a_row >= DEAD and self.tally.answers == 0:
                    raise Stopped(str(error)) from error
                if attempts >= ATTEMPTS:
                    return self._asked(planned, key, attempts, None, reason=error.reason)
                self.tally.retried += 1
                await asyncio.sleep(self.backoff.wait(attempts - 1, error.retry_after))
            except BadRequest as error:
                self.pace.ok(time.monotonic() - started)
                self.log("warning", f"request {planned.ordinal}: {error}")
                return self._asked(planned, key, attempts + 1, None, reason=error.reason)
            except Fatal as error:
                raise Stopped(str(error)) from error
            else:
                self.pace.ok(time.monotonic() - started)
                self._failed_in_a_row = 0
                cost = self.prices.cost(answer.input_tokens, answer.output_tokens)
                return self._asked(planned, key, attempts + 1, answer.text, answer.model, answer.finish_reason,
                                   answer.input_tokens, answer.output_tokens, answer.logprobs, answer.seconds, cost)  # fmt: skip

    async def _complete(self, request: Request) -> Answer:
        worst = self._worst(request)
        self._flying += 1
        self._reserved = self._reserved + worst
        try:
            return await self.model.complete(request)
        finally:
            self._flying -= 1
            self._reserved = Usage(
                self._reserved.requests - 1, self._reserved.input_tokens - worst.input_tokens,
                self._reserved.output_tokens - worst.output_tokens,
                None if self._reserved.cost is None or worst.cost is None else max(0.0, self._reserved.cost - worst.cost),
            )  # fmt: skip

    def _worst(self, request: Request) -> Usage:
        """An upper estimate of one request: a token per two and a half characters, the longest answer allowed."""
        inward = math.ceil(sum(len(message["content"]) for message in request.messages) / 2.5)
        outward = int(request.parameters.get("max_tokens") or request.parameters.get("max_completion_tokens") or 1_000)
        return Usage(1, inward, outward, self.prices.cost(inward, outward))

    def _check_budget(self, request: Request) -> None:
        money = self.limits.get("budget")
        if money is None:
            return
        tally = self.tally
        used = Usage(tally.requests, tally.input_tokens, tally.output_tokens, tally.cost) + self._reserved
        if (refusal := Budget(money=float(money)).refuses(used, self._worst(request))) is not None:
            raise Stopped(refusal)

    @staticmethod
    def _asked(
        planned: Planned, key: str, attempts: int, text: str | None, model: str = "", finish: str | None = None,
        inward: int = 0, outward: int = 0, logprobs: list[float] | None = None, seconds: float = 0.0,
        cost: float | None = None, *, cached: bool = False, reason: str | None = None,
    ) -> Asked:  # fmt: skip
        request = planned.request
        return Asked(
            planned.ordinal, request.messages, request.parameters, request.conditions, planned.parents, request.draw,
            attempts, key, text, model, finish, inward, outward, logprobs, seconds, cost, cached, reason,
        )  # fmt: skip

    def _committed(self, count: int) -> None:
        """So many answers are durable: as many more may be asked. 0 says that the recorder met an error."""

        def release() -> None:
            if not count:
                self._stop = self._stop or Stopped(str(self._recorder.error))
            for _ in range(count or self._slots):
                self._uncommitted.release()

        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(release)

    def _wish(self, cancel: bool, limits: dict[str, Any]) -> None:
        self.cancelled = self.cancelled or cancel
        self.limits = {**self.limits, **limits}

    def state(self) -> tuple[int, int | None, str, dict[str, Any]]:
        """(done, total, note, result) for the job's row."""
        return self._kept + self.tally.samples - self._samples_before, self._total, self._note, self.result()

    def result(self) -> dict[str, Any]:
        """The counts that ``generate --json`` prints, live while the job runs."""
        tally = self.tally
        seconds = time.monotonic() - self._started
        return {
            "requests": tally.requests, "answers": tally.answers, "cached": tally.cached, "retried": tally.retried,
            "limited": tally.limited, "failed": tally.failed, "reasons": tally.reasons, "samples": tally.samples,
            "kept": self._kept, "input_tokens": tally.input_tokens, "output_tokens": tally.output_tokens,
            "cost": tally.cost, "rate": round(tally.answers / seconds, 1) if seconds > 0 else 0.0,
            "waiting": self._flying, "seconds": round(seconds, 3),
        }  # fmt: skip
