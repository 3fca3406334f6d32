"""Views that name a label follow its changes: saved ones, and the places where people stopped."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence

from workbench import task_change
from workbench.store import renames
from workbench.store.connection import now
from workbench.store.encoding import encode
from workbench.store.reshape_rows import split_score
from workbench.store.view_terms import quoted, values
from workbench.task_change import TaskChange

#: A word of a view: inside quotes everything stays together.
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_LABEL = re.compile(r"^(-?)label:(.+)$", re.DOTALL)


def view_after(change: TaskChange, text: str) -> str:
    """A view's line with the labels that it names as they are called after the change; a split label: all of the new ones."""
    if change.what != "label" or change.how not in ("rename", "merge", "split"):
        return text

    return _substituted(text, lambda name: list(task_change.label_after(change, [name], change.into)))


def view_now(connection: sqlite3.Connection, text: str, labels: Sequence[str]) -> str:
    """The line of a view that was opened some time ago in the names of now; ``labels``: those that there are."""

    def now_called(name: str) -> list[str]:
        for event in renames.changes(connection):
            if name in labels:
                break
            change = event.change if event.undone_by is None else task_change.backward(event.change)
            if change.what == "label" and change.how in ("rename", "merge", "split") and name in change.names:
                after = task_change.label_after(change, [name], change.into)
                return [
                    new for one in after for new in (now_called(one) if one not in labels and one != name else [one])
                ]
        return [name]

    return _substituted(text, now_called)


def _substituted(text: str, called: Callable[[str], list[str]]) -> str:
    """``text`` with other names in its terms ``label:``."""

    def renamed(found: re.Match[str]) -> str:
        term = _LABEL.match(found[0])
        if term is None or term[2] == "none":
            return found[0]
        named = values(term[2])
        after = [new for name in named for new in called(name)]
        if after == list(named):
            return found[0]
        return f"{term[1]}label:" + ",".join(_plain(name) for name in dict.fromkeys(after))

    return _WORD.sub(renamed, text)


def _plain(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) and name != "none" else quoted(name)


def split_view(change: TaskChange, reshaping_id: int) -> tuple[str, str]:
    """The saved view of what a split leaves to a person: its name and its line."""
    return f"split {change.names[0]}", f"status:pending score.{split_score(reshaping_id)}=1"


def follow(connection: sqlite3.Connection, reshaping_id: int, change: TaskChange) -> None:
    """Change the lines that name a label, keeping what they were; a split adds a view of what is to be relabelled."""
    kept = []
    for name, query in connection.execute("SELECT name, query FROM saved_view").fetchall():
        if (new := view_after(change, query)) != query:
            kept.append((reshaping_id, 0, f"view:{name}", encode(query), encode(new)))
            connection.execute("UPDATE saved_view SET query = ? WHERE name = ?", (new, name))
    for annotator_id, name, value in connection.execute("SELECT annotator_id, name, value FROM place").fetchall():
        place = json.loads(value)
        if isinstance(place, dict) and isinstance(place.get("view"), str):
            new = view_after(change, place["view"])
            if new != place["view"]:
                after = encode({**place, "view": new})
                kept.append((reshaping_id, 0, f"place:{annotator_id}:{name}", encode(value), encode(after)))
                connection.execute(
                    "UPDATE place SET value = ? WHERE annotator_id = ? AND name = ?", (after, annotator_id, name)
                )
    if change.what == "label" and change.how == "split" and not change.rest_is_meant:
        name, line = split_view(change, reshaping_id)
        if connection.execute("SELECT 1 FROM saved_view WHERE name = ?", (name,)).fetchone() is None:
            kept.append((reshaping_id, 0, f"view:{name}", encode(None), encode(line)))
            connection.execute("INSERT INTO saved_view VALUES (?, ?, ?)", (name, line, now()))
    connection.executemany(
        "INSERT INTO reshaped (reshaping_id, sample_id, place, before, after) VALUES (?, ?, ?, ?, ?)", kept
    )


def bring_back(connection: sqlite3.Connection, reshaping_id: int, change: TaskChange) -> None:
    """The lines as they were before a change, where nobody has changed them since; others in the old names."""
    rows = connection.execute(
        "SELECT place, before, after FROM reshaped WHERE reshaping_id = ? AND sample_id = 0", (reshaping_id,)
    ).fetchall()
    for place, before_text, after_text in rows:
        kind, _, name = place.partition(":")
        before, after = json.loads(before_text), json.loads(after_text)
        if kind == "view" and before is None:
            connection.execute("DELETE FROM saved_view WHERE name = ? AND query = ?", (name, after))
        elif kind == "view":
            connection.execute("UPDATE saved_view SET query = ? WHERE name = ? AND query = ?", (before, name, after))
        else:
            annotator_id, _, called = name.partition(":")
            connection.execute(
                "UPDATE place SET value = ? WHERE annotator_id = ? AND name = ? AND value = ?",
                (before, int(annotator_id), called, after),
            )
    connection.execute("DELETE FROM reshaped WHERE reshaping_id = ? AND sample_id = 0", (reshaping_id,))
    back = task_change.backward(change)
    for name, query in connection.execute("SELECT name, query FROM saved_view").fetchall():
        if (old := view_after(back, query)) != query:
            connection.execute("UPDATE saved_view SET query = ? WHERE name = ?", (old, name))
