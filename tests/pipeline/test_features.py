"""What a project keeps of its texts beside the database, and that it forgets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.conftest import RunJob, add
from tests.pipeline.test_learn_job import fill
from workbench.pipeline.features import embeddings_of, features_of, folder_of, keep_only
from workbench.project import Project, create
from workbench.store.connection import Store


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create(tmp_path / "p", labels=["a", "b"])


def compute(texts: list[str]) -> list[list[float]]:
    return [[len(text), 1.0] for text in texts]


def test_features_are_kept_beside_the_database(project: Project) -> None:
    features_of(project).rows(["one text", "another"])
    assert folder_of(project).parent == project.database.parent
    assert len(features_of(project)) == 2


def test_deleted_texts_are_forgotten_by_features_and_embeddings(project: Project) -> None:
    assert keep_only(project, lambda: ["one"]) == 0
    features_of(project).rows(["one", "two", "an old version of two"])
    embeddings_of(project, "openai:m").get(["one", "two"], compute)
    assert keep_only(project, lambda: ["two"]) == 3
    assert len(features_of(project)) == len(embeddings_of(project, "openai:m")) == 1


def test_a_learn_job_counts_only_what_is_new(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    from workbench.learn import feature_store

    count = feature_store.count_grams
    monkeypatch.setattr(feature_store, "count_grams", lambda texts: counted.append(len(texts)) or count(texts))
    fill(store, "refund my payment please", "is my card lost")
    assert run("learn").state == "done"
    add(store, "one more payment")
    assert run("learn").state == "done"
    assert counted == [4, 2, 1]
