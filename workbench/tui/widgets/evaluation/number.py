"""All about the number under the cursor: what it says, how sure, beside the seeds, its own picture, what is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from workbench.text import clean
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ACCENT, MUTED, STRONG, WARNING, Whisker
from workbench.tui.widgets.evaluation import accuracy, plots, reading
from workbench.tui.widgets.evaluation.cards import interval, other_size, seeds, value
from workbench.tui.widgets.evaluation.history import over_time, values
from workbench.tui.widgets.evaluation.sheet import Sheet, Target
from workbench.tui.widgets.lines import safe

_DIRECTIONS = {"higher": "higher is better", "lower": "lower is better"}
#: Names under which samples are kept, where their own words do not say it.
_CALLED = {"wrong_test": "test rows got wrong", "wrong": "got wrong"}
ROUGH = "rough: too few samples stand behind it for its 95 % to be trusted"


def figures(
    found: Sequence[Mapping[str, Any]], one: Mapping[str, Any], name: str, width: int, *, behind: Mapping[str, int],
    high: bool = True,
) -> Sheet:  # fmt: skip
    """What one evaluation says of one metric."""
    result = one["result"]
    metric = result.get("metrics", {}).get(name)
    made = Sheet()
    if metric is None:
        return made
    made.head(charts.fit(name, width).rstrip(), STRONG)
    known = metric.get("value") is not None
    said = ", ".join(
        part for part in (safe(metric.get("unit") or "", limit=20), _DIRECTIONS.get(str(metric.get("direction")), "")) if part
    )  # fmt: skip
    made.add(
        Content.assemble((value(metric), STRONG if known else MUTED), (f"  {said}" if said else "", MUTED))[:width]
    )
    if between := interval(metric):
        made.add(*charts.prose(f"95 % interval {between}" + (f" ({ROUGH})" if metric.get("rough") else ""), width))
    elif known and metric.get("rough"):
        made.add(*charts.prose(ROUGH.capitalize(), width))
    if note := str(metric.get("note") or ""):
        made.add(Content(""), *charts.prose(note, width, MUTED if known else WARNING))
    _axis(made, metric, (result.get("before") or {}).get("metrics", {}).get(name), width)
    _picture(made, name, metric.get("details") or {}, width, high=high)
    _behind(made, one, name, behind, width)
    line = values(over_time(found, one), name)
    if len([value for value in line if value is not None]) > 1:
        made.add(Content(""), plots.levels_line("over time", line[-24:], width))
    made.add(Content(""), Content.styled(f"workbench metrics show {clean(name)}"[:width], MUTED))
    return made


def _axis(made: Sheet, metric: Mapping[str, Any], before: Mapping[str, Any] | None, width: int) -> None:
    """This, the seeds and what it was before curation on one axis, where there is something to compare."""
    details = metric.get("details") or {}
    rows = [Whisker("this data set", metric.get("value"), metric.get("low"), metric.get("high"))]
    if (beside := seeds(metric)) is not None:
        title = f"{details.get('seed_count', 0):,} seeds" if other_size(metric) else "real data"
        rows.append(Whisker(title, beside, details.get("seeds_low"), details.get("seeds_high")))
    if before and before.get("value") is not None:
        rows.append(Whisker("before curation", before["value"], before.get("low"), before.get("high")))
    if isinstance(same := details.get("same_source"), Mapping) and same.get("mean") is not None:
        rows.append(Whisker("one source drawn twice", same["mean"], same.get("low"), same.get("high")))
    if metric.get("value") is not None and len(rows) > 1:
        made.add(Content(""), *charts.intervals(rows, width))


def _picture(made: Sheet, name: str, details: Mapping[str, Any], width: int, *, high: bool) -> None:
    """The metric's own chart, from what its details hold."""
    height = 8 if high else 5
    if name == accuracy.CURVE:
        lines = accuracy.learning_curve({"details": details}, width, height)
    elif name == accuracy.MIXED:
        lines = accuracy.mixture({"details": details}, width, height)
    elif isinstance(bins := details.get("histogram"), Mapping) and bins.get("counts"):
        lines = _histograms(bins, details.get("seeds_histogram"), width, height)
    elif isinstance(counts := details.get("counts") or details.get("ratings"), Mapping) and counts:
        lines = charts.bars(dict(list(counts.items())[: height + 8]), width)
    elif isinstance(use := details.get("use"), list) and use:
        lines = _clusters(use[: height + 4], details.get("words"), width)
    elif isinstance(labels := details.get("per_label"), Mapping) and labels:
        lines = _labels(labels, width)[: height + 8]
    elif words := details.get("words"):
        groups = words if isinstance(words, Mapping) else {"words": words}
        lines = [
            line for group, found in groups.items() if found
            for line in charts.prose(f"{clean(str(group), limit=20)}: {', '.join(map(_word, found[:30]))}", width, most=4)
        ]  # fmt: skip
    else:
        return
    if lines:
        made.add(Content(""), *lines)


