"""What evaluation works on and what it gives: samples in, metrics with intervals, notes and details out.

Nothing here touches a database or a model: a metric is a pure function of a ``Material``, so that a job, a test and a
notebook call it in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

from workbench.errors import UsageError, WorkbenchError
from workbench.evaluate.drawing import drawn, is_heavy, told
from workbench.evaluate_settings import EvaluateSettings
from workbench.registry import Registry

if TYPE_CHECKING:
    from workbench.evaluate.outside import TrainOutside
    from workbench.models.judge import Ask
    from workbench.task import Task

V = TypeVar("V")

Direction = Literal["higher", "lower", "none"]

#: The order in which people read an evaluation; metrics of other packages follow by name.
ORDER = (
    "label.balance",
    "faithfulness.benchmark",
    "faithfulness.auxiliary",
    "faithfulness.human",
    "faithfulness.judge",
    "diversity.vocabulary",
    "diversity.distinct_1",
    "diversity.distinct_2",
    "diversity.distinct_3",
    "diversity.ngram_diversity",
    "diversity.entropy",
    "diversity.self_bleu",
    "diversity.self_repetition",
    "diversity.compression_ratio",
    "diversity.aps",
    "diversity.vendi",
    "diversity.nearest_distance",
    "diversity.cluster_coverage",
    "diversity.length",
    "fidelity.mauve",
    "fidelity.classifier_auc",
    "fidelity.seed_similarity",
    "fidelity.unigram_shift",
    "fidelity.label_shift",
    "benchmark.accuracy",
    "benchmark.macro_f1",
    "benchmark.real_accuracy",
    "benchmark.ratio",
    "benchmark.mixed_accuracy",
    "benchmark.learning_curve",
    "benchmark.validation_accuracy",
    "benchmark.external",
)

#: Metrics that move with the number of texts alone: never compare them between sets of unequal size.
SIZE_DEPENDENT = (
    "diversity.vocabulary",
    "diversity.distinct_1",
    "diversity.distinct_2",
    "diversity.distinct_3",
    "diversity.ngram_diversity",
    "diversity.entropy",
    "diversity.self_bleu",
    "diversity.self_repetition",
    "diversity.compression_ratio",
    "diversity.vendi",
    "diversity.nearest_distance",
)
#: Sizes further apart than this are worth a warning.
UNEQUAL = 1.1

#: What a technique may need beyond samples. ``labels``: one label for each sample; ``judge``: a model that is asked, for
#: money; ``trainer``: the project's own training command; ``time``: several trainings.
Need = Literal["labels", "judge", "trainer", "time"]


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


class Stratum(NamedTuple):
    """Samples of one label (None: of any) in an audited view, and what people found of those that they looked at."""

    label: str | None
    population: int
    right: int = 0
    wrong: int = 0
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit by people: samples of a view in random order, judged by the labels that they had when it began.

    ``strata`` has one entry, or one for each label where labels took turns. ``looked`` are the ids looked at, ``wrong`` those
    found wrong, in the audit's order. ``always``: it may end whenever its interval is narrow enough, which takes another
    interval.
    """

    id: int
    view: str
    strata: Sequence[Stratum]
    looked: Sequence[int] = ()
    wrong: Sequence[int] = ()
    always: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """One number about a data set.

    ``value`` is None when it cannot be computed; then ``note`` says why and what to do. ``low`` and ``high`` are the
    ends of a 95 % interval where there is one; ``rough``: too few samples stand behind it for the 95 to be trusted.
    ``direction`` says which way is good. ``details`` is JSON-like: counts for charts, reference values, and the ids (never
    the texts) of the samples behind the number, which ``behind`` lists by name for a screen that opens them.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    unit: str = ""
    direction: Direction = "none"
    details: Mapping[str, Any] = field(default_factory=dict)
    rough: bool = False


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
    #: Real validation rows: their errors may steer what is reviewed, the test rows' may not.
    validation: Sequence[Sample] = ()
    #: Fields of samples by their ids, read when a judge or a trainer needs them.
    fields_of: Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]] | None = None
    #: Labels by sample id, any JSON value, as they came: before people corrected them; of real rows their label. Read where
    #: samples do not have one label each.
    labels_of: Callable[[Sequence[int]], Mapping[int, Any]] | None = None
    #: The newest audit by people, if there is one with findings.
    audit: Audited | None = None
    #: Asks the judging model; without it what needs a judge is left out.
    ask: Ask | None = None
    #: One row of unit length for each text, ``(n, d)`` float32, by the project's embedding model.
    embed: Callable[[Sequence[str]], Any] | None = None
    #: ``project.yaml``'s evaluate section.
    settings: EvaluateSettings = field(default_factory=EvaluateSettings)
    task: Task | None = None
    #: Runs the project's own training command; without it what needs the trainer is left out.
    train_outside: TrainOutside | None = None
    #: Whether what takes several trainings is to be done.
    thorough: bool = False
    seed: int = 0
    progress: Callable[[int, int, str], None] = _no_progress
    #: The names of what is being computed, while it is: a technique may begin work that a later one waits for.
    asked: frozenset[str] = frozenset()
    _memo: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shared(self, key: Hashable, make: Callable[[], V]) -> V:
        """``make()`` once per material: tokens and n-gram counts serve several metrics."""
        if key not in self._memo:
            self._memo[key] = make()
        return cast(V, self._memo[key])


MetricFunction = Callable[[Material], list[Metric]]

METRICS: Registry[MetricFunction] = Registry(
    "metric",
    tuple(f"workbench.evaluate.{part}" for part in ("faithfulness", "diversity", "fidelity", "benchmark")),
    "workbench.metrics",
)
_NEEDS: dict[MetricFunction, frozenset[Need]] = {}


def needs(*what: Need) -> Callable[[MetricFunction], MetricFunction]:
    """Decorator: the technique needs these beyond samples, and is left out, or says so when asked for by name, without."""

    def note(technique: MetricFunction) -> MetricFunction:
        _NEEDS[technique] = frozenset(what)
        return technique

    return note


def needs_of(technique: MetricFunction) -> frozenset[Need]:
    """What a technique needs beyond samples."""
    return _NEEDS.get(technique, frozenset())


def evaluate(material: Material, names: Iterable[str] | None = None) -> dict[str, Metric]:
    """The metrics called ``names`` (None: all that fit the task and the material), in the order of ``ORDER``.

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
    for technique in list(techniques):
        if (lacking := _lacking(technique, material, by_name=names is not None)) is not None:
            without = techniques.pop(technique)
            if names is not None:
                results |= {name: Metric(name, None, note=lacking) for name in without}
    material.asked = frozenset(name for names_asked in techniques.values() for name in names_asked)
    for done, (technique, asked) in enumerate(techniques.items()):
        material.progress(done, len(techniques), asked[0])
        for metric in _looked(technique, asked, material):
            # A technique may return more than was asked for: others by name are left out, its own extras stay.
            if metric.name in asked or metric.name not in known:
                results[metric.name] = metric
    material.progress(len(techniques), len(techniques), "")
    return dict(sorted(results.items(), key=lambda item: _place(item[0])))


