"""What a sample of a task must look like: the JSON Schema that models are asked to follow, and the check of what came.

The same rules judge model answers, imported rows and people's edits, so that nothing else gets into a project.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from workbench.task import Task, TaskField
from workbench.task_kinds import ROLES, is_messages
from workbench.text import canonical, clean

LABEL = "label"
#: Characters of a foreign value that a reason may quote.
QUOTED = 60
#: Levels of a JSON value; what is deeper is no data, and too deep for what reads it.
DEEPEST = 64
_TURNS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"role": {"type": "string", "enum": ["user", "assistant"]}, "content": {"type": "string"}},
        "required": ["role", "content"],
        "additionalProperties": False,
    },
}


def schema(task: Task) -> dict[str, Any] | None:
    """The JSON Schema (draft 2020-12) of the object that a model writes for one sample: all fields, and the label where it
    is read out of the text. None for a single text without rules: that needs no JSON."""
    if task.label_shape != "object" and len(task.fields) == 1:
        (only,) = task.fields.values()
        if only.kind == "text" and only.json_schema is None:
            return None
    properties = {name: _field(one) for name, one in task.fields.items()}
    if task.label_shape == "object":
        properties[LABEL] = dict(task.json_schema or {})
    return {
        "type": "object",
        "properties": properties,
        # Strict modes want every key: a field that may be missing is sent empty.
        "required": list(properties),
        "additionalProperties": False,
    }


_KINDS: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "messages": _TURNS,
    "json": {},
}


def _field(field: TaskField) -> dict[str, Any]:
    described = {"description": field.description} if field.description else {}
    return {**_KINDS[field.kind], **described, **(field.json_schema or {})}


def describe(task: Task) -> str:
    """The answer's shape in words, for prompts: models that ignore a schema follow a sentence."""
    asked = schema(task)
    if asked is None:
        return f"Answer with the {task.text_field} alone: no quotation marks, no label, no explanation."
    lines = ["Answer with one JSON object and nothing else. It has these keys:"]
    for name, field in task.fields.items():
        shape = {
            "text": "a text",
            "number": "a number",
            "json": "a JSON value",
            "messages": 'a list of turns in order, each {"role": "user" or "assistant", "content": a text}',
        }[field.kind]
        said = f": {field.description}" if field.description else ""
        rules = f" (JSON Schema: {_words(field.json_schema)})" if field.json_schema else ""
        lines.append(f'- "{name}", {shape}{"" if field.required else " (may be empty)"}{said}{rules}')
    if LABEL in asked["properties"]:
        lines.append(
            f'- "{LABEL}", an object read out of the {task.text_field}, by this JSON Schema: {_words(task.json_schema)}'
        )
    return "\n".join(lines)


def _words(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def split(task: Task, value: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """An answered object as (fields, label): known keys only, texts without space around them, empty optional fields left
    out; the label is None where the task's label does not come from the answer."""
    fields: dict[str, Any] = {}
    for name, field in task.fields.items():
        inner = value.get(name)
        if field.kind == "text" and isinstance(inner, str):
            inner = inner.strip()
        if not field.required and inner in (None, "", [], {}):
            continue
        if name in value:
            fields[name] = inner
    return fields, value.get(LABEL) if task.label_shape == "object" else None


def fault(task: Task, fields: Mapping[str, Any], label: Any = None, *, labelled: bool = False) -> str | None:
    """Why this is no sample of the task, in a few words that are safe to show; None if it is one.

    A label may be missing unless ``labelled``.
    """
    for name in fields:
        if name not in task.fields:
            return f"has a field {quote(name)} that the task does not have"
    for name, field in task.fields.items():
        if name not in fields:
            if field.required:
                return f"has no {name}"
        elif wrong := _wrong(name, field, fields[name]):
            return wrong
    if label is None:
        return "has no label" if labelled and task.label_shape != "none" else None
    return label_fault(task, label)


def _wrong(name: str, field: TaskField, value: Any) -> str | None:
    if odd := _odd(value):
        return f"{name} {odd}"
    if field.kind == "text":
        if not isinstance(value, str):
            return f"{name} is {_called(value)}, not a text"
        if field.required and not value.strip():
            return f"{name} is empty"
    elif field.kind == "number":
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return f"{name} is {_called(value)}, not a number"
    elif field.kind == "messages" and (wrong := _turns(value)):
        return f"{name} {wrong}"
    return _by_schema(name, field.json_schema, value)


def _odd(value: Any) -> str | None:
    """Why a value is none that JSON, the database and a schema's arithmetic can take, whatever the task says of it."""
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            return f"is nested more than {DEEPEST} deep"
        if isinstance(one, Mapping):
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, (list, tuple)):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, (int, float)) and not _finite(one):
            return "holds a number that is not finite or too large"
    return None


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number that no float holds
        return False


