"""JSON read strictly: what Python's parser lets pass and a data set must not hold is found and named.

RFC 8259 has no NaN or Infinity, calls repeated names unpredictable, and cannot carry half a surrogate pair; NUL ends
strings in too many tools. The parser goes on past such faults, so that a reader knows where the value ends.
"""

from __future__ import annotations

import json
import math
from typing import Any

from workbench.exchange.base import Bad, Row, quoted
from workbench.exchange.lines import SURROGATE

MAX_DEPTH = 64
_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "true or false", type(None): "null"}


class StrictDecoder:
    """Decodes one value at a time; afterwards ``fault`` says why it may not be used, or is ``None``."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._pairs,
            parse_constant=self._constant,
            parse_float=self._float,
            parse_int=self._int,
        )

    def decode(self, text: str, start: int = 0) -> tuple[Any, int]:
        """The value that begins at ``text[start]`` and the place after it; raises ``json.JSONDecodeError``."""
        self.fault = None
        try:
            value, end = self._decoder.raw_decode(text, start)
        except RecursionError as error:
            raise json.JSONDecodeError("Nested too deeply", text, start) from error
        escapes = text.find("\\u", start, end) >= 0
        if escapes or text.count("[", start, end) + text.count("{", start, end) > MAX_DEPTH:
            self._note(inspected(value))
        return value, end

    def _note(self, fault: str | None) -> None:
        self.fault = self.fault or fault

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            self._note(f"has the key {quoted(twice)} twice")
        return result

    def _constant(self, name: str) -> None:
        self._note(f"holds {name}, which JSON does not have; write null")

    def _float(self, digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            self._note(f"holds the number {quoted(digits, 20)}, which is too large")
        return value

    def _int(self, digits: str) -> int:
        if len(digits) > 1000:
            self._note(f"holds a whole number of {len(digits):,} digits")
            return 0
        return int(digits)


def inspected(value: Any) -> str | None:
    """Why a value, however it came, must not get into a data set: too deep, NUL, half a surrogate pair; else None."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} deep"
        if isinstance(item, dict):
            stack += [(key, depth) for key in item] + [(member, depth + 1) for member in item.values()]
        elif isinstance(item, list):
            stack += [(member, depth + 1) for member in item]
        elif isinstance(item, str):
            if "\0" in item:
                return "holds a NUL character (\\u0000)"
            if not item.isascii() and (match := SURROGATE.search(item)):
                return f"holds half of a surrogate pair (\\u{ord(match[0]):04x}), which is not a character"
    return None


def parse(text: str) -> tuple[Any, str | None]:
    """A text that must be one JSON value: the value, and what is wrong with it (or None)."""
    decoder = StrictDecoder()
    stripped = text.strip(" \t\r\n")
    try:
        value, end = decoder.decode(stripped)
    except json.JSONDecodeError as error:
        return None, broken(error)
    if end < len(stripped):
        return None, f"is not valid JSON: something follows the value (character {end + 1})"
    return value, decoder.fault


def row_or_bad(line: int, value: Any, fault: str | None) -> Row | Bad:
    """The decoded ``value`` as a row, unless it has a ``fault`` or is not an object."""
    if not isinstance(value, dict):
        return Bad(line, f"is {_KINDS.get(type(value), 'a number')}, not an object")
    return Bad(line, fault) if fault else Row(line, value)


def broken(error: json.JSONDecodeError, offset: int = 0) -> str:
    """What is wrong and where, from the parser's own words; ``offset`` is where the value begins in its text."""
    return f"is not valid JSON: {error.msg[0].lower()}{error.msg[1:]} (character {error.pos - offset + 1})"
