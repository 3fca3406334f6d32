"""Asking one request to its end: from the cache, answered, or failed for good. The endpoint's moods end here."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from workbench.errors import WorkbenchError
from workbench.generate.plan import Planned
from workbench.generate.tally import Tally
from workbench.models.base import Answer, BadRequest, Fatal, Model, RateLimited, Request, Transient
from workbench.models.limits import Backoff, Budget, Pace, Prices, Usage
from workbench.store import answers
from workbench.store.answers import Asked
from workbench.store.connection import Store

#: Attempts at a request whose failures may pass (timeouts, 5xx), while others are answered.
ATTEMPTS = 6
#: An endpoint that has never answered and cannot be reached gets this many attempts.
FIRST_ATTEMPTS = 4
#: Seconds of failures alone after which an endpoint that did answer counts as gone; half of it if it never did.
GONE = 10.0
#: So many different requests must be failing, for it to be the endpoint's fault and not theirs.
CROWD = 8
#: The first requests were all refused as wrong, so many of them: the next will be too.
ALL_REFUSED = 32
#: Seconds that requests under way are waited for when the run stops: they are paid for.
GRACE = 15.0


#: Stands in for what a request that failed does not have.
NO_ANSWER = Answer("", "")


class Stopped(WorkbenchError):
    """The run ends early for a reason that a person must see; everything so far is kept."""


class Found(NamedTuple):
    """A request, its key, and its answer if that is there already."""

    planned: Planned
    key: str
    known: answers.Known | None


class Asker:
    """What all requests of one run share: pace, money, how the endpoint is doing, and whether to stop.

    ``limits`` gives the limits that people want now. ``spent`` is what the job used before this run. For one event loop.
    """

    def __init__(
        self,
        store: Store,
        model: Model,
        prices: Prices,
        tally: Tally,
        *,
        seed: int,
        limits: Callable[[], Mapping[str, Any]],
        log: Callable[[str, str], None],
        spent: Usage,
    ) -> None:
        self.store, self.model, self.prices, self.tally = store, model, prices, tally
        self.limits, self.log = limits, log
        self.in_process = "chat" not in model.capabilities
        self.stop: Stopped | None = None
        self.flying = 0
        #: Who asks holds a slot until the answer is committed; who waits to ask again gives it to others meanwhile.
        self.slots = asyncio.Semaphore(0)
        self.resting = 0
        self._pace = Pace()
        self._backoff = Backoff(seed=seed)
        self._spent, self._reserved = spent, Usage()
        self._idle: set[asyncio.Task[Any]] = set()
        self._busy: set[asyncio.Task[Any]] = set()
        self._answers = self._refused = 0
        self._failing: set[int] = set()
        self._last = time.monotonic()

    def halt(self, reason: Stopped) -> None:
        """Ask nothing more: whoever waits for a turn is woken; requests under way have ``GRACE`` seconds."""
        if self.stop is None:
            self.stop = reason
            for task in list(self._idle):
                task.cancel()
            asyncio.get_running_loop().call_later(GRACE, self._abandon)

    def _abandon(self) -> None:
        for task in list(self._busy):
            task.cancel()

    async def pause(self, waiting: Awaitable[Any]) -> None:
        """Wait for something that is not an answer; raises ``Stopped`` as soon as the run stops."""
        await self._guarded(waiting, self._idle)
        if self.stop is not None:
            raise self.stop

    async def take_slot(self) -> None:
        if self.slots.locked():
            await self.pause(self.slots.acquire())
        else:
            await self.slots.acquire()

    async def _rest(self, seconds: float) -> None:
        self.resting += 1
        self.slots.release()
        try:
            await self.pause(asyncio.sleep(seconds))
        finally:
            self.resting -= 1
        await self.take_slot()

    async def _guarded(self, waiting: Awaitable[Any], group: set[asyncio.Task[Any]]) -> Any:
        task = asyncio.current_task()
        assert task is not None
        group.add(task)
        try:
            return await waiting
        except asyncio.CancelledError:
            if self.stop is None:
                raise
            task.uncancel()
            raise self.stop from None
        finally:
            group.discard(task)

    def find(self, planned: Sequence[Planned]) -> list[Found]:
        """The requests' keys, and the answers that are there already under them."""
        keys = [one.request.key(self.model.name, self.model.group) for one in planned]
        # The embedded model answers faster than the database; its answers would only be looked up for nothing.
        known = {} if self.in_process else answers.find(self.store, keys)
        return [Found(one, key, known.get(key)) for one, key in zip(planned, keys, strict=True)]

    async def ask(self, found: Found) -> Asked:
        """One request to its end. Raises ``Stopped``: cancelled, no money left, endpoint gone, key refused."""
        planned = found.planned
        request, key = planned.request, found.key
        if found.known is not None:
            return _known(planned, key, found.known)
        attempts = limited = 0
        lived = self._answers
        while True:
            if not self.in_process:
                await self.pause(self._pace.turn())
            if self.stop is not None:
                raise self.stop
            self._check_budget(request)
            started = time.monotonic()
            try:
                answer = await self._complete(request)
            except RateLimited as error:
                self.tally.limited += 1
                self.tally.retried += 1
                self._pace.limited(error.retry_after, time.monotonic() - started)
                await self._rest(self._backoff.wait(min(limited, 4), error.retry_after))
                limited += 1
            except Transient as error:
                self._pace.ok(time.monotonic() - started)
                attempts += 1
                self._failing.add(planned.ordinal)
                if self._fails_for_good(error, attempts, silent=self._answers == lived):
                    return _asked(planned, key, attempts, reason=error.reason)
                lived = self._answers
                self.tally.retried += 1
                await self._rest(self._backoff.wait(min(attempts - 1, 4), error.retry_after))
            except BadRequest as error:
                self._pace.ok(time.monotonic() - started)
                self._refused += 1
                if self._answers == 0 and self._refused >= ALL_REFUSED:
                    raise Stopped(f"The first {self._refused} requests were all refused. {error}") from error
                self.log("warning", f"request {planned.ordinal}: {error}")
                return _asked(planned, key, attempts + 1, reason=error.reason)
            except Fatal as error:
                raise Stopped(str(error)) from error
            else:
                self._pace.ok(time.monotonic() - started)
                return self._answered(planned, key, attempts + 1, answer)

    def _fails_for_good(self, error: Transient, attempts: int, *, silent: bool) -> bool:
        """Whether to give this request up. Raises ``Stopped`` when not the request but the endpoint is to blame.

        ``silent`` says that nobody got an answer since the request failed the last time. Then nothing is given up while many
        fail alike: the endpoint may come back; if it does not within ``GONE`` seconds, the run stops and loses nothing.
        """
        unreached = error.reason == "connection"
        never = self._answers == 0
        if unreached and never and attempts >= FIRST_ATTEMPTS:
            raise Stopped(str(error)) from error
        if attempts < ATTEMPTS or not silent:
            return attempts >= ATTEMPTS
        if unreached or len(self._failing) >= CROWD:
            if time.monotonic() - self._last >= (GONE / 2 if never else GONE):
                raise Stopped(str(error)) from error
            return False
        return True

    def _answered(self, planned: Planned, key: str, attempts: int, answer: Answer) -> Asked:
        self._answers += 1
        self._failing.clear()
        self._last = time.monotonic()
        cost = self.prices.cost(answer.input_tokens, answer.output_tokens)
        self._spent = self._spent + Usage(1, answer.input_tokens, answer.output_tokens, cost)
        return _asked(planned, key, attempts, answer=answer, cost=cost)

    async def _complete(self, request: Request) -> Answer:
        if self.in_process:
            return await self.model.complete(request)
        worst = self._worst(request)
        self.flying += 1
        self._reserved = self._reserved + worst
        try:
            answer: Answer = await self._guarded(self.model.complete(request), self._busy)
            return answer
        finally:
            self.flying -= 1
            self._reserved = _less(self._reserved, worst) if self.flying else Usage()

    def _worst(self, request: Request) -> Usage:
        """An upper estimate of one request: a token per two and a half characters, the longest answer allowed."""
        inward = math.ceil(sum(len(message["content"]) for message in request.messages) / 2.5)
        outward = int(request.parameters.get("max_tokens") or request.parameters.get("max_completion_tokens") or 1_000)
        return Usage(1, inward, outward, self.prices.cost(inward, outward))

    def _check_budget(self, request: Request) -> None:
        money = self.limits().get("budget")
        if money is None:
            return
        refusal = Budget(money=float(money)).refuses(self._spent + self._reserved, self._worst(request))
        if refusal is not None:
            raise Stopped(refusal)


