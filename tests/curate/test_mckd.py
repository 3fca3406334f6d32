from __future__ import annotations

from dataclasses import replace

import numpy
import pytest

from workbench.curate.base import Context, Item, parse_repair
from workbench.curate.labels.auxiliary import mckd
from workbench.errors import WorkbenchError
from workbench.learn.classifier import TextClassifier
from workbench.learn.folds import deal

CARDS = ["lost my card", "card stolen today", "block the card", "freeze my card now", "my card is gone"]
RATES = ["which exchange rate", "rate of interest", "the current rate", "best rate please", "what rate is it"]


def items() -> list[Item]:
    labels = ["card"] * 50 + ["rate"] * 50
    labels[3], labels[70] = "rate", "card"
    texts = [f"{text} {place}" for place, text in enumerate([*CARDS * 10, *RATES * 10])]
    return [Item(place, text, label=label) for place, (text, label) in enumerate(zip(texts, labels, strict=True))]


def test_each_student_learns_one_half_and_labels_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[tuple[int, list[str]]] = []
    labelled: list[int] = []

    class Watched(TextClassifier):
        def fit_rows(self, rows, labels, *args, **more):  # type: ignore[no-untyped-def]
            taught.append((rows.shape[0], list(labels)))
            return super().fit_rows(rows, labels, *args, **more)

        def probabilities_rows(self, rows):  # type: ignore[no-untyped-def]
            labelled.append(rows.shape[0])
            return super().probabilities_rows(rows)

    monkeypatch.setattr("workbench.learn.classifier.TextClassifier", Watched)
    given = items()
    seeds = [Item(900, "insurance", label="other"), Item(901, "travel insurance", label="other")]
    found = list(mckd.MCKD(stages=2).propose(given, Context(seeds=seeds)))
    assert [count for count, _ in taught] == [52, 52, 52, 52]  # a half and both seeds
    assert labelled == [50, 50, 50, 50]
    half = deal(numpy.array([["card", "rate"].index(str(one.label)) for one in given]), 2, 0)
    first = [str(one.label) for one, side in zip(given, half, strict=True) if side == 0]
    assert taught[0][1] == [*first, "other", "other"]  # the given labels in the first stage
    assert taught[2][1] != taught[0][1]  # what the other student said in the second
    proposals = {place: one for place, one in enumerate(found) if one is not None}
    assert {place: one.label for place, one in proposals.items()} == {3: "card", 70: "rate"}
    assert proposals[3].reason.endswith("2 of 2 stages")


def test_settled_labels_stay_as_they_are_in_every_stage() -> None:
    given = [replace(one, settled=place == 3) for place, one in enumerate(items())]
    found = {place for place, one in enumerate(parse_repair("mckd").propose(given, Context())) if one is not None}
    assert found == {70}


def test_a_half_with_one_label_is_a_sentence() -> None:
    with pytest.raises(WorkbenchError, match="a half here has fewer than two labels"):
        list(parse_repair("mckd").propose([*items()[:3], items()[70], Item(1, "rate", label="rate")], Context()))
