"""How fast a person decides in this sitting. No widgets here."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field

#: Decisions before which a pace says little.
ENOUGH = 5


@dataclass
class Pace:
    """Seconds of the sitting's decisions; looks that were breaks are left out by whoever adds."""

    seconds: list[float] = field(default_factory=list)  # in order of size
    total: float = 0.0

    def add(self, seconds: float | None) -> None:
        if seconds is not None:
            insort(self.seconds, seconds)
            self.total += seconds

    @property
    def median(self) -> float:
        count = len(self.seconds)
        return (self.seconds[(count - 1) // 2] + self.seconds[count // 2]) / 2

    @property
    def per_hour(self) -> float:
        """Decisions an hour at the mean of all, without the breaks."""
        return 3600 * len(self.seconds) / max(self.total, 0.001)

    def told(self) -> str:
        """``2.4 s  1,300/h``: the median and two digits of the rate; empty after a few decisions only."""
        if len(self.seconds) < ENOUGH:
            return ""
        rate = float(f"{min(self.per_hour, 99_000):.2g}")
        return f"{self.median:.1f} s  {rate:,.0f}/h"
