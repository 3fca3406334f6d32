"""The label that several sources give, each weighed by how often and in which way it errs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import check_apply
from workbench.curate.labels.voting import OWN, Poll, poll

if TYPE_CHECKING:
    from workbench.learn.crowd import Crowd


@REPAIRS.register("dawid_skene")
@dataclass(frozen=True, slots=True)
class DawidSkene:
    """``learn.crowd.dawid_skene`` over the votes of several sources (models that suggested a label, people; with ``own``
    the sample's label too). The label with the highest posterior is proposed where it is not the sample's; the
    posterior is the confidence. Settled samples enter with their label as the known truth. A sample without a label
    gets a proposal too.

    The posterior takes the sources to err independently. Of simulated proposals with .99 or more, where they do, .95 to
    1.00 were right (3 to 5 sources, 300 to 5,000 samples, 2 to 77 labels); models that learnt from the same texts do
    not, so that nothing is applied unless told."""

    name: ClassVar[str] = "dawid_skene"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Proposes the likeliest label given several sources and how often each of them errs."
    paper: ClassVar[str] = "Dawid and Skene 1979, Maximum Likelihood Estimation of Observer Error-Rates (EM)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"
    votes: ClassVar[bool] = True

    own: bool = parameter(True, "the sample's own label counts as a vote of a source of its own")
    smoothing: float = parameter(0.1, "votes added to each cell of a source's error rates; 0 as in the paper")
    apply: float | None = parameter(None, "posterior from which the label is changed at once, or none")

    def __post_init__(self) -> None:
        require(self.name, 0.0 <= self.smoothing <= 100.0, "smoothing should be from 0 to 100")
        check_apply(self.name, self.apply)

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal or None per item, in order. Raises ``WorkbenchError`` where no sample has a vote."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        import numpy

        from workbench.learn.crowd import dawid_skene

        asked = poll(self.name, items, context, self.own)
        settled = numpy.array([items[place].settled for place in asked.places], bool)
        known = numpy.where(settled, asked.given, -1)
        result = dawid_skene(asked.votes, known=known, smoothing=self.smoothing, progress=context.step)
        context.step(1, 1)
        best = result.posterior.argmax(axis=1)
        chosen = numpy.flatnonzero((best != asked.given) & ~settled)
        said = _said(asked, set(chosen.tolist()))
        found = {}
        for row in chosen.tolist():
            label, sure = int(best[row]), float(result.posterior[row, best[row]])
            old = f" against {short(float(result.posterior[row, asked.given[row]]))}" if asked.given[row] >= 0 else ""
            reason = (
                f"{quote(asked.labels[label])} {short(sure)}{old}: {self._best_source(asked, result, said[row], label)}"
            )
            found[asked.places[row]] = Proposal(sure, reason, label=asked.labels[label])
        return found

    def _best_source(self, asked: Poll, result: Crowd, said: list[tuple[int, int]], label: int) -> str:
        """The source that speaks for the label most clearly, and how often it says so when that is the truth."""
        agree = [source for source, vote in said if vote == label]
        if not agree:
            return f"no source says so, but {len(said)} sources that err in this way"
        source = max(agree, key=lambda one: float(result.rates[one, label, label]))
        name = "the sample's label" if asked.sources[source] == OWN else quote(asked.sources[source])
        return f"{name} says it of {short(float(result.rates[source, label, label]))} of these"


def _said(asked: Poll, rows: set[int]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {row: [] for row in rows}
    for item, source, label in zip(asked.votes.item, asked.votes.source, asked.votes.label, strict=True):
        if int(item) in found:
            found[int(item)].append((int(source), int(label)))
    return found
