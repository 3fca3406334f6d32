"""FuseGen's adjustment worked by hand from its released code, and variability across models."""

from __future__ import annotations

import dataclasses
import math

import numpy
import pytest
from scipy.sparse import csr_matrix

from tests.curate.reviews import reviews
from workbench.curate.base import Context, parse_step
from workbench.errors import UsageError, WorkbenchError
from workbench.learn.fusegen import adjust, boost, cross_model_variability, default_beta, select_by_variability
from workbench.learn.softmax import fit


def test_one_round_by_hand() -> None:
    """github.com/LindaLydia/FuseGen, src/utils/weight_adjust.py, ``weight_decay``, type "error", beta 4, errors 1/2:
    right ones times 4^.5 = 2, wrong ones times 4^-.5 = 1/2; (2, 2, .5) sums to 4.5 and goes back to 3."""
    errors, correct = numpy.full(3, 0.5), numpy.array([True, True, False])
    found = adjust(numpy.ones(3), errors, correct, 4.0)
    assert found == pytest.approx([2 * 3 / 4.5, 2 * 3 / 4.5, 0.5 * 3 / 4.5])
    # type "errorOnlyWrong": (1, 1, .5) sums to 2.5
    assert adjust(numpy.ones(3), errors, correct, 4.0, only_wrong=True) == pytest.approx([1.2, 1.2, 0.6])


def test_beta_by_hand() -> None:
    """``beta = 1 + np.sqrt(max(1, 2 * np.log(N / T)))`` (the same file): N = 1,000, T = 30 as in run.sh."""
    assert default_beta(1000, 30) == pytest.approx(1 + math.sqrt(2 * math.log(1000 / 30)))
    assert default_beta(10, 10) == 2.0


def test_rounds_start_from_the_last_weights() -> None:
    seen: list[list[float]] = []

    def judge(weights: numpy.ndarray, turn: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        seen.append(weights.tolist())
        return numpy.array([0.75, 0.25]), numpy.array([True, False])

    weights, errors = boost(judge, 2, 2, beta=4.0)
    # sample 0 is right with e = 1/4, sample 1 wrong with e = 3/4: 4^.25 against 4^-.75, a ratio of 4 every round
    assert seen == [[1.0, 1.0], pytest.approx([1.6, 0.4])]
    assert weights == pytest.approx([2 * 16 / 17, 2 / 17])
    assert errors == pytest.approx([0.25, 0.75])


def test_wrong_labels_fade() -> None:
    items = reviews(200, wrong=30)
    found = list(parse_step("fusegen")[1].weigh(items, Context()))
    values = numpy.array([weight.value for weight in found])
    assert values.mean() == pytest.approx(1.0)
    assert values[:30].max() < 0.1
    assert found[0].reason.startswith("reduced: the classifier is wrong about it in 5 of 5 rounds, gives its label .0")
    assert list(parse_step("fusegen")[1].weigh(items, Context())) == found
    settled = [dataclasses.replace(items[0], settled=True), *items[1:]]
    kept = next(iter(parse_step("fusegen")[1].weigh(settled, Context())))
    assert (kept.value, kept.reason) == (1.0, "a person's label, not reduced; wrong in 5 of 5 rounds")


def test_judging_what_it_was_trained_on() -> None:
    items = reviews(60, wrong=0)
    found = [weight.value for weight in parse_step("fusegen:folds=1")[1].weigh(items, Context())]
    assert found == pytest.approx([1.0] * 60)  # nothing is wrong, so nothing changes
    both = list(parse_step("fusegen:folds=1,change=both")[1].weigh(items, Context()))
    assert numpy.ptp([weight.value for weight in both]) > 0.0
    easiest = min(both, key=lambda weight: weight.value)
    assert easiest.reason.startswith("reduced: the classifier is wrong about it in 0 of 5 rounds, gives its label .")
    assert easiest.reason.endswith("; less certain ones rise more")
    with pytest.raises(UsageError, match="beta should be at least 1"):
        parse_step("fusegen:beta=0.5")
    with pytest.raises(WorkbenchError, match="compares labels"):
        list(parse_step("fusegen")[1].weigh(items[::2], Context()))


def test_variability_across_models() -> None:
    """Both models' samples call the first word good and the second bad; the third is good to one, bad to the other."""
    words = csr_matrix(numpy.tile(numpy.eye(3), (40, 1)))
    models = ["one" if place < 60 else "other" for place in range(120)]
    labels = numpy.array([(1, 0, int(place < 60))[place % 3] for place in range(120)])
    confidence, variability = cross_model_variability(words, labels, models)
    third = numpy.arange(120) % 3 == 2
    assert variability[third].min() > 5 * variability[~third].max()
    assert confidence[third].max() < 0.6 < 0.9 < confidence[~third].min()
    # The definition: of two models the standard deviation (n - 1) is |p1 - p2| / sqrt 2, the mean (p1 + p2) / 2.
    first = fit(words[:60], labels[:60], None, 0.4).probabilities(words)[numpy.arange(120), labels]
    other = fit(words[60:], labels[60:], None, 0.4).probabilities(words)[numpy.arange(120), labels]
    assert variability == pytest.approx(numpy.abs(first - other) / math.sqrt(2), abs=1e-3)
    assert confidence == pytest.approx((first + other) / 2, abs=1e-3)
    with pytest.raises(WorkbenchError, match="at least two models"):
        cross_model_variability(words, labels, ["one"] * 120)


def test_selection_by_hand() -> None:
    """``sample_dynamic_selection``: of a pool of 4, int(4 * .5) the most variable, the rest the least variable ones."""
    variability = numpy.array([0.5, 0.1, 0.4, 0.2, 0.3, 0.6])
    assert select_by_variability(variability, 4).tolist() == [1, 3, 0, 5]
    assert select_by_variability(variability, 3).tolist() == [1, 3, 5]
    assert select_by_variability(variability, 2, ambiguous=0.0).tolist() == [1, 3]
    assert select_by_variability(variability, 9).tolist() == [1, 3, 4, 2, 0, 5]
