"""Confident learning: which given labels are wrong, how many, and how sure one may be of another label.

Northcutt, Jiang, Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels (arXiv 1911.00068). Everything
here takes ``probabilities`` ``(n, k)`` by models that did not learn from the row (``classifier.out_of_fold``) and
``given`` ``(n,)``, the column of each row's label, and is exact: no sampling, except where ``calibrate`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

Rule = Literal["noise_rate", "class", "both", "confident", "any"]
Ranking = Literal["self_confidence", "normalised_margin"]

#: A probability this little under its class's threshold still counts as reaching it (rounding of a mean).
SLACK = 1e-6
#: Temperatures that ``calibrate`` tries first: the likelihood may have more than one peak.
TEMPERATURES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0)
GOLDEN = 0.6180339887498949
TINY = 1e-300
#: ``calibrate`` takes ``PRIOR (ln T)^2`` off the log-likelihood: with few rows T stays near 1, with thousands it is free.
PRIOR = 10.0
#: Rows from which ``calibrate`` learns its two numbers: evenly spaced ones when there are more.
CALIBRATED = 20_000


def class_thresholds(probabilities: Array, given: Array) -> Array:
    """``t_j``: the mean of ``p(j|x)`` over the rows labelled j, ``(k,)``; 2 (never reached) for a class without rows."""
    import numpy

    classes = probabilities.shape[1]
    own = probabilities[numpy.arange(len(given)), given]
    counts = numpy.bincount(given, minlength=classes)
    sums = numpy.bincount(given, weights=own, minlength=classes)
    return numpy.where(counts > 0, sums / numpy.maximum(counts, 1), 2.0)


def confident_guess(probabilities: Array, given: Array) -> Array:
    """The class that each row confidently belongs to, ``(n,)``: the likeliest among those whose threshold it reaches; -1
    where it reaches none."""
    import numpy

    reached = probabilities >= class_thresholds(probabilities, given) - SLACK
    guess = numpy.where(reached, probabilities, -1.0).argmax(axis=1)
    return numpy.where(reached.any(axis=1), guess, -1)


def confident_joint(probabilities: Array, given: Array) -> Array:
    """Counts ``C[given label, true label]`` over the confident rows, ``(k, k)`` int64; its diagonal is at least 1."""
    import numpy

    classes = probabilities.shape[1]
    guess = confident_guess(probabilities, given)
    sure = guess >= 0
    cells = numpy.bincount(given[sure] * classes + guess[sure], minlength=classes * classes)
    joint = cells.reshape(classes, classes).astype(numpy.int64)
    numpy.fill_diagonal(joint, numpy.maximum(joint.diagonal(), 1))
    return joint


def calibrated_joint(probabilities: Array, given: Array) -> Array:
    """The confident joint scaled so that each row adds up to the number of rows with that given label (the paper's
    equation 3, times n), rounded to whole numbers with the row sums kept; ``(k, k)`` int64."""
    import numpy

    joint = confident_joint(probabilities, given).astype(float)
    counts = numpy.bincount(given, minlength=len(joint))
    return _rounded(joint / joint.sum(axis=1, keepdims=True) * counts[:, None])


def label_errors(probabilities: Array, given: Array, rule: Rule = "noise_rate") -> Array:
    """Which rows are taken to be mislabelled, ``(n,)`` bool.

    ``noise_rate``: for each pair of classes, as many as the calibrated joint says, largest ``p(other) - p(given)`` first.
    ``class``: for each class, as many as its row of the joint has off the diagonal, least ``p(given)`` first. ``both``:
    those that both choose. ``confident``: the rows counted off the diagonal. ``any``: all. By any rule a row whose label
    is the likeliest one is not chosen, and by the first two a class keeps one row at least. Among equals the earlier row
    goes first.
    """
    import numpy

    own = probabilities[numpy.arange(len(given)), given]
    if rule == "any":
        chosen: Array = numpy.ones(len(given), bool)
    elif rule == "confident":
        guess = confident_guess(probabilities, given)
        chosen = (guess >= 0) & (guess != given)
    else:
        removed = _keep_one(calibrated_joint(probabilities, given))
        chosen = numpy.zeros(len(given), bool)
        by_class = numpy.zeros(len(given), bool)
        for label in numpy.flatnonzero(numpy.bincount(given, minlength=len(removed)) > 1).tolist():
            members = numpy.flatnonzero(given == label)
            wrong = removed[label].copy()
            wrong[label] = 0
            by_class[members[numpy.argsort(own[members], kind="stable")[: wrong.sum()]]] = True
            if rule == "class":
                continue
            for other in numpy.flatnonzero(wrong).tolist():
                margin = probabilities[members, other] - own[members]
                chosen[members[numpy.argsort(-margin, kind="stable")[: wrong[other]]]] = True
        if rule == "class":
            chosen = by_class
        elif rule == "both":
            chosen &= by_class
    chosen &= own < probabilities.max(axis=1)
    return chosen


def label_quality(probabilities: Array, given: Array, ranking: Ranking = "self_confidence") -> Array:
    """How well the given label fits, ``(n,)``, 0 to 1, the worst rows lowest.

    ``self_confidence`` is ``p(given|x)``; ``normalised_margin`` is ``(p(given|x) - max p(other|x) + 1) / 2``.
    """
    import numpy

    own: Array = probabilities[numpy.arange(len(given)), given]
    if ranking == "self_confidence":
        return own
    margin: Array = own - likeliest_other(probabilities, given)[1]
    return (margin + 1.0) / 2.0


def likeliest_other(probabilities: Array, given: Array) -> tuple[Array, Array]:
    """The likeliest class that is not the given one, and its probability: ``(n,)`` each."""
    import numpy

    rest = probabilities.copy()
    rows = numpy.arange(len(given))
    rest[rows, given] = -1.0
    other = rest.argmax(axis=1)
    return other, numpy.maximum(rest[rows, other], 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``temperature`` that the classifier's probabilities need (over 1: it was too sure), and ``noise``, the share of
    wrong given labels."""

    temperature: float
    noise: float


