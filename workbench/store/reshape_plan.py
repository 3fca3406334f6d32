"""Before a change of labels or fields: whether it can be made, and what the settings will say."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from workbench.config import Config, check, load_yaml
from workbench.errors import UsageError
from workbench.settings_edit import Entry, edit
from workbench.store import renames, reshape
from workbench.store.connection import Store
from workbench.store.reshape_views import view_after
from workbench.task import LONGEST_LABEL, Task
from workbench.task_change import PAST, TaskChange
from workbench.text import clean


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that can be made: the settings before and after it, and sentences about what it does not change."""

    change: TaskChange
    before: str
    after: str
    notes: tuple[str, ...] = ()
    undoes: int | None = None


def text_of(path: Path) -> str:
    load_yaml(path)  # its own sentences about what cannot be read
    return path.read_bytes().decode("utf-8")


def _config(text: str, path: Path) -> Config:
    node = yaml.compose(text)
    assert node is not None
    return check(Config, yaml.safe_load(text), node, path)


def plan(store: Store, change: TaskChange, *, again: bool = False) -> Plan:
    """What a change makes of the settings. Raises ``UsageError``: names that are not there, or taken, or were taken away
    before (``again``: meant all the same), what the task's kind does not allow; ``FileError`` where the file cannot be
    edited safely."""
    path = store.project.settings
    before = text_of(path)
    config = _config(before, path)
    task = config.task
    change = _checked(task, change)
    _new_names(store, change, again=again)
    entries = _labels(task, change) if change.what == "label" else _fields(task, change, _written(before))
    _fits(task, change, entries)
    review = yaml.safe_load(before).get("review") or {}
    view = review.get("view") if isinstance(review.get("view"), str) else None
    new_view = None if view is None or (turned := view_after(change, view)) == view else turned
    after = edit(
        before,
        path,
        labels=entries if change.what == "label" else None,
        fields=entries if change.what == "field" else None,
        view=new_view,
    )
    _config(after, path)
    if change.how == "remove":
        _unused(store, change)
    return Plan(change, before, after, tuple(_mentions(store, before, change)))


def _written(text: str) -> bool:
    return bool((yaml.safe_load(text)["task"]).get("fields"))


def _checked(task: Task, change: TaskChange) -> TaskChange:
    """The change with its names as the task has them."""
    there = task.label_names if change.what == "label" else list(task.fields)
    if change.what == "label" and not there and change.how != "add":
        raise UsageError(f"A task of kind {task.kind}{' with a scale' if task.scale else ''} has no labels to change.")
    for name in change.names:
        if name not in there:
            close = difflib.get_close_matches(name, there, n=1)
            hint = f"did you mean {clean(close[0])!r}?" if close else f"there are: {clean(', '.join(there[:20]))}."
            raise UsageError(f"There is no {change.what} {clean(name, limit=60)!r}; {hint}")
    if len(set(change.names)) < len(change.names):
        raise UsageError(f"{clean(change.names[0])!r} is named twice.")
    if change.how == "merge" and len(change.names) < 2 and not (change.names and change.into[0] in there):
        raise UsageError(f"Name at least two {change.what}s to be merged.")
    if change.how == "merge" and change.into[0] not in change.names and change.into[0] in there:
        change = replace(change, names=(*change.names, change.into[0]))
    if change.how == "split" and (len(change.into) < 2 or len(set(change.into)) < len(change.into)):
        raise UsageError(f"Name at least two different {change.what}s to split it into.")
    if unknown := [name for name in change.words if name not in change.into]:
        raise UsageError(f"Words are given for {clean(unknown[0])!r}, which is not one of the new labels.")
    for name in change.into:
        if name in there and name not in change.names:
            hint = (
                f"; merge them: task {change.what} merge {clean(change.names[0])} {clean(name)}" if change.names else ""
            )
            raise UsageError(f"There is a {change.what} {clean(name)!r} already{hint}.")
        if not name.strip() or clean(name) != name or len(name) > LONGEST_LABEL or name != name.strip():
            raise UsageError(f"{clean(name, limit=60)!r} cannot be a name: 1 to {LONGEST_LABEL} visible characters.")
    if change.how == "rename" and change.names == change.into:
        raise UsageError(f"It is called {clean(change.into[0])!r} already.")
    if change.how == "move" and not 1 <= change.position <= len(there):
        raise UsageError(f"There are {len(there)} places, from 1 to {len(there)}.")
    if change.what == "field" and change.how == "split" and not change.separator:
        raise UsageError("Say at which text the field is split, such as --at ' | ' (or --lines).")
    return change