def _turns(value: Any) -> str | None:
    if not is_messages(value):
        return "is not a list of turns with role and content"
    for number, turn in enumerate(value, 1):
        if turn["role"] not in ROLES:
            return f"has the role {quote(turn['role'])} at turn {number}: roles are {', '.join(ROLES)}"
        if not turn["content"].strip():
            return f"has an empty turn ({number})"
    return None


def label_fault(task: Task, label: Any) -> str | None:
    """Why ``label`` cannot be a label of the task; None if it can."""
    shape = task.label_shape
    if shape == "none":
        return "has a label, and the task has none"
    if shape == "one":
        return None if label in task.label_names else f"label {quote(label)} is not one of the project's labels"
    if shape == "many":
        if not isinstance(label, (list, tuple)):
            return f"label is {_called(label)}, not a list of labels"
        for one in label:
            if one not in task.label_names:
                return f"label {quote(one)} is not one of the project's labels"
        return "has the same label twice" if len(set(label)) < len(label) else None
    if shape == "number":
        assert task.scale is not None
        if not isinstance(label, (int, float)) or isinstance(label, bool):
            return f"label is {_called(label)}, not a number"
        low, high = task.scale.low, task.scale.high
        return (
            None
            if low <= label <= high
            else f"label {clean(str(label), limit=QUOTED)} is not between {low:g} and {high:g}"
        )
    return f"label {odd}" if (odd := _odd(label)) else _by_schema(LABEL, task.json_schema, label)


def _by_schema(name: str, rules: Mapping[str, Any] | None, value: Any) -> str | None:
    """The first, shallowest violation of a JSON Schema."""
    if rules is None:
        return None
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        found = best_match(_validator(canonical(rules)).iter_errors(value))
    except (Unresolvable, RecursionError, ArithmeticError):  # of values that the schema's writer did not think of
        return f"{clean(name, limit=QUOTED)} cannot be judged by its schema"
    if found is None:
        return None
    where = ".".join([name, *(str(step) for step in found.absolute_path)])
    return f"{clean(where, limit=QUOTED)}: {clean(found.message, limit=120)}"


@lru_cache(maxsize=64)
def _validator(rules: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry

    validator: Any = extend(Draft202012Validator, {"uniqueItems": _distinct})  # type: ignore[no-untyped-call]
    return validator(json.loads(rules), registry=Registry())  # an empty registry: nothing is ever fetched


def _distinct(validator: Any, wanted: Any, items: Any, rules: Any) -> Iterator[Any]:
    """``uniqueItems`` in linear time: jsonschema compares each two objects, minutes for an answer of some thousands."""
    from jsonschema import ValidationError

    if wanted and isinstance(items, list) and len({canonical(_one_number(one)) for one in items}) < len(items):
        yield ValidationError("has the same item twice")


def _one_number(value: Any) -> Any:
    """``value`` with 1.0 written as 1: in JSON Schema they are the same."""
    if isinstance(value, dict):
        return {key: _one_number(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_one_number(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def quote(value: Any) -> str:
    """A foreign value in quotes, safe to show."""
    return f'"{clean(str(value), limit=QUOTED)}"'


def _called(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "a list", type(None): "null", str: "a text", int: "a number", float: "a number"}
    return kinds.get(type(value), "something else")
