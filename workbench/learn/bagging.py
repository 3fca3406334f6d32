"""Query by bagging: classifiers trained on bootstrap draws of the same samples, and how far their votes are split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.learn.classifier import TextClassifier
from workbench.learn.features import Progress, fitted_rows
from workbench.learn.grams import Grams, count_grams

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Most samples that a member learns from: a bootstrap draw is no larger.
DRAWN = 10_000


def bagged(
    known: Sequence[tuple[str, str]],
    members: int,
    seed: int = 0,
    count: Callable[[Sequence[str]], Grams] | None = None,
    progress: Progress | None = None,
) -> Callable[[Sequence[str]], Array]:
    """Train ``members`` classifiers; the result gives ``(n, members)`` int64, the class that each votes for.

    Each draws ``min(len(known), DRAWN)`` of ``known`` (text, label) with replacement, and one sample of every label that
    it missed. Raises ``WorkbenchError`` when ``known`` has fewer than two labels.
    """
    import numpy

    cut = count or count_grams
    texts, labels = [text for text, _ in known], [label for _, label in known]
    features, rows = fitted_rows(cut(texts))
    names = sorted(set(labels))
    column = {name: place for place, name in enumerate(names)}
    given = numpy.array([column[label] for label in labels], numpy.int64)
    random = numpy.random.default_rng(seed)
    models = []
    for member in range(members):
        drawn = random.integers(0, len(known), size=min(len(known), DRAWN))
        absent = numpy.setdiff1d(numpy.arange(len(names)), given[drawn])
        extra = [int(random.choice(numpy.flatnonzero(given == label))) for label in absent.tolist()]
        chosen = numpy.concatenate([drawn, numpy.array(extra, numpy.int64)])
        models.append(TextClassifier().fit_rows(rows[chosen], [labels[place] for place in chosen.tolist()]))
        if progress is not None:
            progress(member + 1, members)

    def votes(some: Sequence[str]) -> Array:
        block = features.rows(cut(some))
        found = [model.probabilities_rows(block).argmax(axis=1) for model in models]
        return numpy.stack(found, axis=1) if len(some) else numpy.zeros((0, members), numpy.int64)

    return votes


def vote_entropy(votes: Array) -> Array:
    """``- sum_y V(y)/C ln V(y)/C`` per row of ``votes`` (n, C), class numbers: ``(n,)``, from 0 to ``ln C``.

    Dagan & Engelson 1995, Committee-Based Sampling For Training Probabilistic Classifiers; without their constant
    ``1 / ln min(C, k)``, which changes no order.
    """
    import numpy

    size = votes.shape[1]
    same = votes[:, :, None] == votes[:, None, :]  # C is small: how many voted as each member did
    agreeing = same.sum(axis=2)
    # Each class with V votes appears V times here, with (1 / V) of its term each: - 1/C ln V/C.
    found: Array = -(numpy.log(agreeing / size) / size).sum(axis=1)
    return numpy.maximum(found, 0.0)
