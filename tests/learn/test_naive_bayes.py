"""Naive Bayes equals scikit-learn's, and trains on soft labels as on rows that are there several times."""

from __future__ import annotations

import numpy
from sklearn.naive_bayes import MultinomialNB

from workbench.learn.features import text_rows
from workbench.learn.naive_bayes import ALPHA, fit_bayes, probabilities
from workbench.learn.targets import soft_targets

TEXTS = ["lost my card", "card stolen", "new pin please", "change the pin", "which rate", "exchange rate today"]
LABELS = ["card", "card", "pin", "pin", "rate", "rate"]


def test_equals_scikit_learn() -> None:
    rows = text_rows(TEXTS)
    weights = [1.0, 2.0, 1.0, 0.5, 1.0, 3.0]
    classes, targets = soft_targets(6, LABELS, weights)
    theirs = MultinomialNB(alpha=ALPHA).fit(rows, LABELS, sample_weight=weights)
    assert classes == theirs.classes_.tolist()
    # The targets are in single precision.
    assert numpy.allclose(probabilities(rows, fit_bayes(rows, targets)), theirs.predict_proba(rows), atol=1e-5)


def test_soft_labels_are_shares_of_a_row() -> None:
    rows = text_rows(TEXTS)
    soft = [{"card": 0.75, "pin": 0.25}, *[None] * 5]
    _, targets = soft_targets(6, [None, *LABELS[1:]], None, soft)
    _, twice = soft_targets(7, [*LABELS, "pin"], [0.75, 1, 1, 1, 1, 1, 0.25])
    several = rows[[0, 1, 2, 3, 4, 5, 0]]
    assert numpy.allclose(fit_bayes(rows, targets), fit_bayes(several, twice), atol=1e-6)
