"""Samples as something that is asked and something that is answered: what the formats that train chat models share.

Each kind of task has its reading: an instruction and its response, a question and its answer, a text and its label, the
turns of a dialogue. Preference pairs have two answers and so none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.exchange.base import ExportContext, ExportSample
from workbench.exchange.encode import NoPlace, json_text
from workbench.task import Task

Turn = dict[str, str]
#: Who speaks, in the names that other data sets have for it.
ROLE_OF = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "assistant": "assistant",
    "system": "system",
    "tool": "tool",
    "observation": "tool",
}


def turns_field(task: Task) -> str | None:
    """The field that holds the dialogue, where a sample is one: in dialogues, and free tasks without labels that have one."""
    found = [name for name, field in task.fields.items() if field.kind == "messages"]
    return found[0] if len(found) == 1 and task.kind in ("dialogue", "free") and not _labelled(task) else None


def _labelled(task: Task) -> bool:
    """Whether the label is what a model would learn to answer."""
    return (
        task.kind not in ("dialogue", "instruction", "question_answering", "preference") and task.label_shape != "none"
    )


def unfit(context: ExportContext) -> str | None:
    """Why samples of this task cannot be said as a chat; None if they can."""
    task = context.task
    if task.kind == "preference":
        return "a chat has one answer and a preference pair has two; use --format dpo"
    if turns_field(task) or task.kind in ("instruction", "question_answering"):
        return None
    if not _labelled(task):
        return "a free task without labels has no answer to end a chat with; use --format jsonl, csv or parquet"
    if spoken := next((name for name, field in task.fields.items() if field.kind == "messages"), None):
        return f"its field {spoken} holds turns, and what is asked must be a text; use --format jsonl or parquet"
    return None


def told(context: ExportContext) -> str | None:
    """What a model is told first: the project's instruction, and how to answer; None where there is no instruction."""
    instruction = (context.instruction or "").strip()
    return f"{instruction}{how_to_answer(context.task)}" if instruction else None


def how_to_answer(task: Task) -> str:
    """How a label is written, as the end of an instruction; nothing for tasks whose answer is a text."""
    if not _labelled(task):
        return ""
    names = "\n".join(task.label_names)
    if task.label_shape == "many":
        return f"\n\nAnswer with a JSON array of those of these labels that apply and nothing else:\n{names}"
    if task.label_shape == "number":
        assert task.scale is not None
        return f"\n\nAnswer with a number from {task.scale.low:g} to {task.scale.high:g} and nothing else."
    if task.label_shape == "object":
        return f"\n\nAnswer with a JSON object by this JSON Schema and nothing else:\n{json_text(task.json_schema)}"
    return f"\n\nAnswer with one of these labels and nothing else:\n{names}"


def chat(sample: ExportSample, context: ExportContext) -> list[Turn]:
    """The sample as turns of system (where there is an instruction), user and assistant; the last one answers.

    Raises ``NoPlace`` where nothing is answered, a turn is empty, or a tool speaks, whose calls are not known.
    """
    system = told(context)
    if field := turns_field(context.task):
        turns: list[Turn] = [dict(turn) for turn in sample.fields.get(field) or ()]
        if turns and turns[0]["role"] == "system":
            system = None
    else:
        asked, answered = question(sample, context), answer(sample, context)
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    result = ([{"role": "system", "content": system}] if system else []) + turns
    if fault := turns_fault(result):
        raise NoPlace(fault)
    return result


def turns_fault(turns: Any) -> str | None:
    """What is wrong with turns that a chat model is to learn from (OpenAI's fine-tuning guide), or None."""
    if not isinstance(turns, list) or not all(isinstance(turn, Mapping) for turn in turns):
        return "is not a list of turns"
    roles = [turn.get("role") for turn in turns]
    if "tool" in roles:
        return "has a turn of a tool, whose call is not known"
    if other := next((role for role in roles if role not in ("system", "user", "assistant")), None):
        return f"has the role {other!r}"
    if "system" in roles[1:]:
        return "has a turn of the system that is not the first"
    if "user" not in roles:
        return "has no turn of the user"
    if roles[-1] != "assistant":
        return "does not end with a turn of the assistant: there is no answer to learn"
    for turn in turns:
        if not isinstance(turn.get("content"), str) or not turn["content"].strip():
            return f"has a turn of the {turn['role']} without text"
    return None


def question(sample: ExportSample, context: ExportContext) -> str:
    """What is asked: the instruction with its input, the passage with its question, or the sample's fields."""
    if context.task.kind == "instruction":
        return _joined(sample, "instruction", "input")
    if context.task.kind == "question_answering":
        return _joined(sample, "context", "question")
    values = [(name, sample.fields[name]) for name in context.fields if sample.fields.get(name) not in (None, "")]
    texts = [(name, value if isinstance(value, str) else json_text(value)) for name, value in values]
    return texts[0][1] if len(context.fields) == 1 and texts else "\n".join(f"{name}: {text}" for name, text in texts)


def _joined(sample: ExportSample, *names: str) -> str:
    return "\n\n".join(text for name in names if (text := sample.fields.get(name)))


def answer(sample: ExportSample, context: ExportContext) -> str:
    """What is answered: the response, the answer, or the label (JSON, where it is no name). Raises ``NoPlace``."""
    if context.task.kind in ("instruction", "question_answering"):
        return str(sample.fields.get("output" if context.task.kind == "instruction" else "answer") or "")
    if sample.label is None:
        raise NoPlace("has no label")
    if isinstance(sample.label, str):
        return sample.label
    whole = isinstance(sample.label, float) and sample.label.is_integer()
    return json_text(int(sample.label) if whole else sample.label)  # 5, as the question has it, not 5.0


def normal(value: Any) -> Any:
    """Turns as {role, content}, whatever other data sets call them: {from, value}, human and gpt, empty extra keys.

    What is no list of turns is returned as it is.
    """
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        return value
    return [_turn(turn) for turn in value]


def _turn(turn: dict[str, Any]) -> dict[str, Any]:
    known = {key: inner for key, inner in turn.items() if inner is not None}
    if "from" in known and "value" in known and "role" not in known:
        speaker = known.pop("from")
        role = ROLE_OF.get(speaker, speaker) if isinstance(speaker, str) else speaker
        known = {"role": role, "content": known.pop("value"), **known}
    return known
