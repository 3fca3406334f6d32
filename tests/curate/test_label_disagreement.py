from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from tests.curate.samples import judge
from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError

BANKING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77" / "train.csv"


def test_label_disagreement_needs_labels() -> None:
    with pytest.raises(WorkbenchError, match="at least two labels"):
        judge("label_disagreement", [Item(1, "a b", label="one"), Item(2, "c d", label="one")])
    with pytest.raises(WorkbenchError, match="needs seeds"):
        judge("label_disagreement:reference=seeds", [Item(1, "a b", label="one")])
    with pytest.raises(WorkbenchError, match="none here has; take it out"):
        judge("label_disagreement", [Item(1, "a b")])
    mixed = judge("label_disagreement", [Item(1, "a"), Item(2, "b", label="x"), Item(3, "c", label="y")])
    assert mixed[0].reason == "has no label yet"
    alone = judge("label_disagreement", [Item(1, "a", label="x"), Item(2, "b", label="y")])
    assert alone[0].reason == "nothing else is labelled x, so there is nothing to compare with"


@pytest.mark.skipif(not BANKING.exists(), reason="shared/data/banking77 is not here")
@pytest.mark.parametrize("reference", ["both", "folds", "seeds"])
def test_label_disagreement_drops_mostly_wrong_labels(reference: str) -> None:
    with BANKING.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})[:12]
    draw = random.Random(0)
    seeds: list[Item] = []
    items: list[Item] = []
    wrong: set[int] = set()
    for name in names:
        found = [row["text"] for row in rows if row["category"] == name]
        draw.shuffle(found)
        seeds += [Item(10_000 + len(seeds) + place, text, label=name) for place, text in enumerate(found[:60])]
        for text in found[60:]:
            label = name
            if draw.random() < 0.12:
                wrong.add(len(items))
                label = draw.choice([other for other in names if other != name])
            items.append(Item(len(items), text, label=label))
    verdicts = judge(f"label_disagreement:reference={reference}", items, Context(seeds=seeds))
    dropped = {place for place, verdict in enumerate(verdicts) if not verdict.keep}
    assert len(dropped & wrong) / len(dropped) >= 0.85
    assert len(dropped & wrong) / len(wrong) >= 0.95
    example = verdicts[min(dropped)]
    assert example.reason.startswith("labelled ")
    assert ", classifier says " in example.reason
