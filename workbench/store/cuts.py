"""Scores counted against lines that a person may draw through them: tidy steps, exact counts, short reads."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.store.connection import Store

#: Lines are no nearer to each other than this share of the greatest number (or of 1): they have ten decimals.
FINEST = 1e-9
#: Lines between the lowest and the highest score, about.
LINES = 250


@dataclass(frozen=True, slots=True)
class Steps:
    """Lines ``step`` apart through one score: ``below[i]`` samples have less than ``edges[i]``; ``total`` have the score."""

    step: float
    edges: tuple[float, ...]
    below: tuple[int, ...]
    total: int

    @property
    def counts(self) -> list[int]:
        """Samples between one line and the next."""
        return [after - before for before, after in pairwise(self.below)]

    def under(self, value: float) -> int | None:
        """Samples below ``value``, exactly; None when no line is there."""
        place = bisect_left(self.edges, value)
        return self.below[place] if place < len(self.edges) and self.edges[place] == value else None

    def moved(self, value: float, by: int) -> float:
        """The line ``by`` lines further than ``value``; from between two lines, the next one is one further."""
        place = bisect_left(self.edges, value)
        between = place == len(self.edges) or self.edges[place] != value
        place += by - (1 if between and by > 0 else 0)
        return self.edges[max(0, min(place, len(self.edges) - 1))]


def tidy(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is at least ``least`` (over 0)."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(round(one * power, 12) for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))


def steps(store: Store, name: str, *, around: float | None = None, whole: bool = False) -> Steps | None:
    """Lines through the score ``name``, from below the lowest to above the highest; None when nothing has it.

    ``around`` is a value that the lines also reach, ``whole`` keeps to whole numbers. Some ``LINES`` short reads of the
    index, each of its own range of values.
    """
    ends = store.one("SELECT min(value), max(value) FROM score WHERE name = ?", (name,))
    if ends is None or ends[0] is None:
        return None
    low, high = float(ends[0]), float(ends[1])
    if around is not None:
        low, high = min(low, around), max(high, around)
    if not math.isfinite(high - low):
        return None
    size = max(abs(low), abs(high), 1.0)
    step = tidy(max((high - low) / LINES or size / 100, size * FINEST))
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step), math.floor(high / step) + 1
    edges = tuple(round(place * step, 10) for place in range(first, last + 2))
    edges = edges[:-1] if edges[-2] > high else edges  # a quotient may have been rounded
    below = [0]
    for left, right in pairwise(edges):
        row = store.one(
            "SELECT count(*) FROM score WHERE name = ? AND value >= ? AND value < ?",
            (name, -1e308 if left == edges[0] else left, right),
        )
        below.append(below[-1] + (int(row[0]) if row else 0))
    return Steps(step, edges, tuple(below), below[-1])


def under(store: Store, name: str, value: float) -> int:
    """Samples whose score is below ``value``."""
    row = store.one("SELECT count(*) FROM score WHERE name = ? AND value < ?", (name, value))
    return int(row[0]) if row else 0


def said(store: Store, filter_name: str, ids: Sequence[int]) -> dict[int, tuple[str, int | None]]:
    """(reason, other sample) of a filter's verdicts in force on some samples (at most some hundred)."""
    marks = ",".join("?" * len(ids))
    found = store.read(
        f"SELECT sample_id, reason, other_id FROM verdict WHERE sample_id IN ({marks}) AND filter = ? AND active",
        (*ids, filter_name),
    )
    return {row[0]: (row[1], row[2]) for row in found}
