"""The real rows that a data set is held against, equal draws from both, and what chance alone would show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.evaluate import corpus
from workbench.evaluate.base import Direction, Material, Metric, Sample
from workbench.evaluate.corpus import Corpus, data_set
from workbench.learn.intervals import Interval

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

NO_REAL = "There are no real rows to compare with: `workbench import PROJECT FILE --as seed` (or `real`)."
NO_SAMPLES = "There are no samples to compare: generate or import some, or choose another view."


@dataclass(frozen=True, eq=False)
class Sides:
    """Samples and real rows to compare; ``which`` real rows they are ("real rows" or "seeds"), of how many each side was
    drawn, and the places of those drawn."""

    samples: Sequence[Sample]
    real: Sequence[Sample]
    which: str
    available: tuple[int, int]
    chosen: Array
    chosen_real: Array

    @property
    def size(self) -> int:
        """The samples of a side, where both are as many."""
        return len(self.samples)

    @property
    def details(self) -> dict[str, Any]:
        """Which rows were compared, as every fidelity metric's details say it."""
        return {
            "real": self.which,
            "count": len(self.samples),
            "real_count": len(self.real),
            "available": list(self.available),
        }

    def corpora(self, material: Material) -> tuple[Corpus, Corpus]:
        """The texts of both available sides, whose tokens and rows other metrics share."""
        return data_set(material), corpus.real(material) if material.real else corpus.seeds(material)


def real_rows(material: Material) -> tuple[Sequence[Sample], str]:
    """The real training rows, else the seeds; and which. Never test or validation rows."""
    return (material.real, "real rows") if material.real else (material.seeds, "seeds")


def sides(material: Material, most: int, *, equal: bool = True) -> Sides:
    """At most ``most`` samples and real rows, drawn by the material's seed; ``equal``: as many of each."""
    real, which = real_rows(material)
    available = len(material.samples), len(real)
    first, second = (min(available),) * 2 if equal else available
    mine = places(available[0], min(most, first), material.seed)
    theirs = places(available[1], min(most, second), material.seed + 1)
    return Sides(
        [material.samples[place] for place in mine.tolist()],
        [real[place] for place in theirs.tolist()],
        which,
        available,
        mine,
        theirs,
    )


def places(size: int, most: int, seed: int) -> Array:
    """``most`` of ``size`` places, ascending, drawn without replacement."""
    import numpy

    if most >= size:
        return numpy.arange(size)
    return numpy.sort(numpy.random.default_rng(seed).choice(size, most, replace=False))


def halves(size: int, seed: int) -> tuple[Array, Array]:
    """Places of two halves of ``size`` rows, split at random; equally many, an odd one is left out."""
    import numpy

    order = numpy.random.default_rng(seed).permutation(size)
    return order[: size // 2], order[size // 2 : 2 * (size // 2)]


def around(value: float, draws: Array, least: float = 0.0, most: float = 1.0) -> Interval:
    """95 % interval from bootstrap ``draws`` of a statistic that more noise moves to one side.

    A resample is noisier than the sample it is of, so that a distance between its halves is larger; the draws' spread
    around their own mean is laid around ``value`` instead (Efron & Tibshirani 1993, section 10.3, on bias and
    bootstrap). It tells how much the value moves from sample to sample of this size.
    """
    import numpy

    low, high = numpy.quantile(draws - draws.mean(), [0.025, 0.975])
    return Interval(max(least, value + float(low)), min(most, value + float(high)))


def unknown(name: str, note: str, unit: str = "", direction: Direction = "none") -> Metric:
    """A metric that cannot be computed."""
    return Metric(name, None, note=note, unit=unit, direction=direction)


def lacking(found: Sides, fewest: int) -> str | None:
    """Why two sides cannot be compared; None when they can."""
    if not found.available[1]:
        return NO_REAL
    if not found.available[0]:
        return NO_SAMPLES
    if min(len(found.samples), len(found.real)) < fewest:
        have = f"{len(found.samples):,} samples and {len(found.real):,} {found.which}"
        return f"At least {fewest} are needed on each side; there are {have}."
    return None
