"""Small materials for the evaluation tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from workbench.evaluate.base import Sample


def sample(number: int, text: str, label: str | None = None, **more: str | None) -> Sample:
    """A sample whose generated label is its label, unless told."""
    return Sample(number, text, label, **{"generated_label": label, **more})


def rows(*pairs: tuple[str, str | None], first: int = 1) -> list[Sample]:
    return [sample(first + i, text, label) for i, (text, label) in enumerate(pairs)]


@dataclass(frozen=True)
class WordVotes:
    """A classifier simple enough to work out by hand: each known word votes for the labels it was seen with."""

    classes: Sequence[str]
    votes: dict[str, list[str]]

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.ones((len(texts), len(self.classes)))
        for row, text in enumerate(texts):
            for word in text.split():
                for label in self.votes.get(word, ()):
                    counts[row, list(self.classes).index(label)] += 1
        return counts / counts.sum(axis=1, keepdims=True)

    def predict(self, texts: Sequence[str]) -> list[str]:
        return [self.classes[best] for best in self.probabilities(texts).argmax(axis=1)]


def fit(
    texts: Sequence[str], labels: Sequence[str], weights: object = None, seed: int = 0, *, soft: object = None
) -> WordVotes:
    votes: dict[str, list[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        for word in text.split():
            votes.setdefault(word, []).append(label)
    return WordVotes(sorted(set(labels)), votes)


def out_of_fold(texts: Sequence[str], labels: Sequence[str], folds: int = 5, seed: int = 0) -> SimpleNamespace:
    """Leave one out, whatever ``folds``."""
    classes = sorted(set(labels))
    found = np.zeros((len(texts), len(classes)))
    for left in range(len(texts)):
        keep = [i for i in range(len(texts)) if i != left]
        model = fit([texts[i] for i in keep], [labels[i] for i in keep])
        part = model.probabilities([texts[left]])[0]
        for label, value in zip(model.classes, part, strict=True):
            found[left, classes.index(label)] = value
    judged = np.array([list(labels).count(label) > 1 for label in labels])
    return SimpleNamespace(probabilities=found, classes=classes, judged=judged)


class TextClassifier:
    def __init__(self, count: object = None) -> None:
        """Counts nothing: it looks at words."""

    fit = staticmethod(fit)


CLASSIFIER = SimpleNamespace(TextClassifier=TextClassifier, out_of_fold=out_of_fold)
