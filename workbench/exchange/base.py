"""What import and export formats are made of: rows in, samples out, and the two registries that name the formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from workbench.registry import Registry
from workbench.task import Task
from workbench.text import clean


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file. ``line`` is the line where it begins (the row, where there are no lines), counted from 1;
    ``values`` maps columns to values. With ``cells`` a text may stand for something else (a number, JSON), as in CSV."""

    line: int
    values: dict[str, Any]
    cells: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that cannot be imported; the import goes on. ``reason`` is safe to show."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reader:
    """An import format. ``read(path, encoding)`` streams the records; ``suffixes`` are lower case, with their dot.

    A format that is a folder of files has ``files(folder, split)`` instead: the files that hold that split (any, where
    the folder has but one), each of which a reader of its suffix reads.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, str], Iterator[Row | Bad]]
    files: Callable[[Path, str | None], list[Path]] | None = None


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

    ``instruction`` is what the project tells a model that is trained. ``raw`` leaves CSV cells as they are, even those
    that a spreadsheet would run as a formula. ``facts`` are those of the data card, for formats that hold one.
    """

    task: Task
    instruction: str | None = None
    raw: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.task.fields)


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A sample that has no place in the chosen format, and why."""

    uuid: str
    reason: str


class LeftOut:
    """The samples that were left out: all are ``count``ed, the first hundred ``listed``."""

    LISTED = 100

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[Unwritable] = []

    def add(self, uuid: str, reason: str) -> None:
        self.count += 1
        if len(self.listed) < self.LISTED:
            self.listed.append(Unwritable(uuid, reason))


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file of an export: its name (with its folder, inside an exported folder), samples in it, hex SHA-256."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Written:
    """A finished export: ``rows`` samples in ``path``, its hex SHA-256, the first samples that were left out and their
    number. The hash of a folder is that of its data files' hashes, so that the same samples give the same one."""

    rows: int
    path: Path
    sha256: str
    files: tuple[WrittenFile, ...]
    failed: tuple[Unwritable, ...] = ()
    failed_rows: int = 0


def _anything(context: ExportContext) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Format:
    """An export format: a file, or a folder.

    ``write(samples, out, context)`` writes bytes; returns the rows written and what was left out. A folder has
    ``write_folder(samples, folder, context)``, which fills an empty folder, data card (``card``) included, and returns
    the data files and what was left out. ``unfit(context)`` says in a few words why this task's samples have no place
    in the format; None where they have one.
    """

    name: str
    summary: str
    suffix: str
    write: Callable[[Iterable[ExportSample], BinaryIO, ExportContext], tuple[int, LeftOut]] | None = None
    unfit: Callable[[ExportContext], str | None] = _anything
    write_folder: Callable[[Iterable[ExportSample], Path, ExportContext], tuple[list[WrittenFile], LeftOut]] | None = (
        None
    )
    card: str | None = None


READERS: Registry[Reader] = Registry("import format", "workbench.exchange", "workbench.readers")
FORMATS: Registry[Format] = Registry("export format", "workbench.exchange", "workbench.formats")


def quoted(value: object, limit: int = 60) -> str:
    """A foreign value in double quotes, made safe to show and cut at ``limit`` characters."""
    return f'"{clean(str(value), limit=limit)}"'
