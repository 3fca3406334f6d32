"""Short texts with planted copies, made from real ones: the same set on every machine.

The five kinds imitate those of ``near_duplicates_17k.jsonl``:

- case: capitals, lower case, doubled spaces, a mark at the end, quotation marks;
- typo: a letter swapped, dropped, added or replaced in about one word of nine;
- light: one or two words dropped, replaced by a filler, or a filler put in;
- affix: "Sure! ... Let me know." wrapped around it;
- heavy: synonyms, fillers, dropped words, words and clauses in another order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

FILLERS = "actually really maybe also simply just quite very perhaps basically".split()  # noqa: SIM905 - reads as prose
BEFORE = ["Q: ", "Sure! ", "Please answer: ", "As an AI, I would say: ", "Here is the text: ", "Note: ", ""]
AFTER = [" Please respond.", " Let me know.", " (Be concise.)", " Thanks.", ""]
SYNONYMS = dict(
    pair.split("=")
    for pair in (  # noqa: SIM905 - reads as a table
        "tell=inform can=could want=wish goals=objectives goal=objective more=additional important=crucial will=might "
        "think=believe believe=think right=correct use=utilize people=folks always=constantly try=attempt get=obtain "
        "need=require help=assist make=create work=labor government=state really=truly great=large children=kids "
        "find=locate show=display buy=purchase begin=start start=begin end=finish big=large small=little fast=quick "
        "money=cash card=plastic wrong=incorrect good=fine bad=poor should=must like=love problem=issue change=alter"
    ).split()
)


class Planted(NamedTuple):
    """``texts`` in a random order, for each its planted ``group`` (equal numbers belong together) and its ``kind``
    (empty for an original)."""

    texts: list[str]
    group: list[int]
    kind: list[str]


def planted(base: Sequence[str], size: int, share: float = 0.1, seed: int = 0) -> Planted:
    """``size`` texts, ``share`` of them copies of others, as many of each kind."""
    rng = random.Random(seed)
    originals = mixtures(base, size - int(size * share), rng)
    rows = [(text, place, "") for place, text in enumerate(originals)]
    kinds = list(KINDS)
    for number in range(int(size * share)):
        place = rng.randrange(len(originals))
        kind = kinds[number % len(kinds)]
        rows.append((KINDS[kind](originals[place], rng), place, kind))
    rng.shuffle(rows)
    return Planted([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def mixtures(base: Sequence[str], size: int, rng: random.Random) -> list[str]:
    """``base`` itself, then texts that begin as one of ``base`` and end as another."""
    found = list(base[:size])
    while len(found) < size:
        first, second = rng.choice(base).split(), rng.choice(base).split()
        share = rng.uniform(0.35, 0.65)
        found.append(" ".join([*first[: round(len(first) * share)], *second[round(len(second) * share) :]]))
    return found


def case(text: str, rng: random.Random) -> str:
    way = rng.randrange(5)
    if way == 0:
        return text.lower()
    if way == 1:
        return text.upper()
    if way == 2:
        return "  ".join(text.split())
    return f"{text} ." if way == 3 else f'"{text}!"'


def typo(text: str, rng: random.Random) -> str:
    words = text.split()
    long = [place for place, word in enumerate(words) if len(word) > 3] or list(range(len(words)))
    for place in rng.sample(long, min(len(long), max(1, min(3, len(words) // 9)))):
        word, letter = words[place], rng.choice("abcdefghijklmnopqrstuvwxyz")
        at = rng.randrange(1, max(2, len(word) - 1))
        words[place] = rng.choice(
            (
                word[: at - 1] + word[at : at + 1] + word[at - 1 : at] + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
            )
        )
    return " ".join(words)


def light(text: str, rng: random.Random) -> str:
    words = text.split()
    for _ in range(1 if len(words) < 12 else rng.randint(1, 2)):
        at, way = rng.randrange(len(words)), rng.randrange(3)
        words[at : at + (way != 1)] = [] if way == 0 and len(words) > 2 else [rng.choice(FILLERS)]
    return " ".join(words)


def affix(text: str, rng: random.Random) -> str:
    before = rng.choice(BEFORE)
    return before + text + rng.choice(AFTER if before else AFTER[:-1])


def heavy(text: str, rng: random.Random) -> str:
    clauses = text.split(", ")
    if len(clauses) > 1 and rng.random() < 0.4:
        rng.shuffle(clauses)
    words: list[str] = []
    for word in " ".join(clauses).split():
        draw = rng.random()
        if draw < 0.08:
            continue
        words.append(SYNONYMS.get(word, word) if rng.random() < 0.5 else word)
        if draw > 0.92:
            words.append(rng.choice(FILLERS))
    for at in range(len(words) - 1):
        if rng.random() < 0.1:
            words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words) or text


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "case": case, "typo": typo, "light": light, "affix": affix, "heavy": heavy,
}  # fmt: skip
