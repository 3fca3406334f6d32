"""What label repairs share: the samples that have a label, out-of-fold probabilities, checks of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.curate import shared
from workbench.curate.base import Context, Item, require

if TYPE_CHECKING:
    import numpy

    from workbench.learn.classifier import OutOfFold

    Array = numpy.ndarray[Any, Any]

#: Probabilities under this are left out of a soft label, and the rest is scaled up: 77 labels would fill a page each.
LEAST = 0.001


@dataclass(frozen=True)
class Labelled:
    """The items that have a label: ``places`` in the sequence that they came from, and their texts and labels."""

    items: list[Item]
    places: list[int]

    # Kept, as techniques look labels up by place inside their loops.
    @cached_property
    def texts(self) -> list[str]:
        return [item.text for item in self.items]

    @cached_property
    def labels(self) -> list[str]:
        return shared.labels_of(self.items)


def labelled(name: str, items: Sequence[Item]) -> Labelled:
    """The items with a label; raises ``WorkbenchError`` when there are items and none has one."""
    return Labelled(shared.labelled(items, name), [at for at, item in enumerate(items) if item.label is not None])


def known_texts(context: Context) -> tuple[list[str], list[str]]:
    """Texts and labels of the seeds that have a label: they are right, and every training takes them along."""
    known = [seed for seed in context.seeds if seed.label is not None]
    return [seed.text for seed in known], shared.labels_of(known)


def cross_validated(context: Context, chosen: Labelled, folds: int) -> OutOfFold:
    """Out-of-fold probabilities with the seeds in every training; techniques of one chain share them."""
    return shared.out_of_fold_probabilities(chosen.items, context, folds=folds)


def columns_of(labels: Sequence[str], classes: Sequence[str]) -> Array:
    """The column of each label, ``(n,)`` int64."""
    import numpy

    place = {name: column for column, name in enumerate(classes)}
    return numpy.array([place[label] for label in labels], numpy.int64)


def soft_label(probabilities: Array, classes: Sequence[str]) -> Mapping[str, float]:
    """Probabilities by label, the likeliest first, adding up to 1; those under ``LEAST`` are left out."""
    import numpy

    order = numpy.argsort(-probabilities, kind="stable")
    kept = [place for place in order.tolist() if probabilities[place] >= LEAST] or order[:1].tolist()
    total = float(probabilities[kept].sum())
    return {classes[place]: float(probabilities[place]) / total for place in kept}


def check_apply(name: str, apply: float | None) -> None:
    """Raises ``UsageError`` unless the parameter ``apply`` is none or from 0 to 1."""
    require(name, apply is None or 0.0 <= apply <= 1.0, "apply should be from 0 to 1, or none")


def check_folds(name: str, folds: int) -> None:
    """Raises ``UsageError`` unless ``folds`` is from 2 to 20."""
    require(name, 2 <= folds <= 20, "folds should be from 2 to 20")
