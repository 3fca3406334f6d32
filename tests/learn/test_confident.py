from __future__ import annotations

import numpy
import pytest

from workbench.learn.confident import (
    Calibration,
    calibrate,
    calibrated_joint,
    class_thresholds,
    confident_guess,
    confident_joint,
    label_errors,
    label_quality,
    likeliest_other,
    posterior,
)

# Forty rows of three classes, in hundredths (the third class has the rest). Expected values: cleanlab 2.9.0,
# get_confident_thresholds, compute_confident_joint, find_label_issues and get_label_quality_scores.
HUNDREDTHS = (
    "79/8 62/0 84/10 74/23 44/45 97/1 66/28 92/8 64/11 90/4 52/33 95/3 89/3 86/1 73/9 70/2 80/0 61/11 "
    "18/62 12/84 25/60 10/70 5/89 19/80 10/73 35/50 9/84 12/87 44/45 7/93 8/45 7/8 8/39 5/37 22/15 4/9 "
    "19/1 19/8 19/12 12/7 "
)
GIVEN = numpy.array([int(one) for one in "0000200001000000001112121112002222221222"])
FIRST_TWO = numpy.array([[int(one) / 100 for one in pair.split("/")] for pair in HUNDREDTHS.split()])
PROBABILITIES = numpy.column_stack([FIRST_TWO, 1.0 - FIRST_TWO.sum(axis=1)])
MARGINS = [
    0.83,
    0.62,
    0.87,
    0.755,
    0.33,
    0.975,
    0.69,
    0.92,
    0.695,
    0.07,
    0.595,
    0.96,
    0.905,
    0.865,
    0.775,
    0.71,
    0.8,
    0.665,
    0.71,
    0.86,
    0.675,
    0.25,
    0.915,
    0.105,
    0.78,
    0.575,
    0.875,
    0.07,
    0.495,
    0.07,
    0.51,
    0.885,
    0.57,
    0.605,
    0.705,
    0.89,
    0.105,
    0.77,
    0.75,
    0.845,
]


def test_thresholds_and_joint_are_cleanlabs() -> None:
    assert class_thresholds(PROBABILITIES, GIVEN) == pytest.approx([0.7083333333, 0.5633333333, 0.4992307692])
    assert confident_joint(PROBABILITIES, GIVEN).tolist() == [[10, 1, 0], [1, 6, 1], [0, 3, 8]]
    assert calibrated_joint(PROBABILITIES, GIVEN).tolist() == [[16, 2, 0], [1, 7, 1], [0, 4, 9]]
    guess = confident_guess(PROBABILITIES, GIVEN)
    assert [row for row in range(40) if guess[row] >= 0 and guess[row] != GIVEN[row]] == [9, 21, 23, 27, 29, 36]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("noise_rate", [4, 9, 21, 23, 27, 28, 29, 36]),
        ("class", [4, 9, 21, 23, 27, 28, 29, 36]),
        ("both", [4, 9, 21, 23, 27, 28, 29, 36]),
        ("any", [4, 9, 21, 23, 27, 28, 29, 36]),  # filter_by="predicted_neq_given"
        ("confident", [9, 21, 23, 27, 29, 36]),
    ],
)
def test_flags_are_cleanlabs(rule: str, expected: list[int]) -> None:
    assert numpy.flatnonzero(label_errors(PROBABILITIES, GIVEN, rule)).tolist() == expected  # type: ignore[arg-type]


def test_rankings_are_cleanlabs() -> None:
    assert label_quality(PROBABILITIES, GIVEN).tolist() == PROBABILITIES[numpy.arange(40), GIVEN].tolist()
    assert label_quality(PROBABILITIES, GIVEN, "normalised_margin") == pytest.approx(MARGINS)


def test_joint_by_hand() -> None:
    # Thresholds: class 0 (.9 + .3) / 2 = .6, class 1 (.8 + .7) / 2 = .75. Row 1 reaches .7 of class 1: under .75, not sure.
    probabilities, given = numpy.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.3, 0.7]]), numpy.array([0, 0, 1, 1])
    assert class_thresholds(probabilities, given).tolist() == pytest.approx([0.6, 0.75])
    assert confident_guess(probabilities, given).tolist() == [0, -1, 1, -1]
    assert confident_joint(probabilities, given).tolist() == [[1, 0], [0, 1]]
    assert calibrated_joint(probabilities, given).tolist() == [[2, 0], [0, 2]]


def test_a_class_without_rows_is_never_guessed_and_a_class_keeps_one_row() -> None:
    probabilities = numpy.array([[0.1, 0.2, 0.7], [0.2, 0.1, 0.7], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1]])
    given = numpy.array([0, 0, 1, 1, 1])
    assert class_thresholds(probabilities, given)[2] == 2.0
    assert 2 not in confident_guess(probabilities, given)
    # Two rows of class 0, and both look like class 1: one stays.
    both_wrong = numpy.array([[0.10, 0.90], [0.12, 0.88], [0.1, 0.9], [0.2, 0.8]])
    assert label_errors(both_wrong, numpy.array([0, 0, 1, 1]), "class").tolist() == [True, False, False, False]
    assert not label_errors(both_wrong, numpy.array([0, 1, 1, 1]), "noise_rate").any()


def test_likeliest_other() -> None:
    others, likely = likeliest_other(numpy.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]), numpy.array([0, 1]))
    assert (others.tolist(), likely.tolist()) == ([1, 2], [0.3, 0.7])


def test_posterior_by_hand() -> None:
    # .2 * .9 = .18 for the given one against .8 * .1 / 1 = .08 for the other.
    found = posterior(numpy.array([[0.2, 0.8]]), numpy.array([0]), Calibration(1.0, 0.1))
    assert found[0] == pytest.approx([0.18 / 0.26, 0.08 / 0.26])
    # T = .5 squares the odds: .04 to .64.
    found = posterior(numpy.array([[0.2, 0.8]]), numpy.array([0]), Calibration(0.5, 0.1))
    assert found[0, 1] == pytest.approx(0.064 / (0.036 + 0.064))
    assert posterior(numpy.array([[0.2, 0.8]]), numpy.array([0]), Calibration(1.0, 0.0))[0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("temperature", "noise"), [(0.6, 0.05), (1.0, 0.2), (1.8, 0.1), (1.0, 0.0)])
def test_calibration_finds_what_the_labels_were_drawn_with(temperature: float, noise: float) -> None:
    draw = numpy.random.default_rng(3)
    true = draw.dirichlet([0.3] * 6, 6_000)
    label = numpy.array([draw.choice(6, p=row) for row in true])
    wrong = draw.random(len(label)) < noise
    given = numpy.where(wrong, (label + draw.integers(1, 6, len(label))) % 6, label)
    shown = true**temperature  # what a classifier says that needs this temperature
    shown /= shown.sum(axis=1, keepdims=True)
    found = calibrate(shown, given)
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert found.noise == pytest.approx(noise, abs=0.02)


def test_nothing_to_calibrate_on() -> None:
    assert calibrate(numpy.zeros((0, 3)), numpy.zeros(0, int)) == Calibration(1.0, 0.0)
