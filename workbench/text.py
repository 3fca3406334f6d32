"""Text: what may be shown, how it is cut into tokens, how contents are hashed, how numbers are written."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from typing import Any

#: Letters, digits and marks make words (an apostrophe inside a word belongs to it); everything else that is not white
#: space is a token of its own. Named in every result that depends on it.
TOKENIZER = "unicode-words-1"
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|_", re.UNICODE)

#: Bidirectional overrides and isolates, invisible format characters that reorder or hide text. Zero-width joiner and
#: non-joiner stay: emoji and Indic, Persian and Arabic scripts need them.
_HIDDEN = frozenset(
    {0x061C, 0x200E, 0x200F, 0x00AD, 0xFEFF}.union(
        range(0x202A, 0x202F), range(0x2066, 0x206A), range(0xFFF9, 0xFFFC), range(0xE0000, 0xE0080)
    )
)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u00ad\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f\t\n]"
)


def clean(text: str, *, multiline: bool = False, limit: int | None = None) -> str:
    """``text`` made safe to show: no control bytes, no bidi overrides, no lone surrogates.

    Control characters become their visible picture (U+2400 block), so that hostile text is seen, not obeyed. Tabs become
    spaces; line ends become a space, or stay ``\\n`` when ``multiline``. Longer than ``limit`` characters is cut and the
    cut marked with ``…``.
    """
    cut = limit is not None and len(text) > limit
    if cut:
        text = text[:limit]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(_replace_multiline if multiline else _replace_line, text)
    return text + "…" if cut else text


def _replace_multiline(match: re.Match[str]) -> str:
    return "\n" if match[0] == "\n" else _replace_line(match)


def _replace_line(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in (0x09, 0x0A, 0x2028, 0x2029):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "" if code in _HIDDEN else "\ufffd"


def tokens(text: str) -> list[str]:
    """Case-folded Unicode words; each punctuation mark or symbol is a token of its own (``TOKENIZER``)."""
    return _TOKEN.findall(text.casefold())


def words(text: str) -> list[str]:
    """The tokens that hold a letter or a digit."""
    return [token for token in tokens(text) if token[0].isalnum()]


def normalise(text: str) -> str:
    """NFKC, case-folded, white space folded: the form under which two texts count as exactly the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spare spaces: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_hash(value: Any) -> str:
    """Hex SHA-256 of a JSON-like value's canonical form; lone surrogates are hashed, not refused."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def number(value: float | None, none: str = "-") -> str:
    """A value for reading: three decimals, none from 100 on (thousands have marks) nor for whole numbers from 10 on; ``none``
    where there is no value."""
    if value is None or not math.isfinite(value):
        return none
    shown = f"{value:,.0f}" if abs(value) >= 100 or (value == int(value) and abs(value) >= 10) else f"{value:.3f}"
    return "0.000" if shown == "-0.000" else shown


def signed(value: float | None) -> str:
    """``number`` with its sign."""
    text = number(value)
    return text if text.startswith("-") else f"+{text}"


def interval(low: float | None, high: float | None) -> str:
    """``0.820-0.960``, ``-0.100 to 0.200``, or nothing when an end is missing."""
    if low is None or high is None:
        return ""
    return f"{number(low)} to {number(high)}" if low < 0 else f"{number(low)}-{number(high)}"
