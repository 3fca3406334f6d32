"""Audits' intervals against hand-worked numbers, brute force and simulated audits that stop on a target."""

from __future__ import annotations

import math
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.audits import simulate
from workbench.learn import intervals
from workbench.learn.audits import PRIOR, Count, more, sequence, stratified, wilson


def test_wilson_of_60_looked_at():
    found = wilson(Count(10**9, 55, 5))  # from so many, as with replacement
    assert (round(found.low, 2), round(found.high, 2)) == (0.82, 0.96)
    assert found == pytest.approx(intervals.wilson(55, 60), abs=1e-6)


def test_wilson_of_a_small_population():
    # 60 of 100: n / (1 - 59/99) = 148.5 stands for n; Wilson's formula for 0.9 of 148.5, worked out by hand.
    found = wilson(Count(100, 54, 6))
    assert found == pytest.approx((0.8412, 0.9385), abs=0.0005)
    assert wilson(Count(100, 90, 10)) == (0.9, 0.9)
    assert wilson(Count(100)) == (0, 1)


def test_undecided_ones_may_be_right_or_wrong():
    plain, open_ = wilson(Count(1000, 45, 5)), wilson(Count(1000, 45, 5, 10))
    assert open_.low == wilson(Count(1000, 45, 15)).low < plain.low
    assert open_.high == wilson(Count(1000, 55, 5)).high
    assert sequence(Count(1000, 45, 5, 10)).low == sequence(Count(1000, 45, 15)).low
    assert sequence(Count(1000, 45, 5, 10)).high == sequence(Count(1000, 55, 5)).high


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data())
def test_the_sequence_is_the_ratio_of_prior_and_posterior(population, data):
    """Every number of right ones, tried one by one, by the definition in the paper."""
    right = data.draw(st.integers(0, population))
    wrong = data.draw(st.integers(0, population - right))

    def log_beta_binomial(k: int, n: int, a: float, b: float) -> float:
        def beta(x: float, y: float) -> float:
            return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

        return math.log(math.comb(n, k)) + beta(k + a, n - k + b) - beta(a, b)

    a, b = PRIOR
    kept = [
        k
        for k in range(right, population - wrong + 1)
        if log_beta_binomial(k, population, a, b)
        - log_beta_binomial(k - right, population - right - wrong, a + right, b + wrong)
        < math.log(1 / 0.05) + 1e-9
    ]
    assert sequence(Count(population, right, wrong)) == (kept[0] / population, kept[-1] / population)


@pytest.mark.parametrize(("population", "right"), [(150, 135), (3_000, 2_880)])
def test_audits_that_stop_on_a_target_hold_what_they_say(population, right):
    """The sequence holds the truth at every moment in 95 % of audits; Wilson's interval looked at again and again does not."""
    ours = [simulate(sequence, population, right, "claim", seed, most=120) for seed in range(150)]
    naive = [simulate(wilson, population, right, "claim", seed, most=120) for seed in range(150)]
    assert mean(always for _, always, _ in ours) >= 0.95
    assert mean(held for held, _, _ in ours) >= 0.95
    assert mean(always for _, always, _ in naive) < 0.93


def test_how_many_more():
    count = Count(100_000, 55, 5)
    extra = more(count, 0.03, wilson)
    assert 255 <= extra <= 275  # 0.917 * 0.083 * (1.96 / 0.03) ** 2 = 326 in all
    then = Count(100_000, round((60 + extra) * 55 / 60), round((60 + extra) * 5 / 60))
    assert wilson(then).half_width == pytest.approx(0.03, abs=0.0005)
    assert more(count, 0.03, sequence) > extra
    assert more(Count(100, 50, 50), 0.03, sequence) == 0
    assert more(Count(100, 20, 20), 0.001, wilson) == 60  # all of them


def test_several_labels_together():
    share, found = stratified([Count(900, 45, 5), Count(100, 10, 10)], always=False)
    assert share == pytest.approx(0.9 * 0.9 + 0.1 * 0.5)
    one, two = wilson(Count(900, 45, 5)), wilson(Count(100, 10, 10))
    assert found.low == pytest.approx(share - math.hypot(0.9 * (0.9 - one.low), 0.1 * (0.5 - two.low)))
    share, always = stratified([Count(900, 45, 5), Count(100, 10, 10)], always=True)
    assert always.low == pytest.approx(
        0.9 * sequence(Count(900, 45, 5), 0.025).low + 0.1 * sequence(Count(100, 10, 10), 0.025).low
    )
    assert stratified([Count(900, 45, 5), Count(100)], always=False)[0] is None
