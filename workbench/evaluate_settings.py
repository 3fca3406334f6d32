"""The ``evaluate`` section of ``project.yaml``: seeds, learners, the judging model, the project's own training command."""

from __future__ import annotations

from pydantic import Field

from workbench.task import Part


class JudgeSettings(Part):
    """A model that rates samples and compares outputs. ``model``: as ``model.use`` (default: ``curate.model``, else that).
    ``rubric``: what is judged, in words; ``samples``: how many are rated, drawn at random."""

    model: str | None = None
    rubric: str | None = Field(default=None, max_length=4_000)
    samples: int = Field(default=100, ge=1, le=100_000)


class TrainerSettings(Part):
    """A training program of the user's: ``command`` is a list of words, run without a shell; ``timeout`` in seconds."""

    command: list[str] = Field(default_factory=list, max_length=100)
    timeout: float = Field(default=3600, gt=0, le=7 * 86_400)


class EvaluateSettings(Part):
    """How the data set is measured. ``learners``: the classifiers that are trained on it, the first one for the benchmark's
    own numbers (default: all that can be trained here, ``linear`` first)."""

    seed: int = Field(default=0, ge=0, lt=2**31)
    learners: list[str] | None = Field(default=None, min_length=1, max_length=10)
    judge: JudgeSettings = JudgeSettings()
    trainer: TrainerSettings = TrainerSettings()
