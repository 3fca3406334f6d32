"""Where the words of a search stand in a text: the same words that the full-text index finds. No widgets here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from workbench.store.views import View
from workbench.tui.widgets.lines import Run

#: Characters of a line that are searched; no line is longer on a screen.
LONGEST = 4_000


class Highlights:
    """What to look for: each phrase is words in a row, as the index has them (no case, no accents, no punctuation)."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self.phrases = tuple(dict.fromkeys(phrases))
        found = [re.findall(r"[^\W_]+", folded(phrase)) for phrase in self.phrases]
        parts = [r"[\W_]+".join(map(re.escape, words)) for words in sorted(found, key=len, reverse=True) if words]
        self._pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])") if parts else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of each place, in order."""
        if self._pattern is None:
            return []
        return [found.span() for found in self._pattern.finditer(folded(text[:LONGEST]))]

    def painted(self, run: Run, style: str) -> list[Run]:
        """A run, cut so that what was searched for is drawn in ``style``."""
        text, plain = run
        made: list[Run] = []
        end = 0
        for start, stop in self.spans(text):
            made += [(text[end:start], plain)] if start > end else []
            made.append((text[start:stop], style))
            end = stop
        return [*made, (text[end:], plain)] if made else [run]


NOTHING = Highlights(())


@lru_cache(maxsize=64)
def of(view: View, words: str = "") -> Highlights:
    """What a view searches for in texts, and the words of a search in it."""
    return Highlights([*view.phrases, *([words] if words else [])])


def folded(text: str) -> str:
    """``text`` without case and accents, a character for each of its characters."""
    if text.isascii():
        return text.lower()
    return "".join(_fold(character) for character in text)


@lru_cache(maxsize=4_096)
def _fold(character: str) -> str:
    return unicodedata.normalize("NFD", character)[:1].lower()[:1] or character
