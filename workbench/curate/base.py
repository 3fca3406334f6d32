"""What curation is made of: filters give verdicts, weightings give weights, label repairs give proposals.

None of them deletes or writes: each reads samples and says something about every one, with a reason and a number. What is
done with it is the job's affair (``pipeline.curate_job``).
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from workbench.errors import UsageError, WorkbenchError
from workbench.models.base import Answer, Request
from workbench.registry import Registry
from workbench.task import Task
from workbench.text import clean

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Characters of a sample's text, or of a label, that a reason may quote.
QUOTED = 60

#: Results of trainings that a context keeps for its techniques to share (``Context.shared``), the latest used ones.
SHARED = 8

Shared = TypeVar("Shared")


@dataclass(frozen=True, slots=True)
class Item:
    """What a technique sees of a sample.

    ``id`` is the local sample number, ``text`` all string fields joined by line ends, ``label`` the resolved label or
    None, ``scores`` the stored scores by name ("confidence" is the mean log-probability of the sample's tokens, at
    most 0). ``model`` is the name of the model that wrote it, empty where none did. ``settled``: its label is a person's
    word, which no repair may change. ``votes`` are the labels that several sources give it, by source (models that
    suggested one, people), for techniques with the class variable ``votes``.
    """

    id: int
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    settled: bool = False
    votes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Keep or drop, and why in one short sentence. ``value`` is the number that decided, ``other`` the id of the sample
    that the reason speaks of. ``rule`` names which of a filter's several rules decided. ``scores`` are further numbers to
    be kept under their own names ("dynamics.variability")."""

    keep: bool
    reason: str
    value: float | None = None
    other: int | None = None
    rule: str = ""
    scores: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a sample counts in training: ``value`` is at least 0, 1 is as much as without a weight."""

    value: float
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a repair would make of a sample: another ``label``, other ``fields``, or a ``soft`` label (probabilities by
    label, adding up to 1) that training uses instead of the label.

    ``confidence`` is from 0 to 1: at or above the repair's ``apply`` it is done at once, below it a person decides.
    """

    confidence: float
    reason: str
    label: str | None = None
    fields: Mapping[str, Any] | None = None
    soft: Mapping[str, float] | None = None
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The parameter that is a threshold on a filter's number, and the side of it that is dropped."""

    parameter: str
    drops: Literal["above", "below"]


def _no_progress(_done: int, _total: int) -> None:
    return None


def _nothing() -> Sequence[Item]:
    return ()


#: Requests to answers, in order; None where there is none. Answers are kept: the same request is not paid for again.
Ask = Callable[[Iterable[Request]], Iterator["Answer | None"]]


@dataclass
class Context:
    """What a technique may use besides the samples.

    ``seeds`` are seeds and real training texts with labels, ``validation`` the real rows that may steer thresholds;
    neither holds a test row. ``benchmarks`` gives, when called, the real test rows to the one technique that keeps samples
    away from them (contamination). ``labels`` are the project's, ``task`` its task, ``folder`` the project's folder (for
    files that a parameter names). ``seed`` is for whatever is drawn. ``ask`` reaches the judging model and ``embed`` gives one
    float32 row of length 1 per text, ``(n, d)``; both None where there is none. ``step(done, total)`` reports progress, and
    raises when the job was asked to stop, which a technique lets through.
    """

    seeds: Sequence[Item] = ()
    seed: int = 0
    step: Callable[[int, int], None] = _no_progress
    validation: Sequence[Item] = ()
    benchmarks: Callable[[], Sequence[Item]] = _nothing
    labels: Sequence[str] = ()
    task: Task | None = None
    folder: Path | None = None
    ask: Ask | None = None
    embed: Callable[[Sequence[str]], Array] | None = None
    #: The project's kept TF-IDF rows, words and characters; None computes them anew (see ``rows``).
    features: Callable[[Sequence[str]], csr_matrix] | None = None
    _memo: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def shared(self, key: Hashable, make: Callable[[], Shared]) -> Shared:
        """What ``make()`` gives, made once per ``key`` for all techniques that have this context.

        ``key`` must hold all that the result depends on, content included (``learn.memo.content_key``). The last
        ``SHARED`` results are kept; nobody may change one. Nothing is kept of a ``make`` that raises.
        """
        if key in self._memo:
            self._memo[key] = self._memo.pop(key)
        else:
            self._memo[key] = make()
            while len(self._memo) > SHARED:
                del self._memo[next(iter(self._memo))]
        return cast("Shared", self._memo[key])

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """TF-IDF of words and characters, ``(len(texts), v)`` float32, each row of length 1; kept per project."""
        if self.features is not None:
            return self.features(texts)
        from workbench.learn.features import text_rows

        return text_rows(texts)

    def asking(self, who: str) -> Ask:
        """``ask``; raises ``WorkbenchError`` where there is no model to ask."""
        if self.ask is None:
            raise WorkbenchError(
                f"{who} asks a model, and there is none that answers questions: set model.use to an endpoint "
                "(openai:NAME) in project.yaml, or name one under curate.model."
            )
        return self.ask


