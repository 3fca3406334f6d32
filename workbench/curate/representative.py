"""Which of several samples that are the same stays.

Those that a person has decided on (``Item.settled``) always stay, and come first. Of the others the rule ``keep`` says it:
``first`` and ``last`` go by order, ``longest`` by characters, ``score`` by ``Item.scores["confidence"]`` (samples
without one come after those with one). Of equals the first stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from workbench.curate.base import Item

Keep = Literal["first", "last", "longest", "score"]
_KEPT_AS = {"first": "the first", "last": "the last", "longest": "the longest", "score": "the most confident"}


def visiting(items: Sequence[Item], keep: Keep, places: Iterable[int] | None = None) -> Sequence[int]:
    """``places`` (default: all) in the order of preference: who comes first stays."""
    order = list(range(len(items)) if places is None else places)
    if keep == "last":
        order.reverse()
    elif keep == "longest":
        order.sort(key=lambda place: -len(items[place].text))
    elif keep == "score":
        order.sort(key=lambda place: -items[place].scores.get("confidence", -float("inf")))
    return order


def kept_as(item: Item, keep: Keep, *, before: bool = False) -> str:
    """Why this sample stays, for the reason of another that does not; ``before``: it had been kept earlier."""
    if item.settled:
        return "kept as a person's"
    return "kept before" if before else f"kept as {_KEPT_AS[keep]}"
