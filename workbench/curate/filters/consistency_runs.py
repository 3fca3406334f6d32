"""Drops samples on whose label several runs of a model do not agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate import judging
from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.shared import labelled
from workbench.errors import WorkbenchError
from workbench.models.base import Answer, Request
from workbench.task import Task


@FILTERS.register("consistency_runs")
@dataclass(frozen=True, slots=True)
class ConsistencyRuns:
    """A model labels each sample ``runs`` times; consistency is ``max_l count(l) / n`` over the n runs that gave a label.

    A sample is dropped under ``threshold``, and with ``majority`` also when the most frequent label is not its own (of
    equally frequent ones its own counts, else the first in the project's order). The model sees the label names with
    their descriptions and the text, never the sample's own label. Runs without a usable label are left out and said; a
    sample with no usable run at all is kept, under the rule ``unscored``.
    """

    name: ClassVar[str] = "consistency_runs"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample when several labelling runs of a model disagree, or agree on another label."
    )
    paper: ClassVar[str] = (
        "Pangakis et al. 2023 (arXiv 2306.00176), modal label and consistency score; Wang et al. 2022 (arXiv 2203.11171)"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics / consistency"
    cut: ClassVar[Cut | None] = Cut("threshold", "below")
    pointwise: ClassVar[bool] = True
    asks: ClassVar[bool] = True

    threshold: float = parameter(0.6, "drop under this share of runs that agree (0 to 1)")
    runs: int = parameter(5, "labelling runs for each sample")
    temperature: float = parameter(0.6, "temperature of the runs")
    majority: bool = parameter(True, "also drop when the most frequent label is not the sample's own")

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.threshold <= 1.0, "threshold should be from 0 to 1")
        require(self.name, 2 <= self.runs <= 50, "runs should be from 2 to 50")
        require(self.name, 0.0 < self.temperature <= 2.0, "temperature should be over 0 and at most 2")

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """How many requests ``judge`` makes."""
        return sum(item.label is not None for item in items) * self.runs

    def request(self, item: Item, labels: Sequence[str], task: Task | None, run: int) -> Request:
        """What one run asks about one sample."""
        told = {label.name: label.description.strip() for label in task.labels} if task is not None else {}
        lines = [f"- {label}: {told[label]}" if told.get(label) else f"- {label}" for label in labels]
        question = f"{judging.about(task)}Which of these labels fits the text best?\n" + "\n".join(lines)
        return judging.chosen(question, {"text": item.text}, labels, draw=run, temperature=self.temperature)

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the consistency.

        Raises ``WorkbenchError`` with no label at all, with fewer than two different ones, or with no model to ask.
        """
        chosen = labelled(items, self.name)
        labels = list(context.labels) or sorted({item.label for item in chosen if item.label is not None})
        if chosen and len(labels) < 2:
            raise WorkbenchError(f"{self.name} needs at least two different labels.")
        asked = (self.request(item, labels, context.task, run) for item in chosen for run in range(self.runs))
        groups = judging.answers(context.asking(self.name), asked, self.runs)
        for done, item in enumerate(items, 1):
            yield (
                Verdict(True, "has no label yet")
                if item.label is None
                else self._verdict(item.label, next(groups), labels)
            )
            context.step(done, len(items))

    def _verdict(self, label: str, group: Sequence[Answer | None], labels: Sequence[str]) -> Verdict:
        counts = Counter(said for said in (judging.choice_of(answer, labels) for answer in group) if said is not None)
        total = counts.total()
        if not total:
            return Verdict(True, judging.no_score(group, "model").replace("score", "label"), rule=judging.UNSCORED)
        order = {name: place for place, name in enumerate(labels)}
        modal = min(counts, key=lambda name: (-counts[name], name != label, order[name]))
        share = counts[modal] / total
        said = f"{counts[modal]} of {total} runs say {quote(modal)}"
        if total < len(group):
            said += f" ({len(group) - total} gave no label)"
        if share < self.threshold:
            return Verdict(False, f"{said}: consistency {short(share)}", share, rule="inconsistent")
        if self.majority and modal != label:
            return Verdict(False, f"{said}, it is labelled {quote(label)}", share, rule="another label")
        return Verdict(True, said, share)
