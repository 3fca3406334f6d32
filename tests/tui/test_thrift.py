"""Only what differs is sent; what the terminal shows afterwards is what it shows when Textual sends all of it."""

from __future__ import annotations

import io
import random
import re
import subprocess
import sys
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.emulator import Emulator
from workbench.tui.driver import capabilities, sequences
from workbench.tui.driver.cells import NARROW, WIDE, Look
from workbench.tui.driver.terminal import Terminal
from workbench.tui.thrift import Sent, pieces

TRUE = ColorSystem.TRUECOLOR
STYLES = [
    Style.parse(words)
    for words in (
        "white on black", "bold red on black", "#112233 on #445566", "bold #d8dce4 on #16181d", "#d8dce4 on #16181d",
        "#8a92a3 on #16181d", "underline #d8dce4 on #16181d", "reverse #d8dce4 on #16181d", "italic strike", "none",
        "bold underline color(120) on color(17)", "bold reverse bright_blue",
    )
] + [None]  # fmt: skip
COLUMNS, LINES = 34, 5
CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")
WORDS = ["a", "b ", "card", "      ", "          ", "é…", "│", "漢字", "か", "한글", "😀", "e\u0301", "Привет"]


def line(draw: random.Random, width: int) -> Strip:
    """A random line of exactly ``width`` cells."""
    segments: list[Segment] = []
    while sum(segment.cell_length for segment in segments) < width:
        segments.append(Segment(draw.choice(WORDS), draw.choice(STYLES)))
    return Strip(segments).crop(0, width)


def chops(draw: random.Random, cuts: list[int]) -> ChopsUpdate:
    """Some spans of some lines, in panes that end at ``cuts``."""
    lines = [{x: line(draw, end - x) for x, end in zip([0, *cuts], cuts, strict=False)} for _ in range(LINES)]
    spans = []
    for y in sorted(draw.sample(range(LINES), draw.randint(1, LINES))):
        left = draw.randrange(COLUMNS)
        spans.append((y, left, draw.randint(left + 1, COLUMNS)))
    return ChopsUpdate(lines, spans, [cuts] * LINES)


def changed(draw: random.Random, update: LayoutUpdate) -> LayoutUpdate:
    """The same lines with a few other ones."""
    strips = [draw.choice([list(strips), [line(draw, COLUMNS)]]) for strips in update.strips]
    return LayoutUpdate(strips, update.region)


