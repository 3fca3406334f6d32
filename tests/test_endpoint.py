"""The server of the tests: its answers follow the schema that it was sent, and are the same every time."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from tests.endpoint import Endpoint
from tests.endpoint_answers import follow, schema_in
from workbench.models.structured import with_schema

Start = Callable[..., Endpoint]
TURN = {
    "type": "object",
    "properties": {"role": {"type": "string", "enum": ["user", "assistant"]}, "content": {"type": "string"}},
    "required": ["role", "content"],
    "additionalProperties": False,
}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SCHEMAS = {
    "texts": closed(premise={"type": "string"}, hypothesis={"type": "string", "minLength": 90, "maxLength": 100}),
    "dialogue": closed(messages={"type": "array", "items": TURN}),
    "three turns": closed(messages={"type": "array", "items": TURN, "minItems": 3}),
    "numbers": closed(
        score={"type": "number", "minimum": 0, "maximum": 5}, stars={"type": "integer", "minimum": 1, "maximum": 5}
    ),
    "open ends": closed(
        a={"type": "number", "exclusiveMinimum": 0}, b={"type": "integer", "exclusiveMaximum": 3, "minimum": 1}
    ),
    "enums": closed(labels={"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 1, "maxItems": 2}),
    "unique": closed(labels={"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}),
    "nested": closed(
        order=closed(items={"type": "array", "items": closed(name={"type": "string"}, paid={"type": "boolean"})})
    ),
    "choices": closed(
        a={"anyOf": [{"type": "null"}, {"type": "string"}]}, b={"type": ["null", "integer"]}, c={"const": 7}
    ),
    "references": {**closed(a={"$ref": "#/$defs/name"}), "$defs": {"name": {"type": "string"}}},
    "anything": closed(value={}),
    "array": {"type": "array", "items": {"type": "string"}},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_answers_follow_the_schema(name: str) -> None:
    values = [follow(SCHEMAS[name], f"prompt {n}", b"0") for n in range(40)]
    for value in values:
        jsonschema.validate(value, SCHEMAS[name])
    assert values == [follow(SCHEMAS[name], f"prompt {n}", b"0") for n in range(40)]
    assert len({json.dumps(value) for value in values}) > 1
    assert schema_in(
        with_schema([{"role": "user", "content": 'Like {"type": "object"}.'}], SCHEMAS[name])[0]["content"]
    )


def test_turns_alternate() -> None:
    for number in range(20):
        turns = follow(SCHEMAS["dialogue"], f"prompt {number}", b"0")["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)


def test_the_same_requests_give_the_same_answers_in_any_order(endpoint: Start) -> None:
    """Faults too: two servers, one asked backwards."""
    faults = {"share_refusal": 0.2, "share_length": 0.2, "share_unreadable": 0.3, "share_500": 0.2}

    def ask(server: Endpoint, number: int) -> tuple[int, bytes]:
        body = {
            "model": "m",
            "messages": [{"role": "user", "content": f"Number {number}"}],
            "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMAS["texts"]}},
        }
        request = urllib.request.Request(f"{server.url}/chat/completions", json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as response:
                return 200, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    first, second = endpoint(**faults), endpoint(**faults)
    given = {number: ask(first, number) for number in range(40)}
    assert given == {number: ask(second, number) for number in reversed(range(40))}
    stats = first.stats()
    assert all(stats[fault] > 0 for fault in ("refusal", "length", "unreadable", "500"))
