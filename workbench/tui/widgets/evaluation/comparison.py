"""Contenders side by side: sentences, a table with intervals, a small chart a metric, and what differs from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from workbench.jobs.words import dollars_each
from workbench.text import clean
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, Whisker
from workbench.tui.widgets.evaluation.cards import GROUPS, groups, short, value
from workbench.tui.widgets.evaluation.history import MAIN
from workbench.tui.widgets.evaluation.sheet import Sheet, Target, sheet
from workbench.tui.widgets.lines import dollars, safe

_NAME = 18
#: Cells of a contender's column: the least, the most, and what an interval needs.
_LEAST, _MOST, _WITH = 9, 26, 13
#: Cells from which two charts stand beside one another, and those between them.
_BESIDE, _GAP = 100, 4


def names(result: Mapping[str, Any]) -> list[str]:
    return [safe(one.get("name", "?"), limit=80) for one in result["contenders"]]


def metric_names(result: Mapping[str, Any]) -> dict[str, list[str]]:
    """The metrics that a contender has a value of, by group."""
    known = {
        name: None for one in result["contenders"] for name, metric in one.get("metrics", {}).items()
        if metric.get("value") is not None
    }  # fmt: skip
    return groups(known)


def summary(result: Mapping[str, Any], width: int) -> Sheet:
    """What the comparison comes to, a sentence an item."""
    made = Sheet()
    for sentence in result.get("summary") or ():
        lines = charts.prose(str(sentence), width, indent=2)
        made.add(Content.assemble(("- ", MUTED), lines[0][2:]), *lines[1:])
    return made


def table(result: Mapping[str, Any], width: int, *, told: bool = True) -> Sheet:
    """The summary (unless it has a section of its own), then metrics by rows and contenders by columns: the best has ``*``
    (and colour) only when it is real."""
    made = summary(result, width) if told else Sheet()
    contenders = result["contenders"]
    name_width = max(12, min(_NAME, width // 4))
    fitting = max(1, (width - name_width) // _LEAST)
    for start in range(0, len(contenders), fitting):
        places = range(start, min(start + fitting, len(contenders)))
        _block(made, result, places, name_width, max(_LEAST, min(_MOST, (width - name_width) // len(places))), width)
    made.add(Content(""), *charts.prose(_legend(result), width, MUTED))
    for one in contenders:
        for note in one.get("notes") or ():
            made.add(*charts.prose(str(note), width, MUTED))
    return made


def _block(made: Sheet, result: Mapping[str, Any], places: range, name_width: int, each: int, width: int) -> None:
    """As many contenders as stand beside one another."""
    called, contenders = names(result), result["contenders"]
    if made.lines:
        made.add(Content(""))
    made.add(Content(" " * name_width))
    for place in places:
        name = called[place]
        start = len(made.lines[-1].plain)
        # Below the numbers' last digit, not below their mark, unless the name needs the room.
        text = charts.fit(name, each - (2 if cell_len(name) < each - 1 else 1), right=True)
        made.lines[-1] = Content.assemble(made.lines[-1], " ", (text, STRONG), " " * (each - 1 - cell_len(text)))
        pad = len(text) - len(text.lstrip())
        spec = safe(contenders[place].get("spec", ""), limit=80)
        says = f"the samples of {name}" + (f" ({spec})" if spec and spec != name else "")
        made.mark(f"contender {place}", says, Target("contender", str(place)), start + 1 + pad, start + 1 + len(text))
    _facts(made, [contenders[place] for place in places], name_width, each, width)
    for group, found in metric_names(result).items():
        made.head(charts.fit(GROUPS.get(group, safe(group, limit=40).capitalize()), width).rstrip(), STRONG)
        for name in found:
            _row(made, result, name, places, name_width, each, width)


def _legend(result: Mapping[str, Any]) -> str:
    told = "* better than every other contender, not by chance (corrected for the number of comparisons). ~ rough interval."
    if size := result.get("same_size"):
        told += f" What depends on the number of samples is measured on {size:,} of each."
    return told


def _facts(made: Sheet, contenders: Sequence[Mapping[str, Any]], name_width: int, each: int, width: int) -> None:
    """Samples, and what they cost."""
    rows = [
        ("samples", [_count(one.get("samples")) for one in contenders]),
        ("generated", [_count(one.get("generated")) for one in contenders]),
        ("cost", [_money(one.get("cost"), dollars) for one in contenders]),
        ("per kept sample", [_money(one.get("cost_per_kept"), dollars_each) for one in contenders]),
    ]
    for name, cells in rows:
        if any(cell != "-" for cell in cells):
            text = "".join(f"{cell} ".rjust(each) for cell in cells)
            made.add(Content.assemble((charts.fit(name, name_width), MUTED), text)[:width])


def _count(found: Any) -> str:
    return "-" if found is None else f"{int(found):,}"


def _money(found: Any, form: Callable[[float], str]) -> str:
    return "-" if found is None else form(float(found))


def _row(
    made: Sheet, result: Mapping[str, Any], name: str, places: range, name_width: int, each: int, width: int
) -> None:
    best = (result.get("best") or {}).get(name)
    line = Content(charts.fit(short(name), name_width))
    under = " " * name_width
    spots = []
    for place in places:
        metric = result["contenders"][place].get("metrics", {}).get(name) or {}
        star = "*" if place == best else " "
        text = f"{value(metric)}{star}".rjust(each)
        pad = len(text) - len(text.lstrip())
        start = len(line.plain)
        says = f"the samples behind {clean(name)} of {names(result)[place]}"
        if metric.get("value") is not None:
            target = Target("metric", name, gold=str(place))
            spots.append((f"{name} {place}", says, target, start + pad, start + len(text.rstrip())))
        style = f"bold {SUCCESS}" if place == best else "" if metric.get("value") is not None else MUTED
        line = Content.assemble(line, (text, style))
        low, high = metric.get("low"), metric.get("high")
        joined = " to " if low is not None and low < 0 else "-"  # two dashes beside each other are no interval
        between = "" if low is None or high is None else f"{_end(low)}{joined}{_end(high)} "
        under += (between if each >= max(_WITH, len(between)) else "").rjust(each)
    made.add(line[:width])
    for spot in spots:
        made.mark(*spot)
    if under.strip():
        made.add(Content.styled(under[:width].rstrip(), MUTED))


def _end(found: float) -> str:
    return f"{found:.3f}" if abs(found) < 10 else f"{found:,.0f}"


def multiples(result: Mapping[str, Any], width: int) -> Sheet:
    """A chart of whiskers for each main metric, all contenders on its axis; two beside one another where it is wide."""
    known = [name for found in metric_names(result).values() for name in found]
    wanted = [name for name in MAIN if name in known] or known[:6]
    if not wanted:
        return sheet(charts.prose("No contender has a value of any metric.", width, MUTED))
    if width < _BESIDE:
        made = Sheet()
        for name in wanted:
            if made.lines:
                made.add(Content(""))
            made.extend(_multiple(result, name, width))
        return made
    each = (width - _GAP) // 2
    made = Sheet()
    for place in range(0, len(wanted), 2):
        if made.lines:
            made.add(Content(""))
        left = _multiple(result, wanted[place], each)
        right = _multiple(result, wanted[place + 1], each) if place + 1 < len(wanted) else Sheet()
        made.extend(_beside(left, right, each + _GAP))
    return made


def _multiple(result: Mapping[str, Any], name: str, width: int) -> Sheet:
    """All contenders' values of one metric on one axis."""
    best = (result.get("best") or {}).get(name)
    made = sheet([Content.styled(charts.fit(name, width).rstrip(), STRONG)])
    rows = []
    for place, one in enumerate(result["contenders"]):
        metric = one.get("metrics", {}).get(name) or {}
        title = names(result)[place] + (" *" if place == best else "")
        rows.append(Whisker(title, metric.get("value"), metric.get("low"), metric.get("high")))
    for place, line in enumerate(charts.intervals(rows, width)):
        if place < len(rows):
            says = f"the samples behind {clean(name)} of {names(result)[place]}"
            end = min(len(rows[place].name), max(1, len(line.plain.rstrip())))
            made.put(line, f"axis {name} {place}", says, Target("metric", name, gold=str(place)), 0, end)
        else:
            made.add(line)
    return made


