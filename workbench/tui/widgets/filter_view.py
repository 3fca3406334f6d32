"""What Curate shows and reads: the chain of filters, what each drops, its scores, its examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.content import Content

from workbench.errors import UsageError, WorkbenchError
from workbench.store import curation, jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, WARNING
from workbench.tui.widgets.forms import Field

EXAMPLES = 40
HISTORY = 8
#: Parameters that are a threshold on the filter's number, and the side of it that is dropped.
SIDES: dict[tuple[str, str], str] = {
    ("near_duplicate", "threshold"): "above", ("rouge_novelty", "maximum"): "above",
    ("label_disagreement", "threshold"): "below", ("confidence", "below"): "below", ("language", "share"): "below",
    ("length", "min_words"): "below",
}  # fmt: skip


@dataclass(slots=True)
class Link:
    """One filter of the chain; one that is off keeps its place."""

    spec: str
    on: bool = True

    @property
    def filter(self) -> str:
        return self.spec.partition(":")[0].strip()


@dataclass(frozen=True, slots=True)
class About:
    """What a link's spec means. ``name`` is unique in the chain; ``problem`` says what is wrong with the spec."""

    name: str
    summary: str = ""
    parameters: Sequence[Mapping[str, Any]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def threshold(self) -> tuple[float | None, str]:
        """The threshold on the filter's number and the side that is dropped; (None, "") where there is none."""
        for name, value in self.values.items():
            side = SIDES.get((self.name.partition("-")[0], name))
            if side is not None and isinstance(value, (int, float)):
                return float(value), side
        return None, ""


@dataclass(frozen=True, slots=True)
class Example:
    """A dropped sample, why, and the sample that its reason speaks of."""

    id: int
    text: str
    reason: str
    status: str
    other: int | None = None
    other_text: str = ""


@dataclass
class Curation:
    """What is known about the chain: the newest preview, the newest run, what is in force."""

    history: list[Job] = field(default_factory=list)
    previewed: Job | None = None
    ran: Job | None = None
    in_force: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    pairs: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def newest(self) -> Job | None:
        """The newer one of preview and run."""
        found = [job for job in (self.previewed, self.ran) if job is not None]
        return max(found, key=lambda job: job.id) if found else None


@dataclass
class Detail:
    """What is shown of one filter."""

    name: str
    low: float = 0.0
    high: float = 0.0
    bins: Sequence[int] = ()
    examples: list[Example] = field(default_factory=list)
    total: int = 0
    stored: bool = False  # the examples are verdicts in force, not a preview's


def about(chain: Sequence[Link]) -> list[About]:
    """What each spec of the chain means; loads the filters' modules on first use."""
    from workbench.curate.base import FILTERS, describe, parse_filter
    from workbench.pipeline.curate_job import unique_name

    specs = [link.spec for link in chain]
    found = []
    for spec in specs:
        try:
            one = parse_filter(spec)
            told = describe(FILTERS.get(one.name))
            values = {row["name"]: getattr(one, row["name"]) for row in told["parameters"]}
            found.append(About(unique_name(spec, one, specs), told["summary"], told["parameters"], values))
        except WorkbenchError as error:
            found.append(About(spec.partition(":")[0], problem=str(error)))
    return found


def available() -> list[tuple[str, str]]:
    """(name, summary) of every filter; one that cannot be loaded says so."""
    from workbench.curate.base import FILTERS

    found = []
    for name in FILTERS.names():
        try:
            found.append((name, FILTERS.get(name).summary))
        except UsageError as error:
            found.append((name, str(error)))
    return found


def check(spec: str) -> None:
    """Raises ``UsageError`` when a spec is wrong."""
    from workbench.curate.base import parse_filter

    parse_filter(spec)


def fields(one: About) -> list[Field]:
    """A form for a filter's parameters."""
    made = []
    for row in one.parameters:
        kind, name = str(row["type"]), str(row["name"])
        words = kind.split(" or ")
        plain = {"bool": "yes or no", "int": "whole number", "float": "number"}
        value, optional = one.values[name], "none" in words
        choices: tuple[str, ...] = ()
        if words[0] in plain:
            form = plain[words[0]]
        elif len(words) > 1 and not optional:
            form, choices = "choice", tuple(words)
        else:
            form = "text"
        if isinstance(value, (tuple, list)):
            value, optional = "+".join(str(part) for part in value), True
        made.append(
            Field(name, name.replace("_", " "), form, value, str(row["help"]), optional=optional or form == "text",
                  choices=choices)
        )  # fmt: skip
    return made


def spec_of(filter_name: str, one: About, values: Mapping[str, Any]) -> str:
    """The spec with the parameters that differ from their defaults."""
    parts = []
    for row in one.parameters:
        name, value = str(row["name"]), values.get(str(row["name"]))
        default = row["default"]
        if isinstance(default, (list, tuple)):
            default, value = "+".join(str(part) for part in default), value or ""
        if value != default:
            text = "none" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
            parts.append(f"{name}={text}")
    return f"{filter_name}:{','.join(parts)}" if parts else filter_name


def read(store: Store, before: Curation | None = None) -> Curation:
    """Jobs, counts, verdicts in force; verdicts are counted anew only when jobs or counts differ from ``before``."""
    history = jobs.newest(store, HISTORY, kind="curate")
    done = [job for job in history if job.state == "done" and job.result and "dropped" in job.result]
    chains = [job for job in done if not job.parameters.get("undo")]
    known = Curation(
        history,
        next((job for job in chains if job.parameters.get("preview")), None),
        next((job for job in chains if not job.parameters.get("preview")), None),
        counts=samples.counts(store),
    )
    if before is not None and _fingerprint(before) == _fingerprint(known):
        known.in_force, known.pairs = before.in_force, before.pairs
    else:
        known.in_force, known.pairs = curation.drops_by_filter(store), curation.overlap(store)[:3]
    return known


def _fingerprint(known: Curation) -> tuple[object, ...]:
    return (known.counts.get("dropped"), *((job.id, job.state) for job in known.history))


def detail(store: Store, name: str, preview: Job | None) -> Detail:
    """One filter's numbers and examples: from ``preview``, else from the verdicts in force."""
    score = f"filter.{name}"
    low, high, bins = curation.histogram(store, score)
    if not any(bins) and name in curation.score_names(store):
        low, high, bins = curation.histogram(store, name)
    stored = preview is None or not preview.result
    if preview is not None and preview.result:
        found = list(preview.result.get("examples", {}).get(name, []))
        total = int(preview.result.get("dropped", {}).get(name, len(found)))
    else:
        found = list(curation.dropped_examples(store, name, EXAMPLES))
        total = curation.drops_by_filter(store).get(name, 0)
    wanted = {int(row[0]) for row in found} | {int(row[3]) for row in found if row[3] is not None}
    rows = samples.rows(store, sorted(wanted)) if wanted else {}
    examples = [
        Example(
            int(row[0]), str(row[1]), str(row[2]), rows[row[0]].status if row[0] in rows else "pending",
            row[3], rows[row[3]].text if row[3] in rows else "",
        )
        for row in found
    ]  # fmt: skip
    return Detail(name, low, high, bins, examples, total, stored)


def detail_in_thread(store: Store, name: str, preview: Job | None) -> Detail:
    """``detail`` with a store of its own: a million scores must not hold up Review's reads."""
    with store.clone(durable=False) as own:
        return detail(own, name, preview)


def submit(store: Store, parameters: Mapping[str, Any]) -> int:
    """Start a curate job; returns its number."""
    from workbench.pipeline import start

    return start.submit(store, "curate", parameters)


def examples_title(name: str, shown: Detail | None) -> str:
    """``near_duplicate drops 312, the first 40``."""
    if shown is None:
        return f"{name} drops"
    what = "drops" if shown.stored else "would drop"
    count = len(shown.examples)
    more = f", the first {count}" if shown.total > count > 0 else ""
    return f"{name} {what} {shown.total:,}{more}"


def chain_line(place: int, link: Link, one: About | None, known: Curation, specs: Sequence[str], width: int) -> Content:
    """``1 + near_duplicate threshold=0.9      40     30``."""
    name = one.name if one is not None else link.filter
    alone, dropped = _numbers(name, known, specs) if link.on else ("", "")
    title = f"{name} {link.spec.partition(':')[2]}".strip()
    mark, style = ("+", SUCCESS) if link.on else ("-", MUTED)
    if one is not None and one.problem:
        mark, style = "!", ERROR
    left = max(6, width - 17)
    return Content.assemble(
        (f"{place} ", MUTED), (f"{mark} ", style), (charts.fit(title, left - 1), "" if link.on else MUTED),
        (alone.rjust(6), MUTED), " ", (dropped.rjust(6), STRONG),
    )  # fmt: skip


def _numbers(name: str, known: Curation, specs: Sequence[str]) -> tuple[str, str]:
    """What a filter drops alone and in the chain, from results of this very chain; ``~`` marks those of another one."""
    alone = dropped = ""
    if known.previewed is not None and known.previewed.result:
        result = known.previewed.result
        old = "" if result.get("filters") == list(specs) else "~"
        if name in result.get("alone", {}):
            alone = f"{old}{result['alone'][name]:,}"
    newest = known.newest
    if newest is not None and newest.result and name in newest.result.get("dropped", {}):
        old = "" if newest.result.get("filters") == list(specs) else "~"
        dropped = f"{old}{newest.result['dropped'][name]:,}"
    return alone, dropped


def total_lines(known: Curation, specs: Sequence[str], width: int) -> list[Content]:
    """What the chain keeps, as a meter, and where the numbers come from."""
    newest = known.newest
    if newest is None or not newest.result:
        if not known.counts.get("synthetic"):
            return charts.prose("There are no generated samples yet: F2 makes some.", width, MUTED)
        return charts.prose(
            "Nothing is counted yet: p counts what each filter would drop, r runs the chain.", width, MUTED
        )
    result = newest.result
    checked, kept = int(result.get("checked", 0)), int(result.get("kept", 0))
    share = kept / checked if checked else 0.0
    lines = [
        Content.assemble(
            charts.meter(share, max(6, min(14, width - 26))), " ", (f"keeps {kept:,} of {checked:,}", STRONG)
        )[:width]
    ]
    what = "preview" if result.get("preview") else "run"
    old = "" if result.get("filters") == list(specs) else "; ~ is of another chain"
    lines.append(Content.styled(f"{what}, job {newest.id}, {job_view.ago(newest.finished_at)}{old}"[:width], MUTED))
    if known.in_force:
        lines.append(Content.styled(f"in force: {known.counts.get('dropped', 0):,} samples dropped"[:width], MUTED))
    lines += [
        Content.styled(charts.fit(f"both {first} and {second}: {count:,}", width).rstrip(), MUTED)
        for first, second, count in known.pairs[:2]
    ]
    return lines


def score_lines(one: About, shown: Detail | None, width: int, *, height: int, waiting: str = "") -> list[Content]:
    """The filter's summary (or its problem) and the histogram of its number."""
    if one.problem:
        return charts.prose(one.problem, width, ERROR)
    lines = charts.prose(one.summary, width, MUTED, most=2)
    if waiting or shown is None:
        return [*lines, Content.styled(waiting, MUTED)]
    if not any(shown.bins):
        counted = bool(shown.examples or shown.total)  # a filter without a number of its own has no histogram
        return lines if counted else [*lines, Content.styled("No numbers yet: p counts, r runs.", MUTED)]
    threshold, side = one.threshold
    return lines + charts.histogram(
        shown.low, shown.high, shown.bins, width, height=height, threshold=threshold, drops=side
    )


def example_line(example: Example, width: int) -> Content:
    """One dropped sample; ``+`` and ``overruled`` when a person accepted it."""
    overruled = example.status == "accepted"
    mark, style = ("+", SUCCESS) if overruled else ("x", WARNING)
    reason = "overruled" if overruled else example.reason
    left = max(10, (width - 11) * 3 // 5)
    return Content.assemble(
        (f"{mark} ", style), (f"{example.id:>7,} ", MUTED), charts.fit(example.text, left), " ",
        (charts.fit(reason, max(4, width - left - 11)), MUTED),
    )  # fmt: skip


def pair_lines(example: Example | None, width: int, *, height: int) -> list[Content]:
    """A dropped sample and the one that its reason speaks of, side by side."""
    if example is None:
        return []
    lines = charts.prose(example.reason, width, WARNING, most=2)
    room = height - len(lines) - 1
    if example.other is None:
        return [*lines, Content.styled(f"dropped {example.id:,}", MUTED), *charts.prose(example.text, width, most=room)]
    half = max(8, (width - 3) // 2)
    bar = "|" if charts.ascii_only() else "│"
    lines.append(
        Content.assemble(
            (charts.fit(f"dropped {example.id:,}", half), MUTED), f" {bar} ", (f"kept {example.other:,}", MUTED)
        )
    )
    left = charts.prose(example.text, half, most=room)
    right = charts.prose(example.other_text, half, most=room)
    for place in range(max(len(left), len(right))):
        first = left[place] if place < len(left) else Content("")
        second = right[place] if place < len(right) else Content("")
        lines.append(Content.assemble(first.pad_right(max(0, half - first.cell_length)), (f" {bar} ", MUTED), second))
    return lines
