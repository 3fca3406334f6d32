"""By class: precision, recall and F1 as bars, who is taken for whom as shaded cells or as a list, samples by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from workbench.store.views import quoted
from workbench.text import clean
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ACCENT, MUTED, STRONG, SUCCESS, WARNING
from workbench.tui.widgets.evaluation import plots
from workbench.tui.widgets.evaluation.sheet import Sheet, Target

#: Labels up to which there is a picture, and pairs and labels that are listed.
PICTURED, PAIRS, LABELS = 20, 12, 150
#: Cells of one count in the picture, with its shade: at the most and at the least; of a label's number and name at the least.
_CELL, _TIGHT, _NAME = 6, 4, 8
TESTED = (
    ("benchmark.accuracy", "test rows: look, never work on them"),
    ("benchmark.validation_accuracy", "validation rows: their errors may be worked on"),
)


def figures(result: Mapping[str, Any], width: int) -> Sheet:
    """Everything by class that this evaluation knows."""
    metrics = result.get("metrics", {})
    made = Sheet()
    _per_label(made, metrics, width)
    for name, where in TESTED:
        found = (metrics.get(name, {}).get("details") or {}).get("confusion")
        if found and found.get("cells"):
            _confusion(made, name, where, found, width)
        elif wrong := (metrics.get(name, {}).get("details") or {}).get("confusions"):
            made.head(charts.fit(f"Taken for another, {where}", width).rstrip(), STRONG)
            _pairs(made, name, [(str(a), str(b), int(n)) for a, b, n in wrong], width)
    _counts(made, metrics, width)
    if not made.lines:
        made.add(
            *charts.prose("Nothing is known by class: the samples of this task have no single labels.", width, MUTED)
        )
    return made


def _per_label(made: Sheet, metrics: Mapping[str, Any], width: int) -> None:
    found: Mapping[str, Mapping[str, Any]] = (metrics.get("benchmark.macro_f1", {}).get("details") or {}).get(
        "per_label", {}
    )
    rows = sorted(found.items(), key=lambda row: (row[1].get("f1", 0), row[0]))[:LABELS]
    if not rows:
        return
    wide = width >= 56
    columns = (("precision", "recall", "F1", "rows") if wide else ("prec", "rec", "F1", "rows"))  # fmt: skip
    sizes = [max(len(name), 5) for name in columns]
    name_width = max(6, min(max(cell_len(clean(label)) for label, _ in rows), width - sum(sizes) - 4 - 8))
    room = max(4, width - name_width - sum(sizes) - 4 - 1)
    heads = " ".join(name.rjust(size) for name, size in zip(columns, sizes, strict=True))
    title = charts.fit("By class, weakest first", name_width + room + 1)
    if wide:
        made.head(title, STRONG)
        made.lines[-1] = Content.assemble(made.lines[-1], " ", (heads, MUTED))[:width]
    else:
        made.head("By class, weakest first", STRONG)
        made.add(Content.styled(f"{'':{name_width + room + 1}} {heads}"[:width], MUTED))
    for label, row in rows:
        shares = [f"{float(row.get(name) or 0):.2f}" for name in ("precision", "recall", "f1")]
        told = " ".join(
            text.rjust(size) for text, size in zip([*shares, f"{int(row.get('count') or 0):,}"], sizes, strict=True)
        )
        bar = charts.bars({"": float(row.get("f1") or 0)}, room + 6, most=1.0)[0].plain[6:].strip()
        line = Content.assemble(charts.fit(label, name_width), " ", (bar.ljust(room)[:room], ACCENT), " ", told)
        target = Target("cell", "benchmark.accuracy", gold=label, wrong=True)
        made.put(
            line[:width], f"class {label}", f"test rows of {clean(label)} that were got wrong", target, 0, name_width
        )


def _confusion(made: Sheet, metric: str, where: str, found: Mapping[str, Any], width: int) -> None:
    classes = [str(name) for name in found["classes"]]
    cells = {(int(i), int(j)): int(n) for i, j, n in found["cells"]}
    total = sum(cells.values())
    right = sum(n for (i, j), n in cells.items() if i == j)
    longest = max((cell_len(clean(name)) for name in classes), default=4) + 4
    digits = max((len(f"{n:,}") for n in cells.values()), default=1)
    cell = min(_CELL, max(_TIGHT, digits + 1, (width - longest) // max(1, len(classes))))
    made.head(charts.fit(f"Confusion, {where}", width).rstrip(), STRONG)
    wrong = Target("cell", metric, wrong=True)
    line = Content.assemble((f"{total - right:,} of {total:,} wrong", ACCENT))
    made.put(line, f"{metric} wrong", f"all {total - right:,} that were got wrong", wrong)
    room = width - cell * len(classes)
    if len(classes) <= PICTURED and room >= _NAME:
        _picture(made, metric, classes, cells, min(longest, room), cell)
    pairs = [(classes[i], classes[j], n) for (i, j), n in cells.items() if i != j]
    _pairs(made, metric, pairs, width)


def _picture(
    made: Sheet, metric: str, classes: Sequence[str], cells: Mapping[tuple[int, int], int], name_width: int,
    cell: int,
) -> None:  # fmt: skip
    """Rows are the true labels, columns what they were taken for; the shade is the share of the row."""
    heads = "".join(f"{place + 1:>{cell - 1}} " for place in range(len(classes)))
    made.add(Content.styled(f"{'true':{name_width}}{heads}", MUTED))
    for row, label in enumerate(classes):
        total = sum(n for (i, _), n in cells.items() if i == row)
        parts: list[tuple[str, str]] = [(charts.fit(f"{row + 1:>2} {label}", name_width - 1) + " ", "")]
        spots = []
        for column, guess in enumerate(classes):
            count = cells.get((row, column), 0)
            share = count / total if total else 0.0
            style = MUTED if not count else SUCCESS if row == column else WARNING
            text = f"{count:,}" if count else "." if charts.ascii_only() else "·"
            start = sum(len(part) for part, _ in parts)
            parts.append((f"{text:>{cell - 1}}{plots.shade(share)}", style))
            if count:
                says = f"{count:,} {clean(label)} " + ("got right" if row == column else f"taken for {clean(guess)}")
                spots.append(
                    (f"{metric} {row} {column}", says, Target("cell", metric, label, guess), start, start + cell)
                )
        made.add(Content.assemble(*parts))
        for spot in spots:
            made.mark(*spot)
    made.add(
        Content.styled(f"{'':{name_width}}taken for (the rows' numbers)"[: name_width + cell * len(classes)], MUTED)
    )


def _pairs(made: Sheet, metric: str, pairs: Sequence[tuple[str, str, int]], width: int) -> None:
    ordered = sorted((pair for pair in pairs if pair[0] != pair[1]), key=lambda pair: (-pair[2], pair[:2]))
    if not ordered:
        made.add(Content.styled("No row was taken for another class.", MUTED))
        return
    arrow = charts.glyphs().arrow
    more = f", the first {PAIRS} of {len(ordered):,}" if len(ordered) > PAIRS else ""
    made.add(Content.styled(charts.fit(f"Most confused (true {arrow} predicted){more}", width).rstrip(), MUTED))
    digits = max(len(f"{n:,}") for _, _, n in ordered)
    each = max(6, (width - digits - len(arrow) - 4) // 2)
    first = min(each, max(cell_len(clean(gold)) for gold, _, _ in ordered[:PAIRS]))
    for gold, guess, count in ordered[:PAIRS]:
        other = charts.fit(guess, each).rstrip()
        line = Content.assemble(
            (f"{count:>{digits},}", STRONG), "  ", charts.fit(gold, first), (f" {arrow} ", MUTED), other
        )
        says = f"{count:,} {clean(gold)} taken for {clean(guess)}"
        made.put(line[:width], f"{metric} pair {gold} {guess}", says, Target("cell", metric, gold, guess))


def _counts(made: Sheet, metrics: Mapping[str, Any], width: int) -> None:
    counts = (metrics.get("label.balance", {}).get("details") or {}).get("counts", {})
    if not counts:
        return
    made.head(charts.fit("Samples by label", width).rstrip(), STRONG)
    shown = dict(Counter(counts).most_common(LABELS))
    for label, line in zip(shown, charts.bars(shown, width), strict=True):
        view = f"set:yes origin:synthetic label:{quoted(label)}"
        end = min(len(charts.fit(label, width).rstrip()), max(1, len(line.plain)))
        made.put(
            line,
            f"label {label}",
            f"the {shown[label]:,} samples labelled {clean(label)}",
            Target("view", view),
            0,
            end,
        )
    if len(counts) > LABELS:
        made.add(Content.styled(f"and {len(counts) - LABELS:,} more labels", MUTED))
