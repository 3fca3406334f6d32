"""The user's own trainer: what it is given, and what its answers become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evaluate.samples import rows
from workbench.evaluate.base import Material, evaluate
from workbench.evaluate.outside import Answers, Lesson, OutsideError
from workbench.task import Label, Task

SAMPLES = rows(("lost card", "lost"), ("new pin", "pin"), ("old pin", "pin"), ("odd", "other"))
TEST = rows(("lost", "lost"), ("pin", "pin"), ("card", "lost"), ("code", "pin"), first=900)
NAME = "benchmark.external"


def material(answers: Answers | Exception, given: list[Lesson] | None = None) -> Material:
    def train(lesson: Lesson) -> Answers:
        if given is not None:
            given.append(lesson)
        if isinstance(answers, Exception):
            raise answers
        return answers

    return Material(SAMPLES, test=TEST, labels=["lost", "pin"], train_outside=train)


def test_it_is_given_test_rows_without_labels() -> None:
    given: list[Lesson] = []
    task = Task(labels=[Label(name="lost", description="a card"), Label(name="pin")], description="Messages.")
    base = material(Answers(["lost"] * 4), given)
    weighted = [replace(SAMPLES[0], weight=0.0), replace(SAMPLES[1], weight=2.0, soft={"pin": 0.9, "lost": 0.1})]
    fields = {one: {"text": f"text {one}", "label": "must not be seen"} for one in (2, 3, 900)}
    evaluate(replace(base, samples=[*weighted, *SAMPLES[2:]], task=task, fields_of=lambda ids: fields), [NAME])
    (lesson,) = given
    assert lesson.train == [
        {
            "id": 2,
            "text": "new pin",
            "fields": {"text": "text 2"},
            "label": "pin",
            "weight": 2.0,
            "soft": {"pin": 0.9, "lost": 0.1},
        },
        {"id": 3, "text": "old pin", "fields": {"text": "text 3"}, "label": "pin", "weight": 1.0},
    ]
    assert lesson.test[0] == {"id": 900, "text": "lost", "fields": {"text": "text 900"}}
    assert not any("label" in row for row in lesson.test)
    assert lesson.labels == ["lost", "pin"]
    assert lesson.task["labels"] == [{"name": "lost", "description": "a card"}, {"name": "pin", "description": ""}]


def test_predictions_are_measured_here() -> None:
    answers = Answers(["lost", "pin", "\x1b[31m", "pin"], {"accuracy": 1.0, "loss": 0.3}, 61)
    found = evaluate(material(answers), [NAME])
    metric = found[NAME]
    assert metric.value == 0.75
    assert metric.low is not None
    assert metric.details["unknown"] == 1
    assert metric.details["behind"] == {"wrong_test": [902]}
    assert "Your trainer took 61 s for 3 samples. Tested on 4 real rows." in metric.note
    assert "counted as wrong: 1" in metric.note
    # Its own numbers stand beside ours, marked, and what it called a label is kept nowhere.
    assert found[f"{NAME}.accuracy"].value == 1.0
    assert found[f"{NAME}.loss"].details == {"reported": True}
    assert "\x1b" not in repr(metric)


def test_numbers_of_its_own_have_no_interval() -> None:
    metric = evaluate(material(Answers(None, {"loss": 0.5, "eval_accuracy": 0.8})), [NAME])[NAME]
    assert (metric.value, metric.low, metric.direction, metric.details) == (0.8, None, "higher", {"reported": True})
    assert "as it reported it: no interval, not checked" in metric.note
    other = evaluate(material(Answers(None, {"loss": 0.5})), [NAME])[NAME]
    assert (other.value, other.direction) == (0.5, "none")


def test_failures_are_the_metrics_note() -> None:
    assert evaluate(material(OutsideError("It broke.")), [NAME])[NAME].note == "It broke."


def test_a_test_row_in_the_training_file_stops_it() -> None:
    given: list[Lesson] = []
    base = material(Answers(["lost"] * 4), given)
    assert "among the training samples" in evaluate(replace(base, samples=[*SAMPLES, TEST[0]]), [NAME])[NAME].note
    assert not given


@pytest.mark.parametrize("named", [True, False])
def test_it_is_run_only_when_told(named: bool) -> None:
    found = evaluate(Material(SAMPLES, test=TEST), [NAME] if named else None)
    assert ("--trainer" in found[NAME].note) if named else (NAME not in found)
