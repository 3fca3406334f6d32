"""Values of every kind and published shapes, on their way in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.exchange.tasks import TASKS
from workbench.errors import FileError, UsageError
from workbench.exchange import Bad, Mapped, Mapper, Row
from workbench.exchange.values import Unreadable, label_typed
from workbench.task import Task

FILE = Path("data.jsonl")


def mapped(kind: str, *, cells: bool = False, required: bool = False, **values: Any) -> Mapped | Bad:
    """One record, whose columns are those of its file, in the terms of a task."""
    mapper = Mapper(TASKS[kind], None, required)
    mapper.check_columns(values, FILE)
    return mapper.apply(Row(1, values, cells))


def contents(found: Mapped | Bad) -> tuple[dict[str, Any], Any]:
    assert isinstance(found, Mapped), found
    return found.fields, found.label


def turns(*said: str, keys: tuple[str, str] = ("role", "content")) -> list[dict[str, str]]:
    """Turns written "user hello"."""
    return [dict(zip(keys, one.split(" ", 1), strict=True)) for one in said]


TURNS = turns("user Hi", "assistant Hello")


@pytest.mark.parametrize(
    ("kind", "values", "label"),
    [
        ("multi_label", {"text": "a", "label": '["lost_card", "a, b"]'}, ["lost_card", "a, b"]),
        ("multi_label", {"text": "a", "label": "[]"}, []),
        ("multi_label", {"text": "a", "label": "a, b"}, ["a, b"]),
        ("multi_label", {"text": "a", "label": ""}, None),
        ("similarity", {"first": "a", "second": "b", "label": " 4.5 "}, 4.5),
        ("similarity", {"first": "a", "second": "b", "label": "4.0"}, 4),
        ("extraction", {"text": "a", "label": '{"city": "Rome"}'}, {"city": "Rome"}),
        ("pair", {"premise": "a", "hypothesis": "b", "label": " yes "}, "yes"),
    ],
)
def test_labels_in_cells(kind: str, values: dict[str, Any], label: Any) -> None:
    found = contents(mapped(kind, cells=True, **values))[1]
    assert (found, type(found)) == (label, type(label))


def test_fields_in_cells() -> None:
    cell = '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]'
    assert contents(mapped("free", cells=True, title="3", score="3.0", data="null", talk=cell)) == (
        {"title": "3", "score": 3, "data": None, "talk": TURNS},
        None,
    )
    assert contents(mapped("free", cells=True, title="3", score="-2.5", data='"x"', talk=""))[0] == {
        "title": "3", "score": -2.5, "data": "x"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("free", {"title": "a", "score": "x", "data": "1"}, 'score "x" is not a number'),
        ("free", {"title": "a", "score": "NaN", "data": "1"}, 'score "NaN" is not a number'),
        ("free", {"title": "a", "score": '"3"', "data": "1"}, 'score ""3"" is not a number'),
        ("free", {"title": "a", "score": "1", "data": "hello"},
         'data "hello" is not valid JSON: expecting value (character 1)'),
        ("free", {"title": "a", "score": "1", "data": "1 2"},
         'data "1 2" is not valid JSON: something follows the value (character 2)'),
        ("free", {"title": "a", "score": "1", "data": '{"a": 1, "a": 2}'}, 'data "{"a": 1, "a": 2}" has the key "a" twice'),
        ("free", {"title": "a", "score": "1", "data": ""}, "has no data"),
        ("free", {"title": "a", "score": "9" * 400, "data": "1"}, "score is a number that is too large"),
        ("free", {"title": "a", "score": "1", "data": "1", "talk": "[1]"}, "talk is not a list of turns with role and content"),
        ("multi_label", {"text": "a", "label": "x;y"},
         'label "x;y" is not one of the project\'s labels, nor a list such as ["a", "b"]'),
        ("multi_label", {"text": "a", "label": '["x"]'}, 'label "x" is not one of the project\'s labels'),
        ("similarity", {"first": "a", "second": "b", "label": "high"}, 'label "high" is not a number'),
        ("similarity", {"first": "a", "second": "b", "label": "7"}, "label 7 is not between 0 and 5"),
        ("extraction", {"text": "a", "label": "Rome"}, 'label "Rome" is not valid JSON: expecting value (character 1)'),
        ("extraction", {"text": "a", "label": '{"guests": 2}'}, "label: 'city' is a required property"),
    ],
)  # fmt: skip
def test_cells_that_cannot_be_read_say_why(kind: str, values: dict[str, Any], reason: str) -> None:
    assert mapped(kind, cells=True, **values) == Bad(1, reason)


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("free", {"title": "a", "score": "3", "data": 1}, "score is a text, not a number"),
        ("similarity", {"first": "a", "second": "b", "label": "3"}, "label is a text, not a number"),
        ("extraction", {"text": "a", "label": '{"city": "Rome"}'}, "label: '{\"city\": \"Rome\"}' is not of type 'object'"),
        ("dialogue", {"messages": "Hi"}, "messages is not a list of turns with role and content"),
        ("dialogue", {"messages": turns("critic Hi")}, 'messages has the role "critic" at turn 1: roles are '
         "system, user, assistant, tool"),
        ("instruction", {"instruction": "a"}, "has no output"),
    ],
)  # fmt: skip
def test_json_is_taken_at_its_word(kind: str, values: dict[str, Any], reason: str) -> None:
    mapper = Mapper(TASKS[kind])
    mapper.check_columns([*values, "output"], FILE)
    assert mapper.apply(Row(1, values)) == Bad(1, reason)


def test_optional_fields_may_be_missing_or_empty() -> None:
    said = {"instruction": "a", "output": "b"}
    for more in ({}, {"input": ""}, {"input": None}):
        assert contents(mapped("instruction", **said, **more))[0] == said


def test_labels_are_asked_for_only_where_the_task_has_them() -> None:
    assert mapped("extraction", required=True, text="a", label=None) == Bad(1, "has no label")
    assert contents(mapped("instruction", required=True, instruction="a", output="b", label="x"))[1] is None
    with pytest.raises(UsageError, match="The task has no labels; it has: instruction, input, output"):
        Mapper(TASKS["instruction"], {"label": "x"})


def test_a_category_is_no_label_where_labels_are_optional() -> None:
    assert contents(mapped("labelled_dialogue", messages=TURNS, category="chat")) == ({"messages": TURNS}, None)
    assert contents(mapped("labelled_dialogue", messages=TURNS, label="lost_card"))[1] == "lost_card"


SHAREGPT = turns("human Hi", "gpt Hello", keys=("from", "value"))
SYSTEM = turns("system Be brief.")
SQUAD = {"id": "1", "context": "Rome lies in Italy.", "question": "Where?"}
PAIR = {"prompt": "Hi", "chosen": "Hello", "rejected": "No"}
SPOKEN = {"prompt": turns("user Hi"), "chosen": turns("assistant Hello"), "rejected": turns("assistant No")}


@pytest.mark.parametrize(
    ("kind", "values", "fields", "label"),
    [
        ("dialogue", {"conversations": SHAREGPT}, {"messages": TURNS}, None),
        ("dialogue", {"messages": SHAREGPT}, {"messages": TURNS}, None),
        ("dialogue", {"messages": [{**turn, "tool_calls": None} for turn in TURNS]}, {"messages": TURNS}, None),
        ("instruction", {"messages": [*SYSTEM, *TURNS]}, {"instruction": "Hi", "output": "Hello"}, None),
        ("instruction", {"conversations": SHAREGPT}, {"instruction": "Hi", "output": "Hello"}, None),
        ("question_answering", {"messages": TURNS}, {"question": "Hi", "answer": "Hello"}, None),
        ("classification", {"messages": turns("user Hi", "assistant lost_card")}, {"text": "Hi"}, "lost_card"),
        ("multi_label", {"messages": turns("user Hi", "assistant []")}, {"text": "Hi"}, []),
        ("extraction", {"messages": turns("user Hi", 'assistant {"city": "a"}')}, {"text": "Hi"}, {"city": "a"}),
        ("question_answering", {"instruction": "Where?", "input": "", "output": "There"},
         {"question": "Where?", "answer": "There"}, None),
        ("classification", {"instruction": "Hi", "input": "", "output": "lost_card"}, {"text": "Hi"}, "lost_card"),
        ("classification", {"instruction": "Say", "input": "Hi", "output": "lost_card"}, {"text": "Hi"}, "lost_card"),
        ("question_answering", {**SQUAD, "answers": {"text": ["In Italy.", "Italy"], "answer_start": [5, 8]}},
         {"context": "Rome lies in Italy.", "question": "Where?", "answer": "In Italy."}, None),
        ("question_answering", {"question": "Where?", "answers": [{"text": "There"}]},
         {"question": "Where?", "answer": "There"}, None),
        ("preference", PAIR, PAIR, None),
        ("preference", SPOKEN, PAIR, None),
        ("preference", {**SPOKEN, "prompt": [*SYSTEM, *SPOKEN["prompt"]]}, PAIR, None),
        ("preference", {**SPOKEN, "prompt": "Hi"}, PAIR, None),
        ("preference", {"chosen": TURNS, "rejected": turns("user Hi", "assistant No")}, PAIR, None),
        ("preference", {"prompt": "Hi", "chosen": TURNS, "rejected": turns("user Hi", "assistant No")}, PAIR, None),
        ("spoken_preference", SPOKEN, SPOKEN, None),
        ("spoken_preference", PAIR, SPOKEN, None),
        ("spoken_preference", {"chosen": TURNS, "rejected": turns("user Hi", "assistant No")}, SPOKEN, None),
    ],
)  # fmt: skip
def test_published_shapes(kind: str, values: dict[str, Any], fields: dict[str, Any], label: Any) -> None:
    assert contents(mapped(kind, **values)) == (fields, label)


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("instruction", {"messages": [*TURNS, *TURNS]}, "is not one turn of the user and one of the assistant"),
        ("instruction", {"messages": 3}, "messages is not a list of turns with role and content"),
        ("classification", {"messages": TURNS}, 'label "Hello" is not one of the project\'s labels'),
        ("question_answering", {**SQUAD, "answers": {"text": [], "answer_start": []}}, "the question has no answer"),
        ("preference", {**SPOKEN, "prompt": [*TURNS, *TURNS[:1]]}, "prompt has 3 turns, and this task's prompt is one text"),
        ("preference", {**SPOKEN, "chosen": TURNS[:1] * 2}, "chosen is not one answer of the assistant"),
        ("spoken_preference", {"chosen": TURNS, "rejected": SYSTEM}, "chosen and rejected do not begin with the same turns"),
        ("preference", {**PAIR, "chosen": ""}, "chosen is empty"),
    ],
)  # fmt: skip
def test_records_that_a_shape_cannot_say(kind: str, values: dict[str, Any], reason: str) -> None:
    bad = mapped(kind, **values)
    assert isinstance(bad, Bad)
    assert reason in bad.reason


def test_a_columns_own_name_comes_before_a_shape() -> None:
    assert contents(mapped("classification", text="a", label="lost_card", messages=TURNS))[0] == {"text": "a"}
    mapper = Mapper(TASKS["instruction"], {"instruction": "output"})
    with pytest.raises(FileError, match="has no column for output"):
        mapper.check_columns(["messages", "output"], FILE)


def test_what_a_shape_uses_is_reported_and_the_rest_is_kept() -> None:
    mapper = Mapper(TASKS["question_answering"])
    assert mapper.check_columns([*SQUAD, "answers"], FILE) == {
        "context": "context", "question": "question", "answer": "answers"
    }  # fmt: skip
    found = mapper.apply(Row(1, {**SQUAD, "answers": {"text": ["x"]}}))
    assert isinstance(found, Mapped)
    assert found.extra == {"id": "1"}


@pytest.mark.parametrize(
    ("kind", "text", "label"),
    [
        ("classification", "lost_card", "lost_card"),
        ("multi_label", "lost_card,change_pin", ["lost_card", "change_pin"]),
        ("multi_label", "a, b", ["a, b"]),
        ("multi_label", '["a, b", "lost_card"]', ["a, b", "lost_card"]),
        ("multi_label", "[]", []),
        ("similarity", "3.5", 3.5),
        ("extraction", '{"city": "Rome"}', {"city": "Rome"}),
    ],
)
def test_a_label_as_it_is_typed(kind: str, text: str, label: Any) -> None:
    assert label_typed(TASKS[kind], text) == label


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("classification", "x", "not one of the project's labels"),
        ("multi_label", "lost_card,x", 'label "x" is not one'),
        ("multi_label", "lost_card,lost_card", "the same label twice"),
        ("similarity", "six", "is not a number"),
        ("similarity", "6", "not between 0 and 5"),
        ("extraction", "{", "is not valid JSON"),
        ("extraction", "{}", "'city' is a required property"),
        ("extraction", " ", "is empty"),
        ("instruction", "x", "has a label, and the task has none"),
    ],
)
def test_a_typed_label_that_is_none(kind: str, text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        label_typed(TASKS[kind], text)


def test_a_free_task_with_one_text_and_labels_is_read_as_a_chat() -> None:
    task = Task(kind="free", fields={"note": None}, labels=["a", "b"])
    mapper = Mapper(task)
    mapper.check_columns(["conversations"], FILE)
    found = mapper.apply(Row(1, {"conversations": turns("human Hi", "gpt b", keys=("from", "value"))}))
    assert contents(found) == ({"note": "Hi"}, "b")
