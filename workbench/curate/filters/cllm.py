"""Drops samples whose label a classifier trained on the seeds never believed while it learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.shared import dynamics_scores, known_seeds, labelled, sample_dynamics

#: The paper's threshold on confidence. Its tasks have two labels (chance .5).
PAPER_CONFIDENCE = 0.2


@FILTERS.register("cllm")
@dataclass(frozen=True, slots=True)
class CLLM:
    """CLLM's curation: the classifier learns from the seeds, and its checkpoints are read off on the samples.

    A sample is dropped when its confidence and its aleatoric uncertainty are both under their thresholds: the classifier
    is sure that the label is wrong. (Under a confidence c the uncertainty is at most ``c (1 - c)``, .16 at .2: the second
    threshold only matters below that.) ``confidence=none`` is the paper's .2, or 1 / (number of labels) where that is
    less: with many labels a probability above chance says nothing against a label. ``aleatoric=none`` is the adaptive
    threshold of the released code (``src/curation.py`` in seedatnabeel/CLLM), .75 of the range found. The released code
    learns with 100 boosted trees; here it is the linear classifier of ``learn.dynamics``.
    """

    name: ClassVar[str] = "cllm"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops samples whose label a classifier, while it learns from the seeds, is sure is wrong."
    paper: ClassVar[str] = "Seedat et al. 2023, Curated LLM (arXiv 2312.12112)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics / learning dynamics"
    cut: ClassVar[Cut | None] = Cut("confidence", "below")

    confidence: float | None = parameter(None, "drop under this confidence; none is 0.2, or chance if that is lower")
    aleatoric: float | None = parameter(0.2, "and under this uncertainty; none is 0.75 of the range found")
    epochs: int = parameter(10, "passes over the seeds, and so checkpoints")

    def __post_init__(self) -> None:
        require(
            self.name, self.confidence is None or 0.0 < self.confidence <= 1.0, "confidence should be over 0, at most 1"
        )
        require(
            self.name, self.aleatoric is None or 0.0 < self.aleatoric <= 1.0, "aleatoric should be over 0, at most 1"
        )
        require(self.name, 2 <= self.epochs <= 100, "epochs should be from 2 to 100")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the confidence, ``rule`` "unselected" for what is dropped.

        Raises ``WorkbenchError`` with no label at all, or without seeds of at least two labels.
        """
        chosen = labelled(items, self.name)
        if not chosen:
            return
        known = known_seeds(context, self.name)
        dynamics, _ = sample_dynamics(chosen, context, epochs=self.epochs, reference=known)
        low = self.confidence
        if low is None:
            low = min(PAPER_CONFIDENCE, 1.0 / len({seed.label for seed in known}))
        calm = self.aleatoric
        if calm is None:
            found = dynamics.aleatoric[dynamics.known()]
            calm = 0.75 * float(found.max() - found.min()) if len(found) else 0.0
        row = 0
        for item in items:
            if item.label is None:
                yield Verdict(True, "has no label yet")
                continue
            scores = dynamics_scores(dynamics, row)
            if scores is None:
                yield Verdict(True, f"no seed is labelled {quote(item.label)}, so there is nothing to compare with")
            else:
                sure, doubt = scores["dynamics.confidence"], scores["dynamics.aleatoric"]
                keep = not (sure < low and doubt < calm)
                reason = (
                    f"confidence {_fine(sure)} in {quote(item.label)} (limit {_fine(low)}), "
                    f"uncertainty {_fine(doubt)} (limit {_fine(calm)})"
                )
                yield Verdict(keep, reason, sure, rule="" if keep else "unselected", scores=scores)
            row += 1
        context.step(len(items), len(items))


def _fine(value: float) -> str:
    """``short``, with as many decimals as a number under .1 needs to be told from its limit."""
    return short(value) if value >= 0.1 or value == 0.0 else f"{value:.2g}".replace("0.", ".", 1)
