"""``compare plain``: one pair at a time in plain lines, with the screen's keys. Nothing tells whose an output is.

For screen readers, terminals that cannot move a cursor, and scripts: a key is enough on a terminal, elsewhere a line is.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Mapping
from time import monotonic

from workbench.cli.keyboard import CHARACTERS, Keyboard, shown
from workbench.errors import WorkbenchError
from workbench.evaluate.open import own
from workbench.paths import user_config
from workbench.store import duels
from workbench.store.connection import Store
from workbench.store.duels import Comparison, Shown, Side
from workbench.text import clean
from workbench.tui.table.duels import ACTIONS

#: What there is to do, by the names of the screen's actions, and the words that do it.
DONE_HERE: Mapping[str, str] = {
    "first": "the first is better", "second": "the second is better", "tie": "equal", "skip": "skip", "undo": "undo",
    "keys": "help", "leave": "leave",
}  # fmt: skip
SIDES: Mapping[str, Side] = {"first": "first", "second": "second", "tie": "tie"}
WORDS = {"equal": "tie", "same": "tie", "help": "keys", "quit": "leave", "next": "skip"}


class Plain:
    """One sitting of one person over one comparison."""

    def __init__(
        self, store: Store, comparison: Comparison, annotator_id: int, keyboard: Keyboard | None = None
    ) -> None:
        self.store, self.comparison, self.me = store, comparison, annotator_id
        self.keyboard = keyboard or Keyboard.here()
        self.passed: list[int] = []
        self.keys = _keys()
        self.by_key = {CHARACTERS.get(key, key): name for name in DONE_HERE for key in self.keys[name]}

    def write(self, text: str) -> None:
        width = max(20, shutil.get_terminal_size((80, 24)).columns - 1) if sys.stdout.isatty() else 0
        for line in clean(text, multiline=True).split("\n"):
            parts = textwrap.wrap(line, width, break_on_hyphens=False) if width else [line]
            sys.stdout.write("\n".join(parts or [""]) + "\n")
        sys.stdout.flush()

    def run(self) -> None:
        """Judge until nothing is left, or the person leaves."""
        one = self.comparison
        self.write(f"{one.name}: {one.duels:,} pairs. {one.question}")
        self._help()
        try:
            again: Shown | None = None
            while pair := again or self._next():
                self._show(pair)
                again, left = self._decide(pair)
                if left:
                    break
        except KeyboardInterrupt:
            self.write("")
        self._told()

    def _next(self) -> Shown | None:
        found = duels.waiting(self.store, self.comparison.id, self.me, passing=self.passed)
        if not found and self.passed:
            self.write(f"* {len(self.passed):,} were skipped; they come again.")
            self.passed = []
            found = duels.waiting(self.store, self.comparison.id, self.me)
        return found[0] if found else None

    def _show(self, pair: Shown) -> None:
        judged = duels.judged_by(self.store, self.comparison.id, self.me)
        self.write(f"\nPair {judged + 1:,} of {self.comparison.duels:,}")
        if pair.input:
            self.write(f"Input: {pair.input}")
        self.write(f"First: {pair.first}")
        self.write(f"Second: {pair.second}")

    def _decide(self, pair: Shown) -> tuple[Shown | None, bool]:
        """(the pair to show next, where it is not simply the next one; whether the person leaves)."""
        began = monotonic()
        while True:
            typed = self.keyboard.read()
            if typed is None:
                return None, True
            name = self._meaning(typed)
            try:
                if name in SIDES:
                    duels.choose(self.store, self.me, pair, SIDES[name], seconds=monotonic() - began)
                    self.write(f"* {DONE_HERE[name]}.")
                    return None, False
                if name == "undo":
                    found = duels.undo(self.store, self.me, self.comparison.id)
                    self.write("* Taken back; choose again." if found else "* There is nothing to take back.")
                    if found:
                        return found, False
                    continue
            except WorkbenchError as error:  # purged meanwhile
                self.write(f"* {error}")
                return None, False
            if name == "skip":
                self.passed.append(pair.duel_id)
                return None, False
            if name == "leave":
                return None, True
            self._help()

    def _meaning(self, typed: str) -> str:
        word = typed if typed in self.by_key else typed.strip().casefold()
        return self.by_key.get(word) or WORDS.get(word) or (word if word in DONE_HERE else "keys")

    def _help(self) -> None:
        told = [f"{shown(self.keys[name][0])} {title}" for name, title in DONE_HERE.items() if self.keys[name]]
        self.write(f"Keys: {', '.join(told)}.")

    def _told(self) -> None:
        judged, total = duels.judged_by(self.store, self.comparison.id, self.me), self.comparison.duels
        self.write(f"\n* {judged:,} of {total:,} judged.")
        if judged == total:  # whose the outputs were is told when all are judged
            for sentence in own.in_words(
                self.comparison.contenders, duels.tally(self.store, self.comparison.id, self.me)
            ):
                self.write(f"* {sentence}")


def _keys() -> dict[str, tuple[str, ...]]:
    """Action to keys: the user's where there is a keymap, else the table's; ``esc`` reads no line, so q leaves first."""
    chosen: Mapping[str, tuple[str, ...]] = {}
    if (user_config() / "keymap.yaml").is_file():
        from workbench.tui.keymap import load

        chosen = load()
    found = {one.name: tuple(chosen.get(one.id, one.keys)) for one in ACTIONS}
    return {name: tuple(sorted(keys, key=lambda key: key == "escape")) for name, keys in found.items()}
