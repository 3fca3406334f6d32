"""Train on one set, test on another: what the benchmark metrics and the before/after comparison share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.errors import WorkbenchError
from workbench.evaluate.base import Material, Sample
from workbench.evaluate.learning import FIRST, LEARNERS, Counts, Trained, Training, available, lacking
from workbench.text import normalise

NO_TEST = "There are no labelled real test rows: add some with `workbench import PROJECT FILE --as test`."


class EvaluationError(WorkbenchError):
    """The material does not allow this measurement; the sentence says what to do."""


class LeakError(EvaluationError):
    """A row that is to be predicted was trained on: no number would mean anything."""


@dataclass(frozen=True)
class Outcome:
    """Predictions of a classifier on test rows it never saw. ``gold`` and ``predicted`` follow ``test_ids``, as does
    ``confidence``: the probability of what is predicted."""

    trained_on: int
    test_ids: Sequence[int]
    gold: Sequence[str]
    predicted: Sequence[str]
    confidence: Sequence[float] = ()

    @cached_property
    def correct(self) -> list[int]:
        """1 where the prediction is right, else 0, in the order of ``test_ids``."""
        return [int(truth == guess) for truth, guess in zip(self.gold, self.predicted, strict=True)]

    @cached_property
    def accuracy(self) -> float:
        return sum(self.correct) / len(self.correct)

    @cached_property
    def wrong(self) -> list[int]:
        """Ids of the rows that were predicted wrongly, the surest mistakes first."""
        sure = self.confidence or [0.0] * len(self.test_ids)
        places = [place for place, right in enumerate(self.correct) if not right]
        return [self.test_ids[place] for place in sorted(places, key=lambda place: -sure[place])]


@dataclass(frozen=True)
class Model:
    """A classifier and the ids of what it was trained on."""

    trained: Trained
    ids: frozenset[int]
    trained_on: int

    def test(self, test: Sequence[Sample]) -> Outcome:
        """Predict labelled rows. Raises ``LeakError`` when one of them was trained on."""
        if not test:
            raise EvaluationError(NO_TEST)
        keep_apart(self.ids, test)
        found = self.trained.probabilities([sample.text for sample in test])
        best = found.argmax(axis=1).tolist()
        return Outcome(
            self.trained_on,
            [sample.id for sample in test],
            [str(sample.label) for sample in test],
            [str(self.trained.classes[place]) for place in best],
            found.max(axis=1).tolist(),
        )


def labelled(samples: Sequence[Sample], labels: Collection[str]) -> list[Sample]:
    """The samples whose resolved label is one of ``labels`` (any label when there are none)."""
    known = set(labels)
    return [sample for sample in samples if sample.label is not None and (not known or sample.label in known)]


def train(
    training: Sequence[Sample],
    seed: int = 0,
    *,
    learner: str = FIRST,
    count: Counts | None = None,
    embed: Callable[[Sequence[str]], Any] | None = None,
) -> Model:
    """Train a learner of ``evaluate/learners`` on ``training``, whose samples carry labels.

    A training sample counts by its weight, one that weighs nothing not at all; one with a soft label is trained on that:
    the cross-entropy against its probabilities. Raises ``EvaluationError`` when there are fewer than two labels to learn.
    """
    known = [sample for sample in training if sample.weight > 0]
    different = len({name for sample in known for name in (sample.soft or (sample.label,))})
    if different < 2:
        raise EvaluationError(
            f"A classifier needs training samples of at least two labels, there are {different}: "
            "generate or label samples of other labels."
        )
    weights = [sample.weight for sample in known]
    plain, hard = all(weight == 1.0 for weight in weights), all(sample.soft is None for sample in known)
    trained = LEARNERS.get(learner)(
        Training(
            [sample.text for sample in known],
            [sample.label for sample in known],
            None if plain else weights,
            None if hard else [sample.soft for sample in known],
            seed,
            count or Counts(),
            embed,
        )
    )
    return Model(trained, frozenset(sample.id for sample in training), len(training))


def train_and_test(training: Sequence[Sample], test: Sequence[Sample], seed: int = 0, **how: Any) -> Outcome:
    """``train`` (``how``: its options) and predict ``test``. Raises ``EvaluationError`` as ``train`` does and when there are no
    test rows, ``LeakError`` before anything is trained when a test row is among the training samples."""
    if not test:
        raise EvaluationError(NO_TEST)
    keep_apart(frozenset(sample.id for sample in training), test)
    return train(training, seed, **how).test(test)


def learners(material: Material) -> list[str]:
    """The learners of ``evaluate.learners`` in their order, or all that can be trained, the first for the benchmark's own
    numbers. Raises ``UsageError`` for one that does not exist."""
    wanted = material.settings.learners
    if wanted is None:
        return available(embed=material.embed is not None)
    return list(dict.fromkeys(wanted))


def means(material: Material, learner: str | None = None) -> dict[str, Any]:
    """Options of ``train`` for this material: its first learner unless told, and the work that learners share.

    Raises ``EvaluationError`` when the learner cannot be trained here.
    """
    name = learner or learners(material)[0]
    if (why := lacking(name, embed=material.embed is not None)) is not None:
        raise EvaluationError(f"The learner `{name}` cannot be trained. {why}")
    return {"learner": name, "count": material.shared("counts", Counts), "embed": material.embed}


def model_of(material: Material, learner: str | None = None) -> Model:
    """Trained on the material's data set; once per material and learner."""
    how = means(material, learner)
    return material.shared(
        ("model", how["learner"]),
        lambda: train(labelled(material.samples, material.labels), material.seed, **how),
    )


def on_data_set(material: Material, learner: str | None = None) -> Outcome:
    """Trained on the material's data set, tested on its real test rows; once per material and learner."""
    how = means(material, learner)

    def run() -> Outcome:
        test = labelled(material.test, material.labels)
        if not test:
            raise EvaluationError(NO_TEST)
        keep_apart(frozenset(sample.id for sample in material.samples), test)
        return model_of(material, learner).test(test)

    return material.shared(("outcome", how["learner"]), run)


def draw(samples: Sequence[Sample], size: int, seed: int) -> list[Sample]:
    """``size`` of the labelled ``samples`` with the labels' shares kept as well as whole samples allow; seeded."""
    if size >= len(samples):
        return list(samples)
    return [samples[position] for position in sorted(spread(samples, seed)[:size])]


def spread(samples: Sequence[Sample], seed: int) -> list[int]:
    """Positions of all ``samples`` in a seeded order of which every beginning has the labels' shares, as well as whole
    samples allow."""
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
    return [position for _, position in places]


def leaked(training: Sequence[Sample], test: Sequence[Sample]) -> list[int]:
    """Ids of test rows whose text (normalised) is also a training text: a benchmark on them measures memory."""
    seen = {normalise(sample.text) for sample in training}
    return [sample.id for sample in test if normalise(sample.text) in seen]


def keep_apart(trained: Collection[int], rows: Sequence[Sample]) -> None:
    """Raises ``LeakError`` when one of ``rows``, which are to be predicted, has the id of a ``trained`` sample."""
    if both := [sample.id for sample in rows if sample.id in trained]:
        named = ", ".join(map(str, both[:5]))
        raise LeakError(
            f"Rows that are to be predicted are among the training samples ({len(both):,}, such as {named}): "
            "take test and validation rows out of what is measured."
        )
