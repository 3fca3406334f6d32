"""The main numbers over the evaluations of one set of samples: a line of levels each, and the newest ones in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from workbench.text import clean
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ACCENT, MUTED, STRONG
from workbench.tui.widgets.evaluation import plots, reading
from workbench.tui.widgets.evaluation.cards import short
from workbench.tui.widgets.evaluation.sheet import Sheet, Target

#: The numbers that are followed; others of an evaluation after them, as long as there is room.
MAIN = (
    "benchmark.accuracy", "benchmark.macro_f1", "benchmark.ratio", "benchmark.validation_accuracy", "faithfulness.auxiliary",
    "faithfulness.human", "faithfulness.judge", "diversity.distinct_2", "diversity.self_bleu", "diversity.aps",
    "diversity.vendi", "fidelity.mauve", "fidelity.classifier_auc", "label.balance",
)  # fmt: skip
_NAME, _CELL = 20, 9


def over_time(found: Sequence[Mapping[str, Any]], one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The evaluations of the same samples as ``one``, oldest first; comparisons are left out, and so are those of some
    metrics only, unless ``one`` is of some only."""
    whole = not one["result"].get("only")
    return [
        other for other in reversed(found)
        if other.get("view") == one.get("view") and not reading.is_comparison(other)
        and not (whole and other["result"].get("only"))
    ]  # fmt: skip


def values(found: Sequence[Mapping[str, Any]], name: str) -> list[float | None]:
    return [one["result"].get("metrics", {}).get(name, {}).get("value") for one in found]


def figures(found: Sequence[Mapping[str, Any]], one: Mapping[str, Any], width: int) -> Sheet:
    """A column an evaluation (as many as fit, the newest last), a row a number."""
    made = Sheet()
    rows = over_time(found, one)
    if len(rows) < 2:
        told = "This is the only evaluation of these samples so far: each further one (r) adds a column here."
        made.add(*charts.prose(told, width, MUTED))
        return made
    made.head(charts.fit(f"Over {len(rows)} evaluations", width).rstrip(), STRONG)
    sparks = min(len(rows), 12)
    name_width = max(12, min(_NAME, width - sparks - 2 - 3 * _CELL))
    shown = rows[-max(1, (width - name_width - sparks - 2) // _CELL) :]
    gap = " " * (name_width + sparks + 2)
    made.add(Content(""))
    spots = []
    for place, each in enumerate(shown):
        start = len(gap) + place * _CELL
        number = f"#{each['id']}"
        text = number.rjust(_CELL)
        end = start + _CELL
        says = f"shows evaluation {each['id']}, {job_view.ago(each['created_at'])}"
        spots.append((f"evaluation {each['id']}", says, Target("evaluation", str(each["id"])), end - len(number), end))
        made.lines[-1] = Content.assemble(made.lines[-1] if place else gap, (text, STRONG if each is one else MUTED))
    for spot in spots:
        made.mark(*spot)
    counts = "".join(f"{each['samples']:>{_CELL},}" for each in shown)
    made.add(Content.assemble((charts.fit("samples", len(gap)), MUTED), (counts, MUTED))[:width])
    if any(each["result"].get("rounds") is not None for each in shown):
        rounds = "".join(f"{_round(each):>{_CELL}}" for each in shown)
        made.add(Content.assemble((charts.fit("after round", len(gap)), MUTED), (rounds, MUTED))[:width])
    names = [name for name in MAIN if any(value is not None for value in values(rows, name))]
    for name in names:
        line = values(rows, name)
        text = "".join(f"{charts.number(value):>{_CELL}}" for value in values(shown, name))
        made.put(
            Content.assemble(charts.fit(short(name), name_width), " ", (plots.spark(line[-sparks:]), ACCENT), " ", text)[:width],
            f"over {name}", f"the samples behind {clean(name)} of evaluation {one['id']}", Target("metric", name), 0, name_width,
        )  # fmt: skip
    return made


def _round(one: Mapping[str, Any]) -> str:
    """How often generation had added samples by then."""
    found = one["result"].get("rounds")
    return "-" if found is None else f"{found:,}"
