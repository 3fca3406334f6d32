"""CSV, written: one row per sample, UTF-8, values quoted where they must be; JSON in the cells of what is no text.

Spreadsheets run a cell that begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return as a formula (OWASP, "CSV
injection"), and samples are foreign text. Such cells get a leading apostrophe, which is not taken off on import;
``context.raw`` leaves them as they are, for programs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, BinaryIO

from workbench.exchange.base import FORMATS, ExportContext, ExportSample, Format, LeftOut
from workbench.exchange.encode import NoPlace, json_text, metadata_columns, utf8, write_rows

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any, *, raw: bool) -> str:
    """``value`` as a cell: nothing for ``None``, JSON for lists, objects and numbers, texts neutralised unless ``raw``."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json_text(value)
    return value if raw or not value.startswith(FORMULA_STARTS) else "'" + value


def _write(samples: Iterable[ExportSample], out: BinaryIO, context: ExportContext) -> tuple[int, LeftOut]:
    fields = context.fields
    names = metadata_columns(fields)
    # A text in such a field is quoted as JSON: a cell "3" could be the text or the number.
    as_json = {name for name, field in context.task.fields.items() if field.kind == "json"}
    line = io.StringIO(newline="")
    plain = csv.writer(line, lineterminator="\n")
    # A lone CR is a line end to readers, but the writer quotes only for its own line end.
    careful = csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def text_of(cells: list[str]) -> str:
        line.seek(0)
        line.truncate()
        (careful if any("\r" in value for value in cells) else plain).writerow(cells)
        return line.getvalue()

    def field_cell(sample: ExportSample, name: str) -> str:
        if name in as_json and name in sample.fields:
            return json_text(sample.fields[name])
        return cell(sample.fields.get(name), raw=context.raw)

    def row(sample: ExportSample) -> str:
        if other := set(sample.fields) - set(fields):
            raise NoPlace(f"has the field {min(other)!r}, for which the file has no column")
        rest = (cell(getattr(sample, name), raw=context.raw) for name in names if name != "uuid")
        return text_of([sample.uuid, *(field_cell(sample, name) for name in fields), *rest])

    out.write(utf8(text_of([names["uuid"], *fields, *(names[name] for name in names if name != "uuid")])))
    return write_rows(samples, out, row)


FORMATS.register("csv")(
    Format(
        "csv",
        "comma-separated values; cells that look like formulas get a leading apostrophe; JSON in cells of what is no text",
        ".csv",
        _write,
    )
)
