"""The parts of a report, each from plain facts to markup; a part without facts is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evaluate.base import Metric
from workbench.evaluate.compare import compare
from workbench.evaluate.reporting import charts
from workbench.evaluate.reporting.charts import Line, Mark
from workbench.evaluate.reporting.markup import ends, items, number, paragraph, section, table, text
from workbench.jobs.words import dollars_each

Facts = Mapping[str, Any]

#: Groups of metrics in reading order, by the part of a name before the point.
GROUPS = {
    "benchmark": "Benchmark: train on this data, test on real data",
    "faithfulness": "Faithfulness: are the labels right",
    "fidelity": "Fidelity: how close it is to real data",
    "diversity": "Diversity",
    "label": "Balance",
}
#: Metrics that get a small chart each where contenders are compared.
MULTIPLES = (
    "benchmark.accuracy", "benchmark.macro_f1", "faithfulness.auxiliary", "faithfulness.judge", "fidelity.mauve",
    "fidelity.classifier_auc", "diversity.self_bleu", "diversity.vendi",
)  # fmt: skip
_ACCURACIES = (
    ("benchmark.accuracy", "this data set", False), ("benchmark.macro_f1", "its macro-F1", False),
    ("benchmark.mixed_accuracy", "real and synthetic together", False), ("benchmark.real_accuracy", "real data", True),
)  # fmt: skip
#: Labels that a heat map has room for, and rows of a chart of labels.
MOST_CLASSES, MOST_LABELS = 40, 80
_WAY = {"higher": "higher is better", "lower": "lower is better", "none": ""}


def _value(metrics: Facts, name: str, key: str = "value") -> Any:
    return (metrics.get(name) or {}).get(key)


def _details(metrics: Facts, name: str) -> Facts:
    found: Facts = (metrics.get(name) or {}).get("details") or {}
    return found


def _mark(name: str, metric: Facts, *, muted: bool = False) -> Mark:
    return Mark(name, metric.get("value"), metric.get("low"), metric.get("high"), muted)


def key_figures(metrics: Facts) -> str:
    """Every metric with its interval, the seeds' value (of a distance: that of two halves of the real rows), and a note."""
    rows: list[list[str]] = []
    heads = {*(name.partition(".")[0] for name in metrics)}
    for group in (*(g for g in GROUPS if g in heads), *sorted(heads - GROUPS.keys())):
        rows.append([f"<strong>{text(GROUPS.get(group, group.title()))}</strong>", "", "", ""])
        for name, metric in metrics.items():
            if name.partition(".")[0] == group:
                rows.append(_figure(name, metric))
    if not rows:
        return ""
    return section(
        "figures", "Figures", table(("metric", "value", "95 % interval", "real data"), rows, right=(1, 2, 3), wide=True)
    )


def _figure(name: str, metric: Facts) -> list[str]:
    way = _WAY.get(str(metric.get("direction")), "")
    unit = ", ".join(one for one in (str(metric.get("unit") or ""), way) if one)
    note = f'<span class="note">{text(metric.get("note") or "")}</span>' if metric.get("note") else ""
    rough = " (rough)" if metric.get("rough") and metric.get("low") is not None else ""
    details = metric.get("details") or {}
    reference, same = details.get("seeds"), details.get("same_size") or {}
    shown = number(reference) if isinstance(reference, int | float) else ""
    if shown and details.get("seeds_other_size"):
        at = f"at {same['count']:,} texts: {number(same['samples'])}, seeds {number(same['seeds'])}"
        shown = f'another size<span class="ends">{at}</span>'
    title = text(name.partition(".")[2].replace("_", " ") or name)
    return [f'{title} <span class="soft">{text(unit)}</span>{note}', number(metric.get("value")),
            ends(metric.get("low"), metric.get("high")) + rough, shown]  # fmt: skip


def benchmark(metrics: Facts, before: Facts | None, difference: Facts | None) -> str:
    """Accuracies on one axis, the learning curve, real and synthetic mixed, and what is confused with what."""
    marks = [_mark(title, metrics[name], muted=muted) for name, title, muted in _ACCURACIES if name in metrics]
    first = ((before or {}).get("metrics") or {}).get("benchmark.accuracy")
    marks += [_mark("before curation", first, muted=True)] if first else []
    parts = [
        charts.whiskers(
            "Accuracy on real test data", marks, caption="With 95 % intervals over the test rows.", unit="accuracy"
        )
    ]
    if difference:
        rough = "roughly " if difference.get("rough") else ""
        told = "better" if difference["low"] > 0 else "worse" if difference["high"] < 0 else "no clear change"
        parts.append(
            paragraph(
                f"Curation changed accuracy by {rough}{difference['value']:+.3f} ({difference['low']:+.3f} to "
                f"{difference['high']:+.3f}, paired on the same test rows): {told}."
            )
        )
    curve = _details(metrics, "benchmark.learning_curve")
    lines = [
        Line(name, [(one["size"], one["value"], one.get("low"), one.get("high")) for one in curve.get(key) or ()])
        for key, name in (("points", "this data set"), ("real", "real data"))
    ]
    said = _value(metrics, "benchmark.learning_curve", "note") or ""
    parts.append(charts.curves("Learning curve", lines, across="training samples", caption=said))
    parts.append(_mixed(metrics))
    parts += [_confusion(metrics), _per_label(metrics)]
    return section("benchmark", "Train on it, test on real data", *parts)


