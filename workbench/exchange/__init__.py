"""Import and export, one file per format; nothing here knows the database."""

from __future__ import annotations

from workbench.exchange.base import (
    FORMATS,
    READERS,
    Bad,
    ExportContext,
    ExportSample,
    Format,
    LeftOut,
    Reader,
    Row,
    Unwritable,
    Written,
    WrittenFile,
)
from workbench.exchange.mapping import MOST_BAD, Mapped, Mapper, columns_ahead, parse_map
from workbench.exchange.reading import file_sha256, read
from workbench.exchange.writing import fitting, write, write_text

__all__ = [
    "FORMATS",
    "MOST_BAD",
    "READERS",
    "Bad",
    "ExportContext",
    "ExportSample",
    "Format",
    "LeftOut",
    "Mapped",
    "Mapper",
    "Reader",
    "Row",
    "Unwritable",
    "Written",
    "WrittenFile",
    "columns_ahead",
    "file_sha256",
    "fitting",
    "parse_map",
    "read",
    "write",
    "write_text",
]
