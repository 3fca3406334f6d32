"""Jobs run in this process, on small projects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from workbench.jobs.run import run as run_job
from workbench.pipeline.process import _KINDS, _loader
from workbench.project import Project, create
from workbench.store import jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.samples import NewSample

RunJob = Callable[..., Job]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user-config"))
    with Store(create(tmp_path / "p", labels=["lost_card", "refund"])) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> RunJob:
    """``run("curate", filters=[...])`` runs a job to its end, in this process, and gives its row."""
    monkeypatch.setattr("workbench.pipeline.start.learn_later", lambda _, **__: None)

    def start(kind: str, limits: Mapping[str, Any] | None = None, **parameters: Any) -> Job:
        number = jobs.create(store, kind, parameters, limits)
        run_job(Project(store.project.folder), number, {one: _loader(one) for one in _KINDS})
        return jobs.get(store, number)

    return start


def add(store: Store, *texts: str, label: str = "refund", origin: str = "synthetic", split: str = "train") -> None:
    samples.add(store, [NewSample({"text": text}, label, origin, split) for text in texts])
