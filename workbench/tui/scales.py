"""Numbers as labels: the steps of a scale, and which digit sets which. No widgets here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

#: Digits there are besides 0, and steps of a scale that are ever listed.
DIGITS, MOST = 9, 1_000


@dataclass(frozen=True)
class Steps:
    """A scale from ``low`` to ``high`` in steps of ``step``."""

    low: float
    high: float
    step: float

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The steps, ints where they have no fraction; empty where there are more than anybody would list."""
        count = int((self.high - self.low) / self.step + 1e-9) + 1
        return tuple(_plain(self.low + at * self.step) for at in range(count)) if count <= MOST else ()

    @cached_property
    def digits(self) -> Mapping[int, float]:
        """Digit to value: the value itself where all are digits, else the steps counted from 1; empty where they do not
        suffice."""
        values = self.values
        if values and all(isinstance(value, int) and 0 <= value <= DIGITS for value in values):
            return {int(value): value for value in values}
        return dict(enumerate(values, 1)) if len(values) <= DIGITS else {}


def _plain(value: float) -> float:
    rounded = round(value, 9)
    return int(rounded) if float(rounded).is_integer() else rounded
