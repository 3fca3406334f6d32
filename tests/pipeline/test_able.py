"""What an endpoint must be able to do for a recipe: asked before the first request, said in a sentence, remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint import Endpoint
from workbench.models.place import host_of
from workbench.pipeline.process import _loader
from workbench.pipeline.setting import parameters_of
from workbench.project import create
from workbench.store import abilities, jobs
from workbench.store.connection import Store

RAW = """\
name: raw
title: Raw
paper: "none"
year: 2026
place: generate
tasks: [classification]
needs: [completions]
summary: A raw prompt that is continued.
when: In tests.
requests_per_sample: "1"
conditions:
  - part: label
prompt:
  completion: "A message about {{ label.name }}, number {{ number }}:"
parameters:
  number: {default: 7, help: A number.}
parse:
  part: text
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    (tmp_path / "raw.yaml").write_text(RAW)
    (tmp_path / "sure.yaml").write_text(
        RAW.replace("name: raw", "name: sure")
        .replace("[completions]", "[chat, logprobs]")
        .replace("  completion:", "  user:")
        .replace("parse:", "model: {logprobs: true}\nparse:")
    )
    with Store(create(tmp_path / "p", labels=["card", "pin"])) as made:
        yield made


def run(store: Store, endpoint: Endpoint, recipe: str, monkeypatch: pytest.MonkeyPatch) -> jobs.Job:
    from workbench.jobs import run as runner

    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    chosen: dict[str, Any] = {"recipe": str(store.project.folder.parent / f"{recipe}.yaml"), "model": "openai:test"}
    parameters = parameters_of(store.project, {**chosen, "count": 4, "learn": False})
    job_id = jobs.create(store, "generate", parameters, {"concurrency": 2})
    runner.run(store.project, job_id, {"generate": _loader("generate")})
    return jobs.get(store, job_id)


def test_a_raw_prompt_is_continued_and_shown_as_it_was_sent(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = endpoint(vary=True)
    done = run(store, server, "raw", monkeypatch)
    assert (done.state, done.error) == ("done", None)
    assert done.result is not None
    assert done.result["kept"] == 4
    shown = {row[0] for row in store.read("SELECT messages FROM prompt")}
    assert shown == {
        f'[{{"role":"prompt","content":"A message about {label}, number 7:"}}]' for label in ("card", "pin")
    }


@pytest.mark.parametrize(
    ("recipe", "without", "lack"),
    [
        ("raw", {"completions": False}, "has no raw completions, which recipe 'raw' needs"),
        ("sure", {"logprobs": False}, "gives no token log-probabilities, which recipe 'sure' needs"),
    ],
)
def test_what_an_endpoint_lacks_is_said_before_the_first_request_and_remembered(
    store: Store,
    endpoint: Callable[..., Endpoint],
    monkeypatch: pytest.MonkeyPatch,
    recipe: str,
    without: dict[str, bool],
    lack: str,
) -> None:
    server = endpoint(**without)
    failed = run(store, server, recipe, monkeypatch)
    assert failed.state == "failed"
    assert lack in str(failed.error)
    assert store.one("SELECT count(*) FROM request") == (0,)
    asked = server.stats()["requests"]
    assert run(store, server, recipe, monkeypatch).error == failed.error
    assert server.stats()["requests"] == asked  # what was found out is not asked again
    assert "no" in abilities.of(store, host_of(server.url), "test").values()


def test_log_probabilities_become_a_score(
    store: Store, endpoint: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(store, endpoint(vary=True), "sure", monkeypatch)
    assert done.state == "done", done.error
    scores = [row[0] for row in store.read("SELECT value FROM score WHERE name = 'confidence'")]
    assert len(scores) == 4
    assert all(-1.01 <= score <= -0.01 for score in scores)
