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
    """The soft label is ``(1 - epsilon)`` of the label and ``epsilon / k`` of each of all k labels, so that the label keeps
    ``1 - epsilon + epsilon / k``; the labels are the project's and the samples'. SuperGen trains with 0.15
    (``run_finetune.sh`` and ``CrossEntropyLoss(label_smoothing=...)`` in ``src/models.py``, yumeng5/SuperGen)."""

    name: ClassVar[str] = "label_smoothing"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Gives each sample a soft label: most of it on its label, the rest evenly on the others."
    paper: ClassVar[str] = "Szegedy et al. 2016 (arXiv 1512.00567); Meng et al. 2022, SuperGen (arXiv 2202.04538)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"
    pointwise: ClassVar[bool] = True

    epsilon: float = parameter(0.15, "what goes evenly to all labels, its own included (0 to 1)")

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
            each = self.epsilon / len(names)
            own = 1.0 - self.epsilon + each
            soft = {item.label: own, **{name: each for name in names if name != item.label}}
            yield Proposal(1.0, f"{short(own)} on {quote(item.label)}, the rest evenly", soft=soft)
