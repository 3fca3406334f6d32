"""JSON files: an array of objects, or an object whose ``data`` is one; streamed, never held whole.

A file named ``.json`` that holds one object per line, as many do, is read as JSON lines.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import FileError
from workbench.exchange import jsonl, lines
from workbench.exchange.base import READERS, Bad, Reader, Row, quoted
from workbench.exchange.strict_json import StrictDecoder, broken, row_or_bad

_CHUNK = 64 * 1024
_NOT_SPACE = re.compile(r"[^ \t\r\n]")
_RAW_BYTE = re.compile("[\udc80-\udcff]")
_NEAR_END = 64  # an error this close to the end of what was read may only mean that more must be read


class _BrokenError(Exception):
    """The document cannot be followed beyond ``line``."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class _Source:
    """A window on the file's text: ``line`` is that of the next character."""

    def __init__(self, path: Path, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._characters = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self._json = StrictDecoder()
        head = file.read(_CHUNK)
        head = head[lines.check_head(path, head, encoding) :]
        self._text = self._characters.decode(head)
        self._at = 0
        self._ended = False
        self.line = 1

    def peek(self) -> str:
        """The next character that is not white space; "" at the end of the file."""
        while True:
            if match := _NOT_SPACE.search(self._text, self._at):
                self._advance(match.start())
                return match[0]
            self._advance(len(self._text))
            if self._ended:
                return ""
            self._more()

    def take(self) -> None:
        """Pass over the character that ``peek`` showed."""
        self._advance(self._at + 1)

    def value(self) -> tuple[Any, str | None]:
        """The next JSON value and its fault; raises ``_BrokenError`` where there is none."""
        self.peek()
        while True:
            try:
                value, end = self._json.decode(self._text, self._at)
            except json.JSONDecodeError as error:
                unterminated = error.msg.startswith("Unterminated string")
                if self._ended or not (unterminated or error.pos + _NEAR_END >= len(self._text)):
                    cut = unterminated or error.pos >= len(self._text.rstrip())
                    reason = "is cut off in the middle of a value: the file was not written to its end"
                    raise _BrokenError(self.line, reason if cut else broken(error, self._at)) from error
            else:
                if end < len(self._text) or self._ended:
                    break
            if len(self._text) - self._at > lines.MAX_RECORD:
                raise _BrokenError(
                    self.line, f"is longer than {lines.MAX_RECORD:,} characters, the most that one record may have"
                )
            self._more()
        fault = self._json.fault
        if match := _RAW_BYTE.search(self._text, self._at, end):
            fault = lines.byte_fault(ord(match[0]) - 0xDC00, None, self._encoding)
        self._advance(end)
        return value, fault

    def _advance(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self) -> None:
        rest = self._text[self._at :]
        data = self._file.read(max(_CHUNK, len(rest)))
        self._ended = not data
        self._text = rest + self._characters.decode(data, final=self._ended)
        self._at = 0


def read(path: Path, encoding: str) -> Iterator[Row | Bad]:
    """The objects of the array. Where the document breaks off, the last item is a ``Bad`` that says so.

    Raises ``FileError`` when no row can be read at all: not JSON, or no array where one is looked for.
    """
    seen = False
    with path.open("rb") as file:
        source = _Source(path, file, encoding)
        try:
            first = source.peek()
            if first == "[":
                for item in _array(source):
                    seen = True
                    yield item
            elif first == "{":
                for item in _object(path, source):
                    seen = True
                    yield item
            elif first:
                raise FileError(
                    path, source.line, "is not a JSON array of objects; give --format if it is something else"
                )
            if not source.peek():
                return
            if seen or source.peek() != "{":
                raise _BrokenError(source.line, "there is something after the end of the JSON document")
        except _BrokenError as error:
            if not seen:
                raise FileError(path, error.line, str(error)) from error
            yield Bad(error.line, f"{error}; the rest of the file is not read")
            return
    yield from jsonl.read(path, encoding)


def _array(source: _Source) -> Iterator[Row | Bad]:
    source.take()
    if source.peek() == "]":
        source.take()
        return
    while True:
        source.peek()
        line = source.line
        value, fault = source.value()
        yield row_or_bad(line, value, fault)
        after = source.peek()
        if after not in (",", "]"):
            what = (
                "there is no comma after the object"
                if after
                else "the array has no end: the file was not written to its end"
            )
            raise _BrokenError(source.line, what)
        source.take()
        if after == "]":
            return


def _object(path: Path, source: _Source) -> Iterator[Row | Bad]:
    """The rows under ``data``. Yields nothing when the object has none and another one follows: JSON lines."""
    begin = source.line
    source.take()
    keys = []
    found = False
    after = "}" if source.peek() == "}" else ","
    while after == ",":
        key, _ = source.value()
        if source.peek() != ":":
            raise _BrokenError(source.line, "is not valid JSON: there is no colon after a key")
        source.take()
        keys.append(str(key))
        if key == "data" and source.peek() == "[" and not found:
            found = True
            yield from _array(source)
        else:
            source.value()
        after = source.peek()
        if after not in (",", "}"):
            raise _BrokenError(source.line, "is not valid JSON: the object is not closed")
        if after == ",":
            source.take()
    source.take()
    if not found and source.peek() != "{":
        there = ", ".join(quoted(key) for key in keys[:10]) or "none"
        raise FileError(
            path, begin, f'is one JSON object without an array "data"; its keys are {there}: the rows must be an array'
        )


READERS.register("json")(Reader("json", 'a JSON array of objects, or {"data": [...]}', (".json",), read))
