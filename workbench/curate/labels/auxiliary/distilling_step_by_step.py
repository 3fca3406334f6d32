"""Distilling step-by-step: a student that also predicts the rationale proposes labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import Labelled, check_apply, check_folds, columns_of, labelled
from workbench.errors import WorkbenchError
from workbench.text import clean, words

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Words of the rationales that the second head predicts: the ones in the most rationales, in two at least.
WORDS = 2_000


@REPAIRS.register("distilling_step_by_step")
@dataclass(frozen=True, slots=True)
class DistillingStepByStep:
    """``learn.two_heads``: the student sees the text (all string fields but the rationale), and learns the label and the
    rationale's words, loss ``alpha * label + (1 - alpha) * rationale``. Where the student trained on the other folds
    prefers another label, it is proposed; its confidence is the chance that it is the true one, given the student's
    probabilities and the estimated share of wrong labels (``learn.confident.posterior``). Seeds take no part.
    """

    name: ClassVar[str] = "distilling_step_by_step"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Proposes labels by a student that learns to predict the rationales too."
    paper: ClassVar[str] = "Hsieh et al. 2023, Distilling Step-by-Step (arXiv 2305.02301)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / knowledge distillation"
    fields: ClassVar[bool] = True

    field: str = parameter("rationale", "name of the field that says why")
    alpha: float = parameter(0.5, "part of the label in the loss (0 to 1); 1 leaves the rationale out")
    epochs: int = parameter(10, "passes over the samples")
    folds: int = parameter(5, "parts of the cross-validation")
    apply: float | None = parameter(None, "confidence from which the label is changed at once, or none")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.alpha <= 1.0, "alpha should be over 0 and at most 1")
        require(self.name, 1 <= self.epochs <= 500, "epochs should be from 1 to 500")
        check_folds(self.name, self.folds)
        check_apply(self.name, self.apply)

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal or None per item, in order. Raises ``WorkbenchError`` where no sample has a rationale, or fewer
        than two labels are there."""
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        import numpy

        from workbench.learn import confident

        chosen = labelled(self.name, items)
        whys = [self._why(item) for item in chosen.items]
        if not any(whys):
            raise WorkbenchError(
                f"{self.name} learns from rationales, and no sample has text in the field {clean(self.field, limit=60)!r}: "
                f"name the field ({self.name}:field=NAME), or take it out of the chain."
            )
        classes = sorted(set(chosen.labels))
        if len(classes) < 2:
            raise WorkbenchError(f"{self.name} needs at least two labels to tell apart; these samples have one.")
        given = columns_of(chosen.labels, classes)
        beliefs, judged = self._beliefs(chosen, whys, given, len(classes), context)
        settled = numpy.array([item.settled for item in chosen.items], bool)
        free = judged & ~settled
        calibration = confident.calibrate(beliefs[free], given[free])
        best = beliefs.argmax(axis=1)
        rows = numpy.flatnonzero((best != given) & free)
        sure = confident.posterior(beliefs[rows], given[rows], calibration)[numpy.arange(len(rows)), best[rows]]
        found = {}
        for confidence, row in zip(sure.tolist(), rows.tolist(), strict=True):
            label = classes[int(best[row])]
            reason = (
                f"labelled {quote(chosen.labels[row])} {short(float(beliefs[row, given[row]]))}, student that learned "
                f"the rationales says {quote(label)} {short(float(beliefs[row, best[row]]))}"
            )
            found[chosen.places[row]] = Proposal(confidence, reason, label=label)
        return found

    def _why(self, item: Item) -> str:
        value = item.fields.get(self.field)
        return value if isinstance(value, str) else ""

    def _text(self, item: Item) -> str:
        """What the student sees: were the rationale in it, there would be nothing to learn."""
        return "\n".join(value for name, value in item.fields.items() if isinstance(value, str) and name != self.field)

    def _beliefs(
        self, chosen: Labelled, whys: list[str], given: Array, classes: int, context: Context
    ) -> tuple[Array, Array]:
        import numpy

        from workbench.learn.features import word_tfidf
        from workbench.learn.folds import deal
        from workbench.learn.two_heads import fit_two_heads

        _, rows = word_tfidf([self._text(item) for item in chosen.items])
        told = _word_shares(whys)
        fold = deal(given, self.folds, context.seed)
        beliefs, judged = numpy.zeros((len(given), classes)), numpy.zeros(len(given), bool)
        for turn in range(self.folds):
            held, train = numpy.flatnonzero(fold == turn), numpy.flatnonzero(fold != turn)
            if len(held) and len(train):

                def progress(done: int, total: int, turn: int = turn) -> None:
                    context.step(turn * total + done, self.folds * total)

                model = fit_two_heads(
                    rows[train],
                    given[train],
                    told[train],
                    classes,
                    alpha=self.alpha,
                    epochs=self.epochs,
                    seed=context.seed,
                    progress=progress,
                )
                beliefs[held] = model.probabilities(rows[held])
                judged[held] = numpy.isin(given[held], given[train])
        return beliefs, judged


def _word_shares(texts: Sequence[str]) -> csr_matrix:
    """Each text's shares of the ``WORDS`` words that the most texts have (two at least), ``(n, m)`` float32 csr."""
    from collections import Counter

    import numpy
    from scipy.sparse import csr_matrix

    counts = [Counter(words(text)) for text in texts]
    spread = Counter(word for one in counts for word in one)
    known = sorted((word for word, n in spread.items() if n > 1), key=lambda word: (-spread[word], word))[:WORDS]
    place = {word: column for column, word in enumerate(known)}
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for one in counts:
        kept = {place[word]: n for word, n in one.items() if word in place}
        total = sum(kept.values())
        columns += kept.keys()
        data += [n / total for n in kept.values()]
        ends.append(len(data))
    return csr_matrix((numpy.array(data, numpy.float32), columns, ends), shape=(len(texts), len(known)))
