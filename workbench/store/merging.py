"""Bringing in people's work from machines that share no disk: each annotation once, in whatever order the files come.

An annotation is known by its uuid. A person's opinion of a sample follows from the set of their annotations alone (for each
part the newest by (created_at, uuid) that wrote it), so that merging is commutative and idempotent. Acts that come in are
undone where they were done.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.errors import UsageError
from workbench.store import acts, renames
from workbench.store import annotations as annotation_store
from workbench.store.annotations import JSON_PARTS, NAMES
from workbench.store.connection import Store, now
from workbench.store.encoding import encode
from workbench.store.opinions import PARTS, rebuild, resolve

#: Lines that one transaction merges.
CHUNK = 200
_TIME = re.compile(r"[0-8]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_STATE = ", ".join(f"{part}, {part}_seq" for part in PARTS)
_RULINGS = ("label", "status", "label,status", "status,label")

#: Says what is wrong with the value of a part ("label", "status", "fields"), or None.
Fault = Callable[[str, Any], str | None]


@dataclass(frozen=True, slots=True)
class _One:
    """An annotation to be merged. ``said``: stored values by part; ``set_by``: the annotation that each comes from."""

    uuid: bytes
    act: bytes
    kind: str
    undoes: bytes | None
    after: bool
    samples: int
    said: dict[str, str | None]
    set_by: dict[str, bytes | None]
    seconds: float | None
    at: str
    system_user: str | None


class Merge:
    """Lines of ``annotations.opinions`` from another machine, merged some hundred at a time."""

    def __init__(self, store: Store, fault: Fault) -> None:
        self._store = store
        self._fault = fault
        self._waiting: list[tuple[int, str, list[_One]]] = []
        #: Lines that brought something new, and lines of which all was here.
        self.applied = self.unchanged = 0

    def add(self, values: Mapping[str, Any]) -> None:
        """Take in one line; raises ``WorkbenchError`` (what is wrong with it), and then nothing of it is taken."""
        sample = annotation_store.sample_id(self._store, values)
        name = _text(values.get("annotator"), "annotator", most=200)
        if not name:
            raise UsageError("has a history, but no annotator")
        history = [self._one(entry, sample) for entry in values["history"]]
        self._waiting.append((sample, name, history))
        if len(self._waiting) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Store what was taken in."""
        lines, self._waiting = self._waiting, []
        while lines:
            acts.finish_acts(self._store)
            with self._store.write() as connection:
                # A bulk act that is on its way puts its rows below newer acts of the same person: it must not meet these.
                if connection.execute("SELECT 1 FROM act WHERE applied < total LIMIT 1").fetchone():
                    continue
                new = [
                    _merge(connection, sample, _person(connection, name), history) for sample, name, history in lines
                ]
                for sample in dict.fromkeys(line[0] for line, is_new in zip(lines, new, strict=True) if is_new):
                    renames.settle(connection, [sample])
                    resolve(connection, sample)
            self.applied += sum(new)
            self.unchanged += len(new) - sum(new)
            return

    def _one(self, entry: Any, sample: int) -> _One:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("wrote"), Mapping):
            raise UsageError("history should be a list of annotations, as --export writes them")
        parts = {of: part for part, of in NAMES.items()}
        wrote, set_by = entry["wrote"], entry.get("set_by") or {}
        if not isinstance(set_by, Mapping) or (set(wrote) | set(set_by)) - set(parts):
            raise UsageError(f"history: an annotation is about {', '.join(parts)}, nothing else")
        seconds = entry.get("seconds")
        at, uuid = entry.get("at"), _uuid(entry.get("annotation"))
        if not isinstance(at, str) or not _TIME.fullmatch(at):
            raise UsageError("history: at should be a time such as 2026-01-31T12:00:00.000Z")
        try:
            datetime.fromisoformat(at)
        except ValueError as error:
            raise UsageError(f"history: at: {error}") from None
        said = {parts[of]: self._stored(parts[of], value, sample) for of, value in wrote.items()}
        setters = {
            parts[of]: (None if set_by[of] is None else _uuid(set_by[of])) if of in set_by else uuid for of in wrote
        }
        if "label" in said and said["label"] is None and setters["label"] is not None:
            said["label"] = "null"  # somebody said that there is no label; nobody's word is another thing
        return _One(
            uuid=uuid,
            act=_uuid(entry.get("act")),
            kind=_text(entry.get("kind"), "kind", most=40) or "import",
            undoes=None if entry.get("undoes") is None else _uuid(entry["undoes"]),
            after=bool(entry.get("after")),
            samples=min(max(int(entry["samples"]), 1), 2**40) if isinstance(entry.get("samples"), int) else 1,
            said=said,
            set_by=setters,
            seconds=float(seconds) if isinstance(seconds, (int, float)) and 0 <= seconds < 1e9 else None,
            at=at,
            system_user=_text(entry.get("system_user"), "system_user", most=200) or None,
        )

    def _stored(self, part: str, value: Any, sample: int) -> str | None:
        """A part's value as it is stored here; raises ``UsageError`` for what does not fit the task."""
        if value is None:
            return None
        if part == "label":
            value = renames.label_now(self._store.connection, value, sample)
        elif part == "fields" and isinstance(value, Mapping):
            value = renames.fields_now(self._store.connection, value)
        if wrong := self._fault(part, value):
            raise UsageError(wrong)
        if part == "tags" and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise UsageError("tags should be a list of words")
        if part == "ruling" and value not in _RULINGS:
            raise UsageError("ruling should be label, status or label,status")
        return encode(value) if part in JSON_PARTS else _text(value, part, most=1_000_000)


