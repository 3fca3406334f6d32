"""What a classifier is trained towards: labels, soft labels and weights as one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: What a text may be trained towards instead of its label: how much of it belongs to each class.
Soft = Sequence[Mapping[str, float] | None]


def soft_targets(
    size: int, labels: Sequence[str | None], weights: Sequence[float] | None = None, soft: Soft | None = None
) -> tuple[list[str], Array]:
    """(classes in order, how much weight each of ``size`` texts has on each class, ``(n, k)`` float32).

    Raises ``ValueError`` where lengths differ or a text has no label, ``WorkbenchError`` for fewer than two classes and
    for weights that cannot be trained with.
    """
    import numpy

    if size != len(labels) or (weights is not None and size != len(weights)) or (soft and size != len(soft)):
        raise ValueError(f"{size} texts but {len(labels)} labels, or as many weights or soft labels")
    mixed: dict[int, Mapping[str, float]] = {i: one for i, one in enumerate(soft or ()) if one is not None}
    hard = [label if i not in mixed else None for i, label in enumerate(labels)]
    if any(label is None and i not in mixed for i, label in enumerate(hard)):
        raise ValueError("a text has neither a label nor a soft label")
    named = {label for label in hard if label is not None}
    classes = sorted(named.union(*(one.keys() for one in mixed.values())))
    if len(classes) < 2:
        raise WorkbenchError(
            f"A classifier needs at least two labels to tell apart; these {size:,} samples have {len(classes)}."
        )
    column = {name: place for place, name in enumerate(classes)}
    targets = numpy.zeros((size, len(classes)), numpy.float32)
    sure = [i for i in range(size) if i not in mixed]
    targets[sure, [column[label] for label in hard if label is not None]] = 1
    for i, one in mixed.items():
        for name, share in one.items():
            targets[i, column[name]] = share
    if weights is not None:
        targets *= numpy.asarray(weights, numpy.float32)[:, None]
    if not (targets >= 0).all() or not targets.any():
        raise WorkbenchError("Training needs weights of 0 or more, and at least one above 0.")
    return classes, targets
