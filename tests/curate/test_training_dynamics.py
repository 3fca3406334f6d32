from __future__ import annotations

from typing import Any

import pytest

from tests.curate.samples import answering, given_probabilities, judge, kept, relabelled, two_subjects
from workbench.curate.base import Context, Item
from workbench.errors import UsageError, WorkbenchError

ITEMS = [Item(10 + place, f"text {place}", label="a") for place in range(5)]
#: Confidence .1, .24, .5, .74, .9; variability 0, .1, .3, .05, 0.
PATHS = [[0.1, 0.1], [0.14, 0.34], [0.2, 0.8], [0.69, 0.79], [0.9, 0.9]]


@pytest.fixture
def _map(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = answering(given_probabilities(PATHS), "a", "b")
    monkeypatch.setattr("workbench.curate.filters.training_dynamics.sample_dynamics", stand_in)


@pytest.mark.usefixtures("_map")
@pytest.mark.parametrize(
    ("spec", "regions"),
    [
        ("training_dynamics", "hard hard ambiguous ambiguous easy"),
        ("training_dynamics:low=0.1,high=0.5", "ambiguous ambiguous easy easy easy"),
        ("training_dynamics:share=0.2", "hard easy ambiguous easy easy"),
        ("training_dynamics:share=0.45", "hard hard ambiguous ambiguous easy"),
    ],
)
def test_regions(spec: str, regions: str) -> None:
    verdicts = judge(spec, ITEMS)
    assert [verdict.rule for verdict in verdicts] == regions.split()
    assert kept(verdicts) == [region != "hard" for region in regions.split()]


@pytest.mark.usefixtures("_map")
def test_reasons_and_scores() -> None:
    verdicts = judge("training_dynamics:epochs=2", ITEMS)
    assert verdicts[2].reason == "ambiguous: confidence .50 in a, variability .30, right at .50 of 2 checkpoints"
    assert verdicts[0].reason.endswith(", right at .00 of 2 checkpoints, in the end b")
    assert verdicts[2].value == pytest.approx(0.5)
    assert verdicts[2].scores == pytest.approx(
        {
            "dynamics.confidence": 0.5,
            "dynamics.variability": 0.3,
            "dynamics.correctness": 0.5,
            "dynamics.aleatoric": 0.16,
        }
    )
    assert kept(judge("training_dynamics:drop=easy+ambiguous", ITEMS)) == [True, True, False, False, False]


def test_finds_the_wrong_label_and_trains_once_per_content() -> None:
    items = two_subjects(40)
    items[6] = relabelled(items[6], "rate")
    items.append(Item(99, "not labelled yet"))
    context = Context()
    verdicts = judge("training_dynamics", items, context)
    assert verdicts[6].value == min(verdict.value for verdict in verdicts if verdict.value is not None)
    assert verdicts[-1].reason == "has no label yet"
    assert verdicts[-1].scores is None

    def never(*_: Any) -> None:
        raise AssertionError("trained again")

    context.features = never
    assert judge("training_dynamics:low=0.5", items, context)[6].value == verdicts[6].value


def test_sentences() -> None:
    with pytest.raises(WorkbenchError, match="none here has"):
        judge("training_dynamics", [Item(1, "a")])
    with pytest.raises(WorkbenchError, match="at least two labels"):
        judge("training_dynamics", two_subjects(8)[::2])
    for spec in ("drop=bad", "low=0.9", "share=0.6", "epochs=1"):
        with pytest.raises(UsageError):
            judge(f"training_dynamics:{spec}", [])
