"""In random order, the same for everybody: what an honest look at the whole needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.labels.selecting import STRATEGIES, Block, Evidence, Pool, Score

if TYPE_CHECKING:
    from workbench.curate.labels.selecting import Array

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


@STRATEGIES.register("random")
@dataclass(frozen=True, slots=True)
class Random:
    """A number from 0 to 1 that is a hash of the sample's number (the finaliser of SplitMix64: Steele, Lea, Flood 2014,
    Fast Splittable Pseudorandom Number Generators): a sample keeps its place whatever is added, and the first n in
    this order are a simple random sample of the view."""

    name: ClassVar[str] = "random"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "In random order, fixed for good: for an unbiased look."
    paper: ClassVar[str] = "simple random sampling; hash of Steele, Lea, Flood 2014 (SplitMix64)"
    labels: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    def prepare(self, pool: Pool) -> Score:
        """Scores from 0 to under 1."""

        def score(block: Block) -> Array:
            return hashed(pool.ids[block.start : block.stop], pool.seed)

        return score

    def why(self, evidence: Evidence) -> str:
        return "random order: its place says nothing about it"


def hashed(ids: Sequence[int], seed: int = 0) -> Array:
    """SplitMix64's output for the state ``id + seed * step``, as a fraction, ``(n,)`` float64."""
    import numpy

    with numpy.errstate(over="ignore"):
        z = numpy.array(ids, numpy.uint64) + numpy.uint64((seed + 1) * _STEP & _MASK)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> numpy.uint64(31)
    found: Array = (z >> numpy.uint64(11)).astype(numpy.float64) / (1 << 53)
    return found