def _lacking(technique: MetricFunction, material: Material, *, by_name: bool) -> str | None:
    """Why a technique cannot be run on this material; None when it can."""
    wanted = needs_of(technique)
    if "labels" in wanted and not material.one_label:
        return "It is about tasks whose samples have one label each, and this one's do not."
    if "judge" in wanted and material.ask is None:
        return "It asks a model: give --judge, and name the model as evaluate.judge.model in project.yaml."
    if "trainer" in wanted and material.train_outside is None:
        return "It runs a command of yours: write it as evaluate.trainer.command in project.yaml, and give --trainer."
    if "time" in wanted and not (material.thorough or by_name):
        return "It takes several trainings: give --thorough."
    return None


def _looked(technique: MetricFunction, asked: Sequence[str], material: Material) -> list[Metric]:
    """The technique's metrics: heavy ones of very many texts look at a draw, and say so."""
    some = drawn(material) if is_heavy(asked[0]) else material
    if some is material:
        return _run(technique, asked, material)
    some.asked = material.asked
    return [told(one, len(some.samples), len(material.samples)) for one in _run(technique, asked, some)]


def _run(technique: MetricFunction, asked: Sequence[str], material: Material) -> list[Metric]:
    from workbench.jobs.run import Cancelled

    try:
        return technique(material)
    except Cancelled:  # whoever watches wants no more of it
        raise
    except WorkbenchError as error:
        return [Metric(name, None, note=str(error)) for name in asked]
    except Exception as error:  # noqa: BLE001 - the failure is shown in the metric's place, the others go on
        note = f"Could not be computed ({type(error).__name__}: {error}); please report this with the data's shape."
        return [Metric(name, None, note=note, details={"error": repr(error)}) for name in asked]


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name), "") if name in ORDER else (len(ORDER), name)
