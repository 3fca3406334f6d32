"""Keeps the samples that a judging model grades highly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate import judging
from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, require, short
from workbench.models.base import Answer, Request
from workbench.task import Task

#: What a dimension means where its name alone does not say it.
MEANINGS = {
    "accuracy": "whether what the sample says, and its label or response, is right",
    "helpfulness": "whether its response does what was asked, fully and usefully",
    "quality": "whether it is a sample that a careful person would have written for this task",
    "realism": "whether a real person could have written it in earnest",
}
_PAIRED = ("instruction", "question_answering", "dialogue")


@FILTERS.register("alpagasus")
@dataclass(frozen=True, slots=True)
class AlpaGasus:
    """AlpaGasus: a model grades each sample from 0 to 5 on one dimension; those at ``threshold`` or above stay.

    With ``draws`` over 1 the grade is the mean of so many judgements, drawn at temperature 0.7 (a single one is asked for
    at 0, as in the paper). A sample without a readable grade is kept, under the rule ``unscored``; the released code
    (github.com/gpt4life/alpagasus, ``rating/filter.py``) counts such a grade as -1 and so drops the sample.
    """

    name: ClassVar[str] = "alpagasus"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample that a judging model grades under 4.5 of 5 (accuracy unless told)."
    paper: ClassVar[str] = "Chen et al. 2023, AlpaGasus: Training a Better Alpaca with Fewer Data (arXiv 2307.08701)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("threshold", "below")
    pointwise: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    threshold: float = parameter(4.5, "drop under this grade (0 to 5)")
    dimension: str = parameter(
        "accuracy", "what is graded: accuracy, helpfulness, quality, realism, or a word of your own"
    )
    draws: int = parameter(1, "judgements of each sample, of which the mean counts")

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.threshold <= 5.0, "threshold should be from 0 to 5")
        require(self.name, 0 < len(self.dimension.strip()) <= 60, "dimension should be a word or two")
        require(self.name, 1 <= self.draws <= 50, "draws should be from 1 to 50")

    @property
    def scale(self) -> judging.Scale:
        return judging.Scale(0, 5, f"no {self.dimension} at all", f"full {self.dimension}")

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """How many requests ``judge`` makes."""
        return len(items) * self.draws

    def request(self, item: Item, task: Task | None, draw: int = 0) -> Request:
        """What is asked about one sample."""
        meaning = MEANINGS.get(self.dimension)
        thing = "response to the instruction (with its input, if any)" if _paired(item, task) else "sample"
        question = (
            f"{judging.about(task)}Grade the {self.dimension} of this {thing}{f': {meaning}' if meaning else ''}."
        )
        parts = judging.parts_of(item)
        return judging.graded(question, parts, self.scale, draw=draw, drawn=self.draws > 1)

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the grade.

        Raises ``WorkbenchError`` where there is no model to ask.
        """
        asked = (self.request(item, context.task, draw) for item in items for draw in range(self.draws))
        groups = judging.answers(context.asking(self.name), asked, self.draws)
        for done, group in enumerate(groups, 1):
            yield self._verdict(group)
            context.step(done, len(items))

    def _verdict(self, group: Sequence[Answer | None]) -> Verdict:
        grade = judging.mean_score(group, self.scale)
        if grade is None:
            return Verdict(True, judging.no_score(group), rule=judging.UNSCORED)
        reason = f"{self.dimension} {short(grade)} of 5{judging.reason_of(group)}"
        return Verdict(grade >= self.threshold, reason, grade)


def _paired(item: Item, task: Task | None) -> bool:
    return task is not None and task.kind in _PAIRED and item.label is None
