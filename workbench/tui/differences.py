"""Word differences between a sample as it came and as a person corrected it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from workbench.text import clean

#: A word with the white space before it.
_WORD = re.compile(r"\s*\S+|\s+$")
#: Words beyond which the difference is not worked out (it takes time quadratic in them).
LIMIT = 2_000
#: Words of what stayed that are shown on either side of a change, and characters of all changes.
AROUND, LONGEST = 8, 1_000


def words(before: str, after: str) -> list[tuple[str, str]]:
    """(sign, words) in order: ``=`` stayed, ``-`` went, ``+`` came. Both texts are cleaned; white space alone is no change."""
    old, new = _WORD.findall(clean(before)), _WORD.findall(clean(after))
    found: list[tuple[str, str]] = []

    def add(sign: str, tokens: list[str]) -> None:
        text = "".join(tokens)
        start = len(text) - len(text.lstrip())
        found.extend(part for part in (("=", text[:start]), (sign, text[start:])) if part[1])

    if len(old) + len(new) > LIMIT:
        add("-", old)
        add("+", new)
        return found
    matcher = SequenceMatcher(None, [word.lstrip() for word in old], [word.lstrip() for word in new])
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            found.append(("=", "".join(new[k:m])))
            continue
        add("-", old[i:j])
        add("+", new[k:m])
    return found


def marked(before: str, after: str) -> str:
    """One line: ``Where [-is-] {+are+} my cards``."""
    shown = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(
        shown[sign].format(text) if sign == "=" or text.strip() else text for sign, text in words(before, after)
    )


def brief(before: str, after: str) -> str:
    """What changes, with some words around each change: ``… Where [-is-] {+are+} my cards …``."""
    parts = words(before, after)
    made: list[str] = []
    for at, (sign, text) in enumerate(parts):
        if sign == "=":
            made.append(_shortened(text, first=at == 0, last=at == len(parts) - 1))
        elif text.strip():
            made.append(f"[-{text}-]" if sign == "-" else f"{{+{text}+}}")
        else:
            made.append(text)
    told = "".join(made)
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"


def _shortened(text: str, *, first: bool, last: bool) -> str:
    pieces = text.split(" ")
    head, tail = (0 if first else AROUND), (0 if last else AROUND)
    if len(pieces) <= head + tail + 3:
        return text
    end = pieces[len(pieces) - tail :] if tail else []
    return " ".join([*pieces[:head], "…", *end])
