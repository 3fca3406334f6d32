"""Complement naive Bayes on TF-IDF rows: a second learner that is trained in one pass, with other mistakes than the first.

Rennie, Shih, Teevan, Karger, *Tackling the poor assumptions of naive Bayes text classifiers*, ICML 2003: the weight of a
feature for a class is minus the logarithm of its share in all *other* classes. Equal to scikit-learn's
``ComplementNB(alpha=1, norm=False)``; kept here because soft labels are trained on as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Added to every count (Laplace).
ALPHA = 1.0


def fit_complement(rows: csr_matrix, targets: Array) -> Array:
    """Weights ``(v, k)`` float64 of ``rows`` (n, v), not negative, and ``targets`` (n, k): how much of each row's weight is
    on each class. Scores are ``rows @ weights``; the highest one is the prediction."""
    import numpy

    counts = numpy.asarray(rows.T @ targets, numpy.float64)
    others = counts.sum(axis=1, keepdims=True) - counts + ALPHA
    found: Array = -numpy.log(others / others.sum(axis=0, keepdims=True))
    return found


def probabilities(rows: csr_matrix, weights: Array) -> Array:
    """``(n, k)`` float64, the softmax of the scores: their order is the prediction's, their size is not to be trusted."""
    import numpy

    scores = numpy.asarray(rows @ weights, numpy.float64)
    scores -= scores.max(axis=1, keepdims=True)
    numpy.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
