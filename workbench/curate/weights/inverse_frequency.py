"""Weights under which every label counts the same in training, however many samples it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import WEIGHTINGS, Context, Item, Weight, parameter, quote, require, short
from workbench.curate.weighing import UNLABELLED, labelled, to_mean_one


@WEIGHTINGS.register("inverse_frequency")
@dataclass(frozen=True, slots=True)
class InverseFrequency:
    """``w_i = c / (n_y + smoothing)``, c such that the mean is 1: with smoothing 0 scikit-learn's ``balanced``,
    ``n / (k n_y)``. A person's label is treated as any other here: the weight says nothing about whether it is right."""

    name: ClassVar[str] = "inverse_frequency"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Weighs samples by the inverse frequency of their label, so that rare labels count as much."
    )
    paper: ClassVar[str] = "King & Zeng 2001, Logistic regression in rare events data"
    place: ClassVar[str] = "curate / sample filtering / re-weighting"

    smoothing: float = parameter(
        0.0, "samples added to the count of every label; the more, the closer to equal weights"
    )

    def __post_init__(self) -> None:
        require(self.name, self.smoothing >= 0.0, "smoothing should be at least 0")

    def weigh(self, items: Sequence[Item], context: Context) -> Iterator[Weight]:
        """One weight per item, in order; mean 1. Raises ``WorkbenchError`` when no item has one label."""
        import numpy

        context.step(0, 1)
        known = labelled(items, self.name, least=1)
        counts = numpy.bincount(known.labels, minlength=len(known.classes))
        values = to_mean_one(1.0 / (counts[known.labels] + self.smoothing), known.settled, reduce_settled=True)
        context.step(1, 1)
        most, total = int(counts.max(initial=0)), len(known.items)
        largest = known.classes[int(counts.argmax())] if total else ""
        column = dict(zip(known.classes, counts.tolist(), strict=True))
        weights = iter(values.tolist())
        for item in items:
            if item.label is None:
                yield UNLABELLED
                continue
            times = column[item.label]
            reason = f"label {quote(item.label)} appears {times:,} of {total:,} times"
            if times < most:
                reason += f"; {quote(largest)} {short(most / times)} times as often"
            yield Weight(next(weights), reason)
