"""Drops samples in a script or language that is not wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, require, short
from workbench.curate.languages import LANGUAGES, SCRIPTS, guess_language, script_shares


@FILTERS.register("language")
@dataclass(frozen=True, slots=True)
class Language:
    """Scripts are counted by Unicode ranges; the language is a light guess (``curate.languages``).

    A sample is dropped when less than ``share`` of its letters are in ``scripts``, or when its language is
    recognised with
    some confidence and is none of ``languages``. A language that cannot be told keeps the sample.
    """

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample in another script, or (a light guess) another language, than wanted."
    paper: ClassVar[str] = "Unicode scripts (UAX 24); function words after Grefenstette 1995"

    scripts: tuple[str, ...] = parameter(("Latin",), "allowed scripts, joined by +; empty for any")
    languages: tuple[str, ...] = parameter((), "allowed languages (two letters), joined by +; empty for any")
    share: float = parameter(0.8, "share of the letters that must be in the allowed scripts (0 to 1)")

    def __post_init__(self) -> None:
        wrong = [name for name in self.scripts if name not in SCRIPTS]
        require(self.name, not wrong, f"there is no script {', '.join(wrong)!r}; there are {', '.join(SCRIPTS)}")
        wrong = [name for name in self.languages if name not in LANGUAGES]
        require(self.name, not wrong, f"it cannot tell {', '.join(wrong)!r}; it knows {', '.join(LANGUAGES)}")
        require(self.name, 0.0 <= self.share <= 1.0, "share should be from 0 to 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the share of letters in the allowed scripts."""
        for done, item in enumerate(items, 1):
            yield self._verdict(item.text)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _verdict(self, text: str) -> Verdict:
        shares = script_shares(text)
        if not shares:
            return Verdict(True, "has no letters to judge by")
        allowed = sum(shares.get(name, 0.0) for name in self.scripts) if self.scripts else 1.0
        main, most = next(iter(shares.items()))
        if allowed < self.share:
            return Verdict(False, f"{short(most)} of the letters are {main}", allowed)
        if not self.languages:
            return Verdict(True, f"{short(most)} of the letters are {main}", allowed)
        guess = guess_language(text)
        if guess is None:
            return Verdict(True, "language cannot be told", allowed)
        return Verdict(guess in self.languages, f"looks like {guess}", allowed)
