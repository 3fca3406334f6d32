"""What the generating model and the classifier call differently first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, named, share

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("model_disagreement")
@dataclass(frozen=True, slots=True)
class ModelDisagreement:
    """``max_{y != o} p(y|x) - p(o|x)``, o the label that the sample came with: above 0 the classifier, which learnt from
    people alone, prefers another label than the generating model. Nothing is said where that label is none that the
    classifier knows, or none at all. Disagreement between a model and a classifier as in WANLI's and ZeroGen's filters,
    here as an order."""

    name: ClassVar[str] = "model_disagreement"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Where the classifier contradicts the generating model's label most first."
    paper: ClassVar[str] = "Northcutt et al. 2021 (arXiv 1911.00068), normalised margin; against the label as generated"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def prepare(self, pool: Pool) -> Score:
        """Scores from -1 to 1."""

        def score(block: Block) -> Array:
            import numpy

            column = {name: place for place, name in enumerate(block.classes)}
            at = [column.get(label or "", -1) for label in pool.original[block.start : block.stop]]
            own = numpy.array(at, numpy.int64)
            found = numpy.full(len(own), numpy.nan)
            rows = numpy.flatnonzero(own >= 0)
            if len(rows):
                rest = block.probabilities[rows].copy()
                places = numpy.arange(len(rows))
                mine = rest[places, own[rows]]
                rest[places, own[rows]] = -1.0
                found[rows] = rest.max(axis=1) - mine
            return found

        return score

    def why(self, evidence: Evidence) -> str:
        other = next((one for one in evidence.suggestions if one[0] != evidence.original), None)
        against = f"{named(other[0])} {share(other[1])}" if other else "another label"
        mine = dict(evidence.suggestions).get(evidence.original or "")
        own = f"{named(evidence.original)}{'' if mine is None else f' {share(mine)}'}"
        if evidence.score > 0:
            return f"the model said {own}, the classifier says {against}"
        return f"model and classifier agree: {own}"
