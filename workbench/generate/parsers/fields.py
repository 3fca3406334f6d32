"""An answer that holds a sample's fields: a text where the task has only that, else a JSON object by the task's schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench import answer_schema
from workbench.generate.answers import find_object, unfinished
from workbench.generate.parsers.text import text
from workbench.generate.parts import PARSERS, Content, Parser, Refusal, Setting
from workbench.models.base import Answer


def asked_schema(setting: Setting, options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the task's fields (``answer_schema.schema``); None for a task of one plain text."""
    return setting.answer_schema


def fields(
    answer: Answer, setting: Setting, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> Sequence[Content] | Refusal:
    """The object in the answer, checked against the task. What is no such object may be repaired by asking once more."""
    if setting.answer_schema is None:
        return text(answer, setting, conditions, options)
    if (refusal := unfinished(answer)) is not None:
        return refusal
    task = setting.config.task
    found = find_object(answer.text, tuple(setting.answer_schema["required"]))
    if isinstance(found, str):
        return Refusal(found, repairable=True)
    made, label = answer_schema.split(task, found)
    fault = answer_schema.fault(task, made, label, labelled=task.label_shape == "object")
    return Refusal(f"the answer {fault}", repairable=True) if fault else [Content(made, label)]


PARSERS.register("fields")(Parser(fields, asked_schema))
