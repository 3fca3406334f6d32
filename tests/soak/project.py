"""What the long runs share: the banking sample project with its seeds, and waiting with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from workbench.pipeline import start
from workbench.project import Project, create_from_sample
from workbench.store import jobs
from workbench.store.connection import Store


def wait(until: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def ended(store: Store, job_id: int) -> jobs.Job:
    wait(lambda: jobs.get(store, job_id).state in jobs.ENDED)
    return jobs.get(store, job_id)


def banking(folder: Path) -> Project:
    project = create_from_sample(folder, "banking_intents")
    with Store(project) as store:
        seeds = start.submit(store, "import", {"file": str(project.folder / "seeds.jsonl"), "role": "seed"})
        assert ended(store, seeds).state == "done"
    return project
