"""Several sets side by side: what is tested, what is called best, and how often chance is called a difference."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from workbench.evaluate.base import Metric
from workbench.evaluate.contenders import LEVEL, best, only_size, side_by_side
from workbench.learn.significance import holm, mcnemar, two_sided

TESTS = 400


def accuracy(right: Sequence[bool]) -> dict[str, Metric]:
    """A benchmark whose predictions are right where ``right`` says so, over labels a and b."""
    gold = [place % 2 for place in range(len(right))]
    predicted = [code if ok else 1 - code for code, ok in zip(gold, right, strict=True)]
    share = sum(right) / len(right)
    details = {"test_ids": list(range(len(right))), "classes": ["a", "b"], "gold": gold, "predicted": predicted}
    return {"benchmark.accuracy": Metric("benchmark.accuracy", share, None, None, direction="higher", details=details)}


def number(
    value: float | None, half: float | None = 0.1, *, name: str = "diversity.x", rough: bool = False
) -> dict[str, Metric]:
    ends = (None, None) if value is None or half is None else (value - half, value + half)
    return {name: Metric(name, value, *ends, direction="higher", rough=rough)}


def test_accuracies_on_the_same_rows_get_mcnemars_test_and_holms_correction() -> None:
    a = accuracy([True] * 300 + [False] * 100)
    b = accuracy([True] * 340 + [False] * 60)
    c = accuracy([True] * 290 + [False] * 100 + [True] * 10)
    pairs = side_by_side([a, b, c])["benchmark.accuracy"]
    raw = [mcnemar(0, 40), mcnemar(10, 10), mcnemar(50, 10)]
    assert [(one.a, one.b) for one in pairs] == [(0, 1), (0, 2), (1, 2)]
    assert [one.p for one in pairs] == pytest.approx(holm(raw))
    assert [one.change for one in pairs] == pytest.approx([0.1, 0.0, -0.1])
    assert [one.verdict for one in pairs] == ["better", "unclear", "worse"]
    assert all(one.paired for one in pairs)
    assert best(pairs, 3) == 1


def test_a_paired_difference_of_few_rows_is_rough() -> None:
    base = [True] * 300 + [False] * 100
    for differing, rows, rough in ((6, 400, True), (7, 400, False), (20, 400, False), (20, 50, True)):
        other = [not right if place < differing else right for place, right in enumerate(base)]
        found = side_by_side([accuracy(base[:rows]), accuracy(other[:rows])])
        assert [one.rough for one in found["benchmark.accuracy"]] == [rough]
        assert found["benchmark.accuracy"][0].as_json()["rough"] is rough


def test_the_best_is_marked_only_where_it_beats_every_other_one() -> None:
    a, b, c = (accuracy([True] * n + [False] * (TESTS - n)) for n in (300, 340, 343))
    pairs = side_by_side([a, b, c])["benchmark.accuracy"]
    assert [one.verdict for one in pairs] == ["better", "better", "unclear"]
    assert best(pairs, 3) is None


def test_the_same_answers_are_the_same() -> None:
    (pair,) = side_by_side([accuracy([True, False] * 50), accuracy([True, False] * 50)])["benchmark.accuracy"]
    assert (pair.verdict, pair.change, pair.p) == ("same", 0, 1)


def test_other_intervals_are_put_together_as_of_independent_estimates() -> None:
    (pair,) = side_by_side([number(0.5, 0.03), number(0.6, 0.04)])["diversity.x"]
    assert (pair.low, pair.high) == pytest.approx((0.05, 0.15))  # 0.1 -+ sqrt(0.03^2 + 0.04^2)
    assert pair.p == pytest.approx(two_sided(1.959964 * 0.1 / 0.05))
    assert (pair.verdict, pair.paired) == ("better", False)


def test_without_an_interval_or_with_a_rough_one_nothing_is_called_better() -> None:
    for one, verdict in (
        (number(0.9, None), "changed"),
        (number(0.9, 0.01, rough=True), "unclear"),
        (number(None), "missing"),
    ):
        (pair,) = side_by_side([number(0.1, 0.01), one])["diversity.x"]
        assert (pair.verdict, pair.p) == (verdict, None)
        assert best([pair], 2) is None


def test_what_is_about_the_real_rows_is_not_tested() -> None:
    for name in ("benchmark.real_accuracy", "benchmark.ratio"):
        (pair,) = side_by_side([number(0.1, 0.01, name=name), number(0.9, 0.01, name=name)])[name]
        assert (pair.verdict, pair.p) == ("changed", None)


def test_a_difference_that_size_alone_makes_is_told_apart() -> None:
    pairs = side_by_side([number(0.50, 0.05), number(0.52, 0.05)])["diversity.x"]
    full = [number(0.50, 0.05)["diversity.x"], number(0.90, 0.05)["diversity.x"]]
    assert only_size(full, pairs) == [(0, 1)]
    assert only_size([None, full[1]], pairs) == []
    untested = side_by_side([number(0.50, 0.05), number(0.90, 0.05, rough=True)])["diversity.x"]
    assert only_size(full, untested) == []  # it differs at one size too, for all that is known


def false_alarms(rounds: int, contenders: int, metrics: int, seed: int) -> float:
    """The share of comparisons in which some metric of some pair is called different, where none is: benchmarks of equal
    classifiers on shared rows, and numbers whose intervals are right."""
    source, alarms = random.Random(seed), 0
    for _ in range(rounds):
        hard = [source.random() for _ in range(150)]
        found = []
        for _ in range(contenders):
            one = accuracy([source.random() < 0.6 + 0.3 * difficulty for difficulty in hard])
            for place in range(metrics):
                one |= number(source.gauss(0.5, 0.1 / 1.96), 0.1, name=f"diversity.m{place}")
            found.append(one)
        pairs = side_by_side(found, resamples=20)
        alarms += any(one.verdict in ("better", "worse", "changed") for ones in pairs.values() for one in ones)
    return alarms / rounds


def test_of_equal_contenders_hardly_ever_one_is_called_better() -> None:
    assert false_alarms(60, contenders=3, metrics=5, seed=1) <= 0.12  # at 5 %: more than 7 of 60 once in 70 tries


@pytest.mark.soak
def test_the_level_of_the_whole_family_holds() -> None:
    assert false_alarms(1500, contenders=3, metrics=12, seed=0) <= LEVEL + 0.015
