"""Suspected label errors first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, named, share

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("label_error")
@dataclass(frozen=True, slots=True)
class LabelError:
    """``1 - p(y|x)`` for the sample's own label y (self-confidence), plus 1 for those that confident learning takes to be
    mislabelled (prune by noise rate). The probabilities are out of fold: three parts, each judged by a classifier that
    learnt from at most 6,000 samples of the other parts and at most 6,000 of what is known, so that the work grows with
    the samples only by judging them. Northcutt, Jiang, Chuang 2021 (arXiv 1911.00068); the ranking as in Kuan & Mueller
    2022, Model-agnostic label quality scoring."""

    name: ClassVar[str] = "label_error"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Labels that the other samples speak against first (confident learning)."
    paper: ClassVar[str] = "Northcutt, Jiang, Chuang 2021, Confident Learning (arXiv 1911.00068)"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to 2, above 1 for suspected errors."""
        from workbench.learn.suspicion import suspicion

        found = suspicion(pool.texts, pool.given, pool.known, pool.seed, pool.count, pool.progress)

        def score(block: Block) -> Array:
            return found[block.start : block.stop]

        return score

    def why(self, evidence: Evidence) -> str:
        own = evidence.score - (1.0 if evidence.score > 1.0 else 0.0)
        suspected = "suspected label error" if evidence.score > 1.0 else "no suspected error"
        other = next((one for one in evidence.suggestions if one[0] != evidence.label), None)
        against = f"; suggested: {named(other[0])} {share(other[1])}" if other and evidence.score > 1.0 else ""
        return f"{suspected}: {named(evidence.label)} has {share(1.0 - own)} by the other samples{against}"
