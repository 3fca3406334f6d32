"""Train on synthetic, test on real; and two data sets compared on the same test rows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Metric, Sample, evaluate
from workbench.evaluate.compare import benchmark_pair, compare
from workbench.evaluate.downstream import EvaluationError, LeakError, draw, train, train_and_test

NAMES = ["benchmark.accuracy", "benchmark.macro_f1", "benchmark.real_accuracy", "benchmark.ratio"]
SYNTHETIC = rows(("lost card", "lost"), ("stolen card", "lost"), ("new pin", "pin"), ("pin code", "pin"))
REAL = rows(("lost wallet", "lost"), ("change pin", "pin"), ("change code", "pin"), first=50)
# Trained on SYNTHETIC: "wallet" and "change" are unknown, so those rows fall to the first class, lost.
TEST = rows(("lost", "lost"), ("wallet", "lost"), ("pin", "pin"), ("change", "pin"), first=900)


def found(material: Material) -> dict[str, Metric]:
    return evaluate(material, NAMES)


@pytest.mark.usefixtures("word_votes")
class TestBenchmark:
    def test_accuracy_and_macro_f1_of_real_rows(self) -> None:
        results = found(Material(SYNTHETIC, test=TEST, real=REAL, labels=["lost", "pin"]))
        accuracy, f1 = results["benchmark.accuracy"], results["benchmark.macro_f1"]
        assert accuracy.value == 3 / 4
        assert accuracy.low is not None
        assert accuracy.high is not None
        assert accuracy.low <= 0.75 <= accuracy.high
        assert accuracy.details["confusions"] == [["pin", "lost", 1]]
        cells = [[0, 0, 2], [1, 1, 1], [1, 0, 1]]
        assert accuracy.details["confusion"] == {"classes": ["lost", "pin"], "cells": cells, "left_out": 0}
        assert accuracy.details["behind"] == {"wrong_test": [903]}
        assert accuracy.rough
        # lost: 2 right, 1 false alarm: 4/5; pin: 1 right, 1 missed: 2/3.
        assert f1.value == pytest.approx((4 / 5 + 2 / 3) / 2)
        assert f1.details["per_label"]["pin"] == {
            "precision": 1.0,
            "recall": 0.5,
            # Wilson, one of two: (1/2 + z^2/4) / (1 + z^2/2) -+ z sqrt(1/8 + z^2/16) / (1 + z^2/2), z = 1.96
            "recall_low": pytest.approx(0.0945, abs=1e-4),
            "recall_high": pytest.approx(0.9055, abs=1e-4),
            "f1": pytest.approx(2 / 3),
            "count": 2,
        }

    def test_reference_and_ratio(self) -> None:
        results = found(Material(SYNTHETIC, test=TEST, real=REAL))
        assert results["benchmark.real_accuracy"].value == 1.0
        # Four of four, by Wilson: 1 / (1 + z^2/4) with z = 1.96.
        assert results["benchmark.real_accuracy"].low == pytest.approx(0.5101, abs=1e-4)
        assert results["benchmark.real_accuracy"].high == 1.0
        ratio = results["benchmark.ratio"]
        assert ratio.value == 0.75
        assert "same_size" not in ratio.details
        assert ratio.low is not None
        assert ratio.low < 0.75

    def test_ratio_at_the_size_of_few_real_rows(self) -> None:
        many = [replace(row, id=row.id + 10 * i) for i in range(3) for row in SYNTHETIC]
        ratio = found(Material(many, test=TEST, real=REAL))["benchmark.ratio"]
        assert ratio.value == 0.75
        assert ratio.details["same_size"]["count"] == 3
        assert "With 3 samples, as many as there are real rows" in ratio.note

    def test_no_more_real_rows_than_samples_are_used(self) -> None:
        real = [replace(row, id=row.id + 100 * i) for i in range(5) for row in REAL]
        results = found(Material(SYNTHETIC, test=TEST, real=real))
        assert results["benchmark.real_accuracy"].details["trained_on"] == len(SYNTHETIC)
        assert results["benchmark.real_accuracy"].details["available"] == 15
        assert "same_size" not in results["benchmark.ratio"].details

    def test_test_rows_of_other_labels_are_left_out_and_said(self) -> None:
        test = [*TEST, sample(999, "fees", "fee"), sample(1000, "unlabelled")]
        accuracy = found(Material(SYNTHETIC, test=test, labels=["lost", "pin"]))["benchmark.accuracy"]
        assert accuracy.value == 3 / 4
        assert accuracy.details["left_out"] == 2
        assert "left out because their label is not the project's: 2." in accuracy.note

    def test_test_texts_in_the_data_set_are_said(self) -> None:
        accuracy = found(Material([*SYNTHETIC, sample(9, " LOST ", "lost")], test=TEST))["benchmark.accuracy"]
        assert accuracy.details["leaked"] == [900]
        assert "also in the data set" in accuracy.note

    def test_people_s_corrections_are_what_it_learns(self) -> None:
        wrong = [*SYNTHETIC, sample(9, "change", "pin", generated_label="lost", person_label="pin")]
        assert found(Material(wrong, test=TEST))["benchmark.accuracy"].value == 1.0

    @pytest.mark.parametrize(
        ("material", "missing"),
        [
            (Material(SYNTHETIC, real=REAL), NAMES),
            (Material(SYNTHETIC[:2], test=TEST, real=REAL), [NAMES[0], NAMES[1], NAMES[3]]),
            (Material([], test=TEST, real=REAL), [NAMES[0], NAMES[1], NAMES[3]]),
            (Material(SYNTHETIC, test=TEST), NAMES[2:]),
        ],
    )
    def test_what_cannot_be_measured_says_what_to_do(self, material: Material, missing: list[str]) -> None:
        results = found(material)
        assert [name for name in NAMES if results[name].value is None] == missing
        assert all(":" in results[name].note for name in missing)

    def test_nothing_right_on_real_rows_gives_no_ratio(self) -> None:
        upside_down = [replace(row, label={"lost": "pin", "pin": "lost"}[str(row.label)]) for row in REAL[:2]]
        test = rows(("lost", "lost"), ("change", "pin"), first=900)
        ratio = found(Material(SYNTHETIC, test=test, real=upside_down))["benchmark.ratio"]
        assert ratio.value is None
        assert "nothing to divide by" in ratio.note


@pytest.mark.usefixtures("word_votes")
class TestValidation:
    def test_errors_are_behind_it_the_surest_first(self) -> None:
        # "pin code" is a sure pin (3 of 4 votes, with the two priors), "change" falls to lost by the order of the labels.
        validation = rows(("change", "pin"), ("lost", "lost"), ("pin code", "lost"), first=700)
        material = Material(SYNTHETIC, test=TEST, validation=validation, labels=["lost", "pin"])
        name = "benchmark.validation_accuracy"
        metric = evaluate(material, [name])[name]
        assert metric.value == 1 / 3
        assert metric.details["behind"] == {"wrong": [702, 700]}
        assert "may be worked on" in metric.note

    def test_without_validation_rows_it_says_what_to_do(self) -> None:
        name = "benchmark.validation_accuracy"
        assert "--as validation" in evaluate(Material(SYNTHETIC, test=TEST), [name])[name].note


@pytest.mark.usefixtures("word_votes")
class TestCheating:
    """What is predicted must not have been trained on; whoever tries gets no number."""

    def test_training_on_a_test_row_is_refused(self) -> None:
        with pytest.raises(LeakError, match="among the training samples \\(1, such as 901\\)"):
            train_and_test([*SYNTHETIC, TEST[1]], TEST)

    def test_a_model_does_not_predict_what_it_was_trained_on(self) -> None:
        model = train([*SYNTHETIC, *REAL])
        assert model.test(TEST).accuracy == 1.0
        with pytest.raises(LeakError, match="take test and validation rows out"):
            model.test([*TEST, REAL[0]])

    def test_a_weightless_test_row_is_refused_too(self) -> None:
        with pytest.raises(LeakError):
            train_and_test([*SYNTHETIC, replace(TEST[0], weight=0.0)], TEST)

    @pytest.mark.parametrize("where", ["samples", "real", "validation"])
    def test_no_metric_comes_out_of_it(self, where: str) -> None:
        material = Material(SYNTHETIC, test=TEST, real=REAL, validation=rows(("pin", "pin"), first=700))
        if where == "validation":
            material = replace(material, validation=[*material.validation, SYNTHETIC[0]])
        else:
            material = replace(material, **{where: [*getattr(material, where), TEST[0]]})
        refused = {
            "samples": NAMES[:2] + NAMES[3:],
            "real": NAMES[2:],
            "validation": ["benchmark.validation_accuracy"],
        }[where]
        results = evaluate(material, [*NAMES, "benchmark.validation_accuracy"])
        assert [name for name, metric in results.items() if "among the training samples" in metric.note] == refused
        assert all(results[name].value is None for name in refused)


@pytest.mark.usefixtures("word_votes")
class TestBeforeAndAfter:
    noisy = Material(
        [*SYNTHETIC, *rows(("pin pin", "lost"), ("pin", "lost"), ("new pin", "lost"), first=10)], test=TEST
    )
    clean = Material(SYNTHETIC, test=TEST)

    def test_benchmark_pair_is_the_gain_from_a_to_b(self) -> None:
        gain = benchmark_pair(self.noisy, self.clean)
        assert (gain.a, gain.b, gain.value, gain.tests) == (0.5, 0.75, 0.25, 4)
        assert gain.low <= gain.value <= gain.high
        assert benchmark_pair(self.clean, self.noisy).value == -gain.value

    def test_benchmark_pair_needs_shared_test_rows(self) -> None:
        with pytest.raises(EvaluationError, match="--as test"):
            benchmark_pair(self.clean, Material(SYNTHETIC, test=rows(("lost", "lost"), first=5000)))

    def test_an_evaluated_material_is_not_trained_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from tests.evaluate.samples import CLASSIFIER

        material = Material(SYNTHETIC, test=TEST)
        evaluate(material, ["benchmark.accuracy"])
        monkeypatch.delattr(CLASSIFIER, "TextClassifier")
        assert benchmark_pair(material, material).value == 0

    def test_compare_pairs_predictions_even_after_json(self) -> None:
        before, after = found(self.noisy), found(self.clean)
        stored = {name: replace(m, details=json.loads(json.dumps(m.details))) for name, m in before.items()}
        differences = {found.name: found for found in compare(stored, after)}
        accuracy = differences["benchmark.accuracy"]
        assert (accuracy.a, accuracy.b, accuracy.change) == (0.5, 0.75, 0.25)
        assert accuracy.low is not None
        assert accuracy.high is not None
        assert accuracy.low <= 0.25 <= accuracy.high
        assert accuracy.verdict == "unclear"
        assert differences["benchmark.macro_f1"].low is not None
        assert differences["benchmark.ratio"].verdict == "missing"

    def test_a_clear_gain_is_called_better(self) -> None:
        test = [replace(row, id=row.id + 10 * i) for i in range(30) for row in TEST]
        differences = compare(found(Material(self.noisy.samples, test=test)), found(Material(SYNTHETIC, test=test)))
        assert [d.verdict for d in differences if d.name in ("benchmark.accuracy", "benchmark.macro_f1")] == [
            "better"
        ] * 2
        back = compare(found(Material(SYNTHETIC, test=test)), found(Material(self.noisy.samples, test=test)))
        assert back[0].verdict == "worse"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (
            Metric("m", 0.5, direction="lower"),
            Metric("m", 0.4, direction="lower"),
            "changed",
        ),  # no interval: not called better
        (Metric("m", 0.5, direction="higher"), Metric("m", 0.4, direction="higher"), "changed"),
        (Metric("m", 0.5), Metric("m", 0.4), "changed"),
        (Metric("m", 0.5), Metric("m", 0.5), "same"),
        (Metric("m", 0.5, 0.4, 0.6, direction="higher"), Metric("m", 0.55, 0.45, 0.65, direction="higher"), "unclear"),
        (Metric("m", 0.5, 0.4, 0.6, direction="higher"), Metric("m", 0.9, 0.8, 1.0, direction="higher"), "better"),
        (Metric("m", 0.5, 0.4, 0.6, direction="lower"), Metric("m", 0.9, 0.8, 1.0, direction="lower"), "worse"),
        (Metric("m", None, note="why: do this"), Metric("m", 0.5), "missing"),
    ],
)
def test_verdicts_without_pairs(before: Metric, after: Metric, verdict: str) -> None:
    assert compare({"m": before}, {"m": after})[0].verdict == verdict


def test_compare_keeps_metrics_of_one_side() -> None:
    only = compare({}, {"m": Metric("m", 1.0)})[0]
    assert (only.a, only.b, only.change, only.verdict) == (None, 1.0, None, "missing")


def test_draw_keeps_the_shares_of_the_labels() -> None:
    many: list[Sample] = [sample(i, "t", "a" if i % 4 else "b") for i in range(400)]
    drawn = draw(many, 100, seed=3)
    assert len(drawn) == 100
    assert sum(row.label == "b" for row in drawn) == 25
    assert draw(many, 100, seed=3) == drawn
    assert draw(many, 1000, seed=3) == many


def test_soft_labels_train_in_the_place_of_labels_and_what_weighs_nothing_does_not_train() -> None:
    training = rows(("lost card", "lost"), ("stolen card", "lost"), ("new pin", "pin"), ("pin code", "pin"))
    turned = [
        replace(one, soft={"lost": 0.1, "pin": 0.9} if one.label == "lost" else {"lost": 1.0}) for one in training
    ]
    assert train_and_test(training, rows(("card", "lost"), ("pin", "pin"), first=900)).predicted == ["lost", "pin"]
    assert train_and_test(turned, rows(("card", "lost"), ("pin", "pin"), first=900)).predicted == ["pin", "lost"]
    weightless = [replace(one, weight=0.0 if one.label == "pin" else 1.0) for one in training]
    with pytest.raises(EvaluationError, match="at least two labels, there are 1"):
        train_and_test(weightless, TEST)
