"""Texts of benchmark files that a user names, for the filter that keeps samples away from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import FileError, UsageError, WorkbenchError
from workbench.learn.features import units
from workbench.learn.overlap import SHORTEST
from workbench.text import clean


class BenchmarkText(NamedTuple):
    """One text and where it stands, fit to be shown: ``heldout.jsonl line 3``."""

    text: str
    where: str


def benchmark_texts(name: str, folder: Path | None, fields: Mapping[str, Any] | None) -> Iterator[BenchmarkText]:
    """The texts of the file ``name`` (relative to ``folder``).

    A ``.txt`` has one on each line. Of any other file that can be imported each record gives the columns named as the
    task's ``fields``; without such a column all strings of at least ``SHORTEST`` words, or its longest string. Raises
    ``WorkbenchError`` with the file, the line and what is wrong with it.
    """
    path = (folder or Path()) / Path(name).expanduser()
    if path.suffix.lower() == ".txt":
        yield from _lines(path)
        return
    from workbench.exchange import Bad, read

    try:
        for row in read(path):
            if isinstance(row, Bad):
                raise FileError(path, row.line, row.reason)
            for text in _texts(row.values, fields):
                yield BenchmarkText(text, f"{clean(path.name, limit=60)} line {row.line}")
    except UsageError as error:
        raise WorkbenchError(
            f"contamination: the ending of {clean(path.name, limit=60)!r} names no format that can be read; "
            "give .txt (a text on each line), .jsonl, .json, .csv, .tsv or .parquet."
        ) from error


def _lines(path: Path) -> Iterator[BenchmarkText]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield BenchmarkText(line.strip(), f"{clean(path.name, limit=60)} line {number}")
    except FileNotFoundError as error:
        raise FileError(path, None, "does not exist: check the path") from error
    except OSError as error:
        raise FileError(path, None, f"cannot be read ({error.strerror})") from error
    except UnicodeError as error:
        raise FileError(path, None, "is not UTF-8: save it as UTF-8 text") from error


def _texts(values: Mapping[str, Any], fields: Mapping[str, Any] | None) -> list[str]:
    named = [values[name] for name in fields or () if isinstance(values.get(name), str)]
    if named:
        return named
    strings = list(_strings(values))
    long = [text for text in strings if len(units(text)) >= SHORTEST]
    return long or sorted(strings, key=len)[-1:]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
