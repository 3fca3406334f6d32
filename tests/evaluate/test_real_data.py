"""The metrics with the project's own classifier, on real utterances."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from workbench.evaluate.base import Material, Metric, Sample, evaluate
from workbench.evaluate.compare import benchmark_pair

BANKING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77"
LABELS = ["card_arrival", "change_pin", "exchange_rate", "lost_or_stolen_card", "top_up_failed", "age_limit"]

pytestmark = pytest.mark.skipif(not BANKING.is_dir(), reason="needs ../shared/data/banking77 beside the checkout")


def utterances(name: str, first: int) -> list[Sample]:
    with (BANKING / name).open(encoding="utf-8", newline="") as file:
        found = [(row["text"], row["category"]) for row in csv.DictReader(file) if row["category"] in LABELS]
    return [Sample(first + i, text, label, label) for i, (text, label) in enumerate(found)]


@pytest.fixture(scope="module")
def real() -> list[Sample]:
    return utterances("train.csv", 1)


@pytest.fixture(scope="module")
def test_rows() -> list[Sample]:
    return utterances("test.csv", 100_000)


@pytest.fixture(scope="module")
def found(real: list[Sample], test_rows: list[Sample]) -> dict[str, Metric]:
    return evaluate(Material(real[::2], seeds=real[1::2], test=test_rows, real=real[::2], labels=LABELS))


def test_real_rows_as_data_set_are_as_good_as_real_rows(found: dict[str, Metric]) -> None:
    accuracy, ratio = found["benchmark.accuracy"], found["benchmark.ratio"]
    assert accuracy.value is not None
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert 0.9 < accuracy.low <= accuracy.value <= accuracy.high <= 1
    assert ratio.value == 1.0
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 1.0 < ratio.high


def test_an_auxiliary_model_finds_real_labels_right(found: dict[str, Metric]) -> None:
    agreement = found["faithfulness.auxiliary"]
    assert agreement.value is not None
    assert agreement.value > 0.9
    assert agreement.details["gold_accuracy"] > 0.9


def test_the_seeds_are_as_varied_as_the_data_set(found: dict[str, Metric]) -> None:
    # Two halves of one data set: every diversity metric must be close to its reference at the same size.
    for name in ("diversity.vocabulary", "diversity.distinct_2", "diversity.self_bleu", "diversity.compression_ratio"):
        same = found[name].details["same_size"]
        assert same["samples"] == pytest.approx(same["seeds"], rel=0.1), name


def test_mended_labels_are_seen_as_a_gain(real: list[Sample], test_rows: list[Sample]) -> None:
    wrong = [
        Sample(row.id, row.text, LABELS[(LABELS.index(str(row.label)) + 1) % len(LABELS)] if i % 5 < 2 else row.label)
        for i, row in enumerate(real[:200:2] + real[-200::2])
    ]
    right = real[:200:2] + real[-200::2]
    gain = benchmark_pair(Material(wrong, test=test_rows), Material(right, test=test_rows))
    assert gain.b - gain.a == gain.value
    assert gain.low > 0
