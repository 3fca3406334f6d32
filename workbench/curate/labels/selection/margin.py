"""What lies nearest to the border between two labels first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, guesses

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("margin")
@dataclass(frozen=True, slots=True)
class Margin:
    """``1 - (p(y1|x) - p(y2|x))`` with the two likeliest labels y1, y2 (Scheffer, Decomain, Wrobel 2001, Active Hidden
    Markov Models for Information Extraction)."""

    name: ClassVar[str] = "margin"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "What the classifier cannot decide between two labels first."
    paper: ClassVar[str] = "Scheffer, Decomain, Wrobel 2001; margin sampling"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to 1."""

        def score(block: Block) -> Array:
            import numpy

            best = numpy.partition(block.probabilities, -2, axis=1)[:, -2:]
            found: Array = 1.0 - (best[:, 1] - best[:, 0])
            return found

        return score

    def why(self, evidence: Evidence) -> str:
        return f"margin {1.0 - evidence.score:.2f}: {guesses(evidence) or 'two labels are equally likely'}"
