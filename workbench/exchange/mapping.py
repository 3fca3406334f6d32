"""From a file's columns to a task's fields: what ``--map`` says, or a guess that can be shown."""

from __future__ import annotations

import csv
import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import FileError, UsageError
from workbench.exchange.base import Bad, Row, quoted

LABEL = "label"
#: Records in a row that may be unreadable at the start of a file; more are not worth going on for.
MOST_BAD = 10_000
#: Columns that are taken for a task's only field, and for the label, in this order.
TEXT_ALIASES = ("text", "sentence", "utterance", "content", "prompt", "question")
LABEL_ALIASES = ("label", "category", "intent", "class", "target")
_KINDS = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """One record in the task's terms; ``extra`` holds the columns that are neither a field nor the label."""

    line: int
    fields: dict[str, Any]
    label: Any | None
    extra: dict[str, Any]


def parse_map(spec: str) -> dict[str, str]:
    """``text=COLUMN,label=COLUMN`` as {field: column}; raises ``UsageError``.

    A part that holds a comma is put in double quotes: ``"text=first, second",label=class``.
    """
    example = "write it as text=COLUMN,label=COLUMN"
    try:
        parts = next(csv.reader([spec], strict=True, skipinitialspace=True), [])
    except csv.Error as error:
        raise UsageError(f"The map {quoted(spec)} cannot be read ({error}): {example}.") from error
    mapping: dict[str, str] = {}
    for part in parts or [""]:
        field, equals, column = (piece.strip() for piece in part.partition("="))
        if not (field and equals and column):
            raise UsageError(f"The map {quoted(spec)} has {quoted(part)} where FIELD=COLUMN should be: {example}.")
        if field in mapping:
            raise UsageError(f"The map {quoted(spec)} names the field {quoted(field)} twice.")
        if column in mapping.values():
            raise UsageError(f"The map {quoted(spec)} uses the column {quoted(column)} twice.")
        mapping[field] = column
    return mapping


def columns_ahead(rows: Iterator[Row | Bad], ahead: int = 100) -> tuple[list[str], Iterator[Row | Bad]]:
    """The columns of the first ``ahead`` records, in order of appearance, and all records, those looked at included.

    Records of JSON need not have the same keys, hence more than one is looked at. Where none of them can be read, more
    follow until one can (at most ``MOST_BAD``); without any, there are no columns.
    """
    looked = list(itertools.islice(rows, ahead))
    while len(looked) < MOST_BAD and not any(isinstance(row, Row) for row in looked[-ahead:]):
        further = list(itertools.islice(rows, ahead))
        if not further:
            break
        looked += further
    columns = dict.fromkeys(key for row in looked if isinstance(row, Row) for key in row.values)
    return list(columns), itertools.chain(looked, rows)


