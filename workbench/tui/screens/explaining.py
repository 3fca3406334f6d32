"""Everything behind one sample: the exact prompt, the answer, and what it cost."""

from __future__ import annotations

from workbench.project import Outline
from workbench.store.explaining import Explanation
from workbench.store.samples import Sample
from workbench.tui.widgets.lines import dollars, number, safe
from workbench.tui.widgets.prompts import Reading
from workbench.tui.widgets.sample_pane import conditions, describe
from workbench.tui.writing import as_text, kind_of


class ExplainScreen(Reading):
    """Opened with one key from Review."""

    def __init__(self, sample: Sample, explanation: Explanation, outline: Outline) -> None:
        super().__init__(f"Sample {sample.id}", [])
        self.sample, self.explanation, self.outline = sample, explanation, outline

    def lay_out(self) -> None:
        width = max(20, self.text.size.width)
        self.paragraphs = paragraphs(self.sample, self.explanation, self.outline, width)
        super().lay_out()


def paragraphs(sample: Sample, explanation: Explanation, outline: Outline, width: int) -> list[tuple[str, str]]:
    """(text, style) of the full explanation, in the order in which it happened."""
    made = [
        (
            "".join(text for text, _ in line)[1:],
            "pane--muted" if line and line[-1][1] == "pane--muted" else "pane--value",
        )
        for line in describe(sample, explanation, width - 1, outline, columns=False)
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
