from __future__ import annotations

import pytest

from tests.curate.samples import answering, given_probabilities, judge, kept, relabelled, two_subjects
from workbench.curate.base import Context, Item
from workbench.errors import UsageError, WorkbenchError

SEEDS = [Item(1, "s", label="a"), Item(2, "t", label="b")]


def test_drops_what_is_surely_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups as ``get_groups`` of ``src/curation.py`` (seedatnabeel/CLLM) with both thresholds at .2."""
    paths = [
        [0.11, 0.11],
        [0.0, 0.5],
        [0.0, 0.38],
        [0.9, 0.9],
    ]  # confidence .11, .25, .19, .9; aleatoric .0979, .125, .1178, .09
    monkeypatch.setattr(
        "workbench.curate.filters.cllm.sample_dynamics", answering(given_probabilities(paths), "a", "b")
    )
    items = [Item(place, "x", label="a") for place in range(4)]
    verdicts = judge("cllm", items, Context(seeds=SEEDS))
    assert kept(verdicts) == [False, True, False, True]
    assert verdicts[0].reason == "confidence .11 in a (limit .20), uncertainty .098 (limit .20)"
    assert verdicts[0].rule == "unselected"
    assert verdicts[0].value == pytest.approx(0.11)
    assert verdicts[3].scores is not None
    assert verdicts[3].scores["dynamics.aleatoric"] == pytest.approx(0.09)
    assert kept(judge("cllm:aleatoric=0.1", items, Context(seeds=SEEDS))) == [False, True, True, True]
    # .75 of the range .09 to .125 is .02625, which nothing is under.
    assert kept(judge("cllm:aleatoric=none", items, Context(seeds=SEEDS))) == [True] * 4
    # With ten labels chance is .1: nothing is under it.
    many = Context(seeds=[Item(place, "s", label=f"l{place}") for place in range(10)])
    assert kept(judge("cllm", items, many)) == [True] * 4
    assert kept(judge("cllm:confidence=0.2", items, many)) == [False, True, False, True]


def test_learns_from_the_seeds_alone() -> None:
    items = [relabelled(item, "card") for item in two_subjects(20)]  # every second label is wrong
    items[0] = relabelled(items[0], "new")
    verdicts = judge("cllm", items, Context(seeds=two_subjects(60, first=500)))
    assert kept(verdicts) == [place % 2 == 0 for place in range(20)]
    assert verdicts[0].reason == "no seed is labelled new, so there is nothing to compare with"


def test_sentences() -> None:
    with pytest.raises(WorkbenchError, match="cllm needs seeds with at least two labels"):
        judge("cllm", two_subjects(4))
    with pytest.raises(WorkbenchError, match="none here has"):
        judge("cllm", [Item(1, "a")], Context(seeds=SEEDS))
    with pytest.raises(UsageError, match="confidence should be"):
        judge("cllm:confidence=0", [])
