"""Requests and tokens per minute: what a provider's tariff allows, known before the first refusal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Bucket:
    """A token bucket (Turner 1986): ``per_minute`` units flow in a minute, evenly; at most ``capacity`` are kept.

    At time t (seconds) the level is min(capacity, level + (t - t0) * per_minute / 60). ``capacity`` is by default what
    flows in ``BURST`` seconds (at least 1): providers enforce a minute's limit over shorter spans as well, so that a whole
    minute's worth sent at once is refused by some of them.

    The level may fall below 0, by the correction after an estimate that was too low; then the next waits until that
    is paid. A request larger than the whole bucket goes when the bucket is full, and leaves a debt: it passes alone
    rather than waiting for ever.

    Raises ``ValueError`` for a limit that is not positive.
    """

    BURST = 6.0  # seconds

    def __init__(
        self, per_minute: float, *, capacity: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not per_minute > 0 or not math.isfinite(per_minute):
            raise ValueError(f"a limit per minute must be more than 0, not {per_minute:g}")
        self.per_minute = per_minute
        self.capacity = max(1.0, per_minute * self.BURST / 60 if capacity is None else capacity)
        self._clock = clock
        self._level = self.capacity
        self._at = clock()

    @property
    def level(self) -> float:
        """Units that are there now; negative while a debt is paid."""
        now = self._clock()
        self._level = min(self.capacity, self._level + max(0.0, now - self._at) * self.per_minute / 60)
        self._at = now
        return self._level

    def wait(self, units: float) -> float:
        """Seconds until ``units`` may be taken; 0 when now."""
        lacking = min(units, self.capacity) - self.level
        # A hair less than a unit is one: levels are sums of floating-point numbers.
        return lacking * 60 / self.per_minute if lacking > 1e-6 * self.capacity else 0.0

    def take(self, units: float) -> None:
        """Take ``units``, whether they are there or not."""
        self._level = self.level - units

    def correct(self, estimated: float, used: float) -> None:
        """After the answer: give back what was estimated too much, or take what was estimated too little."""
        self._level = min(self.capacity, self.level + estimated - used)
