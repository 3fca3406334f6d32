from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy
import pytest

from workbench.curate.base import Context, Item, parse_repair
from workbench.learn.classifier import out_of_fold
from workbench.learn.confident import calibrate, likeliest_other, posterior

BANKING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77" / "train.csv"


def items() -> list[Item]:
    cards = ["lost my card", "card stolen today", "block the card", "freeze my card now", "my card is gone"] * 6
    rates = ["which exchange rate", "rate of interest", "the current rate", "best rate please", "what rate is it"] * 6
    labels = ["card"] * 30 + ["rate"] * 30
    labels[3] = "rate"
    return [Item(place, f"{text} {place}", label=labels[place]) for place, text in enumerate([*cards, *rates])]


def test_the_proposal_has_both_numbers_and_the_posterior() -> None:
    given = items()
    proposals = list(parse_repair("confident_learning").propose(given, Context(seed=4)))
    assert [place for place, one in enumerate(proposals) if one is not None] == [3]
    found = proposals[3]
    result = out_of_fold([one.text for one in given], [str(one.label) for one in given], seed=4)
    columns = numpy.array([result.classes.index(str(one.label)) for one in given])
    expected = posterior(result.probabilities, columns, calibrate(result.probabilities, columns))[3, 0]
    assert found is not None
    assert found.label == "card"
    assert found.confidence == pytest.approx(float(expected))
    own, other = result.probabilities[3, 1], result.probabilities[3, 0]
    assert found.reason == f"labelled rate {own:.2f}, classifier says card {other:.2f}".replace(" 0.", " .")


def test_other_rankings_are_one_minus_the_quality_of_the_label() -> None:
    given = items()
    result = out_of_fold([one.text for one in given], [str(one.label) for one in given])
    own, other = result.probabilities[3, 1], result.probabilities[3, 0]
    for ranking, expected in (("self_confidence", 1 - own), ("normalised_margin", (1 - own + other) / 2)):
        found = list(parse_repair(f"confident_learning:ranking={ranking}").propose(given, Context()))[3]
        assert found is not None
        assert found.confidence == pytest.approx(float(expected))


def test_seeds_take_part_and_a_label_alone_cannot_be_judged() -> None:
    seeds = [Item(900, "travel insurance abroad", label="travel"), Item(901, "insurance for my trip", label="travel")]
    given = [*items(), Item(99, "my insurance on a trip abroad", label="card")]
    found = list(parse_repair("confident_learning").propose(given, Context(seeds=seeds)))[-1]
    assert found is None or found.label in ("travel", "rate")
    alone = [*items(), Item(99, "my card is stolen", label="only this one")]
    assert list(parse_repair("confident_learning").propose(alone, Context()))[-1] is None


@pytest.mark.skipif(not BANKING.exists(), reason="shared/data/banking77 is not here")
def test_sure_proposals_are_mostly_right_and_the_noise_is_estimated() -> None:
    with BANKING.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})[:10]
    draw = random.Random(1)
    right = [row["category"] for row in rows if row["category"] in names]
    given = [draw.choice([one for one in names if one != label]) if draw.random() < 0.1 else label for label in right]
    texts = [row["text"] for row in rows if row["category"] in names]
    chosen = [Item(place, text, label=label) for place, (text, label) in enumerate(zip(texts, given, strict=True))]
    found = list(parse_repair("confident_learning").propose(chosen, Context()))
    sure = [(place, one) for place, one in enumerate(found) if one is not None and one.confidence >= 0.9]
    wrong = sum(label != true for label, true in zip(given, right, strict=True))
    assert len(sure) >= 0.6 * wrong
    assert sum(one.label == right[place] for place, one in sure) / len(sure) >= 0.95
    result = out_of_fold(texts, given)
    columns = numpy.array([result.classes.index(label) for label in given])
    assert calibrate(result.probabilities, columns).noise == pytest.approx(wrong / len(given), abs=0.02)
    others, _ = likeliest_other(result.probabilities, columns)
    assert all(one.label == result.classes[int(others[place])] for place, one in sure)
