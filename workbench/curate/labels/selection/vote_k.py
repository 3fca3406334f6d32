"""Samples that many others are near to, and that are unlike one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("vote_k")
@dataclass(frozen=True, slots=True)
class VoteK:
    """Fast vote-k: each sample votes for its k nearest others (cosine); a vote weighs ``10^-c`` when c of those that the
    voter is near to have been chosen; the sample with the most votes is chosen next. Its score is its votes then, which
    never grow from one choice to the next. Su et al. 2023, Selective Annotation Makes Language Models Better Few-Shot
    Learners (arXiv 2209.01975), section 2.1 and ``fast_votek`` of github.com/xlang-ai/icl-selective-annotation. The paper
    takes k = 150 of 3,000 texts for at most 100 choices; here people choose thousands, and k is one for every 200 samples
    of the graph, 10 to 150. At most 1,000 are chosen; the graph is over at most 20,000 samples spread evenly (20,000 x
    20,000 cosines), and what is not among them has no score: it comes last. What people have looked at already counts as
    chosen."""

    name: ClassVar[str] = "vote_k"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "What many samples are near to, each choice unlike the others, first."
    paper: ClassVar[str] = "Su et al. 2023, Selective Annotation (arXiv 2209.01975)"
    labels: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores are weighted votes, at least 0; NaN outside the graph."""
        from workbench.learn.covering import votes

        found = votes(pool.vectors(), pool.anchors(), progress=pool.progress)

        def score(block: Block) -> Array:
            return found[block.start : block.stop]

        return score

    def why(self, evidence: Evidence) -> str:
        if evidence.score < 1.0:
            return f"vote-k {evidence.score:.2f}: what is near to it is spoken for by samples before it, or looked at already"
        return f"vote-k: {evidence.score:,.0f} samples that no earlier one speaks for are near to it"
