"""Soft labels: the given label mixed with what a classifier trained on the others believes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import check_folds, columns_of, cross_validated, labelled, soft_label


@REPAIRS.register("soft_labels")
@dataclass(frozen=True, slots=True)
class SoftLabels:
    """``alpha`` on the given label plus ``1 - alpha`` of the out-of-fold probabilities (the seeds are in every training):
    the bootstrap of Reed et al. with a model that has not seen the sample. ``sharpen`` first raises the probabilities to
    the temperature at which the given labels are likeliest (``learn.confident.calibrate``)."""

    name: ClassVar[str] = "soft_labels"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Gives each sample a soft label: its label mixed with a classifier's probabilities."
    paper: ClassVar[str] = "Reed et al. 2015, Training on Noisy Labels with Bootstrapping (arXiv 1412.6596)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"

    alpha: float = parameter(0.5, "part of the given label (0 to 1)")
    sharpen: bool = parameter(True, "correct the probabilities for a classifier that is too unsure or too sure")
    folds: int = parameter(5, "parts of the cross-validation")

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.alpha < 1.0, "alpha should be from 0 to under 1")
        check_folds(self.name, self.folds)

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """A soft label (or None) per item, in order; the confidence is the classifier's for the given label. Raises
        ``WorkbenchError`` with no label, or with fewer than two."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        from workbench.learn.confident import calibrate, sharpened

        chosen = labelled(self.name, items)
        result = cross_validated(context, chosen, self.folds)
        given, beliefs = columns_of(chosen.labels, result.classes), result.probabilities
        if self.sharpen and result.judged.any():
            temperature = calibrate(beliefs[result.judged], given[result.judged]).temperature
            beliefs = sharpened(beliefs, temperature)
        found = {}
        for row, item in enumerate(chosen.items):
            if item.settled or not result.judged[row]:
                continue
            own, best = float(beliefs[row, given[row]]), int(beliefs[row].argmax())
            mixed = (1.0 - self.alpha) * beliefs[row]
            mixed[given[row]] += self.alpha
            reason = f"{short(float(mixed[given[row]]))} on {quote(chosen.labels[row])}"
            if best != given[row]:
                reason += f", classifier says {quote(result.classes[best])} {short(float(beliefs[row, best]))}"
            found[chosen.places[row]] = Proposal(own, reason, soft=soft_label(mixed, result.classes))
        return found
