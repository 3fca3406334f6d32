"""Curate's chain: what its steps mean, what is known of it from jobs, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.content import Content

from workbench.errors import UsageError, WorkbenchError
from workbench.jobs import words
from workbench.store import curation, in_force, jobs, repairs, samples, weights
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, WARNING
from workbench.tui.widgets.curation.shown import total_of
from workbench.tui.widgets.forms import Field
from workbench.tui.widgets.lines import dollars
from workbench.tui.widgets.prompts import Option

HISTORY = 8
#: The score that the data map needs.
MAPPED = "dynamics.confidence"
#: Kinds of steps in the order in which they are offered: their letter in the chain, their word, and what they are called.
KINDS: Mapping[str, tuple[str, str]] = {
    "filter": ("F", "filter"),
    "repair": ("R", "label repair"),
    "weighting": ("W", "weighting"),
}


@dataclass(slots=True)
class Link:
    """One step of the chain; one that is off keeps its place."""

    spec: str
    on: bool = True

    @property
    def technique(self) -> str:
        return self.spec.partition(":")[0].strip()


@dataclass(frozen=True, slots=True)
class About:
    """What a link's spec means. ``name`` is unique in the chain; ``problem`` says what is wrong with the spec."""

    name: str
    kind: str = "filter"
    summary: str = ""
    parameters: Sequence[Mapping[str, Any]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    cut: tuple[str, str] | None = None  # the threshold's parameter, and the side that is dropped
    asks: bool = False
    pointwise: bool = False
    problem: str = ""

    @property
    def threshold(self) -> float | None:
        """The threshold on the step's number; None where there is none."""
        value = self.values.get(self.cut[0]) if self.cut else None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def whole(self) -> bool:
        """Whether the threshold is a whole number."""
        row = next((row for row in self.parameters if self.cut and row["name"] == self.cut[0]), None)
        return row is not None and str(row["type"]).split(" or ")[0] == "int"


@dataclass
class Curation:
    """What is known about the chain: the newest preview, the newest run, what is in force."""

    history: list[Job] = field(default_factory=list)
    previewed: Job | None = None
    ran: Job | None = None
    in_force: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, dict[str, int]] = field(default_factory=dict)
    weights: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    grouped: tuple[str, ...] = ()  # filters that dropped samples for a kept one
    mapped: bool = False  # there are scores for the data map
    standing: bool = False  # some curation is in force, even one that dropped nothing

    @property
    def newest(self) -> Job | None:
        """The newer one of preview and run."""
        found = [job for job in (self.previewed, self.ran) if job is not None]
        return max(found, key=lambda job: job.id) if found else None

    @property
    def stopped(self) -> Job | None:
        """The newest job, if it stopped early and can go on."""
        newest = self.history[0] if self.history else None
        return newest if newest is not None and newest.state in words.STOPPED else None


def specs_of(job: Job) -> list[str]:
    """The chain that a job ran, as its result says."""
    result = job.result or {}
    return list(result.get("specs") or result.get("filters") or [])


def about(chain: Sequence[Link]) -> list[About]:
    """What each spec of the chain means; loads the techniques' modules on first use."""
    from workbench.curate.base import describe, parse_step, trait
    from workbench.pipeline.curate_chain import unique_name

    specs = [link.spec for link in chain]
    found = []
    for spec in specs:
        try:
            kind, one = parse_step(spec)
            told = describe(type(one))
            values = {row["name"]: getattr(one, row["name"]) for row in told["parameters"]}
            cut = getattr(one, "cut", None)
            found.append(
                About(
                    unique_name(spec, one.name, specs), kind, told["summary"], told["parameters"], values,
                    (cut.parameter, cut.drops) if cut else None, trait(one, "asks"), trait(one, "pointwise"),
                )
            )  # fmt: skip
        except WorkbenchError as error:
            found.append(About(spec.partition(":")[0], problem=str(error)))
    return found


def available() -> list[Option]:
    """Every technique, filters first, then label repairs, then weightings; one that cannot be loaded says so."""
    from workbench.curate.base import REGISTRIES, trait

    found = []
    for kind, (letter, word) in KINDS.items():
        registry = REGISTRIES[kind]  # type: ignore[index]
        for name in registry.names():
            try:
                one = registry.get(name)
                summary, asks = one.summary, trait(one, "asks")
            except UsageError as error:
                summary, asks = str(error), False
            right = f"{word}, asks a model $" if asks else word
            found.append(Option(name, f"{letter} {name}", summary, right))
    return found


def check(spec: str) -> None:
    """Raises ``UsageError`` when a spec is wrong."""
    from workbench.curate.base import parse_step

    parse_step(spec)


