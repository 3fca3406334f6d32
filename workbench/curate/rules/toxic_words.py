"""A short list of English words and phrases that most data sets do not want, by how bad they are; and how they are found.

Severity 1: rude, mild swearing. 2: strong swearing, insults, crude sexual words. 3: slurs against groups, threats, calls to
harm oneself. The list is kept short on purpose: words whose usual sense is harmless are not on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

SEVERITIES: Mapping[int, str] = {1: "rude", 2: "strong", 3: "hateful or threatening"}
_LISTS: Mapping[int, str] = {
    1: "damn goddamn crap crappy idiot idiotic moron moronic stupid dumbass jackass douche sucks bollocks bugger ass "
    "imbecile scumbag pissed wtf stfu",
    2: "fuck fucker fucked fucking motherfucker motherfucking fuckwit shit shitty bullshit shithead bitch bitchy bastard "
    "asshole arsehole cunt twat wanker dickhead slut slutty whore blowjob handjob cumshot jizz porn porno milf",
    3: "nigger nigga faggot kike spic wetback gook towelhead raghead tranny retard retarded subhuman untermensch kys",
}
_PHRASES: Mapping[int, str] = {
    1: "shut up|shut the hell up|go to hell|pain in the ass",
    2: "piece of shit|son of a bitch|suck my dick|go fuck yourself",
    3: "kill yourself|go kill yourself|go die|hope you die|i will kill you|i'll kill you|gonna kill you|hang yourself|"
    "you should be shot|deserve to die|heil hitler|sieg heil|white power|gas the jews",
}
#: Runs that may be a word on the list: letters and digits, and what stands for letters in disguises.
_RUN = re.compile(r"[\w@$!*']+")
_DISGUISE = str.maketrans("013457@$!", "oieastasi")
_DISGUISED = frozenset("013457@$!*")
_REPEATED = re.compile(r"(.)\1{2,}")
_SUFFIXES = ("es", "ed", "ing", "in", "er", "ers", "y")
#: A longer run is no word that a person wrote.
_LONGEST = 30
#: Letters of a word with asterisks that must be left to see.
_SEEN = 2


class Toxic(NamedTuple):
    """A word or phrase in a text, as the list has it, and its severity."""

    word: str
    severity: int


class WordList:
    """Words and phrases by severity, ready to be looked up. ``extra`` are a user's own; they take the place of the list's."""

    def __init__(self, extra: Mapping[str, int] | None = None, *, builtin: bool = True) -> None:
        self._words: dict[str, int] = {}
        self._phrases: dict[str, int] = {}
        if builtin:
            for severity in _LISTS:
                self._words |= dict.fromkeys(_LISTS[severity].split(), severity)
                self._phrases |= dict.fromkeys(_PHRASES[severity].split("|"), severity)
        own: set[str] = set()
        for entry, severity in (extra or {}).items():
            parts = entry.casefold().split()
            if len(parts) == 1:
                self._words[parts[0]] = severity
                own.add(parts[0])
            elif parts:
                self._phrases[" ".join(parts)] = severity
        # Endings make other words of short ones ("ass", "spic"): those take a plural s at most.
        self._stems = frozenset(word for word, n in self._words.items() if len(word) >= 4 and n < 3)
        self._masked: dict[tuple[str, int], list[str]] = {}
        for word, severity in self._words.items():
            if severity > 1 or word in own:
                self._masked.setdefault((word[0], len(word)), []).append(word)
        self._longest = max([phrase.count(" ") + 1 for phrase in self._phrases], default=0)
        self._starts = {phrase.partition(" ")[0] for phrase in self._phrases}

    def find(self, text: str) -> Iterator[Toxic]:
        """What of the list is in a text, in order. Whole words only ("Scunthorpe" and "class" are none); folded are capitals,
        digits and signs for letters, letters repeated three times or more, and asterisks for some letters."""
        runs = _RUN.findall(text.replace("’", "'").casefold())
        for run in runs:
            if len(run) <= _LONGEST and (word := self._word(run)):
                yield Toxic(word, self._words[word])
        if not self._starts.isdisjoint(runs):
            yield from self._found_phrases(runs)

    def _found_phrases(self, runs: list[str]) -> Iterator[Toxic]:
        for place, run in enumerate(runs):
            if run in self._starts:
                for length in range(2, self._longest + 1):
                    phrase = " ".join(runs[place : place + length]).rstrip("!*'")
                    if phrase in self._phrases:
                        yield Toxic(phrase, self._phrases[phrase])
                        break

    def _word(self, run: str) -> str | None:
        for form in _forms(run):
            if (stem := self._stem(form)) is not None:
                return stem
        return self._unmasked(run.strip("'!")) if "*" in run else None

    def _stem(self, form: str) -> str | None:
        if form in self._words:
            return form
        if form[-1:] == "s" and len(form) > 4 and form[:-1] in self._words:
            return form[:-1]
        for suffix in _SUFFIXES:
            if form.endswith(suffix) and form[: -len(suffix)] in self._stems:
                return form[: -len(suffix)]
        return None

    def _unmasked(self, run: str) -> str | None:
        if len(run) - run.count("*") < _SEEN or run[0] == "*":
            return None
        for word in self._masked.get((run[0], len(run)), ()):
            if all(one in ("*", letter) for one, letter in zip(run, word, strict=True)):
                return word
        return None


def _forms(run: str) -> Iterator[str]:
    """The spellings under which a run is looked up."""
    plain = run.strip("'!*_")
    yield plain
    if plain.endswith("'s"):
        yield plain[:-2]
    letters = sum(one.isalpha() for one in run)
    if letters and not _DISGUISED.isdisjoint(run) and letters < len(run):
        plain = run.strip("'*_").rstrip("!").translate(_DISGUISE)
        yield plain
    if _REPEATED.search(plain):
        yield _REPEATED.sub(r"\1\1", plain)
        yield _REPEATED.sub(r"\1", plain)


@cache
def builtin() -> WordList:
    return WordList()
