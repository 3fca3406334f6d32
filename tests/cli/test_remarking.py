"""``label --take``, ``--tag`` and ``--reject --reason``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project, create
from workbench.store import curation, remarks, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    with Store(create(folder, labels=["lost_card", "refund"])) as store:
        samples.add(store, [NewSample({"text": f"text {n}"}, "refund") for n in range(4)])
        curation.save_suggestions(store, "tfidf", [(n, [("lost_card", n / 4)]) for n in (1, 2, 3, 4)], job_id=0)
    return folder


def rows(folder: Path) -> list[tuple[str, object]]:
    with Store(Project(folder)) as store:
        return [(row.status, row.label) for row in samples.rows(store, range(1, 5)).values()]


def test_each_sample_takes_what_is_proposed_for_it(workbench: Workbench, project: Path) -> None:
    assert workbench("label", project, "--take", "--view", "origin:synthetic", "--score", "0.7", "--yes").status == 0
    assert rows(project) == [("pending", "refund")] * 2 + [("accepted", "lost_card")] * 2
    again = workbench("label", project, "--take", "--view", "origin:synthetic", "--score", "0.7", "--yes")
    assert again.status == 1
    assert "that they do not have already" in again.err
    workbench("label", project, "--undo")
    assert rows(project) == [("pending", "refund")] * 4


def test_tags_and_reasons_are_put_on_without_the_screen(workbench: Workbench, project: Path) -> None:
    workbench("label", project, "--tag", "odd one", "--view", "id:1")
    workbench("label", project, "--tag", "odd-one", "--view", "origin:synthetic", "--yes")
    workbench("label", project, "--tag=-odd-one", "--view", "id:2")
    workbench("label", project, "--reject", "--reason", "unnatural", "--view", "id:3")
    wrong = workbench("label", project, "--accept", "--reason", "x", "--view", "id:3")
    assert "give it with --reject" in wrong.err
    with Store(Project(project)) as store:
        said = [remarks.of(store, n, None) for n in (1, 2, 3)]
    assert [one.tags for one in said] == [("odd-one",), (), ("odd-one",)]
    assert said[2].reason == "unnatural"
