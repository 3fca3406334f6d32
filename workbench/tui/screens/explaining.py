"""Everything behind one sample: the exact prompt, the answer, and what it cost."""

from __future__ import annotations

from workbench.project import Outline
from workbench.store.explaining import Explanation
from workbench.store.samples import Sample
from workbench.tui import blind
from workbench.tui.widgets.lines import dollars, number, safe
from workbench.tui.widgets.prompts import Reading
from workbench.tui.widgets.sample_pane import conditions, describe, look_of
from workbench.tui.writing import as_text, kind_of


class ExplainScreen(Reading):
    """Opened with one key from Review."""

    def __init__(self, sample: Sample, explanation: Explanation, outline: Outline, person: str = "") -> None:
        super().__init__(f"Sample {sample.id}", [])
        self.sample, self.explanation, self.outline, self.person = sample, explanation, outline, person

    def lay_out(self) -> None:
        width = max(20, self.text.size.width)
        self.paragraphs = paragraphs(self.sample, self.explanation, self.outline, width, self.person)
        super().lay_out()


def paragraphs(
    sample: Sample, explanation: Explanation, outline: Outline, width: int, person: str = ""
) -> list[tuple[str, str]]:
    """(text, style) of the full explanation, in the order in which it happened. Of a pair that ``person`` has not compared
    yet it says nothing that tells which answer is which."""
    look = look_of(sample, explanation, outline, person)
    made = [
        (
            "".join(text for text, _ in line)[1:],
            "pane--muted" if line and line[-1][1] == "pane--muted" else "pane--value",
        )
        for line in describe(sample, explanation, width - 1, outline, columns=False, look=look)
    ]
    made.append(("", "pane--value"))
    made.append(
        (
            f"{sample.origin}, {sample.split}, made {sample.created_at[:19].replace('T', ' ')} UTC, id {sample.uuid}",
            "pane--muted",
        )
    )
    if sample.conditions:
        made.append((f"Conditions: {conditions(sample.conditions)}", "pane--value"))
    for role, ids in sample.parents.items():
        made.append((f"{safe(role).capitalize()}: {', '.join(f'#{number(i)}' for i in ids)}", "pane--value"))
    if look.blind:
        return [
            *made,
            ("", "pane--value"),
            ("Where the answers come from shows when you have compared them.", "pane--muted"),
        ]
    if look.pair:
        came = blind.as_it_came(sample, person)
        made.append((f"Shown to you in blind order: A came as {came[0]}, B as {came[1]}.", "pane--muted"))
    if sample.edited:
        declared = {field.name: field.kind for field in outline.fields}
        made += [("", "pane--value"), ("As it came", "pane--key")]
        for name, value in sample.original_fields.items():
            made += [(name, "pane--muted")] if len(sample.original_fields) > 1 else []
            made.append((as_text(kind_of(declared.get(name), value), value), "pane--value"))
    origin = explanation.origin
    if origin is None:
        return made
    cost = dollars(origin.cost) if origin.cost is not None else "price not known"
    made += [
        ("", "pane--value"),
        ("Request", "pane--key"),
        (
            f"{origin.recipe}, seed {origin.seed}, job {origin.job_id}, attempts: {origin.attempts}",
            "pane--value",
        ),
        (
            f"model {origin.model}: " + ", ".join(f"{name} {value}" for name, value in origin.parameters.items()),
            "pane--value",
        ),
        (
            f"{number(origin.input_tokens)} tokens in, {number(origin.output_tokens)} out, {cost}, {origin.seconds:.2f} s",
            "pane--value",
        ),
    ]
    for message in origin.messages:
        made += [
            ("", "pane--value"),
            (f"Prompt, {message.get('role', '')}", "pane--key"),
            (str(message.get("content", "")), "pane--value"),
        ]
    finish = f" (ended: {origin.finish_reason})" if origin.finish_reason else ""
    made += [("", "pane--value"), (f"Answer{finish}", "pane--key"), (origin.answer, "pane--value")]
    return made
