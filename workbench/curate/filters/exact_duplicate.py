"""Drops samples whose text is the same as an earlier one's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter
from workbench.text import content_hash, normalise


@FILTERS.register("exact_duplicate")
@dataclass(frozen=True, slots=True)
class ExactDuplicate:
    """Same text: equal after NFKC, case folding and folding of white space (``text.normalise``)."""

    name: ClassVar[str] = "exact_duplicate"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample whose text equals another's, case and spacing aside."
    paper: ClassVar[str] = (
        "Lee et al. 2022, Deduplicating Training Data Makes Language Models Better (arXiv 2107.06499)"
    )

    keep: Literal["first", "last"] = parameter("first", "which of the equal samples stays")
    per_label: bool = parameter(False, "count texts as equal only when their labels are equal too")
    seeds: bool = parameter(False, "also drop samples that equal a seed")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``other`` is the sample (or seed) that stays."""
        keys = [self._key(item) for item in items]
        owner: dict[str, int] = {}
        for key, item in zip(keys, items, strict=True) if self.keep == "first" else self._backwards(keys, items):
            owner.setdefault(key, item.id)
        seeds = {self._key(seed): seed.id for seed in reversed(context.seeds)} if self.seeds else {}
        for done, (key, item) in enumerate(zip(keys, items, strict=True), 1):
            if key in seeds:
                yield Verdict(False, f"same text as seed {seeds[key]}", 1.0, seeds[key])
            elif owner[key] != item.id:
                yield Verdict(False, f"same text as sample {owner[key]}", 1.0, owner[key])
            else:
                yield Verdict(
                    True,
                    "no other sample before it has this text"
                    if self.keep == "first"
                    else "no other sample after it has this text",
                )
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _key(self, item: Item) -> str:
        return content_hash([normalise(item.text), item.label if self.per_label else None])

    @staticmethod
    def _backwards(keys: Sequence[str], items: Sequence[Item]) -> Iterator[tuple[str, Item]]:
        return zip(reversed(keys), reversed(items), strict=True)
