"""Tests of differences: worked by hand, against scipy and statsmodels, and how often they cry wolf."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as theirs
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from workbench.learn.intervals import Interval
from workbench.learn.significance import (
    difference_of_estimates,
    difference_of_shares,
    holm,
    mcnemar,
    paired_permutation,
    standard_error,
)


def test_mcnemar_by_hand() -> None:
    # 1 against 5: (C(6,0) + C(6,1)) / 64 * 2 = 14/64; mid-p takes one C(6,1)/64 off.
    assert mcnemar(1, 5) == pytest.approx(14 / 64)
    assert mcnemar(1, 5, mid=True) == pytest.approx(8 / 64)
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


def test_permutation_of_right_and_wrong_is_mcnemar() -> None:
    a, b = [1.0] * 2 + [0.0] * 9 + [1.0] * 20, [0.0] * 2 + [1.0] * 9 + [1.0] * 20
    assert paired_permutation(a, b) == pytest.approx(mcnemar(2, 9))
    a, b = [1.0] * 20 + [0.0] * 36, [0.0] * 20 + [1.0] * 36
    assert paired_permutation(a, b, seed=3) == pytest.approx(mcnemar(20, 36), abs=0.01)


def test_permutation_equals_scipy_where_all_signs_are_counted() -> None:
    random = np.random.default_rng(5)
    a, b = random.normal(0, 1, 9), random.normal(0.6, 1, 9)
    found = stats.permutation_test((b, a), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf)
    assert paired_permutation(a.tolist(), b.tolist()) == pytest.approx(found.pvalue)


def test_permutation_is_seeded_and_never_sure() -> None:
    a, b = np.zeros(200), np.linspace(0.5, 1, 200)
    assert paired_permutation(a, b, seed=1) == 1 / 10_001
    mixed = np.random.default_rng(0).normal(0.1, 1, 200)
    assert paired_permutation(a, mixed, seed=1) == paired_permutation(a, mixed, seed=1)
    assert paired_permutation(a, a) == 1.0


def test_difference_of_shares_is_newcombes() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table II, method 10: 56/70 - 48/80: 0.0524 to 0.3339; 9/10 - 3/10: 0.1705 to
    # 0.8090; 10/10 - 0/20: 0.6791 to 1; 0/10 - 0/20: -0.1611 to 0.2775.
    for (a, n_a), (b, n_b), low, high in [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((0, 20), (10, 10), 0.6791, 1.0),
        ((0, 20), (0, 10), -0.1611, 0.2775),
    ]:
        assert difference_of_shares(a, n_a, b, n_b)[1:3] == pytest.approx((low, high), abs=5e-5)


def test_difference_of_shares_equals_statsmodels() -> None:
    gap = difference_of_shares(140, 200, 231, 300)
    assert gap[1:3] == pytest.approx(confint_proportions_2indep(231, 300, 140, 200, method="newcomb"))
    assert gap.p == pytest.approx(proportions_ztest([231, 140], [300, 200])[1])
    assert difference_of_shares(5, 5, 7, 7).p == 1.0


def test_welch_equals_scipy() -> None:
    random = np.random.default_rng(2)
    a, b = random.normal(0, 1, 25), random.normal(0.5, 3, 70)
    error_a, error_b = stats.sem(a), stats.sem(b)
    gap = difference_of_estimates(a.mean(), error_a, b.mean(), error_b, n_a=25, n_b=70)
    found = stats.ttest_ind(b, a, equal_var=False)
    assert gap.p == pytest.approx(found.pvalue)
    assert (gap.low, gap.high) == pytest.approx(tuple(found.confidence_interval()))


def test_estimates_without_sizes_are_normal() -> None:
    gap = difference_of_estimates(0.5, 0.03, 0.6, 0.04)
    # The error is 0.05: 0.1 is two of them.
    assert gap.p == pytest.approx(2 * stats.norm.sf(2))
    assert gap.low == pytest.approx(0.1 - 1.959964 * 0.05)
    assert difference_of_estimates(1.0, 0.0, 1.0, 0.0) == (0.0, 0.0, 0.0, 1.0)
    assert standard_error(Interval(gap.low, gap.high)) == pytest.approx(0.05)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mcnemar(-1, 3),
        lambda: holm([0.1, math.nan]),
        lambda: paired_permutation([1], [1, 2]),
        lambda: difference_of_shares(0, 0, 1, 2),
        lambda: difference_of_estimates(0, -1, 0, 1),
        lambda: difference_of_estimates(0, 1, 0, 1, n_a=1, n_b=5),
    ],
)
def test_impossible_calls_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()  # type: ignore[operator]


def test_no_difference_is_called_real_as_rarely_as_promised() -> None:
    """Two equal classifiers: mid-p is below 0.05 in about one of twenty comparisons, the exact test more rarely."""
    random = np.random.default_rng(0)
    tables = [random.multinomial(100, [0.2, 0.2, 0.6])[:2] for _ in range(600)]
    exact = np.mean([mcnemar(*map(int, table)) < 0.05 for table in tables])
    mid = np.mean([mcnemar(*map(int, table), mid=True) < 0.05 for table in tables])
    assert exact <= mid <= 0.07
    assert mid >= 0.03
