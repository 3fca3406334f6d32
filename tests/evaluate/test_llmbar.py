"""The machinery of open evaluation finds what was put in: judges scripted from LLMBar's known answers."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.llmbar import DATA, STRENGTHS, better_and_worse, judged, longer, measured, right, tournament
from workbench.evaluate.open.standings import standings

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared data is not there")


@pytest.mark.parametrize(("accuracy", "bias"), [(0.9, 0.1), (0.7, 0.3)])
def test_accuracy_flips_and_bias_of_a_scripted_judge_are_found(accuracy: float, bias: float) -> None:
    comparison, duels = better_and_worse()
    draw = random.Random(3)
    found = measured(comparison, duels, list(judged(duels, right(accuracy, draw), bias, draw)))
    for (value, low, high), truth in (
        (found.accuracy, accuracy * (1 - bias) + bias / 2),
        (found.flips, bias),
        (found.position, (1 + bias) / 2),
    ):
        assert low <= truth <= high
        assert value == pytest.approx(truth, abs=0.1)
    assert found.win_rate == found.accuracy  # "better" wins where the judge is right


def test_contenders_of_known_strengths_are_ranked() -> None:
    comparison, duels = better_and_worse()
    draw = random.Random(0)
    meetings = tournament(duels, STRENGTHS, draw)
    comparison = replace(comparison, contenders=("a", "b", "c"))
    found = standings(comparison, meetings, list(judged(meetings, right(1.0, draw), 0.0, draw)))["judges"][0]
    rows = found["ranking"]
    assert [row["contender"] for row in rows] == [0, 1, 2]
    assert all(row["low"] < STRENGTHS[row["contender"]] < row["high"] for row in rows)
    assert found["ranked"]["tiers"] == [[0], [1], [2]]


def test_a_judge_that_takes_the_longer_output_is_little_better_than_a_coin_and_none_at_equal_length() -> None:
    comparison, duels = better_and_worse()
    found = measured(comparison, duels, list(judged(duels, longer, 0.0, random.Random(0))))
    better = sum(longer(duel) == duel.gold for duel in duels) + sum(longer(duel) == "tie" for duel in duels) / 2
    assert found.accuracy[0] == pytest.approx(better / 100)
    assert abs(found.at_equal_length[0] - 0.5) < abs(found.accuracy[0] - 0.5)
    assert found.at_equal_length[1] < 0.5 < found.at_equal_length[2]
