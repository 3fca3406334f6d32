"""Alpaca: a JSON array of ``{"instruction", "input", "output"}``, all texts; the input is empty where none is needed.

The shape of ``alpaca_data.json`` (Taori et al., Stanford Alpaca, 2023). A task with labels has the project's instruction
(else the task's description) and the labels as the instruction, the text as the input, the label as the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from workbench.exchange import turns
from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, LeftOut
from workbench.exchange.encode import NoPlace, write_array

KEYS = ("instruction", "input", "output")


def check_shape(record: Mapping[str, Any]) -> str | None:
    """What is wrong with an Alpaca record, or ``None``."""
    if set(record) != set(KEYS):
        return f"does not have the keys {', '.join(KEYS)} and no others"
    if wrong := next((key for key in KEYS if not isinstance(record[key], str)), None):
        return f"has an {wrong} that is not a text"
    empty = next((key for key in ("instruction", "output") if not record[key].strip()), None)
    return f"has no {empty}" if empty else None


def _unfit(context: ExportContext) -> str | None:
    task = context.task
    if turns.turns_field(task):
        return "it holds one instruction and one output, not turns; use --format openai-chat or sharegpt"
    if fault := turns.unfit(context):
        return fault
    if task.kind not in ("instruction", "question_answering") and not _instruction(context):
        return "it needs an instruction; write one as export.instruction in project.yaml"
    return None


def _instruction(context: ExportContext) -> str:
    return (context.instruction or "").strip() or context.task.description.strip()


def _record(sample: ExportSample, context: ExportContext) -> dict[str, str]:
    fields = sample.fields
    if context.task.kind == "instruction":
        values = fields.get("instruction"), fields.get("input") or "", fields.get("output")
    elif context.task.kind == "question_answering":
        values = fields.get("question"), fields.get("context") or "", fields.get("answer")
    else:
        instruction = _instruction(context) + turns.how_to_answer(context.task)
        values = instruction, turns.question(sample, context), turns.answer(sample, context)
    record: dict[str, Any] = dict(zip(KEYS, values, strict=True))
    if fault := check_shape(record):
        raise NoPlace(fault)
    return record


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    return write_array(samples, out, lambda sample: _record(sample, context))


FORMATS.register("alpaca")(
    Format("alpaca", 'a JSON array of {"instruction", "input", "output"}', ".json", _write, _unfit)
)
