"""Chat messages for fine-tuning through OpenAI-compatible services: one JSON object per line.

``{"messages": [{"role": "system", ...}, {"role": "user", ...}, {"role": "assistant", ...}]}``, as the fine-tuning guide
of OpenAI's platform asks. The system message, left out when the project has no ``export.instruction``, is the
instruction and the labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, LeftOut
from workbench.exchange.encode import json_line, write_rows
from workbench.exchange.turns import chat, turns_fault, unfit


def check_shape(record: Mapping[str, Any]) -> str | None:
    """What is wrong with a chat record (keys, roles and their order, contents that are no text), or ``None``."""
    if set(record) != {"messages"}:
        return "is not an object with a list of messages alone"
    if fault := turns_fault(record["messages"]):
        return fault
    wrong = next((turn for turn in record["messages"] if not turn.keys() <= {"role", "content", "name"}), None)
    return None if wrong is None else f"has a message with the keys {', '.join(map(str, wrong))}"


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    return write_rows(samples, out, lambda sample: json_line({"messages": chat(sample, context)}))


FORMATS.register("openai-chat")(
    Format(
        "openai-chat",
        'chat messages for fine-tuning, {"messages": [{role, content}, ...]} to a line',
        ".jsonl",
        _write,
        unfit,
    )
)
