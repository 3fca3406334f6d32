"""Label smoothing: a little of the label's weight goes to all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import labelled
from workbench.curate.labels.relabelling import names_of
from workbench.errors import WorkbenchError


@REPAIRS.register("label_smoothing")
@dataclass(frozen=True, slots=True)
class LabelSmoothing:
    """The soft label is ``1 - epsilon`` on the label and ``epsilon / (k - 1)`` on each of the k - 1 others; the labels are
    the project's and the samples'. SuperGen trains with 0.15 (``run_finetune.sh`` in yumeng5/SuperGen)."""

    name: ClassVar[str] = "label_smoothing"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Gives each sample a soft label: most of it on its label, the rest evenly on the others."
    paper: ClassVar[str] = "Szegedy et al. 2016 (arXiv 1512.00567); Meng et al. 2022, SuperGen (arXiv 2202.04538)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary models / label refinery"
    pointwise: ClassVar[bool] = True

    epsilon: float = parameter(0.15, "what all other labels get together (0 to 1)")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.epsilon < 1.0, "epsilon should be between 0 and 1")

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """A soft label (or None) per item, in order; its confidence is 1: it is a rule, not a guess. Raises
        ``WorkbenchError`` with no label at all, or fewer than two."""
        names = names_of(context, labelled(self.name, items).labels) if items else []
        if items and len(names) < 2:
            raise WorkbenchError(f"{self.name} needs at least two labels; there is one.")
        for index, item in enumerate(items):
            if (index + 1) % 1000 == 0 or index + 1 == len(items):
                context.step(index + 1, len(items))
            if item.label is None or item.settled:
                yield None
                continue
            other = self.epsilon / (len(names) - 1)
            soft = {item.label: 1.0 - self.epsilon, **{name: other for name in names if name != item.label}}
            yield Proposal(1.0, f"{short(1.0 - self.epsilon)} on {quote(item.label)}, the rest evenly", soft=soft)
