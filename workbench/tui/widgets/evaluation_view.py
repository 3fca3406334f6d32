"""What Evaluate shows: cards by group, class balance, accuracies on one axis, before and after curation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.content import Content

from workbench.store import jobs, samples, snapshots
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.text import clean
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, WARNING, Whisker
from workbench.tui.widgets.lines import safe

HISTORY = 20
JOBS = 3
#: Groups in reading order, by the part of a metric's name before the point.
GROUPS = {
    "benchmark": "Benchmark: train on this data, test on real data",
    "faithfulness": "Faithfulness: are the labels right",
    "diversity": "Diversity",
    "label": "Balance",
}
_ACCURACIES = (
    ("benchmark.accuracy", "this data set"), ("benchmark.macro_f1", "its macro-F1"), ("benchmark.real_accuracy", "real data"),
)  # fmt: skip


@dataclass
class Evaluations:
    """Evaluations newest first, evaluate jobs newest first, and the counts of the project."""

    found: list[dict[str, Any]] = field(default_factory=list)
    history: list[Job] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def read(store: Store, before: Evaluations | None = None) -> Evaluations:
    """Read anew; evaluations (large: predictions for every test row) only when a job has come or ended since ``before``."""
    history = jobs.newest(store, JOBS, kind="evaluate")
    counts = samples.counts(store)
    if before is not None and _states(before.history) == _states(history):
        return Evaluations(before.found, history, counts)
    return Evaluations([_light(one) for one in snapshots.evaluations(store, HISTORY)], history, counts)


def _states(history: Sequence[Job]) -> list[tuple[int, str]]:
    return [(job.id, job.state) for job in history]


def _light(found: dict[str, Any]) -> dict[str, Any]:
    """Without the details that the screen does not show."""
    for part in (found["result"], found["result"].get("before") or {}):
        for name, metric in part.get("metrics", {}).items():
            if name != "label.balance":
                metric["details"] = {}
    return found


def interval(metric: Mapping[str, Any]) -> str:
    """``0.812-0.960``, or nothing."""
    low, high = metric.get("low"), metric.get("high")
    if low is None or high is None:
        return ""
    return (
        f"{charts.number(low)} to {charts.number(high)}" if low < 0 else f"{charts.number(low)}-{charts.number(high)}"
    )


def groups(metrics: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the metrics by group, in reading order; groups of other packages follow."""
    found: dict[str, list[str]] = {name: [] for name in GROUPS}
    for name in metrics:
        found.setdefault(name.partition(".")[0], []).append(name)
    return {group: names for group, names in found.items() if names}


def cards(result: Mapping[str, Any], width: int, *, notes: bool = True) -> list[Content]:
    """Every metric: value, interval, unit, and its note; one without a value says what it needs."""
    metrics = result.get("metrics", {})
    lines: list[Content] = []
    for group, names in groups(metrics).items():
        if lines:
            lines.append(Content(""))
        title = GROUPS.get(group, safe(group, limit=40).capitalize())
        lines.append(Content.styled(charts.fit(title, width).rstrip(), STRONG))
        name_width = min(20, max(10, width - 30))
        for name in names:
            metric = metrics[name]
            value = metric.get("value")
            shown = name.partition(".")[2].replace("_", " ") or name
            tail = "  ".join(part for part in (interval(metric), safe(metric.get("unit") or "", limit=12)) if part)
            number = (charts.number(value).rjust(8), STRONG if value is not None else MUTED)
            line = Content.assemble("  ", charts.fit(shown, name_width), " ", number, "  ", (tail, MUTED))
            lines.append(line[:width])
            note = str(metric.get("note") or "")
            if note and (notes or value is None):
                lines += charts.prose(note, width, MUTED if value is not None else WARNING, indent=4, most=3)
    return lines


def figures(result: Mapping[str, Any], width: int) -> list[Content]:
    """The charts: accuracies on one axis, before and after curation, class balance."""
    metrics, before = result.get("metrics", {}), result.get("before")
    lines = _accuracies(metrics, before, width)
    lines += _before_after(metrics, before, result.get("difference"), width)
    counts = metrics.get("label.balance", {}).get("details", {}).get("counts", {})
    if counts:
        lines += [Content.styled("Samples by label", STRONG), *charts.bars(counts, width)]
    return lines


