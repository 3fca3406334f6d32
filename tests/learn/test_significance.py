"""Tests of differences: worked by hand, against scipy and statsmodels, and how often they cry wolf."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as theirs
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from workbench.learn.intervals import Interval, wilson
from workbench.learn.significance import apart, holm, mcnemar


def shares_apart(right_a: int, n_a: int, right_b: int, n_b: int) -> Interval:
    return apart(right_a / n_a, wilson(right_a, n_a), right_b / n_b, wilson(right_b, n_b))


def test_mcnemar_by_hand() -> None:
    # 1 against 5: (C(6,0) + C(6,1)) / 64 * 2 = 14/64.
    assert mcnemar(1, 5) == pytest.approx(14 / 64)
    assert mcnemar(0, 0) == mcnemar(7, 7) == 1.0


@pytest.mark.parametrize(("b", "c"), [(6, 16), (16, 6), (0, 9), (40, 61), (400, 470), (30_000, 30_600)])
def test_mcnemar_equals_statsmodels(b: int, c: int) -> None:
    assert mcnemar(b, c) == pytest.approx(theirs([[0, b], [c, 0]], exact=True).pvalue, rel=1e-7)


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.03, 0.04: 3 * 0.01, 2 * 0.03, and 0.04, which cannot be less than what stands before it.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


def test_holm_equals_statsmodels() -> None:
    ps = np.random.default_rng(0).random(40) ** 3
    assert holm(ps.tolist()) == pytest.approx(multipletests(ps, method="holm")[1])


def test_shares_with_wilsons_intervals_are_newcombes() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table II, method 10: 56/70 - 48/80: 0.0524 to 0.3339; 9/10 - 3/10: 0.1705 to
    # 0.8090; 10/10 - 0/20: 0.6791 to 1; 0/10 - 0/20: -0.1611 to 0.2775.
    for (a, n_a), (b, n_b), low, high in [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((0, 20), (10, 10), 0.6791, 1.0),
        ((0, 20), (0, 10), -0.1611, 0.2775),
    ]:
        assert shares_apart(a, n_a, b, n_b) == pytest.approx((low, high), abs=5e-5)


def test_shares_apart_equal_statsmodels() -> None:
    assert shares_apart(140, 200, 231, 300) == pytest.approx(
        confint_proportions_2indep(231, 300, 140, 200, method="newcomb")
    )


def test_equal_normal_errors_add_up_as_squares() -> None:
    # Ends 0.06 and 0.08 away on every side: 0.1 apart, give or take 0.1.
    found = apart(0.5, Interval(0.44, 0.56), 0.6, Interval(0.52, 0.68))
    assert found == pytest.approx((0.0, 0.2))


@pytest.mark.parametrize(
    "call",
    [
        lambda: mcnemar(-1, 3),
        lambda: holm([0.1, math.nan]),
    ],
)
def test_impossible_calls_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()  # type: ignore[operator]


def test_no_difference_is_called_real_as_rarely_as_promised() -> None:
    """Two equal classifiers: the exact test is below 0.05 in one of twenty comparisons at most, being cautious in fewer."""
    random = np.random.default_rng(0)
    tables = [random.multinomial(100, [0.2, 0.2, 0.6])[:2] for _ in range(600)]
    assert 0.01 <= np.mean([mcnemar(*map(int, table)) < 0.05 for table in tables]) <= 0.05
