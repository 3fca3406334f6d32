"""Rankings from duels: worked by hand, against scipy's optimiser, and where duels alone have no answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from workbench.learn.bradley_terry import PRIOR, bradley_terry


def drawn(strengths: list[float], duels: int, seed: int, ties: float = 0.0) -> list[tuple[int, int, float]]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(duels):
        i, j = random.choice(len(strengths), 2, replace=False).tolist()
        won = random.random() < 1 / (1 + math.exp(strengths[j] - strengths[i]))
        found.append((i, j, 0.5 if random.random() < ties else float(won)))
    return found


def test_two_contenders_by_hand() -> None:
    # 6 of 8: log(3) between them. Surprises: 6 of 1/4 and 2 of 3/4, squares 1.5; times 8/7 for the few duels, and one more
    # duel of 3/16. Information 8 * 3/16 = 1.5. A strength is half of the gap.
    ranking = bradley_terry(2, [(0, 1, 1.0)] * 6 + [(1, 0, 1.0)] * 2)
    assert ranking.strengths == pytest.approx((math.log(3) / 2, -math.log(3) / 2))
    assert ranking.probabilities[0][1] == pytest.approx(0.75)
    half = 1.959964 * math.sqrt(1.5 * 8 / 7 + 3 / 16) / 1.5 / 2
    assert ranking.high[0] - ranking.strengths[0] == pytest.approx(half, rel=1e-5)
    assert ranking.prior == 0
    assert not ranking.note


def test_strengths_are_the_most_likely_ones() -> None:
    duels = drawn([0.8, 0.1, 0.0, -0.2, -0.7], 600, seed=1, ties=0.2)

    def loss(free: np.ndarray) -> float:
        s = np.append(free, 0.0)
        return sum(w * np.log1p(np.exp(s[j] - s[i])) + (1 - w) * np.log1p(np.exp(s[i] - s[j])) for i, j, w in duels)

    best = np.append(minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x, 0.0)
    assert bradley_terry(5, duels).strengths == pytest.approx(tuple(best - best.mean()), abs=1e-6)


def test_hunters_example_of_an_mm_step_ends_at_the_same_place() -> None:
    """The minorisation of Hunter (2004): gamma_i = wins_i / sum_j n_ij / (gamma_i + gamma_j), repeated."""
    duels = drawn([0.5, 0.0, -0.5], 200, seed=4)
    wins = np.zeros((3, 3))
    for i, j, score in duels:
        wins[i, j] += score
        wins[j, i] += 1 - score
    gamma = np.ones(3)
    for _ in range(3000):
        gamma = wins.sum(axis=1) / ((wins + wins.T) / (gamma[:, None] + gamma[None, :])).sum(axis=1)
    assert bradley_terry(3, duels).strengths == pytest.approx(tuple(np.log(gamma) - np.log(gamma).mean()), abs=1e-6)


def test_a_draw_is_half_a_win_for_each() -> None:
    drawn_once = bradley_terry(2, [(0, 1, 1.0), (1, 0, 1.0), (0, 1, 0.5)])
    assert drawn_once.strengths == pytest.approx((0.0, 0.0))
    # All draws: nothing varies but the one more duel, of variance 1/4 against an information of 60/4.
    assert bradley_terry(2, [(0, 1, 0.5)] * 60).high[0] == pytest.approx(1.959964 * 0.5 / 15 / 2, rel=1e-5)


def test_who_never_lost_has_a_finite_strength_and_a_note() -> None:
    ranking = bradley_terry(3, [(0, 1, 1.0)] * 20 + [(0, 2, 1.0)] * 20 + [(1, 2, 1.0), (2, 1, 1.0)] * 10)
    assert ranking.connected
    assert ranking.prior == PRIOR
    assert "never lost" in ranking.note
    assert ranking.order[0] == 0
    assert math.isfinite(ranking.strengths[0])
    assert ranking.tiers == ((0,), (1, 2))
    assert ranking.ranks == ((1, 1), (2, 3), (2, 3))


def test_contenders_who_never_met_are_not_connected() -> None:
    ranking = bradley_terry(4, [(0, 1, 1.0), (1, 0, 1.0)] * 30 + [(2, 3, 1.0), (3, 2, 1.0)] * 30)
    assert not ranking.connected
    assert "never met" in ranking.note
    assert ranking.tiers == ((0, 1, 2, 3),)


def test_equal_contenders_stand_in_one_tier_and_better_ones_above() -> None:
    ranking = bradley_terry(3, drawn([1.0, 0.0, 0.0], 900, seed=2))
    assert ranking.tiers[0] == (0,)
    assert set(ranking.tiers[1]) == {1, 2}
    assert ranking.p[1][2] > 0.05 > ranking.p[0][1]
    low, high = ranking.probability(0, 1)
    assert low < ranking.probabilities[0][1] < high


def test_duels_about_one_thing_count_as_one() -> None:
    once = drawn([0.4, 0.0], 100, seed=3)
    three_judges = [duel for duel in once for _ in range(3)]
    units = [place for place in range(100) for _ in range(3)]
    alone, together = bradley_terry(2, once), bradley_terry(2, three_judges, units=units)
    assert together.strengths == pytest.approx(alone.strengths)
    assert together.high == pytest.approx(alone.high, rel=0.02)
    assert bradley_terry(2, three_judges).high[0] < alone.high[0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: bradley_terry(0, []),
        lambda: bradley_terry(2, [(0, 2, 1.0)]),
        lambda: bradley_terry(2, [(1, 1, 1.0)]),
        lambda: bradley_terry(2, [(0, 1, 2.0)]),
        lambda: bradley_terry(2, [(0, 1, 1.0)], units=[1, 2]),
    ],
)
def test_impossible_duels_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()  # type: ignore[operator]


def test_nobody_fought() -> None:
    ranking = bradley_terry(3, [])
    assert ranking.strengths == pytest.approx((0.0, 0.0, 0.0))
    assert ranking.tiers == ((0, 1, 2),)
    assert bradley_terry(1, []).order == (0,)
