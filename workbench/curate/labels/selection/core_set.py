"""What is farthest from everything that people have looked at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("core_set")
@dataclass(frozen=True, slots=True)
class CoreSet:
    """The greedy k-centre algorithm: again and again the sample whose nearest neighbour among those chosen (and among
    what people have looked at) is farthest; its score is that distance, which never grows from one choice to the next, so
    that the order of the scores is the order of choice. Sener & Savarese 2018, Active Learning for Convolutional Neural
    Networks: A Core-Set Approach (arXiv 1708.00489), algorithm 1. At most 1,000 are chosen, from at most 20,000 samples
    spread evenly over the project; every other sample has its distance to the nearest chosen one, under the last chosen
    one's. The work is 20,000 x 1,000 distances and 1,000 more per sample."""

    name: ClassVar[str] = "core_set"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "What is least like anything looked at so far first (k-centre greedy)."
    paper: ClassVar[str] = "Sener & Savarese 2018, A Core-Set Approach (arXiv 1708.00489)"
    labels: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores are Euclidean distances between rows of length 1, 0 to 2."""
        from workbench.learn.covering import coverage

        found = coverage(pool.vectors(), pool.anchors(), progress=pool.progress)

        def score(block: Block) -> Array:
            return found[block.start : block.stop]

        return score

    def why(self, evidence: Evidence) -> str:
        if evidence.score < 0.05:
            return f"core set {evidence.score:.2f}: nearly the same as one that comes earlier"
        return f"core set {evidence.score:.2f}: so far from the nearest sample before it (0 the same, 1.41 nothing in common)"
