"""Win rates: swapped orders by hand, and length control where length explains everything, something or nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from workbench.learn.intervals import wilson
from workbench.learn.win_rate import SPREAD, length_controlled, win_rate


def test_a_duel_counts_a_half_where_the_verdict_turns_with_the_order() -> None:
    found = win_rate([(1, 1), (1, 1), (0, 0), (1, 0), (0, 1), (1, 0.5), (1, None), (None, None)])
    assert (found.n, found.wins, found.losses, found.ties) == (7, 3, 1, 3)
    assert found.value == pytest.approx(4.5 / 7)
    assert found.both == 6
    assert found.flips == pytest.approx(3 / 6)
    assert found.reversals == pytest.approx(2 / 6)
    # Per duel, how often what stood first won: .5 .5 .5 1 0 .75.
    assert found.first == pytest.approx(3.25 / 6)
    assert found.rough


def test_without_ties_it_is_wilsons_interval() -> None:
    found = win_rate([(1, 1)] * 45 + [(0, 0)] * 15)
    assert (found.low, found.high) == pytest.approx(wilson(45, 60))
    assert not found.rough


def test_a_judge_who_always_takes_the_first() -> None:
    found = win_rate([(1, 0)] * 80)
    assert found.value == 0.5
    assert found.flips == found.reversals == found.first == 1.0
    assert found.first_low is not None
    assert found.first_low > 0.9
    # Nothing varies, yet nobody knows beyond 80 duels.
    assert 0.47 < found.low < 0.5 < found.high < 0.53


def test_one_order_says_nothing_about_position() -> None:
    found = win_rate([(1, None)] * 30 + [(None, 0)] * 30)
    assert found.value == 0.5
    assert found.flips is found.first is None


@pytest.mark.parametrize("duels", [[], [(None, None)], [(0.7, 1)]])
def test_impossible_duels_are_refused(duels: list[tuple[float | None, float | None]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        win_rate(duels)


def lengths(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(200, 1000, n), random.integers(100, 900, n)


def test_where_length_explains_everything_nothing_is_left() -> None:
    # A is longer in 60 % of the duels; the longer answer wins nine times of ten, whoever gave it.
    a, b = [600] * 300 + [400] * 200, [500] * 500
    scores = ([1.0] * 9 + [0.0]) * 30 + ([0.0] * 9 + [1.0]) * 20
    found = length_controlled(scores, a, b)
    assert sum(scores) / 500 == pytest.approx(0.58)
    assert found.value == pytest.approx(0.5, abs=0.02)
    assert found.low < 0.5 < found.high
    assert found.slope_low > 2
    assert not found.rough


def test_where_the_longer_one_always_wins_the_rest_is_rough() -> None:
    a, b = lengths(400)
    assert length_controlled((a > b).astype(float), a, b).rough


def test_where_length_explains_nothing_the_win_rate_stays() -> None:
    a, b = lengths(400)
    scores = (np.random.default_rng(1).random(400) < 0.7).astype(float)
    found = length_controlled(scores, a, b)
    assert found.value == pytest.approx(scores.mean(), abs=0.01)
    assert found.slope_low < 0 < found.slope_high
    assert length_controlled(scores, a, a).value == pytest.approx((scores.sum() + 0.5) / 401)


def test_it_equals_scikit_learns_logistic_regression() -> None:
    """The drawn duel is two rows of weight 1/2; the normal prior of the slope is an L2 penalty on it alone."""
    a, b = lengths(150)
    scores = (np.random.default_rng(2).random(150) < 1 / (1 + np.exp(-(a - b) / 300))).astype(float)
    gaps = a - b
    x = np.append(np.tanh(gaps / gaps.std()), [0, 0])[:, None]
    model = LogisticRegression(C=SPREAD**2, tol=1e-10, max_iter=1000)
    model.fit(x, np.append(scores, [1, 0]), np.append(np.ones(150), [0.5, 0.5]))
    found = length_controlled(scores, a, b)
    assert found.slope == pytest.approx(model.coef_[0, 0], abs=1e-5)
    assert found.value == pytest.approx(1 / (1 + math.exp(-model.intercept_[0])), abs=1e-5)


def test_it_stays_finite_where_one_side_always_wins() -> None:
    a, b = lengths(60)
    found = length_controlled([1.0] * 60, a, b)
    assert 0.6 < found.low < 0.98 < found.value < found.high < 1
    assert found.rough
    assert length_controlled([1.0] * 60, a, b) == found


@pytest.mark.parametrize("call", [([], [], []), ([1.0], [2], [3, 4]), ([2.0], [2], [3])])
def test_impossible_lengths_are_refused(call: tuple[list[float], list[int], list[int]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        length_controlled(*call)
