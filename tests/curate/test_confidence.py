from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.curate.samples import judge, kept
from workbench.curate.base import Item
from workbench.errors import UsageError

SUPERGEN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "supergen_sst2" / "train.json"

ITEMS = [
    *(Item(place, "x", label="ab"[place // 5], scores={"confidence": -place / 10}) for place in range(10)),
    Item(10, "x", label="a"),
]


def dropped(spec: str) -> list[int]:
    return [place for place, verdict in enumerate(judge(spec, ITEMS)) if not verdict.keep]


def test_drops_the_lowest_share_per_label() -> None:
    verdicts = judge("confidence:drop=0.2", ITEMS)
    assert dropped("confidence:drop=0.2") == [4, 9]
    assert verdicts[9].reason == "mean log-probability -.90 (perplexity 2.5), number 1 from below of 5 with its label"
    assert verdicts[10].reason == "has no such score"
    assert dropped("confidence:drop=0.2,per_label=false") == [8, 9]
    assert dropped("confidence:drop=0,below=-0.75") == [8, 9]


def test_keeps_as_many_of_each_label_from_the_top_as_supergen() -> None:
    """``combine`` of ``src/gen_utils.py`` (yumeng5/SuperGen): the first k of each label's list, sorted by -score."""
    assert dropped("confidence:drop=0,most=3") == [3, 4, 8, 9]
    assert dropped("confidence:drop=0,most=9") == []
    assert dropped("confidence:drop=0.8,most=3") == [1, 2, 3, 4, 6, 7, 8, 9]
    with pytest.raises(UsageError, match="most should be"):
        judge("confidence:most=0", [])


@pytest.mark.skipif(not SUPERGEN.exists(), reason="shared/data/supergen_sst2 is not here")
def test_supergens_own_set_is_in_the_order_of_this_rule() -> None:
    """``data/SST-2/train.json``: 3,000 of each label in turn, best first; its first 2,000 rows are what most=1000 keeps."""
    rows = json.loads(SUPERGEN.read_text(encoding="utf-8"))
    items = [
        Item(place, row["text"], label=row["label"], scores={"confidence": row["score"]})
        for place, row in enumerate(rows)
    ]
    assert kept(judge("confidence:drop=0,most=1000", items)) == [place < 2_000 for place in range(6_000)]
    assert all(kept(judge("confidence:drop=0,most=3000", items)))


def test_perplexity_between_limits() -> None:
    items = [Item(place, "x", scores={"confidence": -math.log(value)}) for place, value in enumerate((1.5, 8.0, 60.0))]
    items += [Item(3, "x"), Item(4, "x", scores={"confidence": -1e9})]
    verdicts = judge("perplexity:minimum=2", items)
    assert kept(verdicts) == [False, True, False, True, False]
    assert [verdict.rule for verdict in verdicts] == ["low", "", "high", "", "high"]
    assert verdicts[0].reason == "perplexity 1.5 (mean log-probability -.41), under 2"
    assert verdicts[1].value == pytest.approx(8.0)
    assert kept(judge("perplexity", items)) == [True, True, False, True, False]
    with pytest.raises(UsageError, match="minimum should be"):
        judge("perplexity:minimum=60", [])
