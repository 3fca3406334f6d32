"""Recipes whose method ends in curation, end to end against a scripted endpoint: what was asked, and what became of it."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint import Endpoint
from workbench import recipe as recipes
from workbench.jobs import run as runner
from workbench.pipeline.process import _loader
from workbench.pipeline.setting import parameters_of
from workbench.project import Project, create
from workbench.store import curation, jobs, repairs, samples, weights
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.store.samples import NewSample

CARD = ("my new card has not arrived", "where is the card you posted", "the card never came", "is my card in the post")
PIN = ("I forgot my pin number", "how do I change the pin", "my pin is blocked now", "wrong pin three times today")
TAILS = ("", " please", " thanks", " can you help", " since monday", " and I am angry")
#: 48 texts of two labels that share few words.
TEXTS = [
    (f"{text}{tail}", label)
    for tail in TAILS
    for text, label in [(t, "card") for t in CARD] + [(t, "pin") for t in PIN]
]
#: Texts that the scripted model labels wrongly at first.
WRONG = {TEXTS[place][0] for place in (3, 12, 29, 38)}
RIGHT = dict(TEXTS)
JOBS = {"generate": _loader("generate"), "curate": _loader("curate")}


def asked_text(prompt: str) -> str:
    """The text that is to be labelled: the last one in the prompt, the longest of those that begin there."""
    return max((prompt.rfind(text), len(text), text) for text in RIGHT)[2]


def annotate(prompt: str, nth: int) -> str:
    """Labels by the truth, but for ``WRONG`` texts where no other text in the prompt shows how it is done."""
    text = asked_text(prompt)
    label = RIGHT[text]
    others = [other for other in RIGHT if other not in text and other in prompt]
    if text in WRONG and len(others) < 4:
        label = {"card": "pin", "pin": "card"}[label]
    if "rationale" in prompt:
        return json.dumps({"rationale": f"It is about a {label}, as the word shows.", "label": label})
    return json.dumps({"label": label})


def write(prompt: str, nth: int) -> str:
    """Texts for the label that is asked for; every fifth is about the other label."""
    label = "pin" if re.search(r'label is "pin"', prompt) else "card"
    nth += zlib.crc32(prompt.encode())  # prompts that show different seeds are all asked for the first time
    other = {"card": "pin", "pin": "card"}[label]
    about = other if nth % 5 == 4 else label
    base = CARD if about == "card" else PIN
    return f"{base[nth % len(base)]}{TAILS[nth % len(TAILS)]} number {nth % 7}"


def grade(prompt: str, nth: int) -> str:
    """Writes samples; grades them by the digits in them: even ones are good."""
    if found := re.search(r"Say the number (\d+)", prompt):
        number = int(found[1])
        return f"Score: {5 if number % 2 == 0 else 3}\nFine."
    return json.dumps({"instruction": f"Say the number {nth}", "output": f"It is {nth}."})


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Store]]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user"))
    stores: list[Store] = []

    def open_(server: Endpoint | None, **settings: Any) -> Store:
        if server is not None:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        stores.append(Store(create(tmp_path / "p", **(settings or {"labels": ["card", "pin"]}))))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


def generate(store: Store, name: str, count: int, **chosen: Any) -> Job:
    given = {"recipe": name, "model": "openai:test", "count": count, "parameters": chosen, "learn": False}
    return finished(store, "generate", parameters_of(store.project, given), {"concurrency": 4})


def curate(store: Store, name: str, **chosen: Any) -> Job:
    return finished(store, "curate", {"recipe": name, "parameters": chosen, "model": "openai:test"}, {})


def finished(store: Store, kind: str, parameters: dict[str, Any], limits: dict[str, Any]) -> Job:
    number = jobs.create(store, kind, parameters, limits)
    runner.run(Project(store.project.folder), number, JOBS)
    job = jobs.get(store, number)
    assert job.state == "done", job.error
    return job


def unlabelled(store: Store) -> None:
    samples.add(store, [NewSample({"text": text}, None, "unlabelled") for text, _ in TEXTS])


def labels(store: Store) -> dict[str, str]:
    return dict(store.read("SELECT text, label_key FROM sample WHERE origin = 'synthetic'"))


def wrong(store: Store) -> set[str]:
    return {text for text, label in labels(store).items() if label != RIGHT[text]}


def test_an_annotating_recipe_asks_once_about_every_text_and_stops_when_they_are_used_up(
    opened: Callable[..., Store], endpoint: Callable[..., Endpoint]
) -> None:
    server = endpoint(script="tests.pipeline.test_curating_recipes:annotate")
    store = opened(server)
    unlabelled(store)
    job = generate(store, "mckd", 1_000)
    assert job.result is not None
    assert job.result["kept"] == len(TEXTS)
    assert sorted(labels(store)) == sorted(RIGHT)
    assert wrong(store) == WRONG
    made = samples.get(store, len(TEXTS) + 1)
    assert made.parents == {"unlabelled": [made.conditions["unlabelled"]]}
    assert samples.get(store, made.conditions["unlabelled"]).text == made.text
    assert server.stats()["requests"] == len(TEXTS)
    assert generate(store, "mckd", 1_000).result["requests"] == 0


def test_mckd_relabels_by_students_that_never_learnt_from_the_text(
    opened: Callable[..., Store], endpoint: Callable[..., Endpoint]
) -> None:
    store = opened(endpoint(script="tests.pipeline.test_curating_recipes:annotate"))
    unlabelled(store)
    generate(store, "mckd", len(TEXTS))
    result = curate(store, "mckd").result
    assert result["repairs"]["mckd"]["applied"] == result["repairs"]["mckd"]["proposed"] > 0
    assert len(WRONG & wrong(store)) <= len(WRONG) / 2
    assert repairs.counts(store)["mckd"]["applied"] == result["repairs"]["mckd"]["applied"]


def test_freeal_asks_again_with_demonstrations_what_the_small_model_doubts(
    opened: Callable[..., Store], endpoint: Callable[..., Endpoint]
) -> None:
    server = endpoint(script="tests.pipeline.test_curating_recipes:annotate")
    store = opened(server)
    unlabelled(store)
    generate(store, "freeal", len(TEXTS))
    assert wrong(store) == WRONG
    first = server.stats()["requests"]
    result = curate(store, "freeal").result
    asked = server.stats()["requests"] - first
    assert 0 < asked < len(TEXTS)  # what counts as clean is not asked again
    assert result["usage"]["requests"] == asked
    assert wrong(store) == set()
    again = curate(store, "freeal").result
    assert server.stats()["requests"] == first + asked  # the same questions: their answers are kept
    assert again["usage"]["cached"] == asked


def test_distilling_step_by_step_keeps_the_rationale_beside_the_sample_and_learns_from_it(
    opened: Callable[..., Store], endpoint: Callable[..., Endpoint]
) -> None:
    store = opened(endpoint(script="tests.pipeline.test_curating_recipes:annotate"))
    unlabelled(store)
    generate(store, "distilling-step-by-step", len(TEXTS))
    made = samples.get(store, len(TEXTS) + 1)
    assert made.conditions["rationale"] == f"It is about a {made.label}, as the word shows."
    assert (made.fields, made.text) == ({"text": made.text}, TEXTS[0][0])  # the reasons are no part of the text
    result = curate(store, "distilling-step-by-step").result
    assert result["repairs"]["distilling_step_by_step"]["proposed"] >= 1
    assert len(wrong(store)) < len(WRONG)


def test_regen_retrieves_by_label_without_a_request(opened: Callable[..., Store]) -> None:
    store = opened(None)
    unlabelled(store)
    samples.add(store, [NewSample({"text": "nothing of the kind"}, None, "unlabelled")])
    job = generate(store, "regen", 40, each=20)
    assert (job.result["input_tokens"], job.result["kept"]) == (0, 40)
    assert wrong(store) == set()
    assert samples.label_counts(store) == {"card": 20, "pin": 20}
    result = curate(store, "regen").result
    assert result["dropped"] == {"consistency": 0}
    assert "asks no model" in preview(store, "regen").note


def preview(store: Store, name: str) -> Any:
    from workbench.pipeline.preview import generate as look

    return look(store.project, store, parameters_of(store.project, {"recipe": name, "count": 10}))


def test_recipes_about_unlabelled_texts_say_when_there_are_none(opened: Callable[..., Store]) -> None:
    store = opened(None)
    assert preview(store, "regen").refusal == (
        "Recipe 'regen' needs texts without labels; add some with `workbench import FILE --as unlabelled`."
    )


def test_sungen_weighs_what_was_written_for_the_wrong_label_less(
    opened: Callable[..., Store], endpoint: Callable[..., Endpoint]
) -> None:
    store = opened(endpoint(script="tests.pipeline.test_curating_recipes:write", vary=True))
    generate(store, "sungen", 200)
    result = curate(store, "sungen").result
    assert weights.in_force(store) == "sungen"
    assert result["weights"]["sungen"]["mean"] == pytest.approx(1.0, abs=0.01)
    found = weights.values(store)
    right = [found[i] for i, text, label in rows(store) if label in text]
    noise = [found[i] for i, text, label in rows(store) if label not in text]
    assert noise
    assert sum(noise) / len(noise) < sum(right) / len(right)


def rows(store: Store) -> list[tuple[Any, ...]]:
    return store.read("SELECT id, text, label_key FROM sample WHERE origin = 'synthetic'")


def test_cllm_shows_seeds_and_drops_what_they_contradict(
    opened: Callable[..., Store], endpoint: Callable[..., Endpoint]
) -> None:
    server = endpoint(script="tests.pipeline.test_curating_recipes:write", vary=True)
    store = opened(server)
    samples.add(store, [NewSample({"text": text}, label, "seed") for text, label in TEXTS[:24]])
    generate(store, "cllm", 40)
    assert all("Real examples whose label is" in str(body["messages"]) for body in server.requests())
    result = curate(store, "cllm").result
    dropped = {row[0] for row in store.read("SELECT id FROM sample WHERE dropped")}
    assert result["dropped"] == {"cllm": len(dropped)}
    assert dropped
    assert dropped <= {i for i, text, label in rows(store) if label not in text}
    assert len(curation.scores(store, "dynamics.confidence")) == 40


def test_alpagasus_keeps_what_was_graded_high(opened: Callable[..., Store], endpoint: Callable[..., Endpoint]) -> None:
    server = endpoint(script="tests.pipeline.test_curating_recipes:grade", vary=True)
    store = opened(server, kind="instruction")
    generate(store, "alpagasus", 10)
    result = curate(store, "alpagasus").result
    kept = [row[0] for row in store.read(f"SELECT text FROM sample WHERE {samples.DATA_SET}")]
    assert kept
    assert all(int(re.findall(r"\d+", text)[0]) % 2 == 0 for text in kept)
    assert result["dropped"]["alpagasus"] == 10 - len(kept)
    assert result["usage"]["requests"] == 10


def test_every_chain_of_a_recipe_is_made_of_registered_steps() -> None:
    from workbench.curate.base import parse_step

    chains = {one.name: one.chain({}) for one in recipes.everyone() if one.curate}
    assert {
        "sungen",
        "cllm",
        "freeal",
        "mckd",
        "regen",
        "distilling-step-by-step",
        "deita",
        "alpagasus",
    } <= chains.keys()
    for chain in chains.values():
        for spec in chain:
            parse_step(spec)
