"""``models check``: what an endpoint can do, for people, for programs, and for the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from tests.models.test_openai import host_of
from workbench.project import Project
from workbench.store import abilities
from workbench.store.connection import Store


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not inside a project."""
    monkeypatch.chdir(tmp_path)


def test_what_an_endpoint_can_do(workbench: Workbench, endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(schema_mode="json_object", embeddings=False).url)
    ran = workbench("models", "check", "openai:fake")
    assert ran.status == 0, ran.err
    assert "costs a few tokens" in ran.err
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "chat yes" in lines
    assert "structured answers JSON mode, with the schema in words" in lines
    assert "log-probabilities yes" in lines
    assert "embeddings no 404: Not Found" in lines
    assert "models fake" in lines
    assert "tokens used; kept nowhere" in lines[-1]


def test_it_is_kept_in_the_project(workbench: Workbench, folder: Path, endpoint, monkeypatch) -> None:
    server = endpoint(schema_mode="none", refuse_parameter="max_tokens")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    host = host_of(server.url)
    with Store(Project(folder)) as store:
        abilities.keep(store, host, "fake", {"structured": "json_schema", "chat.seed": "no"})
    ran = workbench("models", "check", "openai:fake", folder, "--json")
    assert ran.object["can"]["structured"] == "none"
    assert ran.object["kept"] == str(folder)
    with Store(Project(folder)) as store:
        known = abilities.of(store, host, "fake")
    assert known == ran.object["abilities"]
    assert known["chat.max_tokens"] == "max_completion_tokens"
    assert "chat.seed" not in known
    # In the folder, and with the project's own model.
    monkeypatch.chdir(folder)
    monkeypatch.setenv("WORKBENCH_MODEL_USE", "openai:fake")
    assert workbench("models", "check", "--json").object["kept"] == str(folder)
    assert workbench("models", "check", folder, "--json").object["model"] == "openai:fake"
    assert workbench("models", "check", "openai:other", "--json").object["model"] == "openai:other"


def test_what_cannot_be_checked(workbench: Workbench, folder: Path, endpoint, monkeypatch) -> None:
    for words in ((), ("embedded",), (folder,), ("openai:a", folder, "more"), (folder, "openai:a")):
        ran = workbench("models", "check", *words)
        assert ran.status == 2, words
        assert "models check openai:NAME" in ran.err
    ran = workbench("models", "check", "openai:fake")
    assert ran.status == 1
    assert "OPENAI_API_KEY is not set" in ran.err
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    ran = workbench("models", "check", "openai:fake")
    assert (ran.status, ran.out) == (1, "")
    assert "127.0.0.1:9 cannot be reached" in ran.err
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(unauthorised=True).url)
    ran = workbench("models", "check", "openai:fake", folder)
    assert ran.status == 1
    assert "does not let this request in" in ran.err
