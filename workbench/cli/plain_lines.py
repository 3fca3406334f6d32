"""What ``label --plain`` writes: one sample as plain lines, and the keys that work."""

from __future__ import annotations

import shutil
import sys
import textwrap
from functools import cached_property
from typing import Any

from workbench.cli import keyboard
from workbench.cli.keyboard import ACTIONS, CHARACTERS, Keyboard, shown
from workbench.store import acts, explaining, samples, views
from workbench.store import blind as blind_reading
from workbench.store.connection import Store
from workbench.store.samples import Sample
from workbench.task_kinds import is_messages
from workbench.text import clean
from workbench.tui import blind, deciding, writing
from workbench.tui.codes import codes

#: What there is to do, by the names of the screen's actions.
DONE_HERE = (
    "accept", "reject", "flag", "skip", "take", "code", "find_label", "edit", "note", "tag", "reason", "undo", "redo", "up",
    "down", "help", "quit",
)  # fmt: skip
#: Where a person stopped: the place that the screen keeps as well.
PLACE = "review"


class Lines:
    """One person before one view, in lines."""

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
        found = keyboard.keys()
        if self.outline.label_shape not in ("many", "number") and found["accept"] == ACTIONS["accept"].keys:
            found["accept"] = tuple(key for key in found["accept"] if key != "enter")
        return found

    @cached_property
    def codes(self) -> dict[str, str]:
        """Label to code: the screen's, where there are more labels than digits."""
        labels = [one.name for one in self.outline.labels]
        return codes(labels) if len(labels) > deciding.DIGITS else {}

    @cached_property
    def by_key(self) -> dict[str, str]:
        """Typed character or name of a key to what it does."""
        wanted = (*DONE_HERE, *(f"label_{n}" for n in range(1, 10)), "label_none")
        return {CHARACTERS.get(key, key): name for name in wanted for key in self.keys.get(name, ())}

    def key(self, name: str) -> str:
        named = {value: key for key, value in CHARACTERS.items() if key in ("enter", "space", "tab", "backspace")}
        found = next(iter(self.keys.get(name, ())), "")
        return named.get(CHARACTERS.get(found, found), CHARACTERS.get(found, found))

    def _read(self, sample_id: int) -> Sample:
        """A sample as this person may see it."""
        if self.mine is not None and self.outline.label_shape == "many":
            return samples.get_own(self.store, sample_id, self.mine)
        return samples.get(self.store, sample_id, mine=self.mine)

    def show(self, sample: Sample) -> None:
        """The sample, its label and what is suggested, what can be pressed."""
        alone = self.mine is not None and blind_reading.undecided(self.store, self.mine, sample.id)
        known = explaining.explain(self.store, sample, annotator_id=self.me, alone=alone)
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
            offered = [f"{self.key(f'label_{n}')} {name}" for n, name in enumerate(self.order[:9], 1)]
            more = len(self.order) - 9
            find = f"{self.key('find_label')} and part of a name, or {self.key('code')} and its code"
            rest = f". {find}: {more} more" if more > 0 else ""
            self.write(". ".join(offered) + rest + ".", indent="  ")
        if not self.done:
            self.write(f"{self.key('accept')} accept, {self.key('help')} all keys, {self.key('quit')} quit.")

    def help(self) -> None:
        self.write("Keys:")
        for name in ("label_1", *DONE_HERE):
            if self.keys.get(name):
                pressed = " or ".join(dict.fromkeys(shown(key) for key in self.keys[name]))
                self.write(f"  {pressed}: {ACTIONS[name].title.lower()}. {ACTIONS[name].help}", indent="    ")
        self.write(
            "Instead of a key: a word (accept), with what belongs to it behind (note looks odd), or part of a label."
        )


def in_words(label: Any) -> str:
    """Any label on one line; an object with the names of its parts, which a pane would show above them."""
    if isinstance(label, dict):
        return "; ".join(f"{name} {writing.in_words(one)}" for name, one in label.items()) or "empty"
    return writing.in_words(label)
