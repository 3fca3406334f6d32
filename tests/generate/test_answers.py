"""Reading structured answers: what is forgiven, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.generate.answers import find_object, unfinished
from workbench.models.base import Answer

SAMPLE = {"instruction": "Say hello.", "output": 'Hello {you}, "dear" ]'}
KEYS = ("instruction", "output")
PLAIN = json.dumps(SAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"  \ufeff{PLAIN}\n",
        f"Here it is:\n```json\n{json.dumps(SAMPLE, indent=2)}\n```\nI hope it helps {{or not}}.",
        f"```\n{PLAIN}\n```",
        f"Sure! {PLAIN} Anything else?",
        f"Think: {{not json}}. Then: {PLAIN}",
        f"[{PLAIN}]",
        json.dumps({"sample": SAMPLE}),
        PLAIN[:-1] + ",}",
        PLAIN[:-1] + ", \n }",
    ],
)
def test_an_object_is_found_in_whatever_stands_around_it(text: str) -> None:
    assert find_object(text, KEYS) == SAMPLE


def test_line_breaks_inside_strings_and_commas_before_brackets_in_them_stay() -> None:
    assert find_object('{"instruction": "one\ntwo", "output": "a,]",}', KEYS) == {
        "instruction": "one\ntwo",
        "output": "a,]",
    }


def test_a_dialogue_may_stand_alone() -> None:
    turns = [{"role": "user", "content": "hi"}]
    assert find_object(json.dumps(turns), ("messages",)) == {"messages": turns}
    assert find_object(json.dumps(turns), KEYS) == "no JSON object in the answer"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty answer"),
        ("  \n", "empty answer"),
        ("I cannot do that.", "no JSON object in the answer"),
        ("[1, 2]", "no JSON object in the answer"),
        ('{"other": 1, "keys": 2}', "no JSON object in the answer"),
        ('{"instruction": "cut', "broken JSON in the answer"),
        ('{"instruction": NaN}', "broken JSON in the answer"),
        ('{"instruction": {"a": }', "broken JSON in the answer"),
        ("[" * 100_000, "no JSON object in the answer"),
        ('{"a":' * 100_000, "broken JSON in the answer"),
    ],
)
def test_what_holds_none_says_why(text: str, says: str) -> None:
    assert find_object(text, KEYS) == says


@given(st.text(max_size=400))
def test_whatever_a_model_says_it_is_read_without_a_crash(text: str) -> None:
    found = find_object(text, KEYS)
    assert isinstance(found, (str, dict))


@given(
    st.dictionaries(
        st.text(max_size=8), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), max_size=3
    ),
    st.sampled_from(["{}", "Answer: {}", "```json\n{}\n```", "{}\nDone."]),
)
def test_every_object_comes_back_as_it_was(more: dict[str, Any], around: str) -> None:
    value = {**more, "instruction": "x"}
    assert find_object(around.replace("{}", json.dumps(value)), KEYS) == value


@pytest.mark.parametrize(
    ("finish", "says"),
    [
        ("length", "cut off at max_tokens"),
        ("content_filter", "held back by the endpoint's content filter"),
        ("refusal", "the model refused"),
        ("stop", None),
        (None, None),
    ],
)
def test_unfinished_answers_are_recognised(finish: str | None, says: str | None) -> None:
    refusal = unfinished(Answer("x", "m", finish))
    assert (refusal.reason if refusal else None) == says
    assert refusal is None or not refusal.repairable
