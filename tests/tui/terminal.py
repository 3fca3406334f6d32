"""The screen in a real pseudo-terminal, and what a person in front of it would see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.tui.emulator import Emulator

ESCAPE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_].*?\x1b\\|\x1b[ -/]*[0-OQ-WYZ\\`-~]", re.S
)
ROW = re.compile(r"([> ])[*~ ] *(\d+) ([o+x!]) ")


class Terminal:
    """``workbench WORDS`` in a terminal of 80 columns and 24 lines; leaving the ``with`` block ends the process."""

    def __init__(
        self, words: Sequence[str], *, settings: Path, columns: int = 80, lines: int = 24, **variables: str
    ) -> None:
        self.columns, self.lines = columns, lines
        self.output = bytearray()
        self.emulator = Emulator(columns, lines)
        self.line, self.terminal = pty.openpty()
        fcntl.ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.modes = termios.tcgetattr(self.terminal)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "TEXTUAL"))}
        for name in ("NO_COLOR", "COLUMNS", "LINES", "TMUX", "STY", "SSH_TTY"):
            kept.pop(name, None)
        settled = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        place = {"WORKBENCH_CONFIG": str(settings), "XDG_CACHE_HOME": str(settings / "cache")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench.cli", *words],
            stdin=self.terminal,
            stdout=self.terminal,
            stderr=self.terminal,
            env={**kept, **settled, **place, **variables},
            preexec_fn=_own_terminal,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.line, self.terminal):
            if descriptor >= 0:
                os.close(descriptor)

    def read(self, seconds: float = 0.0) -> bool:
        """Take what has been written, waiting so long for the first of it; False when there was nothing."""
        ready, _, _ = select.select([self.line], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.line, 1 << 16)
        except OSError:  # everybody has closed the other side
            return False
        self.output += data
        self.emulator.feed(data)
        return bool(data)

    def rest(self) -> None:
        """Take everything that has been written by a process that is no more."""
        while self.read():
            pass

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Read until something is so; fails with the screen when it does not come."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come; the screen shows\n" + "\n".join(self.text())
            self.read(0.02)

    def press(self, keys: bytes) -> None:
        os.write(self.line, keys)

    def wait(self, seconds: float = 20.0) -> int:
        """The exit status; what is written meanwhile is taken."""
        self.until(lambda: self.process.poll() is not None, seconds)
        self.rest()
        return self.process.returncode

    def quiet(self, seconds: float = 0.4) -> None:
        """Read until nothing has been written for so long."""
        while self.read(seconds):
            pass

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.emulator.resize(lines, columns)
        fcntl.ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.process.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """The line goes dead: nobody holds the terminal any more."""
        os.close(self.line)
        os.close(self.terminal)
        self.line = self.terminal = -1

    def text(self) -> list[str]:
        """What the terminal shows, a string a line."""
        return self.emulator.text()

    def rows(self) -> dict[int, str]:
        """Numbers of the samples in the list, with the signs of their statuses."""
        return {int(found[2]): found[3] for line in self.text() if (found := ROW.match(line))}

    def cursor(self) -> int | None:
        """The number of the sample that the list's cursor is on."""
        found = [int(match[2]) for line in self.text() if (match := ROW.match(line)) and match[1] == ">"]
        return found[0] if found else None

    def escapes(self) -> list[bytes]:
        """Every escape sequence that was written, in order."""
        return ESCAPE.findall(bytes(self.output))


def _own_terminal() -> None:
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
