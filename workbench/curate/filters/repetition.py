"""Drops texts that repeat themselves: n-grams, lines, characters, turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.rules.measures import MEASURED
from workbench.curate.rules.pieces import pieces
from workbench.curate.rules.repeats import Repeat, repeated_turns, repeats
from workbench.learn.features import units
from workbench.text import clean

#: Characters of a text whose n-grams are counted (its first).
COUNTED = 200_000


@FILTERS.register("repetition")
@dataclass(frozen=True, slots=True)
class Repetition:
    """Gopher's repetition fractions (table A1) for texts of at least 100 words and lists of at least four lines or
    paragraphs, and runs of characters, words and phrases for texts of any length (``curate.rules.repeats``).

    The number of a sample is its worst fraction over that fraction's limit: over ``tolerance`` it is dropped. Of longer
    texts the first 200,000 characters are looked at (1,000,000 for lines and runs). JSON fields are not judged.
    """

    name: ClassVar[str] = "repetition"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample whose text repeats its own words, lines, characters or turns."
    paper: ClassVar[str] = (
        "Rae et al. 2021, Gopher (arXiv 2112.11446), table A1; Holtzman et al. 2020 (arXiv 1904.09751)"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("tolerance", "above")
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    tolerance: float = parameter(1.0, "largest fraction, as a multiple of its limit (1: the limits as they are)")

    def __post_init__(self) -> None:
        require(self.name, self.tolerance > 0, "tolerance should be over 0")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the worst fraction over its limit."""
        for done, item in enumerate(items, 1):
            yield self._verdict(item, context)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _verdict(self, item: Item, context: Context) -> Verdict:
        worst: Repeat | None = None
        where = ""
        texts = pieces(item, context.task)
        for piece in texts:
            if piece.part == "json" or not piece.text:
                continue
            found = max(
                repeats(piece.text[:MEASURED], units(piece.text[:COUNTED])), key=lambda one: one.ratio, default=None
            )
            if found is not None and (worst is None or found.ratio > worst.ratio):
                worst, where = found, f"{quote(piece.place)}: " if len(texts) > 1 else ""
        again = repeated_turns([piece.text[:MEASURED] for piece in texts if piece.part == "turn"])
        if again is not None and (worst is None or again.ratio > worst.ratio):
            worst, where = again, ""
        if worst is None:
            return Verdict(True, "repeats nothing", 0.0)
        if worst.ratio <= self.tolerance:
            return Verdict(True, f"{short(worst.ratio)} of the limit for {worst.rule}", worst.ratio)
        return Verdict(False, where + clean(worst.reason), worst.ratio, rule=worst.rule)