@pytest.mark.parametrize("erases", [True, False], ids=["erasing", "spaces"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_screen_is_the_one_that_textual_draws(erases: bool, seed: int) -> None:
    draw = random.Random(seed)
    terminal = Terminal(erases=erases)
    ours, stock = Emulator(COLUMNS, LINES), Emulator(COLUMNS, LINES)
    for emulator in (ours, stock):
        emulator.feed("\x1b[?7l")
    cuts = sorted({draw.randint(3, COLUMNS - 3), draw.randint(3, COLUMNS - 3), COLUMNS})
    whole = LayoutUpdate([[line(draw, COLUMNS)] for _ in range(LINES)], Region(0, 0, COLUMNS, LINES))
    update: LayoutUpdate | ChopsUpdate = whole
    for _ in range(8):
        stock.feed(update.render_segments(CONSOLE))
        sent = Sent(terminal, update).render_segments(CONSOLE)
        ours.feed(sent)
        assert ours.seen() == stock.seen(), repr(sent)
        assert ours.cursor.attrs == ours.default_char
        match draw.randrange(6):
            case 0:  # something else has written on the screen
                ours.feed(f"\x1b[{draw.randint(1, LINES)};{draw.randint(1, 9)}H\x1b[31mnoise\x1b[m")
                stock.feed(whole.render_segments(CONSOLE))
                terminal.forget()
                update = whole
            case 1 | 2:
                update = whole = changed(draw, whole)
            case _:
                update = chops(draw, cuts)


def strip(*parts: tuple[str, int]) -> Strip:
    return Strip([Segment(text, STYLES[style]) for text, style in parts])


def send(terminal: Terminal, *strips: Strip, x: int = 0) -> str:
    return terminal.update([(x, y, strip, strip.cell_length) for y, strip in enumerate(strips)], TRUE)


def test_an_equal_line_costs_nothing_and_a_changed_cell_little() -> None:
    terminal = Terminal()
    send(terminal, strip(("a" * 100, 0)))
    assert not send(terminal, strip(("a" * 100, 0)))
    assert send(terminal, strip(("a" * 50 + "b" + "a" * 49, 0))) == "\x1b[37;40m\x1b[;51Hb\x1b[m"


def test_blanks_are_erased_and_nobody_sees_their_letters_colour() -> None:
    terminal = Terminal(erases=True)
    send(terminal, strip(("a" * 60, 3)))
    assert send(terminal, strip((" " * 50, 4), (" " * 10, 5))) == "\x1b[48;2;22;24;29m\x1b[H\x1b[60X\x1b[m"
    assert not send(terminal, strip((" " * 60, 3)))
    assert "\x1b[4;" in send(terminal, strip((" " * 60, 6)))  # but underlines they do


def test_a_line_of_two_looks_changes_colours_once_for_each() -> None:
    terminal = Terminal()
    send(terminal, *[strip(("xx", 3), ("|", 4), ("yy", 5)) for _ in range(3)])
    sent = send(terminal, *[strip(("aa", 3), ("|", 4), ("bb", 5)) for _ in range(3)])
    assert sent.count("38;2") == 2
    assert sent.count("48;2") == 1


def test_wide_characters_are_compared_one_by_one() -> None:
    terminal = Terminal()
    send(terminal, strip(("漢字漢字ab", 0)))
    assert send(terminal, strip(("漢字か字ab", 0))) == "\x1b[37;40m\x1b[;5Hか\x1b[m"
    assert send(terminal, strip(("漢字xx字ab", 0))) == "\x1b[37;40m\x1b[;5Hxx\x1b[m"
    assert send(terminal, strip(("x", 0)), x=1).endswith("\x1b[H x\x1b[m")  # half of 漢 is gone, and so is the other


@pytest.mark.parametrize("own_width", [1, 2, 4], ids="the terminal gives it {} columns".format)
def test_a_sign_of_doubtful_width_moves_nothing_behind_it(own_width: int) -> None:
    """👨‍👩‍👧 is two columns to Textual; terminals make it one to six. The panes behind it stay where they are."""
    family = "👨\u200d👩\u200d👧"
    terminal, emulator = Terminal(), Emulator(20, 1)
    shown = {family: "#" * own_width}
    for text in (
        "plain text here|pane",
        f"ab{family}cdefghijklm|pane",
        f"a{family}bcdefghijklm|pane",
        "plain text here|pane",
    ):
        emulator.feed(_spelled(send(terminal, strip((text, 0))), shown))
        assert emulator.text()[0].endswith("|pane")
        if family in text:
            before, _, behind = text.partition(family)
            assert emulator.text()[0].rstrip().endswith(behind[max(0, own_width - 2) :])
            assert emulator.text()[0].startswith(before + "#" + (" " if own_width == 1 else ""))
    assert emulator.text()[0] == "plain text here|pane"


def _spelled(sent: str, shown: dict[str, str]) -> str:
    for grapheme, columns in shown.items():
        sent = sent.replace(grapheme, columns)
    return sent


def test_characters_that_are_said_to_be_sure_have_the_width_that_textual_gives_them() -> None:
    for code in range(0x20, 0x10000):
        character = chr(code)
        if NARROW.fullmatch(character):
            assert get_character_cell_size(character) == 1, hex(code)
        elif WIDE.fullmatch(character):
            assert get_character_cell_size(character) == 2, hex(code)


LOOKS = st.builds(
    Look,
    st.sampled_from(["", "31", "38;2;1;2;3"]),
    st.sampled_from(["", "41", "48;2;1;2;3"]),
    st.integers(0, 255),
    st.just(""),
)


@given(LOOKS, LOOKS)
def test_a_change_of_looks_leaves_the_look_that_was_meant(before: Look, after: Look) -> None:
    one, other = Emulator(2, 1), Emulator(2, 1)
    one.feed(sequences.change(Look(), before) + sequences.change(before, after) + "x")
    other.feed(sequences.change(Look(), after) + "x")
    assert one.seen() == other.seen()
    assert len(sequences.change(before, after)) <= len("\x1b[0m") + len(sequences.change(Look(), after))


@given(st.integers(0, 140), st.integers(0, 50), st.integers(0, 140), st.integers(0, 50))
def test_a_move_is_never_longer_than_the_plain_one_and_arrives(x: int, y: int, to_x: int, to_y: int) -> None:
    emulator = Emulator(141, 51)
    emulator.feed(sequences.place(x, y))
    assert (emulator.cursor.x, emulator.cursor.y) == (x, y)
    moved = sequences.move((x, y), to_x, to_y)
    emulator.feed(moved)
    assert (emulator.cursor.x, emulator.cursor.y) == (to_x, to_y)
    assert len(moved) <= len(sequences.place(to_x, to_y))


def test_updates_of_this_textual_have_the_shape_that_is_read() -> None:
    """Written for Textual 8.2: where a newer one calls its parts otherwise, ``workbench.tui.thrift`` must be told."""
    whole = LayoutUpdate([[strip(("ab", 0)), strip(("cd", 1))]], Region(3, 2, 4, 1))
    assert [(x, y, width) for x, y, _, width in pieces(whole)] == [(3, 2, 2), (5, 2, 2)]
    part = ChopsUpdate([{0: strip(("abcd", 0)), 4: strip(("efgh", 1)), 8: None}], [(0, 2, 6)], [[4, 8, 10]])
    assert [(x, y, _text(found)) for x, y, found, _ in pieces(part)] == [(0, 0, "abcd"), (4, 0, "ef")]
    written = re.sub(r"\x1b\[[\d;]*m", "", part.render_segments(CONSOLE))
    assert written == "\x1b[1;1Habcd\x1b[1;5Hef"


def _text(segments: Iterable[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def test_the_environment_chooses_how_the_screen_is_sent() -> None:
    assert capabilities.mode({}) == "cells"
    assert capabilities.mode({"WORKBENCH_TERMINAL": "Plain"}) == "plain"
    assert capabilities.mode({"WORKBENCH_TERMINAL": "fast"}) == "cells"
    assert "WORKBENCH_TERMINAL=fast" in capabilities.describe({"WORKBENCH_TERMINAL": "fast", "TERM": "xterm-256color"})


@pytest.mark.parametrize(("term", "coloured"), [("linux", "True"), ("screen", "False"), ("no-such-terminal", "False")])
def test_blanks_are_erased_only_where_erased_cells_take_the_background(term: str, coloured: str) -> None:
    code = f"from workbench.tui.driver.capabilities import erases; print(erases({term!r}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert said in (coloured, "False")  # a system without a terminfo says no of all
