"""``label --plain``: one sample at a time in plain lines, with the screen's keys.

For screen readers, terminals that cannot move a cursor, and scripts. On a terminal a key is enough; elsewhere every line
is one decision: a key, or a word (``accept``), with what belongs to it behind (``note looks odd``), or part of a label's
name. Nothing but lines is written: no colours, no cursor.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import textwrap
import tty
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.paths import user_config
from workbench.store import acts, explaining, samples, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import Sample
from workbench.task_kinds import is_messages
from workbench.text import clean
from workbench.tui import blind, deciding
from workbench.tui.deciding import Decision
from workbench.tui.differences import marked
from workbench.tui.table import app, review, review_label

#: What there is to do, by the names of the screen's actions.
DONE_HERE = (
    "accept", "reject", "flag", "skip", "find_label", "edit", "note", "reason", "undo", "redo", "up", "down", "help", "quit",
)  # fmt: skip
_ACTIONS = {one.name: one for one in (*app.ACTIONS, *review.ACTIONS, *review_label.ACTIONS)}
#: Textual's names of characters that Unicode calls otherwise.
_NAMES = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus", "plus_sign": "plus",
    "low_line": "underscore",
}  # fmt: skip


def _named(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return _NAMES.get(name, name)


#: Characters of keys that have names.
_CHARACTERS = {_named(one): one for one in map(chr, range(33, 127)) if not one.isalnum()}
_CHARACTERS |= {"enter": "\n", "space": " ", "tab": "\t", "backspace": "\x7f"}
#: What terminals send for keys without a character.
_SEQUENCES = {"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[C": "right", "\x1b[D": "left"}
#: A longer look is a break, not a decision; decisions after which progress is said; samples that one can go back.
BREAK_SECONDS, EVERY, BACK = 120.0, 10, 1_000
#: Where a person stopped: the place that the screen keeps as well.
PLACE = "review"


def keys() -> dict[str, tuple[str, ...]]:
    """Action to keys: the user's where there is a keymap, else the table's."""
    chosen: Mapping[str, tuple[str, ...]] = {}
    if (user_config() / "keymap.yaml").is_file():
        from workbench.tui.keymap import load

        chosen = load()
    return {name: tuple(chosen.get(one.id, one.keys)) for name, one in _ACTIONS.items()}


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


class Plain:
    """One sitting of one person over one view."""

    def __init__(self, store: Store, annotator: str | None, view: str | None, keyboard: Keyboard) -> None:
        self.store, self.keyboard = store, keyboard
        self.person = annotator or acts.system_user()
        self.me = acts.annotator(store, annotator)
        self.outline = store.project.outline
        self.mine = self.me if self.outline.review.blind else None
        place = acts.stopped_at(store, self.me, PLACE)
        self.place = place if isinstance(place, dict) else {}
        self.view = views.parse(view if view is not None else str(self.place.get("view", self.outline.review_view)))
        self.done = 0
        self.times: list[float] = []
        self.sample: Sample | None = None
        self.here = 0  # the view's sample; an undo may show another one
        self.order: list[str] = []

    # What is written

    def write(self, text: str, *, indent: str = "") -> None:
        width = max(20, shutil.get_terminal_size((80, 24)).columns - 1) if sys.stdout.isatty() else 0
        for line in clean(text, multiline=True).split("\n"):
            parts = textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) if width else [line]
            sys.stdout.write("\n".join(parts or [""]) + "\n")
        sys.stdout.flush()

    def say(self, sentence: str) -> None:
        self.write(f"* {sentence}")

    @cached_property
    def keys(self) -> dict[str, tuple[str, ...]]:
        found = keys()
        if self.outline.label_shape not in ("many", "number") and found["accept"] == _ACTIONS["accept"].keys:
            found["accept"] = tuple(key for key in found["accept"] if key != "enter")
        return found

    @cached_property
    def by_key(self) -> dict[str, str]:
        """Typed character or name of a key to what it does."""
        wanted = (*DONE_HERE, *(f"label_{n}" for n in range(1, 10)), "label_none")
        return {_CHARACTERS.get(key, key): name for name in wanted for key in self.keys.get(name, ())}

    def key(self, name: str) -> str:
        shown = {value: key for key, value in _CHARACTERS.items() if key in ("enter", "space", "tab", "backspace")}
        found = next(iter(self.keys.get(name, ())), "")
        return shown.get(_CHARACTERS.get(found, found), _CHARACTERS.get(found, found))

    def show(self, sample: Sample) -> None:
        """The sample, its label and what is suggested, what can be pressed."""
        known = explaining.explain(self.store, sample, annotator_id=self.me)
        self.sample = sample
        suggested: dict[str, float] = {}
        for name, score, _ in known.suggestions:
            if isinstance(name, str):
                suggested[name] = max(score, suggested.get(name, 0.0))
        for one in known.repairs:
            if isinstance(one.label, str) and not one.applied:
                suggested[one.label] = max(one.confidence, suggested.get(one.label, 0.0))
        self.order = deciding.in_order(self.outline, suggested, sample.label)
        dropped = ", dropped by a filter" if sample.dropped else ""
        self.write(f"\nSample {sample.id}, {sample.status}{dropped}.")
        self._fields(sample)
        if self.outline.label_shape != "none" or sample.label is not None:
            self.write(f"Label: {in_words(sample.label)}")
        best = sorted(suggested.items(), key=lambda one: -one[1])[:3]
        if best:
            sources = {name: source for name, _, source in known.suggestions if isinstance(name, str)}
            told = ", ".join(f"{name} {score:.2f} ({sources.get(name, 'a repair')})" for name, score in best)
            self.write(f"Suggested: {told}", indent="  ")
        for verdict in known.verdicts:
            self.write(f"Dropped by {verdict.filter}: {verdict.reason}", indent="  ")
        for repair in known.repairs:
            self.write(
                f"{'Repaired' if repair.applied else 'Proposed'} by {repair.technique}: {repair.reason}", indent="  "
            )
        if known.note:
            self.write(f"Note: {known.note}", indent="  ")
        self._choices()

    def _fields(self, sample: Sample) -> None:
        if self.outline.kind == blind.KIND and blind.is_pair(sample):
            for name, value in sample.fields.items():
                if name not in (blind.BETTER, blind.WORSE):
                    self._field(name, value)
            for number, name in enumerate(blind.left_right(sample, self.person), 1):
                self._field(f"answer {number}", sample.fields[name])
            return
        for name, value in sample.fields.items():
            self._field(name, value)

    def _field(self, name: str, value: Any) -> None:
        if is_messages(value):
            self.write(f"{name}:")
            for at, turn in enumerate(value, 1):
                self.write(f"  {at} {turn['role']}: {turn['content']}", indent="    ")
        else:
            self.write(f"{name}: {value if isinstance(value, str) else in_words(value)}", indent="  ")

    def _choices(self) -> None:
        shape = self.outline.label_shape
        if shape == "number" and self.outline.scale:
            low, high, _ = self.outline.scale
            self.write(f"A number from {low:g} to {high:g}.")
        elif self.outline.kind == blind.KIND and shape == "none":
            self.write("1 answer 1 is better. 2 answer 2 is better. 0 neither.")
        elif shape in ("one", "many"):
            shown = [f"{self.key(f'label_{n}')} {name}" for n, name in enumerate(self.order[:9], 1)]
            more = len(self.order) - 9
            rest = f". {self.key('find_label')} and part of a name: {more} more" if more > 0 else ""
            self.write(". ".join(shown) + rest + ".", indent="  ")
        if not self.done:
            self.write(f"{self.key('accept')} accept, {self.key('help')} all keys, {self.key('quit')} quit.")

    def help(self) -> None:
        self.write("Keys:")
        for name in ("label_1", *DONE_HERE):
            if self.keys.get(name):
                pressed = " or ".join(dict.fromkeys(_shown(key) for key in self.keys[name]))
                self.write(f"  {pressed}: {_ACTIONS[name].title.lower()}. {_ACTIONS[name].help}", indent="    ")
        self.write(
            "Instead of a key: a word (accept), with what belongs to it behind (note looks odd), or part of a label."
        )

    # The sitting

    def run(self) -> int:
        self.write(
            f"{clean(self.outline.name)}: {views.count(self.store, self.view):,} samples in {self.view.text or 'all'}."
        )
        passed: list[int] = []
        try:
            for sample_id in self._from_where_one_stopped():
                passed = [*passed[-BACK:], sample_id]
                if not self._at(passed):
                    break
            else:
                self.say("That was the last sample of the view.")
        except KeyboardInterrupt:
            self.write("")
        finally:
            self._stop()
        self._told(last=True)
        return 0

    def _from_where_one_stopped(self) -> Iterator[int]:
        wanted = self.place.get("sample") if self.place.get("view") == self.view.text else None
        ids = views.ids(self.store, self.view)
        start = next((at for at, one in enumerate(ids) if one == wanted), 0)
        if start:
            self.say(f"Going on where you stopped, at sample {wanted}.")
        yield from ids[start:]
        if start and self.sample is not None:
            self.say("From the beginning of the view:")
            yield from ids[:start]

    def _at(self, passed: Sequence[int]) -> bool:
        """Decide on the newest of ``passed``, going back among them as wished; False to leave."""
        at = len(passed) - 1
        while at < len(passed):
            self.here = passed[at]
            try:
                self.show(samples.get(self.store, passed[at], mine=self.mine))
            except WorkbenchError as error:  # purged meanwhile
                self.say(str(error))
                return True
            moved = self._decide()
            if moved is None:
                return False
            if moved < 0 and at == 0:
                self.say("There is none before it in this sitting.")
            at = max(0, at + moved)
        return True

    def _decide(self) -> int | None:
        """Read keys until one moves: 1 on, -1 back, 0 the same sample again, None leave."""
        began = monotonic()
        while True:
            typed = self.keyboard.read()
            if typed is None:
                return None
            try:
                moved = self._typed(typed, monotonic() - began)
            except WorkbenchError as error:
                self.say(str(error))
                continue
            if moved != "stay":
                return moved  # type: ignore[return-value]

    def _typed(self, typed: str, seconds: float) -> int | str | None:
        """What a key or line does: how to move, or "stay" for the next key."""
        sample = self.sample
        assert sample is not None
        name, rest = self._meaning(typed)
        if name in ("quit", "help"):
            if name == "help":
                self.help()
            return None if name == "quit" else "stay"
        if name in ("skip", "down"):
            return self._on(sample)
        if name == "up":
            return -1
        if name in ("undo", "redo"):
            return self._turn(name)
        decision = self._decision(name, rest, sample)
        if decision is None:
            return "stay"
        took = round(seconds, 2) if seconds <= BREAK_SECONDS else None
        acts.apply(self.store, self.me, [sample.id], decision.change, kind=decision.kind, seconds=took)
        self.done += decision.advance
        if decision.advance and took is not None:
            self.times.append(took)
        now = samples.get(self.store, sample.id)
        self.sample = now
        self.say(f"{decision.kind}: sample {sample.id} is {now.status}, {in_words(now.label)}.")
        if decision.advance and self.done % EVERY == 0:
            self._told()
        return self._on(sample) if decision.advance else "stay"

    def _on(self, sample: Sample) -> int:
        """To the next sample; from one that an undo went back to, to where one was."""
        return 1 if sample.id == self.here else 0

    def _meaning(self, typed: str) -> tuple[str, str]:
        """(name of the action, what follows it). What is no key and no word of ours is part of a label's name."""
        if typed in self.by_key:
            return self.by_key[typed], ""
        word, _, rest = typed.strip().partition(" ")
        if not word:
            return ("accept", "") if self.by_key.get("\n") == "accept" else ("help", "")
        if word in self.by_key:
            return self.by_key[word], rest.strip()
        plain = {"next": "down", "back": "up", "label": "find_label"}.get(word.casefold(), word.casefold())
        if plain in DONE_HERE:
            return plain, rest.strip()
        if len(typed) == 1 and self.keyboard.single:
            raise UsageError(f"{clean(typed)!r} is no key here; {self.key('help')} lists them.")
        return "find_label", typed.strip()

    def _decision(self, name: str, rest: str, sample: Sample) -> Decision | None:
        if name.startswith("label_"):
            pressed = 0 if name == "label_none" else int(name.removeprefix("label_"))
            return deciding.digit(self.outline, sample, self.order, pressed, self.person)
        if name in deciding.STATUSES:
            return deciding.status(name)
        if name == "find_label":
            return self._find(rest, sample)
        if name == "note":
            text = rest or self.keyboard.line("Note (an empty line leaves it):", self.write)
            return Decision(Change(note=text), "note", advance=False) if text else None
        if name == "reason":
            return self._reason(rest)
        return self._edit(rest, sample)

    def _reason(self, rest: str) -> Decision | None:
        reasons = self.store.project.config.review.reasons
        text = rest or self.keyboard.line(
            "Reject with a reason: " + ". ".join(f"{n} {one}" for n, one in enumerate(reasons, 1)) + ", or 0 none:",
            self.write,
        )
        if not text:
            return None
        if text.isdecimal():
            if int(text) > len(reasons):
                raise UsageError(f"There is no reason {text}.")
            text = reasons[int(text) - 1] if int(text) else ""
        return Decision(Change(status="rejected", reason=text), "reject")

    def _find(self, text: str, sample: Sample) -> Decision | None:
        shape = self.outline.label_shape
        if shape in ("none", "object"):
            raise UsageError("There are no labels to find here.")
        text = (
            text
            or self.keyboard.line("A number:" if shape == "number" else "Part of the label's name:", self.write)
            or ""
        )
        if not text:
            return None
        if shape == "number":
            return Decision(Change(label=self._number(text), status="accepted"), "label")
        found = deciding.like(self.order, text)
        if not found:
            raise UsageError(f"No label is called {clean(text, limit=60)!r}.")
        if len(found) == 1:
            return deciding.named(self.outline, sample, found[0])
        if not self.keyboard.single or len(found) > deciding.DIGITS:
            raise UsageError(f"{len(found)} labels fit: {', '.join(found[:20])}. Type more of the name.")
        self.write(". ".join(f"{n} {name}" for n, name in enumerate(found, 1)) + ".", indent="  ")
        pressed = self.keyboard.read() or ""
        if not pressed.isdecimal() or not 1 <= int(pressed) <= len(found):
            self.say("Nothing was changed.")
            return None
        return deciding.named(self.outline, sample, found[int(pressed) - 1])

    def _number(self, text: str) -> float:
        from workbench.answer_schema import label_fault

        try:
            value = float(text.replace(",", "."))
        except ValueError:
            raise UsageError(f"{clean(text, limit=40)!r} is not a number.") from None
        value = int(value) if value.is_integer() else value
        if wrong := label_fault(self.store.project.config.task, value):
            raise UsageError(wrong)
        return value

    def _edit(self, rest: str, sample: Sample) -> Decision | None:
        """``FIELD=TEXT``, or the text alone where there is one field; ``label=JSON`` where the label is an object."""
        from workbench.cli.people import _edited, _label

        task = self.store.project.config.task
        names = " or ".join([*task.fields, *(["label"] if task.label_shape == "object" else [])])
        how = "New text" if len(task.fields) == 1 and task.label_shape != "object" else f"{names}=new value"
        text = rest or self.keyboard.line(f"{how} (an empty line leaves it):", self.write)
        if not text:
            return None
        if task.label_shape == "object" and text.partition("=")[0].strip() == "label":
            return Decision(Change(label=_label(task, text.partition("=")[2]), status="accepted"), "label")
        fields = _edited(task, sample.fields, [text])
        self.write(f"Changed: {marked(samples.text_of(sample.fields), samples.text_of(fields))}", indent="  ")
        return Decision(Change(fields=fields), "edit", advance=False)

    def _turn(self, name: str) -> int | str:
        act = acts.undo(self.store, self.me) if name == "undo" else acts.redo(self.store, self.me)
        if act is None:
            self.say(f"There is nothing to {name}.")
            return "stay"
        which = f"sample {act.samples[0]}" if act.total == 1 and act.samples else f"{act.total:,} samples"
        self.say(f"{name}: {act.kind} on {which}.")
        if act.total == 1 and act.samples:
            self.show(samples.get(self.store, act.samples[0], mine=self.mine))
        return "stay"

    def _told(self, *, last: bool = False) -> None:
        middle = sorted(self.times)[len(self.times) // 2] if self.times else None
        pace = f", {middle:.1f} s each" if middle is not None else ""
        left = "" if last else f", {views.count(self.store, self.view):,} in the view"
        self.say(f"{self.done:,} decided{pace}{left}.")

    def _stop(self) -> None:
        if self.sample is not None:
            acts.stop_at(self.store, self.me, PLACE, {**self.place, "view": self.view.text, "sample": self.sample.id})


def in_words(label: Any) -> str:
    """Any label or value on one line."""
    if label is None:
        return "none"
    if isinstance(label, (list, tuple)):
        return ", ".join(in_words(one) for one in label) or "none of them"
    if isinstance(label, dict):
        return "; ".join(f"{name} {in_words(one)}" for name, one in label.items()) or "empty"
    return f"{label:g}" if isinstance(label, float) else str(label)


def _shown(key: str) -> str:
    character = _CHARACTERS.get(key, key)
    return key if character.isspace() or character == "\x7f" else character
