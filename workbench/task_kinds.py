"""The kinds of task: which fields a sample has, what its label is, and what the model is asked to write.

One field model serves all of them: a sample is a mapping of named fields, each of one ``FieldKind``, and a label that is
one name, several names, a number, an object, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

#: text: a string. messages: turns of a dialogue, ``{"role": ..., "content": ...}``. json: any JSON value. number: a number.
FieldKind = Literal["text", "messages", "json", "number"]
#: What a label may be: one of the labels, several of them, a number on a scale, an object by schema; ``optional``: one of
#: the labels where the project has some, else nothing; ``none``: nothing.
LabelShape = Literal["one", "many", "number", "object", "optional", "none"]
#: Roles of a dialogue's turns.
ROLES = ("system", "user", "assistant", "tool")


class FieldOutline(NamedTuple):
    """A field as it is without being said otherwise."""

    name: str
    kind: FieldKind = "text"
    required: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True)
class TaskKind:
    """One kind of task. ``fields`` are the defaults; ``renamed`` says whether a project may name its own instead."""

    name: str
    title: str
    summary: str
    fields: tuple[FieldOutline, ...]
    label: LabelShape
    renamed: bool = True


def _kinds(*kinds: TaskKind) -> Mapping[str, TaskKind]:
    return MappingProxyType({kind.name: kind for kind in kinds})


KINDS: Mapping[str, TaskKind] = _kinds(
    TaskKind("classification", "Classification", "a text and one of the labels", (FieldOutline("text"),), "one"),
    TaskKind(
        "multi_label", "Multi-label classification", "a text and any of the labels", (FieldOutline("text"),), "many"
    ),
    TaskKind(
        "text_pair",
        "Text pairs",
        "two texts and one of the labels (inference), or a number on a scale (similarity)",
        (FieldOutline("first"), FieldOutline("second")),
        "one",
    ),
    TaskKind(
        "extraction",
        "Extraction",
        "a text, and as its label the object that is to be read out of it, by JSON Schema",
        (FieldOutline("text"),),
        "object",
    ),
    TaskKind(
        "question_answering",
        "Question answering",
        "a question and its answer, with the passage that holds it where there is one",
        (
            FieldOutline("context", required=False, description="the passage that holds the answer"),
            FieldOutline("question"),
            FieldOutline("answer"),
        ),
        "optional",
        renamed=False,
    ),
    TaskKind(
        "instruction",
        "Instruction and response",
        "an instruction, an input where it needs one, and the response",
        (
            FieldOutline("instruction"),
            FieldOutline(
                "input", required=False, description="what the instruction is about, empty if it needs nothing"
            ),
            FieldOutline("output", description="the response"),
        ),
        "optional",
        renamed=False,
    ),
    TaskKind(
        "dialogue",
        "Dialogue",
        "turns of a conversation",
        (FieldOutline("messages", "messages"),),
        "optional",
        renamed=False,
    ),
    TaskKind(
        "preference",
        "Preference pairs",
        "a prompt with a better and a worse response",
        (
            FieldOutline("prompt"),
            FieldOutline("chosen", description="the better response"),
            FieldOutline("rejected", description="the worse response"),
        ),
        "none",
        renamed=False,
    ),
    TaskKind("free", "Free fields", "fields of your own, by JSON Schema where they need one", (), "optional"),
)


def is_messages(value: object) -> bool:
    """Whether ``value`` is a dialogue: a list of turns with a role and a content and nothing that is no text."""
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(
            isinstance(turn, Mapping)
            and isinstance(turn.get("role"), str)
            and isinstance(turn.get("content"), str)
            and turn.keys() <= {"role", "content", "name"}
            for turn in value
        )
    )
