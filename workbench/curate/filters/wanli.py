"""Keeps the samples about which a classifier changes its mind most: WANLI's filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require
from workbench.curate.shared import dynamics_scores, known_seeds, labelled, sample_dynamics


@FILTERS.register("wanli")
@dataclass(frozen=True, slots=True)
class WANLI:
    """Ranks by the highest variability of any label, ``max_l std_e p_e(l|x)``, and keeps the top.

    The label that is given does not enter: it may be wrong. The classifier learns from the seeds, as WANLI's from the
    data set that it extends; ``reference=samples`` trains it on the samples themselves. ``balance=labels`` is the
    released rule (``filtering/keep_ambiguous.py`` in alisawuffles/wanli): of n samples and k labels at most
    ``int(n keep) // k`` of each label stay; ``balance=share`` keeps that share (rounded down) within each label. Meant
    for data that a person labels afterwards: ambiguous samples are also those with the most label errors.
    """

    name: ClassVar[str] = "wanli"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Keeps the share of samples about which a classifier wavers most while it learns."
    paper: ClassVar[str] = "Liu et al. 2022, WANLI (arXiv 2201.05955)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics / learning dynamics"

    keep: float = parameter(0.5, "share to keep (0 to 1)")
    balance: Literal["labels", "share"] = parameter("labels", "as many of each label, or that share of each label")
    reference: Literal["seeds", "samples"] = parameter("seeds", "what the classifier learns from")
    epochs: int = parameter(10, "passes over what it learns from, and so checkpoints")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.keep <= 1.0, "keep should be over 0 and at most 1")
        require(self.name, 2 <= self.epochs <= 100, "epochs should be from 2 to 100")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the highest variability, the score ``dynamics.highest`` too.

        Raises ``WorkbenchError`` with no label at all, or with ``reference=seeds`` and seeds of fewer than two labels.
        """
        import numpy

        chosen = labelled(items, self.name)
        if not chosen:
            return
        known = known_seeds(context, self.name) if self.reference == "seeds" else []
        dynamics, _ = sample_dynamics(chosen, context, epochs=self.epochs, reference=known, highest=True)
        highest = dynamics.highest
        assert highest is not None
        groups: dict[str, list[int]] = {}
        for row in numpy.argsort(-highest, kind="stable").tolist():
            groups.setdefault(chosen[row].label or "", []).append(row)
        quota = int(len(chosen) * self.keep + 1e-9) // len(groups)
        rank: dict[int, tuple[int, int, int]] = {}
        for group in groups.values():
            stay = quota if self.balance == "labels" else int(len(group) * self.keep + 1e-9)
            rank.update({row: (place, stay, len(group)) for place, row in enumerate(group, 1)})
        row = 0
        for item in items:
            if item.label is None:
                yield Verdict(True, "has no label yet")
                continue
            value = float(highest[row])
            place, stay, size = rank[row]
            reason = (
                f"variability {value:.3f}".replace("0.", ".", 1)
                + f", number {place:,} of {size:,} labelled {quote(item.label)} ({min(stay, size):,} stay)"
            )
            scores = {**(dynamics_scores(dynamics, row) or {}), "dynamics.highest": value}
            yield Verdict(place <= stay, reason, value, scores=scores)
            row += 1
        context.step(len(items), len(items))
