"""What predictions on test rows are told as: pairing, confusion, per label, intervals; shared by the benchmark's metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.evaluate.base import Metric
from workbench.evaluate.downstream import Outcome
from workbench.learn.intervals import Interval, is_rough, wilson

#: Ids that are kept behind a number, cells of a confusion matrix, and confused pairs.
BEHIND, CELLS, PAIRS = 1_000, 1_000, 50


def accuracy_metric(name: str, outcome: Outcome, note: str, details: dict[str, Any]) -> Metric:
    """Share of right predictions with its 95 % interval (Wilson); ``details`` are added to those that pair evaluations."""
    low, high = share(outcome)
    rough = is_rough(len(outcome.gold), outcome.accuracy)
    return Metric(name, outcome.accuracy, low, high, note, "share", "higher", pairing(outcome) | details, rough)


def share(outcome: Outcome) -> Interval:
    """95 % interval of the accuracy over test rows."""
    return wilson(sum(outcome.correct), len(outcome.correct))


def pairing(outcome: Outcome) -> dict[str, Any]:
    """What two evaluations are compared by, row by row: right and predicted labels as positions in ``classes``."""
    classes = sorted({*outcome.gold, *outcome.predicted})
    code = {label: position for position, label in enumerate(classes)}
    return {
        "test_ids": list(outcome.test_ids),
        "classes": classes,
        "gold": [code[label] for label in outcome.gold],
        "predicted": [code[label] for label in outcome.predicted],
    }


def confusion(outcome: Outcome) -> dict[str, Any]:
    """``classes``, and ``cells`` that are not empty: ``[right, predicted, times]`` as positions in ``classes``.

    All right ones are kept and the most frequent confusions, ``CELLS`` in all; ``left_out`` says how many confused rows
    are not in them.
    """
    classes = sorted({*outcome.gold, *outcome.predicted})
    code = {label: position for position, label in enumerate(classes)}
    times = Counter((code[truth], code[guess]) for truth, guess in zip(outcome.gold, outcome.predicted, strict=True))
    cells = sorted(times.items(), key=lambda cell: (cell[0][0] != cell[0][1], -cell[1], cell[0]))
    return {
        "classes": classes,
        "cells": [[truth, guess, number] for (truth, guess), number in cells[:CELLS]],
        "left_out": sum(number for _, number in cells[CELLS:]),
    }


def confusions(outcome: Outcome) -> list[list[Any]]:
    """The most frequent confusions as ``[right, predicted, times]``, by name."""
    wrong = Counter(
        (truth, guess) for truth, guess in zip(outcome.gold, outcome.predicted, strict=True) if truth != guess
    )
    return [[truth, guess, times] for (truth, guess), times in wrong.most_common(PAIRS)]


def per_label(outcome: Outcome) -> dict[str, dict[str, float]]:
    """Precision, recall with its 95 % Wilson interval, F1 and number of test rows of each label, right or predicted."""
    truth, guessed = Counter(outcome.gold), Counter(outcome.predicted)
    right = Counter(label for label, correct in zip(outcome.gold, outcome.correct, strict=True) if correct)
    found: dict[str, dict[str, float]] = {}
    for label in sorted({*truth, *guessed}):
        low, high = wilson(right[label], truth[label])
        found[label] = {
            "precision": right[label] / guessed[label] if guessed[label] else 0.0,
            "recall": right[label] / truth[label] if truth[label] else 0.0,
            "recall_low": low,
            "recall_high": high,
            "f1": 2 * right[label] / (truth[label] + guessed[label]),
            "count": truth[label],
        }
    return found


def behind(outcome: Outcome) -> list[int]:
    """Ids of rows predicted wrongly, the surest mistakes first."""
    return list(outcome.wrong[:BEHIND])


def mean_correct(outcomes: Sequence[Outcome]) -> list[float]:
    """For each test row the share of ``outcomes`` (of the same rows) that are right."""
    return [sum(right) / len(outcomes) for right in zip(*(outcome.correct for outcome in outcomes), strict=True)]
