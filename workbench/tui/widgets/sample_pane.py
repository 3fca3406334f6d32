"""The sample under the cursor: its text first, then everything known about it."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.project import Outline
from workbench.store.explaining import Explanation
from workbench.store.samples import Sample
from workbench.task_kinds import is_messages
from workbench.text import clean
from workbench.tui import actions, blind
from workbench.tui.highlights import NOTHING, Highlights
from workbench.tui.spans import brief
from workbench.tui.widgets.contents import NAMES, TURN, Look, contents
from workbench.tui.widgets.json_lines import json_lines
from workbench.tui.widgets.lines import Run, cut, dollars, number, safe, short, wrap
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.sample_list import SIGNS
from workbench.tui.writing import as_text, in_words, kind_of


class SamplePane(Pane):
    """The fields, then label, suggestions, verdicts, scores, nearest, note, edit and origin."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane--title", "pane--text", "pane--name", "pane--value", "pane--muted", "pane--bad", "pane--good", "pane--mark",
        "pane--mark-bad", "pane--key", "pane--literal", "pane--turn", "pane--hit",
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
        & > .pane--mark { color: $text-success; background: $background; text-style: underline; }
        & > .pane--mark-bad { color: $rejected; background: $background; text-style: underline; }
        & > .pane--key { color: $accent; background: $background; }
        & > .pane--turn { color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold; }
        & > .pane--literal { color: $text-warning; background: $background; }
        & > .pane--hit { color: $accent; background: $background; text-style: bold underline; }
    }
    """

    def __init__(self, outline: Outline, keymap: actions.Keymap) -> None:
        super().__init__()
        self.outline = outline
        scroll = min(actions.keys("review.scroll_down", keymap), key=len, default="")
        self.more = [(": ", "pane--muted"), (actions.shown(scroll), "pane--key")] if scroll else []

    sample: Sample | None = None
    explanation: Explanation | None = None
    position = ""
    highlights = NOTHING  # what the view, and a search in it, look for
    turn: int | None = None  # of a dialogue: the one at hand
    person = ""  # who looks: the order of a pair is theirs

    def show_sample(self, sample: Sample | None, explanation: Explanation | None, position: str) -> None:
        """Another sample, or the same one as it is now."""
        same = sample is not None and self.sample is not None and sample.id == self.sample.id
        self.sample, self.explanation, self.position = sample, explanation, position
        if not same:
            self.turn = None
        self.lay_out(top=not same)

    @property
    def turns(self) -> list[dict[str, Any]]:
        """The turns of the sample's dialogue; none where it has none."""
        name = dialogue_field(self.outline)
        value = self.sample.fields.get(name) if self.sample is not None and name else None
        return [dict(turn) for turn in value] if isinstance(value, list) and is_messages(value) else []

    def turn_to(self, step: int) -> bool:
        """The next turn at hand, or the one before; before the first there is none. False at the last one."""
        wanted = step - 1 if self.turn is None and step > 0 else -1 if self.turn is None else self.turn + step
        if wanted >= len(self.turns):
            return False
        self.turn = wanted if wanted >= 0 else None
        self.lay_out()
        return True

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
        look = look_of(sample, self.explanation, self.outline, self.person, self.turn)
        lines = describe(sample, self.explanation, width - 2, self.outline, look=look)
        if self.turn is not None:
            painted = [at for at, line in enumerate(lines) if any(style == TURN for _, style in line)]
            room = self.outer_size.height - 2
            if painted and not self.offset_y <= painted[0] <= painted[-1] < self.offset_y + room:
                self.offset_y = max(0, min(painted[0] - 1, len(lines) - room))
        self.show(title, painted_words(lines, self.highlights), top=top)

    def show_position(self, position: str) -> None:
        """Where the sample is in its view: the title alone, as the view grows."""
        if position != self.position:
            self.position = position
            self.lay_out()

    def on_resize(self) -> None:
        self._drawn = []
        self.lay_out()


def painted_words(lines: list[list[Run]], wanted: Highlights) -> list[list[Run]]:
    """Lines in which the words that are looked for are marked."""
    if not wanted:
        return lines
    plain = ("pane--text", "pane--value")
    return [
        [part for run in line for part in (wanted.painted(run, "pane--hit") if run[1] in plain else [run])]
        for line in lines
    ]


def dialogue_field(outline: Outline) -> str | None:
    """The field whose turns are stepped through."""
    return next((field.name for field in outline.fields if field.kind == "messages"), None)


def look_of(sample: Sample, explanation: Explanation, outline: Outline, person: str, turn: int | None = None) -> Look:
    """How a person sees a sample: pairs in that person's own order, without names until the person has decided."""
    if outline.kind != blind.KIND or outline.label_shape != "none":
        return Look(turn)
    return Look(turn, blind.left_right(sample, person), not explanation.spoken)