class Technique(Protocol):
    """A frozen dataclass whose fields are its parameters, all with defaults.

    ``version`` goes up when the same parameters would judge differently. It may also have the class variables ``cut``
    (a ``Cut``: its threshold), ``pointwise`` (True: what it says of a sample depends on no other one, so that it judges
    each sample once whatever the chain), ``asks`` (True: it asks a model, which may cost money), ``fields`` (True: it
    looks at ``Item.fields``), ``models`` and ``votes`` (True: it looks at those parts of an item) and ``place`` (where the
    survey's tree has it).
    """

    name: ClassVar[str]
    version: ClassVar[int]
    summary: ClassVar[str]
    paper: ClassVar[str]


class Filter(Technique, Protocol):
    """``judge`` yields exactly one verdict per item, in order; it may raise ``WorkbenchError`` when it lacks something."""

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order."""
        ...


class Weighting(Technique, Protocol):
    """``weigh`` yields exactly one weight per item, in order; the mean of all is 1 unless the method says otherwise."""

    def weigh(self, items: Sequence[Item], context: Context) -> Iterator[Weight]:
        """One weight per item, in order."""
        ...


class Repair(Technique, Protocol):
    """``propose`` yields one proposal per item, in order, or None where there is nothing to say; never one for an item
    that is ``settled``. A parameter ``apply`` (number or none) is the confidence from which a proposal is done at once."""

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal (or None) per item, in order."""
        ...


FILTERS: Registry[type[Filter]] = Registry("filter", "workbench.curate.filters", "workbench.filters")
WEIGHTINGS: Registry[type[Weighting]] = Registry("weighting", "workbench.curate.weights", "workbench.weightings")
REPAIRS: Registry[type[Repair]] = Registry("label repair", "workbench.curate.labels.auxiliary", "workbench.repairs")

Kind = Literal["filter", "weighting", "repair"]
REGISTRIES: Mapping[Kind, Registry[Any]] = {"filter": FILTERS, "weighting": WEIGHTINGS, "repair": REPAIRS}


def kind_of(name: str) -> Kind:
    """Which registry has the technique ``name``; raises ``UsageError`` with the nearest name when none has."""
    for kind, registry in REGISTRIES.items():
        if name in registry.names():
            return kind
    everyone = [one for registry in REGISTRIES.values() for one in registry.names()]
    close = difflib.get_close_matches(name, everyone, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(everyone)}."
    raise UsageError(f"There is no filter, label repair or weighting {clean(name, limit=QUOTED)!r}; {hint}")


def parse_step(spec: str) -> tuple[Kind, Any]:
    """(kind, technique) that ``NAME[:key=value,...]`` names, of whichever kind it is. Raises as ``parse``."""
    kind = kind_of(spec.partition(":")[0].strip())
    return kind, parse(REGISTRIES[kind], spec)


def trait(technique: object, name: Literal["pointwise", "asks", "fields", "models", "votes"]) -> bool:
    """Whether a technique (or its class) has one of the optional properties that ``Technique`` names."""
    return bool(getattr(technique, name, False))


def parse_filter(spec: str) -> Filter:
    """The filter that ``NAME[:key=value,...]`` names, e.g. ``near_duplicate:threshold=0.9,keep=first``. Raises as
    ``parse``."""
    return cast("Filter", parse(FILTERS, spec))


