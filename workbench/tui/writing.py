"""Fields and labels as text that a person edits, and back: texts, dialogues, JSON, numbers. No widgets here.

What a person did not touch stays as it is stored, unclean characters and all: a turn whose text is unchanged is the turn
that came, and JSON shows characters that may not be shown as escapes.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from workbench.errors import UsageError
from workbench.task_kinds import ROLES, FieldKind, is_messages
from workbench.text import clean
from workbench.tui.widgets.lines import safe

#: The first line of a turn: a role, a name in brackets where the turn has one, a colon, the text. A line of a turn's text
#: that looks like one is written with a backslash before it.
_HEAD = re.compile(r"([^\W\d]\w{0,30})(?: \(([^()\n]{1,60})\))?: ?")


def kind_of(declared: FieldKind | None, value: Any) -> FieldKind:
    """How a value is shown and edited: as its field says, unless it is of another kind."""
    if isinstance(value, str):
        return "text" if declared != "json" else "json"
    if is_messages(value) and declared != "json":
        return "messages"
    return "number" if declared == "number" and isinstance(value, (int, float)) else "json"


def as_text(kind: FieldKind, value: Any) -> str:
    """``value`` as it is edited; clean. A value that is not there is an empty text."""
    if value is None:
        return ""
    if kind == "text" and isinstance(value, str):
        return clean(value, multiline=True)
    if kind == "messages" and is_messages(value):
        return dialogue(value)
    return json_text(value)


def read(kind: FieldKind, text: str, original: Any = None) -> Any:
    """What a person wrote as a value of ``kind``; ``original`` where nothing changed. None where nothing is written.

    Raises ``UsageError`` with what is wrong and where.
    """
    if text == as_text(kind, original):
        return original
    if not text.strip():
        return None
    if kind == "text":
        return text
    if kind == "messages":
        return turns(text, original if is_messages(original) else ())
    value = read_json(text)
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise UsageError(f"{safe(text.strip(), limit=40)} is not a number.")
    return value


def dialogue(value: Sequence[Mapping[str, Any]]) -> str:
    """Turns as text: ``user: ...``, an empty line between them."""
    roles = _roles(value)
    return "\n\n".join(_turn(turn, roles) for turn in value)


def _roles(value: Sequence[Mapping[str, Any]]) -> set[str]:
    return {*ROLES, *(clean(turn["role"]) for turn in value)}


def _turn(turn: Mapping[str, Any], roles: Set[str]) -> str:
    first, *rest = clean(turn["content"], multiline=True).split("\n")
    body = "\n".join([first, *(f"\\{line}" if _like_a_head(line.lstrip("\\"), roles) else line for line in rest)])
    name = turn.get("name")
    named = f" ({clean(name)})" if isinstance(name, str) and re.fullmatch(r"[^()\n]{1,60}", clean(name)) else ""
    return f"{clean(turn['role'])}{named}: {body}"


def _like_a_head(line: str, roles: Set[str]) -> bool:
    head = _HEAD.match(line)
    return head is not None and (head[1] in roles or _meant(head[1]) is not None)


def turns(text: str, original: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Text as turns. Those that read like one of ``original`` are that one.

    Raises ``UsageError`` with the line: text before the first turn, a role that is misspelt.
    """
    roles = _roles(original)
    found: list[tuple[str, str | None, list[str]]] = []
    blank = True
    for number, line in enumerate(text.split("\n"), 1):
        head = _HEAD.match(line)
        if head and head[1] in roles:
            found.append((head[1], head[2], [line[head.end() :]]))
        elif head and blank and (meant := _meant(head[1])):
            raise UsageError(
                f"Line {number}: {safe(head[1])} is no role; did you mean {meant}? (\\{safe(head[1])}: is text)"
            )
        elif found:
            found[-1][2].append(line[1:] if line[:1] == "\\" and _like_a_head(line.lstrip("\\"), roles) else line)
        elif line.strip():
            raise UsageError(f"Line {number} belongs to no turn: begin one with {', '.join(f'{r}:' for r in ROLES)}.")
        blank = not line.strip()
    # Turns are told apart by how they read; of several that read alike the earlier ones are taken first.
    known: dict[str, list[Mapping[str, Any]]] = {}
    for turn in original:
        known.setdefault(_turn(turn, roles).strip("\n"), []).append(turn)
    made: list[dict[str, Any]] = []
    for role, name, lines in found:
        turn = {"role": role, "content": "\n".join(lines).strip("\n")} | ({"name": name} if name else {})
        same = known.get(_turn(turn, roles).strip("\n"))
        made.append(dict(same.pop(0)) if same else turn)
    return made


