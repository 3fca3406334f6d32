from __future__ import annotations

import numpy
import pytest

from workbench.curate.base import Context, Item, parse_repair
from workbench.curate.labels.common import soft_label
from workbench.learn.classifier import out_of_fold

CARDS = ["lost my card", "card stolen today", "block the card", "freeze my card now", "my card is gone"]
RATES = ["which exchange rate", "rate of interest", "the current rate", "best rate please", "what rate is it"]


def items() -> list[Item]:
    labels = ["card"] * 15 + ["rate"] * 15
    labels[3] = "rate"
    texts = [f"{text} {place}" for place, text in enumerate([*CARDS * 3, *RATES * 3])]
    return [Item(place, text, label=label) for place, (text, label) in enumerate(zip(texts, labels, strict=True))]


def test_soft_labels_mix_the_label_with_the_out_of_fold_probabilities() -> None:
    given = items()
    result = out_of_fold([one.text for one in given], [str(one.label) for one in given])
    found = list(parse_repair("soft_labels:alpha=0.4,sharpen=no").propose(given, Context()))
    for row, (one, item) in enumerate(zip(found, given, strict=True)):
        expected = 0.6 * result.probabilities[row]
        expected[result.classes.index(str(item.label))] += 0.4
        assert one is not None
        assert one.soft == pytest.approx(dict(zip(result.classes, expected, strict=True)))
        assert one.label is None
        assert one.confidence == pytest.approx(result.probabilities[row, result.classes.index(str(item.label))])
    assert found[3] is not None
    assert found[3].reason.startswith(".")
    assert ", classifier says card ." in found[3].reason


def test_small_probabilities_are_left_out_and_the_rest_adds_up() -> None:
    found = soft_label(numpy.array([0.0004, 0.7, 0.2996]), ["a", "b", "c"])
    assert list(found) == ["b", "c"]
    assert found["b"] == pytest.approx(0.7 / 0.9996)


def test_label_smoothing_by_hand() -> None:
    """Szegedy et al. 2016, section 7, as ``torch.nn.CrossEntropyLoss``: .2 over four labels, .05 each; .8 + .05 stay."""
    context = Context(labels=("a", "b", "c", "d"))
    found = list(parse_repair("label_smoothing:epsilon=0.2").propose([Item(1, "x", label="b"), Item(2, "y")], context))
    assert found[0] is not None
    assert found[0].soft == pytest.approx({"b": 0.85, "a": 0.05, "c": 0.05, "d": 0.05})
    assert (found[0].confidence, found[0].reason) == (1.0, ".85 on b, the rest evenly")
    assert found[1] is None


def test_temporal_ensembling_mixes_where_the_average_agrees() -> None:
    given = items()
    spec = "temporal_ensembling:epochs=6,folds=3,threshold=0.5,alpha=0.5"
    found = [one for one in parse_repair(spec).propose(given, Context()) if one is not None]
    assert len(found) == 30
    wrong, right = found[3], found[4]
    assert wrong.reason.endswith("the average alone counts")
    assert wrong.soft is not None
    assert wrong.soft["card"] > wrong.soft["rate"]
    assert wrong.soft["rate"] == pytest.approx(wrong.confidence, abs=1e-3)
    assert right.reason.endswith("; counts")
    assert right.soft is not None
    assert right.soft["card"] == pytest.approx(0.5 + 0.5 * right.confidence, abs=1e-3)


def test_temporal_ensembling_with_smoothing_by_hand() -> None:
    """SuperGen's smoothing (torch's): of the label's part epsilon goes evenly to all labels."""
    given = items()
    spec = "temporal_ensembling:epochs=6,folds=3,threshold=0.5,alpha=0.5"
    plain = list(parse_repair(spec).propose(given, Context()))
    smooth = list(parse_repair(f"{spec},epsilon=0.15").propose(given, Context()))
    for before, after in zip(plain, smooth, strict=True):
        assert before is not None
        assert before.soft is not None
        assert after is not None
        if before.reason.endswith("the average alone counts"):
            assert after == before
            continue
        best = max(before.soft, key=lambda name: before.soft[name])
        assert after.soft == pytest.approx(
            {name: share + 0.5 * 0.15 * (0.5 - (name == best)) for name, share in before.soft.items()}, abs=2e-3
        )
    assert list(parse_repair(f"{spec},epsilon=0").propose(given, Context())) == plain