def _new_names(store: Store, change: TaskChange, *, again: bool) -> None:
    """Names that were taken away earlier, or that samples carry although the task has not got them."""
    for name in change.into:
        if name in change.names:
            continue
        at, events = renames.retired(store.connection, name, change.what)
        if at >= 0 and not again:
            event = events[at]
            raise UsageError(
                f"{clean(name)!r} was {PAST[event.change.how]} before (change {event.id}: {clean(event.change.sentence())}): "
                "what was said of it then keeps its new name, and this would begin a new, empty one. "
                "Say --again if that is meant, or take the change back with `workbench task undo`."
            )
        if change.how == "add":
            continue
        probe = TaskChange(change.what, "rename", (name,), (name,))
        if found := next((ids for _, ids in reshape.concerned(store, probe) if ids), None):
            raise UsageError(
                f"Sample {found[0]} and maybe more have {clean(name)!r} already, which the task has not got: add it first "
                f"(task {change.what} add), then merge."
            )


def _labels(task: Task, change: TaskChange) -> list[Entry]:
    there = [Entry(name, name, {}) for name in task.label_names]
    said = {} if change.description is None else {"description": change.description}
    if change.how == "add":
        return [*there, *(Entry(None, name, said) for name in change.into)]
    if change.how == "remove":
        return [one for one in there if one.name not in change.names]
    if change.how == "describe":
        return [Entry(one.old, one.name, said) if one.name in change.names else one for one in there]
    if change.how == "move":
        rest = [one for one in there if one.name not in change.names]
        rest.insert(change.position - 1, Entry(change.names[0], change.names[0], {}))
        return rest
    found: list[Entry] = []
    keeper = change.into[0] if change.into[0] in change.names else change.names[0]
    for one in there:
        if one.name not in change.names:
            found.append(one)
        elif change.how == "split":
            old = one.name if one.name in change.into else None
            found += [Entry(one.name if name == old else None, name, {}) for name in change.into]
        elif one.name == keeper:
            found.append(Entry(keeper, change.into[0], said))
    return found


def _fields(task: Task, change: TaskChange, written: bool) -> list[Entry]:
    """The fields as they will stand; those that the file does not name are written down as they are."""

    def settings(name: str) -> dict[str, Any]:
        one = task.fields[name]
        said: dict[str, Any] = {"kind": one.kind}
        return (
            said
            | ({} if one.required else {"required": False})
            | ({"description": one.description} if one.description else {})
        )

    there = [Entry(name if written else None, name, {} if written else settings(name)) for name in task.fields]
    said = {} if change.description is None else {"description": change.description}
    if change.how == "add":
        return [*there, *(Entry(None, name, {"kind": change.kind, "required": False, **said}) for name in change.into)]
    if change.how == "remove":
        return [one for one in there if one.name not in change.names]
    if change.how == "describe":
        return [
            Entry(one.old, one.name, {**one.settings, **said}) if one.name in change.names else one for one in there
        ]
    if change.how == "move":
        rest = [one for one in there if one.name not in change.names]
        rest.insert(change.position - 1, next(one for one in there if one.name in change.names))
        return rest
    if change.how in ("merge", "split") and (
        other := [name for name in change.names if task.fields[name].kind != "text" or task.fields[name].json_schema]
    ):
        raise UsageError(f"Only fields of kind text can be {PAST[change.how]}; {clean(other[0])!r} is not one.")
    found: list[Entry] = []
    keeper = change.into[0] if change.into[0] in change.names else change.names[0]
    for one in there:
        if one.name not in change.names:
            found.append(one)
        elif change.how == "split":
            for at, name in enumerate(change.into):
                if at == 0:
                    found.append(Entry(one.old, name, one.settings))
                else:
                    found.append(Entry(None, name, {"kind": "text", "required": False}))
        elif one.name == keeper:
            found.append(Entry(one.old, change.into[0], {**one.settings, **said}))
    return found


def _fits(task: Task, change: TaskChange, entries: Sequence[Entry]) -> None:
    """Refuse what the kind of the task does not allow, in its own words."""
    said: dict[str, Any] = task.model_dump(by_alias=True, exclude_none=True)
    if change.what == "label":
        said["labels"] = [one.name for one in entries]
    else:
        old = said["fields"]
        said["fields"] = {one.name: {**old.get(one.old or one.name, {}), **one.settings} for one in entries}
    try:
        Task.model_validate(said)
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"{change.sentence().capitalize()}: cannot be: {told}.") from None


