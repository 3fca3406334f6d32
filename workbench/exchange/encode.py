"""Samples as bytes: what the text formats share when they write."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from workbench.exchange.base import ExportSample, LeftOut, WrittenFile

#: What a sample carries besides its fields, in the order in which it is written.
METADATA = ("uuid", "label", "status", "origin", "split", "conditions", "scores", "model", "recipe")
#: ``json.dumps`` makes an encoder for every call; one for all takes a third of the time.
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
#: Only ever inside strings, where an escape means the same.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029]")


class NoPlace(Exception):
    """A sample cannot be said in this format; the message is the reason."""


def metadata_columns(fields: Iterable[str]) -> dict[str, str]:
    """The column of each metadata name: itself, or ``sample_NAME`` where the task has a field of that name."""
    taken = set(fields)
    columns = {}
    for name in METADATA:
        column = name
        while column in taken:
            column = f"sample_{column}"
        taken.add(column)
        columns[name] = column
    return columns


def utf8(text: str) -> bytes:
    """``text`` in UTF-8; surrogate pairs become their character, lone halves U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def json_text(value: Any) -> str:
    """JSON on one line; NaN and infinities, which JSON does not have, become null."""
    try:
        text = _to_json(value)
    except ValueError:
        text = _to_json(_finite(value))
    return text if text.isascii() and "\x7f" not in text else _ESCAPED.sub(_escape, text)


def json_line(value: Any) -> str:
    """``json_text`` with its line end."""
    return json_text(value) + "\n"


def write_rows(
    samples: Iterable[ExportSample], out: BinaryIO, row: Callable[[ExportSample], str]
) -> tuple[int, LeftOut]:
    """Write ``row(sample)`` for each; returns how many, and the samples for which ``row`` raised ``NoPlace``."""
    rows = 0
    left = LeftOut()
    for sample in samples:
        try:
            data = utf8(row(sample))
        except NoPlace as reason:
            left.add(sample.uuid, str(reason))
            continue
        out.write(data)
        rows += 1
    return rows, left


def write_array(
    samples: Iterable[ExportSample], out: BinaryIO, record: Callable[[ExportSample], Any]
) -> tuple[int, LeftOut]:
    """A JSON array with ``record(sample)`` for each, one to a line, written as they come; returns as ``write_rows``."""
    before = "[\n"

    def row(sample: ExportSample) -> str:
        nonlocal before
        text = before + json_text(record(sample))
        before = ",\n"
        return text

    written = write_rows(samples, out, row)
    out.write(b"\n]\n" if written[0] else b"[]\n")
    return written


def folder_hash(files: Iterable[WrittenFile]) -> str:
    """One hex SHA-256 for several files: of their hashes and names, as ``sha256sum`` prints them, in order of name."""
    lines = sorted(f"{file.sha256}  {file.name}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def whole(text: str) -> str:
    """``text`` with surrogate pairs joined and lone halves as U+FFFD, as ``utf8`` writes it."""
    return utf8(text).decode("utf-8")


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member) for member in value]
    return value
