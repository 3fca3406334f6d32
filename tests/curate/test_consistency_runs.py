"""Self-consistency: the share of runs that give the most frequent label."""

from __future__ import annotations

import json

import pytest

from tests.curate.scripted_judge import Judge, kept, part, texts
from workbench.curate.base import Context, Item, parse_filter
from workbench.errors import WorkbenchError
from workbench.task import Task

RUNS = {
    "agreed": ["card"] * 5,
    "mostly": ["card", "pin", "card", "card", "rate"],  # 3 of 5
    "split": ["card", "card", "pin", "pin", "rate"],  # 2 of 5
    "other": ["pin", "pin", "pin", "pin", "card"],
    "silent": ["I do not know"] * 5,
    "two": ["card", "hm", "pin", "hm", "hm"],  # 1 of 2, its own label first
}


def answer(prompt: str, draw: int) -> str:
    said = RUNS[part(prompt, "text")][draw]
    return json.dumps({"label": said}) if draw % 2 else said


def test_worked_by_hand() -> None:
    judge = Judge(answer)
    verdicts = judge.judge("consistency_runs", texts(*RUNS, label="card"), labels=["card", "pin", "rate"])
    assert kept(verdicts) == [True, True, False, False, True, False]
    assert [verdict.value for verdict in verdicts] == [1.0, 0.6, 0.4, 0.8, None, 0.5]
    assert [verdict.rule for verdict in verdicts] == [
        "",
        "",
        "inconsistent",
        "another label",
        "unscored",
        "inconsistent",
    ]
    assert verdicts[2].reason == "2 of 5 runs say card: consistency .40"
    assert verdicts[3].reason == "4 of 5 runs say pin, it is labelled card"
    assert verdicts[4].reason == "kept: the model gave no label"
    assert verdicts[5].reason == "1 of 2 runs say card (3 gave no label): consistency .50"
    assert [request.draw for request in judge.requests[:6]] == [0, 1, 2, 3, 4, 0]
    assert judge.requests[0].parameters["temperature"] == 0.6
    assert judge.requests[0].schema is not None
    assert judge.requests[0].schema["properties"]["label"]["enum"] == ["card", "pin", "rate"]


def test_the_model_sees_the_codebook_and_never_the_label() -> None:
    judge = Judge(lambda prompt, draw: "pin")
    labels = [{"name": "card", "description": "about the plastic"}, {"name": "pin"}]
    task = Task.model_validate({"labels": labels, "description": "Messages to a bank."})
    judge.judge("consistency_runs:runs=2", texts("Where is it?", label="card"), labels=["card", "pin"], task=task)
    prompt = judge.prompts[0]
    assert "- card: about the plastic\n- pin\n" in prompt
    assert "<label" not in prompt


def test_only_samples_with_a_label_are_asked_about() -> None:
    judge = Judge(lambda prompt, draw: "card")
    items = [Item(1, "a"), Item(2, "b", label="card")]
    verdicts = judge.judge("consistency_runs:majority=false", items, labels=["card", "pin"])
    assert [verdict.reason for verdict in verdicts] == ["has no label yet", "5 of 5 runs say card"]
    with pytest.raises(WorkbenchError, match="one label each"):
        list(parse_filter("consistency_runs").judge([Item(1, "a")], Context(ask=judge.ask)))
    with pytest.raises(WorkbenchError, match="two different labels"):
        list(parse_filter("consistency_runs").judge([Item(1, "a", label="x")], Context(ask=judge.ask)))
