"""Word differences between a sample as it came and as a person corrected it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from workbench.store.samples import text_of
from workbench.text import clean
from workbench.tui.widgets.lines import Run, wrap

_WORD = re.compile(r"\s+|[^\s]+")
#: Words beyond which the difference is not worked out (it takes time quadratic in them).
LIMIT = 3_000


def words(before: str, after: str) -> list[tuple[str, str]]:
    """(sign, words) in order: ``=`` stayed, ``-`` went, ``+`` came. Both texts are cleaned."""
    old, new = _WORD.findall(clean(before)), _WORD.findall(clean(after))
    if len(old) + len(new) > LIMIT:
        return [("-", "".join(old)), ("+", "".join(new))]
    found: list[tuple[str, str]] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(("=", "".join(old[i:j])))
            continue
        if i < j:
            found.append(("-", "".join(old[i:j])))
        if k < m:
            found.append(("+", "".join(new[k:m])))
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any], width: int, names: int) -> list[list[Run]]:
    """Lines for the sample's pane: what went in [-brackets-], what came in {+braces+}; colour is not the only sign."""
    line = marked(text_of(before), text_of(after))
    made: list[list[Run]] = []
    for at, part in enumerate(wrap(line, max(10, width - names))):
        made.append([(f" {'' if at else 'Edited':<{names}}", "pane--name"), (part, "pane--value")])
    return made


def marked(before: str, after: str) -> str:
    """One line: ``Where [-is-] {+are+} my cards``."""
    shown = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(
        shown[sign].format(text) if sign == "=" or text.strip() else text for sign, text in words(before, after)
    )
