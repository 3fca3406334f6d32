"""Writing an export: whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from workbench.errors import FileError, UsageError
from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, LeftOut, Written, WrittenFile
from workbench.exchange.encode import folder_hash, utf8
from workbench.sharing import fit
from workbench.task_kinds import KINDS

T = TypeVar("T")


def fitting(format: str, context: ExportContext) -> Format:  # noqa: A002 - the option's name
    """The format of that name; raises ``UsageError`` where there is none or it has no place for this task's samples."""
    chosen = FORMATS.get(format)
    if reason := chosen.unfit(context):
        raise UsageError(f"{format} has no place for the task {KINDS[context.task.kind].title.lower()!r}: {reason}.")
    return chosen


def write(
    format: str,  # noqa: A002 - the option's name
    samples: Iterable[ExportSample],
    path: Path,
    *,
    context: ExportContext,
    overwrite: bool = False,
) -> Written:
    """Write ``samples`` to ``path`` in a format of ``FORMATS``: under a hidden name beside it, synced, then renamed.

    Samples that the format cannot say are left out; the first hundred are listed in ``failed``. Raises ``UsageError``
    for an unknown format or one that does not fit the task, and ``FileError`` when the file exists (unless
    ``overwrite``), cannot be written, or would have no rows; then whatever was at ``path`` is untouched.
    """
    chosen = fitting(format, context)
    if chosen.write_folder is not None:
        return _write_folder(chosen, samples, path, context, overwrite)
    assert chosen.write is not None
    fill_file = chosen.write
    target = _target(path, overwrite)

    def fill(out: BinaryIO) -> tuple[int, LeftOut]:
        rows, left = fill_file(_ours(samples), out, context)
        if rows == 0:
            raise _nothing(path, format, left)
        return rows, left

    (rows, left), sha256 = _atomic(path, target, fill, overwrite)
    files = (WrittenFile(path.name, rows, sha256),)
    return Written(rows, path, sha256, files, tuple(left.listed), left.count)


def _nothing(path: Path, format: str, left: LeftOut) -> FileError:  # noqa: A002
    why = f": sample {left.listed[0].uuid} {left.listed[0].reason}" if left.listed else ""
    return FileError(path, None, f"there is nothing to export as {format}{why}")


def _write_folder(
    chosen: Format, samples: Iterable[ExportSample], path: Path, context: ExportContext, overwrite: bool
) -> Written:
    assert chosen.write_folder is not None
    target = _target_folder(path, chosen, overwrite)
    temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with _sentences(path):
            temporary.mkdir()
            fit(temporary)
            files, left = chosen.write_folder(_ours(samples), temporary, context)
            if not files:
                raise _nothing(path, chosen.name, left)
            for written in sorted(temporary.rglob("*")):
                fit(written)
                _sync(written)
            _put_folder(path, temporary, target, chosen, overwrite)
            _sync(target.parent)
    except _SourceError as error:
        raise error.original from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    rows = sum(file.rows for file in files)
    return Written(rows, path, folder_hash(files), tuple(files), tuple(left.listed), left.count)


def _target_folder(path: Path, chosen: Format, overwrite: bool) -> Path:
    if "\0" in str(path):
        raise FileError(path, None, "is no folder name: it holds a NUL character")
    with _sentences(path):
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            raise FileError(path, None, "the folder that it should go into does not exist: make it first")
        if target.exists():
            _replaceable(path, target, chosen, overwrite)
    return target


def _replaceable(path: Path, target: Path, chosen: Format, overwrite: bool) -> None:
    """Refuse to replace what is not an earlier export: a folder that holds anything else than its files."""
    if not overwrite:
        raise _exists(path)
    if not target.is_dir():
        raise FileError(path, None, f"is a file, and {chosen.name} writes a folder: choose another name")
    there = {found.relative_to(target).as_posix() for found in target.rglob("*")}
    ours = {name for name in there if name in ("data", chosen.card) or re.fullmatch(r"data/[\w-]+\.parquet", name)}
    if other := sorted(there - ours):
        raise FileError(path, None, f"holds {other[0]!r}, which no export wrote: choose another folder")


