"""Texts that are to be found wherever else they stand: many at once, however they were escaped or wrapped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Characters from which a text is looked for inside others; a shorter one only as a whole value or line.
INSIDE = 12
#: Texts that are looked for one by one; more are found by their words only.
MOST = 500
#: What stands where a text was.
PURGED = "[purged]"
_WORD = re.compile(r"[^\W_]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrtbf/\"\\]))")
_PLAIN = {"n": "\n", "r": "\n", "t": " ", "b": " ", "f": " "}


class Needles:
    """A set of texts. A text counts as standing in another one whatever its white space, case and JSON escapes.

    Each is filed under its longest word, so that a long text is looked through once, not once for each of them.
    """

    def __init__(self) -> None:
        self._by_word: dict[str, set[str]] = {}
        self._whole: set[str] = set()
        self._ascii: re.Pattern[str] | None = None  # made when first asked

    def __len__(self) -> int:
        return len(self._whole)

    def add(self, text: str) -> None:
        """Look for ``text``, and for each of its longer lines."""
        for part in {text, *text.split("\n")}:
            flat = _flat(part)
            if len(flat) < 2:
                continue
            self._whole.add(flat)
            self._ascii = None
            words = _WORD.findall(flat)
            if len(flat) >= INSIDE and words:
                self._by_word.setdefault(max(words, key=len), set()).add(flat)

    def add_json(self, text: str | None) -> None:
        """Look for all strings in a JSON value."""
        if text is not None:
            for leaf in strings(json.loads(text)):
                self.add(leaf)

    def words(self) -> frozenset[str]:
        """All words of the texts, as ``words_in`` gives them."""
        return frozenset(word for flat in self._whole for word in _WORD.findall(flat))

    @staticmethod
    def words_in(text: str) -> list[str]:
        """The words of a text, whatever their case."""
        return _WORD.findall(_flat(text))

    def inside(self, text: str) -> bool:
        """Whether one of the texts stands in ``text``."""
        if not self._whole or not text or (text.isascii() and "\\" not in text and not self._likely(text)):
            return False
        flat = _flat(_unescaped(text))
        if flat in self._whole or any(_flat(line) in self._whole for line in text.split("\n")):
            return True
        return any(
            needle in flat for word in self._by_word.keys() & set(_WORD.findall(flat)) for needle in self._by_word[word]
        ) or self._within_words(flat)

    def _likely(self, text: str) -> bool:
        """Whether an ASCII text holds a word of one of the texts: a single pass, for the millions that hold none."""
        if len(self._whole) > MOST:
            return True
        if self._ascii is None:
            plain = (flat for flat in self._whole if flat.isascii())
            words = {max(_WORD.findall(flat) or flat.split(), key=len) for flat in plain}
            self._ascii = re.compile("|".join(re.escape(word) for word in sorted(words)) or r"(?!)", re.IGNORECASE)
        return self._ascii.search(text) is not None

    def _within_words(self, flat: str) -> bool:
        """Where a text has no spaces before and after it (``x=TEXT``, other scripts), its longest word may be part of one."""
        if len(self._by_word) > MOST:
            return False
        return any(word in flat and any(one in flat for one in some) for word, some in self._by_word.items())

    def without(self, value: str) -> str | None:
        """``value`` (JSON or plain) with ``PURGED`` where a string holds one of the texts; None when none does."""
        if not self.inside(value):
            return None
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return PURGED
        cleaned = self._cleaned(found)
        if not isinstance(found, (dict, list)) or cleaned == found:
            return json.dumps(PURGED)
        return json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return PURGED if self.inside(value) else value
        if isinstance(value, list):
            return [self._cleaned(one) for one in value]
        if isinstance(value, dict):
            return {(PURGED if self.inside(key) else key): self._cleaned(one) for key, one in value.items()}
        return value


def strings(value: Any) -> Iterator[str]:
    """All strings in a JSON value, names of keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    for _ in range(2):  # JSON inside JSON
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2]), text)
    return text
