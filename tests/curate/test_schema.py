"""The filter that holds samples to the task."""

from __future__ import annotations

import pytest

from tests.curate.rule_helpers import CLASSES, judge, sample
from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError
from workbench.task import Task

INSTRUCTIONS = Task(kind="instruction")
SCORED = Task.model_validate(
    {
        "kind": "free",
        "fields": {
            "title": {"schema": {"maxLength": 10}},
            "stars": {"kind": "number", "schema": {"minimum": 1, "maximum": 5}},
            "note": {"required": False},
        },
    }
)


def rule(spec: str, item: Item, task: Task) -> tuple[bool, str, str]:
    (found,) = judge(spec, [item], Context(task=task))
    return found.keep, found.rule, found.reason


def test_fields_by_kind_and_schema() -> None:
    assert rule("schema", sample(title="good", stars=4), SCORED) == (True, "", "is a sample of the task")
    assert rule("schema", sample(title="good"), SCORED) == (False, "fields", "has no stars")
    assert rule("schema", sample(title=" ", stars=4), SCORED) == (False, "fields", "title is empty")
    assert rule("schema", sample(title="good", stars="4"), SCORED) == (False, "fields", "stars is a text, not a number")
    keep, _, reason = rule("schema", sample(title="good", stars=6), SCORED)
    assert (keep, reason) == (False, "stars: 6 is greater than the maximum of 5")
    keep, _, reason = rule("schema", sample(title="good", stars=4, extra="x"), SCORED)
    assert (keep, reason) == (False, 'has a field "extra" that the task does not have')


def test_labels() -> None:
    assert rule("schema", Item(1, "text", label="a"), CLASSES)[0]
    keep, name, reason = rule("schema", Item(1, "text", label="z\x1b"), CLASSES)
    assert (keep, name, reason) == (False, "label", 'label "z␛" is not one of the project\'s labels')
    assert rule("schema", Item(1, "text"), CLASSES)[0]
    assert rule("schema:labelled=yes", Item(1, "text"), CLASSES) == (False, "label", "has no label")


def test_what_a_response_must_differ_from() -> None:
    same = sample(instruction="Say hello.", output="Say hello. ")
    assert rule("schema", same, INSTRUCTIONS) == (False, "distinct", "output is the same text as instruction")
    assert rule("schema:distinct=no", same, INSTRUCTIONS)[0]
    assert rule("schema", sample(instruction="Copy.", input="one", output="one"), INSTRUCTIONS)[0]
    rivals = sample(prompt="Why?", chosen="So.", rejected="So.")
    assert rule("schema", rivals, Task(kind="preference"))[2] == "rejected is the same text as chosen"


def test_extra_rules() -> None:
    item = sample(title="a\nb", stars=4, note=" ")
    assert rule("schema:one_line=yes", item, SCORED) == (False, "one_line", "title has 2 lines, one wanted")
    assert rule("schema:required=note", item, SCORED) == (False, "required", "note is empty")


def test_errors_are_one_sentence() -> None:
    with pytest.raises(WorkbenchError, match="there is none here"):
        judge("schema", [Item(1, "x")], Context())
    with pytest.raises(WorkbenchError, match="has no field nope; it has title, stars, note"):
        judge("schema:required=nope", [sample(title="x", stars=1)], Context(task=SCORED))
