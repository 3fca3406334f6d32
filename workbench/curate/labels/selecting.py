"""Choosing what a person should look at: what a selection strategy is, and where the strategies are registered.

A strategy gives samples a score under its own name; the higher, the earlier a sample is looked at, so that a queue is a
view ordered by ``sort:-NAME``. The learn job computes the scores; the screen and the commands read them and ask ``why``.
Nothing here is imported with numpy: strategies compute inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from workbench.registry import Registry
from workbench.text import clean

if TYPE_CHECKING:
    import numpy

    from workbench.learn.grams import Grams

    Array = numpy.ndarray[Any, Any]

PLACE = "curate / label enhancement / manual re-annotation / sample selection"


def _nobody() -> Array:
    import numpy

    return numpy.zeros((0, 1), numpy.float32)


def _no_progress(_done: int, _total: int) -> None:
    return None


@dataclass(slots=True)
class Pool:
    """The samples that wait for a person, in order of id, and what is known beside them.

    ``given`` is each sample's present label, ``original`` the one it came with (None: none, or not one text). ``known``
    are the texts with the labels that a classifier may learn from: real training texts and what people accepted.
    ``accepted`` counts accepted samples per label, ``labels`` are the task's. ``vectors()`` gives ``(n, d)`` float32 rows
    of length 1 (or 0) in which near means alike; ``anchors()`` the same of what people have looked at already.
    ``groups()`` gives each sample's cluster, ``(n,)`` int64 (0: none), and its distance to the centre, ``(n,)``.
    """

    ids: Sequence[int]
    texts: Sequence[str]
    given: Sequence[str | None]
    original: Sequence[str | None] = ()
    known: Sequence[tuple[str, str]] = ()
    accepted: Mapping[str, int] = field(default_factory=dict)
    labels: Sequence[str] = ()
    vectors: Callable[[], Array] = _nobody
    anchors: Callable[[], Array] = _nobody
    groups: Callable[[], tuple[Array, Array]] = lambda: (_nobody(), _nobody())
    count: Callable[[Sequence[str]], Grams] | None = None
    seed: int = 0
    progress: Callable[[int, int], None] = _no_progress


@dataclass(slots=True)
class Block:
    """The pool's samples from ``start`` to ``stop`` with a classifier's ``probabilities``, (stop - start, k) float64, whose
    columns follow ``classes``; both are empty where nothing could be learnt."""

    start: int
    stop: int
    probabilities: Array
    classes: Sequence[str] = ()


#: What ``prepare`` gives: scores ``(stop - start,)`` of a block; NaN for a sample that the strategy says nothing about.
Score = Callable[[Block], "Array"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is stored about one sample: all that ``why`` may speak of."""

    score: float
    label: str | None = None
    original: str | None = None
    suggestions: Sequence[tuple[str, float]] = ()  # best first
    accepted: int = 0  # samples with this label that people accepted
    cluster: tuple[int, str, int] | None = None  # number in the order of size, title, samples
    clusters: int = 0


class Strategy(Protocol):
    """A class without parameters. ``version`` goes up when it would order otherwise. ``labels``: it needs a task with one
    label per sample; ``learns``: it needs a classifier, so at least two labels among what is known."""

    name: ClassVar[str]
    version: ClassVar[int]
    summary: ClassVar[str]
    paper: ClassVar[str]
    labels: ClassVar[bool]
    learns: ClassVar[bool]

    def prepare(self, pool: Pool) -> Score:
        """What is computed once; the result gives the scores block by block, in order."""
        ...

    def why(self, evidence: Evidence) -> str:
        """Why a sample stands where it stands, in one line without a full stop."""
        ...


STRATEGIES: Registry[type[Strategy]] = Registry(
    "selection strategy", "workbench.curate.labels.selection", "workbench.selections"
)

#: The learn job computes these every time: they cost next to nothing beside the suggestions.
ALWAYS = ("uncertainty",)


def unfit(strategy: type[Strategy], label_shape: str) -> str | None:
    """Why a strategy cannot work for a task whose labels are of this shape, or None."""
    if strategy.labels and label_shape not in ("one", "optional"):
        return f"{strategy.name} needs a task with one label per sample"
    return None


def describe(strategy: type[Strategy]) -> dict[str, Any]:
    """``name``, ``version``, ``summary``, ``paper``, ``place``, ``labels``, ``learns`` and when it is computed."""
    return {
        "name": strategy.name,
        "version": strategy.version,
        "summary": strategy.summary,
        "paper": strategy.paper,
        "place": PLACE,
        "labels": strategy.labels,
        "learns": strategy.learns,
        "computed": "by every learn job" if strategy.name in ALWAYS else "while a queue uses it",
    }


def share(value: float) -> str:
    """A probability as people read it: .41, 1, 0."""
    shown = f"{value:.2f}"
    return {"1.00": "1", "0.00": "0"}.get(shown, shown.removeprefix("0"))


def named(label: str | None) -> str:
    """A label's name for a sentence."""
    return "no label" if label is None else clean(label, limit=60)


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 11th.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 113)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place:,}{ending}"


def guesses(evidence: Evidence, most: int = 2) -> str:
    """``card_arrival .41 against card_delivery .39``."""
    shown = [f"{named(label)} {share(score)}" for label, score in evidence.suggestions[:most]]
    return " against ".join(shown) if len(shown) == 2 else ", ".join(shown)
