"""Evaluations as JSON for scripts and as plain lines for terminals, files and people who cannot use a screen."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evaluate.base import Metric
from workbench.evaluate.compare import Difference
from workbench.text import clean, interval, number, signed

_NARROWEST = 40
_LONGEST_LABEL = 24


def as_json(metrics: Mapping[str, Metric], samples: int, *, details: bool = False) -> dict[str, Any]:
    """``{"samples": n, "metrics": {name: {"value", "low", "high", "note"}}}``; ``details`` adds unit and details.

    Numbers that JSON does not know (infinities, NaN) become None.
    """
    shown: dict[str, Any] = {}
    for name, metric in metrics.items():
        row: dict[str, Any] = {key: _finite(getattr(metric, key)) for key in ("value", "low", "high")}
        row["note"] = metric.note
        if details:
            row |= {
                "unit": metric.unit,
                "direction": metric.direction,
                "rough": metric.rough,
                "details": _plain(metric.details),
            }
        shown[name] = row
    return {"samples": samples, "metrics": shown}


def as_lines(metrics: Mapping[str, Metric], width: int = 80) -> list[str]:
    """One aligned row for each metric, its note below where it does not fit, and bars for the class balance.

    Plain text without control codes, no line wider than ``width`` cells (at least 40). Labels and notes are cleaned.
    """
    width = max(_NARROWEST, width)
    rows = [
        (
            clean(name),
            f"{'~' if metric.rough else ''}{number(metric.value)}",
            bracketed(metric.low, metric.high),
            clean(metric.unit),
        )
        for name, metric in metrics.items()
    ]
    columns = [max((_cells(row[i]) for row in rows), default=0) for i in range(4)]
    lines: list[str] = []
    for (name, value, ends, unit), metric in zip(rows, metrics.values(), strict=True):
        row = f"{_left(name, columns[0])}  {value.rjust(columns[1])} {ends.ljust(columns[2])} {unit}"
        lines.append(_left(row, width).rstrip())
        lines.extend(_wrapped(clean(metric.note), width))
        if metric.name == "label.balance" and metric.details.get("counts"):
            lines.extend(bars(metric.details["counts"], width))
    return lines


def comparison_lines(differences: Sequence[Difference], width: int = 80) -> list[str]:
    """Before, after, change with its interval, and the verdict in a word, one aligned row for each metric that either has."""
    width = max(_NARROWEST, width)
    rows = [("metric", "before", "after", "change", "", "verdict")]
    for found in differences:
        if found.a is None and found.b is None:
            continue
        change = "-" if found.change is None else f"{'~' if found.rough else ''}{signed(found.change)}"
        ends = bracketed(found.low, found.high)
        rows.append((clean(found.name), number(found.a), number(found.b), change, ends, found.verdict))
    columns = [max(len(row[i]) for row in rows) for i in range(6)]
    return [
        _left(
            f"{_left(row[0], columns[0])}  {row[1].rjust(columns[1])}  {row[2].rjust(columns[2])}  "
            f"{row[3].rjust(columns[3])} {row[4].ljust(columns[4])} {row[5]}",
            width,
        ).rstrip()
        for row in rows
    ]


def bars(counts: Mapping[str, int], width: int = 80) -> list[str]:
    """A bar of ``#`` for each label, scaled to the most frequent one; a label with samples always shows one mark."""
    names = [clean(str(name)) for name in counts]
    number_width = max((len(f"{times:,}") for times in counts.values()), default=0)
    # Four cells of margin, two gaps of two; a quarter of the line is kept for the bars.
    free = max(_NARROWEST, width) - 8 - number_width
    label_width = min(_LONGEST_LABEL, free - width // 4, max((_cells(name) for name in names), default=0))
    room = free - label_width
    most = max(counts.values(), default=0)
    return [
        f"    {_left(name, label_width)}  {times:>{number_width},}  {'#' * _marks(times, most, room)}".rstrip()
        for name, times in zip(names, counts.values(), strict=True)
    ]


def bracketed(low: float | None, high: float | None) -> str:
    """``(0.820-0.960)``, or nothing when an end is missing."""
    ends = interval(low, high)
    return f"({ends})" if ends else ""


def _marks(times: int, most: int, room: int) -> int:
    return max(1, round(times / most * room)) if times else 0


def _wrapped(note: str, width: int) -> list[str]:
    # textwrap counts characters; a line of wide ones is cut into pieces of half the length.
    room = width - 4 if _cells(note) == len(note) else (width - 4) // 2
    return [f"    {line}" for line in textwrap.wrap(note, room)]


def _left(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells: padded, or cut with a mark."""
    from rich.cells import set_cell_size

    return set_cell_size(text, width) if _cells(text) <= width else set_cell_size(text, width - 1) + "…"


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
