"""Drops a region of the data map: what is hard, ambiguous or easy for a classifier while it learns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.shared import dynamics_scores, labelled, sample_dynamics

if TYPE_CHECKING:
    from workbench.learn.dynamics import Dynamics

Region = Literal["hard", "ambiguous", "easy"]
REGIONS: tuple[Region, ...] = get_args(Region)


@FILTERS.register("training_dynamics")
@dataclass(frozen=True, slots=True)
class TrainingDynamics:
    """Trains a linear classifier on the samples and follows the probability of each one's label (``learn.dynamics``).

    By thresholds (those of Data-IQ, Seedat et al. 2022): *hard* with a confidence under ``low``, *easy* from ``high`` on,
    *ambiguous* between. With ``share`` by rank, as dataset cartography selects: *hard* is that share with the lowest
    confidence, *ambiguous* that share with the highest variability among the others, *easy* the rest (shares rounded
    down; the earlier sample first among equals). Hard samples are often mislabelled, ambiguous ones teach most. Every
    labelled sample's numbers are kept as scores, whatever is dropped.
    """

    name: ClassVar[str] = "training_dynamics"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops samples that a classifier finds hard (or ambiguous, or easy) while it learns them."
    paper: ClassVar[str] = (
        "Swayamdipta et al. 2020, Dataset Cartography (arXiv 2009.10795); Seedat et al. 2022, Data-IQ (arXiv 2210.13043)"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics / learning dynamics"
    cut: ClassVar[Cut | None] = Cut("low", "below")

    drop: tuple[str, ...] = parameter(("hard",), "regions to drop: hard, ambiguous, easy")
    low: float = parameter(0.25, "hard under this confidence (0 to 1)")
    high: float = parameter(0.75, "easy from this confidence on (0 to 1)")
    share: float | None = parameter(
        None, "regions by rank instead: the share that is hard, and ambiguous (paper: 0.33)"
    )
    epochs: int = parameter(10, "passes over the samples, and so checkpoints")

    def __post_init__(self) -> None:
        known = bool(self.drop) and all(region in REGIONS for region in self.drop)
        require(self.name, known, f"drop should be of {', '.join(REGIONS)}")
        require(self.name, 0.0 <= self.low <= self.high <= 1.0, "low and high should be from 0 to 1, low no higher")
        require(self.name, self.share is None or 0.0 < self.share <= 0.5, "share should be over 0 and at most 0.5")
        require(self.name, 2 <= self.epochs <= 100, "epochs should be from 2 to 100")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the confidence, ``rule`` the region.

        Raises ``WorkbenchError`` with no label at all, or with fewer than two.
        """
        chosen = labelled(items, self.name)
        if not chosen:
            return
        dynamics, names = sample_dynamics(chosen, context, epochs=self.epochs)
        regions = self._regions(dynamics)
        row = 0
        for item in items:
            if item.label is None:
                yield Verdict(True, "has no label yet")
                continue
            region, confidence = regions[row], float(dynamics.confidence[row])
            reason = (
                f"{region}: confidence {short(confidence)} in {quote(item.label)}, "
                f"variability {short(float(dynamics.variability[row]))}, "
                f"right at {short(float(dynamics.correctness[row]))} of {self.epochs} checkpoints"
            )
            best = names[int(dynamics.predicted[row])]
            if best != item.label:
                reason += f", in the end {quote(best)}"
            yield Verdict(
                region not in self.drop, reason, confidence, rule=region, scores=dynamics_scores(dynamics, row)
            )
            row += 1
        context.step(len(items), len(items))

    def _regions(self, dynamics: Dynamics) -> list[Region]:
        import numpy

        confidence = dynamics.confidence
        if self.share is None:
            place = numpy.where(confidence < self.low, 0, numpy.where(confidence < self.high, 1, 2))
            return [REGIONS[one] for one in place.tolist()]
        size = int(len(confidence) * self.share + 1e-9)
        place = numpy.full(len(confidence), 2)
        hard = numpy.argsort(confidence, kind="stable")[:size]
        place[hard] = 0
        others = numpy.flatnonzero(place == 2)
        place[others[numpy.argsort(-dynamics.variability[others], kind="stable")[:size]]] = 1
        return [REGIONS[one] for one in place.tolist()]
