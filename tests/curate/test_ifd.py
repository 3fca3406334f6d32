"""Instruction-following difficulty, worked by hand."""

from __future__ import annotations

import pytest

from tests.curate.scripted_judge import Judge, kept
from workbench.curate.base import Context, Item, parse_filter
from workbench.errors import UsageError, WorkbenchError
from workbench.models.base import Answer

#: Response: log-probabilities of its tokens after the instruction, and alone.
KNOWN = {
    "hard": ([-1.8, -1.8], [-2.0, -2.0]),  # .9
    "easy": ([-0.1, -0.3], [-2.0, -2.0]),  # .1
    "even": ([-1.0], [-1.0]),  # 1: not over 1, so not misaligned
    "misled": ([-3.0, -1.0], [-1.5, -1.5]),  # 2 / 1.5
    "middle": ([-0.5, -1.5], [-2.0, -2.0]),  # .5
    "unknown": (None, [-1.0]),
}


def item(number: int, response: str, instruction: str = "Do it.") -> Item:
    return Item(number, f"{instruction}\n{response}", {"instruction": instruction, "input": "", "output": response})


def losses(prompt: str, _: int) -> Answer:
    response = prompt.rpartition("### Response:\n")[2]
    given, alone = KNOWN[response]
    return Answer("", "base", logprobs=given if "### Instruction:" in prompt else alone)


def test_worked_by_hand() -> None:
    judge = Judge(losses)
    verdicts = judge.judge("ifd:share=0.5", [item(n, response) for n, response in enumerate(KNOWN)])
    # Of hard .9, easy .1, even 1, middle .5 the upper half stays: even and hard.
    assert kept(verdicts) == [True, False, True, False, False, True]
    assert [verdict.value for verdict in verdicts] == [
        pytest.approx(0.9), pytest.approx(0.1), 1.0, pytest.approx(4 / 3), pytest.approx(0.5), None,
    ]  # fmt: skip
    assert [verdict.rule for verdict in verdicts] == ["", "easy", "", "misaligned", "easy", "unscored"]
    assert verdicts[0].reason == "IFD .90: loss 1.80 with the instruction, 2.00 without; number 2 of 4"
    assert verdicts[0].scores == {"ifd.given": pytest.approx(1.8), "ifd.alone": 2.0}


def test_only_the_response_is_scored() -> None:
    judge = Judge(losses)
    judge.judge("ifd", [Item(1, "", {"instruction": "Add.", "input": "1 2", "output": " hard "})])
    given, alone = judge.requests
    assert given.prompt == "### Instruction:\nAdd.\n1 2\n\n### Response:\nhard"
    assert alone.prompt == "### Response:\nhard"
    assert [(one.prompt or "")[one.scored :] for one in judge.requests] == ["hard", "hard"]
    assert given.parameters == {"max_tokens": 1}


def test_fields_by_other_names_and_samples_without_them() -> None:
    judge = Judge(losses)
    items = [Item(1, "", {"q": "Why?", "a": "hard"}), Item(2, "", {"q": "Why?", "a": ""})]
    verdicts = judge.judge("ifd:question=q,response=a,share=1", items)
    assert [(verdict.keep, verdict.rule) for verdict in verdicts] == [(True, ""), (True, "unscored")]
    with pytest.raises(WorkbenchError, match="instruction and input and output"):
        list(parse_filter("ifd").judge(items, Context(ask=judge.ask)))
    with pytest.raises(UsageError, match="share"):
        parse_filter("ifd:share=0")