def _accuracies(metrics: Mapping[str, Any], before: Mapping[str, Any] | None, width: int) -> list[Content]:
    rows = [_whisker(title, metrics[name]) for name, title in _ACCURACIES if name in metrics]
    if before:
        first = before.get("metrics", {}).get("benchmark.accuracy")
        rows += [_whisker("before curation", first)] if first else []
    rows = [row for row in rows if row.value is not None]
    if not rows:
        return []
    title = "Accuracy on real test data, with 95 % intervals"
    return [Content.styled(charts.fit(title, width).rstrip(), STRONG), *charts.intervals(rows, width), Content("")]


def _whisker(title: str, metric: Mapping[str, Any]) -> Whisker:
    return Whisker(title, metric.get("value"), metric.get("low"), metric.get("high"))


def _before_after(
    metrics: Mapping[str, Any], before: Mapping[str, Any] | None, difference: Mapping[str, Any] | None, width: int
) -> list[Content]:
    if not before:
        return []
    old = before.get("metrics", {})
    rows = [
        (name.partition(".")[2].replace("_", " ") if width < 60 else name, old[name].get("value"), metric.get("value"),
         verdict(old[name], metric, difference if name == "benchmark.accuracy" else None))
        for names in groups(metrics).values() for name in names if (metric := metrics[name]) and name in old
        if metric.get("value") is not None and old[name].get("value") is not None
    ]  # fmt: skip
    if not rows:
        return []
    title = "Before and after curation"
    lines = [Content.styled(charts.fit(title, width).rstrip(), STRONG), *charts.pairs(rows, width)]
    if difference:
        value, low, high = (float(difference[name]) for name in ("value", "low", "high"))
        word, style = ("better", SUCCESS) if low > 0 else ("worse", ERROR) if high < 0 else ("no clear change", MUTED)
        told = f"Accuracy changed by {charts.signed(value)} ({charts.signed(low)} to {charts.signed(high)}, paired): {word}."
        lines += charts.prose(told, width, style)
    return [*lines, Content("")]


def verdict(before: Mapping[str, Any], after: Mapping[str, Any], paired: Mapping[str, Any] | None = None) -> str:
    """``better``, ``worse``, ``unclear`` (the paired interval holds 0, or the intervals overlap), ``changed`` (there is
    no interval, or no better direction), ``same``."""
    change = after["value"] - before["value"]
    if change == 0:
        return "same"
    if paired is not None:
        unclear = paired["low"] <= 0 <= paired["high"]
    else:
        lows: list[Any] = [before.get("low"), after.get("low")]
        highs: list[Any] = [before.get("high"), after.get("high")]
        if None in (*lows, *highs):
            return "changed"  # nobody knows how much of it is chance
        unclear = max(lows) <= min(highs)
    if unclear:
        return "unclear"
    direction = after.get("direction")
    if direction not in ("higher", "lower"):
        return "changed"
    return "better" if (change > 0) == (direction == "higher") else "worse"


def empty(counts: Mapping[str, int], width: int) -> list[Content]:
    """What to do when nothing was measured yet."""
    count = counts.get("in_data_set", 0)
    if not counts.get("synthetic"):
        return charts.prose("There are no generated samples to measure yet: F2 makes some.", width, MUTED)
    lines = charts.prose(f"Nothing is measured yet: r measures the data set ({count:,} samples).", width)
    if not counts.get("test"):
        told = (
            "There is no test split, so no model can be tested on real data; "
            "`workbench import PROJECT FILE --as test` adds one."
        )
        lines += charts.prose(told, width, WARNING)
    return lines


def history_line(found: Mapping[str, Any], width: int) -> Content:
    """One evaluation: number, when, samples, accuracy."""
    metrics = found["result"].get("metrics", {})
    accuracy = metrics.get("benchmark.accuracy", {})
    value = accuracy.get("value")
    told = f"accuracy {charts.number(value)} ({interval(accuracy)})" if value is not None else "not tested on real data"
    before = found["result"].get("before")
    more = f"  before {charts.number(before['metrics'].get('benchmark.accuracy', {}).get('value'))}" if before else ""
    return Content.assemble(
        (f"{found['id']:>4} ", STRONG), f"{found['samples']:>9,} samples  ", clean(told), (clean(more), MUTED),
        (f"  {job_view.ago(found['created_at'])}", MUTED),
    )[:width]  # fmt: skip


def shown(found: Sequence[dict[str, Any]], evaluation: str | None) -> dict[str, Any] | None:
    """The evaluation with that number, else the newest."""
    return next((one for one in found if str(one["id"]) == evaluation), found[0] if found else None)
