"""Contents of samples as they are stored: JSON, the text to search, the label as a key, the hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.text import content_hash

#: SQLite refuses lone surrogates; they become U+FFFD on the way in, as ``clean`` would show them.
_SURROGATES = dict.fromkeys(range(55296, 57344), "�")


def text_of(fields: Mapping[str, Any]) -> str:
    """All strings inside ``fields`` but the roles of turns, joined by newlines, in order: what is listed, searched, filtered."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Mapping):
            turn = (
                {"role", "content"} <= value.keys() <= {"role", "content", "name"}
            )  # who speaks in a dialogue is no text
            for inner in (value["content"],) if turn else value.values():
                walk(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                walk(inner)

    walk(fields)
    return _storable("\n".join(found))


def _storable(text: str) -> str:
    return text if text.isascii() else text.translate(_SURROGATES)


#: ``json.dumps`` makes an encoder for every call; one for all takes a third of the time.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode(value: Any) -> str:
    """A JSON value as stored."""
    return _storable(_to_json(value))


def label_key(label: Any) -> str | None:
    """The label itself if it is one string, for indexes and counts; None for every other kind."""
    return label.translate(_SURROGATES) if isinstance(label, str) else None


def digest(fields: Mapping[str, Any], label: Any) -> bytes:
    return bytes.fromhex(content_hash([fields, label]))
