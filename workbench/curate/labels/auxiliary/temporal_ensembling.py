"""Temporal ensembling: soft labels from the moving average of predictions over the epochs of a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import columns_of, known_texts, labelled, soft_label
from workbench.errors import WorkbenchError


@REPAIRS.register("temporal_ensembling")
@dataclass(frozen=True, slots=True)
class TemporalEnsembling:
    """``learn.ensembling``: a sample that SuperGen would go on training on (the average agrees with its label and exceeds
    ``threshold``; of a class with fewer than 16 of them the better half) gets ``alpha`` on its label and the rest of the
    average; of any other, which SuperGen leaves out, the average alone is the soft label.

    With ``epsilon`` the part on the label is smoothed, as SuperGen's is (``--smooth 0.15`` in run_finetune.sh of
    yumeng5/SuperGen, ``CrossEntropyLoss(label_smoothing=...)`` in src/models.py): epsilon of it goes evenly to all labels.

    The predictions are of one training that has the sample, as in the papers: in the first epochs it has not learnt its
    wrong labels by heart. Predictions out of fold (``folds`` of 2 or more) do worse on TREC: they forget too much.
    """

    name: ClassVar[str] = "temporal_ensembling"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Gives each sample a soft label: a moving average of predictions over training epochs."
    paper: ClassVar[str] = "Laine and Aila 2017 (arXiv 1610.02242); Meng et al. 2022, SuperGen (arXiv 2202.04538)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"

    momentum: float = parameter(0.8, "part of the earlier epochs in the average (0 to 1)")
    threshold: float = parameter(0.8, "average over which a label that it agrees with counts (0 to 1)")
    alpha: float = parameter(0.5, "part of the given label where it counts (0 to 1)")
    epochs: int = parameter(10, "passes over the samples")
    epsilon: float = parameter(0.0, "smoothing of the label's part: what goes evenly to all labels (0 to 1)")
    folds: int = parameter(1, "1: predictions of what was trained on; more: out of so many folds")

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.momentum < 1.0, "momentum should be from 0 to under 1")
        require(self.name, 0.0 <= self.threshold < 1.0, "threshold should be from 0 to under 1")
        require(self.name, 0.0 <= self.alpha <= 1.0, "alpha should be from 0 to 1")
        require(self.name, 0.0 <= self.epsilon < 1.0, "epsilon should be from 0 to under 1")
        require(self.name, 1 <= self.epochs <= 500, "epochs should be from 1 to 500")
        require(self.name, 1 <= self.folds <= 20, "folds should be from 1 to 20")

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """A soft label (or None) per item, in order; the confidence is the average's for the given label. Raises
        ``WorkbenchError`` with no label, or with fewer than two."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        from workbench.learn.ensembling import ensemble_keeps, temporal_ensemble

        chosen = labelled(self.name, items)
        seeds, seed_labels = known_texts(context)
        classes = sorted({*chosen.labels, *seed_labels})
        if len(classes) < 2:
            raise WorkbenchError(f"{self.name} needs at least two labels to tell apart; these samples have one.")
        given = columns_of(chosen.labels, classes)
        rows = context.rows([*chosen.texts, *seeds])
        size = len(given)
        average = temporal_ensemble(
            rows[:size],
            given,
            len(classes),
            folds=self.folds,
            epochs=self.epochs,
            momentum=self.momentum,
            seed=context.seed,
            extra=(rows[size:], columns_of(seed_labels, classes)),
            progress=context.step,
        )
        keeps = ensemble_keeps(average, given, self.threshold)
        found = {}
        for row, item in enumerate(chosen.items):
            if item.settled:
                continue
            own, best = float(average[row, given[row]]), int(average[row].argmax())
            mixed = average[row].copy()
            if keeps[row]:
                mixed = (1.0 - self.alpha) * mixed + self.alpha * self.epsilon / len(classes)
                mixed[given[row]] += self.alpha * (1.0 - self.epsilon)
            reason = f"average over epochs gives {quote(chosen.labels[row])} {short(own)}"
            if best != given[row]:
                reason += f", {quote(classes[best])} {short(float(average[row, best]))}"
            reason += "; counts" if keeps[row] else "; the average alone counts"
            found[chosen.places[row]] = Proposal(own, reason, soft=soft_label(mixed, classes))
        return found
