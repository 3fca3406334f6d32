"""A sample's texts one by one: which field each is in, what it is there for, and how to put others in their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from workbench.curate.base import Item
from workbench.task import Task
from workbench.task_kinds import is_messages

#: What a text is there for: an utterance or passage, what is asked of a model, what it is asked about, what it answers, one
#: turn of a dialogue, a string inside a JSON value.
Part = Literal["text", "instruction", "material", "response", "turn", "json"]

#: Fields of the task kinds whose fields cannot be renamed.
INSTRUCTIONS = frozenset(("instruction", "question", "prompt"))
MATERIAL = frozenset(("input", "context"))
RESPONSES = frozenset(("output", "answer", "chosen", "rejected"))
_NAMED_KINDS = frozenset(("question_answering", "instruction", "preference"))


class Piece(NamedTuple):
    """One text of a sample. ``place`` reads like ``messages[2]`` or ``data.name``; ``role`` is a turn's, else empty."""

    place: str
    field: str
    part: Part
    role: str
    text: str


def only_text(task: Task | None) -> str | None:
    """The name of the one text field that a task's samples consist of (so that ``Item.text`` is all there is), or None."""
    if task is None or len(task.fields) != 1:
        return None
    ((name, field),) = task.fields.items()
    return name if field.kind == "text" else None


def pieces(item: Item, task: Task | None) -> list[Piece]:
    """The texts of a sample in order. ``Item.fields`` are looked at only where the text alone does not tell."""
    if (name := only_text(task)) is not None:
        return [Piece(name, name, "text", "", item.text)]
    fields = dict(item.fields)
    if not fields:
        return [Piece("text", "text", "text", "", item.text)]
    found: list[Piece] = []
    for name, value in fields.items():
        if isinstance(value, str):
            found.append(Piece(name, name, part_of(task, name), "", value))
        elif is_messages(value):
            found += [
                Piece(f"{name}[{turn}]", name, "turn", one["role"], one["content"]) for turn, one in enumerate(value, 1)
            ]
        else:
            found += [Piece(place, name, "json", "", text) for place, text in _strings(name, value)]
    return found


def part_of(task: Task | None, name: str) -> Part:
    """What the text field ``name`` of a task is there for."""
    if task is not None and name in task.fields and task.fields[name].kind == "json":
        return "json"
    if task is not None and task.kind not in _NAMED_KINDS:
        return "text"
    if name in INSTRUCTIONS:
        return "instruction"
    return "material" if name in MATERIAL else "response" if name in RESPONSES else "text"


def _strings(name: str, value: Any) -> list[tuple[str, str]]:
    """(place, text) of the strings inside a JSON value, in order; a stack, so that no depth of it ends the run."""
    found: list[tuple[str, str]] = []
    waiting: list[tuple[str, Any]] = [(name, value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, str):
            found.append((place, one))
        elif isinstance(one, Mapping):
            waiting += [(f"{place}.{key}"[:200], inner) for key, inner in reversed(list(one.items()))]
        elif isinstance(one, (list, tuple)):
            waiting += [(f"{place}[{at}]"[:200], inner) for at, inner in reversed(list(enumerate(one, 1)))]
    return found


def replaced(item: Item, task: Task | None, change: Callable[[str], str]) -> dict[str, Any]:
    """All fields of a sample with ``change`` done to each text in them: text fields, the contents of turns, the strings
    (not the keys) of JSON values. A value nested deeper than the interpreter's stack is left as it is."""
    fields = dict(item.fields) or {only_text(task) or "text": item.text}

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if is_messages(value):
            return [{**turn, "content": change(turn["content"])} for turn in value]
        if isinstance(value, Mapping):
            return {key: walk(inner) for key, inner in value.items()}
        return [walk(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    found: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            found[name] = walk(value)
        except RecursionError:
            found[name] = value
    return found
