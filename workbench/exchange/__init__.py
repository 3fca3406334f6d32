"""Import and export, one file per format; nothing here knows the database."""

from __future__ import annotations

from workbench.exchange.base import (
    FORMATS,
    READERS,
    Bad,
    ExportContext,
    ExportSample,
    Format,
    Reader,
    Row,
    Unwritable,
    Written,
)
from workbench.exchange.mapping import MOST_BAD, Mapped, Mapper, columns_ahead, parse_map
from workbench.exchange.reading import file_sha256, read
from workbench.exchange.writing import write, write_text

__all__ = [
    "FORMATS",
    "MOST_BAD",
    "READERS",
    "Bad",
    "ExportContext",
    "ExportSample",
    "Format",
    "Mapped",
    "Mapper",
    "Reader",
    "Row",
    "Unwritable",
    "Written",
    "columns_ahead",
    "file_sha256",
    "parse_map",
    "read",
    "write",
    "write_text",
]
