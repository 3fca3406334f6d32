"""Cluster by cluster, what is typical of each first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, ordinal
from workbench.text import clean

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("cluster_order")
@dataclass(frozen=True, slots=True)
class ClusterOrder:
    """All of the first (largest) cluster, nearest its centre first, then all of the second: one looks at what is alike
    together, and decides faster. Score: ``-c + 1 / (2 + r)`` with c the cluster's number and r the rank from its centre.
    Clusters are those of the clusters view (k-means; titles by class-based TF-IDF, Grootendorst 2022, arXiv 2203.05794)."""

    name: ClassVar[str] = "cluster_order"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Cluster by cluster, nearest the centre first: what is alike stands together."
    paper: ClassVar[str] = "k-means; titles by class-based TF-IDF, Grootendorst 2022 (arXiv 2203.05794)"
    labels: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores under 0; NaN for a sample that is in no cluster."""
        import numpy

        from workbench.learn.topics import ranks

        member, distance = pool.groups()
        found = 1.0 / (2.0 + ranks(member, distance)) - member
        found = numpy.where(member > 0, found, numpy.nan)

        def score(block: Block) -> Array:
            part: Array = found[block.start : block.stop]
            return part

        return score

    def why(self, evidence: Evidence) -> str:
        behind = evidence.score - math.floor(evidence.score)
        place = round(1.0 / behind) - 1 if behind > 0 else 1
        nearest = "nearest its centre" if place <= 1 else f"{ordinal(place)} nearest its centre"
        if evidence.cluster is None:
            return f"cluster {-math.floor(evidence.score)}: {nearest}"
        number, title, _ = evidence.cluster
        return f"cluster {number:,} of {evidence.clusters:,} ({clean(title, limit=80)}): {nearest}"