def _put_folder(path: Path, temporary: Path, target: Path, chosen: Format, overwrite: bool) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    _replaceable(path, target, chosen, overwrite)  # somebody may have put something there meanwhile
    aside = temporary.with_suffix(".old")
    target.rename(aside)
    try:
        temporary.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside)


def write_text(path: Path, text: str, *, overwrite: bool = False) -> str:
    """Write a UTF-8 file, whole or not at all; returns its hex SHA-256. Raises ``FileError`` as ``write`` does."""
    return _atomic(path, _target(path, overwrite), lambda out: out.write(utf8(text)), overwrite)[1]


def write_lines(path: Path, lines: Iterable[str], *, overwrite: bool = False) -> int:
    """Write lines as they come to a UTF-8 file, whole or not at all; returns their number. Raises as ``write`` does."""

    def fill(out: BinaryIO) -> int:
        number = 0
        for line in lines:
            out.write(utf8(f"{line}\n"))
            number += 1
        return number

    return _atomic(path, _target(path, overwrite), fill, overwrite)[0]


class _SourceError(Exception):
    """An ``OSError`` of whoever delivers the samples: not to be taken for one of the file that is written."""

    def __init__(self, original: OSError) -> None:
        super().__init__(original)
        self.original = original


def _ours(samples: Iterable[ExportSample]) -> Iterator[ExportSample]:
    try:
        yield from samples
    except OSError as error:
        raise _SourceError(error) from error


def _target(path: Path, overwrite: bool) -> Path:
    """The file behind symbolic links, after the refusals that need no writing."""
    if "\0" in str(path):
        raise FileError(path, None, "is no file name: it holds a NUL character")
    with _sentences(path):
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise FileError(path, None, "is a folder: give the name of a file in it")
        if not target.parent.is_dir():
            raise FileError(path, None, "the folder that it should go into does not exist: make it first")
        if not overwrite and target.exists():
            raise _exists(path)
    return target


def _atomic(path: Path, target: Path, fill: Callable[[BinaryIO], T], overwrite: bool) -> tuple[T, str]:
    # Not tempfile: its files are private whatever the umask, and a shared project's exports are for its group.
    temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with _sentences(path):
            with temporary.open("x+b") as out:
                fit(temporary)
                result = fill(out)
                out.flush()
                os.fsync(out.fileno())
                out.seek(0)
                sha256 = hashlib.file_digest(out, "sha256").hexdigest()
            _put(path, temporary, target, overwrite)
            _sync(target.parent)
    except _SourceError as error:
        raise error.original from None
    finally:
        # Where the folder allows no change, the file was not made either; the first error is the one to tell.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return result, sha256


def _put(path: Path, temporary: Path, target: Path, overwrite: bool) -> None:
    if not overwrite:
        try:
            os.link(temporary, target)  # unlike a rename, it fails when somebody else has made the file meanwhile
        except FileExistsError as error:
            raise _exists(path) from error
        except OSError:  # a file system without hard links
            if target.exists():
                raise _exists(path) from None
        else:
            return
    temporary.replace(target)


def _sync(path: Path) -> None:
    # Some file systems cannot sync a folder, and some folders may be written but not read.
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _exists(path: Path) -> FileError:
    return FileError(path, None, "exists already: choose another name, or give --overwrite")


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(path, None, _cannot_write(error)) from error


def _cannot_write(error: OSError) -> str:
    number = error.errno
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "was not written, for the disk is full: free some space, or choose another folder"
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return "cannot be written, for the folder is read-only for you: choose another folder"
    if number == errno.ENAMETOOLONG:
        return "cannot be written, for its name is too long"
    return f"was not written ({error.strerror or error})"
