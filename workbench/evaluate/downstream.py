"""Train on one set, test on another: what the benchmark metrics and the before/after comparison share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from workbench.errors import WorkbenchError
from workbench.evaluate.base import Material, Sample
from workbench.text import normalise

NO_TEST = "There are no labelled real test rows: add some with `workbench import PROJECT FILE --as test`."


class EvaluationError(WorkbenchError):
    """The material does not allow this measurement; the sentence says what to do."""


@dataclass(frozen=True)
class Outcome:
    """Predictions of a classifier on test rows it never saw. ``gold`` and ``predicted`` follow ``test_ids``."""

    trained_on: int
    test_ids: Sequence[int]
    gold: Sequence[str]
    predicted: Sequence[str]

    @cached_property
    def correct(self) -> list[int]:
        """1 where the prediction is right, else 0, in the order of ``test_ids``."""
        return [int(truth == guess) for truth, guess in zip(self.gold, self.predicted, strict=True)]

    @cached_property
    def accuracy(self) -> float:
        return sum(self.correct) / len(self.correct)


def labelled(samples: Sequence[Sample], labels: Collection[str]) -> list[Sample]:
    """The samples whose resolved label is one of ``labels`` (any label when there are none)."""
    known = set(labels)
    return [sample for sample in samples if sample.label is not None and (not known or sample.label in known)]


def train_and_test(training: Sequence[Sample], test: Sequence[Sample], seed: int = 0) -> Outcome:
    """Train the project's small classifier on ``training`` and predict ``test``; both carry labels.

    A training sample counts by its weight, one that weighs nothing not at all; one with a soft label is trained on that:
    the cross-entropy against its probabilities.

    Raises ``EvaluationError`` when there are no test rows or fewer than two labels to learn.
    """
    if not test:
        raise EvaluationError(NO_TEST)
    known = [sample for sample in training if sample.weight > 0]
    different = len({name for sample in known for name in (sample.soft or (sample.label,))})
    if different < 2:
        raise EvaluationError(
            f"A classifier needs training samples of at least two labels, there are {different}: "
            "generate or label samples of other labels."
        )
    from workbench.learn.classifier import TextClassifier

    weights = [sample.weight for sample in known]
    plain, hard = all(weight == 1.0 for weight in weights), all(sample.soft is None for sample in known)
    model = TextClassifier().fit(
        [sample.text for sample in known],
        [sample.label for sample in known],
        None if plain else weights,
        seed,
        soft=None if hard else [sample.soft for sample in known],
    )
    predicted = [str(label) for label in model.predict([sample.text for sample in test])]
    return Outcome(len(training), [sample.id for sample in test], [str(sample.label) for sample in test], predicted)


def on_data_set(material: Material) -> Outcome:
    """Trained on the material's data set, tested on its real test rows; trained once per material."""

    def run() -> Outcome:
        test = labelled(material.test, material.labels)
        return train_and_test(labelled(material.samples, material.labels), test, material.seed)

    return material.shared("outcome:samples", run)


def draw(samples: Sequence[Sample], size: int, seed: int) -> list[Sample]:
    """``size`` of the labelled ``samples`` with the labels' shares kept as well as whole samples allow; seeded."""
    if size >= len(samples):
        return list(samples)
    import numpy as np

    random = np.random.default_rng(seed)
    sizes = Counter(sample.label for sample in samples)
    taken: Counter[str | None] = Counter()
    places: list[tuple[float, int]] = []
    for position in random.permutation(len(samples)).tolist():
        label = samples[position].label
        # Each label's samples are spread evenly over 0 to 1; the first `size` places then hold its share.
        places.append(((taken[label] + 0.5) / sizes[label], position))
        taken[label] += 1
    places.sort(key=lambda place: place[0])
    return [samples[position] for position in sorted(position for _, position in places[:size])]


def leaked(training: Sequence[Sample], test: Sequence[Sample]) -> list[int]:
    """Ids of test rows whose text (normalised) is also a training text: a benchmark on them measures memory."""
    seen = {normalise(sample.text) for sample in training}
    return [sample.id for sample in test if normalise(sample.text) in seen]
