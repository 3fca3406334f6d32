"""Reading any file that can be imported: the format by name or suffix, the same refusals for all of them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workbench.errors import FileError, UsageError
from workbench.exchange.base import READERS, Bad, Reader, Row, quoted
from workbench.exchange.lines import text_encoding


def read(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    encoding: str | None = None,
    split: str | None = None,
) -> Iterator[Row | Bad]:
    """Stream the records of ``path`` in constant memory; one that cannot be read is a ``Bad`` and the rest follow.

    ``format`` is a name of ``READERS``, by default the one of the file's suffix; ``encoding`` is any text encoding of
    Python, by default UTF-8 with or without byte order mark. A folder is a data set of files, of which those that hold
    ``split`` are read (all, where it has but one split); lines go on counting from one to the next. Raises
    ``UsageError`` for an unknown format or encoding and ``FileError`` for a file that is missing, not a file,
    unreadable or empty: at once where that shows at once, else while iterating.
    """
    codec = text_encoding(encoding)
    if os.path.isdir(path):
        return _stream_folder(path, _files(path, format, split), codec)
    reader = READERS.get(format) if format is not None else _by_suffix(path)
    _check(path)
    return _stream(reader, path, codec)


def file_sha256(path: Path, split: str | None = None) -> str:
    """Hex SHA-256 of a file's bytes, or of those of a folder's files that hold ``split``; raises ``FileError``."""
    if os.path.isdir(path):
        parts = [f"{_sha256(file)}  {file.relative_to(path).as_posix()}" for file in _files(path, None, split)]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return _sha256(path)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(path, None, _cannot_read(error)) from error


def _files(folder: Path, format: str | None, split: str | None) -> list[Path]:  # noqa: A002
    reader = READERS.get(format or "hf")
    if reader.files is None:
        raise FileError(folder, None, "is a folder: give a file in it")
    try:
        return reader.files(folder, split)
    except OSError as error:
        raise FileError(folder, None, _cannot_read(error)) from error


def _stream_folder(folder: Path, files: list[Path], codec: str) -> Iterator[Row | Bad]:
    before, empty = 0, True
    for path in files:
        _check(path)
        number = 0
        for number, item in enumerate(_items(_by_suffix(path), path, codec), 1):
            empty = False
            yield replace(item, line=before + number)
        before += number
    if empty:
        raise FileError(folder, None, "has no rows: nothing to import")


def _stream(reader: Reader, path: Path, codec: str) -> Iterator[Row | Bad]:
    empty = True
    for item in _items(reader, path, codec):
        empty = False
        yield item
    if empty:
        raise FileError(path, None, "has no rows: nothing to import")


def _items(reader: Reader, path: Path, codec: str) -> Iterator[Row | Bad]:
    try:
        yield from reader.read(path, codec)
    except OSError as error:
        raise FileError(path, None, _cannot_read(error)) from error
    except UnicodeError as error:
        raise FileError(path, None, f"is not {codec.upper()}: try another --encoding") from error


def _by_suffix(path: Path) -> Reader:
    readers = []
    for name in READERS:
        try:
            readers.append(READERS.get(name))
        except UsageError:  # another package's reader that does not load; READERS.failures keeps why
            continue
    suffix = path.suffix.lower()
    for reader in readers:
        if suffix in reader.suffixes:
            return reader
    known = ", ".join(f"{reader.name} ({' '.join(reader.suffixes)})" for reader in readers if reader.suffixes)
    raise UsageError(f"The ending of {quoted(path.name)} names no format; give --format with one of: {known}.")


def _check(path: Path) -> None:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise FileError(path, None, "is not a regular file: save its contents to a file first")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise FileError(path, None, _cannot_read(error)) from error
    if info.st_size == 0:
        raise FileError(path, None, "is empty: nothing to import")


def _cannot_read(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "does not exist: check the path"
    if isinstance(error, PermissionError):
        return "may not be read by you: check its permissions"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({reason})"