def parse_repair(spec: str) -> Repair:
    """The label repair that ``NAME[:key=value,...]`` names. Raises as ``parse``."""
    return cast("Repair", parse(REPAIRS, spec))


def parse(registry: Registry[Any], spec: str) -> Any:
    """The technique of a registry that ``NAME[:key=value,...]`` names.

    Lists take ``+`` between values (``scripts=Latin+Greek``), numbers that may be absent take ``none``. Raises
    ``UsageError`` for an unknown name, parameter or value, naming the right ones.
    """
    name, _, rest = spec.partition(":")
    kind = registry.get(name.strip())
    parameters = {row["name"]: row for row in describe(kind)["parameters"]}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in rest.split(","))):
        key, equals, text = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(
                f"{registry.kind.capitalize()} {kind.name}: {clean(part, limit=QUOTED)!r} should read key=value."
            )
        if key not in parameters:
            there = f"has {', '.join(parameters)}" if parameters else "takes none"
            raise UsageError(
                f"{registry.kind.capitalize()} {kind.name} has no parameter {clean(key, limit=QUOTED)!r}; it {there}."
            )
        values[key] = _convert(f"{registry.kind.capitalize()} {kind.name}: {key}", text, hints[key])
    return kind(**values)


def describe(technique: type[Technique]) -> dict[str, Any]:
    """``name``, ``version``, ``summary``, ``paper``, ``place``, ``asks``, ``cut`` (the threshold's parameter or None) and
    ``parameters`` (a list of ``name``, ``type``, ``default``, ``help``)."""
    hints = get_type_hints(technique)
    parameters = [
        {
            "name": part.name,
            "type": _type_name(hints[part.name]),
            "default": list(part.default) if isinstance(part.default, tuple) else part.default,
            "help": part.metadata.get("help", ""),
        }
        for part in dataclasses.fields(cast("Any", technique))
    ]
    cut: Cut | None = getattr(technique, "cut", None)
    return {
        "name": technique.name,
        "version": technique.version,
        "summary": technique.summary,
        "paper": technique.paper,
        "place": getattr(technique, "place", ""),
        "asks": trait(technique, "asks"),
        "cut": cut.parameter if cut else None,
        "parameters": parameters,
    }


def parameter(default: Any, explanation: str) -> Any:
    """A dataclass field for a technique's parameter, with the help that ``describe`` shows."""
    return field(default=default, metadata={"help": explanation})


def require(name: str, holds: bool, sentence: str) -> None:
    """Raises ``UsageError`` unless a parameter's value ``holds``."""
    if not holds:
        raise UsageError(f"{name}: {sentence}.")


def quote(text: str) -> str:
    """A piece of a sample made fit for a reason: cleaned, on one line, at most ``QUOTED`` characters."""
    return clean(text, limit=QUOTED)


def short(value: float) -> str:
    """Two decimals without the leading zero: ``.81``, ``1.00``, ``-1.20``."""
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _type_name(hint: Any) -> str:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(str(choice) for choice in inside)
    if origin is tuple:
        return f"{inside[0].__name__}+..."
    if origin in (Union, types.UnionType):
        return " or ".join("none" if part is type(None) else part.__name__ for part in inside)
    return str(hint.__name__)


def _convert(where: str, text: str, hint: Any) -> Any:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if text.casefold() == "none":
            return None
        hint = next(part for part in inside if part is not type(None))
        origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal and text in inside:
        return text
    if origin is tuple:
        return tuple(part.strip() for part in text.split("+") if part.strip())
    if hint is bool and text.casefold() in ("true", "false", "yes", "no"):
        return text.casefold() in ("true", "yes")
    if hint is str:
        return text
    if hint in (int, float):
        try:
            if math.isfinite(value := hint(text)):
                return value
        except (ValueError, OverflowError):
            pass  # the sentence below says what is wrong
    wanted = {int: "a whole number", float: "a number", bool: "true or false"}.get(hint) or _type_name(hint)
    raise UsageError(f"{where} should be {wanted}, not {clean(text, limit=QUOTED)!r}.")
