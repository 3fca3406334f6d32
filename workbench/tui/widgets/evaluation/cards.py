"""The numbers by group: value, interval, whether it is rough, the seeds' value beside it; and what to do without any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from workbench.text import clean
from workbench.text import interval as written_interval
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import MUTED, STRONG, WARNING
from workbench.tui.widgets.evaluation import reading
from workbench.tui.widgets.evaluation.sheet import Sheet, Target
from workbench.tui.widgets.lines import safe

#: Groups in reading order, by the part of a metric's name before the point.
GROUPS = {
    "benchmark": "Benchmark: tested on real data",
    "faithfulness": "Faithfulness: are the labels right",
    "fidelity": "Fidelity: like real data",
    "diversity": "Diversity",
    "label": "Balance",
    "open": "Side by side",
}
#: Cells of the name (at most), the value with its mark, the interval, the seeds' value.
_NAME, _VALUE, _INTERVAL, _SEEDS = 20, 9, 14, 7


def interval(metric: Mapping[str, Any]) -> str:
    """``0.812-0.960``, or nothing."""
    return written_interval(metric.get("low"), metric.get("high"))


def value(metric: Mapping[str, Any]) -> str:
    """The value, with ``~`` before it where its interval is rough."""
    return ("~" if metric.get("rough") and metric.get("value") is not None else "") + charts.number(metric.get("value"))


def seeds(metric: Mapping[str, Any]) -> float | None:
    """The same number for the seeds; of a distance to real rows, what two halves of these have."""
    found = (metric.get("details") or {}).get("seeds")
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def other_size(metric: Mapping[str, Any]) -> bool:
    """Whether the seeds' value is of another number of texts, where that alone changes it."""
    return bool((metric.get("details") or {}).get("seeds_other_size")) and seeds(metric) is not None


def _other() -> str:
    return "!" if charts.ascii_only() else "≠"


def short(name: str) -> str:
    """A metric's name without its group."""
    return name.partition(".")[2].replace("_", " ") or name


def groups(metrics: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the metrics by group, in reading order; groups of other packages follow."""
    found: dict[str, list[str]] = {name: [] for name in GROUPS}
    for name in metrics:
        found.setdefault(name.partition(".")[0], []).append(name)
    return {group: names for group, names in found.items() if names}


def cards(result: Mapping[str, Any], width: int, *, notes: bool = False) -> Sheet:
    """Every metric on a line, its note below it (with ``notes``, or when there is no value: what it needs)."""
    metrics = result.get("metrics", {})
    name_width = max(10, min(_NAME, width - 2 - _VALUE - _INTERVAL - _SEEDS - 3))
    against = any(seeds(metric) is not None for metric in metrics.values())
    made = Sheet()
    for group, names in groups(metrics).items():
        if made.lines:
            made.add(Content(""))
        title = GROUPS.get(group, safe(group, limit=40).capitalize())
        if made.lines:
            made.add(Content.styled(charts.fit(title, width).rstrip(), STRONG))
        else:
            heads = f"{'95 %':<{_INTERVAL}}{'real' if against else '':>{_SEEDS}}"
            made.add(Content.assemble((charts.fit(title, name_width + _VALUE + 5), STRONG), (heads, MUTED))[:width])
        for name in names:
            _card(made, name, metrics[name], name_width, width, notes=notes)
    if any(other_size(metric) for metric in metrics.values()):
        told = f"{_other()} the seeds are of another number, which alone changes this; d shows both at one size."
        made.add(Content(""), *charts.prose(told, width, MUTED, indent=2))
    usage = result.get("usage")
    if usage:
        made.add(Content(""), Content.styled(f"  {asked(usage)}"[:width], MUTED))
    return made


def _card(made: Sheet, name: str, metric: Mapping[str, Any], name_width: int, width: int, *, notes: bool) -> None:
    known = metric.get("value") is not None
    unit = safe(metric.get("unit") or "", limit=12)
    beside = seeds(metric)
    parts: list[Content | str | tuple[str, str]] = [
        "  ", charts.fit(short(name), name_width), " ",
        (value(metric).rjust(_VALUE), STRONG if known else MUTED), "  ",
        (interval(metric).ljust(_INTERVAL), MUTED),
    ]  # fmt: skip
    shown = "" if beside is None else charts.number(beside)
    parts.append((shown.rjust(_SEEDS) + (_other() if other_size(metric) else ""), MUTED))
    if unit not in ("", "share", "ratio"):
        parts.append((f"  {unit}", MUTED))
    made.put(
        Content.assemble(*parts)[:width], name, f"the samples behind {clean(name)}", Target("metric", name),
        2, 2 + name_width + 1 + _VALUE,
    )  # fmt: skip
    note = str(metric.get("note") or "")
    if note and (notes or not known):
        made.add(*charts.prose(note, width, MUTED if known else WARNING, indent=4, most=3 if known else 2))


def asked(usage: Mapping[str, Any]) -> str:
    """``A model was asked 240 times: $0.03``."""
    return f"A model was asked {int(usage.get('requests') or 0):,} times: {job_view.money(usage.get('cost'))}."


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
    """One evaluation: number, samples, accuracy, when (at the right); or the contenders of a comparison."""
    result = found["result"]
    head, more = f"{found['samples']:>9,} samples  ", ""
    if reading.is_comparison(found):
        names = [safe(one.get("name", ""), limit=30) for one in result["contenders"]]
        head, told = f"{'comparison':>17}  ", ", ".join(names)
    else:
        accuracy = result.get("metrics", {}).get("benchmark.accuracy", {})
        known = accuracy.get("value")
        told = f"accuracy {value(accuracy)} ({interval(accuracy)})" if known is not None else "not tested on real data"
        before = result.get("before")
        if before:
            more = f"  before {charts.number(before['metrics'].get('benchmark.accuracy', {}).get('value'))}"
        view = clean(str(found.get("view") or ""), limit=60)
        more += "" if view in ("", "data set", "set") else f"  of {view}"
    when = f"  {job_view.ago(found['created_at'])}"
    room = max(8, width - 5 - len(head) - len(when))
    text = charts.fit(clean(told) + clean(more), room)
    return Content.assemble((f"{found['id']:>4} ", STRONG), head, text, (when, MUTED))[:width]
