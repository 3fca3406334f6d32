"""Single words of purged texts in results of evaluations: too short to be looked for like whole texts, but telling."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from workbench.store.encoding import encode
from workbench.store.needles import Needles

#: The key under which results list words of texts, and where results are kept.
KEY = "words"
_PLACES = (("evaluation", "result"), ("job", "result"))


def sweep(connection: sqlite3.Connection, needles: Needles) -> int:
    """Take every word of the purged texts out of lists of words in results; returns how many results were changed.

    Words that other samples hold too go as well: whose a word was is not known any more.
    """
    words, changed = needles.words(), 0
    if not words:
        return 0
    for table, column in _PLACES:
        found = connection.execute(f"SELECT id, {column} FROM {table} WHERE instr({column}, '\"{KEY}\"')")
        for row_id, text in found.fetchall():
            value = json.loads(text)
            cleaned = _cleaned(value, words)
            if cleaned != value:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (encode(cleaned), row_id))
                changed += 1
    return changed


def _cleaned(value: Any, words: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, words) if key == KEY else _cleaned(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_cleaned(one, words) for one in value]
    return value


def _without(value: Any, words: frozenset[str]) -> Any:
    """A list without its rows, a mapping without its entries, that hold one of the words."""
    if isinstance(value, dict):
        return {
            key: _without(one, words)
            for key, one in value.items()
            if not _holds(key, words) and not (isinstance(one, str) and _holds(one, words))
        }
    if isinstance(value, list):
        rows = [one for one in value if not _holds(one, words)]
        return [_without(one, words) if isinstance(one, dict) else one for one in rows]
    return "" if _holds(value, words) else value


def _holds(value: Any, words: frozenset[str]) -> bool:
    if isinstance(value, list):
        return any(_holds(one, words) for one in value)
    return isinstance(value, str) and not words.isdisjoint(Needles.words_in(value))
