from __future__ import annotations

import numpy
import pytest

from workbench.curate.base import Context, Item, parse_repair
from workbench.errors import WorkbenchError


def items(seed: int, noise: float = 0.25) -> tuple[list[Item], list[str]]:
    """Texts with one of 60 clue words; a clue means one of six reasons, a reason one of three labels; a share of the
    labels is wrong, the rationales are right."""
    draw = numpy.random.default_rng(seed)
    found, truth = [], []
    for place in range(600):
        clue = int(draw.integers(60))
        text = " ".join([f"clue{clue}", *(f"noise{one}" for one in draw.integers(0, 100, 4))])
        truth.append("abc"[clue % 3])
        label = "abc"[int(draw.integers(3))] if draw.random() < noise * 1.5 else truth[-1]
        fields = {"text": text, "rationale": f"because of reason{clue % 6} it follows"}
        found.append(Item(place, "\n".join(fields.values()), fields, label))
    return found, truth


def right(spec: str, given: list[Item], truth: list[str]) -> float:
    """The share of right labels after all proposals."""
    proposals = parse_repair(spec).propose(given, Context())
    labels = [one.label if one else item.label for one, item in zip(proposals, given, strict=True)]
    return sum(label == true for label, true in zip(labels, truth, strict=True)) / len(truth)


def test_rationales_make_better_proposals() -> None:
    given, truth = items(0)
    before = sum(item.label == true for item, true in zip(given, truth, strict=True)) / len(truth)
    with_reasons = right("distilling_step_by_step:alpha=0.2", given, truth)
    without = right("distilling_step_by_step:alpha=1", given, truth)
    assert with_reasons > without + 0.03
    assert with_reasons > before


def test_the_student_does_not_read_the_rationale() -> None:
    """A rationale that gives the label away would make every sample right: out of fold the student cannot see it."""
    given, _ = items(1)
    shuffled = [Item(one.id, one.text, {**one.fields, "text": f"word{one.id}"}, one.label) for one in given]
    proposals = [one for one in parse_repair("distilling_step_by_step").propose(shuffled, Context()) if one]
    assert all(one.confidence < 0.9 for one in proposals)


def test_without_rationales_it_says_which_field_is_missing() -> None:
    given = [Item(place, f"text {place}", {"text": "x"}, "ab"[place % 2]) for place in range(6)]
    with pytest.raises(WorkbenchError, match="no sample has text in the field 'why'"):
        list(parse_repair("distilling_step_by_step:field=why").propose(given, Context()))
