"""Reading answers without trust: unfinished ones are recognised, and a JSON object is found in whatever stands around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from workbench.generate.parts import Refusal
from workbench.models.base import Answer
from workbench.task_kinds import is_messages

#: Finish reasons of answers that are not there, or not whole, in words.
UNFINISHED = {
    "length": "cut off at max_tokens",
    "max_tokens": "cut off at max_tokens",
    "content_filter": "held back by the endpoint's content filter",
    "refusal": "the model refused",
}
#: Characters of an answer that are searched for an object, and places at which one may begin.
LONGEST, TRIES = 400_000, 20
_FENCE = re.compile(r"```[a-zA-Z0-9]*\s*\n(.*?)```", re.DOTALL)
_TRAILING = re.compile(r",(\s*[}\]])")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def unfinished(answer: Answer) -> Refusal | None:
    """Why an answer is not to be read at all (``UNFINISHED``), or None."""
    reason = UNFINISHED.get(answer.finish_reason or "")
    return None if reason is None else Refusal(reason)


def find_object(text: str, keys: Sequence[str]) -> dict[str, Any] | str:
    """The JSON object with some of ``keys`` in an answer, or why there is none.

    Looked for in this order: the whole answer, fenced blocks, whatever stands between braces. Forgiven: line breaks inside
    strings, commas before a closing bracket, a list of one object, an object wrapped in another one under a single key,
    and, where one key is wanted, its value alone if that is a dialogue.
    """
    text = text.strip().lstrip("\ufeff")
    if not text:
        return "empty answer"
    broken = False
    for part in _candidates(text[:LONGEST]):
        value = _loads(part)
        broken = broken or (value is _BROKEN and "{" in part)
        found = _unwrapped(value, keys)
        if found is not None:
            return found
    return "broken JSON in the answer" if broken else "no JSON object in the answer"


def _candidates(text: str) -> Iterator[str]:
    yield text
    yield from (block.strip() for block in _FENCE.findall(text))
    place = -1
    for _ in range(TRIES):
        place = text.find("{", place + 1)
        if place < 0:
            return
        end = _end(text, place)
        yield text[place:end]
        place = max(place, end - 1)


def _end(text: str, start: int) -> int:
    """Where the braces that open at ``start`` close, strings skipped; the text's end when they do not."""
    depth, place, inside = 0, start, False
    while place < len(text):
        letter = text[place]
        if inside:
            if letter == "\\":
                place += 1
            elif letter == '"':
                inside = False
        elif letter == '"':
            inside = True
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return len(text)


_BROKEN = object()


def _loads(text: str) -> Any:
    for attempt in (text, None):
        try:
            # strict=False: models break lines inside strings.
            return json.loads(
                _without_trailing_commas(text) if attempt is None else attempt, strict=False, parse_constant=_no
            )
        except (ValueError, RecursionError):
            continue
    return _BROKEN


def _no(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _without_trailing_commas(text: str) -> str:
    """Commas before a closing bracket removed, outside strings."""
    parts, last = [], 0
    for string in _STRING.finditer(text):
        parts += [_TRAILING.sub(r"\1", text[last : string.start()]), string.group()]
        last = string.end()
    return "".join([*parts, _TRAILING.sub(r"\1", text[last:])])


def _unwrapped(value: Any, keys: Sequence[str]) -> dict[str, Any] | None:
    if len(keys) == 1 and is_messages(value):
        return {keys[0]: value}
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return None
    if len(value) == 1 and not value.keys() & set(keys):
        (inner,) = value.values()
        return inner if isinstance(inner, dict) and inner.keys() & set(keys) else None
    return value if value.keys() & set(keys) else None
