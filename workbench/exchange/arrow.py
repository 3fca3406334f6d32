"""Samples as typed columns, and columns as rows: what the Parquet and Hugging Face formats share.

The schema follows from the task, never from the first rows: text is a string, number a float64, messages a list of
{role, content}, json a string that holds JSON; a label is a string, a list of strings, a float64, or JSON in a string.
"""

from __future__ import annotations

import datetime
import decimal
import importlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import FileError, WorkbenchError
from workbench.exchange.base import Bad, ExportContext, ExportSample, Row
from workbench.exchange.encode import NoPlace, json_text, metadata_columns, whole
from workbench.exchange.strict_json import inspected

#: Samples in a row group, and the characters after which one is closed all the same.
GROUP_ROWS = 10_000
GROUP_CHARACTERS = 32_000_000
#: Rows turned into Python objects at a time.
BATCH = 500
_LABELS = {"one": "text", "many": "names", "number": "number", "object": "json"}


def pyarrow(module: str = "pyarrow") -> Any:
    """The module; raises ``WorkbenchError`` where pyarrow is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise WorkbenchError(
            "Parquet and Arrow files need pyarrow, which is not installed: pip install 'workbench[parquet]'."
        ) from error


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is that of a field, or ``names`` (a list of strings); ``value(sample)`` may raise ``NoPlace``."""

    name: str
    kind: str
    value: Callable[[ExportSample], Any]


def columns(context: ExportContext, metadata: Sequence[str]) -> list[Column]:
    """The columns of a task's samples: uuid, the fields, the label where the task has one, and this ``metadata``."""
    task = context.task
    names = metadata_columns(task.fields)
    found = [Column(names["uuid"], "text", lambda sample: sample.uuid)]
    found += [Column(name, field.kind, _field(name, field.kind)) for name, field in task.fields.items()]
    if task.label_shape in _LABELS:
        kind = _LABELS[task.label_shape]
        found.append(Column(names["label"], kind, lambda sample: _CONVERT[kind]("label", sample.label)))
    return found + [Column(names[name], _METADATA.get(name, "text"), _METADATA_VALUE[name]) for name in metadata]


def _field(name: str, kind: str) -> Callable[[ExportSample], Any]:
    def value(sample: ExportSample) -> Any:
        if name not in sample.fields:
            return None
        found = sample.fields[name]
        # A null that is there is JSON's null, not a missing value.
        return "null" if found is None and kind == "json" else _CONVERT[kind](name, found)

    return value


def _text(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise NoPlace(f"has a {name} that is not a text")
    return value


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise NoPlace(f"has a {name} that is not a number, or too large a one") from None
    return number if math.isfinite(number) else None


def _turns(name: str, value: Any) -> list[dict[str, str]] | None:
    if value is not None and any(set(turn) != {"role", "content"} for turn in value):
        raise NoPlace(f"has turns in {name} with more than a role and a content, for which there is no column")
    return value if value is None else list(value)


def _names(name: str, value: Any) -> list[str] | None:
    if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        raise NoPlace(f"has a {name} that is not a list of names")
    return value


_CONVERT: dict[str, Callable[[str, Any], Any]] = {
    "text": _text,
    "number": _number,
    "messages": _turns,
    "names": _names,
    "json": lambda name, value: None if value is None else json_text(value),
}
_METADATA = {"conditions": "json", "scores": "json"}
_METADATA_VALUE: dict[str, Callable[[ExportSample], Any]] = {
    "status": lambda sample: sample.status,
    "origin": lambda sample: sample.origin,
    "split": lambda sample: sample.split,
    "conditions": lambda sample: json_text(sample.conditions),
    "scores": lambda sample: json_text(
        {name: value for name, value in sample.scores.items() if not name.startswith("filter.")}
    ),
    "model": lambda sample: sample.model,
    "recipe": lambda sample: sample.recipe,
}


def schema(chosen: Iterable[Column]) -> Any:
    """The Arrow schema of the columns."""
    arrow = pyarrow()
    types = {
        "text": arrow.string(),
        "json": arrow.string(),
        "number": arrow.float64(),
        "names": arrow.list_(arrow.string()),
        "messages": arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.string())])),
    }
    return arrow.schema([arrow.field(column.name, types[column.kind]) for column in chosen])


