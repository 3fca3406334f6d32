"""What import and export formats are made of: rows in, samples out, and the two registries that name the formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from workbench.registry import Registry
from workbench.text import clean


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file. ``line`` is the line where it begins, counted from 1; ``values`` maps columns to values."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that cannot be imported; the import goes on. ``reason`` is safe to show."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reader:
    """An import format. ``read(path, encoding)`` streams the records; ``suffixes`` are lower case, with their dot."""

    name: str
    summary: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, str], Iterator[Row | Bad]]


@dataclass(frozen=True, slots=True)
class ExportSample:
    """One sample as it leaves the workbench; everything in it is JSON-like."""

    uuid: str
    fields: dict[str, Any]
    label: Any
    status: str
    origin: str
    split: str | None
    conditions: dict[str, Any]
    scores: dict[str, float]
    model: str | None
    recipe: str | None


@dataclass(frozen=True, slots=True)
class ExportContext:
    """What a writer must know besides the samples.

    ``fields`` are the task's fields in their order (empty: those of each sample), ``labels`` the project's labels,
    ``instruction`` what the task asks, for formats that train a model. ``raw`` leaves CSV cells as they are, even those
    that a spreadsheet would run as a formula.
    """

    fields: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    instruction: str | None = None
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A sample that has no place in the chosen format, and why."""

    uuid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """A finished export: ``rows`` samples in ``path``, its hex SHA-256, and the samples that were left out."""

    rows: int
    path: Path
    sha256: str
    failed: tuple[Unwritable, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Format:
    """An export format. ``write(samples, out, context)`` writes bytes; returns the rows written and those left out."""

    name: str
    summary: str
    suffix: str
    write: Callable[[Iterable[ExportSample], BinaryIO, ExportContext], tuple[int, list[Unwritable]]]


READERS: Registry[Reader] = Registry("import format", "workbench.exchange", "workbench.readers")
FORMATS: Registry[Format] = Registry("export format", "workbench.exchange", "workbench.formats")


def quoted(value: object, limit: int = 60) -> str:
    """A foreign value in double quotes, made safe to show and cut at ``limit`` characters."""
    return f'"{clean(str(value), limit=limit)}"'