def _beside(left: Sheet, right: Sheet, start: int) -> Sheet:
    """Two sheets beside one another, the second from column ``start``."""
    made = Sheet()
    offsets = []
    for place in range(max(len(left.lines), len(right.lines))):
        line = left.lines[place] if place < len(left.lines) else Content("")
        pad = " " * max(0, start - line.cell_length)
        offsets.append(len(line.plain) + len(pad))
        made.add(Content.assemble(line, pad, right.lines[place]) if place < len(right.lines) else line)
    made.spots = list(left.spots) + [
        replace(spot, start=spot.start + offsets[spot.line], end=spot.end + offsets[spot.line]) for spot in right.spots
    ]
    return made


def differences(result: Mapping[str, Any], width: int) -> Sheet:
    """Every pair of contenders: by how much the second differs from the first, its interval, p and a word about it; metrics
    with a difference that is real come first."""
    made = Sheet()
    called = names(result)
    found: Mapping[str, Sequence[Mapping[str, Any]]] = result.get("differences") or {}
    columns = _columns(
        [row for rows in found.values() for row in rows if row.get("verdict") != "missing"], called, width
    )
    really = [name for name, rows in found.items() if any(row.get("verdict") in ("better", "worse") for row in rows)]
    for name in [*really, *(name for name in found if name not in really)]:
        rows = found[name]
        real = [row for row in rows if row.get("verdict") != "missing"]
        if not real:
            continue
        made.head(charts.fit(name, width).rstrip(), STRONG)
        for row in real:
            made.add(_difference(row, called, width, columns))
    if not made.lines:
        made.add(*charts.prose("No two contenders have a metric in common.", width, MUTED))
    else:
        made.add(
            Content(""),
            *charts.prose(
                "p is corrected for the number of comparisons (Holm); paired: on the same rows; "
                "~: too few rows, or too few that differ.",
                width,
                MUTED,
            ),
        )
    return made