def fields(one: About) -> list[Field]:
    """A form for a step's parameters."""
    made = []
    for row in one.parameters:
        kind, name = str(row["type"]), str(row["name"])
        kinds = kind.split(" or ")
        plain = {"bool": "yes or no", "int": "whole number", "float": "number"}
        value, optional = one.values[name], "none" in kinds
        choices: tuple[str, ...] = ()
        if kinds[0] in plain:
            form = plain[kinds[0]]
        elif len(kinds) > 1 and not optional:
            form, choices = "choice", tuple(kinds)
        else:
            form = "text"
        if isinstance(value, (tuple, list)):
            value, optional = "+".join(str(part) for part in value), True
        made.append(
            Field(name, name.replace("_", " "), form, value, str(row["help"]), optional=optional or form == "text",
                  choices=choices)
        )  # fmt: skip
    return made


def spec_of(technique: str, one: About, values: Mapping[str, Any]) -> str:
    """The spec with the parameters that differ from their defaults."""
    parts = []
    for row in one.parameters:
        name, value = str(row["name"]), values.get(str(row["name"]))
        default = row["default"]
        if isinstance(default, (list, tuple)):
            default = "+".join(str(part) for part in default)
            value = "+".join(str(part) for part in value) if isinstance(value, (list, tuple)) else value or ""
        if isinstance(default, str) and value is None:
            value = ""
        if value != default:
            text = "none" if value is None else ("yes" if value else "no") if isinstance(value, bool) else _text(value)
            parts.append(f"{name}={text}")
    return f"{technique}:{','.join(parts)}" if parts else technique


