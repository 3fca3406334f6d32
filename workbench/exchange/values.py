"""A value of a file as a value of the task: fields of every kind, labels of every shape.

Where the value is a cell (CSV, TSV, a string column), a text may stand for a number or for JSON. Whether what comes out
may stand in the task is for ``answer_schema.fault`` to say.
"""

from __future__ import annotations

import math
from typing import Any

from workbench.answer_schema import label_fault
from workbench.exchange.base import quoted
from workbench.exchange.strict_json import parse
from workbench.exchange.turns import normal
from workbench.task import Task
from workbench.task_kinds import FieldKind


class Unreadable(Exception):
    """A value that cannot be what it should be; the message is the reason, safe to show."""


def field(name: str, kind: FieldKind, value: Any, *, cell: bool) -> Any:
    """The value of a field of ``kind``; None where a cell is empty. Raises ``Unreadable`` for a cell that is no JSON."""
    if cell and kind != "text" and isinstance(value, str):
        value = number_in(name, value) if kind == "number" else json_in(name, value)
    if kind == "number":
        return _number(name, value)
    return normal(value) if kind == "messages" else value


def json_in(name: str, text: str) -> Any:
    """The JSON value in a cell, None for an empty one."""
    if not text.strip():
        return None
    value, wrong = parse(text)
    if wrong:
        raise Unreadable(f"{name} {quoted(text, 30)} {wrong}")
    return value


def number_in(name: str, text: str) -> Any:
    """The number in a cell, None for an empty one."""
    if not text.strip():
        return None
    value, wrong = parse(text)
    if wrong or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unreadable(f"{name} {quoted(text, 30)} is not a number")
    return value


def _number(name: str, value: Any) -> Any:
    """Whole numbers as such, whatever the file writes: 3.0 and 3 are one value."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    try:
        whole = float(value).is_integer()
    except OverflowError:
        raise Unreadable(f"{name} is a number that is too large") from None
    return int(value) if whole and math.fabs(value) < 2**53 else value


def label(task: Task, value: Any, *, cell: bool) -> Any:
    """The value of a label in the task's shape; None where there is none.

    One label may be a number or true, where a label is called so. Several may be one name. Raises ``Unreadable``.
    """
    if isinstance(value, str):
        value = value.strip() or None
    shape = task.label_shape
    if value is None:
        return None
    if shape == "many":
        return _several(task, value, cell)
    if shape == "number":
        return _number("label", number_in("label", value) if cell and isinstance(value, str) else value)
    if shape == "object":
        return json_in("label", value) if cell and isinstance(value, str) else value
    if isinstance(value, (list, dict)):
        called = "a list" if isinstance(value, list) else "an object"
        raise Unreadable(f"label is {called}, and this task takes one label")
    return _name(value)


def _several(task: Task, value: Any, cell: bool) -> Any:
    if isinstance(value, str):
        if cell and value.startswith("["):
            value = json_in("label", value)
        elif value in task.label_names:
            return [value]
        else:
            raise Unreadable(
                f'label {quoted(value)} is not one of the project\'s labels, nor a list such as ["a", "b"]'
            )
    return [_name(one) for one in value] if isinstance(value, list) else value


def _name(value: Any) -> Any:
    """A label's name, as files write it: padded, or as a number or truth value."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else value


def label_typed(task: Task, text: str) -> Any:
    """A label as a person types it: a name, names with commas between them, a number, or JSON, by the task's labels.

    Raises ``Unreadable`` for what is none of the task's.
    """
    if task.label_shape == "many" and text not in task.label_names and not text.lstrip().startswith("["):
        value: Any = [name.strip() for name in text.split(",") if name.strip()]
    else:
        value = label(task, text, cell=True)
    if value is None:
        raise Unreadable("the label is empty")
    if wrong := label_fault(task, value):
        raise Unreadable(wrong)
    return value
