"""Only what differs is sent; what the terminal shows afterwards is the same as if everything had been."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from workbench.tui.thrift import Terminal

TRUE = ColorSystem.TRUECOLOR
STYLES = [Style.parse("white on black"), Style.parse("bold red on black"), Style.parse("#112233 on #445566")]


def strip(*parts: tuple[str, int]) -> Strip:
    return Strip([Segment(text, STYLES[style]) for text, style in parts])


def play(screen: dict[tuple[int, int], tuple[str, str]], sent: str) -> None:
    """A terminal that knows cursor positions, colours and one-cell characters."""
    x = y = 0
    codes = ""
    for position, colours, character in re.findall(r"\x1b\[(\d+;\d+)H|\x1b\[([\d;]*)m|(.)", sent, re.DOTALL):
        if position:
            y, x = (int(number) - 1 for number in position.split(";"))
        elif character:
            screen[x, y] = (character, codes)
            x += 1
        else:
            codes = colours.removeprefix("0").removeprefix(";")


LINES = st.lists(
    st.tuples(st.text(alphabet="ab …é", min_size=1, max_size=6), st.integers(0, 2)), min_size=1, max_size=5
)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), LINES), min_size=1, max_size=20))
def test_the_terminal_shows_what_was_meant(updates) -> None:
    terminal, shown, meant = Terminal(), {}, {}
    for x, y, parts in updates:
        play(shown, terminal.update([(x, y, strip(*parts))], TRUE))
        at = x
        for text, style in parts:
            for character in text:
                meant[at, y] = (character, STYLES[style]._make_ansi_codes(TRUE))
                at += 1
        assert shown == meant


def test_an_equal_line_costs_nothing_and_a_changed_cell_little() -> None:
    terminal = Terminal()
    terminal.update([(0, 0, strip(("a" * 100, 0)))], TRUE)
    assert not terminal.update([(0, 0, strip(("a" * 100, 0)))], TRUE)
    sent = terminal.update([(0, 0, strip(("a" * 50 + "b" + "a" * 49, 0)))], TRUE)
    assert sent.startswith("\x1b[1;51H")
    assert len(sent) < 30


def test_wide_characters_are_sent_whole_and_again_after_them() -> None:
    terminal = Terminal()
    wide = strip(("漢字ab", 0))
    assert "漢字ab" in terminal.update([(0, 0, wide)], TRUE)
    assert not terminal.update([(0, 0, wide)], TRUE)
    assert "xxxxxx" in terminal.update([(0, 0, strip(("xxxxxx", 0)))], TRUE)
    terminal.forget()
    assert "xxxxxx" in terminal.update([(0, 0, strip(("xxxxxx", 0)))], TRUE)
