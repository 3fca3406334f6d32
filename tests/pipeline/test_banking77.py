"""The whole loop on real data: twelve of the labels of BANKING77 (Casanueva et al. 2020)."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import main
from workbench.jobs.run import run as run_job
from workbench.pipeline.process import _KINDS, _loader
from workbench.project import Project
from workbench.store import jobs, samples, splits
from workbench.store.connection import Store

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77"
LABELS = [
    "card_arrival", "card_delivery_estimate", "lost_or_stolen_card", "change_pin", "pin_blocked", "exchange_rate",
    "transfer_not_received_by_recipient", "cancel_transfer", "top_up_failed", "cash_withdrawal_charge",
    "card_payment_not_recognised", "Refund_not_showing_up",
]  # fmt: skip
SEEDS_PER_LABEL, GENERATED = 60, 2_000


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def requests(folder: Path) -> int:
    with Store(Project(folder)) as store:
        return int(store.one("SELECT count(*) FROM request")[0])


@pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is missing")
def test_import_generate_curate_evaluate_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user-config"))

    def launch(store: Store, job_id: int, module: str) -> None:
        """In this process: the machine's two cores have the other tests to run."""
        if jobs.get(store, job_id).kind == "learn":
            jobs.cancel(store, job_id)
        else:
            run_job(Project(store.project.folder), job_id, {kind: _loader(kind) for kind in _KINDS})

    monkeypatch.setattr("workbench.pipeline.start.launch", launch)
    folder = tmp_path / "banking"

    def workbench(*words: object, status: int | None = 0) -> dict[str, Any]:
        capsys.readouterr()
        ended = main([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert status is None or ended == status, out + err
        value: dict[str, Any] = json.loads(out)
        return value

    train, test = rows_of("train.csv"), rows_of("test.csv")
    assert set(LABELS) <= {row["category"] for row in train}
    seen: Counter[str] = Counter()
    subset = tmp_path / "train.csv"
    with subset.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        for row in train:
            seen[row["category"]] += 1
            if row["category"] in LABELS and seen[row["category"]] <= SEEDS_PER_LABEL:
                writer.writerow(row)

    workbench("new", folder, "--labels", ",".join(LABELS), "--description", "Messages to a bank's support.")
    seeds = workbench("import", folder, subset, "--as", "seed")
    assert (seeds["read"], seeds["failed_rows"]) == (SEEDS_PER_LABEL * len(LABELS), 0)
    assert seeds["added"] + seeds["duplicates"] == seeds["read"]
    with subset.open(encoding="utf-8", newline="") as file:
        shown = {splits.fingerprint(row["text"]) for row in csv.DictReader(file)}
    # A test text that stands among the seeds too (the public files share one) is refused, not tested on.
    ours = sum(row["category"] in LABELS and splits.fingerprint(row["text"]) not in shown for row in test)
    assert ours < sum(row["category"] in LABELS for row in test)
    tested = workbench("import", folder, DATA / "test.csv", "--as", "test", status=3)  # the other labels are unknown
    assert (tested["read"], tested["added"] + tested["duplicates"]) == (len(test), ours)
    assert tested["failed_rows"] == len(test) - ours
    assert len(tested["failed"]) == 100
    assert "labels" in tested["failed"][0]["reason"]

    made = workbench("generate", folder, "--count", GENERATED, "--model", "embedded", status=None)
    assert (made["state"], made["kept"], made["samples"]) == ("done", GENERATED, GENERATED)
    assert made["requests"] == made["answers"] == GENERATED + made["failed"]  # some answers are cut off: exit status 3
    assert made["failed"] < 50
    before = requests(folder)
    again = workbench("generate", folder, "--count", GENERATED, "--model", "embedded")
    assert (again["requests"], again["samples"], again["kept"]) == (0, 0, GENERATED)
    assert requests(folder) == before

    curated = workbench("curate", folder)
    assert curated["checked"] == GENERATED
    assert curated["kept"] + sum(curated["dropped"].values()) == GENERATED
    assert sum(curated["dropped"].values()) > 0

    measured = workbench("evaluate", folder, "--compare")
    assert measured["samples"] == curated["kept"]
    assert measured["before"]["samples"] == GENERATED
    assert measured["difference"]["high"] >= 0  # curation is not shown to harm
    assert 0.7 < measured["metrics"]["benchmark.accuracy"]["value"] <= 1
    assert measured["metrics"]["benchmark.real_accuracy"]["value"] > 0.9

    with Store(Project(folder)) as store:
        counts = samples.counts(store)
    assert (counts["synthetic"], counts["in_data_set"]) == (GENERATED, curated["kept"])
    assert (counts["seed"], counts["test"]) == (seeds["added"], tested["added"])
    for format_name in ("jsonl", "csv", "openai-chat"):
        out = tmp_path / f"out.{format_name}"
        written = workbench("export", folder, "--format", format_name, "--out", out)
        assert written["rows"] == curated["kept"]
        assert written["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
        if format_name == "csv":
            with out.open(encoding="utf-8-sig", newline="") as file:
                labels = Counter(row["label"] for row in csv.DictReader(file))
            assert sum(labels.values()) == curated["kept"]
            assert set(labels) <= set(LABELS)
        else:
            assert len([json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]) == curated["kept"]
        card = Path(written["card"]).read_text(encoding="utf-8")
        assert f"{curated['kept']:,}" in card
        assert written["sha256"] in card
