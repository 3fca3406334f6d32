"""Data sets of unequal size compared at one size and on one scale."""

from __future__ import annotations

import gc

import pytest

from tests.evaluate.samples import rows
from tests.evaluate.test_diversity_intervals import made_up
from workbench.errors import UsageError
from workbench.evaluate.base import SIZE_DEPENDENT, Material, evaluate
from workbench.evaluate.corpus import text_map
from workbench.evaluate.rarefied import at_size, common_scale


def material(size: int, seed: int = 0) -> Material:
    return Material(rows(*((text, None) for text in made_up(size, seed, words=300))))


def test_a_set_drawn_down_has_the_value_of_a_small_one() -> None:
    large, small = material(1_200, 1), material(120, 2)
    names = ["diversity.distinct_2", "diversity.vocabulary", "diversity.self_bleu"]
    drawn, own, whole = at_size(large, names, 120), evaluate(small, names), evaluate(large, names)
    for name in names:
        assert drawn[name].low < own[name].value < drawn[name].high or (
            abs(drawn[name].value - own[name].value) < abs(whole[name].value - own[name].value) / 5
        )
        assert drawn[name].details["draws"] == 5
        assert drawn[name].details["drawn_from"] == 1_200


def test_the_mean_of_five_draws_is_surer_than_one() -> None:
    one, five = (at_size(material(size), ["diversity.distinct_1"], 150)["diversity.distinct_1"] for size in (150, 750))
    assert five.high - five.low < 0.6 * (one.high - one.low)


def test_at_its_own_size_a_set_is_taken_whole() -> None:
    data = material(80)
    names = ["diversity.distinct_1", "diversity.vendi"]
    assert at_size(data, names, 80)["diversity.vendi"].value == pytest.approx(evaluate(data, names)[names[1]].value)


def test_every_size_dependent_metric_can_be_drawn_down() -> None:
    found = at_size(material(130), SIZE_DEPENDENT, 60)
    assert set(found) == set(SIZE_DEPENDENT)
    assert all(metric.value is not None for metric in found.values())


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(UsageError, match="from 1 to 20"):
        at_size(material(20), ["diversity.distinct_1"], 21)


def test_two_sets_get_one_scale() -> None:
    first, second = material(50, 1), material(70, 2)
    common_scale([first, second])
    assert text_map(first) is text_map(second)
    with pytest.raises(UsageError, match="each on its own scale"):
        common_scale([first, material(10)])


def test_a_text_that_stands_in_several_sets_counts_once() -> None:
    names = ["diversity.aps", "diversity.vendi"]
    values = []
    for more in (0, 3):
        first, second = material(60, 1), material(60, 2)
        common_scale([first, second, *(material(60, 2) for _ in range(more))])
        values.append([evaluate(first, names)[name].value for name in names])
    assert values[0] == pytest.approx(values[1])


def test_kinds_found_among_the_seeds_stay_when_a_set_is_drawn_down() -> None:
    data = Material(material(90).samples, seeds=material(60, 5).samples)
    found = at_size(data, ["diversity.cluster_coverage"], 45)["diversity.cluster_coverage"]
    whole = evaluate(data, ["diversity.cluster_coverage"])["diversity.cluster_coverage"]
    assert whole.details["source"] == "seeds"
    assert found.value is not None
    assert found.details["draws"] == 2


def test_a_map_that_several_sets_share_does_not_hold_what_is_done_with() -> None:
    one, other = material(60), material(60, 1)
    common_scale([one, other])
    rows_of = text_map(other)
    for data in (one, other):
        evaluate(data, ["diversity.vendi"])
    before = rows_of.held
    del data, one
    gc.collect()
    assert (before, rows_of.held) == (2, 1)
