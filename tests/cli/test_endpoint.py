"""What is said when an endpoint refuses, is not there, or answers nonsense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

pytestmark = pytest.mark.usefixtures("inline")
RUN = ("--count", 4, "--model", "openai:fake", "--concurrency", 4)


def test_no_key_and_no_endpoint(workbench: Workbench, folder: Path) -> None:
    ran = workbench("generate", folder, *RUN)
    assert ran.status == 1
    assert not ran.out
    assert "api.openai.com needs a key and OPENAI_API_KEY is not set: export it, or set model.base_url" in ran.err
    assert ran.err.count("\n") == 1


def test_a_recipe_that_the_model_cannot_follow(workbench: Workbench, folder: Path) -> None:
    ran = workbench("generate", folder, "--recipe", "attrprompt", "--count", 4)
    assert ran.status == 1
    assert "needs a model that can follow instructions, and embedded cannot" in ran.err
    ran = workbench("generate", folder, "--count", 4)
    assert ran.status == 1
    assert "learns from" in ran.err
    assert "import FILE --as seed" in ran.err
    assert workbench("jobs", folder, "--json").object["jobs"] == []  # refused before a job was made


def test_an_address_that_is_none(workbench: Workbench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_MODEL_BASE_URL", "ftp://nowhere")
    ran = workbench("generate", folder, *RUN)
    assert ran.status in (1, 2)
    assert "is no address" in ran.err


def test_a_key_that_is_refused(workbench: Workbench, folder: Path, endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    server = endpoint(unauthorised=True)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-SECRET-0123456789")
    ran = workbench("generate", folder, *RUN)
    assert ran.status == 1
    assert "401" in ran.err or "key" in ran.err
    assert "sk-test" not in ran.err + ran.out
    assert server.stats()["requests"] <= 4  # nobody goes on asking with a wrong key


def test_an_endpoint_that_is_down(workbench: Workbench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    ran = workbench("generate", folder, *RUN)
    assert ran.status == 1
    assert "127.0.0.1:9 cannot be reached" in ran.err


def test_answers_that_are_hostile(workbench: Workbench, folder: Path, endpoint, tmp_path: Path, monkeypatch) -> None:
    answers = tmp_path / "answers.json"
    evil = "my card\x1b]52;c;cm0=\x07 \u202egnp is \x9b2J\x00 lost [bold]"
    answers.write_text(json.dumps({"": [f"{evil} {n}" for n in range(50)]}))
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(answers=str(answers)).url)
    ran = workbench("generate", folder, *RUN)
    assert ran.status == 0, ran.err
    rows = workbench("query", folder, "origin:synthetic").rows
    assert len(rows) == 4
    assert all("my card" in row["fields"]["text"] for row in rows)
    assert workbench("query", folder, "origin:synthetic", "--explain").rows[0]["origin_request"]["messages"]


def test_one_prompt_that_is_refused_fails_alone(workbench: Workbench, folder: Path, endpoint, monkeypatch) -> None:
    with Store(Project(folder)) as store:
        samples.add(store, [NewSample({"text": f"seed {i}"}, "refund", "seed") for i in range(3)])
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(bad_marker="refund", vary=True).url)
    ran = workbench("generate", folder, *RUN, "--json")
    assert ran.status in (1, 3), ran
    if ran.status == 3:
        assert ran.object["failed"] > 0
        assert ran.object["reasons"]
