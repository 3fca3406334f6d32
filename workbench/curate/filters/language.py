"""Drops samples in a script or language that is not wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.languages import (
    LANGUAGES,
    SCRIPTS,
    guess_language,
    other_language,
    scripts_of,
    weighed_letters,
)

#: Stands for the task's language, or for the scripts that it is written in.
TASK = "task"
#: Letters (``weighed_letters``) outside the allowed scripts that it takes to drop a sample: a formula's alpha is no Greek.
LEAST = 3


@FILTERS.register("language")
@dataclass(frozen=True, slots=True)
class Language:
    """Scripts are counted by Unicode ranges; the language is a light guess (``curate.languages``).

    A sample is dropped when less than ``share`` of its letters are in ``scripts``, or when its language is none of
    ``languages``. Languages that are named are held to the guess wherever there is one. ``task``, the default, is the
    task's language: then only a sample that surely is in another one is dropped (three function words that the task's
    language does not have), so that names and short texts stay. Without a task, or where its language is not one that can
    be told, any language passes, and the script is Latin. Brands and links are in Latin letters everywhere: among letters of
    other scripts that are allowed they count half. A language that cannot be told keeps the sample.
    """

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Drops a sample in another script, or (a light guess) another language, than wanted."
    paper: ClassVar[str] = "Unicode scripts (UAX 24); function words after Grefenstette 1995"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("share", "below")
    pointwise: ClassVar[bool] = True

    scripts: tuple[str, ...] = parameter(
        (TASK,), "allowed scripts, joined by +; task: those of its language; empty: any"
    )
    languages: tuple[str, ...] = parameter(
        (TASK,), "allowed languages (two letters), joined by +; task: its language, where the guess is sure; empty: any"
    )
    share: float = parameter(0.8, "share of the letters that must be in the allowed scripts (0 to 1)")

    def __post_init__(self) -> None:
        wrong = [name for name in self.scripts if name not in (*SCRIPTS, TASK)]
        require(self.name, not wrong, f"there is no script {quote(', '.join(wrong))!r}; there are {', '.join(SCRIPTS)}")
        wrong = [name for name in self.languages if name not in (*LANGUAGES, TASK)]
        require(self.name, not wrong, f"it cannot tell {quote(', '.join(wrong))!r}; it knows {', '.join(LANGUAGES)}")
        require(self.name, 0.0 <= self.share <= 1.0, "share should be from 0 to 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the share of letters in the allowed scripts, 0 for a sample in
        another language."""
        code = context.task.language.partition("-")[0].casefold() if context.task else ""
        scripts = set(self.scripts) - {TASK}
        if TASK in self.scripts:
            of_task = scripts_of(code) if code else ("Latin",)
            scripts = {*scripts, *of_task} if of_task else set()
        languages = set(self.languages) - {TASK}
        expected = code if TASK in self.languages and code in LANGUAGES else ""
        if TASK in self.languages and not expected:
            languages = set()
        for done, item in enumerate(items, 1):
            yield self._verdict(item.text, scripts, languages, expected)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _verdict(self, text: str, scripts: set[str], languages: set[str], expected: str) -> Verdict:
        letters = weighed_letters(text)
        if not letters:
            return Verdict(True, "has no letters to judge by")
        total = sum(letters.values())
        inside = sum(letters.get(name, 0) for name in scripts) if scripts else total
        names = letters.get("Latin", 0) / 2 if "Latin" not in scripts and 0 < inside < total else 0.0
        allowed = inside / (total - names)
        main, most = next(iter(letters.items()))
        if allowed < self.share and total - inside >= LEAST:
            foreign = max((count, name) for name, count in letters.items() if name not in scripts)
            reason = f"{short(foreign[0] / total)} of the letters are {foreign[1]}"
            return Verdict(False, reason, allowed, rule="script")
        if not languages and not expected:
            return Verdict(True, f"{short(most / total)} of the letters are {main}", allowed)
        guess = other_language(text, expected) if expected else guess_language(text)
        if guess and expected and scripts and scripts.isdisjoint(scripts_of(guess)):
            guess = None  # of another script: that is for ``share`` to say
        if guess is None:
            return Verdict(
                True, f"nothing says that it is not {expected}" if expected else "language cannot be told", allowed
            )
        if guess in languages:
            return Verdict(True, f"looks like {guess}", allowed)
        return Verdict(False, f"looks like {guess}", 0.0, rule="language")
