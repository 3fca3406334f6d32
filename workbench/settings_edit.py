"""Edits of ``project.yaml`` that leave everything else as it is: comments, order, quotes, line ends.

Places come from the YAML parser's own marks. What was written is read again, and held against what it should say: an edit
that cannot be made safely is refused with the line, and nothing is changed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workbench.errors import FileError
from workbench.settings_template import quote


@dataclass(frozen=True, slots=True)
class Entry:
    """A label or field as it should stand: ``old`` is its name so far (None: new). ``settings`` of a new one, or those to
    be put on an old one."""

    old: str | None
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Own:
    """One entry of a list or mapping as it stands: its span (whole lines in block style), and its text after edits."""

    start: int
    end: int
    text: str
    line: int


def edit(
    text: str,
    path: Path,
    *,
    labels: Sequence[Entry] | None = None,
    fields: Sequence[Entry] | None = None,
    view: str | None = None,
) -> str:
    """``text`` with the task's labels or fields, or ``review.view``, as they should be. Raises ``FileError`` with the line."""
    wanted = yaml.safe_load(text)
    expected = _expected(wanted, labels, fields, view)
    for section, key, entries in (("task", "labels", labels), ("task", "fields", fields)):
        if entries is not None:
            text = _rewritten(text, path, section, key, entries)
    if view is not None:
        node = _find(_compose(text), "review", "view")
        assert node is not None
        text = _spliced(text, [(*_span(node), quote(view))])
    try:
        same = yaml.safe_load(text) == expected
    except yaml.YAMLError:
        same = False
    if not same:
        line = _line(_find(_compose_or_none(text), "task", "labels" if labels is not None else "fields"))
        raise FileError(
            path, line, "cannot be changed safely as it is written; write one entry a line, then do it again."
        )
    return text


def _expected(value: Any, labels: Sequence[Entry] | None, fields: Sequence[Entry] | None, view: str | None) -> Any:
    task = dict(value["task"])
    if labels is not None:
        old = {_name(one): one for one in task.get("labels") or []}
        task["labels"] = [_label(old.get(one.old or ""), one) for one in labels]
    if fields is not None:
        before = task.get("fields") or {}
        task["fields"] = {one.name: _field(before.get(one.old or ""), one) for one in fields}
    value = {**value, "task": task}
    if view is not None:
        value["review"] = {**value["review"], "view": view}
    return value


def _name(label: Any) -> str:
    return str(label["name"] if isinstance(label, dict) else label)


def _label(old: Any, entry: Entry) -> Any:
    if isinstance(old, dict):
        return {**old, "name": entry.name, **entry.settings}
    return {"name": entry.name, **entry.settings} if entry.settings else entry.name


def _field(old: Any, entry: Entry) -> Any:
    return {**(old or {}), **entry.settings} if entry.settings or old is not None else old


def _compose(text: str) -> yaml.Node:
    # Python's own parser: its marks count characters; a settings file has a few hundred lines.
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert node is not None
    return node


def _compose_or_none(text: str) -> yaml.Node | None:
    try:
        return _compose(text)
    except yaml.YAMLError:
        return None


def _find(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    for wanted in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == wanted), None)
    return node


def _line(node: yaml.Node | None) -> int | None:
    return None if node is None else int(node.start_mark.line) + 1


def _end(node: yaml.Node) -> int:
    """Where the content of a node ends: marks of block collections and block scalars reach on to the next thing."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _span(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, _end(node)


def _spliced(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, mark, new in sorted(edits, reverse=True):
        end = mark
        while end - start > 1 and text[end - 1] in " \t\r\n":
            end -= 1  # a block scalar's mark stands behind its last line's end
        text = text[:start] + new + text[end:]
    return text


def _flow(settings: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{quote(key)}: {_value(value)}" for key, value in settings.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quote(value)
    return str(yaml.safe_dump(value, default_flow_style=True, width=2**31)).removesuffix("\n").removesuffix("\n...")


def _new(key: str, entry: Entry) -> str:
    if key == "fields":
        return f"{quote(entry.name)}: {_flow(entry.settings)}"
    return _flow({"name": entry.name, **entry.settings}) if entry.settings else quote(entry.name)


def _rewritten(text: str, path: Path, section: str, key: str, entries: Sequence[Entry]) -> str:
    root = _compose(text)
    parent, node = _find(root, section), _find(root, section, key)
    assert isinstance(parent, yaml.MappingNode)
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value) or not node.value:
        return _inserted(text, path, parent, node, key, entries)
    if not isinstance(node, yaml.CollectionNode):
        raise FileError(path, _line(node), f"{section}.{key} is written in a way that cannot be changed here.")
    nodes = [(one[0], one[1]) if isinstance(one, tuple) else (one, one) for one in node.value]
    names = [_node_name(first, second) for first, second in nodes]
    wanted = {entry.old: entry for entry in entries if entry.old is not None}
    flow = bool(node.flow_style)
    own = [
        _own(text, path, key, first, second, wanted.get(name), flow=flow)
        for (first, second), name in zip(nodes, names, strict=True)
    ]
    order: list[int | str] = [_new(key, entry) if entry.old is None else names.index(entry.old) for entry in entries]
    return (_in_flow if flow else _in_block)(text, path, own, order)


def _node_name(first: yaml.Node, second: yaml.Node) -> str:
    if first is second and isinstance(first, yaml.MappingNode):
        named = _find(first, "name")
        return "" if named is None else str(named.value)
    return str(first.value)


def _own(
    text: str, path: Path, key: str, first: yaml.Node, second: yaml.Node, entry: Entry | None, *, flow: bool
) -> _Own:
    """An entry's span, and its text with its new name and settings."""
    start, end = first.start_mark.index, _end(second)
    edits: list[tuple[int, int, str]] = []
    if entry is not None:
        edits = _edits(text, key, first, second, entry)
    while end > start + 1 and text[end - 1] in " \t\r\n":
        end -= 1
    if not flow:
        begin = text.rfind("\n", 0, start) + 1
        lead = text[begin:start]
        if lead.strip() not in ("", "-") or (key == "labels") != ("-" in lead):
            raise FileError(path, _line(first), "more than one thing stands on this line; write one entry a line.")
        start = begin
        stop = text.find("\n", end)
        end = len(text) if stop < 0 else stop + 1
    part = _spliced(text[start:end], [(low - start, high - start, new) for low, high, new in edits])
    return _Own(start, end, part, int(first.start_mark.line) + 1)


