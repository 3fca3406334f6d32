from __future__ import annotations

import pytest

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.curate.filters.label_leakage import stem
from workbench.errors import UsageError, WorkbenchError


def judge(spec: str, label: str | None, *texts: str, context: Context | None = None) -> list[Verdict]:
    items = [Item(place, text, label=label) for place, text in enumerate(texts)]
    return list(parse_filter(spec).judge(items, context or Context()))


def kept(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]


@pytest.mark.parametrize("label", ["change_pin", "ChangePin", "change-pin", "change pin"])
def test_the_words_of_a_name_side_by_side(label: str) -> None:
    verdicts = judge(
        "label_leakage", label, "How do I change pin?", "changing PINs abroad", "change my pin", "pin change"
    )
    assert kept(verdicts) == [False, False, True, True]
    assert verdicts[0] == Verdict(False, 'names its label: "How do I change pin?"', 1.0)
    anywhere = judge("label_leakage:words=all", label, "change my pin", "my pin", "pin: please change it")
    assert kept(anywhere) == [False, True, False]
    assert anywhere[0].reason == 'names its label: "change ... pin"'


def test_the_name_as_it_is_written() -> None:
    verdicts = judge("label_leakage", "a_to_b", "use a_to_b here", "A to B", "xa_to_bx")
    assert kept(verdicts) == [False, False, True]


def test_one_everyday_word_counts_only_where_it_is_said_to_be_the_label() -> None:
    texts = ("I have a question about it", "category: question. What is it?", "The label is 'Question'.")
    assert kept(judge("label_leakage", "question", *texts)) == [True, False, False]
    assert kept(judge("label_leakage:everyday=yes", "question", *texts)) == [False, False, False]
    assert kept(judge("label_leakage", "refund", "I want a refund", "refunded twice", "I want money")) == [
        False, False, True,
    ]  # fmt: skip


def test_labels_that_may_be_named() -> None:
    labels = Context(labels=["refund", "fee"])
    assert kept(judge("label_leakage:ignore=refund", "refund", "a refund", context=labels)) == [True]
    with pytest.raises(UsageError, match="ignore has refnd, which is no label here"):
        judge("label_leakage:ignore=refnd", "refund", "a refund", context=labels)


def test_odd_labels() -> None:
    assert kept(judge("label_leakage", "退款", "我要退款", "你好")) == [False, True]
    assert kept(judge("label_leakage", "???", "what ???", "")) == [True, True]
    assert kept(judge("label_leakage", "(+)[", "label: (+)[", "x")) == [False, True]
    hostile = judge("label_leakage", "fee", "\x1b[31mthe \x1b[0mfee\u202e")
    assert "\x1b" not in hostile[0].reason
    assert "\u202e" not in hostile[0].reason


def test_needs_labels() -> None:
    with pytest.raises(WorkbenchError, match="none here has; take it out"):
        judge("label_leakage", None, "a")
    mixed = parse_filter("label_leakage").judge([Item(1, "a"), Item(2, "the fee", label="fee")], Context())
    assert [verdict.reason for verdict in mixed] == ["has no label yet", 'names its label: "the fee"']


@pytest.mark.parametrize(
    "words",
    [("pin", "pins"), ("change", "changes", "changed", "changing"), ("cancel", "cancelled", "cancelling", "canceled"),
     ("country", "countries"), ("balance", "balances"), ("pass", "passed"), ("card", "card's", "cards")],
)  # fmt: skip
def test_stems(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_stems_keep_different_words_apart() -> None:
    assert len({stem(word) for word in ("card", "car", "care", "rate", "rat", "bus", "is", "sing")}) == 8