def _columns(rows: Sequence[Mapping[str, Any]], called: Sequence[str], width: int) -> tuple[int, int, int]:
    """Cells of a contender's name, of a change and of its interval, so that all rows stand below one another."""
    longest = max((cell_len(called[int(row[side])]) for row in rows for side in ("a", "b")), default=0)
    changes, intervals = zip(*map(_told, rows), strict=True) if rows else ((), ())
    return (
        min(longest, max(6, min(28, (width - 50) // 2))),
        max(map(len, changes), default=0),
        max(map(len, intervals), default=0),
    )


def _told(row: Mapping[str, Any]) -> tuple[str, str]:
    """A change and its interval."""
    low, high = row.get("low"), row.get("high")
    change = f"{'~' if row.get('rough') else ''}{charts.signed(row.get('change'))}"
    return change, "" if low is None or high is None else f"({charts.signed(low)} to {charts.signed(high)})"


def _difference(row: Mapping[str, Any], called: Sequence[str], width: int, columns: tuple[int, int, int]) -> Content:
    each, changes, intervals = columns
    (change, between), p = _told(row), row.get("p")
    told = f"{change:>{changes}} {between:<{intervals}}"
    told += f"  p {'<.001' if p < 0.001 else f'{p:.3f}'}" if p is not None else ""
    told += "  paired" if row.get("paired") and width >= 80 else ""
    verdict = clean(str(row.get("verdict", "")), limit=20)
    style = {"better": SUCCESS, "worse": ERROR}.get(verdict, MUTED)
    arrow = charts.glyphs().arrow
    pair = f"{charts.fit(called[int(row['a'])], each)} {arrow} {charts.fit(called[int(row['b'])], each)}"
    return Content.assemble(pair, "  ", (f"{verdict:<9}", style), f" {told.rstrip()}")[:width]