def _edits(text: str, key: str, first: yaml.Node, second: yaml.Node, entry: Entry) -> list[tuple[int, int, str]]:
    """Replacements (start, end, text) that give an entry its new name and settings."""
    edits: list[tuple[int, int, str]] = []
    holder = second if isinstance(second, yaml.MappingNode) else None
    named = _find(first, "name") if key == "labels" and holder is not None else first
    assert named is not None
    if holder is None and key == "labels":
        if entry.settings:
            return [(*_span(first), _flow({"name": entry.name, **entry.settings}))]
        return [(*_span(first), quote(entry.name))] if str(first.value) != entry.name else []
    if str(named.value) != entry.name:
        edits.append((*_span(named), quote(entry.name)))
    if holder is None:
        if entry.settings:
            low, high = _span(second)
            edits.append((low, high, (" " if low == high else "") + _flow(entry.settings)))
        return edits
    for name, value in entry.settings.items():
        there = _find(holder, name)
        if there is not None:
            edits.append((*_span(there), _value(value)))
        elif holder.value:
            last_key, last = holder.value[-1]
            at = _end(last)
            between = ", " if holder.flow_style else "\n" + " " * int(last_key.start_mark.column)
            edits.append((at, at, f"{between}{quote(name)}: {_value(value)}"))
        else:
            edits.append((*_span(holder), _flow({name: value})))
    return edits


def _staying(order: Sequence[int | str]) -> list[int]:
    """The longest rising run of old places in ``order``: these stay where they are, the others are taken out and put in."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in (one for one in order if isinstance(one, int)):
        at = bisect_left(ends, place)
        before[place] = tails[at - 1] if at else None
        ends[at : at + 1] = tails[at : at + 1] = [place]
    found: list[int] = []
    here = tails[-1] if tails else None
    while here is not None:
        found.append(here)
        here = before[here]
    return found[::-1]


def _groups(order: Sequence[int | str], text: Callable[[int | str], str]) -> tuple[list[str], dict[int, list[str]]]:
    """What is put in before the first entry that stays, and after each that does."""
    staying = set(_staying(order))
    first: list[str] = []
    after: dict[int, list[str]] = {}
    current = first
    for one in order:
        if isinstance(one, int) and one in staying:
            current = after[one] = []
        else:
            current.append(text(one))
    return first, after


def _in_block(text: str, path: Path, own: Sequence[_Own], order: Sequence[int | str]) -> str:
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    sample = own[0].text
    lead = sample[: len(sample) - len(sample.lstrip())] + ("- " if sample.lstrip().startswith("-") else "")

    def lines(one: int | str) -> str:
        part = own[one].text if isinstance(one, int) else f"{lead}{one}{end_of_line}"
        return part if part.endswith("\n") else part + end_of_line

    first, after = _groups(order, lines)
    found = [text[: own[0].start], *first]
    for at, entry in enumerate(own):
        if at in after:
            found += [lines(at), *after[at]]
        stop = own[at + 1].start if at + 1 < len(own) else len(text)
        if stop < entry.end:
            raise FileError(path, entry.line, "two entries stand on this line; write one entry a line.")
        found.append(text[entry.end : stop])
    return "".join(found)


def _in_flow(text: str, path: Path, own: Sequence[_Own], order: Sequence[int | str]) -> str:
    first, after = _groups(order, lambda one: own[one].text if isinstance(one, int) else one)
    found = [text[: own[0].start], ", ".join(first)]
    begun = bool(first)
    for at, entry in enumerate(own):
        between = text[own[at - 1].end : entry.start] if at else ""
        if at in after:
            found += [(between or ", ") if begun else "", entry.text, *(f", {new}" for new in after[at])]
            begun = True
        if "#" in between and not (at in after and begun):
            raise FileError(path, entry.line, "a comment stands inside the list; write one entry a line (- name).")
    return "".join([*found, text[own[-1].end :]])


def _inserted(
    text: str, path: Path, parent: yaml.MappingNode, node: yaml.Node | None, key: str, entries: Sequence[Entry]
) -> str:
    """A section that was not written down: on one line, after the kind of the task."""
    if key == "fields":
        value = "{" + ", ".join(_new(key, entry) for entry in entries) + "}"
    else:
        value = "[" + ", ".join(_new(key, entry) for entry in entries) + "]"
    if node is not None:
        low, high = _span(node)
        return text[:low] + (" " if low == high else "") + value + text[high:]
    if not parent.value:
        raise FileError(path, _line(parent), "task is empty.")
    after, last = next(((k, v) for k, v in parent.value if k.value == "kind"), parent.value[-1])
    if parent.flow_style:
        return text[: (at := _end(last))] + f", {key}: {value}" + text[at:]
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    stop = text.find("\n", max(after.start_mark.index, _end(last) - 1))
    at = len(text) if stop < 0 else stop + 1
    lead = " " * int(after.start_mark.column)
    return (
        text[:at]
        + ("" if at and text[at - 1] == "\n" else end_of_line)
        + f"{lead}{key}: {value}{end_of_line}"
        + text[at:]
    )
