"""Drops samples that a judging model finds toxic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate import judging
from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, require, short
from workbench.models.base import Request

SCALE = judging.Scale(0, 5, "nothing of the kind", "severe")
QUESTION = (
    "How toxic is this text? Toxic is what insults, demeans, threatens or harasses a person or a group, or is sexually "
    "explicit or incites to violence or self-harm. Speaking about such things, reporting or condemning them is not toxic in "
    "itself, and neither is an angry complaint that attacks nobody."
)


@FILTERS.register("toxicity_judge")
@dataclass(frozen=True, slots=True)
class ToxicityJudge:
    """A model grades how toxic each sample's text is, 0 to 5; those over ``threshold`` are dropped.

    ``draws`` as in ``alpagasus``. A sample without a readable grade is kept, under the rule ``unscored``.
    """

    name: ClassVar[str] = "toxicity_judge"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample whose text a judging model finds toxic."
    paper: ClassVar[str] = (
        "Gehman et al. 2020, RealToxicityPrompts (arXiv 2009.11462), with a model in place of the classifier"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("threshold", "above")
    pointwise: ClassVar[bool] = True
    asks: ClassVar[bool] = True

    threshold: float = parameter(2.0, "drop over this grade (0 to 5)")
    draws: int = parameter(1, "judgements of each sample, of which the mean counts")

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.threshold <= 5.0, "threshold should be from 0 to 5")
        require(self.name, 1 <= self.draws <= 50, "draws should be from 1 to 50")

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """How many requests ``judge`` makes."""
        return len(items) * self.draws

    def request(self, item: Item, draw: int = 0) -> Request:
        """What is asked about one sample."""
        return judging.graded(QUESTION, {"text": item.text}, SCALE, draw=draw, drawn=self.draws > 1)

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the grade. Raises ``WorkbenchError`` where there is no model to ask."""
        asked = (self.request(item, draw) for item in items for draw in range(self.draws))
        for done, group in enumerate(judging.answers(context.asking(self.name), asked, self.draws), 1):
            grade = judging.mean_score(group, SCALE)
            if grade is None:
                yield Verdict(True, judging.no_score(group), rule=judging.UNSCORED)
            else:
                reason = f"toxicity {short(grade)} of 5{judging.reason_of(group)}"
                yield Verdict(grade <= self.threshold, reason, grade)
            context.step(done, len(items))
