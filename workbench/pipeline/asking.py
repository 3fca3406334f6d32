"""How curation, evaluation and judging reach a model: answers in order, lazily, each committed before it counts, asked once.

The endpoints' moods (refusals, failures, limits, several of them) are ``generate.asking``'s affair, as for generation. The
event loop has a thread of its own; the thread that asks plans the requests, looks them up in the ledger and waits.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import WorkbenchError
from workbench.generate.asked import answer_of, known_of
from workbench.generate.asking import Asker, Found, Stopped
from workbench.generate.plan import Planned
from workbench.generate.spending import LENGTHS
from workbench.generate.tally import Tally
from workbench.jobs.run import Cancelled, JobContext
from workbench.models.base import Answer, Request
from workbench.models.limits import Usage
from workbench.models.openai import OpenAIModel
from workbench.pipeline import setting
from workbench.pipeline.asking_embedding import Embedder
from workbench.pipeline.asking_keeping import LOOK, USED, Keeper
from workbench.pipeline.judging_model import answers_questions, judging_model
from workbench.store import abilities, jobs
from workbench.store.answers import Asked

if TYPE_CHECKING:
    from workbench.curate.base import Context
    from workbench.generate.lanes import Lane

T = TypeVar("T")
#: Requests that are looked up in the ledger together.
AHEAD = 64
#: The most requests at once that anybody may wish for, and those that wait for their turn.
MOST = 4_096
#: The project's own parameters that would spoil a judgement: they are about texts that are generated.
_GENERATING = frozenset({"stop", "logprobs", "top_logprobs", "n", "stream"})


def asking(context: JobContext, used: Context) -> Asking:
    """Give the techniques of a chain their model: sets ``used.ask`` and ``used.embed``, each None where there is none.

    The caller closes what is returned. Raises ``WorkbenchError`` when there is a budget in dollars and a price is not known.
    """
    who = Asking(context, judging_model(context))
    used.ask = who.ask if who.answers else None
    used.embed = who.embed if who.embedder else None
    return who


@dataclass
class _Waiting:
    """A request that was sent, or whose answer is there."""

    future: Future[Answer | None]
    key: str


class Asking:
    """What one job asks the model ``spec``, and what it costs. Nothing is connected before the first question.

    ``ask`` and ``embed`` are for one thread. They raise ``Cancelled`` when a person asked the job to stop and ``Stopped``
    when it cannot go on (nothing left to spend, no endpoint left); what was answered by then is kept.
    """

    def __init__(self, context: JobContext, spec: str) -> None:
        project = context.project
        self._context, self._config = context, project.config
        self.spec = spec
        #: Whether there is a model that answers questions.
        self.answers = answers_questions(spec)
        self._lanes: list[Lane] = []
        # As the row says now: an earlier one of this job may have asked since the context was made.
        told = jobs.get(context.store, context.job.id).limits.get(USED) or {}
        self._tally = _resumed(told)
        self._cached = self._looked_up = 0
        self._limits: dict[str, Any] = dict(context.job.limits)
        self._cancelled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._keeper: Keeper | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._flying: dict[str, Future[Answer | None]] = {}
        self._asker: Asker | None = None
        self._own: Mapping[str, Any] = {}
        if self.answers:
            self._lanes = setting.lanes_of(project, {"model": spec, "seed": 0}, [])
            self._refuse_unknown_prices()
            tally = self._tally
            self._asker = Asker(
                context.store,
                self._lanes,
                tally,
                name=spec,
                group=project.config.model.group or setting.group_of(self._lanes),
                seed=0,
                log=self._note,
                spent=Usage(tally.requests + tally.retried, tally.input_tokens, tally.output_tokens, tally.cost),
            )
            self._asker.slots = asyncio.Semaphore(MOST)
            if spec == project.config.model.use:
                self._own = {
                    name: value for name, value in project.config.model.parameters.items() if name not in _GENERATING
                }
        embeddings = project.config.curate.embeddings
        self.embedder = Embedder(project, embeddings, self._note) if embeddings else None

    # Questions

    def ask(self, requests: Iterable[Request]) -> Iterator[Answer | None]:
        """The answers in the order of the requests; None for one that failed for good (it is in the job's log).

        As many are under way as people allow, and as many again are planned; what the ledger has is not asked.
        """
        self._begin()
        rest, ended = iter(requests), False
        waiting: deque[_Waiting] = deque()
        while waiting or not ended:
            window = 4 * self._width()
            while not ended and len(waiting) <= 3 * window // 4:
                group = list(islice(rest, max(1, min(AHEAD, window // 4))))
                ended = not group
                waiting.extend(self._send(group))
            if waiting:
                yield self._result(waiting.popleft())

    def _send(self, requests: Sequence[Request]) -> Iterator[_Waiting]:
        asker = self._asker
        assert asker is not None
        planned = [Planned(self._looked_up + place, self._sent(one), {}) for place, one in enumerate(requests)]
        self._looked_up += len(planned)
        for found in asker.find(planned):
            flying = self._flying.get(found.key)
            if flying is not None or found.known is not None:
                self._cached += 1
            if flying is None and found.known is not None:
                flying = Future()
                flying.set_result(known_of(found.known))
            elif flying is None:
                flying = self._flying[found.key] = self._submit(self._one(asker, found))
            yield _Waiting(flying, found.key)

    def _sent(self, request: Request) -> Request:
        """With the project's own parameters, where the request does not say otherwise and they fit."""
        if not self._own or request.scored is not None:
            return request
        own = dict(self._own)
        if any(name in request.parameters for name in LENGTHS):
            own = {name: value for name, value in own.items() if name not in LENGTHS}
        return replace(request, parameters={**own, **request.parameters})

    def _result(self, waiting: _Waiting) -> Answer | None:
        try:
            return waiting.future.result()
        except Stopped as stop:
            if self._cancelled:
                raise Cancelled("Cancelled; the answers so far are kept.") from None
            raise stop from None
        finally:
            self._flying.pop(waiting.key, None)

    async def _one(self, asker: Asker, found: Found) -> Answer | None:
        """One request to its end, in the loop's thread; returns when its answer is durable."""
        held = False
        try:
            await asker.take_slot()
            held = True
            asked = await asker.ask(found)
            self._count(asked)
            if asked.answer_text is None:
                return None
            await self._kept(asked)
            return answer_of(asked)
        except Stopped as stop:
            asker.halt(stop)
            raise
        finally:
            if held:
                asker.slots.release()

    async def _kept(self, asked: Asked) -> None:
        assert self._keeper is not None
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[None] = loop.create_future()

        def tell(error: Exception | None) -> None:
            if durable.done():
                return
            if error is None:
                durable.set_result(None)
            else:
                durable.set_exception(Stopped(str(error)))

        self._keeper.put(asked, lambda error: loop.call_soon_threadsafe(tell, error))
        await durable

    def _count(self, asked: Asked) -> None:
        tally = self._tally
        tally.requests += 1
        if asked.answer_text is None:
            tally.fail(asked.reason or "unknown")
        else:
            tally.answers += 1
            tally.asked(asked.input_tokens, asked.output_tokens, asked.cost)

    # Embeddings

    def embed(self, texts: Sequence[str]) -> Any:
        """One float32 row of length 1 per text, ``(n, d)``; texts that were embedded before are not sent again."""
        embedder = self.embedder
        assert embedder is not None
        self._begin()

        def run(work: Coroutine[Any, Any, T]) -> T:
            if self._cancelled:
                work.close()
                raise Cancelled("Cancelled; the embeddings so far are kept.")
            future = self._submit(work)
            while not future.done():
                with suppress(TimeoutError):
                    return future.result(LOOK)
                if self._cancelled:
                    future.cancel()
                    raise Cancelled("Cancelled; the embeddings so far are kept.")
            return future.result()

        return embedder.rows(texts, run)

    # What it costs

    @property
    def usage(self) -> dict[str, Any]:
        """What the job has used, over all its processes (``cached`` and ``embedded``: in this one); ``cost`` in dollars,
        None where a price is not known, embeddings not counted."""
        return {
            **self._used(),
            "cached": self._cached,
            "embedded": self.embedder.sent if self.embedder else 0,
            "reasons": dict(self._tally.reasons),
            "lanes": self._asker.lanes.state() if self._asker is not None else [],
        }

    def _used(self) -> dict[str, Any]:
        tally = self._tally
        used: dict[str, Any] = {
            "requests": tally.requests,
            "answers": tally.answers,
            "failed": tally.failed,
            "retried": tally.retried,
            "input_tokens": tally.input_tokens,
            "output_tokens": tally.output_tokens,
            "cost": tally.cost,
        }
        return used

    def _refuse_unknown_prices(self) -> None:
        if self._context.job.limits.get("budget") is None:
            return
        for lane in self._lanes:
            if lane.prices.cost(1, 1) is None:
                raise WorkbenchError(
                    f"There is a budget in dollars, but the price of {lane.model.name} is not known: set model.price in "
                    "project.yaml, or leave the budget out."
                )

    # The loop

    def _begin(self) -> None:
        """Start the loop's thread and the keeper, unless they are there."""
        if self._loop is not None:
            return
        store = self._context.store
        self._keeper = Keeper(store.clone(), self._context.job.id, used=self._used, wishes=self._hear)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="asking", daemon=True)
        self._thread.start()
        for model in self._models():
            model.abilities.update(abilities.of(store, model.host, model.model))
            model.log = self._note
        self._hear(False, self._limits)
        self._keeper.start()

    def _models(self) -> list[OpenAIModel]:
        models = [lane.model for lane in self._lanes] + ([self.embedder.model] if self.embedder else [])
        return [model for model in models if isinstance(model, OpenAIModel)]

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        assert self._loop is not None

        async def noted() -> T:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                return await work
            finally:
                self._tasks.discard(task)

        return asyncio.run_coroutine_threadsafe(noted(), self._loop)

    def _width(self) -> int:
        """How many requests people want under way at once, now."""
        wishes = [lane.wish for lane in self._lanes]
        wished = sum(one or 0 for one in wishes) if all(wishes) else self._config.generate.concurrency
        return max(1, min(MOST // 4, int(self._limits.get("concurrency") or wished)))

    def _hear(self, cancel: bool, limits: dict[str, Any]) -> None:
        """What people want, from whichever thread read it."""
        self._limits = limits
        self._cancelled = self._cancelled or cancel

        def hear() -> None:
            asker = self._asker
            if asker is None:
                return
            asker.hear(limits)
            asker.lanes.share(self._width())
            if self._cancelled:
                asker.halt(Stopped("Cancelled."))

        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(hear)

    def _note(self, level: str, message: str) -> None:
        if self._keeper is not None:
            self._keeper.note(level, message)

    def close(self) -> dict[str, Any]:
        """Wait for what is under way (some seconds at most), keep it, and disconnect; returns ``usage``."""
        loop, thread, keeper = self._loop, self._thread, self._keeper
        if loop is not None and thread is not None and keeper is not None:
            self._loop = None
            try:
                asyncio.run_coroutine_threadsafe(self._end(), loop).result()
            finally:
                loop.call_soon_threadsafe(loop.stop)
                thread.join()
                loop.close()
                keeper.finish()
            for model in self._models():
                abilities.keep(self._context.store, model.host, model.model, model.abilities)
        return self.usage

    async def _end(self) -> None:
        if self._asker is not None and self._tasks:
            self._asker.halt(Stopped("The job has ended."))
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes:
            await lane.model.close()
        if self.embedder is not None:
            await self.embedder.close()


def _resumed(told: Mapping[str, Any]) -> Tally:
    """What earlier processes of the job have used, as its row says. A cost that is not known is not there."""
    if not told:
        return Tally()

    def number(name: str) -> int:
        return int(told.get(name) or 0)

    return Tally(
        requests=number("requests"),
        answers=number("answers"),
        failed=number("failed"),
        retried=number("retried"),
        input_tokens=number("input_tokens"),
        output_tokens=number("output_tokens"),
        cost=told.get("cost"),
    )
