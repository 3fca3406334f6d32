"""What a training command wrote, read with suspicion: sizes, kinds of file, JSON that is not what it should be."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.evaluate.outside import OutsideError

#: Largest files that are read, in bytes; of predictions per test row, beside a megabyte.
METRICS_BYTES, ROW_BYTES = 1 << 20, 4_096
#: A number this large is none that a table could show.
HIGHEST = 1e15
#: Numbers that are taken from metrics.json, and characters of their names.
MOST, LONGEST = 20, 40


def metrics(folder: Path) -> dict[str, float]:
    """The numbers in ``metrics.json`` by name (other characters than letters, digits and ``_.@-`` become ``_``); none when
    there is no file. What is no number below ``HIGHEST`` is left out; raises
    ``OutsideError`` when the file is no object of JSON, or holds more than ``MOST`` numbers."""
    text = _text(folder / "metrics.json", METRICS_BYTES)
    if text is None:
        return {}
    found = _json(text, "metrics.json")
    if not isinstance(found, dict):
        raise OutsideError("Your trainer's metrics.json should be one object: names and numbers.")
    numbers: dict[str, float] = {}
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        number = _float(value)
        if abs(number) < HIGHEST:  # never of NaN
            numbers[re.sub(r"[^A-Za-z0-9_.@-]", "_", name)[:LONGEST] or "_"] = number
    if len(numbers) > MOST:
        raise OutsideError(f"Your trainer's metrics.json has {len(numbers):,} numbers, at most {MOST} are taken.")
    return numbers


def predictions(folder: Path, ids: Sequence[int]) -> list[str] | None:
    """One label for each of ``ids``, from ``predictions.jsonl``; None when there is no such file.

    A line is a label (``"lost"``), or an object with ``label`` and, unless lines stand in the order of the test rows,
    ``id``. Raises ``OutsideError`` naming the line where it is something else, and when rows are missing or double.
    """
    text = _text(folder / "predictions.jsonl", (1 << 20) + ROW_BYTES * len(ids))
    if text is None:
        return None
    given: list[tuple[Any, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            given.append(_prediction(_json(line, f"predictions.jsonl, line {number:,},"), number))
    if len(given) != len(ids):
        raise OutsideError(f"Your trainer's predictions.jsonl has {len(given):,} labels for {len(ids):,} test rows.")
    named = sum(one is not None for one, _ in given)
    if not named:
        return [label for _, label in given]
    by_id = dict(given)
    if named != len(given) or by_id.keys() != set(ids):
        raise OutsideError(
            "Your trainer's predictions.jsonl should name each test row once by the id in test.jsonl, or none at all."
        )
    return [by_id[one] for one in ids]


def _prediction(found: Any, number: int) -> tuple[int | None, str]:
    if isinstance(found, str):
        return None, found
    if isinstance(found, dict) and isinstance(label := found.get("label"), str):
        one = found.get("id")
        if one is None or (isinstance(one, int) and not isinstance(one, bool)):
            return one, label
    raise OutsideError(
        f"Your trainer's predictions.jsonl, line {number:,}, should be a label or an object with label and id."
    )


def _text(path: Path, most: int) -> str | None:
    """The file's text; None when there is none. Raises ``OutsideError`` for a link, a device or a pipe, and over ``most``
    bytes."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutsideError(f"Your trainer's {path.name} cannot be read ({error.strerror}).") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OutsideError(f"Your trainer's {path.name} is not a plain file.")
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OutsideError(
            f"Your trainer's {path.name} is larger than {most / 1e6:,.0f} MB, which is more than it may be."
        )
    return data.decode("utf-8", "replace")


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number too long"
        raise OutsideError(f"Your trainer's {where} is not JSON ({why}).") from error


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
