"""The request ledger: what is written once, found again, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.project import create
from workbench.store import answers, jobs, ledger, samples
from workbench.store.answers import Asked
from workbench.store.connection import Store, bulk


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(create(tmp_path / "p", labels=["a", "b"])) as made:
        yield made


def asked(ordinal: int, text: str | None = "text", **more: Any) -> Asked:
    given: dict[str, Any] = {"reason": "http 400"} if text is None else {}
    fields: dict[str, Any] = {
            "ordinal": ordinal, "messages": [{"role": "user", "content": f"prompt {ordinal % 3}"}],
            "parameters": {"temperature": 1.0}, "conditions": {"label": "a"}, "parents": {}, "draw": ordinal,
            "attempts": 1, "key": f"{ordinal:064x}", "answer_text": text, "answer_model": "m", "finish_reason": "stop",
            "input_tokens": 10, "output_tokens": 5, "logprobs": [-0.5, -1.5], "seconds": 0.1, "cost": 0.25,
            **given, **more,
    }  # fmt: skip
    return Asked(**fields)


def record(store: Store, requests: list[Asked]) -> list[int]:
    series = ledger.series(store, "zerogen", {}, "m", 0)
    job = jobs.create(store, "generate", {})
    with store.write() as connection:
        return ledger.record(connection, ledger.Prompts(), series, job, requests)


def test_requests_get_their_ids_in_the_order_given(store: Store) -> None:
    ids = record(store, [asked(n) for n in (5, 3, *range(100, 300), 4)])
    rows = dict(store.read("SELECT id, ordinal FROM request"))
    assert [rows[one] for one in ids] == [5, 3, *range(100, 300), 4]
    assert store.read("SELECT count(*) FROM prompt") == [(3,)]


def test_a_request_that_failed_may_be_answered_later(store: Store) -> None:
    first = record(store, [asked(0, None)])
    second = record(store, [asked(0)])
    assert first == second
    assert store.read("SELECT state, reason, attempts FROM request") == [("answered", None, 2)]


def test_answers_are_found_by_key(store: Store) -> None:
    record(store, [asked(n, f"answer {n}") for n in range(70)])
    keys = [f"{n:064x}" for n in range(65, 75)]
    found = answers.find(store, keys)
    assert {key: one.text for key, one in found.items()} == {f"{n:064x}": f"answer {n}" for n in range(65, 70)}
    assert found[keys[0]].logprobs == [-0.5, -1.5]


def test_the_first_answer_under_a_key_stays(store: Store) -> None:
    record(store, [asked(0, "first")])
    record(store, [asked(0, "second")])
    assert answers.find(store, [f"{0:064x}"])[f"{0:064x}"].text == "first"


def test_totals_count_what_this_job_paid_for(store: Store) -> None:
    ids = record(store, [asked(0), asked(1, attempts=3)])
    (job,) = {row[0] for row in store.read("SELECT job_id FROM request")}
    with store.write() as connection:
        ledger.mark(connection, [(ids[0], "parsed", None), (ids[1], "failed", "empty answer")])
    assert ledger.totals(store, job) == {
        "requests": 2, "answers": 2, "cached": 0, "repaired": 0, "retried": 2, "failed": 1, "samples": 0, "input_tokens": 20,
        "output_tokens": 10, "cost": 0.5, "reasons": {"empty answer": 1},
    }  # fmt: skip


def test_cached_answers_cost_nothing_again(store: Store) -> None:
    record(store, [asked(0)])
    series = ledger.series(store, "other", {}, "m", 0)
    job = jobs.create(store, "generate", {})
    with store.write() as connection:
        ledger.record(connection, ledger.Prompts(), series, job, [asked(0, attempts=0, cached=True)])
    totals = ledger.totals(store, job)
    assert (totals["answers"], totals["cached"], totals["input_tokens"], totals["cost"]) == (1, 1, 0, 0.0)


def test_an_unknown_price_makes_the_sum_unknown(store: Store) -> None:
    record(store, [asked(0), asked(1, cost=None)])
    assert ledger.totals(store, 1)["cost"] is None


def test_scores_go_to_the_request_s_sample(store: Store) -> None:
    ids = record(store, [asked(n) for n in range(3)])
    with store.write() as connection:
        made = [samples.NewSample({"text": f"t {one}"}, "a", request_id=one, job_id=1) for one in ids]
        assert samples.insert(connection, samples.encoded(made)) == 3
        assert samples.insert(connection, samples.encoded(made)) == 0  # there already
        ledger.score_requests(connection, "confidence", [(one, -one / 2) for one in ids], version=1, job_id=1)
    assert store.read("SELECT request_id, value FROM score JOIN sample ON id = sample_id ORDER BY 1") == [
        (one, -one / 2) for one in ids
    ]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_bulk_adds_every_row_once(store: Store, count: int) -> None:
    rows = [(f"v{n}", "q", "now") for n in range(count)]
    with store.write() as connection:
        insert = "INSERT INTO saved_view (name, query, created_at)"
        assert bulk(connection, insert, rows) == count
        assert bulk(connection, insert, [*rows, ("one more", "q", "now")], "ON CONFLICT DO NOTHING") == 1
    assert store.read("SELECT count(*) FROM saved_view") == [(count + 1,)]


def test_where_samples_come_from_is_read_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "READ", 2)
    ids = record(store, [asked(n) for n in range(5)])
    (job,) = {row[0] for row in store.read("SELECT job_id FROM request")}
    ledger.open_wave(store, 1, 0, 0, 5, {}, job)
    samples.add(store, [samples.NewSample({"text": f"t {one}"}, "a", request_id=one, job_id=job) for one in ids])
    ledger.series(store, "empty", {}, "m", 0)
    assert ledger.provenance(store) == [
        {"name": "zerogen", "models": ["m"], "parameters": {"seed": 0}, "jobs": [job], "samples": 5}
    ]
    assert [row[1] for row in ledger.series_samples(store, 1, 1, 4)] == [1, 2, 3, 4]
    assert (ledger.kept(store, 1), ledger.kept(store, 1, 1, 3), ledger.kept(store, 1, end=2)) == (5, 2, 2)
