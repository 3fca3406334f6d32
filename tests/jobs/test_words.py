"""A job's row in words."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.jobs import words
from workbench.store.jobs import Job

AT = "2026-01-01T10:00:00.000Z"
LATER = "2026-01-01T10:00:20.000Z"


def job(kind: str = "generate", state: str = "running", **given: Any) -> Job:
    row: dict[str, Any] = {
        "parameters": {}, "cancel": False, "limits": {}, "done": 0, "total": None, "note": "", "result": None, "error": None,
        "pid": 1, "user": "anna", "created_at": AT, "started_at": AT, "finished_at": LATER,
    }  # fmt: skip
    return Job(id=12, kind=kind, state=state, **{**row, **given})


@pytest.mark.parametrize(
    ("kind", "state", "done", "total", "text"),
    [
        ("generate", "running", 412, 1000, "412/1,000"),
        ("generate", "done", 1000, 1000, "1,000"),
        ("generate", "done", 60, 39, "60"),  # more were there than were asked for
        ("generate", "cancelled", 412, 1000, "412/1,000"),
        ("generate", "queued", 0, None, ""),
        ("curate", "running", 1700, 4000, "42%"),
        ("curate", "done", 4000, 4000, ""),
        ("evaluate", "done", 7, 7, ""),
        ("import", "done", 1200, 1200, "1,200"),
    ],
)
def test_how_far(kind: str, state: str, done: int, total: int | None, text: str) -> None:
    assert words.amount(job(kind, state, done=done, total=total)) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "running"),
        ({"limits": {"paused": True}}, "paused"),
        ({"state": "paused"}, "paused"),
        ({"cancel": True, "limits": {"paused": True}}, "stopping"),
        ({"state": "failed", "limits": {"paused": True}}, "failed"),  # what has ended is not paused
    ],
)
def test_states(given: dict[str, Any], text: str) -> None:
    assert words.state(job(**given)) == text


def test_rate_and_time_left_count_samples_of_each_answer() -> None:
    running = job(done=400, total=1000, result={"rate": 10.0, "answers": 80, "samples": 400})
    assert words.rate(running) == 10.0
    assert words.seconds_left(running) == pytest.approx(600 / (10.0 * 5))
    assert words.rate(job(state="done", result={"rate": 10.0})) is None
    assert words.seconds_left(job(done=5, total=10)) is not None  # from the time it has run: 5 in 20 s
    assert words.seconds_left(job(done=5, total=10)) == pytest.approx(20.0)


def test_waiting_is_said_only_of_what_waits() -> None:
    assert words.waiting(job(result={"waiting": "rate limit"})) == "rate limit"
    assert words.waiting(job(result={"waiting": 4})) == ""  # once a number
    assert words.waiting(job(result={"waiting": "paused"}, limits={"paused": True})) == ""
    assert words.waiting(job(state="done", result={"waiting": "rate limit"})) == ""


def test_yield_is_kept_per_request_and_dollars_per_accepted_sample() -> None:
    given = words.yield_of(job(result={"requests": 40, "samples": 38, "cost": 0.06}), refused=8, accepted=0)
    assert (given.kept, given.per_request) == (30, 0.75)
    assert given.price == (pytest.approx(0.002), "kept")
    assert words.yield_of(job(result={"requests": 40, "samples": 38, "cost": 0.06}), 8, 12).price == (
        pytest.approx(0.005), "accepted",
    )  # fmt: skip
    assert words.yield_of(job(result={"requests": 4, "samples": 4, "cost": None}), 0, 4).price is None
    assert words.yield_of(job(result=None), 0, 0).per_request is None


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "$0.00"), (1.5, "$1.50"), (0.1, "$0.10"), (0.0312, "$0.031"), (0.000019, "$0.000019")]
)
def test_small_prices_have_two_digits_and_no_exponent(value: float, text: str) -> None:
    assert words.dollars_each(value) == text


def test_limits_have_their_unit() -> None:
    assert [words.limit(name, 2.5 if name == "budget" else 1000) for name in words.LIMITS] == [
        "1,000 at once", "$2.50", "1,000 requests", "1,000 tokens",
    ]  # fmt: skip
    assert words.limit("budget", None) == "no budget"


def test_reasons_come_most_frequent_first() -> None:
    assert list(words.reasons(job(result={"reasons": {"b": 1, "a": 1, "c": 5}}))) == ["c", "a", "b"]
