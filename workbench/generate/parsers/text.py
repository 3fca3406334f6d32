"""An answer that is the text itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.generate.parts import PARSERS, Refusal, Setting
from workbench.models.base import Answer

_QUOTES = {'"': '"', "“": "”", "'": "'", "«": "»", "`": "`"}
_LEAD = re.compile(r"^\s*(?:\d{1,3}[.)]\s+|[-*•]\s+|(?:text|answer|utterance|message|sentence)\s*:\s*)", re.IGNORECASE)


@PARSERS.register("text")
def text(answer: Answer, setting: Setting, conditions: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """The answer without list marks, a leading "Text:" and enclosing quotation marks.

    An empty answer, one that was cut off (finish reason ``length``) or held back (``content_filter``) gives no sample.
    """
    if answer.finish_reason == "length":
        return Refusal("cut off at max_tokens")
    if answer.finish_reason == "content_filter":
        return Refusal("held back by the endpoint's content filter")
    value = _LEAD.sub("", answer.text.strip(), count=1).strip()
    if len(value) > 1 and _QUOTES.get(value[0]) == value[-1] and value.count(value[-1]) in (1, 2):
        value = value[1:-1].strip()
    if not value:
        return Refusal("empty answer")
    return {setting.config.task.text_field: value}
