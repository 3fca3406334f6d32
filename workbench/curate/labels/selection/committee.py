"""What classifiers that learnt from different draws of the same samples disagree about first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score, guesses

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array

MEMBERS = 5


@STRATEGIES.register("committee")
@dataclass(frozen=True, slots=True)
class Committee:
    """Vote entropy of five classifiers, each trained on a bootstrap draw of what is known: ``- sum_y V(y)/C ln V(y)/C``
    with V(y) the votes for label y, C the members (Dagan & Engelson 1995, Committee-Based Sampling For Training
    Probabilistic Classifiers; draws as in Abe & Mamitsuka 1998, query by bagging). Every label stays in every draw: one
    of its samples is put in where the draw missed it. Samples with equal votes are ordered by ``1 - p`` of the likeliest
    label, which counts for less than any difference in votes.
    """

    name: ClassVar[str] = "committee"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "What five classifiers trained on different draws disagree about first."
    paper: ClassVar[str] = "Dagan & Engelson 1995; Abe & Mamitsuka 1998 (query by bagging)"
    labels: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to ``ln C``."""
        from workbench.learn.bagging import bagged, vote_entropy

        votes = bagged(pool.known, MEMBERS, pool.seed, pool.count, pool.progress)

        def score(block: Block) -> Array:
            doubt = 1.0 - block.probabilities.max(axis=1)
            found: Array = vote_entropy(votes(pool.texts[block.start : block.stop])) + SMALL * doubt
            return found

        return score

    def why(self, evidence: Evidence) -> str:
        split = min(_splits(MEMBERS), key=lambda one: abs(_entropy(one) - evidence.score))
        if len(split) == 1:
            return f"committee: all {MEMBERS} agree ({guesses(evidence, 1) or 'on one label'})"
        first = guesses(evidence, len(split)).replace(" against ", ", ")
        return f"committee split {' : '.join(map(str, split))}{f'; likeliest: {first}' if first else ''}"


#: How much the doubt counts beside the votes: less than half of the smallest difference between two splits.
SMALL = 0.02


def _splits(total: int, most: int | None = None) -> Iterator[tuple[int, ...]]:
    """The ways in which votes may fall: 5, 4 : 1, 3 : 2, ..."""
    if total == 0:
        yield ()
    for first in range(min(total, most or total), 0, -1):
        for rest in _splits(total - first, first):
            yield first, *rest


def _entropy(split: tuple[int, ...]) -> float:
    total = sum(split)
    return -sum(one / total * math.log(one / total) for one in split)
