"""Influence against training again without the sample, and with a little more of it."""

from __future__ import annotations

import math

import numpy
import pytest
from scipy.sparse import csr_matrix

from workbench.learn.influence import (
    held_out_influences,
    influence,
    influences_on,
    validation_gradient,
    validation_loss,
)
from workbench.learn.softmax import Softmax, fit

L2 = 0.5


def data(n: int, seed: int, k: int = 3, v: int = 6, noise: float = 0.8) -> tuple[csr_matrix, numpy.ndarray]:
    random = numpy.random.default_rng(seed)
    dense = random.normal(size=(n, v))
    return csr_matrix(dense), (dense[:, :k] + random.normal(scale=noise, size=(n, k))).argmax(axis=1)


def test_reverse_cross_entropy_by_hand() -> None:
    """Logits (ln 3, 0) give p = (3/4, 1/4); label 1: - (3/4 * -4 + 1/4 * 0) = 3; label 0: - (1/4 * -4) = 1."""
    model = Softmax(numpy.array([[math.log(3), 0.0], [0.0, 0.0]]), 0.1)
    rows = csr_matrix([[1.0]])
    assert validation_loss(model, rows, numpy.array([1])) == pytest.approx(3.0)
    assert validation_loss(model, rows, numpy.array([0])) == pytest.approx(1.0)
    assert validation_loss(model, rows, numpy.array([0]), "cross-entropy") == pytest.approx(-math.log(0.75))
    # 4 p_y (p - e_y) with y = 1: 4 * 1/4 * (3/4, -3/4)
    gradient = validation_gradient(model, rows, numpy.array([1]))
    assert gradient == pytest.approx(numpy.array([[0.75, -0.75], [0.75, -0.75]]))


@pytest.mark.parametrize("loss", ["reverse", "cross-entropy"])
def test_validation_gradient_against_finite_differences(loss: str) -> None:
    rows, labels = data(12, 3)
    model = Softmax(numpy.random.default_rng(0).normal(size=(7, 3)), L2)
    weights = numpy.arange(1.0, 13.0)
    gradient = validation_gradient(model, rows, labels, loss, weights)  # type: ignore[arg-type]
    for place in [(0, 0), (3, 2), (6, 1)]:
        step = numpy.zeros((7, 3))
        step[place] = 1e-6
        ahead, back = Softmax(model.parameters + step, L2), Softmax(model.parameters - step, L2)
        one, other = (validation_loss(at, rows, labels, loss, weights) for at in (ahead, back))  # type: ignore[arg-type]
        assert gradient[place] == pytest.approx((one - other) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("loss", ["reverse", "cross-entropy"])
def test_influence_is_the_derivative_and_predicts_leaving_out(loss: str) -> None:
    rows, labels = data(40, 0)
    held = data(25, 1)
    weights = numpy.ones(40)

    def retrained(changed: numpy.ndarray) -> float:
        again = fit(rows, labels, changed, L2, model.parameters, tolerance=1e-9)
        return validation_loss(again, *held, loss)  # type: ignore[arg-type]

    model = fit(rows, labels, weights, L2, tolerance=1e-9)
    found = influence(model, model.curvature(rows, weights), rows, labels, held, loss, 1e-10)  # type: ignore[arg-type]
    whole = retrained(weights)
    without = []
    for place in range(40):
        left_out = weights.copy()
        left_out[place] = 0.0
        without.append(retrained(left_out) - whole)
    actual = -numpy.array(without)
    assert numpy.corrcoef(found, actual)[0, 1] > 0.96  # a whole sample is not yet a small step
    large = numpy.abs(actual) > numpy.abs(actual).mean()
    assert (numpy.sign(found[large]) == numpy.sign(actual[large])).all()
    for place in (0, 7, 21):
        more, less = weights.copy(), weights.copy()
        more[place] += 0.02
        less[place] -= 0.02
        assert found[place] == pytest.approx((retrained(more) - retrained(less)) / 0.04, rel=3e-3, abs=1e-6)


def test_flipped_labels_are_the_harmful_ones() -> None:
    rows, labels = data(300, 5, k=2, noise=0.1)
    flipped = numpy.arange(300) < 30
    noisy = numpy.where(flipped, 1 - labels, labels)
    found = held_out_influences(rows, noisy, L2)
    assert found.shape == (300,)
    assert found[flipped].mean() > 0 > found[~flipped].mean()
    assert held_out_influences(rows, noisy, L2).tolist() == found.tolist()
    worst = numpy.argsort(-found)[:30]
    assert flipped[worst].mean() > 0.5
    real_rows, real_labels = data(100, 6, k=2, noise=0.1)
    both = csr_matrix(numpy.vstack([rows.toarray(), real_rows.toarray()]))
    on_real = influences_on(both, noisy, real_labels.tolist(), L2)
    assert on_real[flipped].mean() > 0 > on_real[~flipped].mean()