def _mixed(metrics: Facts) -> str:
    points = _details(metrics, "benchmark.mixed_accuracy").get("points") or ()
    marks = [
        Mark(
            f"{one['real']:,} real + {one['synthetic']:,}",
            one["value"],
            one.get("low"),
            one.get("high"),
            not one["synthetic"],
        )
        for one in points
    ]
    return charts.whiskers("Real and synthetic samples together", marks, unit="accuracy",
                           caption=_value(metrics, "benchmark.mixed_accuracy", "note") or "")  # fmt: skip


def _confusion(metrics: Facts) -> str:
    details = _details(metrics, "benchmark.accuracy")
    if not {"classes", "gold", "predicted"} <= details.keys():
        return ""
    counts = Counter(zip(details["gold"], details["predicted"], strict=True))
    classes = [str(one) for one in details["classes"]]
    if len(classes) > MOST_CLASSES:
        wrong = [(n, t, g) for (t, g), n in counts.items() if t != g]
        rows = [[text(classes[t]), text(classes[g]), f"{n:,}"] for n, t, g in sorted(wrong, reverse=True)[:25]]
        return (
            table(("right label", "predicted", "times"), rows, right=(2,), caption="The most confused labels")
            if rows
            else ""
        )
    caption = "Each row is a right label; shades are shares of the row. On the diagonal: right."
    return charts.heat("Confusion on real test data", classes, counts, caption=caption)


def _per_label(metrics: Facts) -> str:
    found = _details(metrics, "benchmark.macro_f1").get("per_label") or {}
    if not found:
        return ""
    ordered = sorted(found.items(), key=lambda one: (one[1]["f1"], one[0]))
    rows = [
        [text(name), *(f"{one[key]:.2f}" for key in ("precision", "recall", "f1")), f"{one['count']:,.0f}"]
        for name, one in ordered
    ]
    heads = ("label", "precision", "recall", "F1", "test rows")
    return f"<h3>By label, the weakest first</h3>{table(heads, rows, right=(1, 2, 3, 4), wide=True)}"


def labels_and_lengths(metrics: Facts) -> str:
    """How often each label is used, and how long the texts are, the seeds beside both."""
    balance, parts = _details(metrics, "label.balance"), []
    if counts := balance.get("counts"):
        total, seeds = sum(counts.values()), balance.get("seed_counts") or {}
        scale = total / sum(seeds.values()) if sum(seeds.values()) else None
        ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_LABELS]
        rows = [(name, float(n), seeds.get(name, 0) * scale if scale else None) for name, n in ordered]
        caption = "The line across a bar is what the seeds' shares would give." if scale else ""
        parts.append(charts.bars("Samples by label", rows, caption=caption))
    length = _details(metrics, "diversity.length")
    if found := length.get("histogram"):
        counts, seeds = found["counts"], (length.get("seeds_histogram") or {}).get("counts")
        width = (found["high"] - found["low"]) / max(1, len(counts))
        share = sum(counts) / sum(seeds) if seeds and sum(seeds) else None
        rows = [
            (f"{found['low'] + place * width:.0f} to {found['low'] + (place + 1) * width:.0f}", float(n),
             seeds[place] * share if seeds and share and place < len(seeds) else None)
            for place, n in enumerate(counts)
        ]  # fmt: skip
        parts.append(charts.bars("Samples by length in tokens", rows))
    return section("shape", "Labels and lengths", *parts)


def data_map(found: Facts | None) -> str:
    """Confidence over variability while a classifier learns (Swayamdipta et al. 2020), where curation has measured it."""
    if not found:
        return ""
    caption = "Top: easy to learn. Right: ambiguous. Bottom left: hard, often wrongly labelled."
    drawn = charts.cloud(
        "Data map", found["grid"], found["bounds"], across="variability", up="confidence", caption=caption
    )
    return section("map", "What a classifier finds easy and hard", drawn)


def before_after(metrics: Facts, before: Facts | None) -> str:
    """Every metric before and after curation, and whether the change is more than chance."""
    old = (before or {}).get("metrics") or {}
    rows = [
        [
            text(one.name),
            number(one.a),
            number(one.b),
            f"{one.change:+.3f}",
            ends(one.low, one.high),
            _word(one.verdict),
        ]
        for one in compare(_metrics(old), _metrics(metrics))
        if one.change is not None
    ]
    heads = ("metric", "before", "after", "change", "95 % interval", "")
    return (
        section("curation", "Before and after curation", table(heads, rows, right=range(1, 5), wide=True))
        if rows
        else ""
    )


def _metrics(found: Facts) -> dict[str, Metric]:
    return {name: Metric(name=name, **values) for name, values in found.items()}


def _word(verdict: str) -> str:
    return f'<span class="{verdict}">{verdict}</span>' if verdict in ("better", "worse") else text(verdict)


