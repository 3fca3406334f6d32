"""What commands print: results to stdout (for people, or one JSON object), progress and errors to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.text import clean


@dataclass(frozen=True)
class Output:
    """``as_json``: one object on stdout. ``quiet``: no progress on stderr."""

    as_json: bool = False
    quiet: bool = False

    def result(self, value: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Print a result: the object, or its lines for people (cleaned: nothing in them reaches the terminal raw)."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=True, sort_keys=False) + "\n")
            return
        for line in lines:
            sys.stdout.write(clean(line) + "\n")

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Print JSON lines, or one object with ``rows``. ASCII only, so that hostile text stays escaped."""
        if self.as_json:
            self.result({"rows": list(rows)}, [])
            return
        for row in rows:
            sys.stdout.write(json.dumps(row, ensure_ascii=True) + "\n")

    def say(self, line: str) -> None:
        """A remark on stderr."""
        if not self.quiet:
            sys.stderr.write(clean(line) + "\n")


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Aligned columns, two spaces between; the columns in ``right`` are right-aligned."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def bare_address(url: str) -> str:
    """``url`` without the user and password that may stand in it."""
    scheme, slashes, rest = url.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def dollars(cost: float | None) -> str:
    if cost is None:
        return "price unknown"
    return f"${cost:,.2f}" if cost >= 0.1 or not cost else f"${cost:.4f}"
