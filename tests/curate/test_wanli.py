from __future__ import annotations

import pytest

from tests.curate.samples import answering, given_probabilities, judge, kept, two_subjects
from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError

SEEDS = [Item(1, "s", label="a"), Item(2, "t", label="b")]


def test_keeps_the_most_variable_of_each_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """``filtering/keep_ambiguous.py`` (alisawuffles/wanli): ``int(len * q) // labels`` of each label from the top."""
    spread = [0.1, 0.4, 0.2, 0.3, 0.05, 0.45, 0.15]
    paths = [[0.5 - half, 0.5 + half] for half in spread]
    monkeypatch.setattr(
        "workbench.curate.filters.wanli.sample_dynamics", answering(given_probabilities(paths), "a", "b")
    )
    items = [Item(place, "x", label=label) for place, label in enumerate("aaaabbb")]
    verdicts = judge("wanli", items, Context(seeds=SEEDS))  # int(7 * .5) // 2 = 1 of each
    assert kept(verdicts) == [False, True, False, False, False, True, False]
    assert verdicts[3].reason == "variability .300, number 2 of 4 labelled a (1 stay)"
    assert verdicts[3].value == pytest.approx(0.3)
    assert verdicts[3].scores is not None
    assert verdicts[3].scores["dynamics.highest"] == pytest.approx(0.3)
    # Within each label: 2 of 4 and 1 of 3.
    assert kept(judge("wanli:balance=share", items, Context(seeds=SEEDS))) == [
        False, True, False, True, False, True, False,
    ]  # fmt: skip
    assert kept(judge("wanli:keep=1", items, Context(seeds=SEEDS))) == [False] + [True] * 6  # 7 // 2 = 3 of each


def test_on_texts() -> None:
    items = [*two_subjects(20), Item(77, "open")]
    verdicts = judge("wanli", items, Context(seeds=two_subjects(20, first=300)))
    assert sum(kept(verdicts[:20])) == 10
    assert verdicts[20].reason == "has no label yet"
    assert sum(kept(judge("wanli:reference=samples", items))) == 11
    with pytest.raises(WorkbenchError, match="wanli needs seeds"):
        judge("wanli", items)
