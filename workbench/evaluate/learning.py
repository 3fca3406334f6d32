"""Learners: classifiers that are trained on a data set to see what it teaches. One to a file in ``evaluate/learners``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from workbench.registry import Registry

if TYPE_CHECKING:
    import numpy

    from workbench.learn.grams import Grams

    Array = numpy.ndarray[Any, Any]

#: Sets of texts whose counted grams are kept for the next learner.
_KEPT = 6


class Trained(Protocol):
    """A trained classifier."""

    @property
    def classes(self) -> Sequence[str]: ...

    def probabilities(self, texts: Sequence[str]) -> Array:
        """``(len(texts), len(classes))``; rows add up to 1."""
        ...


class Counts:
    """``learn.grams.count_grams`` that remembers the last sets of texts: several learners read the same ones."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Grams] = {}
        self._lock = Lock()

    def __call__(self, texts: Sequence[str]) -> Grams:
        from workbench.learn.grams import count_grams

        key = tuple(texts)
        with self._lock:  # a second thread that wants the same texts waits for the first one's counts
            found = self._kept.pop(key, None)
            if found is None:
                found = count_grams(texts)
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return found


@dataclass(frozen=True, slots=True)
class Training:
    """What a learner is trained on: ``n`` texts with a label or a soft label each, and a weight each (None: all 1).

    ``embed`` gives one row of unit length per text, where the project has an embedding model.
    """

    texts: Sequence[str]
    labels: Sequence[str | None]
    weights: Sequence[float] | None = None
    soft: Sequence[Mapping[str, float] | None] | None = None
    seed: int = 0
    count: Counts = field(default_factory=Counts)
    embed: Callable[[Sequence[str]], Any] | None = None


#: Trains; raises ``WorkbenchError`` where that cannot be.
Learner = Callable[[Training], Trained]

LEARNERS: Registry[Learner] = Registry("learner", "workbench.evaluate.learners", "workbench.learners")
#: The learner whose accuracy is the benchmark's own, unless the settings say otherwise.
FIRST = "linear"
#: The learners that can be trained only with an embedding model.
_EMBEDDING: set[Learner] = set()


def needs_embeddings(learner: Learner) -> Learner:
    """Decorator: the learner works on ``Training.embed`` and is left out where there is none."""
    _EMBEDDING.add(learner)
    return learner


def lacking(name: str, *, embed: bool) -> str | None:
    """Why the learner called ``name`` cannot be trained; None when it can. Raises ``UsageError`` when there is none."""
    if LEARNERS.get(name) in _EMBEDDING and not embed:
        return "It needs an embedding model: set curate.embeddings in project.yaml."
    return None


def available(*, embed: bool) -> list[str]:
    """All learners that can be trained, ``FIRST`` first."""
    names = sorted(LEARNERS.names(), key=lambda name: (name != FIRST, name))
    return [name for name in names if lacking(name, embed=embed) is None]
