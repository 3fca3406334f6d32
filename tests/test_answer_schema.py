"""What a sample of each kind of task must look like, for models, imports and people alike."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from workbench import answer_schema
from workbench.task import Task
from workbench.task_kinds import KINDS

TURNS = [{"role": "user", "content": "Where is my tent?"}, {"role": "assistant", "content": "On its way."}]
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


def task(kind: str, **more: Any) -> Task:
    return Task.model_validate({"kind": kind, **more})


PLAIN = {
    "classification": task("classification", labels=["a", "b"]),
    "multi_label": task("multi_label", labels=["a", "b", "c"]),
    "text_pair": task("text_pair", fields={"premise": None, "hypothesis": None}, labels=["yes", "no"]),
    "similarity": task("text_pair", scale={"low": 0, "high": 5}),
    "extraction": task("extraction", schema=PERSON),
    "question_answering": task("question_answering"),
    "instruction": task("instruction"),
    "dialogue": task("dialogue", labels=["resolved", "open"]),
    "preference": task("preference"),
    "free": task(
        "free",
        fields={"title": None, "stars": {"kind": "number"}, "facts": {"kind": "json", "schema": {"type": "array"}}},
    ),
}


def test_every_kind_is_tried_here() -> None:
    assert {one.kind for one in PLAIN.values()} == set(KINDS)


def test_only_a_single_plain_text_needs_no_schema() -> None:
    assert [name for name, one in PLAIN.items() if answer_schema.schema(one) is None] == [
        "classification",
        "multi_label",
    ]


def test_the_schema_asks_for_every_key_and_nothing_else() -> None:
    assert answer_schema.schema(PLAIN["extraction"]) == {
        "type": "object",
        "properties": {"text": {"type": "string"}, "label": PERSON},
        "required": ["text", "label"],
        "additionalProperties": False,
    }
    asked = answer_schema.schema(PLAIN["instruction"])
    assert asked is not None
    assert asked["required"] == ["instruction", "input", "output"]  # strict modes want optional keys as well


def test_the_words_name_every_key() -> None:
    for one in PLAIN.values():
        words = answer_schema.describe(one)
        asked = answer_schema.schema(one)
        for key in asked["required"] if asked else [one.text_field]:
            assert key in words
    assert '"minimum": 0' in answer_schema.describe(PLAIN["extraction"])


@pytest.mark.parametrize(
    ("kind", "fields", "label"),
    [
        ("classification", {"text": "x"}, "a"),
        ("multi_label", {"text": "x"}, ["c", "a"]),
        ("multi_label", {"text": "x"}, []),
        ("text_pair", {"premise": "x", "hypothesis": "y"}, "no"),
        ("similarity", {"first": "x", "second": "y"}, 4.5),
        ("extraction", {"text": "Ann is 9."}, {"name": "Ann", "age": 9}),
        ("question_answering", {"question": "Why?", "answer": "Because."}, None),
        ("instruction", {"instruction": "Add 1 and 1.", "output": "2"}, None),
        ("instruction", {"instruction": "Shorten it.", "input": "", "output": "It."}, None),
        ("dialogue", {"messages": TURNS}, "open"),
        ("preference", {"prompt": "p", "chosen": "c", "rejected": "r"}, None),
        ("free", {"title": "t", "stars": 3, "facts": [1, {"a": None}]}, None),
    ],
)
def test_what_is_a_sample(kind: str, fields: dict[str, Any], label: Any) -> None:
    assert answer_schema.fault(PLAIN[kind], fields, label) is None


@pytest.mark.parametrize(
    ("kind", "fields", "label", "says"),
    [
        ("classification", {"text": " "}, "a", "text is empty"),
        ("classification", {"text": 3}, "a", "text is a number, not a text"),
        ("classification", {"text": "x", "y": 1}, "a", 'has a field "y" that the task does not have'),
        ("classification", {"text": "x"}, "c", 'label "c" is not one of the project\'s labels'),
        ("classification", {"text": "x"}, ["a"], "is not one of the project's labels"),
        ("multi_label", {"text": "x"}, "a", "label is a text, not a list of labels"),
        ("multi_label", {"text": "x"}, ["a", "z"], 'label "z" is not one'),
        ("multi_label", {"text": "x"}, ["a", "a"], "has the same label twice"),
        ("multi_label", {"text": "x"}, [["a"]], "is not one of the project's labels"),
        ("similarity", {"first": "x", "second": "y"}, 6, "label 6 is not between 0 and 5"),
        ("similarity", {"first": "x", "second": "y"}, 10**400, "is not between 0 and 5"),
        ("similarity", {"first": "x", "second": "y"}, True, "label is true or false, not a number"),
        ("extraction", {"text": "x"}, {"age": 3}, "label: 'name' is a required property"),
        ("extraction", {"text": "x"}, {"name": "A", "age": -1}, "label.age: -1 is less than the minimum of 0"),
        ("question_answering", {"question": "Why?"}, None, "has no answer"),
        ("dialogue", {"messages": "hello"}, None, "messages is not a list of turns"),
        ("dialogue", {"messages": []}, None, "messages is not a list of turns"),
        ("dialogue", {"messages": [{"role": "boss", "content": "x"}]}, None, 'has the role "boss" at turn 1'),
        ("dialogue", {"messages": [{"role": "user", "content": " "}]}, None, "has an empty turn (1)"),
        ("preference", {"prompt": "p", "chosen": "c", "rejected": "r"}, "x", "has a label, and the task has none"),
        ("free", {"title": "t", "stars": "3", "facts": []}, None, "stars is a text, not a number"),
        ("free", {"title": "t", "stars": 3, "facts": {}}, None, "facts: {} is not of type 'array'"),
    ],
)
def test_what_is_none(kind: str, fields: dict[str, Any], label: Any, says: str) -> None:
    assert says in str(answer_schema.fault(PLAIN[kind], fields, label))


def test_a_label_may_be_asked_for() -> None:
    assert answer_schema.fault(PLAIN["classification"], {"text": "x"}, labelled=True) == "has no label"
    assert (
        answer_schema.fault(PLAIN["preference"], {"prompt": "p", "chosen": "c", "rejected": "r"}, labelled=True) is None
    )


def test_a_reason_is_safe_to_show() -> None:
    said = str(answer_schema.fault(PLAIN["classification"], {"text": "x", "\x1b[2J": 1}, "a"))
    assert "\x1b" not in said
    assert len(str(answer_schema.fault(PLAIN["extraction"], {"text": "x"}, {"name": "A" * 10_000, "age": -1}))) < 200


def test_an_answer_is_split_into_fields_and_label() -> None:
    given = {"text": " Ann is 9. ", "label": {"name": "Ann"}, "more": 1}
    assert answer_schema.split(PLAIN["extraction"], given) == ({"text": "Ann is 9."}, {"name": "Ann"})
    assert answer_schema.split(PLAIN["instruction"], {"instruction": "a", "input": "", "output": "b"}) == (
        {"instruction": "a", "output": "b"},
        None,
    )
    assert answer_schema.split(PLAIN["dialogue"], {"messages": TURNS, "label": "open"}) == ({"messages": TURNS}, None)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "text_pair", "labels": ["a"]}, "needs at least two different labels (or a scale, for similarity)"),
        ({"kind": "text_pair", "fields": {"a": None}, "labels": ["a", "b"]}, "has exactly two fields"),
        ({"kind": "extraction"}, "extraction needs a schema of type object"),
        ({"kind": "extraction", "schema": {"type": "strange"}}, "schema is no JSON Schema"),
        (
            {"kind": "extraction", "schema": {"type": "object", "$ref": "http://x/y"}},
            "only references inside the schema",
        ),
        (
            {"kind": "instruction", "fields": {"question": None}},
            "has the fields instruction, input, output, not 'question'",
        ),
        (
            {"kind": "dialogue", "fields": {"messages": {"kind": "text"}}},
            "messages of a task of kind dialogue is of kind",
        ),
        ({"kind": "preference", "labels": ["a", "b"]}, "has no labels"),
        ({"kind": "free"}, "a free task says which fields"),
        ({"kind": "free", "fields": {"label": None}}, "a field cannot be called 'label'"),
        ({"kind": "free", "fields": {"a": {"required": False}}}, "at least one field must be required"),
        ({"kind": "dialogue", "scale": {}}, "only text pairs have a scale"),
        ({"kind": "text_pair", "scale": {"low": 2, "high": 1}}, "low must be less than high"),
        ({"kind": "poem"}, "Input should be"),
    ],
)
def test_a_task_that_is_none(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        Task.model_validate(given)


def test_what_is_said_of_a_field_adds_to_what_it_is() -> None:
    one = task("instruction", fields={"output": {"description": "at most ten words"}})
    assert list(one.fields) == ["instruction", "input", "output"]
    assert one.fields["output"].description == "at most ten words"
    assert not one.fields["input"].required


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "odd", [10**400, -(10**400), float("inf"), float("nan"), nested(65), nested(900), {"a": 10**309}]
)
def test_what_json_and_arithmetic_cannot_take_is_a_fault_never_a_crash(odd: Any) -> None:
    strict = task(
        "free", fields={"x": {"kind": "json", "schema": {"multipleOf": 0.1, "anyOf": [{"items": {"$ref": "#"}}]}}}
    )
    loose = task("free", fields={"x": {"kind": "json"}})
    for one in (strict, loose):
        assert re.search("nested|not finite", answer_schema.fault(one, {"x": odd}) or "")
    if not isinstance(odd, (list, dict)):
        assert answer_schema.fault(PLAIN["free"], {"title": "t", "stars": odd, "facts": []})
    label = answer_schema.label_fault(PLAIN["extraction"], {"name": odd})
    assert label is not None
    assert label.startswith("label")


@pytest.mark.parametrize("label", [[""], [0], [None], [[]], ["a", {}]])
def test_a_wrong_name_that_counts_as_nothing_is_still_wrong(label: list[Any]) -> None:
    assert "is not one of the project's labels" in (answer_schema.label_fault(PLAIN["multi_label"], label) or "")
    assert "does not have" in (answer_schema.fault(PLAIN["question_answering"], {"": 1}) or "")


def test_many_items_are_compared_once() -> None:
    one = task("free", fields={"x": {"kind": "json", "schema": {"uniqueItems": True}}})
    many: list[Any] = [{"n": n} for n in range(3_000)]
    assert answer_schema.fault(one, {"x": many}) is None
    assert answer_schema.fault(one, {"x": [*many, {"n": 7.0}]}) == "x: has the same item twice"
    assert answer_schema.fault(one, {"x": [1, True, "1", [1], None]}) is None


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"$ref": "#"}, "refers to itself"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "refers to itself"),
        ({"items": {"$ref": "#/$defs/missing"}}, "which it does not hold"),
        ({"$ref": "https://example.org/schema"}, "only references inside"),
    ],
)
def test_a_schema_that_cannot_judge_is_refused_before_a_model_is_asked(rules: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        task("free", fields={"x": {"kind": "json", "schema": rules}})


def test_a_property_may_be_called_like_a_reference() -> None:
    rules = {"type": "object", "properties": {"$ref": {"type": "string"}}}
    assert (
        answer_schema.fault(task("free", fields={"x": {"kind": "json", "schema": rules}}), {"x": {"$ref": "a"}}) is None
    )


@pytest.mark.parametrize("name", ["", " ", "\x1b[31m", "a\nb", "\u202e", "x" * 201])
def test_names_of_fields_can_be_seen(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be a field's name"):
        task("free", fields={name: None})


@pytest.mark.parametrize("scale", [{"high": float("inf")}, {"low": 0, "high": 1e300, "step": 1e-300}, {"step": 1e-9}])
def test_a_scale_has_a_countable_number_of_steps(scale: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        task("text_pair", scale=scale)
