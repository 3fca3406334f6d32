"""What a training program of the user's is given, and what it gives back: plain values between a metric and a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import WorkbenchError


class OutsideError(WorkbenchError):
    """The training program failed, or what it wrote cannot be used; the sentence says which and what to do."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """``train``: one object per training row, with its label; ``test``: one per test row, WITHOUT its label. ``labels`` are
    the project's, ``task`` what the program may want to know about it."""

    train: Sequence[Mapping[str, Any]]
    test: Sequence[Mapping[str, Any]]
    labels: Sequence[str]
    task: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """``predictions``: one label per test row in their order (None: the program wrote none); ``metrics``: the numbers that
    it reports itself; ``seconds`` that it ran."""

    predictions: Sequence[str] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


#: Runs the program; raises ``OutsideError``.
TrainOutside = Callable[[Lesson], Answers]
