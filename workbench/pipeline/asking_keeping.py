"""Between answers and the ledger for jobs whose requests make no samples: an answer is durable before it counts.

A thread with a store of its own commits what has come, in groups, together with what the job has used so far, so that a
budget holds over all processes of a job. It also reads what people want of the job, and writes its log.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import StoreError
from workbench.store import answers, jobs
from workbench.store.answers import Asked
from workbench.store.connection import Store

#: Where a job's row keeps what it has used.
USED = "used"
#: Seconds between two looks at what people want.
LOOK = 0.3
#: Answers that are committed together at the most.
GROUP = 1_000
#: When nothing could be written: tries, and seconds between them.
LAST_TRIES, LAST_WAIT = 4, 0.5
#: Lines that one run adds to the job's log about single requests.
NOTES = 100

#: Called in the keeper's thread: with None when an answer is durable, else with why it is not.
Then = Callable[[Exception | None], object]


@dataclass(frozen=True)
class Kept:
    asked: Asked
    then: Then


class Keeper:
    """``put`` and ``note`` may be called from any thread. ``used()`` is what the job has used; ``wishes(cancel, limits)``
    is called in the keeper's thread some times a second."""

    def __init__(
        self,
        store: Store,
        job_id: int,
        *,
        used: Callable[[], Mapping[str, Any]],
        wishes: Callable[[bool, dict[str, Any]], None],
    ) -> None:
        self._store = store  # of its own: closed when it has finished
        self._job, self._used, self._wishes = job_id, used, wishes
        self._queue: queue.SimpleQueue[Kept | None] = queue.SimpleQueue()
        self._notes: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._noted = 0
        self._told: Mapping[str, Any] = {}
        self._looked = 0.0
        self._paused = False
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, asked: Asked, then: Then) -> None:
        """Keep an answer under its key; ``then`` is told when it is durable."""
        self._queue.put(Kept(asked, then))

    def note(self, level: str, message: str) -> None:
        """A line for the job's log."""
        self._notes.put((level, message))

    def finish(self) -> None:
        """Commit everything and end the thread."""
        if self._thread.ident is not None:
            self._queue.put(None)
            self._thread.join()
        self._store.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._gather()
            for left in reversed(range(LAST_TRIES)):
                try:
                    self._commit(group, last=ended)
                    break
                except StoreError as error:
                    if not left:
                        for one in group:
                            one.then(error)
                        break
                    time.sleep(LAST_WAIT)

    def _gather(self) -> tuple[list[Kept], bool]:
        group: list[Kept] = []
        try:
            one = self._queue.get(timeout=LOOK)
            while one is not None:
                group.append(one)
                if len(group) >= GROUP:
                    return group, False
                one = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _commit(self, group: list[Kept], *, last: bool) -> None:
        used = dict(self._used())
        if group or used != self._told or not self._notes.empty():
            with self._store.write() as connection:
                answers.keep_answers(connection, (one.asked for one in group))
                if used != self._told:
                    jobs.set_limits(self._store, self._job, {USED: used})
                self._write_notes()
            self._told = used
            for one in group:
                one.then(None)
        if last or time.monotonic() - self._looked >= LOOK:
            self._look()

    def _write_notes(self) -> None:
        while not self._notes.empty():
            level, message = self._notes.get()
            self._noted += 1
            if self._noted < NOTES:
                jobs.log(self._store, self._job, level, message)
            elif self._noted == NOTES:
                jobs.log(
                    self._store, self._job, level, "More of this kind is counted, but no longer written down here."
                )

    def _look(self) -> None:
        self._looked = time.monotonic()
        job = jobs.get(self._store, self._job)
        paused = bool(job.limits.get("paused"))
        if paused != self._paused:
            with self._store.write() as connection:
                jobs.show_paused(connection, self._job, paused=paused)
            self._paused = paused
        self._wishes(job.cancel, job.limits)
