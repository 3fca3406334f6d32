"""Weights by label frequency, worked by hand."""

from __future__ import annotations

import pytest

from workbench.curate.base import Context, Item, Weighting, parse_step
from workbench.errors import UsageError, WorkbenchError


def items(labels: str) -> list[Item]:
    return [Item(place, f"text {place}", label=None if one == "-" else one) for place, one in enumerate(labels)]


def weighting(spec: str) -> Weighting:
    kind, one = parse_step(spec)
    assert kind == "weighting"
    return one  # type: ignore[no-any-return]


def test_balanced_by_hand() -> None:
    """n / (k n_y): 4 / (2 * 3) = 2/3 and 4 / (2 * 1) = 2; the mean is (3 * 2/3 + 2) / 4 = 1."""
    found = list(weighting("inverse_frequency").weigh(items("aaab"), Context()))
    assert [weight.value for weight in found] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])
    assert found[0].reason == "label a appears 3 of 4 times"
    assert found[3].reason == "label b appears 1 of 4 times; a 3.00 times as often"


def test_smoothing_by_hand() -> None:
    """1 / (3 + 3) and 1 / (1 + 3): 2/12 and 3/12, mean (3 * 2 + 3) / 48 = 3/16, so 8/9 and 4/3."""
    found = list(weighting("inverse_frequency:smoothing=3").weigh(items("aaab"), Context()))
    assert [weight.value for weight in found] == pytest.approx([8 / 9, 8 / 9, 8 / 9, 4 / 3])


def test_samples_without_a_label() -> None:
    found = list(weighting("inverse_frequency").weigh(items("a-b"), Context()))
    assert [weight.value for weight in found] == pytest.approx([1.0, 1.0, 1.0])
    assert found[1].reason == "has no label yet"
    assert list(weighting("inverse_frequency").weigh([], Context())) == []
    with pytest.raises(WorkbenchError, match="samples that have one label each, and none here has"):
        list(weighting("inverse_frequency").weigh(items("--"), Context()))
    with pytest.raises(UsageError, match="smoothing should be at least 0"):
        weighting("inverse_frequency:smoothing=-1")


def test_equals_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_sample_weight

    labels = "abcabcaabbac" * 3
    found = [weight.value for weight in weighting("inverse_frequency").weigh(items(labels), Context())]
    assert found == pytest.approx(compute_sample_weight("balanced", list(labels)).tolist())
