"""Marking text by hand: which parts of an object can be filled from a text, and what a mark makes of the object.

A *span* is an object that says where its text stands: ``{"start": 7, "end": 11}``, counted in characters of the field as it
is stored, from 0, ``end`` not included; with ``text`` and a label where the schema has them. It is a shape that a task's
JSON Schema may ask for like any other, so spans are checked, exported, imported and compared as every label is. No widgets
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import UsageError
from workbench.text import clean
from workbench.tui.marks import WORD, Spans, merged, standing

#: Objects in objects that are looked into, parts that are offered.
DEEPEST, MOST = 3, 60


@dataclass(frozen=True, slots=True)
class Target:
    """A part of the object that a mark can fill. ``path`` are the keys to it; ``many``: it is a list, marks are added;
    ``kind``: what stands there; ``adds``: what a span says besides its place; ``quotes``: a span holds its text too."""

    path: tuple[str, ...]
    kind: str  # text, number, span
    many: bool = False
    adds: tuple[tuple[str, str], ...] = ()
    quotes: bool = False

    @property
    def title(self) -> str:
        return ".".join(self.path) + "".join(f" {value}" for _, value in self.adds)


def targets(schema: Mapping[str, Any]) -> list[Target]:
    """The parts of an object of this JSON Schema that can be read out of a text, in the schema's order."""
    return list(_targets(schema, schema, (), DEEPEST))[:MOST]


def _targets(schema: Mapping[str, Any], root: Mapping[str, Any], path: tuple[str, ...], deep: int) -> Iterator[Target]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not deep:
        return
    for name, given in properties.items():
        one = _resolved(given, root)
        many = _kind(one) == "array"
        inner = _resolved(one.get("items"), root) if many else one
        kind, here = _kind(inner), (*path, str(name))
        if kind in ("string", "number", "integer"):
            if "enum" not in inner:  # chosen, not read
                yield Target(here, "text" if kind == "string" else "number", many)
        elif _is_span_schema(inner, root):
            yield from _span_targets(inner, root, here, many)
        elif kind == "object" and not many:
            yield from _targets(inner, root, here, deep - 1)


def _span_targets(
    schema: Mapping[str, Any], root: Mapping[str, Any], path: tuple[str, ...], many: bool
) -> Iterator[Target]:
    parts = {name: _resolved(part, root) for name, part in schema["properties"].items()}
    quotes = _kind(parts.get("text", {})) == "string"
    choices = [(name, part["enum"]) for name, part in parts.items() if isinstance(part.get("enum"), list)]
    if not choices:
        yield Target(path, "span", many, (), quotes)
    for name, values in choices[:1]:
        yield from (Target(path, "span", many, ((name, value),), quotes) for value in values if isinstance(value, str))


