"""A few people's words and many of a judge's: the share that both tell."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.learn.intervals import score_ends, wilson
from workbench.learn.prediction_powered import EXTRA, Powered, prediction_powered


def test_by_the_formula() -> None:
    people, judged, others = [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1, 1, 1, 0, 1]
    found = prediction_powered(people, judged, others)
    assert found is not None
    # All judged: 9 of 12, variance 12/11 * .1875; n / N = .5. The covariance is that of the other three.
    below = 1.5 * 12 / 11 * 0.1875
    weights = []
    for left_out in range(4):
        kept = [i for i in range(4) if i != left_out]
        together = np.cov([people[i] for i in kept], [judged[i] for i in kept], ddof=1)[0, 1]
        weights.append(min(1.0, max(0.0, together / below)))
    weight = float(np.mean(weights))
    assert found.weight == pytest.approx(weight)
    assert found.share == pytest.approx(weight * 0.75 + (np.array(people) - np.array(weights) * judged).mean())
    left = np.array(people) - weight * np.array(judged)
    variance = weight**2 * (8 / 7 * 0.1875) / 8 + (left.var(ddof=1) + weight * EXTRA / 3) / 4
    assert found.worth == pytest.approx((1 / 3) / variance)  # people alone: variance 1/3
    assert (found.low, found.high) == pytest.approx(score_ends(found.share, found.worth, 1.959964), abs=1e-6)


def test_a_judge_that_tells_nothing_has_no_weight() -> None:
    found = prediction_powered([1, 0, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1], [1] * 50)
    assert found is not None
    assert found.weight == 0
    assert found.share == pytest.approx(4 / 6)
    assert found.worth == pytest.approx(6)


def test_too_little_to_tell() -> None:
    assert prediction_powered([1], [1], [1, 0]) is None
    with pytest.raises(ValueError, match="decided"):
        prediction_powered([1, 0], [1], [1, 0])


def drawn(random: np.random.Generator, n: int, right: float, lenient: float, strict: float) -> tuple[list[int], ...]:
    """What people say of ``n`` samples, and a judge that lets ``lenient`` of the wrong pass and refuses ``strict``."""
    people = random.random(n) < right
    judged = np.where(people, random.random(n) >= strict, random.random(n) < lenient)
    return people.astype(int).tolist(), judged.astype(int).tolist()


def test_it_covers_where_the_judge_alone_does_not_and_is_shorter_than_people_alone() -> None:
    """600 data sets of which 85 % are right, by a judge who lets 60 % of the wrong ones pass."""
    random, runs, right = np.random.default_rng(5), 600, 0.85
    covered = by_judge = 0
    lengths: list[Powered] = []
    for _ in range(runs):
        people, judged = drawn(random, 100, right, 0.6, 0.02)
        _, others = drawn(random, 1_000, right, 0.6, 0.02)
        found = prediction_powered(people, judged, others)
        assert found is not None
        lengths.append(found)
        covered += found.low <= right <= found.high
        low, high = wilson(sum(others), len(others))
        by_judge += low <= right <= high
    assert 0.92 <= covered / runs <= 0.98
    assert by_judge == 0  # it says 92 %, surely
    assert np.mean([one.share for one in lengths]) == pytest.approx(right, abs=0.004)
    assert np.mean([one.worth for one in lengths]) > 110  # people's words of 100 samples are worth those of more
