"""Faithfulness against known answers, and the audit by people behind the human number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Audited, Material, Metric, Sample, Stratum, evaluate
from workbench.evaluate.faithfulness.answers import jaccard, overlap, plain, token_f1
from workbench.learn.audits import Count, sequence, stratified
from workbench.learn.audits import wilson as finite
from workbench.learn.intervals import wilson
from workbench.task import Task

TASK_OF_OBJECTS = Task(kind="extraction", schema={"type": "object"})


def known(samples: list[Sample], **more: Any) -> Metric:
    return evaluate(Material(samples, **more), ["faithfulness.benchmark"])["faithfulness.benchmark"]


def reader(values: Mapping[int, Any]) -> Callable[[Sequence[int]], Mapping[int, Any]]:
    return lambda ids: {one: values[one] for one in ids if one in values}


def by_people(samples: list[Sample], audit: Audited | None, **more: Any) -> Metric:
    return evaluate(Material(samples, audit=audit, **more), ["faithfulness.human"])["faithfulness.human"]


# Known answers -------------------------------------------------------------------------------------------------------


def test_labels_are_held_against_those_of_the_same_text() -> None:
    annotated = rows(("Where is my  card", "lost"), ("new PIN", "pin"), ("a rate", "lost"), ("nobody knows", "pin"))
    real = rows(("where is my card", "lost"), ("new pin", "lost"), ("a rate", "rate"), first=100)
    found = known(annotated, real=real)
    assert found.value == 1 / 3
    assert (found.low, found.high) == wilson(1, 3)
    assert found.details["per_label"] == {"lost": [1, 2], "pin": [0, 1]}
    assert found.details["behind"]["wrong"] == [2, 3]
    assert found.rough


def test_the_label_that_came_counts_not_what_people_made_of_it() -> None:
    corrected = sample(1, "new pin", "lost", generated_label="pin", person_label="lost")
    assert known([corrected], seeds=rows(("new pin", "lost"), first=9)).value == 0.0


def test_a_real_row_among_the_samples_does_not_vouch_for_itself() -> None:
    seeds = rows(("where is my card", "lost"), ("new pin", "pin"))
    assert known(seeds, seeds=seeds).value is None  # a view of seeds
    found = known([*seeds, sample(9, "new pin", "lost")], seeds=seeds)
    assert (found.value, found.details["count"]) == (0.0, 1)


def test_one_of_several_known_answers_is_enough() -> None:
    real = rows(("to be", "verb"), ("to be", "quote"), first=9)
    assert known(rows(("to be", "quote")), real=real).value == 1.0


def test_what_only_test_rows_know_counts_but_is_not_listed() -> None:
    samples = rows(("a", "x"), ("b", "x"), ("c", "y"))
    found = known(samples, test=rows(("a", "y"), ("c", "y"), first=50), validation=rows(("b", "y"), first=60))
    assert found.value == 1 / 3
    assert found.details["test"] == {"count": 2, "right": 1}
    assert found.details["behind"]["wrong"] == [2]
    assert "test rows alone" in found.note


def test_nothing_known_says_what_to_do() -> None:
    found = known(rows(("a", "x")), real=rows(("b", "x"), first=9))
    assert found.value is None
    assert "workbench import" in found.note


def test_answers_to_the_same_question_about_the_same_passage() -> None:
    fields = {
        1: {"context": "Bees live in hives.", "question": "Where do bees live?", "answer": "the hives"},
        2: {"context": "Bees live in hives.", "question": "What lives in hives?", "answer": "wasps and bees"},
        3: {"context": "Other passage.", "question": "Where do bees live?", "answer": "nowhere"},
        9: {"context": "bees live  in hives.", "question": "where do bees live?", "answer": "Hives."},
        10: {"context": "Bees live in hives.", "question": "What lives in hives?", "answer": "Bees"},
    }
    found = known(
        [sample(number, f"t{number}") for number in (1, 2, 3)],
        real=[sample(number, f"t{number}") for number in (9, 10)],
        one_label=False,
        task=Task(kind="question_answering"),
        fields_of=reader(fields),
    )
    assert found.value == 0.5
    assert found.details["count"] == 2
    assert found.details["partly"] == pytest.approx((1 + 2 / 4) / 2)
    assert found.details["behind"]["wrong"] == [2]


@pytest.mark.parametrize(
    ("task", "given", "right", "right_share", "partly"),
    [
        (
            Task(kind="multi_label", labels=["a", "b", "c"]),
            [["b", "a"], ["a"]],
            [["a", "b"], ["a", "b"]],
            0.5,
            (1 + 1 / 2) / 2,
        ),
        (Task(kind="text_pair", scale={"low": 0, "high": 5, "step": 1}), [3, 4.5], [3.4, 4], 0.5, 0.45),
        (
            TASK_OF_OBJECTS,
            [{"name": "The Ann", "age": 3}, {"name": "Ben", "age": 4}],
            [{"name": "ann", "age": 3}, {"name": "Ben", "age": 5}],
            0.5,
            (1 + 2 / 4) / 2,
        ),
    ],
)
def test_labels_of_every_shape(
    task: Task, given: list[Any], right: list[Any], right_share: float, partly: float
) -> None:
    samples, real = [sample(1, "t one"), sample(2, "t two")], [sample(11, "T one"), sample(12, "t two")]
    labels = {1: given[0], 2: given[1], 11: right[0], 12: right[1]}
    found = known(samples, real=real, one_label=False, task=task, labels_of=reader(labels))
    assert found.value == right_share
    assert found.details["partly"] == pytest.approx(partly)
    assert found.details["behind"]["wrong"] == [2]


def test_open_tasks_have_no_known_answers() -> None:
    found = known([sample(1, "t")], one_label=False, task=Task(kind="instruction"))
    assert found.value is None
    assert "many right answers" in found.note


def test_answers_are_compared_by_squads_rule() -> None:
    assert plain("The  U.S.A., a nation!") == "usa nation"
    assert token_f1("the big red cat", "a red dog") == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert token_f1("the", "a") == 1.0
    assert overlap({"a": ["x", "y"]}, {"a": ["y", "x"]}) == 1.0
    assert overlap({}, {}) == 1.0
    assert jaccard([], []) == 1.0


# People --------------------------------------------------------------------------------------------------------------


def test_an_audit_goes_before_what_was_chosen_by_hand() -> None:
    chosen = [sample(number, "t", "a", person_status="rejected") for number in range(1, 11)]
    audit = Audited(3, "set:yes", [Stratum(None, 1_000, right=90, wrong=10)], looked=range(100, 200), wrong=[101, 150])
    found = by_people(chosen, audit)
    assert found.value == 0.9
    assert (found.low, found.high) == finite(Count(1_000, 90, 10))
    assert found.details["source"] == "audit"
    assert found.details["reviewed"]["share"] == 0.0
    assert found.details["chosen_count"] == 10
    assert found.details["behind"]["wrong"][:2] == [101, 150]
    assert "do not count here" in found.note
    assert not found.rough


def test_an_audit_that_may_end_at_any_time_has_its_own_interval() -> None:
    found = by_people([], Audited(1, "", [Stratum(None, 1_000, 45, 5)], always=True))
    assert (found.low, found.high) == sequence(Count(1_000, 45, 5))
    assert found.details["audit"]["kind"] == "confidence sequence"


def test_labels_that_took_turns_weigh_by_their_number() -> None:
    strata = [Stratum("a", 900, right=27, wrong=3), Stratum("b", 100, right=15, wrong=15)]
    found = by_people([], Audited(1, "", strata))
    assert found.value == pytest.approx(0.9 * 0.9 + 0.1 * 0.5)
    assert (found.low, found.high) == stratified([Count(900, 27, 3), Count(100, 15, 15)], always=False)[1]
    assert found.details["audit"]["labels"]["b"]["low"] == finite(Count(100, 15, 15)).low


def test_undecided_ones_widen_the_interval() -> None:
    sure, unsure = (by_people([], Audited(1, "", [Stratum(None, 500, 50, 5, undecided)])) for undecided in (0, 5))
    assert unsure.value == sure.value
    assert unsure.low is not None
    assert sure.low is not None
    assert unsure.low < sure.low


def test_an_audit_without_a_decision_leaves_it_to_the_review() -> None:
    audit = Audited(1, "", [Stratum(None, 500, undecided=2)])
    assert by_people([sample(1, "t", "a", person_status="accepted")], audit).details["source"] == "review"
    assert by_people([], audit).value is None


def test_the_reviewed_weighted_by_the_labels_shares_in_the_data_set() -> None:
    said = [sample(number, "t", "a", person_status="accepted") for number in range(10)]
    said += [sample(number, "t", "b", person_status="rejected") for number in range(10, 20)]
    others = [sample(number, "t", "a") for number in range(20, 90)]  # 80 a and 10 b that people looked at or not
    found = by_people([*said[:10], *others], None, reviewed=said)
    assert found.value == 0.5
    assert found.details["weighted"]["share"] == pytest.approx(80 / 90)
    assert found.details["source"] == "review"
