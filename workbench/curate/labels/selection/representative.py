"""One typical sample of every group first, then the second of every group, and so on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, ordinal

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array

#: Groups: one for every ``EACH`` samples, at most ``GROUPS``.
EACH, GROUPS = 20, 200


@STRATEGIES.register("representative")
@dataclass(frozen=True, slots=True)
class Representative:
    """k-means; the sample nearest to each centre first, larger groups before smaller ones, then the second nearest, and
    so on (after Xu et al. 2003, Representative Sampling for Text Classification Using Support Vector Machines). One group
    per 20 samples, at most 200, fitted on at most 20,000 samples spread evenly. Score: ``s - r`` with r the sample's rank
    from its centre (0 the nearest) and s in (0, 1) growing with the group's size."""

    name: ClassVar[str] = "representative"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "The most typical sample of every group first (k-means)."
    paper: ClassVar[str] = "Xu et al. 2003, Representative Sampling for Text Classification (k-means)"
    labels: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores under 1; the whole number below the score is minus the rank."""
        import numpy

        from workbench.learn.topics import k_means, ranks

        vectors = pool.vectors()
        count = max(1, min(GROUPS, len(vectors) // EACH))
        member, distance = k_means(vectors, count, pool.seed)
        sizes = numpy.bincount(member)
        found = sizes[member] / (len(member) + 1.0) - ranks(member, distance)

        def score(block: Block) -> Array:
            part: Array = found[block.start : block.stop]
            return part

        return score

    def why(self, evidence: Evidence) -> str:
        place = 1 - math.floor(evidence.score)
        nearest = "nearest to the centre" if place == 1 else f"{ordinal(place)} nearest to the centre"
        return f"representative: {nearest} of its group"
