"""The project to oneself, for what nobody may watch half done."""

from __future__ import annotations

import contextlib
import fcntl
import pwd
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import StoreError
from workbench.store.connection import OPEN, Store
from workbench.store.locks import holders

#: Seconds for which somebody who is just leaving may do so.
PATIENCE = 1.0


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Keep every other process out for as long as the block lasts; one that comes meanwhile waits at the door.

    Other stores of this process stay open; the thread that is inside must open none. Raises ``StoreError`` naming who is
    in the project.
    """
    mine = [one.use for one in list(OPEN) if one.path == store.path and one.use >= 0]
    deadline = time.monotonic() + PATIENCE
    for descriptor in mine:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    try:
        while True:
            try:
                fcntl.flock(store.use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"{store.project.folder}: {', '.join(others(store)) or 'another process'} is in the project; "
                        "nothing was changed. Close it there (`workbench jobs cancel` ends a job), then do it again."
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        # Ours first: the others' locks would wait for the one that is exclusive.
        for descriptor in (store.use, *mine):
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_SH)


def others(store: Store) -> list[str]:
    """The other processes that have the project open, in words, as far as the system tells."""
    working = {row[0]: (row[1], row[2]) for row in store.read("SELECT pid, id, kind FROM job WHERE pid IS NOT NULL")}
    found = []
    for pid in holders(store.project.locks / "use"):
        if pid in working:
            found.append(f"job {working[pid][0]} ({working[pid][1]})")
            continue
        user = ""
        with contextlib.suppress(OSError, KeyError):
            user = f" of {pwd.getpwuid(Path(f'/proc/{pid}').stat().st_uid).pw_name}"
        found.append(f"process {pid}{user}")
    return found
