"""Multistage collaborative knowledge distillation: pairs of students label each other's half, stage after stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import check_apply, columns_of, known_texts, labelled
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]


@REPAIRS.register("mckd")
@dataclass(frozen=True, slots=True)
class MCKD:
    """The labels of the samples are the first pseudo-labels. They are split into two halves, classes spread evenly; in
    each stage a student is trained on either half (with the seeds) and labels the other half, and these labels are what
    the next stage's students learn. The halves stay the same, so that no student ever labels what it was taught.

    The label after the last stage is proposed where it differs from the given one. Its confidence is how far the stages
    agree on it: from the mean of their probabilities, the chance that it is the true label, given the first pseudo-label
    and the estimated share of wrong ones (``learn.confident.posterior``). Settled samples keep their label in every stage.
    """

    name: ClassVar[str] = "mckd"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Two students, each trained on one half, label the other half again, over several stages."
    paper: ClassVar[str] = "Zhao et al. 2023, Multistage Collaborative Knowledge Distillation (arXiv 2311.08640)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / knowledge distillation"

    stages: int = parameter(2, "pairs of students, one after another")
    apply: float | None = parameter(None, "confidence from which the label is changed at once, or none")

    def __post_init__(self) -> None:
        require(self.name, 1 <= self.stages <= 10, "stages should be from 1 to 10")
        check_apply(self.name, self.apply)

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal or None per item, in order. Raises ``WorkbenchError`` with no label, or when a half and the seeds
        have fewer than two."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        import numpy

        from workbench.learn import confident
        from workbench.learn.folds import deal

        chosen = labelled(self.name, items)
        first = chosen.labels
        seeds, seed_labels = known_texts(context)
        classes = sorted({*first, *seed_labels})
        features = context.rows([*chosen.texts, *seeds])
        given = columns_of(first, classes)
        half = deal(given, 2, context.seed)
        fixed = numpy.array([item.settled for item in chosen.items], bool)
        now, total = given.copy(), numpy.zeros((len(given), len(classes)))
        said = numpy.zeros((self.stages, len(given)), numpy.int64)
        for stage in range(self.stages):
            labels = [*(classes[one] for one in now.tolist()), *seed_labels]
            beliefs = self._stage(features, labels, half, classes, context, stage)
            said[stage] = beliefs.argmax(axis=1)
            now = numpy.where(fixed, given, said[stage])
            total += beliefs
        total /= self.stages
        calibration = confident.calibrate(total[~fixed], given[~fixed])
        rows = numpy.flatnonzero(now != given)
        sure = confident.posterior(total[rows], given[rows], calibration)[numpy.arange(len(rows)), now[rows]]
        found = {}
        for row, confidence in zip(rows.tolist(), sure.tolist(), strict=True):
            label = classes[int(now[row])]
            agree = int((said[:, row] == now[row]).sum())
            reason = (
                f"labelled {quote(first[row])} {short(float(total[row, given[row]]))}, students of the other half say "
                f"{quote(label)} {short(float(total[row, now[row]]))}, {agree} of {self.stages} stages"
            )
            found[chosen.places[row]] = Proposal(confidence, reason, label=label)
        return found

    def _stage(
        self, rows: csr_matrix, labels: list[str], half: Array, classes: list[str], context: Context, stage: int
    ) -> Array:
        """The probabilities ``(n, k)`` of each sample by the student that was not taught it; ``rows`` and ``labels`` are
        those of the n samples, then of the seeds."""
        import numpy

        from workbench.learn.classifier import TextClassifier

        beliefs = numpy.zeros((len(half), len(classes)))
        seeds = numpy.arange(len(half), len(labels))
        for side in (0, 1):
            taught = numpy.concatenate([numpy.flatnonzero(half == side), seeds])
            other = numpy.flatnonzero(half != side)
            known = [labels[row] for row in taught.tolist()]
            if len(set(known)) < 2:
                raise WorkbenchError(
                    f"{self.name} trains on one half of the samples at a time, and a half here has fewer than two labels."
                )
            model = TextClassifier().fit_rows(rows[taught], known)
            if len(other):
                columns = columns_of(model.classes, classes)
                beliefs[numpy.ix_(other, columns)] = model.probabilities_rows(rows[other])
            context.step(2 * stage + side + 1, 2 * self.stages)
        return beliefs
