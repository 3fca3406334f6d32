"""Codes of one or two letters for labels: short enough to type, made from the names, the same in every sitting.

No widgets here. No code begins another, so the last letter of a code needs no enter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def codes(names: Sequence[str]) -> dict[str, str]:
    """Name to code: the first letter of the name, alone where no other name begins with it, else with a second one.

    The second letter is the first free one of: the beginnings of the name's other words, its other letters, the alphabet.
    Names come in the order of the settings: one that is added at the end changes no other code, but for that of a name
    which had its letter alone. Names without a letter from a to z, and those for which their letter has no room, get what
    is left. There are 676 codes at most; names beyond that have none.
    """
    words = {name: _words(name) for name in names}
    groups: dict[str, list[str]] = {}
    homeless: list[str] = []
    for name in names:
        first = next((word[0] for word in words[name]), "")
        group = groups.setdefault(first, []) if first else homeless
        (homeless if len(group) >= len(LETTERS) else group).append(name)
    made: dict[str, str] = {}
    for first, group in groups.items():
        if len(group) == 1:
            made[group[0]] = first
            continue
        taken: set[str] = set()
        for name in group:
            second = next(letter for letter in _seconds(words[name]) if letter not in taken)
            taken.add(second)
            made[name] = first + second
    if homeless:
        made |= _rest(homeless, made)
    return made


def _rest(names: Sequence[str], made: dict[str, str]) -> Mapping[str, str]:
    """Codes for names that no letter of their own has room for; names that had a letter alone give it up if need be."""
    free = _free(made)
    if len(free) < len(names):
        for name, code in made.items():
            if len(code) == 1:
                made[name] = code + next(_seconds(_words(name)))
        free = _free(made)
    return dict(zip(names, free, strict=False))


def _free(made: Mapping[str, str]) -> list[str]:
    taken = set(made.values())
    return [a + b for a in LETTERS if a not in taken for b in LETTERS if a + b not in taken]


def _words(name: str) -> list[str]:
    """The parts of a name that begin with a letter from a to z; accents do not matter."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(
        letter if letter in LETTERS else "" if unicodedata.combining(letter) else " " for letter in plain
    ).split()


def _seconds(words: Sequence[str]) -> Iterator[str]:
    """Second letters for a name, the ones that come to mind first."""
    yield from (word[0] for word in words[1:])
    yield from "".join(words)[1:]
    yield from LETTERS


def step_codes(count: int) -> list[str]:
    """Codes for the steps of a scale, in order: a letter each; none where the letters do not suffice."""
    return list(LETTERS[:count]) if count <= len(LETTERS) else []
