"""Places in texts that a reviewer should see: words in which two texts differ, values that stand in a text. No widgets here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from workbench.text import clean

Spans = tuple[tuple[int, int], ...]

#: A word, a sign, or one character of the scripts that write no spaces.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:['’]\w+)*|[^\w\s]")
#: Words of both texts beyond which differences are not worked out, and the share of words that must be the same for marks to
#: say anything.
MOST_WORDS = 2_000
SAME = 0.25
#: Values of a label that are looked for, and marks in one text.
MOST_VALUES, MOST_MARKS = 60, 300


@lru_cache(maxsize=64)
def differing(left: str, right: str) -> tuple[Spans, Spans] | None:
    """(start, end) of the words of either text that the other has not, neighbours as one; both texts are clean.

    None when the texts are too long or have too little in common for marks to help.
    """
    places = [[match.span() for match in WORD.finditer(text)] for text in (left, right)]
    if sum(map(len, places)) > MOST_WORDS:
        return None
    words = [[text[start:end] for start, end in spans] for text, spans in zip((left, right), places, strict=True)]
    matcher = SequenceMatcher(None, words[0], words[1])
    if matcher.quick_ratio() < SAME:
        return None
    blocks = matcher.get_matching_blocks()
    if 2 * sum(block.size for block in blocks) < SAME * sum(map(len, words)):
        return None
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    after = [0, 0]
    for block in blocks:
        for side, at in enumerate((block.a, block.b)):
            if after[side] < at:
                found[side].append((places[side][after[side]][0], places[side][at - 1][1]))
            after[side] = at + block.size
    return tuple(found[0]), tuple(found[1])


def leaves(value: Any) -> Iterator[Any]:
    """Texts and numbers inside a JSON value, the first ``MOST_VALUES`` of them; never deeper than they are many."""
    waiting, seen = [value], 0
    while waiting and seen < MOST_VALUES:
        one = waiting.pop()
        if isinstance(one, (dict, list, tuple)):
            inner = list(one.values() if isinstance(one, dict) else one)[:MOST_VALUES]
            waiting.extend(reversed(inner))
        elif isinstance(one, str) or (isinstance(one, (int, float)) and not isinstance(one, bool)):
            yield one
        seen += 1


def standing(text: str, value: Any) -> Spans:
    """(start, end) of every place in ``text`` (clean) where a text or number inside ``value`` stands as whole words.

    Case and kinds of white space do not matter.
    """
    found: list[tuple[int, int]] = []
    for one in leaves(value):
        words = clean(str(one), limit=400).split()
        if not words:
            continue
        # Whole words, in scripts that have them: letters with two cases, and digits.
        before = r"(?<!\w)" if _bounded(words[0][0]) else ""
        after = r"(?!\w)" if _bounded(words[-1][-1]) else ""
        wanted = before + r"\s+".join(map(re.escape, words)) + after
        for match in re.finditer(wanted, text, re.IGNORECASE):
            found.append(match.span())
            if len(found) == MOST_MARKS:
                return merged(found)
    return merged(found)


def _bounded(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()


def merged(spans: Sequence[tuple[int, int]]) -> Spans:
    """In order, overlapping ones as one."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return tuple(made)
