"""Values with a standard error, from how much each text changes them.

Texts of a data set are the sampling unit: tokens of one text come together, so an error that took tokens for
independent draws would be too small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]] | NDArray[np.signedinteger[Any]]

#: Below so many texts the 95 % of an interval was not checked (``tests/soak``), and the interval counts as rough.
CHECKED_FROM = 100
#: Pieces of a delete-a-group jackknife.
GROUPS = 20


class Estimate(NamedTuple):
    """A ``value``, its standard ``error`` (None: unknown) with the ``degrees`` of freedom behind it, and the ``bounds``
    that neither it nor its interval can leave. ``few``: hardly any text has what is counted, the error is a guess."""

    value: float
    error: float | None = None
    degrees: int = 0
    bounds: tuple[float, float] = (-math.inf, math.inf)
    few: bool = False

    def ends(self) -> tuple[float | None, float | None]:
        """The ends of the 95 % interval by Student's t; (None, None) when the error is not known, or 0: that no text changes
        the value only says that these few texts show none."""
        if not self.error or self.degrees < 1:
            return None, None
        from scipy.special import stdtrit

        half = float(stdtrit(self.degrees, 0.975)) * self.error
        return max(self.bounds[0], self.value - half), min(self.bounds[1], self.value + half)


def jackknife(
    value: float, without: Numbers | Sequence[float], bounds: tuple[float, float] = (-math.inf, math.inf)
) -> Estimate:
    """``value`` of n units (texts, or groups of about equally many) from the values ``without`` each one, shape (n,).

    ``error^2 = (n-1)/n sum_i (without_i - mean)^2`` (Tukey 1958). For any symmetric statistic it is on average at least
    as large as the real variance (Efron & Stein, *The jackknife estimate of variance*, Annals of Statistics 9, 1981):
    intervals err on the wide side. Two units or fewer, or a value that is not finite, give no error.
    """
    import numpy as np

    values = np.asarray(without, dtype=np.float64)
    size = len(values)
    if size < 3 or not np.isfinite(values).all():
        return Estimate(value, bounds=bounds)
    spread = float(((values - values.mean()) ** 2).sum())
    return Estimate(value, math.sqrt(spread * (size - 1) / size), size - 1, bounds)


def of_mean(values: Numbers, bounds: tuple[float, float] = (-math.inf, math.inf)) -> Estimate:
    """The mean of independent ``values``, shape (n,), with ``error = sd / sqrt(n)``. n must be at least 1."""
    import numpy as np

    size = len(values)
    error = float(np.std(values, ddof=1, dtype=np.float64)) / math.sqrt(size) if size > 1 else None
    return Estimate(float(np.mean(values, dtype=np.float64)), error, size - 1, bounds)
