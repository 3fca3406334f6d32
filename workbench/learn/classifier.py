"""The small classifier that filters, suggestions and metrics share: TF-IDF and multinomial logistic regression.

Features are words (``text.tokens``) and character 2- to 4-grams inside words (``learn.features.text_rows``). Measured on
banking77 (10,003 training and 3,080 test texts, 77 classes): words alone .896 accuracy; words with word pairs .890;
characters .905; words and characters .912; word pairs added to those gain .003 for twice the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.features import GramTfidf, Progress, fitted_rows, text_rows
from workbench.learn.folds import deal
from workbench.learn.grams import Grams, count_grams
from workbench.learn.targets import Soft, soft_targets

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Inverse strength of the L2 penalty, for rows of length 1. 10 rather than 40: on wrong labels a stronger penalty
#: memorises less.
STRENGTH = 10.0
#: Texts whose rows are in memory together while labels are predicted.
AT_ONCE = 50_000


class TextClassifier:
    """Texts to label probabilities. Deterministic: the same texts in the same order give the same numbers.

    >>> model = TextClassifier().fit(["lost card", "which rate"], ["lost", "rate"])
    >>> model.predict(["card lost yesterday"])
    ['lost']

    ``fit`` and ``probabilities`` take texts, which ``count`` cuts and counts (``FeatureStore.grams`` counts each text of a
    project once; results are the same). ``fit_rows`` and ``probabilities_rows`` take rows that are there already
    (``Context.rows``), so that texts are cut and counted once however many models are trained on them.
    """

    def __init__(self, count: Callable[[Sequence[str]], Grams] = count_grams) -> None:
        self._count = count
        self.classes: list[str] = []
        self._features: GramTfidf | None = None
        self._parameters: Array | None = None

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[str | None],
        weights: Sequence[float] | None = None,
        seed: int = 0,
        *,
        soft: Soft | None = None,
    ) -> TextClassifier:
        """Train on ``n`` texts with a label each; document frequencies are those of the texts.

        ``weights`` (n, at least 0) multiply each text's part of the loss. Where ``soft[i]`` is a mapping, it stands in
        for ``labels[i]``: training is the same as if the text were there once per class of the mapping, with so much
        weight. ``seed`` is kept for solvers that draw; the present one draws nothing. Returns the classifier. Raises
        ``WorkbenchError`` when there are fewer than two classes, or no words.
        """
        targets = self._targets(len(texts), labels, weights, soft)
        features, rows = fitted_rows(self._count(texts))
        self._train(rows, targets)
        self._features = features
        return self

    def fit_rows(
        self,
        rows: csr_matrix,
        labels: Sequence[str | None],
        weights: Sequence[float] | None = None,
        *,
        soft: Soft | None = None,
    ) -> TextClassifier:
        """``fit`` on the rows of the texts, ``(n, v)`` of length 1, as ``text_rows`` gives them."""
        self._train(rows, self._targets(rows.shape[0], labels, weights, soft))
        self._features = None
        return self

    def probabilities(self, texts: Sequence[str]) -> Array:
        """``(len(texts), len(classes))`` float64; rows add up to 1, columns follow ``classes``."""
        import numpy

        if self._features is None:
            raise ValueError("fit the classifier on texts first")
        found = numpy.zeros((len(texts), len(self.classes)))
        for start in range(0, len(texts), AT_ONCE):  # rows of a million texts would take gigabytes
            part = texts[start : start + AT_ONCE]
            found[start : start + AT_ONCE] = self.probabilities_rows(self._features.rows(self._count(part)))
        return found

    def probabilities_rows(self, rows: csr_matrix) -> Array:
        """``probabilities`` for rows with the same columns as those of ``fit_rows``."""
        import numpy

        from workbench.learn.logistic import probabilities

        if self._parameters is None:
            raise ValueError("fit the classifier first")
        found = probabilities(rows, self._parameters).astype(numpy.float64)
        found /= found.sum(axis=1, keepdims=True)
        return found

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The most probable class of each text."""
        return [self.classes[best] for best in self.probabilities(texts).argmax(axis=1).tolist()]

    def _train(self, rows: csr_matrix, targets: Array) -> None:
        from workbench.learn.logistic import fit_logistic

        self._parameters = fit_logistic(rows, targets, STRENGTH)

    def _targets(
        self, size: int, labels: Sequence[str | None], weights: Sequence[float] | None, soft: Soft | None
    ) -> Array:
        """How much weight each text has on each class, ``(n, k)`` float32; sets ``classes``."""
        self.classes, targets = soft_targets(size, labels, weights, soft)
        return targets


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """``probabilities`` (n, k) float64 by models that did not see the text; columns follow ``classes``.

    ``judged`` (n,) is False where no such model could know the text's own class (see ``out_of_fold``): the row then
    says nothing against the label.
    """

    probabilities: Array
    classes: list[str]
    judged: Array


def out_of_fold(
    texts: Sequence[str],
    labels: Sequence[str],
    folds: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    extra_texts: Sequence[str] = (),
    extra_labels: Sequence[str] = (),
    rows: csr_matrix | None = None,
) -> OutOfFold:
    """Each text's label probabilities by a model trained on the other folds (and on all of ``extra_texts``).

    Folds are stratified: every class is shuffled (``seed``) and dealt out in turn, so that its members spread over as
    many folds as it has members. A class with fewer members than folds is missing from no training part as long as it
    has two members (or one among the extra texts). A class with a single member cannot be judged: that text's
    ``judged`` is False and it takes part in every training set but its own.

    ``rows`` are the rows of ``texts`` and then ``extra_texts``, made here when they are not given. They are the same in
    all folds: document frequencies count every text, held-out ones too, but no label has a part in them. Raises
    ``WorkbenchError`` when there are fewer than two classes.
    """
    import numpy

    if len(texts) != len(labels) or len(extra_texts) != len(extra_labels):
        raise ValueError("texts and labels differ in number")
    everyone = [*labels, *extra_labels]
    if rows is not None and rows.shape[0] != len(everyone):
        raise ValueError("texts and rows differ in number")
    classes = sorted(set(everyone))
    if len(classes) < 2:
        raise WorkbenchError(
            f"Checking labels needs at least two labels to tell apart; "
            f"these {len(texts):,} samples have {len(classes)}."
        )
    if folds < 2:
        raise WorkbenchError("Cross-validation needs at least two folds.")
    column = {name: place for place, name in enumerate(classes)}
    given = numpy.array([column[label] for label in labels], numpy.int64)
    fold = deal(given, folds, seed)
    if rows is None:
        rows = text_rows([*texts, *extra_texts])
    extra = numpy.arange(len(texts), len(everyone))
    probabilities = numpy.zeros((len(texts), len(classes)))
    judged = numpy.ones(len(texts), bool)
    for turn in range(folds):
        held = numpy.flatnonzero(fold == turn)
        train = numpy.concatenate([numpy.flatnonzero(fold != turn), extra])
        if len(held):
            known = [everyone[i] for i in train.tolist()]
            columns = [column[name] for name in sorted(set(known))]
            judged[held] = numpy.isin(given[held], columns)
            if len(columns) >= 2:
                model = TextClassifier().fit_rows(rows[train], known)
                probabilities[numpy.ix_(held, numpy.array(columns))] = model.probabilities_rows(rows[held])
            elif known:
                probabilities[held, columns[0]] = 1.0
        if progress is not None:
            progress(turn + 1, folds)
    return OutOfFold(probabilities, classes, judged)
