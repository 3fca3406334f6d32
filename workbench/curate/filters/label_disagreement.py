"""Drops samples whose label a small classifier, which did not learn from them, finds unlikely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.shared import known_seeds, labelled, labels_of, out_of_fold_probabilities

if TYPE_CHECKING:
    from workbench.learn.classifier import OutOfFold


@FILTERS.register("label_disagreement")
@dataclass(frozen=True, slots=True)
class LabelDisagreement:
    """Drops a sample when the classifier gives its label less than ``threshold`` and another label more.

    ``reference`` says what the classifier learns from: ``folds`` the other samples (out-of-fold), ``seeds`` the real
    labelled texts alone, ``both`` the other samples and the seeds together (just the folds when there are no seeds). A
    sample whose label the classifier finds the most probable is never dropped, however low its number. The out-of-fold
    probabilities are shared with the other techniques of a chain that need them.
    """

    name: ClassVar[str] = "label_disagreement"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample whose label a classifier trained on the others (and the seeds) finds unlikely."
    )
    paper: ClassVar[str] = "Northcutt et al. 2021, Confident Learning (arXiv 1911.00068); self-confidence out of fold"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics / consistency"
    cut: ClassVar[Cut | None] = Cut("threshold", "below")

    threshold: float = parameter(0.15, "drop under this probability of the given label (0 to 1)")
    reference: Literal["both", "folds", "seeds"] = parameter("both", "what the classifier learns from")
    folds: int = parameter(5, "parts of the cross-validation")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.threshold <= 1.0, "threshold should be over 0 and at most 1")
        require(self.name, 2 <= self.folds <= 20, "folds should be from 2 to 20")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the probability of the given label.

        Raises ``WorkbenchError`` with no label at all, with fewer than two, or with ``reference=seeds`` and no labelled seed.
        """
        chosen = labelled(items, self.name)
        if not chosen:
            return
        result = self._probabilities(chosen, context)
        column = {name: place for place, name in enumerate(result.classes)}
        row = 0
        for item in items:
            if item.label is None:
                yield Verdict(True, "has no label yet")
                continue
            yield self._verdict(item.label, result, row, column)
            row += 1
        context.step(len(items), len(items))

    def _probabilities(self, chosen: Sequence[Item], context: Context) -> OutOfFold:
        if self.reference != "seeds":
            return out_of_fold_probabilities(chosen, context, folds=self.folds, seeds=self.reference == "both")
        import numpy

        from workbench.learn.classifier import OutOfFold, TextClassifier

        known = known_seeds(context, "label_disagreement with reference=seeds")
        context.step(0, 1)
        model = TextClassifier().fit([seed.text for seed in known], labels_of(known), seed=context.seed)
        judged = numpy.isin(labels_of(chosen), model.classes)
        return OutOfFold(model.probabilities([item.text for item in chosen]), model.classes, judged)

    def _verdict(self, label: str, result: OutOfFold, row: int, column: dict[str, int]) -> Verdict:
        if not result.judged[row]:
            return Verdict(True, f"nothing else is labelled {quote(label)}, so there is nothing to compare with")
        probabilities = result.probabilities[row]
        given = float(probabilities[column[label]])
        best = int(probabilities.argmax())
        winner, high = result.classes[best], float(probabilities[best])
        if winner == label:
            return Verdict(True, f"classifier agrees with {quote(label)} {short(given)}", given)
        reason = f"labelled {quote(label)}, classifier says {quote(winner)} {short(high)} against {short(given)}"
        return Verdict(given >= self.threshold, reason, given)