def _uuid(value: Any) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{32}", value):
        raise UsageError("history: annotation, act, undoes and set_by should be uuids of 32 hexadecimal digits")
    return bytes.fromhex(value)


def _text(value: Any, name: str, *, most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise UsageError(f"{name} should be a text of at most {most:,} characters")
    return value.encode("utf-8", "replace").decode()


def _person(connection: sqlite3.Connection, name: str) -> int:
    connection.execute(
        "INSERT INTO annotator (name, system_user, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (name, acts.system_user(), now()),
    )
    return int(connection.execute("SELECT id FROM annotator WHERE name = ?", (name,)).fetchone()[0])


def _merge(connection: sqlite3.Connection, sample: int, person: int, history: Sequence[_One]) -> bool:
    """Store what is new of a person's annotations of a sample; returns whether anything was."""
    known = {one.uuid: _id(connection, "annotation", one.uuid) for one in history}
    state: list[Any] = [None] * (2 * len(PARTS))
    fresh = False
    for one in sorted(history, key=lambda one: (one.at, one.uuid)):
        seq = known[one.uuid]
        is_new = seq is None
        if seq is None:
            seq = int(connection.execute("SELECT ifnull(max(id), 0) + 1 FROM annotation").fetchone()[0])
            known[one.uuid] = seq
        wrote = 0
        for place, part in enumerate(PARTS):
            if part in one.said:
                wrote |= 1 << place
                setter = one.set_by[part]
                by = None if setter is None else known.get(setter) or _id(connection, "annotation", setter) or seq
                state[2 * place : 2 * place + 2] = [one.said[part], by]
        if is_new:
            fresh = True
            connection.execute(
                f"INSERT INTO annotation (id, uuid, act_id, sample_id, annotator_id, seconds, {_STATE}, wrote, created_at) "
                f"VALUES (?, ?, ?, ?, ?, ?, {', '.join('?' * len(state))}, ?, ?)",
                (seq, one.uuid, _act(connection, one, person), sample, person, one.seconds, *state, wrote, one.at),
            )
    if fresh:
        rebuild(connection, sample, person)
    return fresh


def _id(connection: sqlite3.Connection, table: str, uuid: bytes) -> int | None:
    row = connection.execute(f"SELECT id FROM {table} WHERE uuid = ?", (uuid,)).fetchone()
    return row[0] if row else None


def _act(connection: sqlite3.Connection, one: _One, person: int) -> int:
    """The act of an annotation, made on first sight."""
    if (found := _id(connection, "act", one.act)) is not None:
        return found
    undoes = None if one.undoes is None else _id(connection, "act", one.undoes)
    change = encode({"after": one.after}) if one.undoes is not None else "{}"
    cursor = connection.execute(
        "INSERT INTO act (uuid, annotator_id, kind, change, undoes, total, applied, created_at, system_user, merged) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, (SELECT system_user FROM annotator WHERE id = ?)), 1)",
        (one.act, person, one.kind, change, undoes, one.samples, one.samples, one.at, one.system_user, person),
    )
    assert cursor.lastrowid is not None
    if undoes is not None:
        connection.execute(
            "UPDATE act SET undone_by = ? WHERE id = ?", (None if one.after else cursor.lastrowid, undoes)
        )
    return cursor.lastrowid
