"""Failed requests: shown page by page, with what was sent and what came back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.test_ledger import asked
from workbench.project import create
from workbench.store import failures, jobs, ledger
from workbench.store.connection import Store


@pytest.fixture
def job(tmp_path: Path) -> Iterator[tuple[Store, int, int]]:
    """Ten requests: the even ones failed, 0 and 4 without an answer, 6 after a repair that was no better."""
    with Store(create(tmp_path / "p", labels=["a", "b"])) as store:
        series, job_id = ledger.series(store, "zerogen", {}, "m", 0), jobs.create(store, "generate", {})
        raw = asked(6, "{broken", key="f" * 64, endpoint="one.example")
        requests = [asked(n, None if n in (0, 4) else f"answer {n}") for n in range(10) if n != 6]
        requests.append(asked(6, "still broken", first=raw, attempts=2, endpoint="two.example"))
        with store.write() as connection:
            ids = ledger.record(connection, ledger.Prompts(), series, job_id, requests)
            places = dict(zip((one.ordinal for one in requests), ids, strict=True))
            ledger.mark(connection, [(places[n], "failed", "empty answer") for n in (2, 8)])
            ledger.mark(connection, [(places[6], "failed", "no JSON")])
            ledger.mark(connection, [(places[n], "parsed", None) for n in (1, 3, 5, 7, 9)])
        yield store, job_id, series


def test_reasons_are_counted(job: tuple[Store, int, int]) -> None:
    store, job_id, series = job
    assert failures.by_reason(store, job_id) == {"empty answer": 2, "http 400": 2, "no JSON": 1}
    assert (failures.count(store, job_id), failures.count(store, job_id, ["no JSON", "http 400", "x"])) == (5, 3)
    assert failures.series_of(store, job_id) == {series}
    assert failures.by_reason(store, job_id + 1) == {}


def test_pages_hold_every_failed_request_once(job: tuple[Store, int, int]) -> None:
    store, job_id, _ = job
    seen: list[int] = []
    after = 0
    while page := failures.failed(store, job_id, after=after, limit=2):
        assert len(page) <= 2
        seen += [one.ordinal for one in page]
        after = page[-1].id
    assert sorted(seen) == [0, 2, 4, 6, 8]
    assert [one.ordinal for one in failures.failed(store, job_id, ["http 400"])] == [0, 4]


def test_a_failed_request_shows_both_answers(job: tuple[Store, int, int]) -> None:
    store, job_id, _ = job
    (one,) = failures.failed(store, job_id, ["no JSON"])
    assert one.messages == [{"role": "user", "content": "prompt 0"}]
    assert (one.attempts, one.conditions, one.parameters) == (2, {"label": "a"}, {"temperature": 1.0})
    assert one.first is not None
    assert one.answer is not None
    assert (one.first.text, one.first.endpoint) == ("{broken", "one.example")
    assert (one.answer.text, one.answer.endpoint, one.answer.cost) == ("still broken", "two.example", 0.25)
    (never, _) = failures.failed(store, job_id, ["http 400"])
    assert (never.answer, never.first) == (None, None)


def test_places_say_which_were_answered(job: tuple[Store, int, int]) -> None:
    store, job_id, series = job
    found = failures.places(store, job_id, series)
    assert sorted((one.ordinal, one.answered) for one in found) == [
        (0, False), (2, True), (4, False), (6, True), (8, True),
    ]  # fmt: skip
    assert failures.places(store, job_id, series, after=found[-1].id) == []
    assert failures.places(store, job_id, series + 1) == []


def test_both_answers_of_a_repaired_request_are_paid_for(job: tuple[Store, int, int]) -> None:
    store, job_id, _ = job
    totals = ledger.totals(store, job_id)
    assert (totals["requests"], totals["answers"], totals["repaired"], totals["retried"]) == (10, 8, 1, 0)
    assert (totals["input_tokens"], totals["cost"]) == (9 * 10, 9 * 0.25)


def test_a_request_that_is_asked_again_leaves_the_failures(job: tuple[Store, int, int]) -> None:
    store, job_id, series = job
    with store.write() as connection:
        later = jobs.create(store, "generate", {})
        anew = asked(2, "a good answer", key="e" * 64, draw=(1 << 28) | 2)
        (request_id,) = ledger.record(connection, ledger.Prompts(), series, later, [anew])
    assert store.read("SELECT state, reason, draw, job_id FROM request WHERE id = ?", (request_id,)) == [
        ("answered", None, (1 << 28) | 2, later)
    ]
    assert failures.by_reason(store, job_id)["empty answer"] == 1
    assert store.read("SELECT count(*) FROM answer WHERE text = 'answer 2'") == [(1,)]  # it stays kept


def test_places_that_no_request_stands_at_are_found_in_order(
    job: tuple[Store, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _, series = job
    monkeypatch.setattr(ledger, "AHEAD", 3)
    assert list(ledger.unrecorded(store, series, 0, 14)) == [10, 11, 12, 13]
    assert list(ledger.unrecorded(store, series, 8, 3)) == [10]
