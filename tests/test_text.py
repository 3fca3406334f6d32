"""What may be shown, how text is cut into tokens, and how contents are hashed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text import canonical, clean, content_hash, interval, normalise, number, signed, tokens, words


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;cm0gLXJmIC8=\x07", "␛]52;c;cm0gLXJmIC8=␇"),  # OSC 52 would fill the clipboard
        ("\x9b2J", "�2J"),  # C1: the one-byte form of ESC [
        ("a\x00b\x7fc", "a␀b␡c"),
        ("pay \u202egnp.exe", "pay gnp.exe"),  # right-to-left override
        ("a\u2066b\u2069c\u200ed\u061ce", "abcde"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("lone \ud800 surrogate", "lone � surrogate"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("one\ttwo\nthree\u2028four\r\nfive\rsix", "one two three four five six"),
    ],
)
def test_hostile_characters_are_seen_and_not_obeyed(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


@pytest.mark.parametrize(
    "harmless",
    [
        "👩‍👩‍👧 family",
        "नमस्ते क्षत्रिय",
        "مرحبا بالعالم",
        "می‌خواهم",
        "naïve café",
        "[bold]not markup[/bold]",
        "<b>&amp;</b>",
        "日本語",
    ],
)
def test_scripts_emoji_and_markup_stay_as_they_are(harmless: str) -> None:
    assert clean(harmless) == harmless


def test_line_ends_stay_where_several_lines_are_shown() -> None:
    assert clean("one\r\ntwo\rthree\tfour\x1b", multiline=True) == "one\ntwo\nthree four␛"


def test_a_cut_is_marked() -> None:
    assert clean("abcdef", limit=3) == "abc…"
    assert clean("abc", limit=3) == "abc"
    assert clean("\x1b" * 5, limit=2) == "␛␛…"


@given(st.text(st.characters(codec=None, categories=None)), st.booleans())
def test_never_a_control_byte(text: str, multiline: bool) -> None:
    shown = clean(text, multiline=multiline)
    allowed = "\n" if multiline else ""
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs") and char not in allowed]
    assert not set(shown) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
    shown.encode("utf-8")
    assert clean(shown, multiline=multiline) == shown


def test_tokens_are_words_and_single_marks() -> None:
    assert tokens("Don't PAY £5_now!") == ["don't", "pay", "£", "5", "_", "now", "!"]
    assert words("Don't PAY £5_now!") == ["don't", "pay", "5", "now"]
    assert tokens("Straße 👍 क्या") == tokens("STRASSE 👍 क्या")
    assert tokens("") == []


def test_normalise_folds_case_width_and_space() -> None:
    assert normalise("  ＦＵＬＬ\u00a0Width\n\ttext ") == "full width text"
    assert normalise("ﬁne") == normalise("FINE")


def test_equal_values_hash_equally_whatever_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": ["é"]}) == '{"a":["é"],"b":1}'
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    # printf '%s' '{"a":1}' | sha256sum
    assert content_hash({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert len(content_hash("\ud800")) == 64


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"), (float("nan"), "-"), (0.12345, "0.123"), (5.0, "5.000"), (12.0, "12"), (12.5, "12.500"), (99.96, "99.960"),
        (100.4, "100"), (-1234.5, "-1,234"),
    ],
)  # fmt: skip
def test_numbers_for_reading(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_intervals_and_changes_for_reading() -> None:
    assert interval(0.82, 0.96) == "0.820-0.960"
    assert interval(-0.1, 0.2) == "-0.100 to 0.200"
    assert interval(None, 0.2) == ""
    assert (signed(0.1), signed(-0.1), signed(0)) == ("+0.100", "-0.100", "+0.000")
