"""Pairs of outputs from a file: JSON lines, or one JSON array, of outputs for one input.

A row is ``{"input": ..., "outputs": {NAME: TEXT, ...}, "preferred": NAME or "tie"}``, or as LLMBar has it (Zeng et al.,
*Evaluating Large Language Models at Evaluating Instruction Following*, ICLR 2024) ``{"input" or "instruction", "output_1",
"output_2", "label": 1 or 2}``. What is preferred is kept as known (gold) and shown to nobody who judges.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from workbench.errors import FileError
from workbench.exchange.base import Bad, Row
from workbench.exchange.reading import read
from workbench.store.duels import NewDuel, Side

TIE = "tie"
_LLMBAR = ("output_1", "output_2")


@dataclass
class Imported:
    """What a file holds. ``failed``: rows that could not be read, with their lines."""

    contenders: list[str] = field(default_factory=list)
    duels: list[NewDuel] = field(default_factory=list)
    failed: list[Bad] = field(default_factory=list)
    read: int = 0


def load(path: Path, *, seed: int = 0) -> Imported:
    """The duels of a file, contenders in the order in which they come; a row with several outputs makes a duel of every two.

    Which of two outputs is the duel's first is drawn. Raises ``FileError`` when nothing in it can be paired.
    """
    found, draw = Imported(), random.Random(seed)
    for row in read(path):
        if isinstance(row, Bad):
            found.failed.append(row)
            continue
        found.read += 1
        made = _row(row)
        if isinstance(made, str):
            found.failed.append(Bad(row.line, made))
            continue
        text, outputs, preferred = made
        for name in outputs:
            if name not in found.contenders:
                found.contenders.append(name)
        for one, other in combinations(outputs, 2):
            first, second = (other, one) if draw.random() < 0.5 else (one, other)
            places = found.contenders.index(first), found.contenders.index(second)
            found.duels.append(
                NewDuel(text, *places, outputs[first], outputs[second], gold=_gold(preferred, first, second))
            )
    if not found.duels:
        why = f"; {found.failed[0]}" if found.failed else ""
        raise FileError(path, None, f"holds no pairs of outputs{why}")
    return found


def _gold(preferred: str | None, first: str, second: str) -> Side | None:
    return {TIE: "tie", first: "first", second: "second"}.get(preferred or "")  # type: ignore[return-value]


def _row(row: Row) -> tuple[str, dict[str, str], str | None] | str:
    """Input, outputs by name and the preferred one; or what is wrong."""
    values = row.values
    if all(name in values for name in _LLMBAR):
        return _llmbar(values)
    outputs = values.get("outputs")
    if not isinstance(outputs, Mapping) or len(outputs) < 2:
        return 'has no "outputs" (two or more texts by name), and no "output_1" and "output_2"'
    if not all(isinstance(text, str) and name for name, text in outputs.items()):
        return 'has "outputs" that are no texts by name'
    text = values.get("input", "")
    if not isinstance(text, str):
        return 'has an "input" that is no text'
    preferred = values.get("preferred")
    if preferred is not None and preferred != TIE and preferred not in outputs:
        return '"preferred" names none of the outputs, nor "tie"'
    return text, dict(outputs), preferred


def _llmbar(values: Mapping[str, Any]) -> tuple[str, dict[str, str], str | None] | str:
    outputs = {name: values[name] for name in _LLMBAR}
    given = [values[name] for name in ("instruction", "input") if values.get(name)]
    if not all(isinstance(text, str) for text in (*given, *outputs.values())):
        return "has an input or an output that is no text"
    label = values.get("label")
    if label is not None and label not in (1, 2):
        return '"label" is neither 1 nor 2'
    return "\n\n".join(given), outputs, None if label is None else _LLMBAR[label - 1]
