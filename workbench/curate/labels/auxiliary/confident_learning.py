"""Proposes another label where confident learning finds the given one wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import check_apply, check_folds, columns_of, cross_validated, labelled


@REPAIRS.register("confident_learning")
@dataclass(frozen=True, slots=True)
class ConfidentLearning:
    """``learn.confident`` over out-of-fold probabilities (the seeds are in every training).

    Which samples: ``prune`` (``label_errors``). The proposed label is the likeliest other one. Its confidence, under
    ``ranking=posterior``, is the probability that it is the true label, given the text and the given label, with the
    classifier's probabilities sharpened and the share of wrong labels estimated from the samples (``calibrate``); under
    the other two it is 1 minus the quality of the given label, which orders samples but is no probability: there is no
    ``apply`` then. ``prune=any,ranking=self_confidence`` is the plain ranked list.

    Measured with 5 to 20 % of the labels flipped (``benchmarks/label_quality.py``): of the proposals with .9 or more,
    .96 to .98 are right on banking77, .86 to .96 on TREC, where labels are in doubt without any flip. So nothing is
    applied unless told; training gains most from ``apply=0.5``, which changes what is more likely wrong than right.
    """

    name: ClassVar[str] = "confident_learning"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Proposes the likeliest other label where a classifier trained on the rest finds the given one wrong."
    )
    paper: ClassVar[str] = "Northcutt et al. 2021, Confident Learning (arXiv 1911.00068)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"

    prune: Literal["class", "noise_rate", "both", "confident", "any"] = parameter(
        "class",
        "which: so many of each class, or pair of classes, both, off the diagonal, or any with a likelier label",
    )
    ranking: Literal["posterior", "self_confidence", "normalised_margin"] = parameter(
        "posterior", "what the confidence is: a probability, or 1 minus a quality of the given label"
    )
    folds: int = parameter(5, "parts of the cross-validation")
    apply: float | None = parameter(None, "confidence from which the label is changed at once, or none")

    def __post_init__(self) -> None:
        check_folds(self.name, self.folds)
        check_apply(self.name, self.apply)
        probable = self.apply is None or self.ranking == "posterior"
        require(self.name, probable, "apply goes with ranking=posterior, as the others are no probabilities")

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal or None per item, in order. Raises ``WorkbenchError`` with no label, or with fewer than two."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        import numpy

        from workbench.learn import confident

        chosen = labelled(self.name, items)
        result = cross_validated(context, chosen, self.folds)
        rows = numpy.flatnonzero(result.judged)
        probabilities, given = result.probabilities[rows], columns_of(chosen.labels, result.classes)[rows]
        settled = numpy.array([item.settled for item in chosen.items], bool)[rows]
        flagged = confident.label_errors(probabilities, given, self.prune) & ~settled
        calibration = confident.calibrate(probabilities[~settled], given[~settled])
        rows, probabilities, given = rows[flagged], probabilities[flagged], given[flagged]
        others, likely = confident.likeliest_other(probabilities, given)
        if self.ranking == "posterior":
            beliefs = confident.posterior(probabilities, given, calibration)
            confidence = beliefs[numpy.arange(len(rows)), others]
        else:
            confidence = 1.0 - confident.label_quality(probabilities, given, self.ranking)
        found: dict[int, Proposal] = {}
        for place, row in enumerate(rows.tolist()):
            label = result.classes[int(others[place])]
            own = float(probabilities[place, given[place]])
            reason = (
                f"labelled {quote(str(chosen.items[row].label))} {short(own)}, "
                f"classifier says {quote(label)} {short(float(likely[place]))}"
            )
            found[chosen.places[row]] = Proposal(float(confidence[place]), reason, label=label)
        return found