def _is_span_schema(schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    parts = schema.get("properties")
    return isinstance(parts, Mapping) and all(
        _kind(_resolved(parts.get(one), root)) == "integer" for one in ("start", "end")
    )


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, or what its reference inside the document names."""
    for _ in range(8):
        if not isinstance(schema, Mapping):
            return {}
        ref = schema.get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#/"):
            return schema
        schema = root
        for step in ref[2:].split("/"):
            schema = schema.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(schema, Mapping) else None
    return {}


def _kind(schema: Mapping[str, Any]) -> str:
    found = schema.get("type")
    kinds = found if isinstance(found, list) else [found]
    return next((str(one) for one in kinds if one not in ("null", None)), "")


def is_span(value: Any) -> bool:
    """Whether a value says where its text stands."""
    return isinstance(value, Mapping) and all(
        isinstance(value.get(one), int) and not isinstance(value[one], bool) for one in ("start", "end")
    )


def put(label: Any, target: Target, text: str, start: int, end: int) -> dict[str, Any]:
    """The object with ``text[start:end]`` at ``target``: in the place of what stood there, or added to its list.

    What stands there already is taken out again. Spans of one list may overlap; the same one is never there twice, and they
    stand in the order of the text. Raises ``UsageError`` where a number is wanted and none is marked.
    """
    made: dict[str, Any] = dict(label) if isinstance(label, Mapping) else {}
    place = made
    for key in target.path[:-1]:
        inner = place.get(key)
        place[key] = dict(inner) if isinstance(inner, Mapping) else {}
        place = place[key]
    name, value = target.path[-1], _value(target, text, start, end)
    now = place.get(name)
    if not target.many:
        if now == value:
            del place[name]
        else:
            place[name] = value
        return made
    listed = list(now) if isinstance(now, (list, tuple)) else []
    listed = [one for one in listed if one != value] if value in listed else [*listed, value]
    if listed and all(is_span(one) for one in listed):
        listed.sort(key=lambda one: (one["start"], one["end"]))
    place[name] = listed
    return made


def _value(target: Target, text: str, start: int, end: int) -> Any:
    quoted = text[start:end]
    if target.kind == "span":
        return {"start": start, "end": end, **dict(target.adds), **({"text": quoted} if target.quotes else {})}
    if target.kind == "text":
        return quoted
    try:
        number = float(quoted.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", quoted) else quoted)
    except ValueError as error:
        raise UsageError(f"{target.title} is a number, and {clean(quoted, limit=40)!r} is none.") from error
    return int(number) if number.is_integer() else number


def now(label: Any, target: Target) -> Any:
    """What stands at a target: of a list of spans only those with the target's own label."""
    value = label
    for key in target.path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if target.many and target.adds and isinstance(value, (list, tuple)):
        return [one for one in value if isinstance(one, Mapping) and target.adds[0] in one.items()]
    if not target.many and target.adds and isinstance(value, Mapping) and target.adds[0] not in value.items():
        return None
    return value


def quoted(value: Any, text: str) -> Any:
    """A label with the text of each span in the span's place; nothing of what is no span changes."""
    if is_span(value):
        return text[max(0, value["start"]) : max(0, value["end"])]
    if isinstance(value, Mapping):
        return {key: quoted(inner, text) for key, inner in value.items()}
    return [quoted(inner, text) for inner in value] if isinstance(value, (list, tuple)) else value


def brief(value: Any, text: str) -> Any:
    """A label with each span as one line: its text, what it is, where it stands."""
    if is_span(value):
        said = " ".join(str(one) for name, one in value.items() if name not in ("start", "end", "text"))
        return f"{quoted(value, text)} {f'({said}) ' if said else ''}{value['start']}-{value['end']}"
    if isinstance(value, Mapping):
        return {key: brief(inner, text) for key, inner in value.items()}
    return [brief(inner, text) for inner in value] if isinstance(value, (list, tuple)) else value


def placed(label: Any, text: str) -> Spans:
    """Where the spans inside a label stand in the clean form of ``text``; what is outside the text is left out."""
    found: list[tuple[int, int]] = []
    waiting = [label]
    while waiting and len(found) < 1_000:
        one = waiting.pop()
        if is_span(one):
            if 0 <= one["start"] < one["end"] <= len(text):
                found.append((one["start"], one["end"]))
        elif isinstance(one, (Mapping, list, tuple)):
            waiting.extend(one.values() if isinstance(one, Mapping) else one)
    if not found:
        return ()
    places = offsets(text)
    shown = [(_shown_at(places, start), _shown_at(places, end)) for start, end in found]
    return merged([(start, end) for start, end in shown if start < end])


def without_spans(value: Any) -> Any:
    """A label without its spans: what can only be looked for in the text."""
    if isinstance(value, Mapping):
        return {key: without_spans(inner) for key, inner in value.items() if not is_span(inner)}
    if isinstance(value, (list, tuple)):
        return [without_spans(inner) for inner in value if not is_span(inner)]
    return value


def marks(label: Any, text: str, shown: str) -> Spans:
    """What to mark in ``shown``, the clean form of ``text``: spans where they are, other values wherever they stand."""
    return merged([*placed(label, text), *standing(shown, without_spans(label))])


def offsets(text: str) -> Sequence[int]:
    """For each character of ``clean(text, multiline=True)`` the place in ``text`` that it comes from, and one for the end."""
    if clean(text, multiline=True) == text:
        return range(len(text) + 1)
    places: list[int] = []
    at = 0
    while at < len(text):
        length = 2 if text.startswith("\r\n", at) else 1
        places += [at] * len(clean(text[at : at + length], multiline=True))
        at += length
    return [*places, len(text)]


def _shown_at(places: Sequence[int], at: int) -> int:
    """The first shown character that comes from ``at`` or later."""
    from bisect import bisect_left

    return bisect_left(places, at)


@dataclass
class Marker:
    """A run of words under the cursor, in the clean text: moves word by word, or grows."""

    text: str
    first: int = 0
    last: int = 0
    growing: bool = False

    def __post_init__(self) -> None:
        self.words = [match.span() for match in WORD.finditer(self.text)]

    @property
    def span(self) -> tuple[int, int]:
        """(start, end) in the clean text; nothing in a text without words."""
        if not self.words:
            return (0, 0)
        low, high = sorted((self.first, self.last))
        return self.words[low][0], self.words[high][1]

    def move(self, step: int, *, grow: bool = False) -> None:
        """To the word ``step`` further on; while growing, the other end stays."""
        self.last = max(0, min(self.last + step, len(self.words) - 1))
        if not (grow or self.growing):
            self.first = self.last

    def move_to(self, at: int) -> None:
        """To the word at or after a character (the last one, past it)."""
        found = next((index for index, (_, end) in enumerate(self.words) if end > at), len(self.words) - 1)
        self.move(found - self.last)

    def stop(self) -> None:
        """Back to one word, the one that moved last."""
        self.growing, self.first = False, self.last
