"""Exporting: a frozen snapshot, a file, and a card that says how it came about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.jobs.run import run as run_job
from workbench.pipeline.process import _loader
from workbench.project import Project, create
from workbench.store import acts, jobs, samples, snapshots
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample

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


@pytest.mark.parametrize(
    ("kind", "options", "fields", "said"),
    [
        ("dialogue", {}, {"messages": [{"role": "user", "content": "Hi"}]}, "nobody spoke like this"),
        (
            "preference",
            {},
            {"prompt": "a", "chosen": "b", "rejected": "c"},
            "which response is the better one is a model's",
        ),
        ("text_pair", {"scale": (0, 5)}, {"first": "a", "second": "b"}, "- Label: a number from 0 to 5"),
        (
            "instruction",
            {},
            {"instruction": "a", "output": "b"},
            "`input` (text, may be missing, what the instruction is about",
        ),
    ],
)
def test_the_card_fits_the_kind_of_task(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    options: dict[str, Any],
    fields: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user-config"))
    with Store(create(tmp_path / "p", kind=kind, **options)) as store:
        samples.add(store, [NewSample(fields)])
        number = jobs.create(store, "export", {"format": "jsonl", "out": str(tmp_path / "x.jsonl")})
        run_job(Project(store.project.folder), number, {"export": _loader("export")})
        result = jobs.get(store, number).result
    assert result is not None
    assert said in Path(result["card"]).read_text(encoding="utf-8")


def test_a_folder_has_its_card_inside_and_the_workbenchs_own_scores_stay_out(
    store: Store, run: RunJob, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    add(store, *TEXTS)
    with store.write() as connection:
        connection.executemany(
            "INSERT INTO score (sample_id, name, value, version, job_id) VALUES (?, ?, ?, 1, 1)",
            [(1, "filter.length", 3), (1, "confidence", 0.5)],
        )
    job = run("export", format="hf", out=str(tmp_path / "set"))
    assert job.state == "done", job.error
    assert job.result["card"] == str(tmp_path / "set" / "README.md")
    assert not list(tmp_path.glob("*.card.md"))
    table = parquet.read_table(tmp_path / "set" / "data" / "train-00000-of-00001.parquet")
    assert table.column_names == ["uuid", "text", "label", "status", "origin", "model", "recipe"]
    run("export", format="parquet", out=str(tmp_path / "x.parquet"))
    assert parquet.read_table(tmp_path / "x.parquet").to_pylist()[0]["scores"] == '{"confidence": 0.5}'
    again = run("export", format="hf", out=str(tmp_path / "set"))
    assert "exists; choose another name, or give --overwrite" in (again.error or "")
    assert (
        run("export", format="hf", out=str(tmp_path / "set"), overwrite=True).result["sha256"] == job.result["sha256"]
    )


def test_samples_without_place_are_counted_and_the_first_listed(store: Store, run: RunJob, tmp_path: Path) -> None:
    samples.add(store, [NewSample({"text": f"text {number}"}, None) for number in range(120)])
    add(store, "please refund my payment")
    result = run("export", format="openai-chat", out=str(tmp_path / "x.jsonl")).result
    assert (result["rows"], result["failed_rows"], len(result["failed"])) == (1, 120, 100)
    assert result["failed"][0]["reason"] == "has no label"
