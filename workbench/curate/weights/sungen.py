"""Weights that a noise-robust loss on held-out synthetic samples chooses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import WEIGHTINGS, Context, Item, Weight, parameter, require
from workbench.curate.weighing import UNLABELLED, change, labelled, level, to_mean_one


@WEIGHTINGS.register("sungen")
@dataclass(frozen=True, slots=True)
class SunGen:
    """``learn.bilevel``: weights that lower the reverse cross-entropy of a classifier trained with them, on parts that it
    did not see. Needs no gold data; what it finds is labels that the rest of the data contradicts.

    Weights have mean 1 within each label (``per_label``). The paper's tasks have two labels; with a dozen, the validation
    loss is lowered most cheaply by weighing a whole hard label away, which no benchmark forgives. A person's label
    (``settled``) is not reduced below 1 unless ``reduce_settled``.
    """

    name: ClassVar[str] = "sungen"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Learns weights that lower a noise-robust loss on held-out synthetic samples: wrong labels fade out."
    )
    paper: ClassVar[str] = "Gao et al. 2023, Self-Guided Noise-Free Data Generation (arXiv 2205.12679)"
    place: ClassVar[str] = "curate / sample filtering / re-weighting"

    steps: int = parameter(20, "outer steps; each trains the classifier anew from the last one")
    rate: float = parameter(0.25, "how far a step moves the weights (before the sigmoid)")
    l2: float = parameter(0.4, "penalty of the classifier; stronger memorises less")
    per_label: bool = parameter(True, "keep each label's share: weights have mean 1 within it")
    reduce_settled: bool = parameter(False, "let a sample that a person labelled fall below 1")

    def __post_init__(self) -> None:
        require(self.name, 1 <= self.steps <= 1000, "steps should be from 1 to 1,000")
        require(self.name, 0.0 < self.rate <= 10.0, "rate should be over 0 and at most 10")
        require(self.name, self.l2 > 0.0, "l2 should be over 0")

    def weigh(self, items: Sequence[Item], context: Context) -> Iterator[Weight]:
        """One weight per item, in order; mean 1. Raises ``WorkbenchError`` with fewer than two labels."""
        from workbench.learn.bilevel import reweigh

        known = labelled(items, self.name)
        if not len(known.items):
            yield from (UNLABELLED for _ in items)
            return
        found = reweigh(
            context.rows(known.texts()),
            known.labels,
            l2=self.l2,
            steps=self.steps,
            rate=self.rate,
            seed=context.seed,
            progress=context.step,
        )
        learnt = level(found.weights, known.labels) if self.per_label else found.weights
        values = to_mean_one(learnt, known.settled, self.reduce_settled)
        pairs = iter(zip(values.tolist(), found.gradients.tolist(), strict=True))
        for item in items:
            if item.label is None:
                yield UNLABELLED
                continue
            weight, gradient = next(pairs)
            if item.settled and not self.reduce_settled and weight == 1.0:
                yield Weight(weight, f"a person's label, not reduced; gradient {gradient:+.3f}")
                continue
            way = "grows" if gradient > 0 else "falls"
            reason = f"{change(weight)}: the validation loss {way} with it, gradient {gradient:+.3f}"
            if weight < 0.995 and gradient <= 0:
                reason += ", less than with others"
            yield Weight(weight, reason)
