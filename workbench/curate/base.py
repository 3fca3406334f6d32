"""What a filter is: it reads samples and gives each one a verdict with a reason. It never deletes and never writes."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, Union, cast, get_args, get_origin, get_type_hints

from workbench.errors import UsageError
from workbench.registry import Registry
from workbench.text import clean

#: Characters of a sample's text, or of a label, that a reason may quote.
QUOTED = 60


@dataclass(frozen=True, slots=True)
class Item:
    """What a filter sees of a sample.

    ``id`` is the local sample number, ``text`` all string fields joined by line ends, ``label`` the resolved label or
    None, ``scores`` the stored scores by name ("confidence" is the mean log-probability of the sample's tokens, at
    most 0).
    """

    id: int
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Keep or drop, and why in one short sentence. ``value`` is the number that decided, ``other`` the id of the sample
    that the reason speaks of."""

    keep: bool
    reason: str
    value: float | None = None
    other: int | None = None


def _no_progress(_done: int, _total: int) -> None:
    return None


@dataclass
class Context:
    """What a filter may use besides the samples: ``seeds`` (seeds and real training texts with labels, never test), a
    ``seed`` for whatever is drawn, and the job's ``step(done, total)``: it reports progress, and raises when the job was
    asked to stop, which a filter lets through."""

    seeds: Sequence[Item] = ()
    seed: int = 0
    step: Callable[[int, int], None] = _no_progress


class Filter(Protocol):
    """A frozen dataclass whose fields are its parameters, all with defaults.

    ``version`` goes up when the same parameters would judge differently. ``judge`` yields exactly one verdict per
    item, in order; it may raise ``WorkbenchError`` when it lacks something.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    summary: ClassVar[str]
    paper: ClassVar[str]

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order."""
        ...


FILTERS: Registry[type[Filter]] = Registry("filter", "workbench.curate.filters", "workbench.filters")


def parse_filter(spec: str) -> Filter:
    """The filter that ``NAME[:key=value,...]`` names, e.g. ``near_duplicate:threshold=0.9,keep=first``.

    Lists take ``+`` between values (``scripts=Latin+Greek``), numbers that may be absent take ``none``. Raises
    ``UsageError`` for an unknown name, parameter or value, naming the right ones.
    """
    name, _, rest = spec.partition(":")
    kind = FILTERS.get(name.strip())
    parameters = {row["name"]: row for row in describe(kind)["parameters"]}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in rest.split(","))):
        key, equals, text = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"Filter {kind.name}: {clean(part, limit=QUOTED)!r} should read key=value.")
        if key not in parameters:
            there = f"has {', '.join(parameters)}" if parameters else "takes none"
            raise UsageError(f"Filter {kind.name} has no parameter {clean(key, limit=QUOTED)!r}; it {there}.")
        values[key] = _convert(f"{kind.name}: {key}", text, hints[key])
    return cast("Callable[..., Filter]", kind)(**values)


def describe(filter_type: type[Filter]) -> dict[str, Any]:
    """``name``, ``version``, ``summary``, ``paper`` and ``parameters`` (a list of ``name``, ``type``, ``default``,
    ``help``)."""
    hints = get_type_hints(filter_type)
    parameters = [
        {
            "name": part.name,
            "type": _type_name(hints[part.name]),
            "default": list(part.default) if isinstance(part.default, tuple) else part.default,
            "help": part.metadata.get("help", ""),
        }
        for part in dataclasses.fields(cast("Any", filter_type))
    ]
    return {
        "name": filter_type.name,
        "version": filter_type.version,
        "summary": filter_type.summary,
        "paper": filter_type.paper,
        "parameters": parameters,
    }


def parameter(default: Any, explanation: str) -> Any:
    """A dataclass field for a filter's parameter, with the help that ``describe`` shows."""
    return field(default=default, metadata={"help": explanation})


def require(filter_name: str, holds: bool, sentence: str) -> None:
    """Raises ``UsageError`` unless a parameter's value ``holds``."""
    if not holds:
        raise UsageError(f"Filter {filter_name}: {sentence}.")


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
            return hint(text)
        except ValueError:
            pass  # the sentence below says what is wrong
    wanted = {int: "a whole number", float: "a number", bool: "true or false"}.get(hint) or _type_name(hint)
    raise UsageError(f"Filter {where} should be {wanted}, not {clean(text, limit=QUOTED)!r}.")
