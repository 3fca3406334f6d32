"""Training dynamics: how sure a linear classifier is of each sample's label, checkpoint by checkpoint.

The classifier is multinomial logistic regression over sparse rows (TF-IDF), trained from zero by mini-batches with
Adagrad (Duchi et al. 2011); a checkpoint is the end of an epoch. Two uses:

- *data maps* (Swayamdipta et al. 2020, arXiv 2009.10795): it is trained on the samples that it judges;
- *curation against a reference* (CLLM: Seedat et al. 2023, arXiv 2312.12112; WANLI: Liu et al. 2022, arXiv 2201.05955):
  it is trained on other, trusted rows, and each checkpoint is read off on the samples.

Per sample x with label y over checkpoints e: confidence ``mean_e p_e(y|x)``; variability ``std_e p_e(y|x)`` (of the
population, as numpy's); correctness ``mean_e [argmax_l p_e(l|x) = y]``; aleatoric ``mean_e p_e(y|x)(1 - p_e(y|x))``;
highest variability ``max_l std_e p_e(l|x)``. They agree with the released code (``cartography/selection/
train_dy_filtering.py`` in allenai/cartography, ``src/curation.py`` in seedatnabeel/CLLM, ``cartography/
compute_training_dynamics.py`` in alisawuffles/wanli) but for correctness: cartography's is the count, here it is the
share; CLLM's asks for ``p > .5`` where here the label must be the most probable one, as in cartography and WANLI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Passes over the training rows, and so checkpoints.
EPOCHS = 10
#: Rows of a training step; no more than a 20th of the rows, so that few rows get many steps too.
BATCH = 64
#: Adagrad's step.
RATE = 0.1
#: Rows whose probabilities are in memory at once.
CHUNK = 4_096


@dataclass(frozen=True, slots=True)
class Dynamics:
    """One number per sample, ``(n,)`` float64 each.

    ``confidence``, ``variability``, ``correctness`` and ``aleatoric`` are of the given label, NaN where it is unknown to
    the classifier. ``highest`` is the highest variability over all labels (None unless asked for). ``predicted`` is the column
    (int) of the last checkpoint's most probable label.
    """

    confidence: Array
    variability: Array
    correctness: Array
    aleatoric: Array
    predicted: Array
    highest: Array | None = None

    def known(self) -> Array:
        """``(n,)`` bool: the given label is one that the classifier knows."""
        import numpy

        return ~numpy.isnan(self.confidence)


class Statistics:
    """Collects dynamics checkpoint by checkpoint and chunk by chunk: memory is ``O(n)``, or ``O(n k)`` with ``highest``.

    Means and squared deviations are updated by Welford's rule, so that a tiny variability is not lost in rounding.
    """

    def __init__(self, labels: Array, classes: int, highest: bool = False) -> None:
        """``labels`` (n,) int: the column of each sample's label, negative where it has none that is known."""
        import numpy

        count = len(labels)
        self._labels = labels
        self._seen = 0
        self._mean, self._spread = numpy.zeros(count), numpy.zeros(count)
        self._right, self._doubt = numpy.zeros(count), numpy.zeros(count)
        self._predicted = numpy.zeros(count, numpy.int64)
        # The variability of every label needs the running mean of every label; single precision keeps 20,000 samples
        # with 77 labels at 12 MB.
        self._all = numpy.zeros((2, count, classes), numpy.float32) if highest else None

    def next_checkpoint(self) -> None:
        """What is added from here on belongs to the next checkpoint."""
        self._seen += 1

    def add(self, start: int, probabilities: Array) -> None:
        """The present checkpoint's ``probabilities`` (m, k) of the samples ``start`` to ``start + m``."""
        import numpy

        if not self._seen:
            raise ValueError("call next_checkpoint first")
        part = slice(start, start + len(probabilities))
        labels = self._labels[part]
        given = probabilities[numpy.arange(len(labels)), numpy.maximum(labels, 0)].astype(numpy.float64)
        best = probabilities.argmax(axis=1)
        _welford(self._mean[part], self._spread[part], given, self._seen)
        self._right[part] += best == labels
        self._doubt[part] += given * (1.0 - given)
        self._predicted[part] = best
        if self._all is not None:
            _welford(self._all[0, part], self._all[1, part], probabilities.astype(numpy.float32), self._seen)

    def result(self) -> Dynamics:
        """The dynamics over all checkpoints so far."""
        import numpy

        if not self._seen:
            raise ValueError("no checkpoint was added")
        unknown = self._labels < 0
        values = [
            numpy.where(unknown, numpy.nan, value)
            for value in (
                self._mean,
                numpy.sqrt(self._spread / self._seen),
                self._right / self._seen,
                self._doubt / self._seen,
            )
        ]
        highest = None
        if self._all is not None:
            highest = numpy.sqrt(self._all[1].max(axis=1).astype(numpy.float64) / self._seen)
        return Dynamics(values[0], values[1], values[2], values[3], self._predicted.copy(), highest)


