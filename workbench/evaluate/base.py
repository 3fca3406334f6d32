"""What evaluation works on and what it gives: samples in, metrics with intervals, notes and details out.

Nothing here touches a database or a model: a metric is a pure function of a ``Material``, so that a job, a test and a
notebook call it in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from workbench.errors import UsageError, WorkbenchError
from workbench.registry import Registry

V = TypeVar("V")

Direction = Literal["higher", "lower", "none"]

#: The order in which people read an evaluation; metrics of other packages follow by name.
ORDER = (
    "label.balance",
    "faithfulness.auxiliary",
    "faithfulness.human",
    "diversity.vocabulary",
    "diversity.distinct_1",
    "diversity.distinct_2",
    "diversity.distinct_3",
    "diversity.self_bleu",
    "diversity.self_repetition",
    "diversity.compression_ratio",
    "diversity.aps",
    "benchmark.accuracy",
    "benchmark.macro_f1",
    "benchmark.real_accuracy",
    "benchmark.ratio",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One text with its label, where the task's samples have one each.

    ``label`` is the resolved label: people's word where there is one, else the generated one. ``generated_label`` is
    what the sample carried before any person's correction. ``person_label`` and ``person_status`` are what people
    decided (None: nobody did); a label that is not one name stands there as JSON. ``weight`` is how much it counts in
    training; ``soft`` are probabilities by label that training uses in the label's place.
    """

    id: int
    text: str
    label: str | None
    generated_label: str | None = None
    person_label: str | None = None
    person_status: str | None = None
    weight: float = 1.0
    soft: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One number about a data set.

    ``value`` is None when it cannot be computed; then ``note`` says why and what to do. ``low`` and ``high`` are the
    ends of a 95 % interval where there is one. ``direction`` says which way is good. ``details`` is JSON-like: counts
    for charts, ids of the samples behind the number, reference values.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    unit: str = ""
    direction: Direction = "none"
    details: Mapping[str, Any] = field(default_factory=dict)


def _no_progress(done: int, total: int, name: str) -> None:
    """Nobody watches."""


@dataclass
class Material:
    """All that one evaluation may look at. Do not change the samples after the first metric: work on them is shared.

    ``samples`` is the data set. ``seeds`` are the real examples given by the user, ``real`` the real training rows
    for the train-on-real reference, ``test`` the real test rows. ``labels`` are the project's, in its order.
    ``reviewed`` are the samples that the audit by people is about (None: those of the data set): a rejected sample
    leaves the data set, yet it must count against the labels' faithfulness. ``one_label`` says whether every sample of the
    task has one label: without, what is about labels is left out, or says so when it is asked for by name.
    ``progress(done, total, name)`` is called before each technique and at the end; what it raises ends the evaluation.
    """

    samples: Sequence[Sample]
    seeds: Sequence[Sample] = ()
    test: Sequence[Sample] = ()
    real: Sequence[Sample] = ()
    labels: Sequence[str] = ()
    reviewed: Sequence[Sample] | None = None
    one_label: bool = True
    #: The technique whose weights the samples carry, if they do.
    weighting: str | None = None
    seed: int = 0
    progress: Callable[[int, int, str], None] = _no_progress
    _memo: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shared(self, key: Hashable, make: Callable[[], V]) -> V:
        """``make()`` once per material: tokens and n-gram counts serve several metrics."""
        if key not in self._memo:
            self._memo[key] = make()
        return cast(V, self._memo[key])


MetricFunction = Callable[[Material], list[Metric]]

METRICS: Registry[MetricFunction] = Registry("metric", "workbench.evaluate.metrics", "workbench.metrics")
#: Techniques for tasks whose samples have one label each.
_ABOUT_LABELS: set[MetricFunction] = set()


def about_labels(technique: MetricFunction) -> MetricFunction:
    """Decorator: the technique needs samples that have one label each."""
    _ABOUT_LABELS.add(technique)
    return technique


def evaluate(material: Material, names: Iterable[str] | None = None) -> dict[str, Metric]:
    """The metrics called ``names`` (None: all that fit the task), in the order of ``ORDER``.

    A technique that fails gives metrics without a value whose note names the failure: one broken metric must not cost
    the others. Raises ``UsageError`` for a name that does not exist.
    """
    known = set(METRICS.names())
    wanted = sorted(known if names is None else dict.fromkeys(names), key=_place)
    techniques: dict[MetricFunction, list[str]] = {}
    results: dict[str, Metric] = {}
    for name in wanted:
        try:
            techniques.setdefault(METRICS.get(name), []).append(name)
        except UsageError as error:
            if name not in known or names is not None:
                raise
            results[name] = Metric(name, None, note=str(error))
    if not material.one_label:
        for technique in _ABOUT_LABELS & techniques.keys():
            without = techniques.pop(technique)
            if names is not None:
                note = "It is about tasks whose samples have one label each, and this one's do not."
                results |= {name: Metric(name, None, note=note) for name in without}
    for done, (technique, asked) in enumerate(techniques.items()):
        material.progress(done, len(techniques), asked[0])
        for metric in _run(technique, asked, material):
            # A technique may return more than was asked for: others by name are left out, its own extras stay.
            if metric.name in asked or metric.name not in known:
                results[metric.name] = metric
    material.progress(len(techniques), len(techniques), "")
    return dict(sorted(results.items(), key=lambda item: _place(item[0])))


def _run(technique: MetricFunction, asked: Sequence[str], material: Material) -> list[Metric]:
    try:
        return technique(material)
    except WorkbenchError as error:
        return [Metric(name, None, note=str(error)) for name in asked]
    except Exception as error:  # noqa: BLE001 - the failure is shown in the metric's place, the others go on
        note = f"Could not be computed ({type(error).__name__}: {error}); please report this with the data's shape."
        return [Metric(name, None, note=note, details={"error": repr(error)}) for name in asked]


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name), "") if name in ORDER else (len(ORDER), name)
