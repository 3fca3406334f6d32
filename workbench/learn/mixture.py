"""A mixture of two normal distributions in one dimension, by expectation maximisation.

Small-loss selection (Li et al. 2020, DivideMix, arXiv 2002.07394; FreeAL, arXiv 2311.15614): losses of rightly and wrongly
labelled samples form two heaps, and the chance to belong to the lower one says how clean a sample is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Mixture:
    """``weights``, ``means`` and ``variances`` are ``(2,)``, the component with the lower mean first. ``converged`` says
    whether the mean log-likelihood moved by less than the tolerance within ``steps`` steps."""

    weights: Array
    means: Array
    variances: Array
    converged: bool
    steps: int

    def low(self, values: Array) -> Array:
        """The probability that each value came from the component with the lower mean, ``(n,)``."""
        import numpy

        logs = _log_densities(values, self.weights, self.means, self.variances)
        low: Array = numpy.exp(logs[:, 0] - numpy.logaddexp(logs[:, 0], logs[:, 1]))
        return low


def fit_mixture(values: Array, floor: float = 1e-6, tolerance: float = 1e-6, most: int = 1_000) -> Mixture:
    """Maximum likelihood over ``values`` (n,), n at least 2, from the best split into two runs of the sorted values.

    ``floor`` is added to each variance (as scikit-learn's ``reg_covar``). Ends when the mean log-likelihood of a step
    differs by less than ``tolerance`` from the one before, or after ``most`` steps. Draws nothing.
    """
    import numpy

    values = numpy.asarray(values, numpy.float64)
    if len(values) < 2:
        raise ValueError("a mixture of two needs two values")
    part = numpy.zeros((len(values), 2))
    part[numpy.arange(len(values)), (values > _split(values)).astype(int)] = 1.0
    last, converged, steps = -numpy.inf, False, 0
    weights, means, variances = _maximise(values, part, floor)
    while steps < most and not converged:
        steps += 1
        logs = _log_densities(values, weights, means, variances)
        whole = numpy.logaddexp(logs[:, 0], logs[:, 1])
        part = numpy.exp(logs - whole[:, None])
        weights, means, variances = _maximise(values, part, floor)
        reached = float(whole.mean())
        converged = abs(reached - last) < tolerance
        last = reached
    order = numpy.argsort(means, kind="stable")
    return Mixture(weights[order], means[order], variances[order], converged, steps)


def _split(values: Array) -> float:
    """The value up to which the lower of two groups with the least squares within them reaches."""
    import numpy

    ordered = numpy.sort(values)
    sizes = numpy.arange(1, len(ordered))
    sums = numpy.cumsum(ordered)
    # Squares within the groups are the whole squares less the sums' squares by size: the larger those, the tighter.
    tight = sums[:-1] ** 2 / sizes + (sums[-1] - sums[:-1]) ** 2 / (len(ordered) - sizes)
    return float(ordered[int(tight.argmax())])


def _maximise(values: Array, part: Array, floor: float) -> tuple[Array, Array, Array]:
    import numpy

    counts = part.sum(axis=0) + 1e-12
    means = (part * values[:, None]).sum(axis=0) / counts
    variances = (part * numpy.square(values[:, None] - means)).sum(axis=0) / counts + floor
    return counts / counts.sum(), means, variances


def _log_densities(values: Array, weights: Array, means: Array, variances: Array) -> Array:
    import numpy

    away = numpy.asarray(values, numpy.float64)[:, None] - means
    logs: Array = numpy.log(weights) - 0.5 * (numpy.log(2.0 * numpy.pi * variances) + away * away / variances)
    return logs
