"""What each training sample does to the loss on a validation part: influence functions of logistic regression.

Up-weighting sample z by epsilon moves the optimum by ``- H^-1 grad l(z)`` per epsilon (Koh & Liang 2017, *Understanding
black-box predictions via influence functions*, arXiv 1703.04730), hence the validation loss by

    I(z) = - grad L_val(theta)^T H^-1 grad l(z, theta)

Negative helps. One linear system is solved for all samples, ``u = H^-1 grad L_val``; then ``I(z) = - u . grad l(z)`` is one
product of the rows with u. ProGen (Ye et al. 2022, arXiv 2210.12329) has no gold data, so that L_val is noise-tolerant:
reverse cross-entropy ``- sum_k p_k log q_k`` with q the one-hot label and log 0 := -4, which is ``4 (1 - p_y)``. The
released code (github.com/HKUNLP/ProGen, influence_utils/nn_influence_utils.py, ``get_loss_with_weight_decay``) takes
log softmax(one-hot) for log q; this is ``a + b (1 - p_y)`` as well, b = 1 instead of 4: the same order of samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from workbench.learn.features import Progress
from workbench.learn.folds import deal, draw
from workbench.learn.softmax import (
    SOLVED,
    Curvature,
    Softmax,
    apply,
    cross_entropies,
    double,
    fit,
    frequent_columns,
    one_hot,
    pull_back,
    softmax,
)

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    from workbench.learn.softmax import Rows

    Array = numpy.ndarray[Any, Any]

#: What ``log 0`` counts as in reverse cross-entropy (Wang et al. 2019, arXiv 1908.06112; ProGen).
LOG_ZERO = -4.0
#: Parts that take turns as the validation part; most rows fitted and validated on; most columns, the frequent ones.
PARTS = 5
FITTED, VALIDATED, COLUMNS = 10_000, 2_000, 20_000
#: Rows whose probabilities are held at a time, so that memory does not grow with rows times classes.
CHUNK = 1 << 16

Loss = Literal["reverse", "cross-entropy"]


def validation_loss(
    model: Softmax, rows: Rows, labels: Array, loss: Loss = "reverse", weights: Array | None = None
) -> float:
    """Mean loss (weighted by ``weights``, (m,)) of ``model`` over ``rows`` (m, v) with class numbers ``labels`` (m,)."""
    import numpy

    logits = model.logits(rows)
    if loss == "reverse":
        losses = -LOG_ZERO * (1.0 - softmax(logits)[numpy.arange(len(labels)), labels])
    else:
        losses = cross_entropies(logits, one_hot(labels, logits.shape[1]))
    return float(numpy.average(losses, weights=weights))


def validation_gradient(
    model: Softmax, rows: Rows, labels: Array, loss: Loss = "reverse", weights: Array | None = None
) -> Array:
    """Gradient ``(v + 1, k)`` of ``validation_loss`` by the parameters.

    By the logits: ``4 p_y (p - e_y)`` for reverse cross-entropy, ``p - e_y`` for cross-entropy; a confident wrong
    prediction (p_y near 0) pulls at the first not at all and at the second with full force, which is what makes the first
    tolerate wrong labels.
    """
    import numpy

    probabilities = model.probabilities(rows)
    place = numpy.arange(len(labels))
    given = probabilities[place, labels].copy()
    probabilities[place, labels] -= 1.0
    if loss == "reverse":
        probabilities *= (-LOG_ZERO * given)[:, None]
    share = numpy.ones(len(labels)) if weights is None else numpy.asarray(weights, numpy.float64)
    probabilities *= (share / share.sum())[:, None]
    return pull_back(rows, probabilities)


def influences(model: Softmax, solution: Array, rows: Rows, targets: Array) -> Array:
    """``- solution . grad l(z)`` for every row z, (n,): ``solution`` is ``H^-1 grad L_val``, ``(v + 1, k)``.

    ``targets`` (n,) or (n, k). The rows need not be among those that H is made of. With H the Hessian of the *sum* J
    (``Softmax.curvature``) the number is the change of the validation loss per unit of weight of z: leaving out a
    sample of weight 1 changes the loss by ``- I(z)`` to first order. Times the number of samples it is the usual
    influence, for the mean.
    """
    import numpy

    given = numpy.asarray(targets)
    found = numpy.empty(len(given))
    for start in range(0, len(given), CHUNK):
        part = rows[start : start + CHUNK]
        slopes = model.probabilities(part)
        wanted = one_hot(given[start : start + CHUNK], slopes.shape[1])
        slopes *= wanted.sum(axis=1, keepdims=True)
        slopes -= wanted
        found[start : start + CHUNK] = -(slopes * apply(part, solution)).sum(axis=1)
    return found


def influence(
    model: Softmax,
    curvature: Curvature,
    rows: Rows,
    targets: Array,
    validation: tuple[Rows, Array],
    loss: Loss = "reverse",
    tolerance: float = SOLVED,
) -> Array:
    """``influences`` of ``rows`` on the loss over ``validation`` (rows, labels), with the linear system solved here."""
    gradient = validation_gradient(model, *validation, loss)
    return influences(model, curvature.solve(gradient, tolerance), rows, targets)


def held_out_influences(
    rows: csr_matrix, labels: Array, l2: float, *, seed: int = 0, progress: Progress | None = None
) -> Array:
    """``n I(z)`` of every row (n, v) with class numbers ``labels`` (n,), (n,): the mean over the ``PARTS`` - 1 turns in
    which the row was not in the validation part. Loss: reverse cross-entropy.

    Each turn fits at most ``FITTED`` rows and validates on at most ``VALIDATED``; the rest of the time is one product
    over all rows a turn, so the whole is linear.
    """
    import numpy

    random = numpy.random.default_rng(seed)
    features = frequent_columns(rows, COLUMNS)
    parts = min(PARTS, len(labels))
    part = deal(labels, parts, seed)
    found = numpy.zeros(len(labels))
    for turn in range(parts):
        if progress is not None:
            progress(turn, parts)
        seen = part != turn
        learnt, held = (
            draw(numpy.flatnonzero(seen), FITTED, random),
            draw(numpy.flatnonzero(~seen), VALIDATED, random),
        )
        one = _turn(features, labels, learnt, (double(features[held]), labels[held]), l2, "reverse")
        found[seen] += one[seen] * len(learnt) / (parts - 1)
    if progress is not None:
        progress(parts, parts)
    return found


def influences_on(
    rows: csr_matrix,
    labels: Array,
    gold: Sequence[int],
    l2: float,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Array:
    """``n I(z)`` of the first n of ``rows`` (n + m, v), with ``labels`` (n,), on the cross-entropy of the last m, whose
    class numbers are ``gold``. Caps as ``held_out_influences``."""
    import numpy

    random = numpy.random.default_rng(seed)
    if progress is not None:
        progress(0, 1)
    features = frequent_columns(rows, COLUMNS)
    n = len(labels)
    learnt = draw(numpy.arange(n), FITTED, random)
    held = draw(numpy.arange(n, n + len(gold)), VALIDATED, random)
    real = (double(features[held]), numpy.asarray(gold)[held - n])
    found = _turn(features[:n], labels, learnt, real, l2, "cross-entropy") * len(learnt)
    if progress is not None:
        progress(1, 1)
    return found


def _turn(
    features: csr_matrix, labels: Array, learnt: Array, validation: tuple[csr_matrix, Array], l2: float, loss: Loss
) -> Array:
    own = double(features[learnt])
    model = fit(own, labels[learnt], None, l2, classes=int(labels.max()) + 1, tolerance=1e-5)
    return influence(model, model.curvature(own), features, labels, validation, loss, tolerance=1e-4)
