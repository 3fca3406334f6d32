"""Class balance and label faithfulness, by hand-worked numbers."""

from __future__ import annotations

import math

import pytest

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Metric, Sample, evaluate
from workbench.learn.intervals import wilson

SEEDS = rows(("lost card", "lost"), ("lost it", "lost"), ("new pin", "pin"), ("pin code", "pin"), first=100)


def balance(samples: list[Sample], labels: tuple[str, ...] = ()) -> Metric:
    return evaluate(Material(samples, seeds=SEEDS, labels=labels), ["label.balance"])["label.balance"]


def audit(*samples: Sample, reviewed: list[Sample] | None = None) -> Metric:
    found = evaluate(Material(samples, reviewed=reviewed), ["faithfulness.human"])
    return found["faithfulness.human"]


def test_balance_is_normalised_entropy_over_the_projects_labels() -> None:
    found = balance(rows(("t", "lost"), ("t", "lost"), ("t", "lost"), ("t", "pin")), ("lost", "pin"))
    assert found.value == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert found.details["counts"] == {"lost": 3, "pin": 1}
    assert found.details["seeds"] == pytest.approx(1)


def test_a_label_nobody_generated_lowers_balance_and_is_said() -> None:
    found = balance(rows(("t", "lost"), ("t", "pin"), ("t", None), ("t", "typo")), ("lost", "pin", "fee"))
    assert found.value == pytest.approx(math.log(2) / math.log(3))
    assert found.details["counts"] == {"lost": 1, "pin": 1, "fee": 0}
    assert (found.details["unlabelled"], found.details["unknown"]) == (1, 1)
    assert "1 without a sample" in found.note


@pytest.mark.parametrize(("samples", "labels"), [([], ("a", "b")), (rows(("t", "a")), ("a",)), ([], ())])
def test_balance_that_cannot_be_says_what_to_do(samples: list[Sample], labels: tuple[str, ...]) -> None:
    found = balance(samples, labels)
    assert found.value is None
    assert ":" in found.note


@pytest.mark.usefixtures("word_votes")
def test_auxiliary_agreement_with_generated_not_corrected_labels() -> None:
    data = [
        sample(1, "lost again", "lost"),
        sample(2, "forgot pin", "pin"),
        sample(3, "pin pin pin", "pin", generated_label="lost", person_label="pin"),
        sample(4, "lost", "pin"),
        Sample(5, "by hand", "pin"),
    ]
    found = evaluate(Material(data, seeds=SEEDS, labels=["lost", "pin"]), ["faithfulness.auxiliary"])[
        "faithfulness.auxiliary"
    ]
    assert found.value == 2 / 4
    assert (found.low, found.high) == wilson(2, 4)
    # Three votes of two seeds each for pin: (6 + 1) / (6 + 2); two votes for lost: 3/4. The surest stands first.
    assert found.details["disagreeing"] == [[3, "pin", pytest.approx(7 / 8)], [4, "lost", pytest.approx(3 / 4)]]
    assert found.details["per_label"] == {"lost": [1, 2], "pin": [1, 2]}
    assert found.details["gold_accuracy"] == 1.0
    assert found.details["gold_low"] == wilson(4, 4).low
    assert "itself right on 100%" in found.note


@pytest.mark.usefixtures("word_votes")
def test_auxiliary_admits_that_its_own_accuracy_is_unknown() -> None:
    seeds = rows(("lost card", "lost"), ("new pin", "pin"))
    found = evaluate(Material(rows(("lost", "lost")), seeds=seeds), ["faithfulness.auxiliary"])[
        "faithfulness.auxiliary"
    ]
    assert found.value == 1
    assert found.details["gold_accuracy"] is None
    assert "at least two seeds" in found.note


@pytest.mark.parametrize(("samples", "seeds"), [(rows(("t", "a")), SEEDS[:1]), ([], SEEDS)])
def test_auxiliary_that_cannot_be_says_what_to_do(samples: list[Sample], seeds: list[Sample]) -> None:
    found = evaluate(Material(samples, seeds=seeds), ["faithfulness.auxiliary"])["faithfulness.auxiliary"]
    assert found.value is None
    assert ":" in found.note


def test_human_audit_counts_confirmed_corrected_and_rejected() -> None:
    found = audit(
        sample(1, "t", "a", person_status="accepted"),
        sample(2, "t", "a", person_label="a"),
        sample(3, "t", "b", generated_label="a", person_label="b", person_status="accepted"),
        sample(4, "t", "b", person_status="rejected"),
        sample(5, "t", "b", person_status="flagged"),
        sample(6, "t", "b", person_status="pending"),
        sample(7, "t", "b"),
    )
    assert found.value == 2 / 4
    assert (found.low, found.high) == wilson(2, 4)
    assert found.details["corrected"] == [3]
    assert found.details["rejected"] == [4]
    assert found.details["per_label"] == {"a": [2, 3], "b": [0, 1]}


def test_rejected_samples_outside_the_data_set_still_count() -> None:
    kept = sample(1, "t", "a", person_status="accepted")
    gone = sample(2, "t", "a", person_status="rejected")
    assert audit(kept, reviewed=[kept, gone]).value == 0.5


def test_human_audit_before_anybody_looked() -> None:
    found = audit(sample(1, "t", "a"))
    assert (found.value, found.low, found.high) == (None, None, None)
    assert "Review" in found.note
