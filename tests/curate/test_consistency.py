from __future__ import annotations

import numpy
import pytest

from tests.curate.samples import judge, kept, relabelled, two_subjects
from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError
from workbench.learn.classifier import OutOfFold


def test_the_share_of_runs_that_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs; sample 1 is given its label once, sample 2 never, sample 3 cannot be judged."""
    said = {0: "aba", 1: "aca", 2: "aac"}

    def stand_in(*_: object, run: int, **__: object) -> OutOfFold:
        classes = ["a", "b", "c"]
        probabilities = numpy.eye(3)[[classes.index(label) for label in said[run]] + [0]]
        return OutOfFold(probabilities, classes, numpy.array([True, True, True, False]))

    monkeypatch.setattr("workbench.curate.filters.consistency.out_of_fold_probabilities", stand_in)
    items = [Item(1, "w", label="a"), Item(2, "x", label="b"), Item(3, "y", label="b"), Item(4, "z", label="c")]
    verdicts = judge("consistency:by=classifier,threshold=0.3", items)
    assert [verdict.value for verdict in verdicts] == [1.0, pytest.approx(1 / 3), 0.0, None]
    assert kept(verdicts) == [True, True, False, True]
    assert verdicts[2].reason == "labelled b: classifier agrees in 0 of 3 runs and says a"
    assert verdicts[2].scores == {"consistency.classifier": 0.0}


def test_neighbours_are_counted_by_similarity(monkeypatch: pytest.MonkeyPatch) -> None:
    near = [[(1, 0.8), (2, 0.2)], [(0, 0.8), (3, 0.4)], []]
    monkeypatch.setattr("workbench.learn.neighbours.nearest_neighbours", lambda *_, **__: near)
    items = [Item(1, "x", label="a"), Item(2, "y", label="b"), Item(3, "z", label="a")]
    verdicts = judge("consistency:by=neighbours", items, Context(seeds=[Item(9, "s", label="b")]))
    assert [verdict.value for verdict in verdicts] == [pytest.approx(0.2), pytest.approx(0.4 / 1.2), None]
    assert kept(verdicts) == [True, True, True]
    assert kept(judge("consistency:by=neighbours,threshold=0.25", items, Context(seeds=[Item(9, "s", label="b")]))) == [
        False, True, True,
    ]  # fmt: skip
    assert verdicts[0].reason == "labelled a: 1 of 2 neighbours agree, .20 by similarity, sample 2 (.80) is labelled b"
    assert verdicts[0].other == 2
    assert verdicts[2].reason == "labelled a: no sample is near"


def test_both_must_speak_against_a_sample() -> None:
    items = two_subjects(30)
    items[4] = relabelled(items[4], "rate")
    items.append(Item(99, "none"))
    context = Context()
    verdicts = judge("consistency:folds=3,neighbours=5", items, context)
    assert [item.id for item, verdict in zip(items, verdicts, strict=True) if not verdict.keep] == [4]
    assert verdicts[4].scores is not None
    assert verdicts[4].value == max(verdicts[4].scores.values())
    assert items[verdicts[4].other or 0].label == "card"
    assert verdicts[-1].reason == "has no label yet"
    # Nothing is near the last text, so that only the classifier can speak against it: it takes it for the usual label.
    mostly = [item for place, item in enumerate(two_subjects(30)) if item.label == "card" or place % 3 == 0]
    mostly.append(Item(98, "zzz qqq", label="rate"))
    assert not judge("consistency:by=classifier", mostly)[-1].keep
    assert judge("consistency:by=both", mostly)[-1].keep
    alone = judge("consistency", [Item(1, "a b", label="x"), Item(2, "c d", label="y")])
    assert kept(alone) == [True, True]
    with pytest.raises(WorkbenchError, match="none here has"):
        judge("consistency", [Item(1, "a")])


def test_the_first_run_is_shared_with_label_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.learn import classifier

    trained: list[int] = []
    real = classifier.out_of_fold

    def counting(
        texts: list[str], labels: list[str], folds: int, seed: int, *rest: object, **named: object
    ) -> OutOfFold:
        trained.append(seed)
        return real(texts, labels, folds, seed, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(classifier, "out_of_fold", counting)
    items, context = two_subjects(20), Context(seed=7)
    judge("label_disagreement", items, context)
    judge("consistency:by=classifier,runs=2", items, context)
    judge("label_disagreement:threshold=0.4", items, context)
    assert trained == [7, 8]
    judge("label_disagreement", items[:-1], context)
    assert trained == [7, 8, 7]
