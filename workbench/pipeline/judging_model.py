"""Which model judges, and about what it costs: asked before a job begins, so nothing here loads an endpoint's client."""

from __future__ import annotations

from workbench.config import Endpoint
from workbench.jobs.run import JobContext
from workbench.models.make import MODELS
from workbench.pipeline.setting import prices_of
from workbench.project import Project

#: Characters of a token, about; tokens of a question around what is judged, and of a verdict with its reason.
LETTERS, QUESTION_TOKENS, VERDICT_TOKENS = 4, 250, 60


def judging_model(context: JobContext) -> str:
    """The spec of the model that a curate job's techniques ask: its own, ``curate.model``, or the generating one."""
    config = context.project.config
    return str(context.job.parameters.get("model") or config.curate.model or config.model.use)


def evaluating_model(project: Project, own: str | None = None) -> str:
    """The spec of the model that judges data sets and duels: ``own``, ``evaluate.judge.model``, or as for curation."""
    config = project.config
    return str(own or config.evaluate.judge.model or config.curate.model or config.model.use)


def answers_questions(spec: str) -> bool:
    """Whether a model of that kind answers questions: those in this process write texts and nothing else. An unknown kind
    is refused with a sentence where it is made."""
    kind = spec.partition(":")[0].strip()
    return all("chat" in one.capabilities for one in MODELS if one.name == kind)


def forecast(project: Project, spec: str, requests: int, letters: float) -> float | None:
    """About what so many judgements cost in dollars, by the dearest endpoint; None where a price is not known.

    ``letters``: characters of what is judged in one request; the question and the verdict come on top. What the ledger
    has already costs nothing and is not taken off.
    """
    asked, answered = tokens(requests, letters)
    endpoints = project.config.model.several(spec) or [Endpoint()]
    costs = [prices_of(project, one.use or spec, one).cost(asked, answered) for one in endpoints]
    known = [cost for cost in costs if cost is not None]
    return max(known) if len(known) == len(costs) else None


def tokens(requests: int, letters: float) -> tuple[int, int]:
    """About how many tokens go out and come back."""
    return round(requests * (letters / LETTERS + QUESTION_TOKENS)), requests * VERDICT_TOKENS
