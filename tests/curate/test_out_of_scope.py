from __future__ import annotations

import numpy
import pytest

from tests.curate.samples import judge, kept, two_subjects
from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError
from workbench.learn.scope import nearness

#: Unit rows: two of label 0 at angles 0 and 60 degrees, one of label 1 at 90, one without a label at 180.
KNOWN = numpy.array([[1.0, 0.0], [0.5, 0.75**0.5], [0.0, 1.0], [-1.0, 0.0]])
LABELS = [0, 0, 1, -1]


def test_nearness_by_hand() -> None:
    found = nearness(numpy.array([[0.75**0.5, 0.5], [-1.0, 0.0]]), KNOWN, LABELS)
    assert found.nearest == pytest.approx([0.75**0.5, 1.0])  # 30 degrees from the first two
    assert found.which.tolist()[1] == 3
    assert found.centre == pytest.approx([1.0, 0.0])  # label 0's centre is at 30 degrees
    assert found.label.tolist() == [0, 1]


def test_each_known_row_is_left_out_of_its_own_judgement() -> None:
    found = nearness(KNOWN, KNOWN, LABELS, itself=True)
    assert found.nearest == pytest.approx([0.5, 0.75**0.5, 0.75**0.5, 0.0], abs=1e-7)
    # The first against the second alone: 60 degrees; the second against the third's centre: 30; the third, whose label
    # has no other row, against label 0's centre at 30 degrees: 60.
    assert found.centre == pytest.approx([0.5, 0.75**0.5, 0.5, 0.0], abs=1e-7)
    assert found.label.tolist()[:3] == [0, 1, 0]


def test_rows_without_labels_have_no_centre() -> None:
    found = nearness(KNOWN[:1], KNOWN, [-1] * 4)
    assert (found.centre.tolist(), found.label.tolist()) == ([0.0], [-1])


def test_what_is_about_something_else_is_proposed() -> None:
    seeds = two_subjects(40, first=300)
    items = [
        *two_subjects(6),
        Item(50, "zebras gallop across yellow savannah", label="card"),
        Item(51, "", label="rate"),
    ]
    for by in ("both", "seeds", "centres"):
        verdicts = judge(f"out_of_scope:by={by}", items, Context(seeds=seeds))
        assert kept(verdicts)[-2:] == [False, False]
        assert sum(kept(verdicts)) >= 5
    assert verdicts[0].value is not None
    seeded = judge("out_of_scope:threshold=1", [Item(1, seeds[3].text)], Context(seeds=seeds))
    assert seeded[0].other == seeds[3].id
    assert seeded[0].reason.startswith(f"similarity 1.00 (limit 1.00); nearest seed {seeds[3].id} 1.00: ")
    assert "; centre of rate ." in seeded[0].reason


def test_the_threshold_is_the_quantile_of_the_seeds() -> None:
    rows = {str(place): row for place, row in enumerate(KNOWN.tolist())}
    context = Context(
        seeds=[Item(place, str(place), label=None) for place in (0, 1, 2, 0, 2)],
        embed=lambda texts: numpy.array([rows[text] for text in texts]),
    )
    # Leave one out: 1, sqrt(3)/2, 1, 1, 1; the median is 1, the lowest sqrt(3)/2 = .87.
    spec = "out_of_scope:features=embeddings,by=seeds,quantile="
    assert judge(spec + "0", [Item(1, "3")], context)[0].reason == "similarity .00 (limit .87); nearest seed 2 .00: 2"
    assert "(limit 1.00)" in judge(spec + "0.5", [Item(1, "3")], context)[0].reason


def test_sentences() -> None:
    with pytest.raises(WorkbenchError, match="needs at least 5, there are 1"):
        judge("out_of_scope", two_subjects(2), Context(seeds=two_subjects(1)))
    with pytest.raises(WorkbenchError, match="needs at least 5 with labels, there are 0"):
        judge("out_of_scope:by=centres", two_subjects(2), Context(seeds=[Item(place, "x") for place in range(9)]))
    with pytest.raises(WorkbenchError, match="use features=words"):
        judge("out_of_scope:features=embeddings", two_subjects(2), Context(seeds=two_subjects(9)))
