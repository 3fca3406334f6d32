"""Choosing what to look at, without the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project, create
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    create(folder, labels=["lost_card", "refund"])
    texts = [("my card is lost", "lost_card"), ("please refund my money", "refund")]
    with Store(Project(folder)) as store:
        samples.add(store, [NewSample({"text": text}, label, "seed") for text, label in texts])
        samples.add(
            store, [NewSample({"text": text}, label, "real", "validation") for text, label in (("lost", "lost_card"),)]
        )
        samples.add(store, [NewSample({"text": f"{texts[n % 2][0]} {n}"}, texts[n % 2][1]) for n in range(10)])
    return folder


def test_strategies_are_listed_and_shown(workbench: Workbench) -> None:
    told = json.loads(workbench("strategies", "--json").out)
    assert len(told["strategies"]) == 12
    assert not told["failed"]
    shown = workbench("strategies", "show", "core_set").out
    assert "Sener & Savarese 2018" in shown
    assert "label --queue --strategy core_set" in shown
    wrong = workbench("strategies", "show", "corset")
    assert wrong.status == 2
    assert "core_set" in wrong.err


def test_a_queue_says_why(workbench: Workbench, project: Path) -> None:
    ran = workbench("label", str(project), "--queue", "--strategy", "margin", "--limit", "3", "--json")
    assert ran.status == 0, ran.err
    rows = json.loads(ran.out)["rows"]
    assert len(rows) == 3
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert all(row["why"].startswith("margin ") for row in rows)
    curve = json.loads(workbench("learn", str(project), "--curve", "--json").out)["learning_curve"]
    assert [(one["labelled"], one["trained_on"], one["validation"]) for one in curve] == [(0, 2, 1)]
    assert workbench("label", str(project), "--queue", "--strategy", "margins").status == 2
