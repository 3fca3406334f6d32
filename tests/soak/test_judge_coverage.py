"""The intervals around a judge, simulated: kappa with people, and the share that people and judge tell together."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.learn.prediction_powered import prediction_powered
from workbench.learn.two_raters import two_raters

pytestmark = pytest.mark.soak

RUNS = 2_000


@pytest.mark.parametrize("n", [30, 60, 120])
@pytest.mark.parametrize(
    "table",
    [
        [0.75, 0.05, 0.05, 0.15],
        [0.6, 0.1, 0.1, 0.2],
        [0.4, 0.1, 0.1, 0.4],
        [0.8, 0.02, 0.02, 0.16],
        [0.85, 0.04, 0.05, 0.06],
    ],
)
def test_kappa_with_people(table: list[float], n: int) -> None:
    both, one, other, neither = table
    yes, also = both + one, both + other
    chance = yes * also + (1 - yes) * (1 - also)
    true = (both + neither - chance) / (1 - chance)
    hits = told = 0
    for counts in np.random.default_rng(0).multinomial(n, table, RUNS).tolist():
        first = [True] * (counts[0] + counts[1]) + [False] * (counts[2] + counts[3])
        second = [True] * counts[0] + [False] * counts[1] + [True] * counts[2] + [False] * counts[3]
        kappa = two_raters(first, second).kappa
        if kappa.low is None or kappa.high is None:  # both say the same throughout: no interval, and none is shown
            continue
        told += 1
        hits += kappa.low <= true <= kappa.high
    assert 0.94 <= hits / told <= 0.99


@pytest.mark.parametrize(
    ("audited", "others", "right", "lenient", "strict"),
    [
        (30, 70, 0.85, 0.6, 0.02),
        (30, 70, 0.9, 0.1, 0.05),
        (50, 100, 0.85, 0.3, 0.02),
        (60, 300, 0.9, 0.1, 0.05),
        (60, 300, 0.95, 0.2, 0.02),
        (60, 100, 0.85, 0.5, 0.5),
        (100, 100, 0.85, 0.6, 0.02),
        (100, 300, 0.9, 0.0, 0.0),
        (100, 1_000, 0.7, 0.2, 0.1),
    ],
)
def test_people_and_judge_together(audited: int, others: int, right: float, lenient: float, strict: float) -> None:
    """``lenient``: the share of wrong samples that the judge lets pass; ``strict``: of right ones that it refuses."""
    random = np.random.default_rng(1)

    def judged(people: np.ndarray) -> np.ndarray:
        passes = np.where(people, random.random(len(people)) >= strict, random.random(len(people)) < lenient)
        return passes.astype(float)

    hits, shares = 0, []
    for _ in range(RUNS):
        people, rest = random.random(audited) < right, random.random(others) < right
        found = prediction_powered(people.astype(float).tolist(), judged(people).tolist(), judged(rest).tolist())
        assert found is not None
        hits += found.low <= right <= found.high
        shares.append(found.share)
    assert 0.93 <= hits / RUNS <= 0.97
    assert np.mean(shares) == pytest.approx(right, abs=0.004)
