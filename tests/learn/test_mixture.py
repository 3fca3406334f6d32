from __future__ import annotations

import numpy
import pytest
from sklearn.mixture import GaussianMixture

from workbench.learn.mixture import Mixture, fit_mixture


def test_two_heaps_by_hand() -> None:
    # The heaps are far apart: each value belongs to its own with probability 1, so that means and variances are theirs.
    found = fit_mixture(numpy.array([0.0, 0.2, 9.0, 9.1, 9.2, 9.3]), floor=0.01)
    assert found.weights.tolist() == pytest.approx([1 / 3, 2 / 3])
    assert found.means.tolist() == pytest.approx([0.1, 9.15])
    assert found.variances.tolist() == pytest.approx([0.01 + 0.01, 0.0125 + 0.01])
    assert found.low(numpy.array([0.3, 9.0])).tolist() == pytest.approx([1.0, 0.0])
    assert found.converged


def test_chance_of_the_lower_component_by_hand() -> None:
    alike = Mixture(numpy.array([0.5, 0.5]), numpy.array([0.0, 2.0]), numpy.array([1.0, 1.0]), True, 1)
    # log odds = ((x - 2)^2 - x^2) / 2 = 2 - 2x: even at 1, e^2 to 1 at 0.
    assert alike.low(numpy.array([1.0, 0.0])).tolist() == pytest.approx([0.5, 1 / (1 + numpy.exp(-2.0))])
    more_low = Mixture(numpy.array([0.9, 0.1]), numpy.array([0.0, 2.0]), numpy.array([1.0, 1.0]), True, 1)
    assert more_low.low(numpy.array([1.0])).tolist() == pytest.approx([0.9])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_agrees_with_scikit_learn(seed: int) -> None:
    draw = numpy.random.default_rng(seed)
    values = numpy.concatenate([draw.normal(0.1, 0.05, 400), draw.normal(0.6, 0.2, 150)])
    ours = fit_mixture(values, floor=5e-4, tolerance=1e-9, most=5_000)
    theirs = GaussianMixture(2, reg_covar=5e-4, tol=1e-9, max_iter=5_000, n_init=3, random_state=0).fit(values[:, None])
    order = theirs.means_.ravel().argsort()
    assert ours.means == pytest.approx(theirs.means_.ravel()[order], abs=1e-4)
    assert ours.variances == pytest.approx(theirs.covariances_.ravel()[order], abs=1e-4)
    assert ours.weights == pytest.approx(theirs.weights_[order], abs=1e-3)
    assert ours.low(values) == pytest.approx(theirs.predict_proba(values[:, None])[:, order[0]], abs=1e-3)


def test_equal_values_and_too_few() -> None:
    same = fit_mixture(numpy.full(5, 0.3))
    assert numpy.isfinite(same.low(numpy.array([0.3, 0.9]))).all()
    with pytest.raises(ValueError, match="needs two values"):
        fit_mixture(numpy.array([1.0]))