def statistics(probabilities: Array, labels: Array, highest: bool = False) -> Dynamics:
    """Dynamics from all ``probabilities`` (checkpoints, n, k) and ``labels`` (n,), columns of them."""
    found = Statistics(labels, probabilities.shape[2], highest)
    for checkpoint in probabilities:
        found.next_checkpoint()
        found.add(0, checkpoint)
    return found.result()


def training_dynamics(
    rows: csr_matrix,
    labels: Array,
    classes: int,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    highest: bool = False,
    reference: tuple[csr_matrix, Array] | None = None,
    progress: Progress | None = None,
) -> Dynamics:
    """Dynamics of ``rows`` (n, v) with ``labels`` (n,), columns 0 to ``classes`` - 1, negative where there is none.

    Trains on those of ``rows`` that have a label, or on ``reference`` (rows (m, v), labels (m,)) instead; then a label
    that stands in no reference row counts as unknown. Time is ``O(epochs * nonzero entries * classes)``, memory
    ``O(v * classes)`` beside the rows. Deterministic in its arguments. Raises ``WorkbenchError`` when fewer than two
    labels are there to learn.
    """
    import numpy

    labels = numpy.asarray(labels, numpy.int64)
    if reference is None:
        chosen = numpy.flatnonzero(labels >= 0)
        learn, targets = rows[chosen], labels[chosen]
    else:
        learn, targets = reference[0], numpy.asarray(reference[1], numpy.int64)
        labels = numpy.where(numpy.isin(labels, targets), labels, -1)
    different = len(numpy.unique(targets))
    if different < 2:
        raise WorkbenchError(
            f"Training dynamics need at least two labels to tell apart; these {len(targets):,} rows have {different}."
        )
    # A feature that no training row has keeps its weight of 0: leaving it out keeps the weights small.
    columns = numpy.unique(learn.indices)
    learn, rows = learn[:, columns], rows[:, columns]
    model = LinearSoftmax(len(columns), classes, absent=numpy.setdiff1d(numpy.arange(classes), targets))
    draw = numpy.random.default_rng(seed)
    found = Statistics(labels, classes, highest)
    for epoch in range(epochs):
        model.learn(learn, targets, draw)
        found.next_checkpoint()
        for start in range(0, rows.shape[0], CHUNK):
            found.add(start, model.probabilities(rows[start : start + CHUNK]))
        if progress is not None:
            progress(epoch + 1, epochs)
    return found.result()


class LinearSoftmax:
    """Multinomial logistic regression, weights ``(v, k)`` float32 from zero, trained by Adagrad on csr rows."""

    def __init__(self, features: int, classes: int, absent: Array | None = None) -> None:
        """``absent`` are classes that no training row has; they keep a probability of 0."""
        import numpy

        self._weights = numpy.zeros((features, classes), numpy.float32)
        self._squares = numpy.full((features, classes), 1e-8, numpy.float32)
        self._bias = numpy.zeros(classes, numpy.float32)
        self._bias_squares = numpy.full(classes, 1e-8, numpy.float32)
        if absent is not None:
            self._bias[absent] = -numpy.inf

    def learn(self, rows: csr_matrix, targets: Array, draw: numpy.random.Generator) -> None:
        """One epoch: every row once, in an order by ``draw``."""
        import numpy

        size = max(1, min(BATCH, rows.shape[0] // 20))
        order = draw.permutation(rows.shape[0])
        for start in range(0, len(order), size):
            take = order[start : start + size]
            batch = rows[take]
            # Only the features that stand in these rows move: a step costs what the batch holds, not what the vocabulary has.
            columns, places = numpy.unique(batch.indices, return_inverse=True)
            batch = type(batch)((batch.data, places.ravel(), batch.indptr), (len(take), len(columns)))
            weights, squares = self._weights[columns], self._squares[columns]
            error = _softmax(batch @ weights + self._bias)
            error[numpy.arange(len(take)), targets[take]] -= 1.0
            error /= len(take)
            slope = batch.T @ error
            squares += slope * slope
            self._squares[columns] = squares
            slope *= RATE
            slope /= numpy.sqrt(squares, out=squares)
            weights -= slope
            self._weights[columns] = weights
            slope = error.sum(axis=0)
            self._bias_squares += slope * slope
            self._bias -= RATE * slope / numpy.sqrt(self._bias_squares)

    def probabilities(self, rows: csr_matrix) -> Array:
        """``(n, k)`` float32, rows adding up to 1."""
        return _softmax(rows @ self._weights + self._bias)


def _softmax(scores: Array) -> Array:
    import numpy

    scores -= scores.max(axis=1, keepdims=True)
    numpy.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _welford(mean: Array, spread: Array, values: Array, seen: int) -> None:
    """Takes the ``seen``-th values into running means and sums of squared deviations, in place."""
    away = values - mean
    mean += away / seen
    spread += away * (values - mean)
