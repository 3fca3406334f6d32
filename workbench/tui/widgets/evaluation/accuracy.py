"""Accuracies on one axis, learning curves over size and mixture, before and after curation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from workbench.text import clean
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ACCENT, ERROR, MUTED, STRONG, SUCCESS, Whisker
from workbench.tui.widgets.evaluation import plots
from workbench.tui.widgets.evaluation.cards import groups
from workbench.tui.widgets.evaluation.sheet import Sheet, Target

#: What stands on the axis of accuracies: metric and what it is called there.
_ACCURACIES = (
    ("benchmark.accuracy", "this data set"), ("benchmark.macro_f1", "its macro-F1"), ("benchmark.real_accuracy", "real data"),
    ("benchmark.validation_accuracy", "on validation"), ("benchmark.external", "your trainer"),
)  # fmt: skip
CURVE, MIXED = "benchmark.learning_curve", "benchmark.mixed_accuracy"
#: A learner's own accuracy, where several were trained: details of the accuracy, by the learner's name.
LEARNERS = "learners"


def figures(result: Mapping[str, Any], width: int, *, high: bool = True) -> Sheet:
    """All of it; a chart that has nothing to draw says how to get it."""
    metrics, before = result.get("metrics", {}), result.get("before")
    made = _accuracies(metrics, before, width)
    _curves(made, metrics, width, 10 if high else 7)
    _before_after(made, metrics, before, result.get("difference"), width)
    if not made.lines:
        told = (
            "Nothing was tested on real data. `workbench import PROJECT FILE --as test` adds real rows to test on; then "
            "r measures anew."
        )
        made.add(*charts.prose(told, width, MUTED))
    return made


def _accuracies(metrics: Mapping[str, Any], before: Mapping[str, Any] | None, width: int) -> Sheet:
    rows: list[tuple[str, Whisker]] = [
        (name, _whisker(title, metrics[name])) for name, title in _ACCURACIES if name in metrics
    ]
    details = metrics.get("benchmark.accuracy", {}).get("details") or {}
    for learner, one in (details.get(LEARNERS) or {}).items():
        if isinstance(one, Mapping) and one.get("value") != metrics["benchmark.accuracy"].get("value"):
            rows.append(("benchmark.accuracy", _whisker(f"by {clean(str(learner), limit=30)}", one)))
    if before:
        first = before.get("metrics", {}).get("benchmark.accuracy")
        rows += [("before", _whisker("before curation", first))] if first else []
    rows = [(name, row) for name, row in rows if row.value is not None]
    made = Sheet()
    if not rows:
        return made
    made.head(charts.fit("On real rows, with 95 % intervals", width).rstrip(), STRONG)
    lines = charts.intervals([row for _, row in rows], width)
    for (name, row), line in zip(rows, lines, strict=False):
        end = len(line.plain) - len(line.plain.lstrip()) + len(row.name)
        if name == "before":
            made.add(line)
        else:
            made.put(line, f"axis {row.name}", f"the samples behind {clean(name)}", Target("metric", name), 0, end)
    made.add(*lines[len(rows) :])
    return made


def _whisker(title: str, metric: Mapping[str, Any]) -> Whisker:
    return Whisker(title, metric.get("value"), metric.get("low"), metric.get("high"))


def _curves(made: Sheet, metrics: Mapping[str, Any], width: int, height: int) -> None:
    for name, draw, title in (
        (CURVE, learning_curve, "Learning curve: accuracy over training size"),
        (MIXED, mixture, "Mixed with real rows"),
    ):
        lines = draw(metrics.get(name) or {}, width, height)
        if lines:
            made.head(charts.fit(title, width).rstrip(), STRONG)
            made.add(*lines)
    if metrics.get("benchmark.accuracy", {}).get("value") is not None and CURVE not in metrics:
        made.add(
            Content(""), *charts.prose("R measures thoroughly: learning curve, mixtures with real rows.", width, MUTED)
        )


def learning_curve(metric: Mapping[str, Any], width: int, height: int) -> list[Content]:
    """Accuracy over how many samples it was trained on, this data set's beside real rows'."""
    details, (mark, other) = metric.get("details") or {}, plots.pair_of_marks()
    series = [
        plots.Series("this data set", mark, ACCENT, plots.points(details.get("points"))),
        plots.Series("real data", other, STRONG, plots.points(details.get("real"))),
    ]
    shown = [one for one in series if one.points]
    return plots.curve(shown, width, height=height, below="samples") if shown else []


def mixture(metric: Mapping[str, Any], width: int, height: int) -> list[Content]:
    """Accuracy of real rows with more and more of the data set added."""
    found = (metric.get("details") or {}).get("points") or []
    rows = [
        Whisker(f"{one.get('real', 0):,} real + {one.get('synthetic', 0):,}", one.get("value"), one.get("low"), one.get("high"))
        for one in found if isinstance(one, Mapping)
    ]  # fmt: skip
    return charts.intervals([row for row in rows if row.value is not None][: height + 6], width)


def _before_after(
    made: Sheet, metrics: Mapping[str, Any], before: Mapping[str, Any] | None, difference: Mapping[str, Any] | None,
    width: int,
) -> None:  # fmt: skip
    if not before:
        return
    old = before.get("metrics", {})
    rows = [
        (name, old[name].get("value"), metric.get("value"),
         verdict(old[name], metric, difference if name == "benchmark.accuracy" else None))
        for names in groups(metrics).values() for name in names if (metric := metrics[name]) and name in old
        if metric.get("value") is not None and old[name].get("value") is not None
    ]  # fmt: skip
    if not rows:
        return
    made.head(charts.fit("Before and after curation", width).rstrip(), STRONG)
    called = [name.partition(".")[2].replace("_", " ") if width < 60 else name for name, *_ in rows]
    lines = charts.pairs([(said, *row[1:]) for said, row in zip(called, rows, strict=True)], width)
    for (name, *_), said, line in zip(rows, called, lines, strict=True):
        says = f"the samples behind {clean(name)}"
        made.put(line, f"change {name}", says, Target("metric", name), 0, min(len(said), len(line.plain)))
    if difference:
        value, low, high = (float(difference[name]) for name in ("value", "low", "high"))
        word, style = ("better", SUCCESS) if low > 0 else ("worse", ERROR) if high < 0 else ("no clear change", MUTED)
        changed = f"{'~' if difference.get('rough') else ''}{charts.signed(value)}"
        told = f"Accuracy changed by {changed} ({charts.signed(low)} to {charts.signed(high)}, paired): {word}."
        made.add(*charts.prose(told, width, style))


def verdict(before: Mapping[str, Any], after: Mapping[str, Any], paired: Mapping[str, Any] | None = None) -> str:
    """``better``, ``worse``, ``unclear`` (the paired interval holds 0, or the intervals overlap), ``changed`` (there is
    no interval or no better direction, or the number of samples alone may have done it), ``same``."""
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
    if direction not in ("higher", "lower") or (before.get("details") or {}).get("other_size"):
        return "changed"
    return "better" if (change > 0) == (direction == "higher") else "worse"
