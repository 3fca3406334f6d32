"""Charts are plain functions from numbers to lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import Whisker

HOSTILE = "[/] [@click=app.bell]x[/] \x1b]52;c;aGk=\x07 \u202eevil\x00"


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ASCII", "0")


def plain(lines: list[charts.Content]) -> list[str]:
    return [line.plain for line in lines]


def test_bars_have_right_aligned_counts_and_at_least_a_sliver() -> None:
    assert plain(charts.bars({"a": 1000, "bb": 500, "c": 1, "none": 0}, 24)) == [
        "a    1,000 █████████████",
        "bb     500 ██████▌",
        "c        1 ▏",
        "none     0 ",
    ]


def test_bars_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ASCII", "1")
    assert plain(charts.bars({"abcdefghijklmnop": 4, "b": 1}, 20)) == ["abcdefghi~ 4 #######", "b          1 ##"]


def test_histogram_marks_the_threshold_and_says_which_side_goes() -> None:
    lines = charts.histogram(0.0, 1.0, [0, 1, 4, 2], 40, height=2, threshold=0.5, drops="below")
    assert plain(lines) == [
        "                    ██████████          ",
        "          ▄▄▄▄▄▄▄▄▄▄████████████████████",
        "─" * 40,
        "0.000               ▲ 0.500, drops below",
    ]
    dropped = {span.style for span in lines[1].spans if span.start < 20}
    kept = {span.style for span in lines[1].spans if span.start >= 20}
    assert dropped == {charts.WARNING}
    assert kept == {charts.ACCENT}


def test_histogram_without_anything_says_so() -> None:
    assert plain(charts.histogram(0, 0, [0] * 5, 40)) == ["Nothing has this score yet."]


def test_intervals_share_one_axis() -> None:
    rows = [Whisker("data set", 0.5, 0.0, 1.0), Whisker("real rows", 1.0, 0.5, 1.0), Whisker("unknown", None)]
    assert plain(charts.intervals(rows, 28)) == [
        "data set  0.500  ├────●────┤",
        "real rows 1.000       ├────●"[:28],
        "unknown       -  ",
        "                 0.000 1.000",
    ]


def test_intervals_of_one_value_have_room_around_it() -> None:
    assert "0.450" in plain(charts.intervals([Whisker("a", 0.5)], 60))[-1]


def test_pairs_show_both_numbers_the_change_and_a_word() -> None:
    rows = [("accuracy", 0.9, 0.92, "better"), ("self_bleu", 0.5, None, "missing")]
    assert plain(charts.pairs(rows, 60)) == [
        "accuracy  0.900 → 0.920  +0.020 better",
        "self_bleu 0.500 →     -         missing",
    ]


def test_meter() -> None:
    assert charts.meter(0.5, 10).plain == "█████·····"
    assert charts.meter(7.0, 4).plain == "████"


def test_prose_wraps_and_marks_the_cut() -> None:
    assert plain(charts.prose("one two three four", 9)) == ["one two", "three", "four"]
    assert plain(charts.prose("one two three four", 9, most=2)) == ["one two", "three…"]


@pytest.mark.parametrize(("chosen", "expected"), [("1", True), ("0", False)])
def test_the_environment_decides_about_ascii(chosen: str, expected: bool) -> None:
    assert charts.ascii_only({"WORKBENCH_ASCII": chosen}) is expected


def test_another_encoding_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda _=False: "ISO-8859-1")
    assert charts.ascii_only({})


def test_hostile_names_are_shown_not_obeyed() -> None:
    lines = charts.bars({HOSTILE: 3}, 80) + charts.intervals([Whisker(HOSTILE, 0.5)], 80)
    lines += charts.pairs([(HOSTILE, 0.1, 0.2, HOSTILE)], 200) + charts.prose(HOSTILE, 60)
    for line in plain(lines):
        assert "[/] [@click=app.bell]x[/]" in line or "evil" in line or line.strip().startswith("0.")
        assert not any(character in line for character in "\x1b\x07\x00\u202e")


NAMES = st.text(max_size=12)
NUMBERS = st.floats(-1e6, 1e6)


@given(st.dictionaries(NAMES, st.integers(0, 10**7), max_size=5), st.integers(20, 120))
def test_bars_never_leave_their_width(counts: dict[str, int], width: int) -> None:
    assert all(cell_len(line.plain) <= width for line in charts.bars(counts, width))


@given(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS), max_size=4), st.integers(40, 120))
def test_intervals_never_leave_their_width(rows: list[tuple[str, float, float]], width: int) -> None:
    whiskers = [Whisker(name, (a + b) / 2, min(a, b), max(a, b)) for name, a, b in rows]
    assert all(cell_len(line.plain) <= width for line in charts.intervals(whiskers, width))


@given(NUMBERS, NUMBERS, st.lists(st.integers(0, 10**6), min_size=1, max_size=30), NUMBERS, st.integers(30, 120))
def test_histograms_never_leave_their_width(a: float, b: float, counts: list[int], mark: float, width: int) -> None:
    lines = charts.histogram(min(a, b), max(a, b), counts, width, threshold=mark, drops="above")
    assert all(cell_len(line.plain) <= width for line in lines)
