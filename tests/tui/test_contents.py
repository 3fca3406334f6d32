"""Fields as lines and as text: turns, pairs, JSON, marks, and what a person writes read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.task_kinds import ROLES
from workbench.tui import marks, writing
from workbench.tui.differences import brief
from workbench.tui.differences import marked as marked_changes
from workbench.tui.scales import Steps
from workbench.tui.summaries import line
from workbench.tui.widgets.contents import marked, side_by_side, turn_lines
from workbench.tui.widgets.json_lines import LINES, json_lines
from workbench.tui.widgets.lines import cells


def flat(lines: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def in_style(lines: list[list[tuple[str, str]]], style: str) -> list[str]:
    return [text for line in lines for text, name in line if name == style]


# --- dialogues -------------------------------------------------------------------------------------------------------


def test_who_speaks_stands_in_a_column_and_the_user_in_bold() -> None:
    lines = turn_lines([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello\nyou"}], 40)
    assert flat(lines) == ["user      Hi", "", "assistant Hello", "          you"]
    assert in_style(lines, "pane--text") == ["Hi"]


def test_a_narrow_pane_names_the_speaker_above() -> None:
    assert flat(turn_lines([{"role": "user", "content": "Hi", "name": "Ann"}], 20)) == ["user Ann".ljust(20), "Hi"]


def test_a_dialogue_without_end_is_cut_and_says_so() -> None:
    turns = [{"role": "user", "content": "x" * 1000}] * 50
    assert flat(turn_lines(turns, 60))[-1] == "… 30 more turns"  # 20,000 characters
    assert flat(turn_lines([{"role": "user", "content": ""}] * 5_000, 60))[-1] == "… 4,600 more turns"


# --- pairs and marks -------------------------------------------------------------------------------------------------


def test_words_that_only_one_text_has_are_found() -> None:
    left, right = "the cat sat on the mat", "the dog sat on a mat"
    spans = marks.differing(left, right)
    assert spans is not None
    assert [left[start:end] for start, end in spans[0]] == ["cat", "the"]
    assert [right[start:end] for start, end in spans[1]] == ["dog", "a"]


def test_a_full_stop_alone_is_no_other_word() -> None:
    spans = marks.differing("it has arrived yet", "it has arrived.")
    assert spans == (((15, 18),), ((14, 15),))


def test_texts_with_little_in_common_and_long_ones_are_not_marked() -> None:
    assert marks.differing("Canberra", "It is Sydney, a big city") is None
    assert marks.differing("word " * 2_000, "word " * 2_000) is None


def test_two_columns_stand_line_by_line() -> None:
    left, right = [[("one", "a")], [("two", "a")]], [[("eins", "b")]]
    assert flat(side_by_side(left, right, 6)) == ["one    │ eins", "two    │ "]


def test_values_stand_in_the_text_as_whole_words_of_any_case() -> None:
    text = "Anna\nBerg ordered 12 boxes, not 120, from ANNA BERG."
    found = marks.standing(text, {"name": "Anna Berg", "count": 12, "paid": True, "none": None})
    assert [text[start:end] for start, end in found] == ["Anna\nBerg", "12", "ANNA BERG"]
    assert marks.standing("我在北京吃飯", ["北京"]) == ((2, 4),)


def test_marks_are_cut_at_line_ends() -> None:
    text = "aa bb cc dd"
    lines = marked(text, ((3, 8),), 5, "plain", "mark")
    assert lines == [[("aa ", "plain"), ("bb", "mark")], [("cc", "mark"), (" dd", "plain")]]


@given(st.text("ab \n", max_size=60), st.integers(1, 12), st.lists(st.integers(0, 60), min_size=2, max_size=2))
def test_marks_change_no_text(text: str, width: int, ends: list[int]) -> None:
    start, end = sorted(ends)
    spans = ((start, min(end, len(text))),) if start < min(end, len(text)) else ()
    assert flat(marked(text, spans, width, "plain")) == flat(marked(text, (), width, "plain"))


def test_a_change_in_a_long_text_is_told_with_the_words_around_it() -> None:
    before = " ".join(f"word{n}" for n in range(700))
    told = brief(before, before.replace("word350 ", "other "))
    assert told.startswith("… word34")
    assert "[-word350-] {+other+}" in told
    assert told.endswith("…")
    assert len(told) < 200
    assert brief("a b", "a c") == marked_changes("a b", "a c") == "a [-b-] {+c+}"


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json_that_fits_stands_on_one_line_else_it_is_indented() -> None:
    value = {"name": "Anna", "tags": [1, True, None]}
    assert flat(json_lines(value, 60)) == ['{"name": "Anna", "tags": [1, true, null]}']
    assert flat(json_lines(value, 30)) == ["{", '  "name": "Anna",', '  "tags": [1, true, null]', "}"]
    assert in_style(json_lines(value, 30), "pane--key") == ['"name"', '"tags"']
    assert in_style(json_lines(value, 30), "pane--literal") == ["1", "true", "null"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, st.integers(12, 80))
def test_json_lines_keep_to_the_width(value: Any, width: int) -> None:
    for text in flat(json_lines(value, width)):
        assert cells(text) <= max(width, 70)  # a key has 60 characters at the most
        assert "\n" not in text


def test_depth_length_and_lines_of_json_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    assert len(json_lines(deep, 40)) < 40
    assert len(json_lines(list(range(100_000)), 40)) == LINES + 1
    assert flat(json_lines(["y" * 100_000], 40))[-2].endswith('…"')
    assert max(map(len, flat(json_lines({"k" * 10_000: 1}, 40)))) < 80


# --- written and read back -------------------------------------------------------------------------------------------


def test_a_dialogue_is_written_and_read_back() -> None:
    turns = [
        {"role": "system", "content": "Answer.\nuser: is a word here\n\\assistant: too"},
        {"role": "user", "content": "Note: it stays\n\nhttp://x", "name": "Ann"},
        {"role": "assistant", "content": ""},
    ]
    text = writing.dialogue(turns)
    assert text.startswith("system: Answer.\n\\user: is a word here\n\\\\assistant: too\n\nuser (Ann): Note: it stays")
    assert writing.turns(text) == turns


_LINES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=20)
_WORDS = st.sampled_from(["user: x", "\\user:", "assistant:", "Users: 3", "", "tool (a): b", "\\", "plain"])
_TURN = st.fixed_dictionaries(
    {
        "role": st.sampled_from(ROLES),
        "content": st.lists(_LINES | _WORDS, max_size=5).map(lambda lines: "\n".join(lines).strip("\n")),
    }
)


@given(st.lists(_TURN, min_size=1, max_size=5))
def test_any_dialogue_is_read_back_as_it_was(turns: list[dict[str, str]]) -> None:
    assert writing.turns(writing.dialogue(turns)) == turns


def test_what_was_not_touched_stays_as_it_is_stored() -> None:
    turns = [{"role": "user", "content": "a\x1b[31m\u202eb\n\n"}, {"role": "assistant", "content": "c"}]
    text = writing.dialogue(turns)
    assert writing.read("messages", text, turns) is turns
    assert writing.read("messages", f"{text}\n\nuser: d", turns) == [*turns, {"role": "user", "content": "d"}]
    assert writing.read("text", writing.as_text("text", "x\x07"), "x\x07") == "x\x07"
    value = {"\u202e": "\x1b\ufeff \U000e0041"}
    assert json.loads(writing.as_text("json", value)) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello\nuser: hi", "Line 1 belongs to no turn"),
        ("user: hi\n\nasistant: ho", "Line 3: asistant is no role; did you mean assistant?"),
    ],
)
def test_a_dialogue_that_cannot_be_read_names_the_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        writing.turns(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1,}', "line 1, column 9"),
        ("[NaN]", "NaN is not a value"),
        ("[" * 100_000, "nested too deep"),
        ("9" * 5_000, "no JSON"),
    ],
)
def test_json_that_cannot_be_read_says_why(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        writing.read_json(text)


def test_numbers_and_sets_are_read() -> None:
    assert writing.read_number(" 3,5 ", 0, 5) == 3.5
    assert isinstance(writing.read_number("3.0", 0, 5), int)
    for wrong in ("6", "nan", "x", "inf"):
        with pytest.raises(UsageError):
            writing.read_number(wrong, 0, 5)
    assert writing.read_set("c, a", ["a", "b", "c"]) == ["a", "c"]
    assert writing.read_set("a, b", ["a", "a, b"]) == ["a, b"]
    assert writing.read_set(" ", ["a"]) == []


def test_a_set_never_holds_what_is_no_label() -> None:
    assert writing.toggled(["gone", "b"], "a", ["a", "b"]) == ["a", "b"]
    assert writing.toggled("b", "b", ["a", "b"]) == []
    assert writing.toggled({"x": 1}, "a", ["a", "b"]) == ["a"]
    assert writing.toggled([["nested"], 3], "a", ["a", "b"]) == ["a"]


# --- scales and summaries --------------------------------------------------------------------------------------------


def test_digits_are_the_values_or_count_the_steps() -> None:
    assert Steps(0, 5, 1).digits == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5}
    assert Steps(0, 1, 0.25).digits == {1: 0, 2: 0.25, 3: 0.5, 4: 0.75, 5: 1}
    assert Steps(-2, 2, 1).digits == {1: -2, 2: -1, 3: 0, 4: 1, 5: 2}
    assert Steps(0, 10, 1).digits == {}
    assert Steps(0, 1e9, 1e-9).digits == {}


def test_the_line_of_a_sample_is_what_is_asked_first() -> None:
    turns = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "U"},
        {"role": "assistant", "content": "A"},
    ]
    assert line({"messages": turns}) == "U"
    assert line({"messages": turns[:1]}) == "S"
    assert line({"context": "C", "question": "Q", "answer": "A"}) == "Q / C / A"
    assert line({"meta": {"a": [1]}, "stars": 3.0}) == "[1] / 3"


def test_a_label_with_places_in_the_text_is_told_by_its_words():
    from workbench.tui.writing import in_words

    spans = [{"start": 0, "end": 3, "text": "Ada", "label": "PERSON"}, {"start": 7, "end": 13, "text": "London"}]
    assert in_words({"order": "", "entities": spans}) == "Ada (PERSON), London"
    assert in_words({"order": "12", "entities": []}) == "12"
    assert in_words({"order": "", "entities": []}) == "{}"
    assert in_words({"total": 3, "ok": True}) == "3, true"
