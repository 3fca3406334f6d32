"""Length by field and by kind of field."""

from __future__ import annotations

import pytest

from tests.curate.rule_helpers import judge, sample, verdict
from workbench.curate.base import Context, Item
from workbench.curate.rules.counting import WHOLE, count_units
from workbench.errors import WorkbenchError
from workbench.learn.features import units
from workbench.task import Task

INSTRUCTIONS = Context(task=Task(kind="instruction"))


def test_usual_bounds_of_a_text() -> None:
    found = [verdict("length", text) for text in ("one", "one two", "?!", "a " * 1001, "x" * 10_001, "我的卡")]
    assert [one.keep for one in found] == [False, True, False, False, False, True]
    assert [one.rule for one in found] == ["too_short", "", "too_short", "too_long", "too_long", ""]
    assert found[3].reason == "1,001 words, at most 1,000 wanted"
    assert found[4].reason == "10,001 characters, at most 10,000 wanted"


def test_a_single_bound_moves_the_other_out_of_its_way() -> None:
    assert verdict("length:max_words=1", "one").keep
    assert verdict("length:min_words=1500", "a " * 1900).keep
    assert verdict("length:max_characters=2", "ab", None).reason == "1 word, at least 2 wanted"


def test_bounds_follow_the_kind_of_field() -> None:
    item = sample(instruction="Is it good?", input="", output="Yes")
    (found,) = judge("length:field=output", [item], INSTRUCTIONS)
    assert (found.keep, found.reason) == (True, "1 word")
    (found,) = judge("length:field=input", [item], INSTRUCTIONS)
    assert (found.keep, found.reason) == (True, "input is empty, as it may be")
    (found,) = judge("length:field=output,min_words=2", [item], INSTRUCTIONS)
    assert found.reason == "1 word, at least 2 wanted"
    long = sample(instruction="Write.", output="word " * 5_000)
    assert judge("length", [long], INSTRUCTIONS)[0].keep
    assert judge("length:field=output", [long], INSTRUCTIONS)[0].keep


def test_turns_are_counted_together() -> None:
    turns = [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "three"}]
    item = Item(1, "one two\nthree", {"messages": turns})
    (found,) = judge("length:field=messages", [item], Context(task=Task(kind="dialogue")))
    assert found.value == 3


def test_unknown_field() -> None:
    with pytest.raises(WorkbenchError, match="has no field text; it has instruction, input, output"):
        judge("length:field=text", [sample(instruction="a", output="b")], INSTRUCTIONS)


def test_counting_stops_when_it_is_too_much() -> None:
    text = "word " * 2_000_000  # ten megabytes
    assert WHOLE / 5 <= count_units(text, 1_000) <= 2 * WHOLE / 5
    assert not verdict("length:max_characters=100000000", text).keep
    mixed = "eins zwei, drei's 我的卡 " * 3_000
    assert count_units(mixed, 10**9) == len(units(mixed))
