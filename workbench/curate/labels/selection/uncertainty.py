"""What the classifier is least sure of first: least confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, guesses, share

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("uncertainty")
@dataclass(frozen=True, slots=True)
class Uncertainty:
    """``1 - max_y p(y|x)`` (least confidence; Lewis & Gale 1994, A Sequential Algorithm for Training Text Classifiers)."""

    name: ClassVar[str] = "uncertainty"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "What the classifier is least sure of first."
    paper: ClassVar[str] = "Lewis & Gale 1994 (arXiv cmp-lg/9407020); least confidence"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to ``1 - 1/k``."""

        def score(block: Block) -> Array:
            found: Array = 1.0 - block.probabilities.max(axis=1)
            return found

        return score

    def why(self, evidence: Evidence) -> str:
        return f"uncertainty {share(evidence.score)}: {guesses(evidence) or 'no label stands out'}"