def _less(reserved: Usage, one: Usage) -> Usage:
    return Usage(
        reserved.requests - 1,
        reserved.input_tokens - one.input_tokens,
        reserved.output_tokens - one.output_tokens,
        None if reserved.cost is None or one.cost is None else reserved.cost - one.cost,
    )


def _asked(
    planned: Planned,
    key: str,
    attempts: int,
    *,
    answer: Answer | None = None,
    cost: float | None = None,
    cached: bool = False,
    reason: str | None = None,
) -> Asked:
    """A request with its answer, or with the reason why it has none, as the ledger wants it."""
    request = planned.request
    given = answer or NO_ANSWER
    return Asked(
        ordinal=planned.ordinal,
        messages=request.messages,
        parameters=request.parameters,
        conditions=request.conditions,
        parents=planned.parents,
        draw=request.draw,
        attempts=attempts,
        key=key,
        answer_text=answer.text if answer else None,
        answer_model=given.model,
        finish_reason=given.finish_reason,
        input_tokens=given.input_tokens,
        output_tokens=given.output_tokens,
        logprobs=given.logprobs,
        seconds=given.seconds,
        cost=cost,
        cached=cached,
        reason=reason,
    )


def _known(planned: Planned, key: str, known: answers.Known) -> Asked:
    answer = Answer(
        known.text, known.model, known.finish_reason, known.input_tokens, known.output_tokens, known.logprobs
    )
    return _asked(planned, key, 0, answer=answer, cost=known.cost, cached=True)
