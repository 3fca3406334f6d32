"""Published shapes of data sets, recognised by their columns, in the task's terms.

- OpenAI chat ``messages`` and ShareGPT ``conversations``: a dialogue; or, where a sample has one text to learn from, the
  user's turn and the assistant's answer;
- Alpaca ``instruction``, ``input``, ``output``: instructions, questions about a passage, texts with labels;
- preference pairs ``prompt``, ``chosen``, ``rejected`` (TRL), as texts or messages, with the prompt inside both or apart;
- SQuAD's ``context``, ``question``, ``answers``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.exchange.alpaca import KEYS as ALPACA
from workbench.exchange.turns import normal, turns_field
from workbench.exchange.values import Unreadable, json_in
from workbench.task import Task
from workbench.task_kinds import is_messages

LABEL = "label"
#: Columns that hold turns.
TURNS = ("messages", "conversations")
_PAIRS = ("prompt", "chosen", "rejected")
_Read = Callable[[Mapping[str, Any], bool], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """``fills`` says which column each field (or the label) comes from; ``read(values, cells)`` gives them for a record,
    and raises ``Unreadable``. A label read here is a cell: a text that may stand for JSON."""

    name: str
    fills: dict[str, str]
    read: _Read


def recognise(task: Task, columns: Sequence[str]) -> Shape | None:
    """The published shape that these columns unmistakably have and that says samples of this task, or None."""
    turns = next((name for name in TURNS if name in columns), None)
    labelled = task.kind in ("classification", "multi_label", "extraction") or (
        task.kind == "free" and len(task.fields) == 1 and task.label_shape != "none" and _text(task) is not None
    )
    if _pairs_of(task) is not None and {"chosen", "rejected"} <= set(columns):
        return _pairs(task, columns)
    if task.kind == "question_answering" and {"question", "answers"} <= set(columns) and "answer" not in columns:
        return _squad(columns)
    if turns is not None and (into := turns_field(task) or (_first(task) if task.kind == "dialogue" else None)):
        return Shape(turns, {into: turns}, lambda values, cells: {into: values.get(turns)})
    if turns is not None and (labelled or task.kind in ("instruction", "question_answering")):
        return _exchange(task, turns)
    if set(ALPACA) <= set(columns) and (labelled or task.kind == "question_answering"):
        return _alpaca(task)
    return None


def _first(task: Task) -> str:
    return next(iter(task.fields))


def _text(task: Task) -> str | None:
    return next((name for name, field in task.fields.items() if field.kind == "text"), None)


def _asked(task: Task) -> tuple[str, str]:
    """Where a question and its answer belong."""
    if task.kind == "instruction":
        return "instruction", "output"
    return ("question", "answer") if task.kind == "question_answering" else (_first(task), LABEL)


def _exchange(task: Task, column: str) -> Shape:
    question, answer = _asked(task)

    def read(values: Mapping[str, Any], cells: bool) -> dict[str, Any]:
        turns = [turn for turn in _turns(column, values.get(column), cells) if turn["role"] != "system"]
        if [turn["role"] for turn in turns] != ["user", "assistant"]:
            raise Unreadable(f"{column} is not one turn of the user and one of the assistant, as this task needs")
        return {question: turns[0]["content"], answer: turns[1]["content"]}

    return Shape(column, {question: column, answer: column}, read)


def _turns(name: str, value: Any, cells: bool) -> list[dict[str, Any]]:
    if cells and isinstance(value, str):
        value = json_in(name, value)
    value = normal(value)
    if not is_messages(value):
        raise Unreadable(f"{name} is not a list of turns with role and content")
    return list(value)


def _alpaca(task: Task) -> Shape:
    if task.kind == "question_answering":
        fills = {"question": "instruction", "context": "input", "answer": "output"}
        return Shape(
            "alpaca", fills, lambda values, cells: {name: values.get(column) for name, column in fills.items()}
        )
    text = _first(task)

    def read(values: Mapping[str, Any], cells: bool) -> dict[str, Any]:
        return {text: values.get("input") or values.get("instruction"), LABEL: values.get("output")}

    return Shape("alpaca", {text: "input", LABEL: "output"}, read)


def _squad(columns: Sequence[str]) -> Shape:
    fills = {name: name for name in ("context", "question") if name in columns}

    def read(values: Mapping[str, Any], cells: bool) -> dict[str, Any]:
        answers = values.get("answers")
        if cells and isinstance(answers, str):
            answers = json_in("answers", answers)
        if isinstance(answers, Mapping):
            answers = answers.get("text")
        texts = [_answer(one) for one in answers] if isinstance(answers, list) else [_answer(answers)]
        found = next((text for text in texts if isinstance(text, str) and text.strip()), None)
        if found is None:
            raise Unreadable("answers holds no text: the question has no answer")
        return {**{name: values.get(name) for name in fills}, "answer": found}

    return Shape("squad", {**fills, "answer": "answers"}, read)


def _answer(value: Any) -> Any:
    return value.get("text") if isinstance(value, Mapping) else value


def _pairs_of(task: Task) -> str | None:
    """The kind of the fields of a preference pair, ``text`` or ``messages``; None where the task has none."""
    kinds = {task.fields[name].kind for name in _PAIRS if name in task.fields}
    whole = set(_PAIRS) <= set(task.fields) and (task.kind in {"preference", "free"})
    return next((kind for kind in ("text", "messages") if kinds == {kind}), None) if whole else None


def _pairs(task: Task, columns: Sequence[str]) -> Shape:
    kind = _pairs_of(task)
    fills = {name: name if name in columns else "chosen" for name in _PAIRS}

    def read(values: Mapping[str, Any], cells: bool) -> dict[str, Any]:
        found = {name: values.get(name) for name in _PAIRS}
        if not isinstance(found["chosen"], list) and not isinstance(found["prompt"], list) and kind == "text":
            return found
        return _said(found, cells) if kind == "text" else _spoken(found, cells)

    return Shape("dpo", fills, read)


def _said(found: Mapping[str, Any], cells: bool) -> dict[str, Any]:
    """Messages as texts: one turn of the user, and one answer on each side."""
    both = {name: _turns(name, found[name], False) for name in ("chosen", "rejected")}
    prompt = found["prompt"]
    if isinstance(prompt, list):
        asked = _turns("prompt", prompt, False)
    else:
        shared = _shared(both["chosen"], both["rejected"])
        asked = shared or [{"role": "user", "content": prompt}]
    texts = [turn["content"] for turn in asked if turn["role"] != "system"]
    if len(texts) != 1:
        raise Unreadable(f"prompt has {len(texts)} turns, and this task's prompt is one text")
    answers = {}
    for name, turns in both.items():
        rest = turns[len(asked) :] if turns[: len(asked)] == asked else turns
        if [turn["role"] for turn in rest] != ["assistant"]:
            raise Unreadable(f"{name} is not one answer of the assistant, as this task needs")
        answers[name] = rest[0]["content"]
    return {"prompt": texts[0], **answers}


def _shared(chosen: list[dict[str, Any]], rejected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The turns with which both begin, up to the last of the user."""
    same = 0
    while same < min(len(chosen), len(rejected)) and chosen[same] == rejected[same]:
        same += 1
    while same and chosen[same - 1]["role"] != "user":
        same -= 1
    return chosen[:same]


def _spoken(found: Mapping[str, Any], cells: bool) -> dict[str, Any]:
    """Texts as messages, and the prompt taken out of both sides where it stands there."""
    roles = {"prompt": "user", "chosen": "assistant", "rejected": "assistant"}
    both: dict[str, list[dict[str, Any]]] = {}
    for name, role in roles.items():
        value = found[name]
        if value is None and name == "prompt":
            continue
        is_json = cells and isinstance(value, str) and value.lstrip().startswith("[")
        text = isinstance(value, str) and not is_json
        both[name] = [{"role": role, "content": value}] if text else _turns(name, value, cells)
    if "prompt" not in both:
        prompt = _shared(both["chosen"], both["rejected"])
        if not prompt:
            raise Unreadable("has no prompt: chosen and rejected do not begin with the same turns")
        return {"prompt": prompt, **{name: both[name][len(prompt) :] for name in ("chosen", "rejected")}}
    return both