class Mapper:
    """Turns rows into fields and a label.

    ``fields`` are the task's field names and ``labels`` its allowed labels (``None``: any). ``mapping`` ({field or
    "label": column}, as from ``parse_map``) is completed by a guess: a column of the same name, then the same in
    another case, then ``TEXT_ALIASES`` for a task's only field and ``LABEL_ALIASES`` for the label. ``multi_label``
    allows a list of labels; ``use_label=False`` looks for none. Raises ``UsageError`` for a mapping of unknown fields.

    ``check_columns`` must have passed before ``apply``; then ``chosen`` is the mapping in force, {field: column}.
    """

    def __init__(
        self,
        fields: Sequence[str],
        labels: Sequence[str] | None,
        mapping: Mapping[str, str] | None = None,
        label_required: bool = False,
        *,
        multi_label: bool = False,
        use_label: bool = True,
    ) -> None:
        self.fields = tuple(fields)
        self.chosen: dict[str, str] = {}
        self._labels = None if labels is None else {str(label): label for label in labels}
        self._given = dict(mapping or {})
        self._label_required = label_required
        self._multi_label = multi_label
        self._use_label = use_label
        self._used: frozenset[str] = frozenset()
        known = [*self.fields, LABEL]
        for field in self._given:
            if field not in known:
                raise UsageError(
                    f"The task has no field {quoted(field)}{_close(field, known)}; it has: {', '.join(known)}."
                )

    def check_columns(self, columns: Iterable[str], path: Path) -> dict[str, str]:
        """Settle which column is which; returns ``chosen``. Raises ``FileError`` when one is missing."""
        columns = list(columns)
        there = f"its columns are {_some(columns)}"
        for field, column in self._given.items():
            if column not in columns:
                raise FileError(
                    path, None, f"has no column {quoted(column)} for {field}{_close(column, columns)}; {there}"
                )
        chosen = dict(self._given)
        for field in self.fields:
            if field not in chosen:
                aliases = (field, *TEXT_ALIASES) if len(self.fields) == 1 else (field,)
                guess = _guess(aliases, columns, chosen)
                if guess is None:
                    raise FileError(path, None, f"has no column for {field}; {there}: give --map {field}=COLUMN")
                chosen[field] = guess
        if not self._use_label:
            chosen.pop(LABEL, None)
        elif LABEL not in chosen and (guess := _guess(LABEL_ALIASES, columns, chosen)) is not None:
            chosen[LABEL] = guess
        elif LABEL not in chosen and self._label_required:
            raise FileError(path, None, f"has no column for the label; {there}: give --map label=COLUMN")
        self.chosen = chosen
        self._used = frozenset(chosen.values())
        return chosen

    def apply(self, row: Row) -> Mapped | Bad:
        """The row in the task's terms; a ``Bad`` for a text that is missing, empty or no text, or an unknown label."""
        values = row.values
        fields: dict[str, Any] = {}
        for field in self.fields:
            column = self.chosen[field]
            called = field if column == field else f"{field} (column {quoted(column)})"
            if column not in values:
                return Bad(row.line, f"has no {called}")
            text = values[column]
            if not isinstance(text, str):
                return Bad(row.line, f"{called} is {_KINDS.get(type(text), 'a number')}, not a text")
            if not text.strip():
                return Bad(row.line, f"{called} is empty")
            fields[field] = text
        label = values.get(self.chosen[LABEL]) if LABEL in self.chosen else None
        if isinstance(label, str):
            label = label.strip() or None
        if label is None:
            if self._label_required:
                return Bad(row.line, "has no label")
        else:
            label, fault = self._label(label)
            if fault:
                return Bad(row.line, fault)
        extra = {key: value for key, value in values.items() if key not in self._used}
        return Mapped(row.line, fields, label, extra)

    def _label(self, label: Any) -> tuple[Any, str | None]:
        if not isinstance(label, list):
            return self._one_label(label)
        if not self._multi_label:
            return None, "label is a list, and this task takes one label"
        members = []
        for item in label:
            member, fault = self._one_label(item.strip() if isinstance(item, str) else item)
            if fault:
                return None, fault
            members.append(member)
        return members, None

    def _one_label(self, label: Any) -> tuple[Any, str | None]:
        if label is None or isinstance(label, dict | list) or label == "":
            return None, f"label is {_KINDS.get(type(label), 'empty')}, not a text or a number"
        if self._labels is None:
            return label, None
        text = str(label).lower() if isinstance(label, bool) else str(label)
        if isinstance(label, float) and label.is_integer():
            text = str(int(label))
        if text in self._labels:
            return self._labels[text], None
        count = f"the project's {len(self._labels):,} labels" if len(self._labels) > 1 else "the project's label"
        return None, f"label {quoted(text)} is not one of {count}{_close(text, self._labels)}"


def _guess(aliases: Iterable[str], columns: Sequence[str], taken: Mapping[str, str]) -> str | None:
    free = [column for column in columns if column not in taken.values()]
    for alias in aliases:
        if alias in free:
            return alias
        for column in free:
            if column.strip().casefold() == alias.casefold():
                return column
    return None


def _close(name: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` or nothing. Case counts little; long names are hostile and not compared."""
    by_case = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name[:200].casefold(), by_case, n=1)
    return f"; did you mean {by_case[close[0]]}?" if close else ""


def _some(columns: Sequence[str], limit: int = 20) -> str:
    if not columns:
        return "none"
    more = f" and {len(columns) - limit:,} more" if len(columns) > limit else ""
    return ", ".join(quoted(column, 40) for column in columns[:limit]) + more
