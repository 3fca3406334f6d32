"""What the classifier spreads over most labels first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, guesses

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("entropy")
@dataclass(frozen=True, slots=True)
class Entropy:
    """``- sum_y p(y|x) ln p(y|x)``, in nats (Shannon 1948; as a query strategy: Settles 2009, Active Learning Literature
    Survey, section 3.1)."""

    name: ClassVar[str] = "entropy"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "What the classifier spreads over most labels first."
    paper: ClassVar[str] = "Settles 2009, Active Learning Literature Survey, section 3.1"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to ``ln k``."""

        def score(block: Block) -> Array:
            import numpy

            chances = block.probabilities
            found: Array = -(chances * numpy.log(numpy.maximum(chances, 1e-300))).sum(axis=1)
            return found

        return score

    def why(self, evidence: Evidence) -> str:
        about = max(1, round(math.exp(evidence.score)))
        spread = f"as if {about:,} labels were equally likely" if about > 1 else "nearly all on one label"
        first = guesses(evidence, 3).replace(" against ", ", ")
        return f"entropy {evidence.score:.2f}, {spread}{f': {first}' if first else ''}"
