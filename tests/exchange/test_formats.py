"""The formats that train models, against their published shapes, for every kind of task."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.tasks import PLAIN, SCHEMA, TASKS, sample
from workbench.errors import FileError, UsageError
from workbench.exchange import FORMATS, ExportContext, Unwritable, alpaca, dpo, openai_chat, sharegpt, write

SHAPES = {
    "openai-chat": openai_chat.check_shape,
    "sharegpt": sharegpt.check_shape,
    "alpaca": alpaca.check_shape,
    "dpo": dpo.check_shape,
}
#: Which kinds have no place, and what is said.
NONE = {
    ("openai-chat", "preference"): "a chat has one answer and a preference pair has two; use --format dpo",
    ("sharegpt", "preference"): "a chat has one answer and a preference pair has two; use --format dpo",
    ("alpaca", "preference"): "a chat has one answer and a preference pair has two; use --format dpo",
    ("alpaca", "dialogue"): "it holds one instruction and one output, not turns; use --format openai-chat or sharegpt",
    ("alpaca", "labelled_dialogue"): "it holds one instruction and one output, not turns",
    ("alpaca", "free"): "it holds one instruction and one output, not turns",
    **{(chat, "spoken_preference"): "a free task without labels has no answer" for chat in ("openai-chat", "sharegpt", "alpaca")},
    **{("dpo", kind): "which only preference pairs have" for kind in TASKS if "preference" not in kind},
}  # fmt: skip
#: The plain free sample has no turns: it is the sample, not the kind, that is left out.
FITTING = [(format, kind) for format in SHAPES for kind in TASKS if (format, kind) not in NONE and kind != "free"]


def records(path: Path) -> list[Any]:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def exported(tmp_path: Path, format: str, kind: str, instruction: str | None = None, **context: Any) -> Any:
    """The one record that the plain sample of a kind becomes."""
    context = {"task": TASKS[kind], "instruction": instruction} | context
    write(format, [sample(*PLAIN[kind])], tmp_path / "out", context=ExportContext(**context))
    (record,) = records(tmp_path / "out")
    return record


@pytest.mark.parametrize(("format", "kind"), FITTING)
@pytest.mark.parametrize("instruction", [None, "Do it."])
def test_records_have_the_published_shape(tmp_path: Path, format: str, kind: str, instruction: str | None) -> None:
    assert SHAPES[format](exported(tmp_path, format, kind, instruction)) is None


@pytest.mark.parametrize(("format", "kind"), NONE)
def test_kinds_that_have_no_place_are_refused_in_one_sentence(tmp_path: Path, format: str, kind: str) -> None:
    with pytest.raises(UsageError) as refused:
        write(format, [sample(*PLAIN[kind])], tmp_path / "out", context=ExportContext(TASKS[kind]))
    assert NONE[format, kind] in str(refused.value)
    assert str(refused.value).startswith(f"{format} has no place for the task ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("format", "kind"), FITTING)
def test_nothing_of_the_workbench_is_in_what_trains_models(tmp_path: Path, format: str, kind: str) -> None:
    text = json.dumps(exported(tmp_path, format, kind))
    assert not [word for word in ("u0", "filter.length", "confidence", "zerogen", "terse") if word in text]


def said(record: Any) -> list[tuple[str, str]]:
    if "conversations" in record:
        return [(turn["from"], turn["value"]) for turn in record["conversations"]]
    return [(turn["role"], turn["content"]) for turn in record["messages"]]


NAMES = "lost_card\nchange_pin\na, b"
CHATS = {
    "classification": (
        "Where is my card?",
        "lost_card",
        f"\n\nAnswer with one of these labels and nothing else:\n{NAMES}",
    ),
    "multi_label": (
        "Where is my card?",
        '["lost_card", "a, b"]',
        f"\n\nAnswer with a JSON array of those of these labels that apply and nothing else:\n{NAMES}",
    ),
    "pair": (
        "premise: It rains.\nhypothesis: It is wet.",
        "yes",
        "\n\nAnswer with one of these labels and nothing else:\nyes\nno",
    ),
    "similarity": ("first: a dog\nsecond: a hound", "4.5", "\n\nAnswer with a number from 0 to 5 and nothing else."),
    "extraction": (
        "Two of us, in Rome.",
        '{"city": "Rome", "guests": 2}',
        f"\n\nAnswer with a JSON object by this JSON Schema and nothing else:\n{json.dumps(SCHEMA)}",
    ),
    "question_answering": ("Rome lies in Italy.\n\nWhere is Rome?", "In Italy.", ""),
    "instruction": ("Translate.\n\ngatto", "cat", ""),
    "dialogue": ("Hi", "Hello", ""),
    "labelled_dialogue": ("Hi", "Hello", ""),
}


def test_a_whole_number_on_a_scale_is_answered_as_it_is_asked_for(tmp_path: Path) -> None:
    fields = PLAIN["similarity"][0]
    context = ExportContext(TASKS["similarity"])
    write("openai-chat", [sample(fields, 5.0), sample(fields, 2.5, 2)], tmp_path / "out", context=context)
    assert [record["messages"][-1]["content"] for record in records(tmp_path / "out")] == ["5", "2.5"]


@pytest.mark.parametrize("kind", list(CHATS))
def test_what_a_chat_says_of_each_kind(tmp_path: Path, kind: str) -> None:
    asked, answered, how = CHATS[kind]
    assert said(exported(tmp_path, "openai-chat", kind)) == [("user", asked), ("assistant", answered)]
    (tmp_path / "out").unlink()
    assert said(exported(tmp_path, "openai-chat", kind, " Do it. ")) == [
        ("system", f"Do it.{how}"), ("user", asked), ("assistant", answered)
    ]  # fmt: skip
    (tmp_path / "out").unlink()
    assert said(exported(tmp_path, "sharegpt", kind, "Do it.")) == [
        ("system", f"Do it.{how}"), ("human", asked), ("gpt", answered)
    ]  # fmt: skip


def test_a_dialogue_keeps_its_own_system_turn(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be brief."}, *PLAIN["dialogue"][0]["messages"]]
    context = ExportContext(TASKS["dialogue"], instruction="Do it.")
    write("openai-chat", [sample({"messages": turns})], tmp_path / "out", context=context)
    assert records(tmp_path / "out") == [{"messages": turns}]


def test_alpaca(tmp_path: Path) -> None:
    for kind, record in {
        "instruction": {"instruction": "Translate.", "input": "gatto", "output": "cat"},
        "question_answering": {"instruction": "Where is Rome?", "input": "Rome lies in Italy.", "output": "In Italy."},
        "pair": {
            "instruction": "Compare.\n\nAnswer with one of these labels and nothing else:\nyes\nno",
            "input": "premise: It rains.\nhypothesis: It is wet.",
            "output": "yes",
        },
    }.items():
        assert exported(tmp_path, "alpaca", kind) == record
        (tmp_path / "out").unlink()
    nameless = TASKS["pair"].model_copy(update={"description": " "})
    with pytest.raises(UsageError, match=r"needs an instruction; write one as export\.instruction in project\.yaml"):
        exported(tmp_path, "alpaca", "pair", task=nameless)
    assert exported(tmp_path, "alpaca", "pair", "Do it.", task=nameless)["instruction"].startswith("Do it.\n")


def test_preference_pairs_as_texts_and_as_messages(tmp_path: Path) -> None:
    assert exported(tmp_path, "dpo", "preference") == {"prompt": "Say hi.", "chosen": "Hi!", "rejected": "No."}
    (tmp_path / "out").unlink()
    assert exported(tmp_path, "dpo", "spoken_preference") == PLAIN["spoken_preference"][0]


def turns(*roles: str, text: str = "a") -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role in roles]


def test_samples_that_are_no_chat_are_left_out_and_listed(tmp_path: Path) -> None:
    bad = {
        "has a turn of a tool, whose call is not known": turns("user", "tool", "assistant"),
        "has a turn of the system that is not the first": turns("user", "system", "assistant"),
        "has no turn of the user": turns("system", "assistant"),
        "does not end with a turn of the assistant: there is no answer to learn": turns("user", "assistant", "user"),
        "has a turn of the user without text": turns("user", "assistant", text=" "),
    }
    samples = [sample({"messages": messages}, None, number) for number, messages in enumerate(bad.values())]
    good = sample(*PLAIN["dialogue"], 9)
    for format in ("openai-chat", "sharegpt"):
        written = write(format, [*samples, good], tmp_path / format, context=ExportContext(TASKS["dialogue"]))
        assert (written.rows, written.failed_rows) == (1, len(bad))
        assert written.failed == tuple(Unwritable(f"u{number}", reason) for number, reason in enumerate(bad))
        assert len(records(tmp_path / format)) == 1


def test_the_first_hundred_left_out_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    unlabelled = [sample({"text": "a"}, None, number) for number in range(150)]
    context = ExportContext(TASKS["classification"])
    written = write("openai-chat", [*unlabelled, sample(*PLAIN["classification"])], tmp_path / "out", context=context)
    assert (written.rows, written.failed_rows, len(written.failed)) == (1, 150, 100)
    with pytest.raises(FileError, match="nothing to export as alpaca: sample u0 has no label"):
        write("alpaca", unlabelled, tmp_path / "none", context=context)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("format", "record"),
    [
        ("openai-chat", {}),
        ("openai-chat", {"messages": [], "more": 1}),
        ("openai-chat", {"messages": turns("user")}),
        ("openai-chat", {"messages": turns("assistant", "user")}),
        ("openai-chat", {"messages": turns("user", "assistant", text="")}),
        ("openai-chat", {"messages": turns("user", "critic", "assistant")}),
        ("openai-chat", {"messages": [{"role": "user", "content": "a", "x": 1}, *turns("assistant")]}),
        ("openai-chat", {"messages": "a"}),
        ("sharegpt", {"conversations": []}),
        ("sharegpt", {"conversations": [{"from": "user", "value": "a"}]}),
        ("sharegpt", {"conversations": [{"from": "human", "value": "a"}]}),
        ("sharegpt", {"conversations": [{"from": "gpt", "value": " "}]}),
        ("alpaca", {"instruction": "a", "output": "b"}),
        ("alpaca", {"instruction": "a", "input": None, "output": "b"}),
        ("alpaca", {"instruction": " ", "input": "", "output": "b"}),
        ("dpo", {"prompt": "a", "chosen": "b"}),
        ("dpo", {"prompt": "a", "chosen": " ", "rejected": "c"}),
        ("dpo", {"prompt": "a", "chosen": turns("assistant"), "rejected": turns("assistant")}),
        ("dpo", {"prompt": turns("assistant"), "chosen": turns("assistant"), "rejected": turns("assistant")}),
        ("dpo", {"prompt": turns("user"), "chosen": turns("user"), "rejected": turns("assistant")}),
    ],
)
def test_records_of_another_shape_are_told(format: str, record: Any) -> None:
    assert SHAPES[format](record)


def test_a_json_array_is_one_whatever_is_left_out(tmp_path: Path) -> None:
    good, bad = sample(*PLAIN["instruction"]), sample({"instruction": "a", "output": " "}, None, 1)
    context = ExportContext(TASKS["instruction"])
    for number, samples in enumerate([[good], [bad, good], [good, bad, good], [good, good, bad]]):
        path = tmp_path / str(number)
        write("alpaca", samples, path, context=context)
        assert len(json.loads(path.read_text(encoding="utf-8"))) == samples.count(good)


def test_csv_has_json_in_the_cells_of_what_is_no_text(tmp_path: Path) -> None:
    fields = {"title": "=1", "score": -5, "data": "text", "talk": turns("user")}
    write(
        "csv",
        [replace(sample(fields), conditions={}, scores={})],
        tmp_path / "out",
        context=ExportContext(TASKS["free"]),
    )
    assert (tmp_path / "out").read_text(encoding="utf-8").splitlines()[1] == (
        'u0,\'=1,-5,"""text""","[{""role"": ""user"", ""content"": ""a""}]",,accepted,synthetic,train,{},{},embedded,zerogen'
    )


def test_every_format_has_a_summary() -> None:
    assert all(FORMATS.get(name).summary for name in FORMATS)
