"""Drops samples whose label a small classifier, which did not learn from them, finds unlikely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require, short
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.learn.classifier import OutOfFold


@FILTERS.register("label_disagreement")
@dataclass(frozen=True, slots=True)
class LabelDisagreement:
    """Drops a sample when the classifier gives its label less than ``threshold`` and another label more.

    ``reference`` says what the classifier learns from: ``folds`` the other samples (out-of-fold), ``seeds`` the real
    labelled texts alone, ``both`` the other samples and the seeds together (just the folds when there are no seeds).
    """

    name: ClassVar[str] = "label_disagreement"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample whose label a classifier trained on the others (and the seeds) finds unlikely."
    )
    paper: ClassVar[str] = "Northcutt et al. 2021, Confident Learning (arXiv 1911.00068); self-confidence out of fold"

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
        chosen = [item for item in items if item.label is not None]
        if items and not chosen:
            raise WorkbenchError(
                "label_disagreement is about samples that have one label each, and none here has; take it out of the chain."
            )
        labels = [item.label for item in chosen if item.label is not None]
        result = self._probabilities([item.text for item in chosen], labels, context) if chosen else None
        column = {name: place for place, name in enumerate(result.classes)} if result else {}
        row = 0
        for item in items:
            if item.label is None or result is None:
                yield Verdict(True, "has no label yet")
                continue
            yield self._verdict(item.label, result, row, column)
            row += 1

    def _probabilities(self, texts: list[str], labels: list[str], context: Context) -> OutOfFold:
        from workbench.learn.classifier import OutOfFold, TextClassifier, out_of_fold

        known = [(seed.text, seed.label) for seed in context.seeds if seed.label is not None]
        seed_texts, seed_labels = [text for text, _ in known], [label for _, label in known]
        if self.reference != "seeds":
            extra: dict[str, Any] = {}
            if self.reference == "both":
                extra = {"extra_texts": seed_texts, "extra_labels": seed_labels}
            return out_of_fold(texts, labels, self.folds, context.seed, context.step, **extra)
        if len(set(seed_labels)) < 2:
            raise WorkbenchError(
                "label_disagreement with reference=seeds needs seeds with at least two labels; "
                "import seeds, or use reference=folds."
            )
        import numpy

        context.step(0, 1)
        model = TextClassifier().fit(seed_texts, seed_labels, seed=context.seed)
        judged = numpy.isin(labels, model.classes)
        found = OutOfFold(model.probabilities(texts), model.classes, judged)
        context.step(1, 1)
        return found

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
