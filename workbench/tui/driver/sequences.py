"""The shortest escape sequences for a change of looks, a move of the cursor, a stretch of blanks (ECMA-48)."""

from __future__ import annotations

from functools import lru_cache

from workbench.tui.driver.cells import ATTRIBUTES, Look

_OFF = {"bold": "22", "dim": "22", "italic": "23", "underline": "24", "blink": "25", "reverse": "27", "conceal": "28",
        "strike": "29"}  # fmt: skip


@lru_cache(maxsize=4_096)
def change(before: Look, after: Look) -> str:
    """What makes a terminal that writes as ``before`` write as ``after``: the difference, or a reset and all of it."""
    if before is after:
        return ""
    link = f"\x1b]8;{after.link or ';'}\x1b\\" if before.link != after.link else ""
    if (before.fore, before.back, before.attributes) == (after.fore, after.back, after.attributes):
        return link
    whole = ["0", *(code for bit, code in ATTRIBUTES.values() if after.attributes & bit)]
    whole += [colour for colour in (after.fore, after.back) if colour]
    parameters = ";".join(whole) if len(whole) > 1 else ""
    part = _difference(before, after)
    if part is not None and len(part) < len(parameters):
        parameters = part
    return f"{link}\x1b[{parameters}m"


def _difference(before: Look, after: Look) -> str | None:
    """The parameters that change only what differs; None where an attribute has no sure code that ends it."""
    ends: list[str] = []
    starts: list[str] = []
    for name, (bit, _) in ATTRIBUTES.items():
        if before.attributes & bit and not after.attributes & bit:
            if name not in _OFF:
                return None
            if _OFF[name] not in ends:
                ends.append(_OFF[name])
    for name, (bit, code) in ATTRIBUTES.items():
        ended = before.attributes & bit and _OFF.get(name) in ends  # bold and dim have one end
        if after.attributes & bit and (ended or not before.attributes & bit):
            starts.append(code)
    if before.fore != after.fore:
        starts.append(after.fore or "39")
    if before.back != after.back:
        starts.append(after.back or "49")
    return ";".join([*ends, *starts])


def right(columns: int) -> str:
    return "\x1b[C" if columns == 1 else f"\x1b[{columns}C"


def erase(columns: int) -> str:
    """So many blanks in the background in force, the cursor left where it is (ECH)."""
    return "\x1b[X" if columns == 1 else f"\x1b[{columns}X"


def place(x: int, y: int) -> str:
    """The cursor at a column and a row, both counted from 0."""
    if x == 0:
        return f"\x1b[{y + 1}H" if y else "\x1b[H"
    return f"\x1b[{y + 1};{x + 1}H" if y else f"\x1b[;{x + 1}H"


def move(at: tuple[int, int] | None, x: int, y: int) -> str:
    """The shortest way to (x, y) from ``at``, or from anywhere when that is not known."""
    if at == (x, y):
        return ""
    shortest = place(x, y)
    if at is not None:
        if at[1] == y:
            step = x - at[0]
            short = right(step) if step > 0 else "\r" if x == 0 else "\b" * -step if step > -5 else f"\x1b[{-step}D"
            shortest = min(shortest, short, key=len)
        elif at[0] == x:
            step = y - at[1]
            number = "" if abs(step) == 1 else str(abs(step))
            shortest = min(shortest, f"\x1b[{number}{'B' if step > 0 else 'A'}", key=len)
    return shortest
