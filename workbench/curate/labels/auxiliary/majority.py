"""The label that most sources give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote
from workbench.curate.labels.common import check_apply
from workbench.curate.labels.voting import poll


@REPAIRS.register("majority")
@dataclass(frozen=True, slots=True)
class Majority:
    """One vote per source and sample (models that suggested a label, people; with ``own`` the sample's label too). The
    most frequent label is proposed where it is not the sample's; its confidence is its share of the votes. In a tie the
    sample's own label stays if it is one of the tied; else the first of them, in the order of the project's labels, is
    proposed, and the reason says that it is a tie. A sample without a label gets a proposal too."""

    name: ClassVar[str] = "majority"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Proposes the label that most of several sources give."
    paper: ClassVar[str] = "plurality vote; see Snow et al. 2008, Cheap and Fast - But is it Good? (EMNLP)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"
    votes: ClassVar[bool] = True

    own: bool = parameter(True, "the sample's own label counts as a vote")
    apply: float | None = parameter(None, "share of the votes from which the label is changed at once, or none")

    def __post_init__(self) -> None:
        check_apply(self.name, self.apply)

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal or None per item, in order. Raises ``WorkbenchError`` where no sample has a vote."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        import numpy

        from workbench.learn.crowd import majority

        asked = poll(self.name, items, context, self.own)
        counts = asked.votes.counts()
        result = majority(asked.votes)
        found = {}
        for row, place in enumerate(asked.places):
            if (row + 1) % 1000 == 0 or row + 1 == len(asked.places):
                context.step(row + 1, len(asked.places))
            best, given = int(result.label[row]), int(asked.given[row])
            most = int(counts[row, best])
            if items[place].settled or best == given or (given >= 0 and int(counts[row, given]) == most):
                continue
            others = [
                int(one) for one in numpy.argsort(-counts[row], kind="stable") if counts[row, one] and one != best
            ]
            told = [f"{quote(asked.labels[one])} {int(counts[row, one])}" for one in [best, *others[:3]]]
            reason = f"{'a tie' if result.tied[row] else 'votes'}: {', '.join(told)} of {int(counts[row].sum())}"
            found[place] = Proposal(float(result.share[row]), reason, label=asked.labels[best])
        return found
