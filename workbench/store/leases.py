"""Who works on which samples just now: queues of several people that do not meet.

A *sitting* is one process of one person. It holds a file lock for life, so one that was killed counts as gone at once, whatever
the clock says. A *lease* keeps a sample for one person while the sitting lives and its time (``review.lease`` minutes, renewed
by who works) has not come. With ``overlap`` n, up to n people get the same sample.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from workbench.errors import StoreError
from workbench.project import Project
from workbench.sharing import open_file
from workbench.store import locks
from workbench.store.blind import SAID
from workbench.store.connection import Store, now, powers

#: Samples of a queue that are looked at together.
_LOOK = 256


class Held(NamedTuple):
    """What one person holds: number of samples, and when the last lease ends (UTC)."""

    annotator: str
    n: int
    until: str


class Sitting:
    """One process of one person; ``close`` (or the end of the process, however it comes) frees its leases."""

    def __init__(self, project: Project, sitting_id: int, annotator_id: int, lock: int) -> None:
        self.id = sitting_id
        self.annotator_id = annotator_id
        self._project = project
        self._lock = lock

    def close(self) -> None:
        """Give the lock back; who looks next takes the rows away."""
        if self._lock >= 0:
            with suppress(OSError):
                _path(self._project, self.id).unlink()
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _path(project: Project, sitting_id: int) -> Path:
    return project.locks / f"sitting-{sitting_id}"


def sit(store: Store, annotator_id: int) -> Sitting:
    """Begin a sitting of a person. Two of the same person, on two terminals, do not get the same samples."""
    with store.write() as connection:
        _clear(store, connection)
        cursor = connection.execute(
            "INSERT INTO sitting (annotator_id, host, pid, created_at) VALUES (?, ?, ?, ?)",
            (annotator_id, socket.gethostname(), os.getpid(), now()),
        )
        assert cursor.lastrowid is not None
        # Locked before anybody can see the row: whoever looks never finds a living sitting without its lock.
        lock = open_file(_path(store.project, cursor.lastrowid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise StoreError(f"{store.project.locks}: a file there cannot be locked ({error.strerror}).") from error
        return Sitting(store.project, cursor.lastrowid, annotator_id, lock)


def _living(store: Store) -> set[int]:
    return {one for (one,) in store.read("SELECT id FROM sitting") if locks.held(_path(store.project, one))}


def _clear(store: Store, connection: sqlite3.Connection) -> None:
    """Take away sittings that ended, with their leases, and leases whose time has come."""
    for (sitting,) in connection.execute("SELECT id FROM sitting").fetchall():
        if not locks.held(_path(store.project, sitting)):
            connection.execute("DELETE FROM lease WHERE sitting_id = ?", (sitting,))
            connection.execute("DELETE FROM sitting WHERE id = ?", (sitting,))
            with suppress(OSError):
                _path(store.project, sitting).unlink()


def _term(store: Store) -> tuple[str, str, str]:
    """(now, the end of a lease taken now, the latest end that a lease can have).

    An end beyond that was written under a clock that ran ahead: it does not hold.
    """
    moment, minutes = datetime.now(UTC), timedelta(minutes=store.project.outline.review.lease)
    ends = (moment, moment + minutes, moment + 2 * minutes)
    first, end, latest = (one.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" for one in ends)
    return first, end, latest


def take(store: Store, sitting: Sitting, candidates: Iterable[int], n: int, *, overlap: int) -> list[int]:
    """Lease up to ``n`` samples for this person, in the order of ``candidates``, which is read only as far as needed.

    Given are those on which the person has not decided, that no other sitting of theirs holds, and that fewer than
    ``overlap`` people decided on or hold. What this sitting holds already is given again and its time renewed. Reading is
    done before the one short write; what others took in between is left to them.
    """
    found: list[int] = []
    queue = iter(candidates)
    while len(found) < n:
        free: list[int] = []
        while len(free) < n - len(found) and (chunk := list(islice(queue, _LOOK))):
            free += _free(store, store.connection, sitting, chunk, overlap)
        if not free:
            break
        wanted = free[: n - len(found)]
        queue = _before(free[n - len(found) :], queue)
        with store.write() as connection:
            if not found:
                _clear(store, connection)
            _, until, _ = _term(store)
            wanted = _free(store, connection, sitting, wanted, overlap)
            connection.executemany(
                "INSERT OR REPLACE INTO lease (sample_id, annotator_id, sitting_id, until) VALUES (?, ?, ?, ?)",
                [(one, sitting.annotator_id, sitting.id, until) for one in wanted],
            )
        found += wanted
    return found


def _before(first: Sequence[int], rest: Iterator[int]) -> Iterator[int]:
    yield from first
    yield from rest


def _free(
    store: Store, connection: sqlite3.Connection, sitting: Sitting, ids: Sequence[int], overlap: int
) -> list[int]:
    """Those of ``ids`` that this sitting may have, in their order."""
    people: dict[int, set[int]] = {}
    barred: set[int] = set()
    living = _living(store)
    moment, _, latest = _term(store)
    for chunk in powers(ids, _LOOK):
        marks = ",".join("?" * len(chunk))
        for sample, who in connection.execute(
            f"SELECT sample_id, annotator_id FROM opinion WHERE sample_id IN ({marks}) AND {SAID}", list(chunk)
        ):
            people.setdefault(sample, set()).add(who)
            if who == sitting.annotator_id:
                barred.add(sample)
        for sample, who, other, until in connection.execute(
            f"SELECT sample_id, annotator_id, sitting_id, until FROM lease WHERE sample_id IN ({marks})", list(chunk)
        ):
            if other == sitting.id or other not in living or not moment < until <= latest:
                continue
            people.setdefault(sample, set()).add(who)
            if who == sitting.annotator_id:
                barred.add(sample)
    return [
        one
        for one in dict.fromkeys(ids)
        if one not in barred and len(people.get(one, set()) - {sitting.annotator_id}) < overlap
    ]


def renew(store: Store, sitting: Sitting, ids: Sequence[int] | None = None) -> list[int]:
    """Begin the time of this sitting's leases (or those of ``ids``) anew; returns the samples that it still holds.

    A lease whose time has come is gone, and may be somebody else's by now. Leases of decided samples end here.
    """
    moment, until, _ = _term(store)
    with store.write() as connection:
        connection.execute(
            f"DELETE FROM lease WHERE sitting_id = ? AND (until <= ? OR EXISTS (SELECT 1 FROM opinion WHERE "
            f"opinion.sample_id = lease.sample_id AND opinion.annotator_id = lease.annotator_id AND {SAID}))",
            (sitting.id, moment),
        )
        if ids is None:
            connection.execute("UPDATE lease SET until = ? WHERE sitting_id = ?", (until, sitting.id))
        else:
            connection.executemany(
                "UPDATE lease SET until = ? WHERE sample_id = ? AND annotator_id = ? AND sitting_id = ?",
                [(until, one, sitting.annotator_id, sitting.id) for one in ids],
            )
        rows = connection.execute("SELECT sample_id FROM lease WHERE sitting_id = ? ORDER BY 1", (sitting.id,))
        return [one for (one,) in rows.fetchall()]


def release(store: Store, sitting: Sitting, ids: Sequence[int] | None = None) -> None:
    """Give back all leases of this sitting, or those of ``ids``."""
    with store.write() as connection:
        if ids is None:
            connection.execute("DELETE FROM lease WHERE sitting_id = ?", (sitting.id,))
        else:
            connection.executemany(
                "DELETE FROM lease WHERE sample_id = ? AND annotator_id = ? AND sitting_id = ?",
                [(one, sitting.annotator_id, sitting.id) for one in ids],
            )


def held(store: Store) -> list[Held]:
    """Per person, the leases that are good now."""
    living, (moment, _, latest) = _living(store), _term(store)
    people: dict[str, Held] = {}
    for sitting, name, n, until in store.read(
        "SELECT sitting_id, name, count(*), max(until) FROM lease JOIN annotator ON annotator.id = annotator_id "
        f"WHERE until > ? AND until <= ? AND NOT EXISTS (SELECT 1 FROM opinion WHERE opinion.sample_id = lease.sample_id "
        f"AND opinion.annotator_id = lease.annotator_id AND {SAID}) GROUP BY sitting_id ORDER BY name",
        (moment, latest),
    ):
        if sitting in living:
            before = people.get(name, Held(name, 0, ""))
            people[name] = Held(name, before.n + n, max(before.until, until))
    return list(people.values())


def others(store: Store, annotator_id: int, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` (some hundred) that somebody else holds now."""
    living, (moment, _, latest) = _living(store), _term(store)
    rows = store.read(
        f"SELECT sample_id, sitting_id FROM lease WHERE sample_id IN ({','.join('?' * len(ids))}) "
        "AND annotator_id != ? AND until > ? AND until <= ?",
        [*ids, annotator_id, moment, latest],
    )
    return {sample for sample, sitting in rows if sitting in living}
