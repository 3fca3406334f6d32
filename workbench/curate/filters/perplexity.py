"""Drops samples that the generating model found too unlikely, or too likely, whatever the other samples are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, require, short


@FILTERS.register("perplexity")
@dataclass(frozen=True, slots=True)
class Perplexity:
    """``exp(-s)`` of the mean log-probability ``s`` of a sample's tokens, kept between two absolute limits.

    Unlike ``confidence``, which ranks, it judges each sample by itself, so that later samples change no verdict. Very low
    perplexity is text that the model repeats by heart, very high is noise. What is usual depends on the model and the
    temperature: look at the histogram before moving the limits. Samples without a score stay.
    """

    name: ClassVar[str] = "perplexity"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops samples whose perplexity under the model that wrote them is out of bounds."
    paper: ClassVar[str] = (
        "Wenzek et al. 2020, CCNet (arXiv 1911.00359), perplexity limits; scores as in Meng et al. 2022, SuperGen"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    pointwise: ClassVar[bool] = True
    cut: ClassVar[Cut | None] = Cut("maximum", "above")

    maximum: float = parameter(50.0, "drop over this perplexity")
    minimum: float = parameter(1.0, "drop under this perplexity (1: nothing)")
    score: str = parameter("confidence", "name of the score, a mean log-probability per token")

    def __post_init__(self) -> None:
        require(self.name, 1.0 <= self.minimum < self.maximum, "minimum should be at least 1 and under maximum")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the perplexity, ``rule`` "high" or "low" for what is dropped."""
        for index, item in enumerate(items):
            yield self._verdict(item.scores.get(self.score))
            if (index + 1) % 1000 == 0 or index + 1 == len(items):
                context.step(index + 1, len(items))

    def _verdict(self, score: float | None) -> Verdict:
        if score is None or math.isnan(score):
            return Verdict(True, "has no such score")
        value = math.exp(min(-score, 700.0))
        words = f"perplexity {value:,.1f} (mean log-probability {short(score)})"
        if value > self.maximum:
            return Verdict(False, f"{words}, over {self.maximum:g}", value, rule="high")
        if value < self.minimum:
            return Verdict(False, f"{words}, under {self.minimum:g}", value, rule="low")
        return Verdict(True, words, value)