def features(chosen: Iterable[Column]) -> list[dict[str, Any]]:
    """The columns as ``dataset_info.features`` of a Hugging Face data set card."""
    return [{"name": column.name, **_feature(column.kind)} for column in chosen]


def _feature(kind: str) -> dict[str, Any]:
    # Made anew for each column: YAML would say of a shared one that it is the same, and ``datasets`` takes it apart.
    if kind == "messages":
        return {"list": [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]}
    return {"sequence": "string"} if kind == "names" else {"dtype": "float64" if kind == "number" else "string"}


class Rows:
    """A Parquet file that is written row group by row group; ``bytes`` is the size of what it holds in memory."""

    def __init__(self, out: BinaryIO, chosen: Sequence[Column]) -> None:
        self._columns = chosen
        self._schema = schema(chosen)
        self._writer = pyarrow("pyarrow.parquet").ParquetWriter(out, self._schema)
        self._waiting: list[list[Any]] = [[] for _ in chosen]
        self._characters = 0
        self.rows = self.bytes = 0

    def add(self, sample: ExportSample) -> None:
        """Add one sample; raises ``NoPlace`` for one that the columns cannot hold."""
        values = [column.value(sample) for column in self._columns]
        for waiting, value in zip(self._waiting, values, strict=True):
            waiting.append(value)
            self._characters += _size(value)
        self.rows += 1
        if len(self._waiting[0]) >= GROUP_ROWS or self._characters >= GROUP_CHARACTERS:
            self._flush()

    def close(self) -> None:
        """Write what waits, and the footer."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let go of a file that will not be finished, while it can still be written to."""
        with suppress(OSError, ValueError):
            self._writer.close()

    def _flush(self) -> None:
        if not self._waiting[0]:
            return
        arrow = pyarrow()
        arrays = [_array(values, kind) for values, kind in zip(self._waiting, self._schema.types, strict=True)]
        table = arrow.Table.from_arrays(arrays, schema=self._schema)
        self._writer.write_table(table, row_group_size=len(self._waiting[0]))
        self.bytes += table.nbytes
        self._waiting = [[] for _ in self._columns]
        self._characters = 0


def _array(values: list[Any], kind: Any) -> Any:
    try:
        return pyarrow().array(values, kind)
    except UnicodeEncodeError:  # lone surrogates: rare, so looked for only here
        return pyarrow().array([_whole(value) for value in values], kind)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return {key: _whole(member) for key, member in value.items()} if isinstance(value, dict) else value


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(len(one) if isinstance(one, str) else sum(map(len, one.values())) for one in value)
    return 8


def rows(path: Path, batches: Iterable[Any], found: Any, first: int = 1) -> Iterator[Row | Bad]:
    """Record batches with the schema ``found`` as rows. Class labels of Hugging Face data sets become their names."""
    if twice := next((name for name in found.names if found.names.count(name) > 1), None):
        raise FileError(path, None, f"has the column {twice!r} twice: rename one")
    names = _class_names(found.metadata)
    number = first - 1
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH):
            for values in batch.slice(start, BATCH).to_pylist():
                number += 1
                for column in names.keys() & values.keys():
                    values[column] = _named(values[column], names[column])
                row = {column: _plain(value) for column, value in values.items()}
                fault = inspected(row)
                yield Bad(number, fault) if fault else Row(number, row, cells=True)


def _plain(value: Any) -> Any:
    """A value of Arrow as JSON has it; bytes that are no UTF-8, NaN and infinities become null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    if isinstance(value, decimal.Decimal):
        return _plain(float(value))
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """{column: names} of the class labels that the ``datasets`` library noted in the file."""
    try:
        info = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        found = {}
        for column, feature in info.items():
            inner = feature.get("feature", feature) if isinstance(feature, dict) else {}
            if isinstance(inner, dict) and inner.get("_type") == "ClassLabel" and isinstance(inner.get("names"), list):
                found[column] = [str(name) for name in inner["names"]]
    except (KeyError, ValueError, TypeError, AttributeError):  # another library's notes, and not ours to judge
        return {}
    return found


def _named(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_named(member, names) for member in value]
    if isinstance(value, int) and value < len(names):
        return names[value] if value >= 0 else None  # -1 stands for no label
    return value
