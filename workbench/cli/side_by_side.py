"""A comparison for people at a terminal: metrics by rows, contenders by columns, the summary in words below."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.cli.output import dollars
from workbench.jobs.words import dollars_each
from workbench.text import clean, number

#: Contenders' names are cut to this many cells.
_NAME = 22
BEST, ROUGH = "*", "~"


def comparison_lines(result: Mapping[str, Any], width: int = 80) -> list[str]:
    """The table (value with interval, ``*`` where the best is really best, ``~`` where an interval is rough), what a kept
    sample costs, and the summary. Wide tables put the intervals below the values; where even that does not fit,
    each contender has a block of its own."""
    contenders = result["contenders"]
    rows = _rows(result)
    body = _table(rows, contenders, width) or _blocks(rows, contenders, width)
    legend = [
        f"{BEST} really better than every other one (5 % level, corrected for all tests of this table); "
        f"{ROUGH} a rough interval"
    ]
    size = result.get("same_size")
    if size:
        legend.append(f"diversity that grows with size is of {size:,} samples of each")
    said = [line for sentence in result.get("summary", ()) for line in _wrapped(sentence, width, "- ")]
    notes = [line for one in contenders for note in one.get("notes", ()) for line in _wrapped(note, width, "  ")]
    return [*body, *(line for text in legend for line in _wrapped(text, width, "")), "", *said, *notes]


#: A row: what it is called, and for each contender its value and its interval.
Row = tuple[str, list[tuple[str, str]]]


def _rows(result: Mapping[str, Any]) -> list[Row]:
    from workbench.evaluate.report import bracketed

    contenders = result["contenders"]
    rows: list[Row] = [
        ("samples", [(f"{one['samples']:,}", "") for one in contenders]),
        ("of generated", [(f"{one['generated']:,}", "") for one in contenders]),
    ]
    if any(one.get("cost") is not None for one in contenders):
        for words, key, form in (("cost", "cost", dollars), ("per kept sample", "cost_per_kept", dollars_each)):
            rows.append((words, [(form(one[key]) if one[key] is not None else "-", "") for one in contenders]))
    for name in result["differences"]:
        cells = []
        for place, one in enumerate(contenders):
            metric = one["metrics"].get(name)
            if metric is None or metric["value"] is None:
                cells.append(("-", ""))
                continue
            mark = BEST if result["best"].get(name) == place else ""
            rough = ROUGH if metric.get("rough") else ""
            cells.append((f"{rough}{number(metric['value'])}{mark}", bracketed(metric["low"], metric["high"])))
        if any(value != "-" for value, _ in cells):
            rows.append((clean(name), cells))
    return rows


def _names(contenders: Sequence[Mapping[str, Any]]) -> list[str]:
    return [clean(str(one["name"]), limit=_NAME) for one in contenders]


def _table(rows: Sequence[Row], contenders: Sequence[Mapping[str, Any]], width: int) -> list[str] | None:
    """One line per metric where that fits, else two (the intervals below); None where neither does."""
    from rich.cells import cell_len

    first = max(len(name) for name, _ in rows)
    names = _names(contenders)

    def widths(beside: bool) -> list[int]:
        return [
            max(
                cell_len(name),
                *(
                    len(value) + 1 + len(ends) if beside else max(len(value), len(ends))
                    for value, ends in (cells[place] for _, cells in rows)
                ),
            )
            for place, name in enumerate(names)
        ]

    for beside in (True, False):
        columns = widths(beside)
        if first + sum(column + 2 for column in columns) <= width:
            head = " " * first + "".join(
                "  " + _right(name, column) for name, column in zip(names, columns, strict=True)
            )
            lines = [head]
            for name, cells in rows:
                values = [f"{value} {ends}".rstrip() if beside else value for value, ends in cells]
                lines.append(_line(name.ljust(first), values, columns))
                if not beside and any(ends for _, ends in cells):
                    lines.append(_line(" " * first, [ends for _, ends in cells], columns))
            return lines
    return None


def _line(name: str, values: Sequence[str], columns: Sequence[int]) -> str:
    return (name + "".join("  " + value.rjust(column) for value, column in zip(values, columns, strict=True))).rstrip()


def _right(text: str, width: int) -> str:
    from rich.cells import cell_len

    return " " * (width - cell_len(text)) + text


def _blocks(rows: Sequence[Row], contenders: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    lines: list[str] = []
    first = max(len(name) for name, _ in rows)
    for place, name in enumerate(_names(contenders)):
        lines += [name] if not lines else ["", name]
        for row, cells in rows:
            value, ends = cells[place]
            line = f"  {row.ljust(first)}  {value} {ends}".rstrip()
            lines += [line] if len(line) <= width else [f"  {row}", f"      {value} {ends}".rstrip()[:width]]
    return [*lines, ""]


def _wrapped(text: str, width: int, mark: str) -> list[str]:
    return textwrap.wrap(clean(text), max(20, width), initial_indent=mark, subsequent_indent=" " * len(mark)) or []
