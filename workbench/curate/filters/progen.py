"""Keeps the samples that help most: each one's influence on a held-out, noise-tolerant loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require
from workbench.curate.weighing import Labelled, labelled
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]


@FILTERS.register("progen")
@dataclass(frozen=True, slots=True)
class ProGen:
    """Ranks the samples of each label by ``learn.influence`` and keeps the best ``keep`` (or ``top``).

    With ``validation=synthetic`` the samples are dealt into parts that take turns as the validation part; the influence
    of a sample is its mean over the turns in which it was not validated on, and the loss is reverse cross-entropy. With
    ``real`` it is cross-entropy on the project's validation rows (as "if_gold" in the released code).
    """

    name: ClassVar[str] = "progen"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Keeps the most helpful samples of each label by their influence on held-out samples."
    paper: ClassVar[str] = "Ye et al. 2022, ProGen (arXiv 2210.12329); Koh & Liang 2017 (arXiv 1703.04730)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"

    keep: float = parameter(0.9, "share of each label's samples that stays, the most helpful first (0 to 1)")
    top: int | None = parameter(None, "instead of the share: how many of each label stay, or none")
    validation: Literal["synthetic", "real"] = parameter("synthetic", "what the loss is measured on")
    l2: float = parameter(0.4, "penalty of the classifier; stronger memorises less")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.keep <= 1.0, "keep should be over 0 and at most 1")
        require(self.name, self.top is None or self.top >= 1, "top should be at least 1, or none")
        require(self.name, self.l2 > 0.0, "l2 should be over 0")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the influence, negative where the sample helps.

        Raises ``WorkbenchError`` with fewer than two labels, or with ``validation=real`` and no labelled validation row.
        """
        known = labelled(items, self.name)
        if not len(known.items):
            yield from (Verdict(True, "has no label yet") for _ in items)
            return
        values = self._real(known, context) if self.validation == "real" else self._synthetic(known, context)
        ranks = _ranks(values, known.labels)
        rows = iter(zip(values.tolist(), ranks.tolist(), known.labels.tolist(), strict=True))
        sizes = _sizes(known.labels)
        for item in items:
            if item.label is None:
                yield Verdict(True, "has no label yet")
                continue
            value, rank, label = next(rows)
            stays = self.top if self.top is not None else max(1, round(self.keep * sizes[label]))
            kind = "helpful" if value < 0 else "harmful"
            reason = f"{kind} {value:+.3f}: rank {rank + 1:,} of {sizes[label]:,} of {quote(item.label)}"
            yield Verdict(rank < stays, reason, value)

    def _synthetic(self, known: Labelled, context: Context) -> Array:
        from workbench.learn.influence import held_out_influences

        rows = context.rows(known.texts())
        return held_out_influences(rows, known.labels, self.l2, seed=context.seed, progress=context.step)

    def _real(self, known: Labelled, context: Context) -> Array:
        from workbench.learn.influence import influences_on

        column = {name: place for place, name in enumerate(known.classes)}
        real = [item for item in context.validation if item.label in column]
        if not real:
            raise WorkbenchError(
                "progen with validation=real needs real validation rows with these labels; "
                "import some (--as validation), or use validation=synthetic."
            )
        texts = known.texts()
        rows = context.rows([*texts, *(item.text for item in real)])
        gold = [column[str(item.label)] for item in real]
        return influences_on(rows, known.labels, gold, self.l2, seed=context.seed, progress=context.step)


def _ranks(values: Array, labels: Array) -> Array:
    """The place of each sample among those of its label, (n,), 0 the most helpful; earlier ones first on ties."""
    import numpy

    found = numpy.empty(len(values), numpy.int64)
    for label in numpy.unique(labels):
        own = numpy.flatnonzero(labels == label)
        found[own[numpy.argsort(values[own], kind="stable")]] = numpy.arange(len(own))
    return found


def _sizes(labels: Array) -> list[int]:
    import numpy

    return [int(size) for size in numpy.bincount(labels)]
