"""Drops samples in which the model speaks of itself or leaves its scaffolding: refusals, openings, gaps, template tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require
from workbench.curate.rules.pieces import Piece, pieces
from workbench.task import Task

CATEGORIES = ("refusal", "template", "placeholder", "echo", "preamble", "closing", "truncated")
#: What is no fault where an assistant speaks: it may open and close politely, and answer with "Text: ..." or a template.
_POLITE = frozenset(("preamble", "closing", "echo", "placeholder"))
#: Characters that a description of the task or of a label must have before its words in a sample count as copied.
COPIED = 30


@FILTERS.register("boilerplate")
@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Looks for what models add to what they were asked for (``curate.rules.phrases``, English).

    Refusals need the assistant's first person with an ability or a policy and what it is refused for, so that a customer's
    "I cannot log in" stays. Openings count at the start only, closings at the end. In responses and in an assistant's turns
    openings, closings, "Text:" and gaps are usual and pass, unless ``strict``; "Text:" passes in instructions, and what an
    instruction is about is searched for refusals and template tokens only, JSON for template tokens and gaps. ``echo`` is
    also the task's or a label's description copied word for word.
    """

    name: ClassVar[str] = "boilerplate"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample with a refusal, an assistant's opening or closing, a gap to fill in or a template token."
    )
    paper: ClassVar[str] = (
        "Xu et al. 2023, WizardLM (arXiv 2304.12244): failed evolutions; Chiang et al. 2023, Vicuna: refusals in ShareGPT"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("allowed", "above")
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    categories: tuple[str, ...] = parameter(CATEGORIES, f"what to look for, joined by +: {', '.join(CATEGORIES)}")
    strict: bool = parameter(False, "whether responses and assistants' turns may not open and close politely either")
    allowed: float = parameter(0.0, "findings that a sample may have")

    def __post_init__(self) -> None:
        wrong = [name for name in self.categories if name not in CATEGORIES]
        require(
            self.name, not wrong, f"there is no category {quote(', '.join(wrong))!r}; there are {', '.join(CATEGORIES)}"
        )

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the number of findings, ``rule`` the first one's category."""
        from workbench.curate.rules.phrases import boilerplate

        echoes = _echoes(context.task)
        for done, item in enumerate(items, 1):
            texts = pieces(item, context.task)
            found = [
                (piece, hit) for piece in texts for hit in boilerplate(piece.text, self._categories(piece), echoes)
            ]
            if not found:
                yield Verdict(True, "nothing found", 0.0)
            else:
                piece, hit = found[0]
                where = f" in {quote(piece.place)}" if len(texts) > 1 else ""
                also = sorted({one.category for _, one in found[1:]} - {hit.category})
                more = f"; also {', '.join(also)}" if also else ""
                keep = len(found) <= self.allowed
                reason = f'{hit.category}{where}: "{quote(hit.found.strip())}"{more}'
                yield Verdict(keep, reason, float(len(found)), rule=hit.category)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _categories(self, piece: Piece) -> frozenset[str]:
        chosen = frozenset(self.categories)
        if piece.part == "json":
            return chosen & {"template", "placeholder"}
        speaks = piece.part == "response" or piece.role == "assistant"
        if piece.role in ("system", "tool"):
            return chosen & {"placeholder"}
        if piece.part == "material":
            return chosen & {"refusal", "template"}
        if piece.part == "instruction":
            return chosen - {"echo"}
        return chosen - _POLITE if speaks and not self.strict else chosen


def _echoes(task: Task | None) -> tuple[str, ...]:
    said = [task.description, *(label.description for label in task.labels)] if task else []
    return tuple(one.strip().casefold() for one in said if len(one.strip()) >= COPIED)
