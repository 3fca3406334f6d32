"""What weightings share: which samples they are about, and how their numbers become weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.curate import shared
from workbench.curate.base import Item, Weight
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: The weight and reason of a sample without a label.
UNLABELLED = Weight(1.0, "has no label yet")


@dataclass(frozen=True, slots=True)
class Labelled:
    """The items that have one label each: ``places`` (m,) among all, ``labels`` (m,) as numbers into ``classes``,
    ``settled`` (m,) where a person gave it."""

    items: Sequence[Item]
    places: Array
    labels: Array
    classes: list[str]
    settled: Array

    def texts(self) -> list[str]:
        return [item.text for item in self.items]


def labelled(items: Sequence[Item], name: str, least: int = 2) -> Labelled:
    """Raises ``WorkbenchError`` when no item has one label, or when there are fewer than ``least`` different ones."""
    import numpy

    places = [place for place, item in enumerate(items) if item.label is not None]
    chosen = shared.labelled(items, name)
    names = shared.labels_of(chosen)
    classes = sorted(set(names))
    if chosen and len(classes) < least:
        raise WorkbenchError(
            f"{name} compares labels, and these {len(chosen):,} samples have only one; add samples of another label."
        )
    column = {label: place for place, label in enumerate(classes)}
    return Labelled(
        chosen,
        numpy.array(places, numpy.int64),
        numpy.array([column[label] for label in names], numpy.int64),
        classes,
        numpy.array([item.settled for item in chosen], bool),
    )


def to_mean_one(weights: Array, settled: Array, reduce_settled: bool) -> Array:
    """``weights`` (m,) with mean 1, in which no ``settled`` sample counts less than 1 unless ``reduce_settled``.

    A person's label is better evidence than what moved the weight, so it is lifted to 1 and the others make room
    (where the lifted ones leave any).
    """
    import numpy

    if not len(weights):
        return weights
    found: Array = weights / weights.mean()
    if reduce_settled or not settled.any():
        return found
    found[settled] = numpy.maximum(found[settled], 1.0)
    room = len(found) - float(found[settled].sum())
    others = float(found[~settled].sum())
    if others > 0.0 and room > 0.0:
        found[~settled] *= room / others
    return found


def level(weights: Array, labels: Array) -> Array:
    """``weights`` (m,) scaled so that their mean is 1 within each of the ``labels`` (m,); a label whose weights are all 0
    gets 1s."""
    import numpy

    counts = numpy.bincount(labels)
    sums = numpy.bincount(labels, weights)
    factors = numpy.divide(counts, sums, out=numpy.zeros(len(counts)), where=sums > 0)
    found: Array = numpy.where(sums[labels] > 0, weights * factors[labels], 1.0)
    return found


def change(weight: float) -> str:
    """How a reason begins: "raised", "reduced" or "as before"."""
    return "raised" if weight > 1.005 else "reduced" if weight < 0.995 else "as before"