def calibrate(probabilities: Array, given: Array) -> Calibration:
    """The temperature T and the noise e under which the given labels are likeliest.

    The model: the true label is drawn from ``q = softmax(log p / T)``; with chance ``e``, at most a half, the given label
    is another one, all others alike: ``P(given y | x) = (1 - e) q_y + e (1 - q_y) / (k - 1)``. For each T the best e is
    found exactly (the log-likelihood is concave in it); T by a grid of ``TEMPERATURES`` and a golden section around the
    best of them, with a weak prior around 1. Learnt from at most ``CALIBRATED`` rows; without rows T is 1 and e 0.
    """
    import numpy

    rows = slice(None, None, max(1, -(-len(given) // CALIBRATED)))
    logits, labels = numpy.log(numpy.maximum(probabilities[rows], 1e-12)), given[rows]
    if not len(labels):
        return Calibration(1.0, 0.0)

    def fit(logarithm: float) -> tuple[float, float]:
        """(mean log-likelihood with T's prior, e) at T = exp(logarithm)."""
        own = _sharpened(logits, float(numpy.exp(logarithm)))[numpy.arange(len(labels)), labels]
        slope = (1.0 - own) / (probabilities.shape[1] - 1) - own
        low, high = 0.0, 0.5
        for _ in range(30):
            middle = (low + high) / 2.0
            rising = float((slope / numpy.maximum(own + middle * slope, TINY)).sum()) > 0.0
            low, high = (middle, high) if rising else (low, middle)
        likely = float(numpy.log(numpy.maximum(own + low * slope, TINY)).mean())
        return likely - PRIOR * logarithm * logarithm / len(labels), low

    grid = numpy.log(numpy.array(TEMPERATURES))
    best = int(numpy.argmax([fit(point)[0] for point in grid]))
    low, high = float(grid[max(0, best - 1)]), float(grid[min(len(grid) - 1, best + 1)])
    for _ in range(10):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (left, high) if fit(right)[0] > fit(left)[0] else (low, right)
    point = (low + high) / 2.0
    return Calibration(float(numpy.exp(point)), fit(point)[1])


def posterior(probabilities: Array, given: Array, calibration: Calibration) -> Array:
    """``P(true label | text, given label)``, ``(n, k)``, rows adding up to 1, under the model of ``calibrate``: the
    sharpened probabilities times ``1 - e`` at the given label and ``e / (k - 1)`` elsewhere."""
    import numpy

    classes = probabilities.shape[1]
    belief = sharpened(probabilities, calibration.temperature)
    rows = numpy.arange(len(given))
    own = belief[rows, given] * (1.0 - calibration.noise)
    belief *= calibration.noise / (classes - 1)
    belief[rows, given] = own
    belief /= numpy.maximum(belief.sum(axis=1, keepdims=True), TINY)
    return belief


def sharpened(probabilities: Array, temperature: float) -> Array:
    """``softmax(log p / T)``, ``(n, k)``."""
    import numpy

    return _sharpened(numpy.log(numpy.maximum(probabilities, 1e-12)), temperature)


def _sharpened(logits: Array, temperature: float) -> Array:
    import numpy

    scaled = logits / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    numpy.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def _rounded(matrix: Array) -> Array:
    """Whole numbers nearest to ``matrix`` with every row's (whole) sum kept: the largest remainders are rounded up."""
    import numpy

    floor = numpy.floor(matrix + 1e-9)
    missing = numpy.rint(matrix.sum(axis=1) - floor.sum(axis=1)).astype(int)
    order = numpy.argsort(-(matrix - floor), axis=1, kind="stable")
    place = numpy.empty_like(order)
    numpy.put_along_axis(place, order, numpy.arange(matrix.shape[1])[None, :], axis=1)
    whole: Array = (floor + (place < missing[:, None])).astype(numpy.int64)
    return whole


def _keep_one(joint: Array) -> Array:
    """The calibrated joint with a diagonal of at least 1 wherever the class has rows: what is added there is taken
    evenly from the class's other counts."""
    import numpy

    short = numpy.flatnonzero((joint.diagonal() < 1) & (joint.sum(axis=1) > 0))
    if not len(short):
        return joint
    kept = joint.astype(float)
    for label in short.tolist():
        others = numpy.flatnonzero(joint[label])
        kept[label, others] -= 1.0 / len(others)
        kept[label, label] = 1.0
    return _rounded(kept)
