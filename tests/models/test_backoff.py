"""How long a refused request waits."""

from __future__ import annotations

import pytest

from workbench.models.limits import Backoff


def test_backoff_grows_to_its_cap_and_repeats_with_its_seed() -> None:
    waits = [Backoff(base=0.5, cap=4, seed=seed).wait(attempt) for attempt in range(8) for seed in range(200)]
    for attempt, most in enumerate([0.5, 1, 2, 4, 4, 4, 4, 4]):
        here = waits[attempt * 200 : attempt * 200 + 200]
        assert max(here) <= most
        assert sum(here) / 200 == pytest.approx(most / 2, rel=0.15)  # uniform from 0: full jitter
    one, other = Backoff(seed=3), Backoff(seed=3)
    assert [one.wait(n) for n in range(9)] == [other.wait(n) for n in range(9)]
    assert Backoff().wait(10_000) <= 30


def test_retry_after_is_a_lower_bound_but_not_for_hours() -> None:
    backoff = Backoff(base=0.25, longest=600)
    assert 7 <= backoff.wait(0, retry_after=7) <= 7.05
    assert backoff.wait(5, retry_after=0) <= 0.05
    assert 600 <= backoff.wait(0, retry_after=86_400) <= 600.05
