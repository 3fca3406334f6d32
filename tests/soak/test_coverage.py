"""The whole grid of the coverage simulation: every interval holds the truth in 95 +- 2 % of the trials."""

from __future__ import annotations

import pytest

from benchmarks.coverage import KINDS

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("kind", KINDS)
def test_intervals_hold_the_truth_as_often_as_they_say(kind: str) -> None:
    rows = list(KINDS[kind](False))
    outside = [f"{row.kind} {row.size}: {' '.join(map(str, row.cells))}" for row in rows if not row.holds]
    assert not outside
    checked = [cell.coverage for row in rows for cell in row.cells if cell.checked]
    assert 0.94 <= sum(checked) / len(checked) <= 0.965
