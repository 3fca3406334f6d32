"""ShareGPT conversations: a JSON array of ``{"conversations": [{"from": "human", "value": ...}, {"from": "gpt", ...}]}``.

The shape of the ShareGPT collections, which FastChat (Vicuna), axolotl and LLaMA-Factory train on. Names of speakers
have no place in it and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, LeftOut
from workbench.exchange.encode import write_array
from workbench.exchange.turns import chat, unfit

FROM = {"system": "system", "user": "human", "assistant": "gpt"}


def check_shape(record: Mapping[str, Any]) -> str | None:
    """What is wrong with a ShareGPT record, or ``None``."""
    turns = record.get("conversations")
    if set(record) != {"conversations"} or not isinstance(turns, list) or not turns:
        return "is not an object with a list of conversations alone"
    for turn in turns:
        if set(turn) != {"from", "value"} or turn["from"] not in FROM.values():
            return "has a turn that is not from system, human or gpt with a value"
        if not isinstance(turn["value"], str) or not turn["value"].strip():
            return f"has a turn from {turn['from']} without text"
    return None if turns[-1]["from"] == "gpt" else "does not end with gpt"


def _record(sample: ExportSample, context: ExportContext) -> dict[str, Any]:
    turns = chat(sample, context)
    return {"conversations": [{"from": FROM[turn["role"]], "value": turn["content"]} for turn in turns]}


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    return write_array(samples, out, lambda sample: _record(sample, context))


FORMATS.register("sharegpt")(
    Format("sharegpt", 'a JSON array of {"conversations": [{from: human or gpt, value}, ...]}', ".json", _write, unfit)
)
