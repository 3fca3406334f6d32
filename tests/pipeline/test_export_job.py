"""Exporting: a frozen snapshot, a file, and a card that says how it came about."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.conftest import RunJob, add
from workbench.store import acts, snapshots
from workbench.store.acts import Change
from workbench.store.connection import Store

TEXTS = ("please refund my payment", "Please refund my payment", "ok", "where is my money")


def test_the_card_tells_filters_people_and_what_is_missing(store: Store, run: RunJob, tmp_path: Path) -> None:
    add(store, *TEXTS)
    run("curate", filters=["exact_duplicate", "length:min_words=2"])
    acts.apply(store, acts.annotator(store, "me"), [3], Change(status="accepted"), kind="accept")
    job = run("export", format="jsonl", out=str(tmp_path / "x.jsonl"))
    assert job.state == "done", job.error
    assert job.result["rows"] == 3  # 2 is dropped; 3 was dropped too, but a person accepted it
    card = Path(job.result["card"]).read_text(encoding="utf-8")
    for fact in ("exact_duplicate", "length", job.result["sha256"], "refund", "It was not measured on real test data."):
        assert fact in card, fact
    assert "People looked at 1 of 4 generated samples." in card
    (snapshot,) = snapshots.newest(store)
    assert (snapshot.total, snapshot.sha256) == (3, job.result["snapshot_sha256"])
    assert [row[0] for row in snapshots.contents(store, snapshot.id)] == [1, 3, 4]


def test_a_run_that_dropped_nothing_exports_everything(store: Store, run: RunJob, tmp_path: Path) -> None:
    add(store, *TEXTS)
    run("curate", filters=["length:min_words=1,min_characters=1"])
    job = run("export", format="csv", out=str(tmp_path / "x.csv"))
    assert (job.state, job.result["rows"]) == ("done", 4)


def test_an_export_of_nothing_leaves_nothing(store: Store, run: RunJob, tmp_path: Path) -> None:
    job = run("export", format="jsonl", out=str(tmp_path / "x.jsonl"))
    assert job.state == "failed"
    assert "There is nothing to export" in (job.error or "")
    assert not list(tmp_path.glob("x.*"))
    assert snapshots.newest(store) == []


def test_the_same_data_set_exports_to_the_same_bytes(store: Store, run: RunJob, tmp_path: Path) -> None:
    add(store, *TEXTS)
    first = run("export", format="jsonl", out=str(tmp_path / "a.jsonl")).result
    second = run("export", format="jsonl", out=str(tmp_path / "b.jsonl")).result
    assert (first["sha256"], first["snapshot_sha256"]) == (second["sha256"], second["snapshot_sha256"])
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
