"""A judge beside people: agreement beyond chance, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.learn.two_raters import two_raters


def test_kappa_by_hand() -> None:
    # 20 of 25 and 15 of 25 yes in 50: Cohen's kappa is (.7 - .5) / (1 - .5) = .4, the textbook's table (20, 5, 10, 15).
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    found = two_raters(first, second)
    assert (found.items, found.agreeing, found.share) == (50, 35, 0.7)
    assert found.kappa.value == pytest.approx(0.4)
    # Wilson's 35 of 50 is .5625 to .8090; each end less .5, over .5.
    assert (found.ends.low, found.ends.high) == pytest.approx((0.5625, 0.8090), abs=5e-5)
    assert (found.kappa.low, found.kappa.high) == pytest.approx((0.1250, 0.6180), abs=1e-4)


def test_complete_agreement_is_not_certain() -> None:
    found = two_raters([True] * 15 + [False] * 15, [True] * 15 + [False] * 15)
    assert found.kappa.value == 1
    assert found.kappa.low == pytest.approx(0.773, abs=1e-3)  # Wilson's 30 of 30 begins at .8865
    assert found.kappa.high == 1


def test_one_value_throughout_says_nothing() -> None:
    found = two_raters(["a", "a"], ["a", "a"])
    assert found.kappa.value is None
    assert found.kappa.reason
    assert found.share == 1


def test_three_values_as_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    random = np.random.default_rng(3)
    first = random.choice(["first", "second", "tie"], 80, p=[0.5, 0.3, 0.2]).tolist()
    second = [one if random.random() < 0.6 else "tie" for one in first]
    found = two_raters(first, second)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def test_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="same items"):
        two_raters([1], [1, 2])


@pytest.mark.parametrize(("table", "n"), [([0.75, 0.05, 0.05, 0.15], 60), ([0.8, 0.02, 0.02, 0.16], 60)])
def test_the_interval_of_kappa_covers(table: list[float], n: int) -> None:
    both, one, other, neither = table
    yes, also = both + one, both + other
    chance = yes * also + (1 - yes) * (1 - also)
    true = (both + neither - chance) / (1 - chance)
    random = np.random.default_rng(0)
    hits, runs = 0, 400
    for counts in random.multinomial(n, table, runs).tolist():
        first = [True] * (counts[0] + counts[1]) + [False] * (counts[2] + counts[3])
        second = [True] * counts[0] + [False] * counts[1] + [True] * counts[2] + [False] * counts[3]
        kappa = two_raters(first, second).kappa
        assert kappa.low is not None
        assert kappa.high is not None
        hits += kappa.low <= true <= kappa.high
    assert hits / runs >= 0.92  # 400 runs of a true 95 % fall below .92 once in 300
