"""Suspected label errors among very many samples: confident learning on out-of-fold probabilities, with bounded training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.learn.classifier import TextClassifier
from workbench.learn.confident import label_errors, label_quality
from workbench.learn.features import Progress, fitted_rows
from workbench.learn.folds import deal, draw
from workbench.learn.grams import Grams, count_grams

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Samples of the other folds that a classifier learns from at most, known ones beside them at most, samples judged at a
#: time.
TRAINED, KNOWN, STEP = 6_000, 6_000, 5_000


def suspicion(
    texts: Sequence[str],
    given: Sequence[str | None],
    known: Sequence[tuple[str, str]] = (),
    seed: int = 0,
    count: Callable[[Sequence[str]], Grams] | None = None,
    progress: Progress | None = None,
    *,
    folds: int = 3,
) -> Array:
    """``1 - p(given|x)`` out of fold, plus 1 for suspected errors (``confident.label_errors``); ``(n,)``.

    NaN for samples without a label, for a label that no classifier which did not see the sample knows, and everywhere
    when there are fewer than two labels. Memory: ``n`` times the number of labels, 4 bytes each, about three times over in
    the last step (1,000,000 samples of 77 labels: 1 GB).
    """
    import numpy

    found = numpy.full(len(texts), numpy.nan)
    places = numpy.array([place for place, label in enumerate(given) if label is not None], numpy.int64)
    names = sorted({label for label in given if label is not None} | {label for _, label in known})
    if len(names) < 2 or not len(places):
        return found
    cut = count or count_grams
    random = numpy.random.default_rng(seed)
    column = {name: place for place, name in enumerate(names)}
    own = numpy.array([column[given[place] or ""] for place in places.tolist()], numpy.int64)
    fold = deal(own, folds, seed)
    sure = [known[place] for place in draw(numpy.arange(len(known)), KNOWN, random).tolist()]
    chances = numpy.zeros((len(places), len(names)), numpy.float32)
    judged = numpy.zeros(len(places), bool)
    for turn in range(folds):
        held = numpy.flatnonzero(fold == turn)
        train = draw(numpy.flatnonzero(fold != turn), TRAINED, random)
        learn = [texts[places[i]] for i in train.tolist()] + [text for text, _ in sure]
        labels = [names[own[i]] for i in train.tolist()] + [label for _, label in sure]
        if len(held) and len(set(labels)) >= 2:
            features, rows = fitted_rows(cut(learn))
            model = TextClassifier().fit_rows(rows, labels)
            into = numpy.array([column[name] for name in model.classes])
            for start in range(0, len(held), STEP):
                part = held[start : start + STEP]
                block = features.rows(cut([texts[places[i]] for i in part.tolist()]))
                chances[numpy.ix_(part, into)] = model.probabilities_rows(block)
            judged[held] = numpy.isin(own[held], into)
        if progress is not None:
            progress(turn + 1, folds)
    if judged.any():
        sound, labels_of = (chances, own) if judged.all() else (chances[judged], own[judged])
        quality = 1.0 - label_quality(sound, labels_of)
        found[places[judged]] = quality + label_errors(sound, labels_of)
    return found
