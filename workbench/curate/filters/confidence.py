"""Drops the samples that the generating model itself found least likely."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, require, short


@FILTERS.register("confidence")
@dataclass(frozen=True, slots=True)
class Confidence:
    """SuperGen's rule: rank by ``s = (1/T) sum log p(x_t | x_<t, prompt)`` and keep the top share, per label.

    A sample is dropped when it is among the lowest ``drop`` share (rounded down, per label unless told), when it is not
    among the ``most`` highest, or when its score is under ``below``. The released code (``src/gen_utils.py`` in
    yumeng5/SuperGen) removes repeated texts, sorts by the score and takes the same number of each label from the top:
    ``exact_duplicate`` and then ``confidence:drop=0,most=3000``. Samples without a score stay and do not count. Reasons
    show the perplexity ``exp(-s)`` beside ``s``; the ``perplexity`` filter sets absolute limits on it.
    """

    name: ClassVar[str] = "confidence"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops the samples with the lowest mean log-probability under the model that wrote them."
    paper: ClassVar[str] = "Meng et al. 2022, SuperGen (arXiv 2202.04538)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("below", "below")

    drop: float = parameter(0.1, "share to drop, lowest scores first (0 to 1)")
    below: float | None = parameter(None, "also drop everything under this mean log-probability")
    per_label: bool = parameter(True, "take the share within each label")
    score: str = parameter("confidence", "name of the score")
    most: int | None = parameter(
        None, "keep at most this many, highest scores first (SuperGen: 3,000 of each of 2 labels)"
    )

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.drop <= 1.0, "drop should be from 0 to 1")
        require(self.name, self.most is None or self.most >= 1, "most should be at least 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the score."""
        groups: dict[str | None, list[tuple[float, int]]] = {}
        for index, item in enumerate(items):
            value = self._value(item)
            if value is not None:
                groups.setdefault(item.label if self.per_label else None, []).append((value, index))
        rank: dict[int, tuple[int, int, int]] = {}
        for group in groups.values():
            # Among equal scores the later samples go first, so that re-running on more samples moves few verdicts.
            group.sort(key=lambda pair: (pair[0], -pair[1]))
            lowest = math.floor(len(group) * self.drop + 1e-9)
            if self.most is not None:
                lowest = max(lowest, len(group) - self.most)
            rank.update({index: (place, lowest, len(group)) for place, (_, index) in enumerate(group, 1)})
        for index, item in enumerate(items):
            value = self._value(item)
            if value is None:
                yield Verdict(True, "has no such score")
            elif self.below is not None and value < self.below:
                yield Verdict(False, f"{_both(value)}, under {short(self.below)}", value)
            else:
                place, lowest, size = rank[index]
                where = f"{_both(value)}, number {place:,} from below of {size:,}"
                if self.per_label and item.label is not None:
                    where += " with its label"
                yield Verdict(place > lowest, where, value)
            if (index + 1) % 1000 == 0 or index + 1 == len(items):
                context.step(index + 1, len(items))

    def _value(self, item: Item) -> float | None:
        value = item.scores.get(self.score)
        return None if value is None or math.isnan(value) else float(value)


def _both(value: float) -> str:
    return f"mean log-probability {short(value)} (perplexity {math.exp(min(-value, 700.0)):,.1f})"
