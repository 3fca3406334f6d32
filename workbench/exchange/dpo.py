"""Preference pairs for direct preference optimisation: ``{"prompt", "chosen", "rejected"}``, one JSON object per line.

The preference type of TRL's dataset formats, with an explicit prompt: "standard" where the three are texts,
"conversational" where they are messages (the fields of a free task).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, LeftOut
from workbench.exchange.encode import NoPlace, json_line, write_rows
from workbench.task_kinds import is_messages

KEYS = ("prompt", "chosen", "rejected")


def check_shape(record: Mapping[str, Any]) -> str | None:
    """What is wrong with a preference record, or ``None``."""
    if set(record) != set(KEYS):
        return f"does not have the keys {', '.join(KEYS)} and no others"
    if all(isinstance(record[key], str) for key in KEYS):
        empty = next((key for key in KEYS if not record[key].strip()), None)
        return f"has no {empty}" if empty else None
    if wrong := next((key for key in KEYS if not is_messages(record[key])), None):
        return f"has a {wrong} that is neither a text, as the others, nor messages"
    if record["prompt"][-1]["role"] != "user":
        return "has a prompt that does not end with the user"
    wrong = next((key for key in KEYS[1:] if record[key][-1]["role"] != "assistant"), None)
    return f"has a {wrong} that does not end with the assistant" if wrong else None


def _unfit(context: ExportContext) -> str | None:
    task = context.task
    kinds = {task.fields[name].kind for name in KEYS if name in task.fields}
    if task.kind == "preference" or (set(KEYS) <= set(task.fields) and kinds in ({"text"}, {"messages"})):
        return None
    return "it holds a prompt with a better and a worse answer, which only preference pairs have"


def _row(sample: ExportSample) -> str:
    record = {key: sample.fields.get(key) for key in KEYS}
    if fault := check_shape(record):
        raise NoPlace(fault)
    return json_line(record)


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    return write_rows(samples, out, _row)


FORMATS.register("dpo")(
    Format("dpo", 'preference pairs, {"prompt", "chosen", "rejected"} to a line', ".jsonl", _write, _unfit)
)
