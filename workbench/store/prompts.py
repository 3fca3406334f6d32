"""What is written of requests: texts encoded before anybody holds the writers' lock, prompts stored once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from workbench.store.answers import Asked
from workbench.store.encoding import encode
from workbench.text import content_hash


class Texts(NamedTuple):
    """The texts of one request as they are stored: JSON, and the prompt's hash (32 bytes)."""

    prompt: str
    prompt_hash: bytes
    parameters: str
    conditions: str
    parents: str
    error: str | None


def encoded(asked: Iterable[Asked]) -> list[Texts]:
    """The texts of some requests, in their order."""
    found = []
    parameters: Mapping[str, Any] | None = None
    settings = ""
    for one in asked:
        if one.parameters is not parameters:  # the same object for all requests of a plan
            parameters, settings = one.parameters, encode(one.parameters)
        prompt = encode([dict(message) for message in one.messages])
        found.append(
            Texts(
                prompt,
                bytes.fromhex(content_hash(prompt)),
                settings,
                encode(one.conditions),
                encode(one.parents) if one.parents else "{}",
                None if one.error is None else one.error.encode("utf-8", "replace").decode(),
            )
        )
    return found


class Prompts:
    """Ids of prompts, each stored once; remembers the newest few thousand."""

    def __init__(self, limit: int = 4_096) -> None:
        self._ids: dict[str, int] = {}
        self._limit = limit

    def id(self, connection: sqlite3.Connection, text: str, digest: bytes) -> int:
        """The id of a prompt (JSON) with this hash, inside the caller's transaction."""
        found = self._ids.get(text)
        if found is None:
            connection.execute(
                "INSERT INTO prompt (hash, messages) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, text)
            )
            found = int(connection.execute("SELECT id FROM prompt WHERE hash = ?", (digest,)).fetchone()[0])
            if len(self._ids) >= self._limit:
                self._ids.clear()
            self._ids[text] = found
        return found

    def forget(self) -> None:
        """After a rolled-back transaction the ids may not exist."""
        self._ids.clear()
