"""Keys are never stored, logged, shown or exported, even when an endpoint repeats them in its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.jobs.run import run as run_job
from workbench.models.base import Fatal, Request
from workbench.models.checking import survey
from workbench.models.openai import OpenAIModel
from workbench.pipeline.process import _KINDS, _loader
from workbench.project import Project, create
from workbench.store import jobs, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

SECRET = "sk-test-SECRET-4711abcdef"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and a key in the environment; jobs run here, with their log file where a process would have it."""
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user-config"))
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)

    def launch(store: Store, job_id: int, module: str) -> None:
        if jobs.get(store, job_id).kind != "learn":
            run_job(Project(store.project.folder), job_id, {kind: _loader(kind) for kind in _KINDS})

    monkeypatch.setattr("workbench.pipeline.start.launch", launch)
    return create(tmp_path / "p", labels=["lost_card", "refund"]).folder


def everything_in(folder: Path) -> bytes:
    """All bytes of all files: settings, database, write-ahead log, locks, logs, exports."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def shown(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    main([str(word) for word in words])
    out, err = capsys.readouterr()
    return out + err


def test_a_key_that_the_endpoint_repeats_in_its_error(folder: Path, endpoint, monkeypatch, capsys) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(key="another key").url)  # 401: "Incorrect API key provided: sk-..."
    said = shown(capsys, "generate", folder, "--count", 3, "--model", "openai:fake")
    assert "OPENAI_API_KEY" in said or "401" in said or "key" in said
    said += shown(capsys, "generate", folder, "--count", 3, "--model", "openai:fake", "--debug", "--json")
    for words in (
        ("jobs", folder),
        ("jobs", folder, "--json"),
        ("jobs", folder, "log", 1),
        ("config", folder),
        ("doctor", folder),
    ):
        said += shown(capsys, *words)
    assert SECRET not in said
    assert SECRET.encode() not in everything_in(folder)


def test_a_key_that_works_leaves_no_trace(folder: Path, endpoint, monkeypatch, capsys, tmp_path: Path) -> None:
    server = endpoint(key=SECRET, vary=True)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    said = shown(capsys, "generate", folder, "--count", 3, "--model", "openai:fake", "--json")
    assert server.stats()["ok"] >= 3
    said += shown(capsys, "query", folder, "", "--explain")
    said += shown(capsys, "generate", folder, "--count", 5, "--model", "openai:fake", "--dry-run")
    for format_name in ("jsonl", "csv", "openai-chat"):
        said += shown(capsys, "export", folder, "--format", format_name, "--out", folder / f"out.{format_name}")
    with Store(Project(folder)) as store:
        assert samples.counts(store)["synthetic"] == 3
    assert SECRET not in said
    assert SECRET.encode() not in everything_in(folder)


def test_a_key_in_project_yaml_is_refused_without_being_repeated_elsewhere(folder: Path, capsys) -> None:
    settings = folder / "project.yaml"
    settings.write_text(settings.read_text().replace("  # api_key_env: OPENAI_API_KEY", f"  api_key_env: '{SECRET}'"))
    said = shown(capsys, "generate", folder, "--count", 1, "--model", "openai:fake")
    assert "api_key_env" in said
    assert SECRET not in said


def test_a_password_in_an_address_is_not_shown(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://user:{SECRET}@127.0.0.1:9/v1")
    said = shown(capsys, "generate", folder, "--count", 1, "--model", "openai:fake")
    said += shown(capsys, "models") + shown(capsys, "doctor", folder) + shown(capsys, "jobs", folder)
    assert SECRET not in said
    assert SECRET.encode() not in everything_in(folder)


@pytest.mark.parametrize(
    "fault",
    [{}, {"share_refusal": 1}, {"share_length": 1}, {"schema_mode": "none"}, {"refuse_parameter": "max_tokens"}],
)
def test_a_key_that_the_endpoint_repeats_wherever_it_can(
    folder: Path, endpoint, monkeypatch, capsys, tmp_path: Path, fault
) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"": f"my key is {SECRET} and it is wrong"}))
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(answers=str(answers), **fault).url)
    said = shown(capsys, "models", "check", "openai:fake", folder, "--json")
    said += shown(capsys, "models", "check", "openai:fake", folder)
    said += shown(capsys, "generate", folder, "--count", 2, "--model", "openai:fake")
    said += shown(capsys, "query", folder, "", "--explain")
    assert SECRET not in said
    assert SECRET.encode() not in everything_in(folder)


async def test_embeddings_and_raw_completions_do_not_tell(endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    model = OpenAIModel("fake", base_url=endpoint(key="another key").url)
    for asking in (
        lambda: model.embed(["a"]),
        lambda: model.complete(Request((), prompt="a")),
        lambda: model.check(["embeddings"]),
        lambda: survey(model),
    ):
        with pytest.raises(Fatal) as caught:
            await asking()
        assert SECRET not in str(caught.value) + repr(caught.value) + repr(model) + repr(vars(model))
    await model.close()


def test_the_sample_is_not_the_key(folder: Path) -> None:
    """The search above would find it: the negative tests are not empty."""
    with Store(Project(folder)) as store:
        samples.add(store, [NewSample({"text": SECRET}, "refund")])
    assert SECRET.encode() in everything_in(folder)
