"""The sample under the cursor: its text first, then everything known about it."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.store.samples import Explanation, Sample
from workbench.text import clean
from workbench.tui.widgets.lines import Run, cut, dollars, number, safe, short, wrap
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.sample_list import SIGNS

#: Characters of a text that are laid out; the rest is in the full explanation.
SHOWN = 20_000
NAMES = 10


class SamplePane(Pane):
    """Text, then label, suggestions, verdicts, scores, nearest, note, edit and origin."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane--title", "pane--text", "pane--name", "pane--value", "pane--muted", "pane--bad", "pane--good",
    }  # fmt: skip
    DEFAULT_CSS = """
    SamplePane {
        width: 7fr; height: 1fr; background: $background;
        & > .pane--title { color: $text-muted; background: $panel; }
        & > .pane--text { color: $foreground; background: $background; text-style: bold; }
        & > .pane--name { color: $text-muted; background: $background; }
        & > .pane--value { color: $foreground; background: $background; }
        & > .pane--muted { color: $text-muted; background: $background; }
        & > .pane--bad { color: $rejected; background: $background; }
        & > .pane--good { color: $text-success; background: $background; }
    }
    """

    sample: Sample | None = None
    explanation: Explanation | None = None
    position = ""

    def show_sample(self, sample: Sample | None, explanation: Explanation | None, position: str) -> None:
        """Another sample, or the same one as it is now."""
        same = sample is not None and self.sample is not None and sample.id == self.sample.id
        self.sample, self.explanation, self.position = sample, explanation, position
        self.lay_out(top=not same)

    def lay_out(self, *, top: bool = False) -> None:
        width = self.outer_size.width
        if width <= 0:
            return
        if self.sample is None or self.explanation is None:
            self.show([(cut(" Sample", width), "pane--title")], [], top=top)
            return
        sample = self.sample
        left = f" Sample {sample.id}  {SIGNS[sample.status]} {sample.status}"
        left += "" if sample.split == "train" else f"  {sample.split}"
        right = f"{self.position} "
        gap = max(1, width - len(left) - len(right))
        title: list[Run] = [(cut(f"{left}{' ' * gap}{right}", width), "pane--title")]
        self.show(title, describe(sample, self.explanation, width - 2), top=top)

    def on_resize(self) -> None:
        self._drawn = []
        self.lay_out()


def describe(sample: Sample, explanation: Explanation, width: int) -> list[list[Run]]:
    """The pane's lines, ``width`` cells wide plus a cell of margin."""
    lines: list[list[Run]] = [[]]
    text = clean(sample.text, multiline=True, limit=SHOWN)
    lines += [[(f" {line}", "pane--text")] for line in wrap(text, width)]
    lines.append([])
    label = "none" if sample.label is None else safe(sample.label)
    entry(lines, "Label", label, width)
    if sample.label != sample.original_label:
        came = "none" if sample.original_label is None else safe(sample.original_label)
        entry(lines, "", f"came as {came}", width, "pane--muted")
    for at, (name, score, source) in enumerate(explanation.suggestions[:3]):
        entry(lines, "" if at else "Suggested", f"{safe(name)} {share(score)} ({safe(source)})", width)
    for verdict in explanation.verdicts:
        twin = f" (see #{verdict.other})" if verdict.other else ""
        entry(lines, "Dropped", f"{safe(verdict.filter)}: {safe(verdict.reason)}{twin}", width, "pane--bad")
    if explanation.verdicts and sample.status == "accepted":
        entry(lines, "", "overruled: a person accepted it", width, "pane--good")
    if explanation.note:
        entry(lines, "Note", clean(explanation.note), width)
    if explanation.scores:
        entry(
            lines, "Scores", "  ".join(f"{safe(name)} {value:.3g}" for name, value in explanation.scores.items()), width
        )
    if sample.edited:
        from workbench.tui.differences import differences

        lines += differences(sample.original_fields, sample.fields, width, NAMES)
    for at, (other, similarity, status, near) in enumerate(explanation.neighbours):
        head = f"#{other} {share(similarity)} {SIGNS.get(status, '?')} "
        shown = short(clean(near, limit=width), max(8, width - NAMES - len(head)))
        name = "" if at else "Nearest"
        lines.append([(f" {name:<{NAMES}}", "pane--name"), (f"{head}{shown}", "pane--value")])
    for at, line in enumerate(origin(sample, explanation)):
        entry(lines, "" if at else "From", line, width)
    return lines


def entry(lines: list[list[Run]], name: str, value: str, width: int, style: str = "pane--value") -> None:
    """A name and its value, which may take several lines."""
    for at, line in enumerate(wrap(value, max(10, width - NAMES))):
        lines.append([(f" {'' if at else name:<{NAMES}}", "pane--name"), (line, style)])


def share(value: float) -> str:
    """A number between 0 and 1 in three cells: ``.61``, ``1.0``."""
    text = f"{value:.2f}"
    return text[1:] if text.startswith("0") else text[:3]


def origin(sample: Sample, explanation: Explanation) -> list[str]:
    """Where the sample came from, in a line or three."""
    came = explanation.origin
    if came is None:
        where = f", line {number(sample.source_line)}" if sample.source_line else ""
        return [f"{sample.origin}{where}" + (f", job {sample.job_id}" if sample.job_id else "")]
    demonstrations = sum(len(ids) for ids in sample.parents.values())
    first = f"{safe(came.recipe)}, job {came.job_id}"
    if demonstrations:
        first += f", {demonstrations} demonstration{'s' if demonstrations > 1 else ''}"
    second = [safe(came.model)]
    if (temperature := came.parameters.get("temperature")) is not None:
        second.append(f"temperature {temperature}")
    second.append(f"{number(came.input_tokens)} + {number(came.output_tokens)} tokens")
    if came.cost is not None:
        second.append(dollars(came.cost))
    lines = [first, ", ".join(second)]
    if sample.conditions:
        lines.append(conditions(sample.conditions))
    return lines


def conditions(values: dict[str, Any]) -> str:
    return ", ".join(f"{safe(name)} = {safe(value)}" for name, value in values.items())