def _unused(store: Store, change: TaskChange) -> None:
    """A label or field can be removed only where nothing has it."""
    if change.what == "label":
        number = 0
        first: int | None = None
        for _, ids in reshape.concerned(store, replace(change, how="rename")):
            number += len(ids)
            first = first if first is not None or not ids else ids[0]
        if number:
            raise UsageError(
                f"{number:,} samples have, had or may get {clean(change.names[0])!r} (sample {first} first): merge it into "
                f"another label instead: task label merge {clean(change.names[0])} --into LABEL."
            )
        return
    for _, ids in reshape.concerned(store, change):
        for one, value in _held(store, ids, change.names):
            if value not in (None, "", [], {}):
                raise UsageError(
                    f"Sample {one} has something in the field {clean(change.names[0])!r}: only an empty field can be removed; "
                    "merge it into another."
                )


def _held(store: Store, ids: Sequence[int], names: Sequence[str]) -> Iterator[tuple[int, Any]]:
    for start in range(0, len(ids), 500):
        chunk = ids[start : start + 500]
        marks = ",".join("?" * len(chunk))
        for one, original, fields in store.read(
            f"SELECT id, original_fields, fields FROM sample WHERE id IN ({marks}) UNION ALL "
            f"SELECT sample_id, '{{}}', fields FROM opinion WHERE fields IS NOT NULL AND sample_id IN ({marks})",
            [*chunk, *chunk],
        ):
            for text in (original, fields):
                value = {} if text is None else json.loads(text)
                yield from ((one, value[name]) for name in names if name in value)


def _mentions(store: Store, text: str, change: TaskChange) -> Iterator[str]:
    """Where a name that goes away is still mentioned: things that people write, and that stay as they are."""
    for name in change.retired:
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        guidelines = store.project.folder / "guidelines.md"
        if change.what == "label" and guidelines.is_file():
            lines = guidelines.read_text(encoding="utf-8", errors="replace").splitlines()
            if found := [at for at, line in enumerate(lines, 1) if word.search(line)]:
                more = f" and {len(found) - 1} more" if len(found) > 1 else ""
                yield f"guidelines.md still says {clean(name)!r} (line {found[0]}{more}); it is not changed."
        value = yaml.safe_load(text)
        for where, said in _strings({key: inner for key, inner in value.items() if key != "review"}):
            if where.startswith(("task.labels", "task.fields", "name", "database")):
                continue
            loose = change.what == "label" and where.startswith(("task.description", "curate.", "generate."))
            if said == name or (loose and word.search(said)):
                yield f"project.yaml: {where} names {clean(name)!r}; it is not changed."


def _strings(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            place = f"{where}.{key}" if where else str(key)
            yield place, str(key)
            yield from _strings(inner, place)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, where)


def plan_undo(store: Store) -> Plan:
    """What taking the newest change back makes of the settings. Raises ``UsageError``: there is none; its part of the
    settings was edited by hand since."""
    found = reshape.newest(store)
    if found is None:
        raise UsageError("There is no change of labels or fields to take back.")
    row = store.one("SELECT settings_before, settings_after FROM reshaping WHERE id = ?", (found.id,))
    assert row is not None
    path = store.project.settings
    text = text_of(path)
    if text == row[1]:
        return Plan(found.change, text, row[0], (), found.id)
    key = "labels" if found.change.what == "label" else "fields"
    now, after, before = (yaml.safe_load(one) for one in (text, row[1], row[0]))
    if now["task"].get(key) != after["task"].get(key):
        raise UsageError(
            f"The {key} in {path.name} were changed by hand since {clean(found.change.sentence())} (change {found.id}); "
            "put them back as that change left them, then undo it."
        )
    entries = _back(found.change, before["task"].get(key), now["task"].get(key))
    view, left, was = ((one.get("review") or {}).get("view") for one in (now, after, before))
    restored = edit(
        text,
        path,
        labels=entries if key == "labels" else None,
        fields=entries if key == "fields" else None,
        view=was if view == left and was != left else None,
    )
    _config(restored, path)
    return Plan(found.change, text, restored, (), found.id)


def _back(change: TaskChange, before: Any, now: Any) -> list[Entry]:
    """Entries that make the list of now the one of before, in a file that was edited elsewhere."""
    pairs = list((before or {}).items()) if isinstance(before, dict) else [
        (one["name"], {key: inner for key, inner in one.items() if key != "name"}) if isinstance(one, dict) else (one, {})
        for one in before or []
    ]  # fmt: skip
    there = list(now) if isinstance(now, dict) else [one["name"] if isinstance(one, dict) else one for one in now or []]
    found = []
    for name, settings in pairs:
        old = name if name in there else None
        if old is None and change.how in ("rename", "merge") and name == change.names[0]:
            old = change.into[0] if change.into[0] not in dict(pairs) else None
        found.append(Entry(old, name, settings or {}))
    return found
