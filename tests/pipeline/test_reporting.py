"""Reports of a project: which evaluation they take, what they may show, where they may be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import add
from workbench.errors import FileError, UsageError
from workbench.pipeline import reporting
from workbench.store import snapshots
from workbench.store.connection import Store


def evaluated(store: Store, value: float, *, view: str = "data set", **more: Any) -> int:
    metric = {
        "value": value,
        "low": 0.1,
        "high": 0.9,
        "note": "",
        "unit": "share",
        "direction": "higher",
        "details": {},
    }
    result = {"samples": 2, "metrics": {"benchmark.accuracy": metric}, "before": None, "difference": None, **more}
    return snapshots.save_evaluation(store, job_id=1, view=view, samples=2, result=result)


@pytest.fixture
def measured(store: Store) -> Store:
    add(store, "please refund my payment", "where is my refund")
    add(store, "a real training text", origin="real")
    add(store, "a secret test text", origin="real", split="test")
    evaluated(store, 0.25)
    evaluated(store, 0.75)
    return store


def test_it_takes_the_newest_evaluation_and_writes_the_card(measured: Store, tmp_path: Path) -> None:
    out, card = tmp_path / "r.html", tmp_path / "card.md"
    written = reporting.write(measured, out, card=card)
    page = out.read_text(encoding="utf-8")
    assert written["evaluation"] == 2
    assert "0.750" in page
    assert "please refund my payment" in page  # an example of the data set
    assert "secret" not in page
    assert "real training text" not in page
    assert "| `benchmark.accuracy` | 0.75" in card.read_text(encoding="utf-8")


def test_a_whole_evaluation_of_the_data_set_goes_before_later_parts(measured: Store, tmp_path: Path) -> None:
    evaluated(measured, 0.5, only=["benchmark.accuracy"])
    evaluated(measured, 0.6, view="view status:accepted")
    assert reporting.write(measured, tmp_path / "r.html")["evaluation"] == 2
    assert reporting.write(measured, tmp_path / "s.html", evaluations=[4])["evaluation"] == 4


def test_an_earlier_one_by_its_number(measured: Store, tmp_path: Path) -> None:
    written = reporting.write(measured, tmp_path / "r.html", evaluations=[1])
    assert written["evaluation"] == 1
    with pytest.raises(UsageError, match=r"There is no evaluation 7 .*--list"):
        reporting.write(measured, tmp_path / "other.html", evaluations=[7])
    assert not (tmp_path / "other.html").exists()


def test_a_comparison_stands_beside_it(measured: Store, tmp_path: Path) -> None:
    contender = {"name": "one", "samples": 2, "cost": None, "cost_per_kept": None, "metrics": {}}
    compared = {"kind": "comparison", "contenders": [contender], "best": {}, "summary": ["One is one."], "metrics": {}}
    number = snapshots.save_evaluation(measured, job_id=1, view="comparison", samples=2, result=compared)
    written = reporting.write(measured, tmp_path / "r.html")
    assert (written["evaluation"], written["comparison"]) == (2, number)
    assert "One is one." in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_nothing_measured_is_a_sentence(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run `workbench evaluate` first"):
        reporting.write(store, tmp_path / "r.html")


def test_it_overwrites_nothing_unasked_and_never_the_project(measured: Store, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(FileError, match="exists"):
        reporting.write(measured, out)
    assert out.read_text(encoding="utf-8") == "mine"
    reporting.write(measured, out, overwrite=True)
    with pytest.raises(UsageError, match="a file of the project itself"):
        reporting.write(measured, measured.project.folder / "project.yaml", overwrite=True)
    with pytest.raises(UsageError, match="cannot both be"):
        reporting.write(measured, tmp_path / "same", card=tmp_path / "same")
