"""The ledger's clerk: a thread that commits answers in groups, then parses them and commits what they gave.

An answer is durable before it is parsed and counted. Groups of some 10 ms keep the speed: one transaction for many
answers, and the samples of one group ride in the transaction of the next.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.generate.parts import Refusal
from workbench.generate.plan import Plan
from workbench.models.base import Answer
from workbench.store import curation, jobs, ledger, samples
from workbench.store.connection import Store
from workbench.store.ledger import Asked
from workbench.store.samples import NewSample

#: Seconds for which answers gather before they are committed together.
GATHER = 0.01
#: Seconds between two updates of the job's row.
TELL = 0.3


@dataclass
class Tally:
    """What one run of the job did so far. ``answers`` and ``samples`` count what is committed."""

    requests: int = 0
    answers: int = 0
    cached: int = 0
    retried: int = 0
    limited: int = 0
    failed: int = 0
    samples: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    reasons: dict[str, int] = field(default_factory=dict)

    def fail(self, reason: str) -> None:
        self.failed += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


@dataclass
class Parsed:
    request_id: int
    ordinal: int
    answer: Answer
    conditions: Mapping[str, Any]
    parents: Mapping[str, Any]


class Recorder:
    """Writes down what was asked. ``put`` may be called from any thread; ``done`` is called, in this thread, with the
    ordinals that are durable (answered or failed)."""

    def __init__(
        self, store: Store, *, series_id: int, job_id: int, plan: Plan, tally: Tally,
        done: Callable[[int], None], state: Callable[[], tuple[int, int | None, str, dict[str, Any]]],
        wishes: Callable[[bool, dict[str, Any]], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._series, self._job, self._plan, self.tally = series_id, job_id, plan, tally
        self._done, self._state, self._wishes = done, state, wishes
        self._queue: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._prompts = ledger.Prompts()
        self._waiting: list[Parsed] = []
        self._told = 0.0
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Parse what an earlier run left unparsed, then begin."""
        while left := ledger.unparsed(self._store, self._series):
            self._waiting = [
                Parsed(one.id, one.ordinal, Answer(one.answer or "", "", one.finish_reason, logprobs=one.logprobs),
                       one.conditions, one.parents)
                for one in left
            ]  # fmt: skip
            self._commit([])
        self._thread.start()

    def put(self, asked: Asked) -> None:
        self._queue.put(asked)

    def finish(self) -> None:
        """Commit everything and end the thread; raises what it met."""
        self._queue.put(None)
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            ended = False
            while not ended or self._waiting:
                batch: list[Asked] = []
                ended = self._gather(batch, ended)
                self._commit(batch)
        except BaseException as error:  # noqa: BLE001 - handed to the job's own thread, which raises it
            self.error = error
            self._done(0)

    def _gather(self, batch: list[Asked], ended: bool) -> bool:
        if ended:
            return True
        try:
            # With samples waiting for a transaction to ride in, or news to tell, nothing waits for long.
            first = self._queue.get(timeout=GATHER if self._waiting else TELL)
        except queue.Empty:
            return False
        until = time.monotonic() + GATHER
        while first is not None:
            batch.append(first)
            try:
                first = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return False
            if len(batch) >= 1_000:
                until = 0.0
        return True

    def _commit(self, batch: list[Asked]) -> None:
        waiting, self._waiting = self._waiting, []
        outcomes = [(one, self._parse(one)) for one in waiting]
        tell = time.monotonic() - self._told >= TELL
        if not (batch or outcomes or tell):
            return
        with self._store.write() as connection:
            added = 0
            for one, outcome in outcomes:
                if isinstance(outcome, Refusal):
                    ledger.mark(connection, one.request_id, "failed", outcome.reason)
                    continue
                added += samples.insert(connection, [outcome])
                ledger.mark(connection, one.request_id, "parsed")
                if one.answer.logprobs:
                    self._score(connection, one)
            ids = ledger.record(connection, self._prompts, self._series, self._job, batch)
            if tell:
                done, total, note, result = self._state()
                wishes = jobs.tell(connection, self._job, done, total, note, result)
        if tell:
            self._told = time.monotonic()
            self._wishes(*wishes)
        self.tally.samples += added
        for _, outcome in outcomes:
            if isinstance(outcome, Refusal):
                self.tally.fail(outcome.reason)
        for request_id, asked in zip(ids, batch, strict=True):
            self._count(asked)
            if asked.answer_text is not None:
                answer = Answer(
                    asked.answer_text, asked.answer_model, asked.finish_reason, asked.input_tokens, asked.output_tokens,
                    list(asked.logprobs) if asked.logprobs is not None else None,
                )  # fmt: skip
                self._waiting.append(Parsed(request_id, asked.ordinal, answer, asked.conditions, asked.parents))
        if batch:
            self._done(len(batch))

    def _score(self, connection: Any, one: Parsed) -> None:
        row = connection.execute(
            "SELECT id FROM sample WHERE request_id = ? AND ordinal = 0", (one.request_id,)
        ).fetchone()
        logprobs = one.answer.logprobs or []
        curation.put_scores(
            connection, "confidence", [(row[0], sum(logprobs) / len(logprobs))], version=1, job_id=self._job
        )

    def _count(self, asked: Asked) -> None:
        tally = self.tally
        tally.requests += 1
        if asked.answer_text is None:
            tally.fail(asked.reason or "unknown")
            return
        tally.answers += 1
        if asked.cached:
            tally.cached += 1
            return
        tally.input_tokens += asked.input_tokens
        tally.output_tokens += asked.output_tokens
        tally.cost = None if tally.cost is None or asked.cost is None else tally.cost + asked.cost

    def _parse(self, one: Parsed) -> NewSample | Refusal:
        fields = self._plan.parse(one.answer, one.conditions)
        if isinstance(fields, Refusal):
            return fields
        return NewSample(
            fields=fields, label=one.conditions.get("label"), conditions=one.conditions, parents=one.parents,
            job_id=self._job, request_id=one.request_id,
        )  # fmt: skip