def _labels(labels: Mapping[str, Any], width: int) -> list[Content]:
    """By label: how many agree of how many, the share beside that of real rows, or F1; the lowest first."""
    rows: list[tuple[float, str, str]] = []
    for label, one in labels.items():
        if isinstance(one, list | tuple) and len(one) == 2 and one[1]:
            rows.append((one[0] / one[1], label, f"{one[0]:,} of {one[1]:,}"))
        elif isinstance(one, Mapping) and one.get("share") is not None:
            real = f", real {charts.number(one['real_share'])}" if one.get("real_share") is not None else ""
            rows.append((float(one["share"]), label, f"{charts.number(one['share'])}{real}"))
        elif isinstance(one, Mapping) and one.get("f1") is not None:
            rows.append((float(one["f1"]), label, f"F1 {charts.number(one['f1'])}"))
    room = max((len(text) for _, _, text in rows), default=0)
    name_width = max(6, min(32, width - room - 2))
    return [
        Content.assemble(charts.fit(label, name_width), "  ", (text.rjust(room), MUTED))[:width]
        for _, label, text in sorted(rows)
    ]


def _histograms(bins: Mapping[str, Any], seeds: object, width: int, height: int) -> list[Content]:
    """The samples' columns above the seeds', each on its own axis unless that is the same."""

    def columns(found: Mapping[str, Any], high: int) -> list[Content]:
        low, top = float(found["low"]), float(found["high"])
        return charts.histogram(low, top, found["counts"], width, height=high, whole=top - low >= 10)

    lines = columns(bins, height - 2)
    if isinstance(seeds, Mapping) and seeds.get("counts"):
        below = columns(seeds, 3)
        if len(seeds["counts"]) == len(bins["counts"]) and below[-1].plain == lines[-1].plain:
            lines = lines[:-1]
        lines += [Content.styled("the seeds", MUTED), *below]
    return lines


def _word(word: object) -> str:
    if isinstance(word, Mapping):
        word = word.get("word", "")
    elif isinstance(word, list | tuple):
        word = word[0] if word else ""
    return clean(str(word), limit=40)


def _clusters(use: Sequence[Mapping[str, Any]], words: object, width: int) -> list[Content]:
    """How many samples and how many of the reference fall in each cluster, which is named by its words."""
    named = words if isinstance(words, list) else []
    name_width = max(8, min(28, width - 20))
    lines = [Content.styled(f"{'cluster':{name_width}} {'samples':>9} {'reference':>9}"[:width], MUTED)]
    for place, one in enumerate(use):
        own = named[place] if place < len(named) else None
        called = " ".join(map(_word, own)) if isinstance(own, list) else f"cluster {place + 1}"
        mine, other = f" {int(one.get('samples') or 0):>9,}", f" {int(one.get('reference') or 0):>9,}"
        lines.append(Content.assemble(charts.fit(called, name_width), (mine, ACCENT), (other, MUTED))[:width])
    return lines


def _behind(made: Sheet, one: Mapping[str, Any], name: str, behind: Mapping[str, int], width: int) -> None:
    """Names under which samples are kept, each a place; else all the samples that were measured."""
    names = reading.kept_names(behind, name)
    made.add(Content(""), Content.styled("Behind it", STRONG))
    for kept in names:
        own = kept.partition("/")[2]
        called = clean(_CALLED.get(own, own.replace("_", " ")), limit=60)
        text = f"{behind[kept]:>7,}  {called}"
        target = Target("view", reading.behind_view(int(one["id"]), kept))
        made.put(Content(text[:width]), f"behind {kept}", f"{called} ({behind[kept]:,})", target)
    metric = one["result"]["metrics"][name]
    if not names and (metric.get("details") or {}).get("confusion"):
        wrong = sum(n for i, j, n in metric["details"]["confusion"]["cells"] if i != j)
        made.put(
            Content(f"{wrong:>7,}  wrong"),
            "behind wrong",
            "the rows that were got wrong",
            Target("cell", name, wrong=True),
        )
    if whole := reading.view_of(one):
        text = f"{one['samples']:>7,}  all samples that were measured"
        made.put(Content(text[:width]), "behind all", "all samples that were measured", Target("view", whole))
