"""Asking one request to its end: from the cache, answered, or failed for good. The endpoints' moods end here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from workbench.errors import WorkbenchError
from workbench.generate.asked import asked_of, known_of
from workbench.generate.lanes import Lane, Lanes, Pulse
from workbench.generate.plan import Planned
from workbench.generate.spending import Purse, UsedUp
from workbench.generate.tally import Tally
from workbench.models.base import Answer, BadRequest, Fatal, ModelError, RateLimited, Request, Transient
from workbench.models.limits import Backoff, Usage
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
#: Seconds that a request waits for its turn at one of several endpoints before it looks for a quicker one.
RECONSIDER = 0.5


#: What a request without an answer counts as in a budget of requests.
UNANSWERED = Usage(requests=1)


class Stopped(WorkbenchError):
    """The run ends early for a reason that a person must see; everything so far is kept."""


class Found(NamedTuple):
    """A request, its key, and its answer if that is there already."""

    planned: Planned
    key: str
    known: answers.Known | None


class Asker:
    """What all requests of one run share: the lanes and how they are doing, money, and whether to pause or to stop.

    ``name`` and ``group`` are the run's model in the cache: its endpoints are interchangeable, unless ``apart`` says that
    the run tells its models apart: then a request goes to the one that its conditions name, or to none. ``spent`` is what
    the job used before this run. For one event loop.
    """

    def __init__(
        self,
        store: Store,
        lanes: Sequence[Lane],
        tally: Tally,
        *,
        name: str,
        group: str,
        seed: int,
        log: Callable[[str, str], None],
        spent: Usage,
        apart: bool = False,
    ) -> None:
        self.store, self.tally, self.log = store, tally, log
        self.lanes = Lanes(lanes, tell=log, apart=apart)
        self.purse = Purse(spent, self.lanes.dearest)
        self.in_process = self.lanes.all[0].in_process
        self.stop: Stopped | None = None
        self.paused = False
        #: Who asks holds a slot until the answer is committed; who waits to ask again gives it to others meanwhile.
        self.slots = asyncio.Semaphore(0)
        self.resting = 0
        self._name, self._group = name, group
        self._backoff = Backoff(seed=seed)
        self._going = asyncio.Event()
        self._idle: set[asyncio.Task[Any]] = set()
        self._busy: set[asyncio.Task[Any]] = set()

    def key(self, request: Request) -> str:
        """The name under which the answer to a request of this run is kept."""
        return request.key(self._name, self._group)

    def hear(self, limits: Mapping[str, Any]) -> None:
        """Limits as people want them now: ``budget``, ``requests``, ``tokens``, ``paused``."""
        self.purse.hear(limits)
        self.paused = bool(limits.get("paused"))
        if self.paused:
            self._going.clear()
        else:
            self._going.set()

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
        """Wait for something that is not an answer; raises ``Stopped`` as soon as the run stops, or when it has."""
        if self.stop is not None:
            if asyncio.iscoroutine(waiting):
                waiting.close()
            raise self.stop
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
        keys = [self.key(one.request) for one in planned]
        # The embedded model answers faster than the database; its answers would only be looked up for nothing.
        known = {} if self.in_process else answers.find(self.store, keys)
        return [Found(one, key, known.get(key)) for one, key in zip(planned, keys, strict=True)]

    async def ask(self, found: Found) -> Asked:
        """One request to its end. Raises ``Stopped``: cancelled, nothing left to spend, no endpoint left."""
        planned = found.planned
        request, key = planned.request, found.key
        if found.known is not None:
            return asked_of(planned, key, 0, answer=known_of(found.known), cost=found.known.cost, cached=True)
        worst = self.purse.worst(request)
        model: str | None = request.conditions.get("model")
        pulse = self.lanes.pulse(model)
        attempts = sent = limited = 0
        lived = pulse.answers
        lane: Lane | None = None
        refused: dict[str, BadRequest] = {}  # by the model that refused
        while True:
            lane = await self._turn(worst, lane, refused, model)
            if lane is None:
                return self._refuse(planned, key, sent, refused)
            try:
                answer, cost = await self._send(lane, request, worst)
            except RateLimited as error:
                lane.limited += 1
                self.tally.limited += 1
                self.tally.retried += 1
                self.lanes.back(lane)
                if not self.lanes.others(lane):
                    await self._rest(self._backoff.wait(min(limited, 4), error.retry_after))
                limited += 1
            except Transient as error:
                attempts += 1
                sent += 1
                pulse.failing.add(planned.ordinal)
                if self.lanes.blame(lane, planned.ordinal, error):
                    attempts = 0
                    self.tally.retried += 1
                    continue
                if self._fails_for_good(lane, pulse, error, attempts, silent=pulse.answers == lived):
                    return asked_of(planned, key, sent, failure=error)
                lived = pulse.answers
                self.tally.retried += 1
                await self._rest(self._backoff.wait(min(attempts - 1, 4), error.retry_after))
            except BadRequest as error:
                sent += 1
                self._refused(lane, error)
                refused[lane.model.name] = error
                if all(one.model.name in refused for one in self.lanes.of(model)):
                    return self._refuse(planned, key, sent, refused)
            except Fatal as error:
                self._exclude(lane, error.reason, str(error))
            else:
                return self._answered(lane, pulse, planned, key, sent + 1, answer, cost)

    async def _turn(
        self, worst: Usage, last: Lane | None, refused: Mapping[str, BadRequest], model: str | None
    ) -> Lane | None:
        """The lane that the request may be sent to now, with what it may use reserved; None if all have refused it."""
        while True:
            if self.stop is not None:
                raise self.stop
            if self.paused:
                await self.pause(self._going.wait())
            try:
                if not self.purse.take(worst):
                    await self.purse.wait(worst, self.pause)
            except UsedUp as error:
                raise Stopped(str(error)) from None
            lane, let_in = self.lanes.choose(last, refused, model), self.in_process
            try:
                if lane is None and not refused:
                    raise Stopped(self.lanes.sentence("No endpoint is left to ask.", model))
                if lane is None:
                    return None
                let_in = let_in or await self._let_in(lane, lane.expects(worst.input_tokens, worst.output_tokens))
                if let_in:
                    return lane
            finally:
                if not let_in:
                    self.purse.land(worst)

    async def _let_in(self, lane: Lane, tokens: int) -> bool:
        """Wait for a turn at a lane; False when it takes long and there are others, or all is different by then."""
        if len(self.lanes.peers(lane)) > 1:
            try:
                async with asyncio.timeout(RECONSIDER):
                    await self.pause(lane.gate.turn(tokens))
            except TimeoutError:
                self.lanes.waits(lane)
                return False
        else:
            await self.pause(lane.gate.turn(tokens))
        if self.paused or not self.lanes.usable(lane):
            lane.gate.dropped()
            self.lanes.waits(lane)
            return False
        return True

    async def _send(self, lane: Lane, request: Request, worst: Usage) -> tuple[Answer, float | None]:
        """The answer and what it cost; the lane's gate and the purse learn how it went."""
        used: Usage | None = None
        gate, started = lane.gate, time.monotonic()
        try:
            if self.in_process:
                answer = await lane.model.complete(request)
            else:
                answer = await self._guarded(lane.model.complete(request), self._busy)
                gate.ok(time.monotonic() - started, answer.input_tokens + answer.output_tokens)
            cost = lane.prices.cost(answer.input_tokens, answer.output_tokens)
            used = Usage(1, answer.input_tokens, answer.output_tokens, cost)
            return answer, cost
        except RateLimited as error:
            gate.limited(error.retry_after, time.monotonic() - started)
            raise
        except ModelError as error:
            used = UNANSWERED
            if not self.in_process:
                (gate.timed_out if error.reason == "timeout" else gate.failed)(time.monotonic() - started)
            raise
        except BaseException:
            if not self.in_process:
                gate.dropped()
            raise
        finally:
            self.purse.land(worst, used)

    def _refuse(self, planned: Planned, key: str, sent: int, refused: Mapping[str, BadRequest]) -> Asked:
        """A request that every model refuses: it costs one sample, with the reason."""
        error = next(iter(refused.values()))
        self.log("warning", f"request {planned.ordinal}: {error}")
        return asked_of(planned, key, sent, failure=error)

    def _refused(self, lane: Lane, error: BadRequest) -> None:
        lane.refused += 1
        if lane.answers == 0 and lane.refused >= ALL_REFUSED:
            self._exclude(lane, error.reason, f"The first {lane.refused} requests were all refused. {error}")
        else:
            self.lanes.back(lane)

    def _exclude(self, lane: Lane, reason: str, sentence: str) -> None:
        """Ask an endpoint no more; raises ``Stopped`` when it was the last."""
        if not self.lanes.exclude(lane, reason, sentence):
            raise Stopped(self.lanes.sentence(sentence, lane.model.name))
        self.tally.retried += 1
        self.lanes.pulse(lane.model.name).begin()  # those that are left have not failed yet, or are asked anew

    def _fails_for_good(self, lane: Lane, pulse: Pulse, error: Transient, attempts: int, *, silent: bool) -> bool:
        """Whether to give this request up. Raises ``Stopped`` when not the request but the endpoint is to blame, and there
        is no other.

        ``silent`` says that nobody got an answer since the request failed the last time. Then nothing is given up while many
        fail alike: the endpoint may come back; if it does not within ``GONE`` seconds, the run stops and loses nothing.
        """
        unreached = error.reason == "connection"
        never = pulse.answers == 0
        alone = not self.lanes.others(lane)
        if alone and unreached and never and attempts >= FIRST_ATTEMPTS:
            raise self._gone(lane, error)
        if attempts < ATTEMPTS or not silent:
            return attempts >= ATTEMPTS
        if unreached or len(pulse.failing) >= CROWD:
            if alone and time.monotonic() - pulse.last >= (GONE / 2 if never else GONE):
                raise self._gone(lane, error)
            return False
        return True

    def _gone(self, lane: Lane, error: Transient) -> Stopped:
        lane.sentence = lane.sentence or str(error)
        return Stopped(self.lanes.sentence(str(error), lane.model.name))

    def _answered(
        self, lane: Lane, pulse: Pulse, planned: Planned, key: str, attempts: int, answer: Answer, cost: float | None
    ) -> Asked:
        pulse.answers += 1
        pulse.begin()
        if not self.in_process:
            lane.answered(answer.output_tokens)
            self.lanes.back(lane)
            answer.endpoint = answer.endpoint or lane.host
        return asked_of(planned, key, attempts, answer=answer, cost=cost)
