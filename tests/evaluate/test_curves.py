"""Learning curves and mixtures: would more help, and does what there is help beside real rows?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Sample, evaluate
from workbench.evaluate.curves import Point, curve, extrapolated, forecast, last_doubling, sizes
from workbench.evaluate.downstream import EvaluationError, Outcome

#: One word for each of 64 samples: only a data set that holds a word knows its label.
WORDS = [(f"word{i}", "even" if i % 2 == 0 else "odd") for i in range(64)]
SAMPLES = rows(*WORDS, first=1)
TEST = rows(*WORDS, first=1001)


def test_sizes_are_halves_that_can_hold_all_labels() -> None:
    assert sizes(20_000, 77) == [625, 1250, 2500, 5000, 10_000, 20_000]
    assert sizes(1_000, 77) == [250, 500, 1_000]
    assert sizes(100, 2) == [25, 50, 100]
    assert sizes(10, 2) == [10]


def test_draws_of_a_size_share_no_sample_and_keep_the_labels_shares() -> None:
    seen: list[list[Sample]] = []

    def tested(drawn: Sequence[Sample]) -> Outcome:
        seen.append(list(drawn))
        return Outcome(len(drawn), [1, 2], ["a", "a"], ["a", "b" if len(seen) % 2 else "a"])

    points = curve([sample(i, "t", "a" if i % 4 else "b") for i in range(100)], 3, tested)
    assert [(point.size, len(point.values)) for point in points] == [(25, 3), (50, 2), (100, 1)]
    quarters, halves = seen[:3], seen[3:5]
    for drawn in (quarters, halves):
        assert len({row.id for part in drawn for row in part}) == sum(map(len, drawn))
    assert [sum(row.label == "b" for row in half) for half in halves] == pytest.approx([12.5, 12.5], abs=1)
    assert points[0].value == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert points[0].right == [1.0, pytest.approx(1 / 3)]


def test_a_draw_without_two_labels_is_left_out() -> None:
    def tested(drawn: Sequence[Sample]) -> Outcome:
        if len(drawn) < 100:
            raise EvaluationError("one label")
        return Outcome(len(drawn), [1], ["a"], ["a"])

    assert [point.size for point in curve([sample(i, "t", "a") for i in range(100)], 0, tested)] == [100]


def test_an_inverse_power_law_is_found_again() -> None:
    counts = numpy.array([100.0, 200, 400, 800, 1600])
    law = 0.9 - 2.0 * counts**-0.5
    falling = numpy.array([0.9, 0.8, 0.7, 0.6, 0.5])
    found = extrapolated(counts, numpy.column_stack([law, falling]), 3200)
    assert found[0] == pytest.approx(0.9 - 2.0 * 3200**-0.5, abs=1e-9)
    # Accuracy that falls with size is no learning curve: the best law without gain is the mean.
    assert found[1] == pytest.approx(0.7)


def test_forecasts_need_four_points() -> None:
    def point(size: int) -> Point:
        right = [1.0] * round(100 * (1 - 5 / size**0.5)) + [0.0] * (100 - round(100 * (1 - 5 / size**0.5)))
        return Point(size, right, [0.5])

    points = [point(size) for size in (100, 400, 1600, 6400)]
    assert forecast(points[1:], 12_800, 0) is None
    ahead = forecast(points, 25_600, 0)
    assert ahead is not None
    assert ahead["value"] == pytest.approx(1 - 5 / 160, abs=0.01)
    assert ahead["low"] <= ahead["value"] <= ahead["high"]


def test_the_last_doubling_is_paired() -> None:
    half = Point(50, [1.0, 0.5, 0.0, 0.0] * 25, [0.375])
    whole = Point(100, [1.0, 1.0, 0.5, 0.0] * 25, [0.625])
    found = last_doubling([half, whole], 0)
    assert found is not None
    gain, (low, high) = found
    assert gain == 0.25
    assert 0.15 < low < 0.25 < high < 0.35
    assert last_doubling([whole], 0) is None


@pytest.mark.usefixtures("word_votes")
class TestMetrics:
    def test_a_curve_that_still_rises(self) -> None:
        name = "benchmark.learning_curve"
        metric = evaluate(Material(SAMPLES, test=TEST, real=SAMPLES[:8], labels=["even", "odd"]), [name])[name]
        # Half of the words are known: of the others the even ones are right, by the order of the labels.
        assert metric.value == pytest.approx(0.25)
        assert metric.low is not None
        assert metric.low > 0
        assert "more of the same is likely to help" in metric.note
        assert [point["size"] for point in metric.details["points"]] == [32, 64]
        assert metric.details["points"][1]["value"] == 1.0
        assert [(point["size"], point["value"]) for point in metric.details["real"]] == [(8, 0.5 + 4 / 64)]

    def test_a_curve_that_is_flat(self) -> None:
        name = "benchmark.learning_curve"
        twins = [sample(i, "odd one" if i % 2 else "even one", "odd" if i % 2 else "even") for i in range(80)]
        test = rows(*[("even one", "even"), ("odd one", "odd")] * 40, first=1001)
        metric = evaluate(Material(twins, test=test), [name])[name]
        assert metric.value == 0.0
        assert "nothing shows that more of the same would help" in metric.note

    def test_too_few_samples_for_a_curve(self) -> None:
        name = "benchmark.learning_curve"
        assert "needs more samples than 10" in evaluate(Material(SAMPLES[:10], test=TEST), [name])[name].note

    def test_several_trainings_are_left_out_unless_asked_for(self) -> None:
        found = evaluate(Material(SAMPLES, test=TEST, real=SAMPLES[:8]))
        assert not {"benchmark.learning_curve", "benchmark.mixed_accuracy", "benchmark.external"} & found.keys()

    def test_real_rows_and_samples_together(self) -> None:
        name = "benchmark.mixed_accuracy"
        real = [sample(row.id + 500, row.text, row.label) for row in SAMPLES[:40]]
        metric = evaluate(Material(SAMPLES[32:], test=TEST, real=real), [name])[name]
        assert metric.value == 1.0
        points = [(point["real"], point["synthetic"]) for point in metric.details["points"]]
        # The 40 real rows with 0, 1/4, 1/2 as many and all 32 samples (there are no 40); 12 of them alone and with all.
        assert points == [(40, 0), (40, 10), (40, 20), (40, 32), (12, 0), (12, 32)]
        assert metric.details["points"][0]["value"] == 0.5 + 20 / 64
        assert metric.details["points"][3]["gain"] == pytest.approx(12 / 64)
        best = metric.details["best"]
        assert (best["synthetic"], best["value"]) == (32, 1.0)
        # Chosen among three: wider than the point's own interval.
        assert best["gain_low"] <= metric.details["points"][3]["gain_low"]
        assert 0 < best["gain_low"] < best["gain"] < best["gain_high"]

    def test_without_real_rows_there_is_nothing_to_mix(self) -> None:
        name = "benchmark.mixed_accuracy"
        assert "no real training rows to mix" in evaluate(Material(SAMPLES, test=TEST), [name])[name].note


def test_a_data_set_without_labels_has_no_curve_and_says_so() -> None:
    test = [Sample(1, "lost card", "a"), Sample(2, "new pin", "b")]
    material = Material([Sample(3, "no label", None)], test=test, labels=["a", "b"])
    found = evaluate(material, ["benchmark.learning_curve"])["benchmark.learning_curve"]
    assert found.value is None
    assert "needs more samples than 0" in found.note
