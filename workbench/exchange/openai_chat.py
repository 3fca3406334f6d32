"""Chat messages for fine-tuning through OpenAI-compatible services: one JSON object per line.

``{"messages": [{"role": "system", ...}, {"role": "user", ...}, {"role": "assistant", ...}]}``, as the fine-tuning guide
of OpenAI's platform asks. The system message, left out when the task has no instruction, is the instruction and the
labels; the user says the text, the assistant the label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, Unwritable
from workbench.exchange.encode import NoPlace, json_line, write_rows

_ROLES = (("system", "user", "assistant"), ("user", "assistant"))


def system_message(context: ExportContext) -> str | None:
    """The instruction, with the labels to choose from; ``None`` when the task has no instruction."""
    if not context.instruction or not context.instruction.strip():
        return None
    instruction = context.instruction.strip()
    if not context.labels:
        return instruction
    return f"{instruction}\n\nAnswer with one of these labels and nothing else:\n" + "\n".join(context.labels)


def check_shape(record: Mapping[str, Any]) -> str | None:
    """What is wrong with a chat record (roles and their order, contents that are no text), or ``None``."""
    messages = record.get("messages")
    if set(record) != {"messages"} or not isinstance(messages, list):
        return "is not an object with a list of messages"
    if tuple(message.get("role") for message in messages) not in _ROLES:
        return "does not have the roles system (optional), user, assistant in this order"
    for message in messages:
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            return f"has a message of the {message['role']} without text"
    return None


def record(sample: ExportSample, context: ExportContext, system: str | None) -> dict[str, Any]:
    """The sample as a chat; raises ``NoPlace`` for one without label or with fields that are no text."""
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": _user(sample, context)})
    messages.append({"role": "assistant", "content": _assistant(sample.label)})
    result = {"messages": messages}
    if fault := check_shape(result):
        raise NoPlace(fault)
    return result


def _user(sample: ExportSample, context: ExportContext) -> str:
    fields = [(name, sample.fields.get(name)) for name in context.fields or sample.fields]
    texts = [(name, value) for name, value in fields if isinstance(value, str)]
    if len(texts) < len(fields):
        other = next(name for name, value in fields if not isinstance(value, str))
        raise NoPlace(f"has a field {other!r} that is not a text")
    return texts[0][1] if len(texts) == 1 else "\n".join(f"{name}: {value}" for name, value in texts)


def _assistant(label: Any) -> str:
    members = label if isinstance(label, list) else [label]
    if label is None or not members:
        raise NoPlace("has no label")
    if any(member is None or isinstance(member, dict | list) for member in members):
        raise NoPlace("has a label that is not a text or a number")
    return ", ".join(str(member) for member in members)


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, list[Unwritable]]:
    system = system_message(context)
    return write_rows(samples, out, lambda sample: json_line(record(sample, context, system)))


FORMATS.register("openai-chat")(
    Format("openai-chat", "chat messages for fine-tuning: instruction, text, label", ".jsonl", _write)
)
