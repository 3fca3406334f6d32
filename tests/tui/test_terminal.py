"""The command in a real terminal: what reaches the database, and what the terminal is left with."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="this system has no pseudo-terminals")

from tests.tui.terminal import Terminal
from workbench.project import Project
from workbench.store.connection import Store

try:
    os.close(os.open("/dev/ptmx", os.O_RDWR))
except OSError:
    pytest.skip("no pseudo-terminal can be opened here", allow_module_level=True)

HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[6n\x1b[5;31mevil\x1b[2J \x9b31m \x1bc"
#: What the screen says to a terminal: moves, blanks, colours, modes, and two questions at its start.
SPOKEN = re.compile(
    rb"\x1b\[\d*(;\d+)?H|\x1b\[\d*[A-DX]|\x1b\[[\d;]*m|\x1b\[\?(1049|25|1004|2004|7|2048|2026)[hl]|\x1b\[\?20(26|48)\$p|\x1b\[>25u|\x1b\[<u"
    rb"|\x1b\]22;\w*\x07"
)
COLOUR = re.compile(r"(^|;)(3[0-8]|4[0-8]|9[0-7]|10[0-7])(;|$)")


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    texts = ["I am still waiting on my card?", HOSTILE, "Where can I change my PIN?"]
    return make_project(30, texts=texts)


def annotations(project: Project) -> list[tuple[int, str | None]]:
    with Store(project) as store:
        return [
            (int(row[0]), row[1]) for row in store.read("SELECT sample_id, label FROM current_label ORDER BY sample_id")
        ]


def test_labels_reach_the_database_and_the_terminal_is_left_as_it_was(project: Project, settings_folder: Path) -> None:
    with Terminal(["open", str(project.folder), "--as", "anna"], settings=settings_folder) as terminal:
        terminal.until(lambda: terminal.cursor() == 1)
        for digit, after in ((b"2", 2), (b"1", 3), (b"3", 4)):
            terminal.press(digit)
            terminal.until(lambda after=after: terminal.cursor() == after)
        terminal.until(lambda: any("3 of 30 accepted" in line for line in terminal.text()[:1]))
        assert [terminal.rows()[number] for number in (1, 2, 3, 4)] == ["+", "+", "+", "o"]
        terminal.press(b"q")
        assert terminal.wait() == 0
        said = terminal.escapes()
        assert not [one for one in said if not SPOKEN.fullmatch(one)]
        assert b"\x9b" not in re.sub(rb"[\xc2-\xf4][\x80-\xbf]+", b"", bytes(terminal.output))
        for mode in (b"1049", b"25", b"1004", b"2004", b"7"):  # the last word on each mode is its state of before
            last = [one for one in said if one in (b"\x1b[?" + mode + b"h", b"\x1b[?" + mode + b"l")][-1:]
            assert last in ([], [b"\x1b[?" + mode + (b"h" if mode in (b"25", b"7") else b"l")]), mode
        import termios

        assert termios.tcgetattr(terminal.terminal) == terminal.modes
    with Store(project) as store:
        found = store.read("SELECT sample_id, label, status FROM annotation ORDER BY id")
        assert [tuple(row) for row in found] == [
            (1, '"change_pin"', "accepted"), (2, '"card_arrival"', "accepted"), (3, '"exchange_rate"', "accepted"),
        ]  # fmt: skip


def test_a_dead_line_ends_the_screen_and_loses_nothing(project: Project, settings_folder: Path) -> None:
    with Terminal(["open", str(project.folder), "--as", "anna"], settings=settings_folder) as terminal:
        terminal.until(lambda: terminal.cursor() == 1)
        terminal.press(b"11")
        terminal.until(lambda: terminal.cursor() == 3)
        terminal.hang_up()
        assert terminal.process.wait(10) == 128 + signal.SIGHUP
    with Store(project) as store:
        assert [row[0] for row in store.read("SELECT sample_id FROM annotation ORDER BY id")] == [1, 2]
    with Terminal(["open", str(project.folder), "--as", "anna"], settings=settings_folder) as terminal:
        terminal.until(lambda: terminal.cursor() == 3)  # where anna stopped


def test_without_colours_none_is_sent(project: Project, settings_folder: Path) -> None:
    with Terminal(["open", str(project.folder)], settings=settings_folder, NO_COLOR="1") as terminal:
        terminal.until(lambda: terminal.cursor() == 1)
        terminal.press(b"1q")
        assert terminal.wait() == 0
        styles = [one[2:-1].decode() for one in terminal.escapes() if one.endswith(b"m")]
        assert styles  # bold and reverse remain
        assert not [style for style in styles if COLOUR.search(style)]


def test_the_driver_draws_the_screen_that_textual_draws(
    make_project: Callable[..., Project], settings_folder: Path
) -> None:
    """Keys, a dialogue, another size, noise on the screen, a stop and a continuation: each cell is the same."""
    texts = ["I am still waiting on my card?", "漢字 and かな in it", "a 😀 smiles", HOSTILE, "cafe\u0301 où?"]
    words = ["open", str(make_project(60, texts=texts).folder), "--as", "anna"]
    with (
        Terminal(words, settings=settings_folder, WORKBENCH_TERMINAL="plain") as plain,
        Terminal(words, settings=settings_folder, WORKBENCH_TERMINAL="cells") as cells,
    ):
        both = (plain, cells)

        def same() -> None:
            plain.quiet(0.2)
            cells.quiet(0.1)
            mine, stock = cells.emulator.seen(), plain.emulator.seen()
            assert [(y, row) for y, row in enumerate(mine) if row != stock[y]] == []

        for terminal in both:
            terminal.until(lambda terminal=terminal: terminal.cursor() is not None)
        for keys in (b"j", b"\x1b[6~", b"?", b"\x1b", b"\x1b[F", b"/", b"\x1b"):
            for terminal in both:
                terminal.press(keys)
            same()
        for terminal in both:
            terminal.resize(71, 22)
        same()
        for terminal in both:
            terminal.emulator.feed("\x1b[3;1H\x1b[31mnoise from elsewhere\x1b[m")
            terminal.press(b"\x0c")
        same()
        for terminal in both:
            os.kill(terminal.process.pid, signal.SIGTSTP)
            os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WNOWAIT)
            terminal.rest()
            terminal.emulator.reset()  # another program had the screen
            os.kill(terminal.process.pid, signal.SIGCONT)
            terminal.until(lambda terminal=terminal: terminal.cursor() is not None)
        same()
        assert len(cells.output) < len(plain.output) / 2