def _meant(word: str) -> str | None:
    close = difflib.get_close_matches(word.casefold(), ROLES, n=1, cutoff=0.75)
    return close[0] if close else None


def json_text(value: Any) -> str:
    """A JSON value as it is edited: indented; characters that may not be shown are escapes, so that none is lost."""
    return _UNSHOWN.sub(_escape, json.dumps(value, ensure_ascii=False, indent=2))


#: Candidates for escaping: everything outside printable ASCII and line ends; ``clean`` decides.
_UNSHOWN = re.compile(r"[^\n -~]")


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if clean(character, multiline=True) == character:
        return character
    return json.dumps(character)[1:-1]


def read_json(text: str) -> Any:
    """JSON; raises ``UsageError`` with line and column, for NaN and the like, for what is nested too deep."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UsageError(f"This is no JSON: line {error.lineno}, column {error.colno}: {safe(error.msg)}.") from error
    except RecursionError as error:
        raise UsageError("This JSON is nested too deep.") from error
    except ValueError as error:  # a number of thousands of digits
        raise UsageError(f"This is no JSON: {safe(error, limit=120)}.") from error


def _no_constant(name: str) -> Any:
    raise UsageError(f"{name} is not a value in JSON.")


def read_number(text: str, low: float, high: float) -> float:
    """A number on a scale, an int where it has no fraction; raises ``UsageError``."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError as error:
        raise UsageError(f"{safe(text, limit=40)} is not a number.") from error
    if not math.isfinite(value) or not low <= value <= high:
        raise UsageError(f"{safe(text.strip(), limit=40)} is not between {low:g} and {high:g}.")
    return int(value) if value.is_integer() else value


def read_set(text: str, known: Sequence[str]) -> list[str]:
    """Names of labels with commas between them, in the settings' order; nothing is none of them.

    Raises ``UsageError`` with the nearest name.
    """
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    if not wanted <= set(known) and text.strip() in known:  # a label's name may hold a comma
        wanted = {text.strip()}
    for name in sorted(wanted.difference(known)):
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {safe(close[0])}?" if close else "."
        raise UsageError(f"There is no label {safe(name, limit=60)}{hint}")
    return [name for name in known if name in wanted]


def toggled(label: Any, name: str, known: Sequence[str]) -> list[str]:
    """A set of labels with ``name`` put in or taken out, in the settings' order; names that are no labels go."""
    now = (
        {label}
        if isinstance(label, str)
        else {one for one in label if isinstance(one, str)}
        if is_set(label)
        else set()
    )
    return [one for one in known if one in now ^ {name}]


def is_set(label: Any) -> bool:
    return isinstance(label, (list, tuple))


def in_words(label: Any) -> str:
    """Any label on one line, not yet clean: a name, names with commas, a number, the values of an object."""
    if label is None:
        return "none"
    if isinstance(label, str):
        return label
    if isinstance(label, bool) or not isinstance(label, (int, float, list, tuple, dict)):
        return json.dumps(label)
    if isinstance(label, (int, float)):
        return f"{label:g}" if abs(label) < 1e15 else str(label)
    values = list(label.values() if isinstance(label, dict) else label)[:20]
    if not values:
        return "none of them" if is_set(label) else "{}"
    return ", ".join(one if isinstance(one, str) else _part(one) for one in values if one not in ("", [])) or "{}"


def _part(value: Any) -> str:
    """A part of a label: of places in the text the words there, with what they are; else JSON."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and one.get("text") for one in value):
        return ", ".join(
            f"{one['text']} ({one['label']})" if one.get("label") else str(one["text"]) for one in value[:20]
        )
    return json.dumps(value, ensure_ascii=False)[:200]
