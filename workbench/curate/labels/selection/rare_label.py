"""Labels with few accepted samples first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, named

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array


@STRATEGIES.register("rare_label")
@dataclass(frozen=True, slots=True)
class RareLabel:
    """``1 / (1 + a)`` with a the accepted samples of the sample's present label; where it has none, of the label that is
    suggested. Weighting by inverse frequency (King & Zeng 2001) as an order: every label reaches some accepted samples."""

    name: ClassVar[str] = "rare_label"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Labels with few accepted samples first."
    paper: ClassVar[str] = "inverse frequency, King & Zeng 2001"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to 1; NaN for a sample without label or suggestion."""

        def score(block: Block) -> Array:
            import numpy

            found = numpy.full(block.stop - block.start, numpy.nan)
            best = block.probabilities.argmax(axis=1) if len(block.classes) else None
            for place, label in enumerate(pool.given[block.start : block.stop]):
                likely = label if label is not None or best is None else block.classes[int(best[place])]
                if likely is not None:
                    found[place] = 1.0 / (1.0 + pool.accepted.get(likely, 0))
            return found

        return score

    def why(self, evidence: Evidence) -> str:
        accepted = round(1.0 / evidence.score) - 1 if evidence.score > 0 else evidence.accepted
        label = evidence.label
        if label is None and evidence.suggestions:
            label = evidence.suggestions[0][0]
        many = "no accepted sample" if not accepted else f"{accepted:,} accepted sample{'s' if accepted > 1 else ''}"
        return f"rare label: {named(label)} has {many} so far"
