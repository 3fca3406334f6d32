"""Requests and tokens per minute."""

from __future__ import annotations

import pytest

from workbench.models.limits import Bucket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_evenly_up_to_its_size() -> None:
    clock = Clock()
    bucket = Bucket(600, clock=clock)  # 10 a second, 60 at most
    assert bucket.capacity == 60
    for _ in range(60):
        assert bucket.wait(1) == 0
        bucket.take(1)
    assert bucket.wait(1) == pytest.approx(0.1)
    assert bucket.wait(5) == pytest.approx(0.5)
    clock.now += 0.5
    assert bucket.level == pytest.approx(5)
    clock.now += 3600
    assert bucket.level == 60


def test_a_request_larger_than_the_bucket_passes_alone() -> None:
    clock = Clock()
    bucket = Bucket(6000, clock=clock)  # 100 a second, 600 at most
    assert bucket.wait(5000) == 0
    bucket.take(5000)
    assert bucket.wait(1) == pytest.approx(44.01)  # the debt of 4,400 first
    assert bucket.wait(5000) == pytest.approx(50)  # the next large one waits until it is full
    clock.now += 50
    assert bucket.wait(5000) == 0


def test_what_was_really_used_corrects_the_estimate() -> None:
    clock = Clock()
    bucket = Bucket(6000, clock=clock)
    bucket.take(500)
    bucket.correct(500, 100)
    assert bucket.level == pytest.approx(500)
    bucket.correct(100, 800)
    assert bucket.level == pytest.approx(-200)
    assert bucket.wait(100) == pytest.approx(3)
    bucket.correct(9000, 0)
    assert bucket.level == bucket.capacity  # never more than full


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Bucket(limit)
