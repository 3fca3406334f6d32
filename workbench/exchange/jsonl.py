"""JSON lines: one object per line, read and written.

Written rows are UTF-8 whatever the texts hold: halves of surrogate pairs become U+FFFD (escaping them would be valid
ASCII, but strict readers, ours included, refuse such escapes), and characters at which some tools cut lines or which
terminals obey (C1 controls, U+2028, U+2029) are escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import FileError
from workbench.exchange.base import FORMATS, READERS, Bad, ExportContext, ExportSample, Format, LeftOut, Reader, Row
from workbench.exchange.encode import json_line, metadata_columns, write_rows
from workbench.exchange.lines import lines
from workbench.exchange.strict_json import StrictDecoder, broken, row_or_bad

_SPACE = " \t\r\n"


def read(path: Path, encoding: str) -> Iterator[Row | Bad]:
    """The objects of ``path``; blank lines are passed over. Raises ``FileError`` for one document over many lines."""
    decoder = StrictDecoder()
    begun = False
    for number, text, fault, ended in lines(path, encoding):
        line = text.strip(_SPACE)
        if not line:
            if fault:
                yield Bad(number, fault)
            continue
        if not begun and line in ("[", "{"):
            raise FileError(
                path, number, "is one JSON document over many lines, not one object per line: give --format json"
            )
        begun = True
        yield Bad(number, fault) if fault else _row(decoder, number, line, ended)


def _row(decoder: StrictDecoder, number: int, line: str, ended: bool) -> Row | Bad:
    try:
        value, end = decoder.decode(line)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(line) or error.msg.startswith("Unterminated string")
        if cut and not ended:
            return Bad(number, "is cut off in the middle of the object: the file was not written to its end")
        return Bad(number, broken(error))
    if end < len(line):
        if line[end:].lstrip(_SPACE).startswith("{"):
            return Bad(number, f"holds more than one object (character {end + 1}): one object per line")
        return Bad(number, f"has something after its value (character {end + 1}): one object per line")
    return row_or_bad(number, value, decoder.fault)


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    columns = lru_cache(maxsize=64)(metadata_columns)  # samples of one task mostly have the same fields

    def row(sample: ExportSample) -> str:
        names = columns((*context.fields, *sample.fields))
        values: dict[str, Any] = {names["uuid"]: sample.uuid, **sample.fields, names["label"]: sample.label}
        values |= {names[name]: getattr(sample, name) for name in names if name not in ("uuid", "label")}
        return json_line(values)

    return write_rows(samples, out, row)


READERS.register("jsonl")(Reader("jsonl", "one JSON object per line", (".jsonl", ".ndjson"), read))
FORMATS.register("jsonl")(
    Format("jsonl", "one JSON object per line, with everything known of the sample", ".jsonl", _write)
)
