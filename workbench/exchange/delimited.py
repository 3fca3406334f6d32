"""CSV and TSV with a header, read.

CSV is RFC 4180: commas, double quotes, quotes doubled inside quotes, line ends allowed inside quotes. TSV is one record
to a line, as both kinds in use need: values in quotes lose them where the line then has the header's number of values
(spreadsheets), and quotes are ordinary characters everywhere else (IANA text/tab-separated-values).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import FileError
from workbench.exchange import lines
from workbench.exchange.base import READERS, Bad, Reader, Row, quoted

Record = tuple[int, list[str], str | None]


def read_csv(path: Path, encoding: str) -> Iterator[Row | Bad]:
    """The rows of a CSV file, every value a string; raises ``FileError`` when the header cannot be used."""
    records = _csv_records(path, encoding)
    header = _header(path, records)
    if len(header) == 1:
        for separator, what in ((";", "semicolons"), ("\t", "tabs: give --format tsv")):
            if separator in header[0]:
                raise FileError(
                    path, 1, f"has one column, {quoted(header[0])}: values are separated by commas, not {what}"
                )
    return _rows(header, records)


def read_tsv(path: Path, encoding: str) -> Iterator[Row | Bad]:
    """The rows of a TSV file, every value a string; raises ``FileError`` when the header cannot be used."""
    records = _tsv_records(path, encoding)
    return _rows(_header(path, records), records)


def _header(path: Path, records: Iterator[Record]) -> list[str]:
    for line, values, fault in records:
        if fault:
            raise FileError(path, line, f"the header cannot be read: {fault}")
        names = [value.strip() for value in values]
        seen: set[str] = set()
        for position, name in enumerate(names, 1):
            if not name:
                raise FileError(path, line, f"column {position} of the header has no name: give every column one")
            if name in seen:
                raise FileError(path, line, f"the header has the column {quoted(name)} twice: rename one")
            seen.add(name)
        return names
    raise FileError(path, None, "is empty: nothing to import")


def _rows(header: list[str], records: Iterator[Record]) -> Iterator[Row | Bad]:
    width = len(header)
    for line, values, fault in records:
        if fault:
            yield Bad(line, fault)
        elif len(values) != width:
            yield Bad(line, f"has {_count(len(values), 'value')} where the header has {_count(width, 'column')}")
        else:
            yield Row(line, dict(zip(header, values, strict=True)), cells=True)


def _csv_records(path: Path, encoding: str) -> Iterator[Record]:
    faults: list[str] = []
    unended = False

    def feed() -> Iterator[str]:
        nonlocal unended
        for line in lines.lines(path, encoding):
            if line.fault:
                faults.append(line.fault)
            unended = not line.ended
            yield line.text

    # The limit belongs to the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), lines.MAX_RECORD))
    reader = csv.reader(feed(), strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begin, [], faults[0] if faults else _csv_fault(error, reader.line_num - begin + 1, unended)
        else:
            if values or faults:
                yield begin, values, faults[0] if faults else None
        faults.clear()


def _csv_fault(error: csv.Error, height: int, unended: bool) -> str:
    said = str(error)
    if "unexpected end of data" in said:
        cut = "; was the file written to its end?" if unended else ""
        return (
            f"has a quoted value that is never closed: {_count(height, 'line')} up to the end of the file are lost{cut}"
        )
    if "expected after" in said:
        return "has a quote inside a quoted value that is not doubled" + (f" ({height} lines)" if height > 1 else "")
    if "field limit" in said:
        return f"has a value longer than {lines.MAX_RECORD:,} characters: is a quote not closed?"
    return f"is not valid CSV ({said})"


def _tsv_records(path: Path, encoding: str) -> Iterator[Record]:
    width = None
    for line in lines.lines(path, encoding):
        text = line.text.rstrip("\r\n")
        if not text and not line.fault:
            continue
        values = text.split("\t")
        if '"' in text:
            try:
                unquoted = next(csv.reader([text], delimiter="\t", strict=True))
            except csv.Error:
                unquoted = values
            values = unquoted if width in (None, len(unquoted)) else values
        width = width or len(values)
        yield line.number, values, line.fault


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


READERS.register("csv")(Reader("csv", "comma-separated values with a header", (".csv",), read_csv))
READERS.register("tsv")(Reader("tsv", "tab-separated values with a header", (".tsv", ".tab"), read_tsv))
