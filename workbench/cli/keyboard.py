"""Keys without a screen: which ones do what, and reading them from a terminal or from lines."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench.paths import user_config
from workbench.tui.table import app, review, review_label

#: The screen's actions that are done without one, by name.
ACTIONS = {one.name: one for one in (*app.ACTIONS, *review.ACTIONS, *review_label.ACTIONS)}
#: Textual's names of characters that Unicode calls otherwise.
_NAMES = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus", "plus_sign": "plus",
    "low_line": "underscore",
}  # fmt: skip


def _named(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return _NAMES.get(name, name)


#: Characters of keys that have names.
CHARACTERS = {_named(one): one for one in map(chr, range(33, 127)) if not one.isalnum()}
CHARACTERS |= {"enter": "\n", "space": " ", "tab": "\t", "backspace": "\x7f"}
#: What terminals send for keys without a character.
_SEQUENCES = {"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[C": "right", "\x1b[D": "left"}


def keys() -> dict[str, tuple[str, ...]]:
    """Action to keys: the user's where there is a keymap, else the table's."""
    chosen: Mapping[str, tuple[str, ...]] = {}
    if (user_config() / "keymap.yaml").is_file():
        from workbench.tui.keymap import load

        chosen = load()
    return {name: tuple(chosen.get(one.id, one.keys)) for name, one in ACTIONS.items()}


@dataclass
class Keyboard:
    """Keys of a terminal one by one, or lines of anything else."""

    single: bool

    @staticmethod
    def here() -> Keyboard:
        return Keyboard(sys.stdin.isatty())

    def read(self) -> str | None:
        """A key's character or name, or a whole line; None at the end of what is typed."""
        if not self.single:
            line = sys.stdin.readline()
            return line.rstrip("\r\n") if line else None
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor)
            got = os.read(descriptor, 1)
            while got[:1] == b"\x1b" and select.select([descriptor], [], [], 0.05)[0] and len(got) < 8:
                got += os.read(descriptor, 1)
            while got[:1] >= b"\xc0" and not _whole(got):
                got += os.read(descriptor, 1)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        text = got.decode("utf-8", "replace")
        return None if text in ("", "\x04") else _SEQUENCES.get(text, text)

    def answer(self, question: str, write: Callable[[str], None], *, one_key: bool) -> str | None:
        """What answers a question: a key on a terminal, if ``one_key``; else a line."""
        if not (one_key and self.single):
            return self.line(question, write)
        write(question)
        return self.read()

    def line(self, question: str, write: Callable[[str], None]) -> str | None:
        """A line that answers a question; None when there is none (ctrl+d)."""
        write(question)
        try:
            return input() if self.single else self.read()
        except EOFError:
            return None


def _whole(got: bytes) -> bool:
    try:
        got.decode()
    except UnicodeDecodeError:
        return len(got) >= 4
    return True


def shown(key: str) -> str:
    """A key as it is told to a person."""
    character = CHARACTERS.get(key, key)
    return key if character.isspace() or character == "\x7f" else character