def describe(
    sample: Sample, explanation: Explanation, width: int, outline: Outline, *, columns: bool = True,
    look: Look | None = None,
) -> list[list[Run]]:  # fmt: skip
    """The pane's lines, ``width`` cells wide plus a cell of margin."""
    hides = look is not None and look.blind
    lines = contents(sample, outline, width, columns=columns, look=look)
    if outline.label_shape != "none" or sample.label is not None:
        label_lines(lines, sample, width)
    if explanation.taken_for is not None:
        name, evaluation = explanation.taken_for
        entry(lines, "Taken for", f"{safe(name)} (by the classifier of evaluation {evaluation})", width, "pane--bad")
    for at, (name, score, source) in enumerate(explanation.suggestions[:3]):
        entry(lines, "" if at else "Suggested", f"{safe(in_words(name))} {share(score)} ({safe(source)})", width)
    if explanation.reason:
        entry(lines, "Rejected", safe(explanation.reason), width, "pane--bad")
    for verdict in explanation.verdicts:
        twin = f" (see #{verdict.other})" if verdict.other else ""
        entry(lines, "Dropped", f"{safe(verdict.filter)}: {safe(verdict.reason)}{twin}", width, "pane--bad")
    if explanation.verdicts and sample.status == "accepted":
        entry(lines, "", "overruled: a person accepted it", width, "pane--good")
    for repair in explanation.repairs:
        what = "Repaired" if repair.applied else "Proposed"
        to = "" if repair.label is None else f"{safe(in_words(repair.label))} {share(repair.confidence)}, "
        entry(lines, what, f"{to}{safe(repair.technique)}: {safe(repair.reason)}", width)
    if explanation.weight:
        technique, weight, reason = explanation.weight
        entry(lines, "Weight", f"{weight:.2f} ({safe(technique)}): {safe(reason)}", width)
    if explanation.note:
        entry(lines, "Note", clean(explanation.note), width)
    if explanation.tags:
        entry(lines, "Tags", "  ".join(safe(tag) for tag in explanation.tags), width)
    scores = {name: value for name, value in explanation.scores.items() if name != "audit"}  # a place in a random order
    if scores:
        entry(lines, "Scores", "  ".join(f"{safe(name)} {value:.3g}" for name, value in scores.items()), width)
    if sample.edited and not hides:
        edited(lines, sample, width, outline)
    for at, (other, similarity, status, near) in enumerate(explanation.neighbours):
        head = f"#{other} {share(similarity)} {SIGNS.get(status, '?')} "
        shown = short(clean(near, limit=width), max(8, width - NAMES - len(head)))
        name = "" if at else "Nearest"
        lines.append([(f" {name:<{NAMES}}", "pane--name"), (f"{head}{shown}", "pane--value")])
    for at, line in enumerate(origin(sample, explanation)):
        entry(lines, "" if at else "From", line, width)
    return lines


def label_lines(lines: list[list[Run]], sample: Sample, width: int) -> None:
    """The label as it is, and as it came if that was another."""
    if isinstance(sample.label, dict):
        lines.append([(" Label", "pane--name")])
        text = next((one for one in sample.fields.values() if isinstance(one, str)), "")
        lines += [[(" ", "pane--value"), *line] for line in json_lines(brief(sample.label, text), width)]
        lines.append([])
    else:
        entry(lines, "Label", safe(in_words(sample.label)), width)
    if sample.label != sample.original_label:
        entry(lines, "", f"came as {safe(in_words(sample.original_label))}", width, "pane--muted")


def edited(lines: list[list[Run]], sample: Sample, width: int, outline: Outline) -> None:
    """What a person has changed in each field: what went in [-brackets-], what came in {+braces+}."""
    from workbench.tui.differences import LONGEST, brief, marked

    if outline.kind == blind.KIND and blind.is_pair(sample) and blind.exchanged(sample):
        entry(lines, "Edited", "somebody found the other answer better: they were exchanged", width)
        if {**sample.fields, blind.BETTER: sample.fields[blind.WORSE], blind.WORSE: sample.fields[blind.BETTER]} == (
            sample.original_fields
        ):
            return
    declared = {field.name: field.kind for field in outline.fields}
    several = len({*sample.fields, *sample.original_fields}) > 1
    title = "Edited"
    for name in dict.fromkeys([*sample.original_fields, *sample.fields]):
        before, after = sample.original_fields.get(name), sample.fields.get(name)
        if before == after:
            continue
        texts = [as_text(kind_of(declared.get(name), value), value) for value in (before, after)]
        told = (marked if max(map(len, texts)) <= LONGEST else brief)(*texts)
        entry(lines, title, f"{f'{safe(name)}: ' if several else ''}{told}", width)
        title = ""


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
