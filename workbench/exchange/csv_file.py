"""CSV, written: one row per sample, UTF-8, values quoted where they must be, nested values as JSON.

Spreadsheets run a cell that begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return as a formula (OWASP, "CSV
injection"), and samples are foreign text. Such cells get a leading apostrophe, which is not taken off on import;
``context.raw`` leaves them as they are, for programs.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable
from typing import Any, BinaryIO

from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, Unwritable
from workbench.exchange.encode import NoPlace, json_text, metadata_columns, utf8, write_rows

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any, *, raw: bool) -> str:
    """``value`` as a cell: nothing for ``None``, JSON for lists and objects, texts neutralised unless ``raw``."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json_text(value)
    return value if raw or not value.startswith(FORMULA_STARTS) else "'" + value


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, list[Unwritable]]:
    iterator = iter(samples)
    first = next(iterator, None)
    fields = context.fields or (tuple(first.fields) if first else ())
    names = metadata_columns(fields)
    line = io.StringIO(newline="")
    plain = csv.writer(line, lineterminator="\n")
    # A lone CR is a line end to readers, but the writer quotes only for its own line end.
    careful = csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def text_of(values: Iterable[Any]) -> str:
        cells = [cell(value, raw=context.raw) for value in values]
        line.seek(0)
        line.truncate()
        (careful if any("\r" in value for value in cells) else plain).writerow(cells)
        return line.getvalue()

    def row(sample: ExportSample) -> str:
        if other := set(sample.fields) - set(fields):
            raise NoPlace(f"has the field {min(other)!r}, for which the file has no column")
        texts = (sample.fields.get(field) for field in fields)
        return text_of((sample.uuid, *texts, *(getattr(sample, name) for name in names if name != "uuid")))

    if first is None:
        return 0, []
    out.write(utf8(text_of((names["uuid"], *fields, *(names[name] for name in names if name != "uuid")))))
    return write_rows(itertools.chain([first], iterator), out, row)


FORMATS.register("csv")(
    Format("csv", "comma-separated values; cells that look like formulas get a leading apostrophe", ".csv", _write)
)
