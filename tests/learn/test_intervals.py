"""Intervals: worked numbers, reference implementations, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from workbench.learn.intervals import (
    Interval,
    bootstrap,
    bootstrap_accuracy,
    bootstrap_macro_f1,
    bootstrap_ratio,
    macro_f1,
    macro_f1_statistic,
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
    values = [0.0, 1.0, 1.0, 0.0, 1.0] * 20
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


def test_accuracy_interval_agrees_with_wilson() -> None:
    gold, predicted = ["a"] * 500, ["a"] * 430 + ["b"] * 70
    assert bootstrap_accuracy(gold, predicted) == pytest.approx(wilson(430, 500), abs=0.01)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1, max_size=60))
def test_macro_f1_equals_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    assert macro_f1(gold, predicted) == pytest.approx(f1_score(gold, predicted, average="macro", zero_division=0.0))


def test_every_resample_of_macro_f1_equals_scikit_learn() -> None:
    random = np.random.default_rng(0)
    gold = random.choice(list("abcdef"), 40)
    predicted = np.where(random.random(40) < 0.6, gold, random.choice(list("abcdef"), 40))
    statistic, size = macro_f1_statistic(gold.tolist(), predicted.tolist())
    drawn = random.integers(0, size, (25, size))
    theirs = [f1_score(gold[row], predicted[row], average="macro", zero_division=0.0) for row in drawn]
    assert statistic(drawn) == pytest.approx(theirs)


def test_macro_f1_interval_holds_the_value() -> None:
    gold = list("aabbcc") * 30
    predicted = list("aabbca") * 30
    low, high = bootstrap_macro_f1(gold, predicted)
    assert low < macro_f1(gold, predicted) < high


def test_ratio_of_the_same_answers_is_one() -> None:
    answers = [1, 0, 1, 1, 0, 1, 1, 1]
    assert bootstrap_ratio(answers, answers) == (1.0, 1.0)


def test_ratio_over_nothing_is_infinite_not_nan() -> None:
    low, high = bootstrap_ratio([1, 1], [0, 0])
    assert math.isinf(low)
    assert math.isinf(high)


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


def test_the_interval_of_accuracy_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    hits = 0
    for trial in range(200):
        low, high = bootstrap((random.random(150) < 0.8).astype(float), resamples=300, seed=trial)
        hits += low <= 0.8 <= high
    assert 0.88 <= hits / 200 <= 0.99
