"""An answer that is the text itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.generate.answers import unfinished
from workbench.generate.parts import PARSERS, Content, Parser, Refusal, Setting
from workbench.models.base import Answer

_QUOTES = {'"': '"', "“": "”", "'": "'", "«": "»", "`": "`"}
_LEAD = re.compile(r"^\s*(?:\d{1,3}[.)]\s+|[-*•]\s+|(?:text|answer|utterance|message|sentence)\s*:\s*)", re.IGNORECASE)


def text(
    answer: Answer, setting: Setting, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> Sequence[Content] | Refusal:
    """The answer without list marks, a leading "Text:" and enclosing quotation marks, as the task's first field.

    An empty answer, one that was cut off, held back or refused (``unfinished``) gives no sample.
    """
    if (refusal := unfinished(answer)) is not None:
        return refusal
    value = _LEAD.sub("", answer.text.strip(), count=1).strip()
    if len(value) > 1 and _QUOTES.get(value[0]) == value[-1] and value.count(value[-1]) in (1, 2):
        value = value[1:-1].strip()
    if not value:
        return Refusal("empty answer")
    return [Content({setting.config.task.text_field: value})]


PARSERS.register("text")(Parser(text))
