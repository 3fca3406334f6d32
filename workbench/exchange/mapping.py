"""From a file's columns to a task's fields: what ``--map`` says, or a guess that can be shown."""

from __future__ import annotations

import csv
import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.answer_schema import fault
from workbench.errors import FileError, UsageError
from workbench.exchange.base import Bad, Row, quoted
from workbench.exchange.shapes import LABEL, Shape, recognise
from workbench.exchange.values import Unreadable, field
from workbench.exchange.values import label as read_label
from workbench.task import Task
from workbench.task_kinds import KINDS

#: Records in a row that may be unreadable at the start of a file; more are not worth going on for.
MOST_BAD = 10_000
#: Columns that are taken for a task's only text, and for the label, in this order.
TEXT_ALIASES = ("text", "sentence", "utterance", "content", "prompt", "question")
LABEL_ALIASES = ("label", "category", "intent", "class", "target")


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

    ``mapping`` ({field or "label": column}, as from ``parse_map``) is completed by a guess: a column of the same name,
    then the same in another case; a published shape (see ``shapes``); ``TEXT_ALIASES`` for a task's only text and
    ``LABEL_ALIASES`` for the label. ``use_label=False`` looks for no label. Raises ``UsageError`` for a mapping of
    unknown fields.

    ``check_columns`` must have passed before ``apply``; then ``chosen`` is the mapping in force, {field: column}.
    """

    def __init__(
        self,
        task: Task,
        mapping: Mapping[str, str] | None = None,
        label_required: bool = False,
        *,
        use_label: bool = True,
    ) -> None:
        self.task = task
        self.chosen: dict[str, str] = {}
        self._given = dict(mapping or {})
        self._use_label = use_label and task.label_shape != "none"
        self._label_required = label_required and self._use_label
        self._shape: Shape | None = None
        self._used: frozenset[str] = frozenset()
        known = [*task.fields, *([LABEL] if task.label_shape != "none" else [])]
        for name in self._given:
            if name == LABEL and name not in known:
                raise UsageError(f"The task has no labels; it has: {', '.join(known)}.")
            if name not in known:
                raise UsageError(
                    f"The task has no field {quoted(name)}{_close(name, known)}; it has: {', '.join(known)}."
                )

    def check_columns(self, columns: Iterable[str], path: Path) -> dict[str, str]:
        """Settle which column is which; returns ``chosen``. Raises ``FileError`` when one is missing."""
        columns = list(columns)
        there = f"its columns are {_some(columns)}"
        for name, column in self._given.items():
            if column not in columns:
                raise FileError(
                    path, None, f"has no column {quoted(column)} for {name}{_close(column, columns)}; {there}"
                )
        chosen = self._fields(columns)
        missing = next((name for name, one in self.task.fields.items() if one.required and name not in chosen), None)
        if missing is not None:
            raise FileError(path, None, f"has no column for {missing}; {there}: give --map {missing}=COLUMN")
        if not self._use_label:
            chosen.pop(LABEL, None)
        elif LABEL not in chosen:
            aliases = LABEL_ALIASES if KINDS[self.task.kind].label != "optional" else (LABEL,)
            if (guess := _guess(aliases, columns, chosen)) is not None:
                chosen[LABEL] = guess
            elif self._label_required:
                raise FileError(path, None, f"has no column for the label; {there}: give --map label=COLUMN")
        self.chosen = chosen
        self._used = frozenset(chosen.values())
        return chosen

    def _fields(self, columns: Sequence[str]) -> dict[str, str]:
        """Columns for the given fields, and for all others where they can be found; of a shape, its label's too."""
        chosen = dict(self._given)
        for name in self.task.fields:
            if name not in chosen and (guess := _guess((name,), columns, chosen)) is not None:
                chosen[name] = guess
        complete = all(name in chosen for name, one in self.task.fields.items() if one.required)
        if not self._given.keys() & self.task.fields.keys():
            shape = recognise(self.task, columns)
            if shape is not None and (not complete or shape.name == "dpo"):
                self._shape = shape
                return {**shape.fills, **self._given}
        only = next(iter(self.task.fields)) if len(self.task.fields) == 1 else None
        if only is not None and only not in chosen and self.task.fields[only].kind == "text":
            guess = _guess(TEXT_ALIASES, columns, chosen)
            return chosen if guess is None else {**chosen, only: guess}
        return chosen

    def apply(self, row: Row) -> Mapped | Bad:
        """The row in the task's terms; a ``Bad`` for one that cannot be read so or is no sample of the task."""
        try:
            values, label, cell = self._values(row)
            fields = {}
            for name, one in self.task.fields.items():
                if name in values and not (row.cells and one.kind != "text" and _blank(values[name])):
                    value = field(name, one.kind, values[name], cell=row.cells)
                    if one.required or value not in (None, "", [], {}):
                        fields[name] = value
            label = read_label(self.task, label, cell=cell) if self._use_label else None
        except Unreadable as error:
            return Bad(row.line, self._told(str(error)))
        if wrong := fault(self.task, fields, label, labelled=self._label_required):
            near = _close(label, self.task.label_names) if isinstance(label, str) and wrong.startswith("label ") else ""
            return Bad(row.line, self._told(wrong) + near)
        extra = {key: value for key, value in row.values.items() if key not in self._used}
        return Mapped(row.line, fields, label, extra)

    def _values(self, row: Row) -> tuple[dict[str, Any], Any, bool]:
        """Values by field, the label, and whether the label is a cell."""
        if self._shape is not None:
            values = self._shape.read(row.values, row.cells)
            if LABEL in self._shape.fills and LABEL not in self._given:
                return values, values.get(LABEL), True
        else:
            values = {name: row.values[column] for name, column in self.chosen.items() if column in row.values}
        return values, row.values.get(self.chosen[LABEL]) if LABEL in self.chosen else None, row.cells

    def _told(self, reason: str) -> str:
        """A reason that speaks of a field, with the column where it stands if that is called otherwise."""
        for name, column in self.chosen.items():
            if name != column and (
                reason == f"has no {name}" or reason.startswith((f"{name} ", f"{name}:", f"{name}."))
            ):
                return f"{reason} (column {quoted(column)})"
        return reason


def _blank(cell: Any) -> bool:
    """Whether a cell that stands for JSON holds nothing; JSON's null is something."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


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
