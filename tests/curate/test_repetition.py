"""Repetition: Gopher's fractions worked by hand, and runs in short texts."""

from __future__ import annotations

import pytest

from tests.curate.rule_helpers import DATA, banking, instructions, judge, sentences, texts, trec, verdict
from workbench.curate.base import Context, Item, parse_filter
from workbench.curate.rules.measures import repeated_characters
from workbench.curate.rules.repeats import REPEATED, TOP, repeated_fraction, repeated_turns, top_fraction
from workbench.errors import UsageError
from workbench.task import Task


def cut(text: str) -> list[str]:
    return text.split()


def test_gophers_table_a1() -> None:
    assert TOP == {2: 0.20, 3: 0.18, 4: 0.16}
    assert REPEATED == {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}


def test_top_n_gram_by_hand() -> None:
    # 9 words, 21 characters; "aa bbb" stands there twice: 2 * 5 / 21. "aa bbb c" twice: 2 * 6 / 21.
    words = cut("aa bbb c dddd aa bbb c eee ff")
    assert sum(map(len, words)) == 21
    assert top_fraction(words, 2) == (pytest.approx(10 / 21), "aa bbb", 2)
    assert top_fraction(words, 3) == (pytest.approx(12 / 21), "aa bbb c", 2)
    assert top_fraction(words, 4) == (0.0, "", 0)
    assert top_fraction([], 2) == (0.0, "", 0)


def test_repeated_n_grams_by_hand() -> None:
    # x y z | x y z | x y z: from the fourth word on all is in a 2-gram that stood there before, each word counted once.
    assert repeated_fraction(cut("x y z x y z x y z"), 2) == pytest.approx(6 / 9)
    # Of a a a a the second, third and fourth word are in repeats of "a a".
    assert repeated_fraction(cut("a a a a"), 2) == pytest.approx(3 / 4)
    assert repeated_fraction(cut("one two three four"), 2) == 0.0
    assert repeated_fraction(cut("hello you all hello you"), 2) == pytest.approx(8 / 19)


def test_repeated_characters_by_hand() -> None:
    assert repeated_characters(["abc", "de", "abc", "abc"]) == 6


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("my card is lost " + "!" * 25, "characters"),
        ("nooooooooooooooooooooooo not again", "characters"),
        ("card card card card card card", "words"),
        ("no yes no no maybe no no so no no", "phrase"),
        ("I lost my card in the city and I lost my card in the city and it is gone", "repeated_5_grams"),
        ("-" * 60 + " end", "signs"),
        ("a b c\nd e f\na b c\na b c", "lines"),
        ("Buy now.\n\nWe are open.\n\nBuy now.\n\nBuy now.", "lines"),
    ],
)
def test_short_texts(text: str, rule: str) -> None:
    found = verdict("repetition", text)
    assert not found.keep
    assert (found.value or 0) > 1
    if rule not in ("lines",):
        assert found.rule == rule
    else:
        assert found.rule in ("lines", "line_characters", "paragraphs", "paragraph_characters")


@pytest.mark.parametrize(
    "text",
    [
        "How do I do this and how do I do that?",
        "very very good",
        "no no no no",
        "The cat saw the cat that the cat saw.",
        "Call 1000000 or 0000",
        "You can ________ now or ________ later.",
        "- one\n- two\n- three\n- four",
        "",
    ],
)
def test_usual_texts(text: str) -> None:
    assert verdict("repetition", text).keep


def test_long_texts() -> None:
    filler = " ".join(f"word{place}" for place in range(100))
    assert verdict("repetition", filler).value == 0.0
    sentence = "we thank you for your kind letter of last week"
    found = verdict("repetition", f"{filler} {f'{sentence} ' * 5}")
    assert (found.keep, found.rule[:8]) == (False, "repeated")
    assert "of the characters are in repeated runs of" in found.reason
    assert verdict("repetition:tolerance=10", f"{filler} {f'{sentence} ' * 5}").keep


def test_the_number_is_the_worst_fraction_over_its_limit() -> None:
    found = verdict("repetition", "a b c\nd e f\na b c\ng h i\nj k l")
    assert found.keep is True  # one line of five: .20 of .30; 5 of 25 characters: .20 of .20
    assert found.value == pytest.approx(1.0)
    assert found.reason == "1.00 of the limit for line_characters"


def test_turns_said_again() -> None:
    said = ["I can help you with that", "no", "I can help you with that", "no", "I can help you with  THAT"]
    again = repeated_turns(said)
    assert again is not None
    assert (again.rule, again.measured) == ("turns", pytest.approx(2 / 5))
    turns = [{"role": "user", "content": one} for one in said]
    found = judge("repetition", [Item(1, "", {"messages": turns})], Context(task=Task(kind="dialogue")))[0]
    assert (found.keep, found.rule) == (False, "turns")
    assert repeated_turns(["yes", "no", "yes", "no"]) is None


def test_parameters() -> None:
    with pytest.raises(UsageError, match="tolerance should be over 0"):
        parse_filter("repetition:tolerance=0")


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not here")
def test_real_texts_stay() -> None:
    for real in (banking("test"), trec(), sentences()):
        assert sum(one.keep for one in judge("repetition", texts(*real))) / len(real) >= 0.999
    seeds = instructions()
    kept = sum(one.keep for one in judge("repetition", seeds, Context(task=Task(kind="instruction"))))
    assert kept / len(seeds) >= 0.97
