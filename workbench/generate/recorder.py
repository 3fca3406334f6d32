"""The ledger's clerk: a thread that commits answers in groups, then parses them and commits what they gave.

An answer is durable before it is parsed and counted. What comes while one group is committed makes the next group: a
request's place is free again as soon as its answer is durable, so these transactions are small and many. Parsing follows
some times a second, in larger transactions.

When the database refuses (disk full), the engine is told to stop asking; answers that still come are paid for, so they
are kept and tried again when the last one is there.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import StoreError
from workbench.generate.asked import answer_of
from workbench.generate.parts import Refusal
from workbench.generate.plan import Plan
from workbench.generate.tally import Tally
from workbench.models.base import Answer
from workbench.store import answers, jobs, ledger, samples
from workbench.store.answers import Asked
from workbench.store.connection import Store
from workbench.store.prompts import encoded
from workbench.store.samples import NewSample

#: Seconds for which answers of an in-process model gather; those of an endpoint never wait for company.
GATHER = 0.01
#: Answers are parsed this often (seconds), or when so many are there.
PARSE_EVERY, PARSE_AT = 0.1, 256
#: Seconds between two updates of the job's row.
TELL = 0.3
#: Answers that are committed together at the most.
GROUP = 1_000
#: The same, and samples that are stored together, while people work in the project: they wait for these transactions.
SMALL = 64
#: When nothing could be written: tries for the answers at hand, and seconds between them.
LAST_TRIES, LAST_WAIT = 4, 0.5
#: Lines that one run adds to the job's log about single requests.
NOTES = 100


@dataclass
class Parsed:
    request_id: int
    ordinal: int
    answer: Answer
    conditions: Mapping[str, Any]
    parents: Mapping[str, Any]


@dataclass
class Kept:
    """An answer to be kept under its key alone; ``then`` is called, in the recorder's thread, when it is durable."""

    asked: Asked
    then: Callable[[], object]


