"""Starting jobs as processes that outlive the screen, the terminal and the SSH line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from workbench.errors import StoreError, UsageError
from workbench.sharing import open_file
from workbench.store import jobs
from workbench.store.acts import system_user
from workbench.store.connection import Store, explain

#: Seconds that starting a process may take.
STARTING = 60


def _scope() -> list[str]:
    """``systemd-run`` in front, where the user's services linger: log-out cannot end the job then."""
    lingers = Path("/var/lib/systemd/linger", system_user()).exists()
    if lingers and os.environ.get("XDG_RUNTIME_DIR") and (found := shutil.which("systemd-run")):
        return [found, "--user", "--scope", "--quiet", "--collect", "--"]
    return []


def launch(store: Store, job_id: int, module: str) -> None:
    """Start ``python -m module PROJECT JOB`` in a session of its own, by a double fork, and return at once.

    The process that this starts forks a child that becomes the job, and ends: the job belongs to nobody who could take it
    along when ending. Raises ``StoreError`` when nothing can be started; the job has failed then, and can be resumed.
    """
    try:
        _launch(store, job_id, module)
    except StoreError as error:
        with suppress(StoreError):  # the first refusal is the one to tell; the row counts as interrupted soon
            jobs.not_started(store, job_id, str(error))
        raise


def _launch(store: Store, job_id: int, module: str) -> None:
    log_path = jobs.log_path(store.project, job_id)
    try:
        with open(open_file(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC), "ab") as log:
            # -P: a folder called workbench where the user happens to be must not be imported.
            command = [
                *_scope(),
                sys.executable,
                "-P",
                "-m",
                module,
                str(store.project.folder),
                str(job_id),
                "--detach",
            ]
            starter = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
                timeout=STARTING,
            )
    except OSError as error:
        raise explain(error, store.project.locks) from error
    except subprocess.TimeoutExpired as error:
        raise StoreError(f"The job's process did not start within {STARTING} seconds; try again.") from error
    if starter.returncode:
        raise StoreError(f"The job's process did not start; {log_path} says why.")


def detach() -> None:
    """Called by a job's process before anything else: fork once more, and let the parent end."""
    if os.fork():
        os._exit(0)
    os.setsid() if os.getpid() != os.getsid(0) else None


def resumable(store: Store, job_id: int) -> None:
    """Raise ``UsageError`` unless the job has ended in a way that can go on. Marks jobs whose process is gone first."""
    jobs.mark_interrupted(store)
    job = jobs.get(store, job_id)
    if jobs.lives(store.project, job_id):
        raise UsageError(f"Job {job_id} is running.")
    if job.state == "done":
        raise UsageError(f"Job {job_id} is done; there is nothing to resume.")
    if job.state == "queued":
        raise UsageError(f"Job {job_id} is starting; `workbench jobs` shows how it gets on.")
