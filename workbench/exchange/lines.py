"""Lines of a text file in constant memory, with what is wrong with each: bytes that do not decode, NUL, too long."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from workbench.errors import FileError, UsageError
from workbench.exchange.base import quoted

#: Longest record, in bytes (in characters where bytes cannot be cut into lines); longer ones are skipped, not held.
MAX_RECORD = 32 * 1024 * 1024
SURROGATE = re.compile("[\ud800-\udfff]")
_HEAD = 1024 * 1024
_MAGIC = {
    b"\x1f\x8b": "is compressed (gzip): decompress it first",
    b"PK\x03\x04": "is a zip archive or a spreadsheet: save it as CSV or JSON lines first",
    b"PAR1": "is a Parquet file: give --format parquet",
    b"ARROW1": "is an Arrow file: give --format arrow",
    b"SQLite format 3": "is an SQLite database: save its rows as JSON lines first",
}


class Line(NamedTuple):
    """One physical line. ``fault`` says why it cannot be used; ``ended`` is false for a last line without line end."""

    number: int
    text: str
    fault: str | None
    ended: bool


def text_encoding(name: str | None) -> str:
    """Python's name of an encoding (UTF-8 when ``None``); raises ``UsageError`` for one that there is not."""
    try:
        "\n".encode(name or "utf-8")
        canonical = codecs.lookup(name or "utf-8").name
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"There is no text encoding {quoted(name)}; common ones are utf-8, utf-16, latin-1, cp1252, shift_jis."
        ) from error
    return "utf-8" if canonical == "utf-8-sig" else canonical


def check_head(path: Path, head: bytes, encoding: str) -> int:
    """The length of the byte order mark at the beginning of ``head``; raises ``FileError`` for what is no text."""
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise FileError(path, None, what)
    if encoding != "utf-8":
        return 0
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(path, 1, "is UTF-16, not UTF-8: give --encoding utf-16")
    return len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0


def byte_fault(byte: int, offset: int | None, encoding: str) -> str:
    """Why a byte that does not decode makes its record useless; ``offset`` counts from 1 within the line."""
    where = f" ({offset} bytes into the line)" if offset is not None else ""
    hint = "give --encoding latin-1 if that is what it is" if encoding == "utf-8" else "try another --encoding"
    return f"byte 0x{byte:02X}{where} is not {encoding.upper()}; {hint}"


def lines(path: Path, encoding: str) -> Iterator[Line]:
    """The lines of ``path``, cut at LF (at CR where the file has no LF). ``encoding`` comes from ``text_encoding``."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(check_head(path, head, encoding))
        cut_by_byte = "\n".encode(encoding) == b"\n"
        if cut_by_byte and (b"\n" in head or b"\r" not in head):
            yield from _byte_lines(file, encoding)
        else:
            yield from _text_lines(file, encoding, "\r" if cut_by_byte else "\n")


def _byte_lines(file: BinaryIO, encoding: str) -> Iterator[Line]:
    limit = MAX_RECORD
    number = 0
    while data := file.readline(limit):
        number += 1
        ended = data.endswith(b"\n")
        fault = None
        if not ended and len(data) == limit:
            while data and not ended:
                data = file.readline(limit)
                ended = data.endswith(b"\n")
            yield Line(number, "\n", _too_long(limit), ended)
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            fault = byte_fault(data[error.start], error.start + 1, encoding)
            text = data.decode(encoding, "replace")
        yield Line(number, text, fault or _character_fault(text, encoding), ended)


def _text_lines(file: BinaryIO, encoding: str, newline: str) -> Iterator[Line]:
    limit = MAX_RECORD
    with io.TextIOWrapper(file, encoding, errors="surrogateescape", newline=newline) as reader:
        number = 0
        while text := reader.readline(limit):
            number += 1
            ended = text.endswith(newline)
            if not ended and len(text) == limit:
                while text and not ended:
                    text = reader.readline(limit)
                    ended = text.endswith(newline)
                yield Line(number, "\n", _too_long(limit), ended)
                continue
            text = text.removesuffix(newline) + "\n" if ended else text
            yield Line(number, text, _character_fault(text, encoding), ended)


def _too_long(limit: int) -> str:
    return f"is longer than {limit:,} bytes, the most that one record may have"


def _character_fault(text: str, encoding: str) -> str | None:
    if "\0" in text:
        return "holds a NUL character: the file is damaged, or not a text file"
    if not text.isascii() and encoding != "utf-8" and (match := SURROGATE.search(text)):
        code = ord(match[0])
        if 0xDC80 <= code <= 0xDCFF:
            return byte_fault(code - 0xDC00, None, encoding)
        return "holds half of a surrogate pair, which is not a character"
    return None
