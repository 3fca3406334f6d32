"""Parts of a data set: folds over which every class is spread as evenly as can be, and capped random draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]


def deal(given: Array, folds: int, seed: int) -> Array:
    """The fold of each row, ``(n,)`` int64 from 0: each class (``given``, (n,)) in a random order, dealt out where the
    last class stopped, so that both folds and classes differ by at most one row."""
    import numpy

    random = numpy.random.default_rng(seed)
    order = numpy.concatenate(
        [random.permutation(numpy.flatnonzero(given == name)) for name in numpy.unique(given)] or [given]
    )
    fold = numpy.empty(len(given), numpy.int64)
    fold[order] = numpy.arange(len(given)) % folds
    return fold


def draw(places: Array, most: int, random: numpy.random.Generator) -> Array:
    """``places`` (m,), or ``most`` of them in ascending order when there are more."""
    import numpy

    return places if len(places) <= most else numpy.sort(random.choice(places, most, replace=False))