class Recorder:
    """Writes down what was asked. ``put`` may be called from any thread; ``done`` is called, in this thread, with the
    ordinals that are durable (answered or failed)."""

    def __init__(
        self,
        store: Store,
        *,
        series_id: int,
        job_id: int,
        plan: Plan,
        tally: Tally,
        done: Callable[[int], None],
        gather: float,
        state: Callable[[], tuple[int, int | None, str, dict[str, Any]]],
        wishes: Callable[[bool, dict[str, Any]], None],
    ) -> None:
        self._store = store  # of its own: closed when it has finished
        self._series, self._job, self._plan, self.tally = series_id, job_id, plan, tally
        self._done, self._state, self._wishes, self._wait = done, state, wishes, gather
        self._queue: queue.SimpleQueue[Asked | Kept | None] = queue.SimpleQueue()
        self._prompts = ledger.Prompts()
        self._waiting: list[Parsed] = []
        self._notes: queue.SimpleQueue[tuple[str, str, bool]] = queue.SimpleQueue()
        self._noted = 0
        self._paused: bool | None = None  # as the job's row says; None: not looked at
        self._told = self._parsed = 0.0
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Parse what an earlier run left unparsed, then begin."""
        while left := ledger.unparsed(self._store, self._series):
            self._waiting = [
                Parsed(
                    one.id,
                    one.ordinal,
                    Answer(one.answer or "", "", one.finish_reason, logprobs=one.logprobs),
                    one.conditions,
                    one.parents,
                )
                for one in left
            ]
            self._commit([], parse=True)
        self._thread.start()

    def put(self, asked: Asked) -> None:
        self._queue.put(asked)

    def keep(self, asked: Asked, then: Callable[[], object]) -> None:
        """Keep an answer before its request is written down: the request is not done yet."""
        self._queue.put(Kept(asked, then))

    def note(self, level: str, message: str) -> None:
        """A line about a single request for the job's log, written with the next group; from any thread."""
        self._notes.put((level, message, True))

    def tell(self, level: str, message: str) -> None:
        """A line about the run: written down however many there are."""
        self._notes.put((level, message, False))

    def finish(self) -> None:
        """Commit everything and end the thread; raises what it met."""
        if self._thread.ident is not None:
            self._queue.put(None)
            self._thread.join()
        self._store.close()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        batch: list[Asked | Kept] = []
        try:
            ended = False
            while not ended or self._waiting:
                batch = []
                ended = self._gather(batch, ended)
                self._commit(batch, parse=ended)
        except StoreError as error:
            self.error = error
            self._done(0)
            self._rescue(batch, ended)
        except BaseException as error:  # noqa: BLE001 - handed to the job's own thread, which raises it
            self.error = error
            self._done(0)

    def _rescue(self, batch: list[Asked | Kept], ended: bool) -> None:
        """Take what still comes, then try to commit it: parsing can wait for the next run, answers cannot."""
        while not ended and (asked := self._queue.get()) is not None:
            batch.append(asked)
        self._waiting = []
        for left in reversed(range(LAST_TRIES)):
            try:
                self._prompts.forget()  # the transaction that made them was rolled back
                self._commit(batch)
                return
            except StoreError as error:
                self.error = error
                if left:
                    time.sleep(LAST_WAIT)

    def _gather(self, batch: list[Asked | Kept], ended: bool) -> bool:
        if ended:
            return True
        try:
            more = len(self._waiting) >= PARSE_AT  # left over, because people are here
            first = self._queue.get(timeout=0 if more else PARSE_EVERY if self._waiting else TELL)
        except queue.Empty:
            return False
        until = time.monotonic() + self._wait
        most = SMALL if self._store.people_are_here() else GROUP
        while first is not None:
            batch.append(first)
            if len(batch) >= most:
                return False
            try:
                left = until - time.monotonic()
                first = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                return False
        return True

    def _commit(self, group: Sequence[Asked | Kept], *, parse: bool = False) -> None:
        now = time.monotonic()
        batch = [one for one in group if isinstance(one, Asked)]
        kept = [one for one in group if isinstance(one, Kept)]
        waiting: list[Parsed] = []
        if parse or len(self._waiting) >= PARSE_AT or now - self._parsed >= PARSE_EVERY:
            most = SMALL if self._store.people_are_here() else len(self._waiting)
            waiting, self._waiting = self._waiting[:most], self._waiting[most:]
            self._parsed = self._parsed if self._waiting else now
        outcomes = [(one, self._parse(one)) for one in waiting]
        tell = now - self._told >= TELL
        if not (group or outcomes or tell):
            return
        rows = samples.encoded(one for _, made in outcomes if not isinstance(made, Refusal) for one in made)
        texts = encoded(batch)
        with self._store.write() as connection:
            if kept:
                answers.keep_answers(connection, (one.asked for one in kept))
            ids = ledger.record(connection, self._prompts, self._series, self._job, batch, texts)
            added = samples.insert(connection, rows)
            ledger.mark(
                connection,
                [
                    (one.request_id, "failed", made.reason)
                    if isinstance(made, Refusal)
                    else (one.request_id, "parsed", None)
                    for one, made in outcomes
                ],
            )
            ledger.score_requests(
                connection,
                "confidence",
                [
                    (one.request_id, sum(one.answer.logprobs) / len(one.answer.logprobs))
                    for one, made in outcomes
                    if one.answer.logprobs and not isinstance(made, Refusal)
                ],
                version=1,
                job_id=self._job,
            )
            self._write_notes()
            if tell:
                done, total, note, result = self._state()
                wishes = jobs.tell(connection, self._job, done, total, note, result)
                paused = bool(wishes[1].get("paused"))
                if paused != self._paused:
                    jobs.show_paused(connection, self._job, paused=paused)
        for one in kept:
            one.then()
        if tell:
            self._paused = paused
            self._told = now
            self._wishes(*wishes)
        self.tally.samples += added
        for _, outcome in outcomes:
            if isinstance(outcome, Refusal):
                self.tally.fail(outcome.reason)
        for request_id, asked in zip(ids, batch, strict=True):
            self._count(asked)
            if asked.answer_text is not None:
                self._waiting.append(
                    Parsed(request_id, asked.ordinal, answer_of(asked), asked.conditions, asked.parents)
                )
        if batch:
            self._done(len(batch))

    def _write_notes(self) -> None:
        while not self._notes.empty():
            level, message, single = self._notes.get()
            self._noted += single
            if not single or self._noted < NOTES:
                jobs.log(self._store, self._job, level, message)
            elif self._noted == NOTES:
                jobs.log(
                    self._store, self._job, level, "More of this kind is counted, but no longer written down here."
                )

    def _count(self, asked: Asked) -> None:
        tally = self.tally
        tally.requests += 1
        first = asked.first
        if first is not None:
            tally.repaired += 1
            if not (first.cached and asked.cached):
                tally.asked(first.input_tokens, first.output_tokens, first.cost)
        if asked.answer_text is None:
            tally.fail(asked.reason or "unknown")
            return
        tally.answers += 1
        if asked.attempts == 0:
            tally.cached += 1
        if not asked.cached:
            tally.asked(asked.input_tokens, asked.output_tokens, asked.cost)

    def _parse(self, one: Parsed) -> list[NewSample] | Refusal:
        contents = self._plan.parse(one.answer, one.conditions)
        if isinstance(contents, Refusal):
            return contents
        return [
            NewSample(
                fields=content.fields,
                label=one.conditions.get("label") if content.label is None else content.label,
                conditions={**one.conditions, **content.extra},
                parents=one.parents,
                job_id=self._job,
                request_id=one.request_id,
                ordinal=ordinal,
            )
            for ordinal, content in enumerate(contents)
        ]
