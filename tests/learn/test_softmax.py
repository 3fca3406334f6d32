"""Logistic regression against scikit-learn's, its derivatives against finite differences."""

from __future__ import annotations

import numpy
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from workbench.learn.softmax import apply, fit, frequent_columns, loss_and_gradient, one_hot, pull_back


def data(n: int = 60, v: int = 7, k: int = 3, seed: int = 0) -> tuple[csr_matrix, numpy.ndarray, numpy.ndarray]:
    random = numpy.random.default_rng(seed)
    dense = random.normal(size=(n, v)) * (random.random((n, v)) < 0.5)
    labels = (dense[:, :k] + random.normal(scale=0.7, size=(n, k))).argmax(axis=1)
    return csr_matrix(dense), labels, random.uniform(0.1, 2.0, n)


def test_equals_scikit_learn() -> None:
    rows, labels, weights = data()
    ours = fit(rows, labels, weights, 0.25, tolerance=1e-9)
    theirs = LogisticRegression(C=4.0, tol=1e-10, max_iter=5000).fit(rows, labels, sample_weight=weights)
    assert ours.converged
    assert ours.parameters[:-1] == pytest.approx(theirs.coef_.T, abs=1e-5)
    assert ours.probabilities(rows) == pytest.approx(theirs.predict_proba(rows), abs=1e-6)
    dense = fit(rows.toarray(), labels, weights, 0.25, tolerance=1e-9)
    assert dense.parameters == pytest.approx(ours.parameters, abs=1e-5)


def test_two_classes_have_half_the_penalty_of_a_binary_model() -> None:
    """Logits +-a for a binary model's 2a: ``2 |a|^2`` against ``|2a|^2``, so that its C is 2 / l2."""
    rows, labels, weights = data(k=2)
    ours = fit(rows, labels, weights, 0.5, tolerance=1e-9)
    theirs = LogisticRegression(C=4.0, tol=1e-10, max_iter=5000).fit(rows, labels, sample_weight=weights)
    assert ours.probabilities(rows) == pytest.approx(theirs.predict_proba(rows), abs=1e-6)


def test_soft_targets_are_repeated_rows() -> None:
    rows = csr_matrix([[1.0], [0.0], [2.0]])
    soft = fit(rows, numpy.array([[0.75, 0.25], [0.5, 0.5], [0.0, 1.0]]), None, 0.1, tolerance=1e-10)
    twice = fit(rows[[0, 0, 1, 1, 2]], [0, 1, 0, 1, 1], numpy.array([0.75, 0.25, 0.5, 0.5, 1.0]), 0.1, tolerance=1e-10)
    assert soft.parameters == pytest.approx(twice.parameters, abs=1e-6)


def test_loss_by_hand() -> None:
    """One row x = 2 of class 0, logits (2 * 1 + 0, 2 * 0 + 1) = (2, 1): CE = ln(1 + e^-1); J = 3 CE + 0.5 / 2 * 1."""
    loss, gradient = loss_and_gradient(
        csr_matrix([[2.0]]), [0], numpy.array([3.0]), 0.5, numpy.array([[1.0, 0.0], [0.0, 1.0]])
    )
    assert loss == pytest.approx(3 * numpy.log(1 + numpy.exp(-1)) + 0.25)
    p = 1 / (1 + numpy.exp(-1))
    assert gradient == pytest.approx(
        numpy.array([[3 * 2 * (p - 1) + 0.5, 3 * 2 * (1 - p)], [3 * (p - 1), 3 * (1 - p)]])
    )


def test_gradient_and_curvature_against_finite_differences() -> None:
    rows, labels, weights = data(n=20, v=4)
    model = fit(rows, labels, weights, 0.3)
    curvature = model.curvature(rows, weights)
    random = numpy.random.default_rng(1)
    for _ in range(3):
        way = random.normal(size=model.parameters.shape)
        step = 1e-5
        ahead, slope_ahead = loss_and_gradient(rows, labels, weights, 0.3, model.parameters + step * way)
        back, slope_back = loss_and_gradient(rows, labels, weights, 0.3, model.parameters - step * way)
        at = loss_and_gradient(rows, labels, weights, 0.3, model.parameters)[1]
        assert float((at * way).sum()) == pytest.approx((ahead - back) / (2 * step), abs=1e-6)
        assert curvature.times(way) == pytest.approx((slope_ahead - slope_back) / (2 * step), abs=1e-5)


def test_solves_with_the_curvature() -> None:
    rows, labels, weights = data()
    model = fit(rows, labels, weights, 0.3)
    curvature = model.curvature(rows, weights)
    slopes = model.probabilities(rows) - one_hot(labels, 3)
    gradient = pull_back(rows, slopes)
    found = curvature.solve(gradient, 1e-10)
    assert curvature.times(found) == pytest.approx(gradient, abs=1e-7)
    size = gradient.size
    whole = numpy.array([curvature.times(unit.reshape(gradient.shape)).ravel() for unit in numpy.eye(size)])
    assert whole == pytest.approx(whole.T)
    exact = numpy.linalg.pinv(whole) @ gradient.ravel()
    # The same up to a number added to every intercept, which moves no probability.
    moved = apply(rows, found) - apply(rows, exact.reshape(gradient.shape))
    assert numpy.ptp(moved, axis=1) == pytest.approx(0.0, abs=1e-6)


def test_a_warm_start_needs_no_steps() -> None:
    rows, labels, weights = data()
    cold = fit(rows, labels, weights, 0.3)
    warm = fit(rows, labels, weights, 0.3, cold.parameters)
    assert cold.steps > 5
    assert warm.steps <= 1


def test_weights_of_zero_leave_a_row_out() -> None:
    rows, labels, _ = data(n=40)
    weights = numpy.ones(40)
    weights[20:] = 0.0
    kept = fit(rows[:20], labels[:20], None, 0.3, tolerance=1e-9)
    assert set(labels[:20].tolist()) == {0, 1, 2}
    assert fit(rows, labels, weights, 0.3, tolerance=1e-9).parameters == pytest.approx(kept.parameters, abs=1e-5)


def test_a_class_without_a_row_gets_no_probability() -> None:
    rows, labels, _ = data(k=2)
    found = fit(rows, labels, None, 0.3, classes=3).probabilities(rows)
    assert found.shape == (60, 3)
    assert found[:, 2].max() < 1e-4


def test_shapes_that_do_not_fit() -> None:
    rows, labels, weights = data()
    with pytest.raises(ValueError, match="60 rows but 59 targets"):
        fit(rows, labels[1:], None)
    with pytest.raises(ValueError, match="weights of shape"):
        fit(rows, labels, weights[1:])
    with pytest.raises(ValueError, match="start has shape"):
        fit(rows, labels, None, start=numpy.zeros((2, 2)))
    with pytest.raises(ValueError, match="not a finite number"):
        fit(csr_matrix([[numpy.nan], [1.0]]), [0, 1])


def test_frequent_columns() -> None:
    rows = csr_matrix([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0], [0.0, 5.0, 6.0]])
    assert frequent_columns(rows, 2).toarray().tolist() == [[2.0, 0.0], [3.0, 4.0], [5.0, 6.0]]
    assert frequent_columns(rows, 3) is rows
