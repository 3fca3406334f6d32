"""ProGen: the wrongly labelled are the harmful, and what stays is counted per label."""

from __future__ import annotations

import dataclasses

import pytest

from tests.curate.reviews import reviews
from workbench.curate.base import Context, parse_filter
from workbench.errors import UsageError, WorkbenchError


def test_drops_the_harmful_ones_of_each_label() -> None:
    items = reviews(200, wrong=20)
    found = list(parse_filter("progen").judge(items, Context()))
    dropped = [place for place, verdict in enumerate(found) if not verdict.keep]
    assert dropped == list(range(20))  # a tenth of each label: 10 of 100 each
    assert all(verdict.value is not None and verdict.value > 0 for verdict in found[:20])
    assert found[0].reason.startswith("harmful +")
    assert found[0].reason.endswith("of 100 of good")
    best = min(range(200), key=lambda place: found[place].value or 0.0)
    assert found[best].reason == f"helpful {found[best].value:+.3f}: rank 1 of 100 of {items[best].label}"
    assert list(parse_filter("progen").judge(items, Context())) == found


def test_top_of_each_label() -> None:
    items = reviews(100, wrong=0)
    kept = [
        item for item, one in zip(items, parse_filter("progen:top=7").judge(items, Context()), strict=True) if one.keep
    ]
    assert sorted(item.label or "" for item in kept) == ["bad"] * 7 + ["good"] * 7


def test_on_real_validation_rows() -> None:
    items = reviews(100, wrong=10)
    real = reviews(40, wrong=0, seed=1)
    found = list(parse_filter("progen:validation=real").judge(items, Context(validation=real)))
    assert [place for place, verdict in enumerate(found) if not verdict.keep] == list(range(10))
    with pytest.raises(WorkbenchError, match="needs real validation rows"):
        list(parse_filter("progen:validation=real").judge(items, Context()))


def test_without_labels() -> None:
    items = reviews(40, wrong=0)
    items[0] = dataclasses.replace(items[0], label=None)
    found = list(parse_filter("progen").judge(items, Context()))
    assert (found[0].keep, found[0].value, found[0].reason) == (True, None, "has no label yet")
    assert len(found) == 40
    bare = [dataclasses.replace(item, label=None) for item in items]
    with pytest.raises(WorkbenchError, match="none here has"):
        list(parse_filter("progen").judge(bare, Context()))
    assert len(list(parse_filter("progen").judge(reviews(2, 0), Context()))) == 2
    with pytest.raises(UsageError, match="keep should be over 0"):
        parse_filter("progen:keep=0")
