"""Drops samples that are too like an earlier one by ROUGE-L: Self-Instruct's rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short


@FILTERS.register("rouge_novelty")
@dataclass(frozen=True, slots=True)
class RougeNovelty:
    """Keeps a sample when its highest ROUGE-L F-measure against the kept ones before it is at most ``maximum``.

    Order decides: of two samples too like each other the earlier one stays (people's accepted samples come first).
    Tokens are ``text.tokens``; the package ``rouge_score`` would use runs of a-z and 0-9 only.
    """

    name: ClassVar[str] = "rouge_novelty"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample whose ROUGE-L with an earlier kept one is over the maximum."
    paper: ClassVar[str] = "Wang et al. 2022, Self-Instruct (arXiv 2212.10560)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("maximum", "above")

    maximum: float = parameter(0.7, "highest ROUGE-L F-measure with an earlier sample (0 to 1)")
    seeds: bool = parameter(True, "compare with the seeds too, as Self-Instruct does")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.maximum <= 1.0, "maximum should be over 0 and at most 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the ROUGE-L with ``other``, the most similar sample (or
        seed)."""
        return self.judge_new(items, (), context)

    def judge_new(self, new: Sequence[Item], old: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per new item, in order, against the ``old`` ones and each other."""
        from workbench.learn.novelty import rouge_novelty

        seeds = list(context.seeds) if self.seeds else []
        known = [*seeds, *old]
        results = rouge_novelty(
            [item.text for item in new],
            self.maximum,
            known=[item.text for item in known],
            progress=context.step,
        )
        fine = Verdict(True, f"no earlier sample over ROUGE-L {short(self.maximum)}")
        for result in results:
            if result.twin is None:
                yield fine
                continue
            twin = known[-1 - result.twin] if result.twin < 0 else new[result.twin]
            kind = "seed" if -len(seeds) <= result.twin < 0 else "sample"
            reason = f"ROUGE-L {short(result.score)} with {kind} {twin.id}: {quote(twin.text)}"
            yield Verdict(False, reason, result.score, twin.id)
