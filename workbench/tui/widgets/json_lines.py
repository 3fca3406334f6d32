"""JSON as lines of styled runs: made from the value itself, so that no text in it is ever parsed; bounded in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from workbench.text import clean
from workbench.tui.widgets.lines import Run, cells, wrap

#: Lines, levels, characters of a string and of a key that are shown; what is left out is marked.
LINES, LEVELS, LONGEST, KEY = 400, 12, 4_000, 60
INDENT = 2
KEYS, TEXT, LITERAL, MARKS = "pane--key", "pane--value", "pane--literal", "pane--muted"


def json_lines(value: Any, width: int, *, most: int = LINES) -> list[list[Run]]:
    """``value`` in at most ``most`` lines of at most ``width`` cells: on one line what fits on one, the rest indented.

    A level too deep, a string too long and lines too many are cut, with an ellipsis.
    """
    made: list[list[Run]] = []
    for line in _lines(value, max(12, width), 0, [], ""):
        if len(made) == most:
            made.append([("…", MARKS)])
            break
        made.append(line)
    return made


def _lines(value: Any, width: int, level: int, head: list[Run], tail: str) -> Iterator[list[Run]]:
    """Lines of a value that begins after ``head`` and is followed by ``tail``."""
    pad = " " * (INDENT * level)
    used = sum(cells(text) for text, _ in head)
    flat = _flat(value, width - used - len(tail))
    end = [(tail, MARKS)] if tail else []
    if flat is not None:
        yield [*head, *flat, *end]
        return
    if isinstance(value, (dict, list, tuple)):
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        if level + 1 > LEVELS or INDENT * (level + 1) > width // 2:
            yield [*head, (f"{opening}…{closing}", MARKS), *end]
            return
        yield [*head, (opening, MARKS)]
        inner = " " * (INDENT * (level + 1))
        last = len(value) - 1
        pairs = value.items() if isinstance(value, dict) else ((None, one) for one in value)
        for at, (key, one) in enumerate(pairs):
            first: list[Run] = [(inner, MARKS)]
            if key is not None:
                first += [(_string(str(key), KEY), KEYS), (": ", MARKS)]
            yield from _lines(one, width, level + 1, first, "," if at < last else "")
        yield [(pad + closing, MARKS), *end]
        return
    text = _scalar(value)
    style = TEXT if isinstance(value, str) else LITERAL
    if width - used < min(36, width // 2):  # hardly any room behind the key: the value goes below it
        yield head
        head, used = [(pad + " " * INDENT, MARKS)], len(pad) + INDENT
    for at, part in enumerate(parts := wrap(text, max(4, width - used - len(tail)))):
        start = head if at == 0 else [(" " * used, MARKS)]
        yield [*start, (part, style), *(end if at == len(parts) - 1 else [])]


def _flat(value: Any, room: int) -> list[Run] | None:
    """The value on one line, if it takes no more than ``room`` cells; gives up as soon as it is longer."""
    made: list[Run] = []
    for run in _tokens(value):
        room -= cells(run[0])
        if room < 0:
            return None
        made.append(run)
    return made


def _tokens(value: Any) -> Iterator[Run]:
    """Runs of a value on one line. Each level begins with a bracket, so whoever counts cells also bounds the depth."""
    if isinstance(value, dict):
        yield "{", MARKS
        for at, (key, one) in enumerate(value.items()):
            yield (", " if at else ""), MARKS
            yield _string(str(key), KEY), KEYS
            yield ": ", MARKS
            yield from _tokens(one)
        yield "}", MARKS
    elif isinstance(value, (list, tuple)):
        yield "[", MARKS
        for at, one in enumerate(value):
            yield (", " if at else ""), MARKS
            yield from _tokens(one)
        yield "]", MARKS
    else:
        yield _scalar(value), TEXT if isinstance(value, str) else LITERAL


def _scalar(value: Any) -> str:
    return _string(value, LONGEST) if isinstance(value, str) else clean(json.dumps(value, default=str), limit=400)


def _string(text: str, limit: int) -> str:
    cut = "…" if len(text) > limit else ""
    return clean(json.dumps(text[:limit], ensure_ascii=False)[:-1] + cut + '"')
