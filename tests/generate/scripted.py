"""A model that answers by script, and a small project whose generate jobs run in this process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.generate.lanes import Lane
from workbench.jobs import run as runner
from workbench.models.base import Answer, Capability, Request
from workbench.models.limits import Gate, Prices
from workbench.pipeline import setting, start
from workbench.pipeline.process import _loader
from workbench.project import Project, create
from workbench.store import jobs, samples
from workbench.store.connection import Store

LABELS = ("card", "pin", "rate")
_WORDS = """
please where why when lost new old card account money transfer change rate abroad today again urgent help code number
machine shop paid twice late fee refund app phone waiting week missing wrong limit euro dollar bank branch
"""
WORDS = _WORDS.split()


def words_for(request: Request, count: int = 8) -> str:
    """A text that depends on the request alone."""
    return " ".join(random.Random(request.key("", "")).sample(WORDS, count))


class Killed(BaseException):
    """Ends a run in the middle, as far as that is possible without ending this process."""


class Fast(Gate):
    """A gate that lets everything in at once: what refusals do to the pace is tested elsewhere."""

    async def turn(self, tokens: int = 0) -> None:
        self.flying += 1

    def ok(self, latency: float, tokens_used: int) -> None:
        self.flying -= 1

    def limited(self, retry_after: float | None, latency: float) -> None:
        self.flying -= 1

    def timed_out(self, latency: float) -> None:
        self.flying -= 1

    failed = timed_out

    def dropped(self) -> None:
        self.flying -= 1


def lane(model: Scripted, price: float | None = None, *, host: str = "", wish: int | None = None) -> Lane:
    """An endpoint of a run; ``price`` in dollars per million tokens."""
    if host:
        model.host = host
    return Lane(model, Prices(price, price), Fast(concurrency=64), wish)


class Scripted:
    """Answers with ``script(request, number of the call)``: a text, an ``Answer``, or an exception to raise."""

    name = "openai:test"
    group = "test"
    capabilities: frozenset[Capability] = frozenset({"chat"})
    description = "A model for tests."
    host = "test.example"

    def __init__(self, script: Callable[[Request, int], Any] | None = None, latency: float = 0.0) -> None:
        self.script = script or (lambda request, number: words_for(request))
        self.latency = latency
        self.requests: list[Request] = []
        self.flying = self.most_flying = 0

    async def complete(self, request: Request) -> Answer:
        self.requests.append(request)
        number = len(self.requests) - 1
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            await asyncio.sleep(self.latency)
        finally:
            self.flying -= 1
        given = self.script(request, number)
        if isinstance(given, BaseException):
            raise given
        return given if isinstance(given, Answer) else Answer(given, "test", "stop", 10, 5)

    async def close(self) -> None:
        """Nothing to release."""


class Bench:
    """A project with three labels and four seeds each; ``job`` runs a generate job to its end, in this process."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str = "classification") -> None:
        self.project = create(folder, kind=kind, labels=LABELS, description="Messages to a bank.")
        self.store = Store(self.project)
        self.patch = monkeypatch
        if kind == "classification":
            self.add([(f"seed {n} about my {label}", label) for label in LABELS for n in range(8)])

    def add(self, texts: list[tuple[str, str]], role: str = "seed") -> None:
        origin, split = samples.ROLES[role]
        samples.add(self.store, [samples.NewSample({"text": text}, label, origin, split) for text, label in texts])

    def edit(self, old: str, new: str) -> None:
        """Change project.yaml."""
        path = self.project.settings
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        self.project = Project(self.project.folder)

    def submit(self, limits: Mapping[str, Any] | None = None, **given: Any) -> int:
        chosen = {"recipe": "zerogen", "model": "openai:test", "learn": False, **given}
        parameters = setting.parameters_of(self.project, chosen)
        return start.submit(self.store, "generate", parameters, limits or {"concurrency": 8}, start=False)

    def run(self, job_id: int, model: Any) -> Any:
        """Run a job with a model, or with several lanes."""
        if isinstance(model, Sequence):
            self.patch.setattr(setting, "lanes_of", lambda *args, **kwargs: list(model))
        else:
            self.patch.setattr(setting, "make_model", lambda *args, **kwargs: model)
        jobs.mark_interrupted(self.store)
        with self.store.write() as connection:
            jobs.requeue(connection, job_id)  # in case it has ended before
        runner.run(self.project, job_id, {"generate": _loader("generate")})
        return jobs.get(self.store, job_id)

    def job(self, model: Any, limits: Mapping[str, Any] | None = None, **given: Any) -> Any:
        return self.run(self.submit(limits, **given), model)

    def killed(self, job_id: int, model: Any) -> None:
        """Run a job whose model raises ``Killed``."""
        with pytest.raises(Killed):
            self.run(job_id, model)

    def texts(self) -> list[str]:
        return [row[0] for row in self.store.read("SELECT text FROM sample WHERE origin = 'synthetic' ORDER BY id")]

    def made(self) -> list[tuple[Any, ...]]:
        """Everything about the generated samples that must not depend on when the job was interrupted."""
        return self.store.read(
            "SELECT series_id, request.ordinal, sample.ordinal, text, label_key, dropped, messages, verdict.reason IS NULL "
            "FROM sample JOIN request ON request.id = request_id JOIN prompt ON prompt.id = prompt_id "
            "LEFT JOIN verdict ON verdict.sample_id = sample.id ORDER BY 1, 2, 3"
        )