def comparison(found: Facts) -> str:
    """Contenders side by side: the sentences, the table, a small chart for each main metric."""
    contenders = found["contenders"]
    names = [str(one["name"]) for one in contenders]
    metrics = list(dict.fromkeys(name for one in contenders for name in one["metrics"]))
    rows = [["samples", *(f"{one['samples']:,}" for one in contenders)]]
    for key, title in (("cost", "cost"), ("cost_per_kept", "cost per kept sample")):
        if any(one.get(key) is not None for one in contenders):
            rows.append([title, *("–" if one.get(key) is None else dollars_each(one[key]) for one in contenders)])
    for name in metrics:
        best = (found.get("best") or {}).get(name)
        rows.append(
            [text(name), *(_cell(one["metrics"].get(name), place == best) for place, one in enumerate(contenders))]
        )
    multiples = [
        charts.whiskers(
            name, [_mark(str(one["name"]), one["metrics"].get(name) or {}) for one in contenders], narrow=True
        )
        for name in MULTIPLES
        if sum((one["metrics"].get(name) or {}).get("value") is not None for one in contenders) > 1
    ]
    return section(
        "comparison",
        "Side by side",
        items(found.get("summary") or ()),
        table(("", *names), rows, right=range(1, len(names) + 1), wide=True),
        paragraph(
            "Green and a star mark the best only where its difference from every other is more than chance "
            "(95 %, corrected for the number of comparisons by Holm's method). ~ marks rough intervals.", "soft"
        ),
        f'<div class="multiples">{"".join(multiples)}</div>' if multiples else "",
    )  # fmt: skip


def _cell(metric: Facts | None, best: bool) -> str:
    if metric is None or metric.get("value") is None:
        return "–"
    shown = f'<span class="best">{number(metric["value"])} *</span>' if best else number(metric["value"])
    between = ends(metric.get("low"), metric.get("high"))
    between = f"~ {between}" if between and metric.get("rough") else between
    return shown + (f'<span class="ends">{between}</span>' if between else "")


def judged(found: Sequence[Facts]) -> str:
    """Outputs that people or models compared: each judge's ranking, and how far the judges agree."""
    parts = []
    for one in found:
        parts += [
            f"<h3>{text(one['name'])}</h3>",
            paragraph(str(one.get("question") or ""), "soft"),
            items(one.get("summary") or ()),
        ]
        for judge in one.get("judges") or ():
            marks = [_mark(str(row["name"]), row) for row in judge.get("ranking") or ()]
            title = f"{one['name']}: judged by {judge['judge']}"
            parts.append(charts.whiskers(title, marks, unit="strength"))
    return section("open", "Outputs judged side by side", *parts) if found else ""


def history(found: Sequence[Facts]) -> str:
    """The evaluations so far, oldest first."""
    if len(found) < 2:
        return ""
    points = [(float(place), one["accuracy"], one.get("low"), one.get("high")) for place, one in enumerate(found, 1)
              if one.get("accuracy") is not None]  # fmt: skip
    drawn = charts.curves("Accuracy over evaluations", [Line("accuracy", points)], across="evaluation", log=False)
    rows = [
        [text(one["created_at"][:16].replace("T", " ")), text(_round(one)), f"{one['samples']:,}",
         number(one.get("accuracy")), ends(one.get("low"), one.get("high"))]
        for one in found
    ]  # fmt: skip
    heads = ("when (UTC)", "after round", "samples", "accuracy", "95 % interval")
    return section("history", "So far", drawn, table(heads, rows, right=(1, 2, 3, 4)))


def _round(one: Facts) -> str:
    return "–" if one.get("rounds") is None else f"{one['rounds']:,}"


def made(card: Facts) -> str:
    """How the data was made, filtered and looked at."""
    parts = []
    if recipes := card.get("recipes"):
        rows = [
            [
                text(one["name"]),
                text(one.get("paper") or ""),
                text(", ".join(one.get("models") or ())),
                f"{one.get('samples') or 0:,}",
            ]
            for one in recipes
        ]
        parts.append(table(("recipe", "paper", "models", "samples"), rows, right=(3,), caption="How it was made"))
    if filters := card.get("filters"):
        rows = [
            [text(one["name"]), text(one.get("paper") or ""), _count(one.get("checked")), _count(one.get("dropped"))]
            for one in filters
        ]
        parts.append(table(("step", "paper", "checked", "dropped"), rows, right=(2, 3), caption="How it was curated"))
    if said := card.get("annotations"):
        rows = [[text(str(name).replace("_", " ")), _count(n)] for name, n in said.items()]
        parts.append(table(("", ""), rows, right=(1,), caption="What people did"))
    parts.append(f"<h3>Limits</h3>{items(card['limitations'])}" if card.get("limitations") else "")
    return section("made", "How it was made", *parts)


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "–"


def examples(found: Sequence[Facts]) -> str:
    """Some samples, drawn at random."""
    rows = [[text(one["text"], limit=600), text(one["label"] if one.get("label") is not None else "")] for one in found]
    caption = "Drawn at random from the data set" if rows else ""
    return section("samples", "Samples", table(("text", "label"), rows, caption=caption)) if rows else ""
