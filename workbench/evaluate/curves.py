"""Learning curves: accuracy over the number of training samples, and where an inverse power law puts the next doubling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import Sample
from workbench.evaluate.downstream import EvaluationError, Outcome, spread
from workbench.evaluate.predictions import mean_correct
from workbench.learn.intervals import Interval, bounded_mean, is_rough, paired_bootstrap, percentiles

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Sizes of a curve, halved from the whole; the smallest has so many samples per label, and no fewer than ``FEWEST``.
SIZES, PER_LABEL, FEWEST = 6, 2, 20
#: Training sets at each size below the whole (as many as there are without a sample in two of them, at most these).
DRAWS = 3
#: Exponents of the power law that are tried.
EXPONENTS = [0.05 * step for step in range(1, 41)]


@dataclass(frozen=True)
class Point:
    """Accuracy after training on ``size`` samples: ``right`` is, for each test row, the share of the draws that got it."""

    size: int
    right: Sequence[float]
    values: Sequence[float]

    @property
    def value(self) -> float:
        return fmean(self.right)

    def as_json(self) -> dict[str, Any]:
        low, high = bounded_mean(self.right)
        return {
            "size": self.size,
            "value": self.value,
            "low": low,
            "high": high,
            "rough": is_rough(len(self.right), self.value),
            "draws": len(self.values),
            "sd": stdev(self.values) if len(self.values) > 1 else None,
        }


def sizes(whole: int, labels: int) -> list[int]:
    """``whole``, its half, its quarter ..., rising: at most ``SIZES``, none too small for all ``labels``."""
    found = [whole >> step for step in range(SIZES)]
    return sorted(size for size in found if size == whole or size >= max(FEWEST, PER_LABEL * labels))


def curve(
    samples: Sequence[Sample],
    seed: int,
    tested: Callable[[Sequence[Sample]], Outcome],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Point]:
    """Points of the curve of ``samples``; ``tested`` trains on some of them and predicts the test rows.

    The draws of a size share no sample: each is the next stretch of one seeded order in which every stretch has the
    labels' shares. A draw without two labels is left out. Without samples there are no points.
    """
    if not samples:
        return []
    order = spread(samples, seed)
    wanted = sizes(len(samples), len({sample.label for sample in samples}))
    total, done = sum(min(DRAWS, len(samples) // size) for size in wanted), 0
    points: list[Point] = []
    for size in wanted:
        outcomes: list[Outcome] = []
        for number in range(min(DRAWS, len(samples) // size)):
            progress(done, total)
            done += 1
            # In the order of the data set: the whole is trained as the benchmark trains it.
            drawn = [samples[place] for place in sorted(order[number * size : (number + 1) * size])]
            try:
                outcomes.append(tested(drawn))
            except EvaluationError:
                if size == len(samples):
                    raise
        if outcomes:
            points.append(Point(size, mean_correct(outcomes), [outcome.accuracy for outcome in outcomes]))
    return points


def last_doubling(points: Sequence[Point], seed: int) -> tuple[float, Interval] | None:
    """(gain from the last point but one to the last, its paired 95 % interval over test rows); None for a single point."""
    if len(points) < 2:
        return None
    before, after = points[-2].right, points[-1].right
    return points[-1].value - points[-2].value, paired_bootstrap(before, after, seed=seed)


def forecast(points: Sequence[Point], size: int, seed: int, resamples: int = 500) -> dict[str, Any] | None:
    """Accuracy at ``size`` by ``a - b n^-c`` (Cortes et al., *Learning curves: asymptotic values and rate of convergence*,
    NIPS 1993), fitted by least squares to at least four points; None with fewer.

    The 95 % interval comes from fitting again for resampled test rows; it does not know whether the law holds beyond the last
    point.
    """
    import numpy

    if len(points) < 4:
        return None
    right = numpy.array([point.right for point in points])
    counts = numpy.array([point.size for point in points], float)
    random = numpy.random.default_rng(seed)
    tests = right.shape[1]
    drawn = [right[:, random.integers(0, tests, tests)].mean(axis=1) for _ in range(resamples)]
    found = extrapolated(counts, numpy.column_stack([right.mean(axis=1), *drawn]), size)
    low, high = percentiles(found[1:], 0.95)
    return {"size": size, "value": float(found[0]), "low": low, "high": high}


def extrapolated(counts: Array, values: Array, size: int) -> Array:
    """``(r,)``: for each column of ``values`` (p, r), measured at ``counts`` (p,), the best fitting law's value at ``size``,
    0 to 1. ``b`` is at least 0: values that fall give their mean."""
    import numpy

    best = numpy.full(values.shape[1], numpy.inf)
    found: Array = values[-1].copy()
    for exponent in EXPONENTS:
        # Scaled by the last count, or b would be huge where c is.
        falling = (counts / counts[-1]) ** -exponent
        centred = falling - falling.mean()
        b = numpy.maximum(0, -(centred @ values) / (centred @ centred))
        a = values.mean(axis=0) + b * falling.mean()
        error = ((a - numpy.outer(falling, b) - values) ** 2).sum(axis=0)
        here = error < best - 1e-15
        best[here] = error[here]
        at = a - b * (size / counts[-1]) ** -exponent
        found[here] = numpy.clip(at, 0, 1)[here]
    return found