def _text(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def read(store: Store, before: Curation | None = None) -> Curation:
    """Jobs, counts, what is in force; that is counted anew only when jobs or counts differ from ``before``."""
    history = jobs.newest(store, HISTORY, kind="curate")
    done = [job for job in history if job.state == "done" and job.result and "dropped" in job.result]
    chains = [job for job in done if not job.parameters.get("undo") and not job.parameters.get("new")]
    known = Curation(
        history,
        next((job for job in chains if job.parameters.get("preview")), None),
        next((job for job in chains if not job.parameters.get("preview")), None),
        counts=samples.counts(store),
    )
    if before is not None and _fingerprint(before) == _fingerprint(known):
        known.in_force, known.repairs = before.in_force, before.repairs
        known.weights, known.standing = before.weights, before.standing
        known.grouped, known.mapped = before.grouped, before.mapped
    else:
        known.in_force, known.repairs = curation.drops_by_filter(store), repairs.counts(store)
        known.weights, known.standing = weights.in_force(store), bool(in_force.jobs_in_force(store))
        known.grouped = tuple(name for name in known.in_force if curation.groups(store, name, 1))
        known.mapped = MAPPED in curation.score_names(store)
    return known


def _fingerprint(known: Curation) -> tuple[object, ...]:
    return (known.counts.get("dropped"), *((job.id, job.state) for job in known.history))


def submit(store: Store, parameters: Mapping[str, Any]) -> int:
    """Start a curate job; returns its number."""
    from workbench.pipeline import start

    return start.submit(store, "curate", parameters)


def resume(store: Store, job_id: int) -> None:
    """Go on with a job that stopped early."""
    from workbench.pipeline import start

    start.resume(store, job_id)


def price(known: Curation, specs: Sequence[str], asking: Sequence[str]) -> tuple[int, float | None] | None:
    """(requests, dollars or None where no price is set) of the asking steps, as the newest preview of this very chain
    counted them; None when none did."""
    job = known.previewed
    if job is None or specs_of(job) != list(specs):
        return None
    asks = [total_of(job.result, "asks", name) for name in asking]
    if any(one is None for one in asks):
        return None
    costs = [one.get("cost") for one in asks]
    known_all = all(isinstance(cost, (int, float)) for cost in costs)
    return sum(int(one.get("requests") or 0) for one in asks), sum(costs) if known_all else None


# Drawing


def chain_line(place: int, link: Link, one: About | None, known: Curation, specs: Sequence[str], width: int) -> Content:
    """``1 + F near_duplicate threshold=0.9      40     30``."""
    name = one.name if one is not None else link.technique
    title = f"{name} {link.spec.partition(':')[2]}".strip()
    letter = KINDS[one.kind][0] if one is not None and not one.problem else " "
    mark, style = ("+", SUCCESS) if link.on else ("-", MUTED)
    if one is not None and one.problem:
        mark, style = "!", ERROR
    asks = "$ " if one is not None and one.asks else ""
    left = max(6, width - 19 - len(asks))
    return Content.assemble(
        (f"{place:<2}", MUTED), (f"{mark} ", style), (f"{letter} ", MUTED), (asks, WARNING),
        (charts.fit(title, left), "" if link.on else MUTED), *_numbers(one, name, known, specs, on=link.on),
    )  # fmt: skip


def _numbers(one: About | None, name: str, known: Curation, specs: Sequence[str], *, on: bool) -> list[tuple[str, str]]:
    """What a step does alone and in the chain, in 13 cells; ``~`` marks numbers of another chain."""
    if not on:
        return [(" " * 13, "")]
    newest = known.newest
    result = newest.result if newest is not None else None
    old = "" if newest is not None and specs_of(newest) == list(specs) else "~"
    if one is not None and one.kind == "repair":
        proposed = total_of(result, "repairs", name, "proposed")
        return [((f"{old}{proposed:,} labels" if proposed is not None else "").rjust(13), MUTED)]
    if one is not None and one.kind == "weighting":
        found = total_of(result, "weights", name)
        return [((f"{old}{found['low']:.2g} to {found['high']:.2g}" if found else "").rjust(13), MUTED)]
    if total_of(result, "asks", name) is not None and total_of(result, "dropped", name) is None:
        requests = total_of(result, "asks", name, "requests")
        return [(f"{old}{requests:,} asks".rjust(13), WARNING)]
    alone = dropped = ""
    if known.previewed is not None and (count := total_of(known.previewed.result, "alone", name)) is not None:
        alone = f"{'' if specs_of(known.previewed) == list(specs) else '~'}{count:,}"
    if (count := total_of(result, "dropped", name)) is not None:
        dropped = f"{old}{count:,}"
    return [(alone.rjust(6), MUTED), (" ", ""), (dropped.rjust(6), STRONG)]


def total_lines(known: Curation, specs: Sequence[str], width: int) -> list[Content]:
    """What the chain keeps, as a meter, where the numbers come from, and what stopped early."""
    stopped = known.stopped
    lines = []
    if stopped is not None:
        lines += charts.prose(
            f"Job {stopped.id} ({job_view.name(stopped)}) {_ended(stopped)}: R goes on with it.", width, WARNING
        )
    newest = known.newest
    if newest is None or not newest.result:
        if not known.counts.get("synthetic"):
            return charts.prose("There are no generated samples yet: F2 makes some.", width, MUTED)
        said = "Nothing is counted yet: p counts what each step would do, r runs the chain."
        return [*lines, *charts.prose(said, width, MUTED)]
    result = newest.result
    checked, kept = int(result.get("checked", 0)), int(result.get("kept", 0))
    share = kept / checked if checked else 0.0
    lines.append(
        Content.assemble(
            charts.meter(share, max(6, min(14, width - 26))), " ", (f"keeps {kept:,} of {checked:,}", STRONG)
        )[:width]
    )
    what = "preview" if result.get("preview") else "run"
    old = "" if specs_of(newest) == list(specs) else "; ~ is of another chain"
    lines += charts.prose(f"{what}, job {newest.id}, {job_view.ago(newest.finished_at)}{old}", width, MUTED, most=2)
    if known.standing:
        lines += charts.prose(_standing(known), width, MUTED, most=2)
    asks = result.get("asks") or {}
    if asks and result.get("preview"):
        requests = sum(int(one.get("requests") or 0) for one in asks.values())
        lines += charts.prose(f"asks not counted yet: {asked(requests, _cost(asks))}", width, WARNING, most=2)
    return lines


def _ended(job: Job) -> str:
    return {"failed": "failed", "cancelled": "was cancelled", "interrupted": "was interrupted"}.get(
        job.state, job.state
    )


def _standing(known: Curation) -> str:
    parts = [f"{known.counts.get('dropped', 0):,} dropped"]
    if open_ := sum(one["open"] for one in known.repairs.values()):
        parts.append(f"{open_:,} repairs open")
    if known.weights:
        parts.append(f"weights {known.weights}")
    return f"in force: {', '.join(parts)}"


def _cost(asks: Mapping[str, Any]) -> float | None:
    costs = [one.get("cost") for one in asks.values()]
    return sum(costs) if all(isinstance(cost, (int, float)) for cost in costs) else None


def asked(requests: int, cost: float | None) -> str:
    """``1,200 requests, $0.42``."""
    word = "request" if requests == 1 else "requests"
    return f"{requests:,} {word}, {'cost unknown (no price set)' if cost is None else dollars(cost)}"
