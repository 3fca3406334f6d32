"""Temporal ensembling: the moving average of a classifier's predictions over the epochs of its training.

Laine, Aila 2017 (arXiv 1610.02242): ``Z <- a Z + (1 - a) z``, targets ``Z / (1 - a^t)``. SuperGen (arXiv 2202.04538,
``update_train_data`` in ``src/trainer.py`` of yumeng5/SuperGen) uses it as a target and to leave out noisy samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    from workbench.learn.dynamics import LinearSoftmax

    Array = numpy.ndarray[Any, Any]

#: SuperGen's momentum, threshold, and the fewest samples of a class before the better half of it is taken instead.
MOMENTUM, THRESHOLD, FEWEST = 0.8, 0.8, 16


def moving_average(predictions: Iterable[Array], momentum: float = MOMENTUM) -> Array:
    """The average after the last of ``predictions``, one (n, k) per epoch, ``(n, k)``: later epochs weigh more, and the
    weights add up to 1 (the start-up bias is taken out). Raises ``ValueError`` when there is none."""
    kept: Array | None = None
    epochs = 0
    for one in predictions:
        epochs += 1
        kept = (1.0 - momentum) * one if kept is None else momentum * kept + (1.0 - momentum) * one
    if kept is None:
        raise ValueError("an average needs a prediction")
    average: Array = kept / (1.0 - momentum**epochs)
    return average


def temporal_ensemble(
    rows: csr_matrix,
    given: Array,
    classes: int,
    *,
    folds: int = 5,
    epochs: int = 10,
    momentum: float = MOMENTUM,
    seed: int = 0,
    extra: tuple[csr_matrix, Array] | None = None,
    progress: Progress | None = None,
) -> Array:
    """Moving averages ``(n, k)`` of a linear classifier's predictions for each of ``rows`` over its epochs.

    ``folds`` of 2 or more: predictions come from trainings without the row (out of fold); 1: from one training that has
    it, as in the papers. ``extra`` (rows (m, v), labels (m,)) takes part in every training. Rows of a fold whose training
    part has one class only keep even probabilities.
    """
    import numpy
    from scipy.sparse import vstack

    from workbench.learn.dynamics import LinearSoftmax
    from workbench.learn.folds import deal

    found = numpy.full((rows.shape[0], classes), 1.0 / classes)
    fold = deal(given, folds, seed) if folds > 1 else numpy.zeros(len(given), numpy.int64)
    for turn in range(folds):
        held = numpy.flatnonzero(fold == turn)
        train = numpy.flatnonzero(fold != turn) if folds > 1 else held
        learn, targets = rows[train], given[train]
        if extra is not None and extra[0].shape[0]:
            learn, targets = vstack([learn, extra[0]], format="csr"), numpy.concatenate([targets, extra[1]])
        absent = numpy.setdiff1d(numpy.arange(classes), targets)
        if len(held) and classes - len(absent) > 1:
            model = LinearSoftmax(rows.shape[1], classes, absent=absent)
            predictions = _epochs(model, learn, targets, rows[held], epochs, seed)
            if progress is not None:
                predictions = _told(predictions, progress, turn * epochs, folds * epochs)
            found[held] = moving_average(predictions, momentum)
        elif progress is not None:
            progress((turn + 1) * epochs, folds * epochs)
    return found


def _epochs(
    model: LinearSoftmax, learn: csr_matrix, targets: Array, rows: csr_matrix, epochs: int, seed: int
) -> Iterator[Array]:
    """Predictions for ``rows`` at the end of each epoch of the training."""
    import numpy

    draw = numpy.random.default_rng(seed)
    for _ in range(epochs):
        model.learn(learn, targets, draw)
        yield model.probabilities(rows).astype(numpy.float64)


def _told(epochs: Iterator[Array], progress: Progress, before: int, total: int) -> Iterator[Array]:
    for done, one in enumerate(epochs, before + 1):
        yield one
        progress(done, total)


def ensemble_keeps(average: Array, given: Array, threshold: float = THRESHOLD, fewest: int = FEWEST) -> Array:
    """Which samples SuperGen trains on, ``(n,)`` bool: those whose average agrees with the label and exceeds ``threshold``;
    of a class with fewer than ``fewest`` such samples also the half with the highest average for it."""
    import numpy

    own = average[numpy.arange(len(given)), given]
    keeps: Array = (average.argmax(axis=1) == given) & (own > threshold)
    for column in range(average.shape[1]):
        members = numpy.flatnonzero(given == column)
        if len(members) and int(keeps[members].sum()) < fewest:
            best_first = members[numpy.argsort(-own[members], kind="stable")]
            keeps[best_first[: int(0.5 * len(members))]] = True
    return keeps
