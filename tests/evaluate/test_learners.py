"""Several learners on one data set: the conclusion should not depend on which one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy
import pytest

from tests.evaluate.samples import rows
from workbench.errors import UsageError
from workbench.evaluate.base import Material, evaluate
from workbench.evaluate.downstream import EvaluationError, learners, on_data_set, train_and_test
from workbench.evaluate.learning import LEARNERS, Counts, available
from workbench.evaluate_settings import EvaluateSettings

CARD = ["lost my card", "card stolen today", "somebody took my card", "my card is gone"]
PIN = ["a new pin please", "change the pin code", "I forgot my pin", "pin code blocked"]
SAMPLES = rows(*((text, "card") for text in CARD), *((text, "pin") for text in PIN))
TEST = rows(
    ("the card was stolen", "card"), ("my pin code", "pin"), ("card gone", "card"), ("forgot code", "pin"), first=90
)
REAL = rows(("card lost", "card"), ("pin forgot", "pin"), ("card card", "card"), ("new code", "pin"), first=50)
MATERIAL = Material(SAMPLES, test=TEST, real=REAL, labels=["card", "pin"])


def embed(texts: Sequence[str]) -> numpy.ndarray:
    """Two numbers: whether a text speaks of cards, and of pins."""
    found = numpy.array([["card" in text, "pin" in text or "code" in text] for text in texts], numpy.float32)
    return found / numpy.maximum(1e-9, numpy.linalg.norm(found, axis=1, keepdims=True)).astype(numpy.float32)


def test_all_that_can_be_trained_are() -> None:
    assert LEARNERS.names() == ["embedding", "linear", "naive_bayes"]
    assert available(embed=False) == ["linear", "naive_bayes"]
    assert available(embed=True) == ["linear", "embedding", "naive_bayes"]


@pytest.mark.parametrize("learner", ["linear", "naive_bayes", "embedding"])
def test_each_learns_labels_weights_and_soft_labels(learner: str) -> None:
    how = {"learner": learner, "embed": embed}
    assert train_and_test(SAMPLES, TEST, **how).accuracy == 1.0
    turned = [replace(one, soft={"pin": 0.9, "card": 0.1} if one.label == "card" else {"card": 1.0}) for one in SAMPLES]
    assert train_and_test(turned, TEST, **how).accuracy == 0.0
    # Eight wrong ones that weigh a hundredth each do not matter; as much as the others, they would.
    wrong = [replace(one, id=one.id + 20, label="pin" if one.label == "card" else "card") for one in SAMPLES]
    light = [replace(one, weight=0.01) for one in wrong]
    assert train_and_test([*SAMPLES, *light], TEST, **how).accuracy == 1.0


def test_others_stand_beside_the_first() -> None:
    accuracy = evaluate(replace(MATERIAL, embed=embed), ["benchmark.accuracy"])["benchmark.accuracy"]
    assert accuracy.details["learner"] == "linear"
    assert list(accuracy.details["learners"]) == ["linear", "embedding", "naive_bayes"]
    assert all(row["low"] <= row["value"] <= row["high"] for row in accuracy.details["learners"].values())
    assert "Learners: linear 1.000, embedding 1.000, naive_bayes 1.000." in accuracy.note


def test_the_settings_say_which_and_which_first() -> None:
    settings = EvaluateSettings(learners=["naive_bayes", "linear", "naive_bayes"])
    material = replace(MATERIAL, settings=settings)
    assert learners(material) == ["naive_bayes", "linear"]
    assert evaluate(material, ["benchmark.accuracy"])["benchmark.accuracy"].details["learner"] == "naive_bayes"
    only = replace(MATERIAL, settings=EvaluateSettings(learners=["linear"]))
    assert "learners" not in evaluate(only, ["benchmark.accuracy"])["benchmark.accuracy"].details


def test_a_learner_that_is_not_there_says_so() -> None:
    with pytest.raises(UsageError, match="There is no learner"):
        on_data_set(replace(MATERIAL, settings=EvaluateSettings(learners=["liner"])))
    with pytest.raises(EvaluationError, match=r"`embedding` cannot be trained. .*curate.embeddings"):
        on_data_set(replace(MATERIAL, settings=EvaluateSettings(learners=["embedding"])))
    second = replace(MATERIAL, settings=EvaluateSettings(learners=["linear", "embedding"]))
    metric = evaluate(second, ["benchmark.accuracy"])["benchmark.accuracy"]
    assert metric.value == 1.0
    assert "curate.embeddings" in metric.details["learners"]["embedding"]["note"]


def test_texts_are_counted_once_for_all_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.learn import grams

    counted: list[int] = []
    real = grams.count_grams
    monkeypatch.setattr(grams, "count_grams", lambda texts: (counted.append(len(texts)), real(texts))[1])
    evaluate(replace(MATERIAL), ["benchmark.accuracy", "benchmark.ratio"])
    assert sorted(counted) == [4, 4, 8]  # the test rows, the real rows, the data set
    counted.clear()
    evaluate(replace(MATERIAL), ["benchmark.accuracy"])
    assert sorted(counted) == [4, 8]  # real rows are trained on only where that is asked for


def test_counts_forget_the_oldest() -> None:
    count = Counts()
    first = count(["a"])
    assert count(["a"]) is first
    for number in range(20):
        count([f"text {number}"])
    assert count(["a"]) is not first


def test_thorough_measures_what_the_training_draw_adds() -> None:
    many = [replace(row, id=row.id + 10 * turn) for turn in range(5) for row in SAMPLES]
    test = [replace(row, id=row.id + 1000 + 10 * turn) for turn in range(20) for row in TEST]
    metric = evaluate(replace(MATERIAL, samples=many, test=test, thorough=True), ["benchmark.accuracy"])[
        "benchmark.accuracy"
    ]
    draws = metric.details["draws"]
    assert draws["count"] == len(draws["values"]) == 5
    assert metric.low is not None
    assert draws["low"] <= metric.low
    assert "5 draws of the training samples differ by" in metric.note
