"""FuseGen over two endpoints of different quality, and SuperGen with log-probabilities: end to end, scripted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.endpoint import Endpoint
from workbench.jobs import run as runner
from workbench.pipeline.curate_items import load_items
from workbench.pipeline.process import _loader
from workbench.pipeline.setting import parameters_of
from workbench.project import Project, create
from workbench.store import curation, jobs, ledger, repairs, samples, weights
from workbench.store.answers import unpack_logprobs
from workbench.store.connection import Store
from workbench.store.jobs import Job

CARD = ("my new card has not arrived", "where is the card you posted", "the card never came", "is my card in the post")
PIN = ("I forgot my pin number", "how do I change the pin", "my pin is blocked now", "wrong pin three times today")
TAILS = ("", " please", " thanks", " can you help", " since monday", " and I am angry", " again")
JOBS = {"generate": _loader("generate"), "curate": _loader("curate")}
THIRD = 3
GOOD, POOR = "openai:good", "openai:poor"


def good(prompt: str, nth: int) -> str:
    """Texts about the label that is asked for."""
    base = PIN if re.search(r'label is "pin"', prompt) else CARD
    return f"{base[nth % len(base)]}{TAILS[nth % len(TAILS)]} good {nth}"


def poor(prompt: str, nth: int) -> str:
    """Every third is about the other label."""
    pin = bool(re.search(r'label is "pin"', prompt)) != (nth % THIRD == THIRD - 1)
    base = PIN if pin else CARD
    return f"{base[nth % len(base)]}{TAILS[nth % len(TAILS)]} poor {nth}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user"))
    with Store(create(tmp_path / "p", labels=["card", "pin"])) as opened:
        yield opened


def configure(store: Store, *listed: tuple[str, Endpoint]) -> None:
    lines = "".join(f"\n    - {{base_url: {server.url}, use: '{name}'}}" for name, server in listed)
    path = store.project.settings
    path.write_text(path.read_text().replace("use: embedded ", f"use: {listed[0][0]}\n  endpoints:{lines}\n  # "))
    store.project = Project(store.project.folder)


def result(job: Job, state: str = "done") -> dict[str, Any]:
    assert job.state == state, job.error
    assert job.result is not None
    return job.result


def run(store: Store, kind: str, parameters: dict[str, Any]) -> Job:
    # One after the other: what the script writes depends on how often a prompt has come.
    number = jobs.create(store, kind, parameters, {"concurrency": 1} if kind == "generate" else {})
    runner.run(Project(store.project.folder), number, JOBS)
    return jobs.get(store, number)


def generate(store: Store, name: str, count: int, **chosen: Any) -> Job:
    given = {"recipe": name, "count": count, "parameters": chosen, "learn": False}
    return run(store, "generate", parameters_of(store.project, given))


def curate(store: Store, name: str, **chosen: Any) -> dict[str, Any]:
    return result(run(store, "curate", {"recipe": name, "parameters": chosen}))


def made(store: Store) -> list[tuple[int, str, str, str]]:
    """(id, text, label, model) of the generated samples."""
    rows = store.read("SELECT id, text, label_key FROM sample WHERE origin = 'synthetic' ORDER BY id")
    models = ledger.made_by(store, [row[0] for row in rows])
    return [(*row, models[row[0]][0]) for row in rows]


def is_wrong(text: str, label: str) -> bool:
    return label not in text.split()


@dataclass(frozen=True)
class Probe:
    """A technique that looks at who wrote a sample."""

    models: ClassVar[bool] = True


def test_fusegen_asks_two_models_and_counts_what_the_poor_one_got_wrong_less(
    store: Store, endpoint: Callable[..., Endpoint]
) -> None:
    servers = {
        GOOD: endpoint(script="tests.pipeline.test_fusegen_supergen:good"),
        POOR: endpoint(script="tests.pipeline.test_fusegen_supergen:poor"),
    }
    configure(store, *servers.items())
    assert result(generate(store, "fusegen", 120, wave=60, shown=6, pool=12))["kept"] == 120
    first_wave = {text for _, text, _, _ in made(store)[:60]}
    for name, server in servers.items():
        bodies = server.requests()
        assert {body["model"] for body in bodies} == {name.removeprefix("openai:")}
        assert len(bodies) == 60
        prompts = [body["messages"][1]["content"] for body in bodies]
        assert not any("Samples of this data set" in prompt for prompt in prompts[:30])
        shown = {tuple(re.findall(r"^- (.+)$", prompt, re.MULTILINE)) for prompt in prompts[30:]}
        assert len(shown) == 1
        assert len(set(*shown)) == 6
        assert set(*shown) <= first_wave
    counts = Counter((label, model) for _, _, label, model in made(store))
    assert set(counts.values()) == {30}
    assert {(item.id, item.model) for item in load_items(store, [Probe()])} == {(one[0], one[3]) for one in made(store)}
    parents = [samples.get(store, one[0]).parents.get("demonstrations", []) for one in made(store)]
    assert {len(one) for one in parents[:60]} == {0}
    assert {len(one) for one in parents[60:]} == {6}

    mean = curate(store, "fusegen")["weights"]["fusegen"]["mean"]
    found = weights.values(store)
    assert weights.in_force(store) == "fusegen"
    assert mean == pytest.approx(1.0, abs=0.01)
    wrong = {one[0] for one in made(store) if is_wrong(one[1], one[2])}
    assert {model for one, _, _, model in made(store) if one in wrong} == {POOR}
    right = set(found) - wrong
    assert sum(found[one] for one in wrong) / len(wrong) < 0.5 * sum(found[one] for one in right) / len(right)


def test_fusegen_asks_nobody_twice_when_it_is_run_again(store: Store, endpoint: Callable[..., Endpoint]) -> None:
    servers = [endpoint(script=f"tests.pipeline.test_fusegen_supergen:{name}") for name in ("good", "poor")]
    configure(store, (GOOD, servers[0]), (POOR, servers[1]))
    generate(store, "fusegen", 40, wave=20, shown=4, pool=8)
    asked = [server.stats()["requests"] for server in servers]
    assert asked == [20, 20]
    with store.write() as connection:  # the answers stay, the series is new
        connection.execute("DELETE FROM sample WHERE origin = 'synthetic'")
        connection.execute("DELETE FROM request")
        connection.execute("DELETE FROM wave")
    again = result(generate(store, "fusegen", 40, wave=20, shown=4, pool=8))
    assert (again["cached"], again["kept"]) == (40, 40)
    assert [server.stats()["requests"] for server in servers] == asked


def test_fusegen_over_one_model_is_refused(store: Store, endpoint: Callable[..., Endpoint]) -> None:
    server = endpoint()
    configure(store, (GOOD, server), (GOOD, server))
    job = generate(store, "fusegen", 10)
    assert job.state == "failed"
    assert "list them under model.endpoints" in str(job.error)
    assert server.stats()["requests"] == 0


def test_supergen_keeps_the_likeliest_of_each_label_and_smooths_their_labels(
    store: Store, endpoint: Callable[..., Endpoint]
) -> None:
    server = endpoint(script="tests.pipeline.test_fusegen_supergen:poor")
    configure(store, (GOOD, server))
    assert result(generate(store, "supergen", 60))["kept"] == 60
    assert all(body["logprobs"] is True for body in server.requests())
    scores = curation.scores(store, "confidence")
    for sample_id, packed in store.read(
        "SELECT sample.id, logprobs FROM sample JOIN request ON request.id = request_id JOIN answer ON answer.id = answer_id"
    ):
        values = unpack_logprobs(packed) or []
        assert scores[sample_id] == pytest.approx(sum(values) / len(values))
    assert len(scores) == 60

    assert curate(store, "supergen", drop=0.4)["dropped"] == {"exact_duplicate": 0, "confidence": 24}
    dropped = {row[0] for row in store.read("SELECT id FROM sample WHERE dropped")}
    for label in ("card", "pin"):
        own = sorted((scores[one], one) for one, _, given, _ in made(store) if given == label)
        assert {one for _, one in own[:12]} == dropped & {one for _, one in own}
    soft = repairs.soft_labels_of(store, [one[0] for one in made(store)])
    assert set(soft) == {one[0] for one in made(store)} - dropped
    assert all(sum(one.values()) == pytest.approx(1.0, abs=1e-3) for one in soft.values())
    # Even where the ensemble is sure, smoothing leaves half of (epsilon / 2) to the other label: .5 * .15 / 2.
    counting = [one for one in soft.values() if max(one.values()) > 0.9]
    assert counting
    assert all(min(one.values()) >= 0.0375 for one in counting)


def test_supergen_needs_log_probabilities(store: Store, endpoint: Callable[..., Endpoint]) -> None:
    configure(store, (GOOD, endpoint(logprobs=False)))
    job = generate(store, "supergen", 10)
    assert job.state == "failed"
    assert "log-probabilities" in str(job.error)
    assert "recipe 'supergen' needs" in str(job.error)
    assert made(store) == []
