"""Drops samples that are nearly the same as one that is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require, short


@FILTERS.register("near_duplicate")
@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """``learn.near_duplicates``: MinHash candidates, each drop verified against the kept sample that it names."""

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample that nearly repeats a kept one: reworded little, reordered, mistyped or wrapped."
    )
    paper: ClassVar[str] = "Broder 1997, On the resemblance and containment of documents"

    threshold: float = parameter(0.78, "similarity from which two texts count as the same (0 to 1)")
    keep: Literal["first", "last", "longest"] = parameter("first", "which sample of a group stays")
    seeds: bool = parameter(False, "also drop samples that nearly repeat a seed")

    def __post_init__(self) -> None:
        require(self.name, 0.5 <= self.threshold <= 1.0, "threshold should be from 0.5 to 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the similarity and ``other`` the sample (or seed) that stays."""
        from workbench.learn.near_duplicates import near_duplicates

        known = list(context.seeds) if self.seeds else []
        everything = [*known, *items]
        order = list(range(len(known), len(everything)))
        if self.keep == "last":
            order.reverse()
        elif self.keep == "longest":
            order.sort(key=lambda index: -len(everything[index].text))
        matches = near_duplicates(
            [item.text for item in everything],
            self.threshold,
            order=[*range(len(known)), *order],
            seed=context.seed,
            progress=context.step,
        )
        found = {match.index: match for match in matches}
        for index in range(len(known), len(everything)):
            match = found.get(index)
            if match is None:
                yield Verdict(True, "no kept sample is near")
                continue
            twin = everything[match.twin]
            kind = "seed" if match.twin < len(known) else "sample"
            reason = f"{short(match.similarity)} like {kind} {twin.id}: {quote(twin.text)}"
            yield Verdict(False, reason, match.similarity, twin.id)
