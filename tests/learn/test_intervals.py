"""Intervals: worked numbers, reference implementations, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.metrics import f1_score

from benchmarks.coverage import SHARES, SIZES, exact
from workbench.learn.f1 import bootstrap_macro_f1, is_rough_macro, macro_f1, paired_macro_f1
from workbench.learn.intervals import (
    Interval,
    bootstrap,
    bootstrap_ratio,
    bounded_mean,
    is_rough,
    paired_bootstrap,
    wilson,
)


def test_wilson_of_an_audit_of_sixty() -> None:
    # z^2 = 3.84146; centre (0.916667 + 0.032012) / 1.064024 = 0.891596, half 1.842030 * 0.0392418 = 0.072285
    low, high = wilson(55, 60)
    assert low == pytest.approx(0.81931, abs=5e-5)
    assert high == pytest.approx(0.96388, abs=5e-5)


def test_wilson_equals_the_published_example() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81/263 -> 0.2553 to 0.3662; 15/148 -> 0.0624 to 0.1605;
    # 0/20 -> 0 to 0.1611; 1/29 -> 0.0061 to 0.1718.
    for successes, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_knows_nothing_before_the_first_trial() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        wilson(successes, n)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 400), st.integers(1, 400), st.floats(0.5, 0.999))
def test_wilson_surrounds_the_share_and_stays_in_range(successes: int, n: int, confidence: float) -> None:
    successes = min(successes, n)
    low, high = wilson(successes, n, confidence)
    assert 0 <= low <= successes / n <= high <= 1
    assert wilson(n - successes, n, confidence) == pytest.approx((1 - high, 1 - low))


def test_bootstrap_of_equal_values_has_no_width() -> None:
    assert bootstrap([0.25] * 12) == (0.25, 0.25)


def test_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(7).normal(3, 2, 2000)
    half = 1.96 * values.std() / math.sqrt(len(values))
    low, high = bootstrap(values, resamples=4000)
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_bootstrap_is_seeded() -> None:
    values = [0.0, 1.5, 1.0, 0.2, 1.0] * 20
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(values, seed=1, confidence=0.5) != bootstrap(values, seed=2, confidence=0.5)


def test_bootstrap_takes_a_statistic_of_drawn_positions() -> None:
    values = np.arange(101.0)
    low, high = bootstrap(lambda drawn: np.median(values[drawn], axis=1), len(values))
    assert 30 < low < 50 < high < 70


def test_bootstrap_does_not_depend_on_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [float(i % 3) for i in range(50)]
    whole = bootstrap(values)
    monkeypatch.setattr("workbench.learn.intervals._CHUNK", 120)
    assert bootstrap(values) == whole


@pytest.mark.parametrize(
    "call",
    [
        lambda: bootstrap([]),
        lambda: bootstrap(lambda drawn: drawn.mean(axis=1)),
        lambda: bootstrap([1.0], confidence=1.5),
        lambda: paired_bootstrap([1, 0], [1]),
        lambda: bootstrap_ratio([1, 0], [1]),
        lambda: macro_f1([], []),
        lambda: macro_f1(["a"], []),
    ],
)
def test_impossible_calls_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()  # type: ignore[operator]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1, max_size=60))
def test_macro_f1_equals_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    assert macro_f1(gold, predicted) == pytest.approx(f1_score(gold, predicted, average="macro", zero_division=0.0))


def test_macro_f1_interval_holds_the_value() -> None:
    gold = list("aabbcc") * 30
    predicted = list("aabbca") * 30
    low, high = bootstrap_macro_f1(gold, predicted)
    assert low < macro_f1(gold, predicted) < high


def test_answers_that_are_all_alike_still_have_an_interval_with_width() -> None:
    # Score intervals end where z^2 = n d (1 - d) / (1 - d)^2 ...: 3.8415 / 63.8415 for a share and a difference,
    # 1 + 3.8415 / 60 for a ratio.
    right, labels = [1] * 60, ["a", "b", "c"] * 20
    assert bootstrap(right) == wilson(60, 60) == pytest.approx((0.93983, 1.0), abs=1e-5)
    assert paired_bootstrap(right, right) == pytest.approx((-0.06017, 0.06017), abs=1e-5)
    assert bootstrap_ratio(right, right) == pytest.approx((1 / 1.064024, 1.064024), abs=1e-5)
    assert 0.93 < bootstrap_macro_f1(labels, labels).low < 0.96
    low, high = paired_macro_f1(labels, labels, labels)
    assert -0.07 < low < -0.02
    assert 0.02 < high < 0.07


def test_ratio_over_nothing_is_infinite_not_nan() -> None:
    assert bootstrap_ratio([0, 0], [0, 0]) == (0.0, math.inf)
    low, high = bootstrap_ratio([1, 1], [0, 0])
    assert low > 0
    assert math.isinf(high)
    assert bootstrap_ratio([2.0, 3.0], [0.0, 0.0]) == (math.inf, math.inf)


def likeliest(both: int, only_a: int, only_b: int, neither: int, ratio: float | None, gap: float) -> float:
    """The score statistic by a plain search over the shares that satisfy the hypothesis."""
    n = both + only_a + only_b + neither

    def shares(free: np.ndarray) -> list[float]:
        if ratio is None:
            first = float(free[0])
            return [float(free[1]), first, first + gap, 1 - 2 * first - gap - float(free[1])]
        b_only, together = float(free[0]), float(free[1])
        return [together, ratio * (together + b_only) - together, b_only, 1 - b_only - ratio * (together + b_only)]

    def loss(free: np.ndarray) -> float:
        chances = shares(free)
        if min(chances) <= 0:
            return 1e9
        return -sum(k * math.log(p) for k, p in zip((both, only_a, only_b, neither), chances, strict=True))

    start = np.array([0.12 + max(0.0, -gap), 0.5])
    found = shares(minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-12}).x)
    if ratio is None:
        return (only_b - only_a - n * gap) / math.sqrt(n * (found[1] + found[2] - gap**2))
    mean = both * (1 - ratio) + only_a - ratio * only_b
    variance = found[0] * (1 - ratio) ** 2 + found[1] + ratio**2 * found[2]
    return mean / math.sqrt(n * variance)


def test_the_ends_of_score_intervals_are_just_not_refused() -> None:
    """At both ends the test with the most likely shares gives exactly 1.96."""
    both, only_a, only_b, neither = 40, 9, 6, 5
    a, b = [1] * 49 + [0] * 11, [1] * 40 + [0] * 9 + [1] * 6 + [0] * 5
    low, high = paired_bootstrap(a, b)
    assert likeliest(both, only_a, only_b, neither, None, low) == pytest.approx(1.959964, abs=1e-4)
    assert likeliest(both, only_a, only_b, neither, None, high) == pytest.approx(-1.959964, abs=1e-4)
    low, high = bootstrap_ratio(a, b)
    assert likeliest(both, only_a, only_b, neither, low, 0) == pytest.approx(1.959964, abs=1e-4)
    assert likeliest(both, only_a, only_b, neither, high, 0) == pytest.approx(-1.959964, abs=1e-4)


def test_bounded_mean_is_wilson_for_right_and_wrong_and_narrower_with_draws() -> None:
    assert bounded_mean([1.0] * 55 + [0.0] * 5) == pytest.approx(wilson(55, 60))
    wide, narrow = bounded_mean([1.0, 0.0] * 50), bounded_mean([0.5] * 98 + [1.0, 0.0])
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low) > 0
    assert bounded_mean([]) == (0.0, 1.0)


def test_rough_is_what_stands_outside_of_the_checked_grid() -> None:
    assert not is_rough(60)
    assert not is_rough(60, 0.95)
    assert not is_rough(60, 3 / 60)
    assert is_rough(59, 0.7)
    assert is_rough(60, 0.96)
    assert is_rough(100, 1.0)
    assert not is_rough(1000, 0.99)
    assert is_rough_macro(["a", "b"] * 25)
    assert is_rough_macro([str(k) for k in range(10)] * 9)
    assert not is_rough_macro([str(k) for k in range(10)] * 10)


def test_wilson_holds_the_truth_as_often_as_it_says() -> None:
    """Exactly, by adding up the chances of all outcomes. One cell is 0.03 points too careful, 60 at 0.95 (97.03 %): a
    count less at either end would leave 92.4 % or less."""
    grid = {(n, share): exact(n, share) for n in SIZES for share in SHARES}
    outside = {place for place, cell in grid.items() if not 0.93 <= cell.coverage <= 0.97}
    assert outside == {(60, 0.95)}
    assert grid[60, 0.95].coverage == pytest.approx(0.9703, abs=5e-5)
    assert np.mean([cell.coverage for cell in grid.values()]) == pytest.approx(0.95, abs=0.003)


def test_wilson_holds_beyond_the_grid_wherever_it_is_not_called_rough() -> None:
    cells = [
        exact(n, share) for n in (60, 150, 1000) for share in np.linspace(0.5, 0.999, 40) if not is_rough(n, share)
    ]
    assert min(cell.coverage for cell in cells) > 0.92
    assert np.mean([0.93 <= cell.coverage <= 0.97 for cell in cells]) > 0.95


def test_paired_bootstrap_is_the_gain_from_a_to_b() -> None:
    a, b = [0, 1, 0, 1] * 50, [1, 1, 0, 1] * 50
    low, high = paired_bootstrap(a, b)
    assert low < 0.25 < high
    assert low > 0.15


def test_pairing_narrows_the_bar() -> None:
    random = np.random.default_rng(3)
    a = (random.random(400) < 0.7).astype(float)
    b = a.copy()
    b[:8] = 1.0
    paired = paired_bootstrap(a, b)
    alone = bootstrap(b)
    assert paired.high - paired.low < (alone.high - alone.low) / 3


def test_paired_gain_holds_the_truth_as_often_as_it_says() -> None:
    """Exactly: all tables of 60 rows of which a gets 0.8 and b 0.9 right, their answers correlated."""
    chances = [0.76, 0.04, 0.14, 0.06]
    covered = 0.0
    for only_a in range(13):
        for only_b in range(25):
            table = only_a, only_b, 60 - only_a - only_b
            chance = math.exp(
                math.lgamma(61)
                - sum(math.lgamma(k + 1) for k in table)
                + sum(k * math.log(p) for k, p in zip(table, (chances[1], chances[2], 0.82), strict=True))
            )
            a, b = [1] * only_a + [0] * only_b + [1] * table[2], [0] * only_a + [1] * only_b + [1] * table[2]
            low, high = paired_bootstrap(a, b)
            covered += chance * (low <= 0.1 <= high)
    assert 0.93 <= covered <= 0.97


def test_macro_f1_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    hits = 0
    for _ in range(300):
        gold = random.integers(0, 2, 60)
        predicted = np.where(random.random(60) < 0.95, gold, 1 - gold)
        low, high = bootstrap_macro_f1(gold.tolist(), predicted.tolist(), resamples=200)
        hits += low <= 0.95 <= high
    assert 0.92 <= hits / 300 <= 0.99
