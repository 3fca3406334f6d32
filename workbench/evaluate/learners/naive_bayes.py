"""Naive Bayes: counts of words and characters, one pass over the data, a second opinion beside the linear learner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.evaluate.learning import LEARNERS, Counts, Trained, Training

if TYPE_CHECKING:
    import numpy

    from workbench.learn.features import GramTfidf

    Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class _Bayes:
    classes: Sequence[str]
    count: Counts
    features: GramTfidf
    parameters: Array

    def probabilities(self, texts: Sequence[str]) -> Array:
        from workbench.learn.naive_bayes import probabilities

        return probabilities(self.features.rows(self.count(texts)), self.parameters)


@LEARNERS.register("naive_bayes")
def naive_bayes(training: Training) -> Trained:
    """Multinomial naive Bayes on the rows of the linear learner (``learn.naive_bayes``)."""
    from workbench.learn.features import fitted_rows
    from workbench.learn.naive_bayes import fit_bayes
    from workbench.learn.targets import soft_targets

    classes, targets = soft_targets(len(training.texts), training.labels, training.weights, training.soft)
    features, rows = fitted_rows(training.count(training.texts))
    return _Bayes(classes, training.count, features, fit_bayes(rows, targets))
