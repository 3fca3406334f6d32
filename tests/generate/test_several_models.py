"""Recipes that tell the samples of several models apart: who is asked for which place, and for no other."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.generate.scripted import LABELS, Bench, Killed, Scripted, lane, words_for
from workbench.errors import WorkbenchError
from workbench.generate.conditions.models import models
from workbench.generate.lanes import Lane, Lanes
from workbench.generate.parts import CONDITIONS, Setting
from workbench.models.base import BadRequest, Fatal, Request, Transient
from workbench.pipeline import preview, setting
from workbench.project import Project
from workbench.store import ledger, samples

NAMES = ("openai:first", "openai:second")
NO_KEY = Fatal("second.example does not let this request in.", reason="http 401")
UNREACHED = Transient("second.example cannot be reached.", reason="connection")


def named(name: str, script: Any = None, latency: float = 0.0) -> Scripted:
    model = Scripted(script or write, latency)
    model.name = f"openai:{name}"
    return model


def write(request: Request, number: int) -> str:
    """A text about the label that depends on the request alone."""
    return f"my {request.conditions['label']} {words_for(request, 5)}"


def lanes(first: Scripted, second: Scripted, *more: Scripted) -> list[Lane]:
    made = [lane(first, host="first.example"), lane(second, host="second.example")]
    return made + [lane(one, host=f"{number}.example") for number, one in enumerate(more)]


def submit(bench: Bench, count: int = 48, wave: int = 24) -> int:
    return bench.submit(recipe="fusegen", count=count, parameters={"wave": wave, "shown": 4, "pool": 8})


def wishes(bench: Bench, count: int, names: tuple[str, ...] = NAMES, seed: int = 0) -> list[tuple[str, str]]:
    """(label, model) at each place."""
    given = Setting(bench.project.config, {}, seed, (), models=names)
    found = []
    for ordinal in range(count):
        label = CONDITIONS.get("label")(given, ordinal, {}, {})
        found.append((label["label"], models(given, ordinal, label, {})["model"]))
    return found


@pytest.mark.parametrize("names", [NAMES, ("a", "b", "c"), ("a", "b", "c", "d", "e")])
def test_models_take_turns_for_every_label(bench: Bench, names: tuple[str, ...]) -> None:
    block = len(LABELS) * len(names)
    found = wishes(bench, 4 * block, names)
    for start in range(0, len(found), block):
        assert sorted(found[start : start + block]) == sorted(itertools.product(LABELS, names))
    for start in range(0, len(found), len(LABELS)):
        counts = Counter(model for _, model in found[start : start + len(LABELS)])
        assert max(counts.values()) - min(counts.get(name, 0) for name in names) <= 1
    assert found == wishes(bench, 4 * block, names)
    assert found != wishes(bench, 4 * block, names, seed=1)


def test_without_a_label_each_block_has_every_model_once(bench: Bench) -> None:
    given = Setting(bench.project.config, {}, 0, (), models=("a", "b", "c"))
    found = [models(given, ordinal, {}, {})["model"] for ordinal in range(30)]
    assert all(set(found[start : start + 3]) == {"a", "b", "c"} for start in range(0, 30, 3))
    with pytest.raises(WorkbenchError, match="several models"):
        models(Setting(bench.project.config, {}, 0, ()), 0, {}, {})


def test_each_request_goes_to_its_model_and_samples_say_which(bench: Bench) -> None:
    first, second = named("first"), named("second", latency=0.001)
    done = bench.run(submit(bench), lanes(first, second))
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 48, 0)
    wanted = wishes(bench, 48)
    for model in (first, second):
        places = sorted(request.draw for request in model.requests)
        assert places == [place for place, (_, name) in enumerate(wanted) if name == model.name]
    made = ledger.made_by(bench.store, range(1, 100))
    assert Counter(name for name, _ in made.values()) == {NAMES[0]: 24, NAMES[1]: 24}
    assert all(samples.get(bench.store, one).conditions["model"] == name for one, (name, _) in made.items())
    assert ledger.provenance(bench.store)[0]["models"] == list(NAMES)


def test_the_first_wave_shows_nothing_and_later_ones_the_same_to_all(bench: Bench) -> None:
    first, second = named("first"), named("second")
    bench.run(submit(bench), lanes(first, second))
    prompts = {one.draw: one.messages[1]["content"] for one in first.requests + second.requests}
    assert not any("Samples of this data set" in prompts[place] for place in range(24))
    shown = {prompts[place].split("\n\nWrite one new")[0] for place in range(24, 48)}
    assert len(shown) == 1
    assert shown.pop().count("\n- ") == 4
    later = samples.get(bench.store, bench.store.read("SELECT max(id) FROM sample")[0][0])
    assert len(later.parents["demonstrations"]) == 4


@pytest.mark.parametrize("error", [NO_KEY, UNREACHED])
def test_a_model_that_is_gone_stops_the_run_and_nobody_stands_in(bench: Bench, error: Exception) -> None:
    job_id = submit(bench)
    first, second = named("first"), named("second", lambda request, number: error)
    failed = bench.run(job_id, lanes(first, second))
    assert (failed.state, failed.error, failed.result["failed"]) == ("failed", str(error), 0)
    assert {request.conditions["model"] for request in first.requests} <= {NAMES[0]}
    again = named("first"), named("second")
    done = bench.run(job_id, lanes(*again))
    assert (done.state, len(bench.texts()), done.result["failed"]) == ("done", 48, 0)
    assert len(first.requests) + len(again[0].requests) == 24
    assert {one.conditions["model"] for one in again[1].requests} == {NAMES[1]}


def test_what_one_model_refuses_the_other_is_not_asked(bench: Bench) -> None:
    place = next(place for place, (_, name) in enumerate(wishes(bench, 24)) if name == NAMES[1])

    def script(request: Request, number: int) -> Any:
        return BadRequest("Too long.", reason="http 400") if request.draw == place else write(request, number)

    first, second = named("first"), named("second", script)
    done = bench.run(submit(bench, count=24), lanes(first, second))
    assert (done.state, done.result["reasons"]) == ("done", {"http 400": 1})
    assert place not in {request.draw for request in first.requests}


def test_endpoints_of_one_model_stand_in_for_one_another(bench: Bench) -> None:
    broken = named("second", lambda request, number: NO_KEY)
    first, spare = named("first"), named("second")
    done = bench.run(submit(bench), lanes(first, broken, spare))
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 48, 0)
    assert len(first.requests) == len(spare.requests) == 24
    assert done.result["lanes"][1]["state"] == "out"


def test_lanes_know_who_stands_in_for_whom() -> None:
    first, second, other = lanes(named("first"), named("second"), named("second"))
    found = Lanes([first, second, other], tell=lambda *_: None, apart=True)
    assert found.choose(model=NAMES[0]) is first
    assert found.choose(first, model=NAMES[0]) is first
    assert found.choose(second, model=NAMES[1]) is other
    assert found.choose(model="openai:third") is None
    assert not found.others(first)
    assert found.others(second)
    assert not any(found.blame(first, ordinal, UNREACHED) for ordinal in range(50))
    assert found.exclude(second, "quota", "No credit.")
    assert not found.exclude(other, "quota", "No credit here either.")
    assert found.sentence("Nothing.", NAMES[0]) == "Nothing."
    assert found.sentence("Nothing.", NAMES[1]) == "No credit."
    assert found.pulse(NAMES[0]) is not found.pulse(NAMES[1])
    together = Lanes([first, other], tell=lambda *_: None)
    assert together.pulse(NAMES[0]) is together.pulse(NAMES[1])
    assert together.choose(model="openai:third") is first


@pytest.mark.parametrize("at", [1, 13, 25, 40, 60])
def test_a_resumed_run_gives_what_an_uninterrupted_one_gives(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    other = Bench(tmp_path / "whole", monkeypatch)
    whole = other.run(submit(other, 72), lanes(named("first", latency=0.002), named("second")))
    job_id = submit(bench, 72)
    asked: list[Request] = []

    def script(request: Request, number: int) -> Any:
        asked.append(request)
        return Killed() if len(asked) == at else write(request, number)

    bench.killed(job_id, lanes(named("first", script), named("second", script)))
    latency = random.Random(at).random() / 200
    done = bench.run(job_id, lanes(named("first"), named("second", latency=latency)))
    assert done.state == whole.state == "done"
    assert bench.made() == other.made()
    assert len(bench.made()) == 72
    other.store.close()


def test_one_model_is_refused_before_the_first_request(bench: Bench) -> None:
    said = (
        "Recipe 'fusegen' needs at least two differently named models, and there is only openai:first; "
        "list them under model.endpoints in project.yaml (`use: openai:NAME` at each)."
    )
    one, same = named("first"), named("first")
    failed = bench.run(submit(bench), lanes(one, same))
    assert (failed.state, failed.error) == ("failed", said)
    assert one.requests == same.requests == []
    given = setting.parameters_of(bench.project, {"recipe": "fusegen", "model": "openai:first", "count": 10})
    assert preview.generate(bench.project, bench.store, given).refusal == said


def configured(bench: Bench, *names: str) -> Project:
    listed = "".join(f"\n    - {{base_url: 'http://127.0.0.1:{n}/v1', use: {name}}}" for n, name in enumerate(names, 1))
    bench.edit("use: embedded ", f"use: openai:a\n  endpoints:{listed}\n  # ")
    return bench.project


def test_the_models_of_a_run_are_those_of_its_endpoints(bench: Bench) -> None:
    project = configured(bench, "openai:b", "'openai: a'", "openai:b")
    model = project.config.model
    assert model.names("openai:a") == ["openai:a", "openai:b"]
    assert model.names("openai:c") == ["openai:c"]  # somebody chose another one for this run
    given = setting.parameters_of(project, {"recipe": "fusegen", "count": 10})
    shown = preview.generate(project, bench.store, given)
    assert shown.refusal is None
    assert "It asks openai:a and openai:b in turn." in shown.note
    assert setting.run_of(project, bench.store, given).setting.models == ["openai:a", "openai:b"]


def test_another_list_of_models_is_another_series(bench: Bench) -> None:
    def key(recipe: str) -> Any:
        from workbench.recipe import load

        return setting.series_parameters(bench.project, load(recipe), {})["made_of"]

    configured(bench, "openai:a", "openai:b")
    before = key("fusegen"), key("zerogen")
    bench.edit("use: openai:b}", "use: openai:c}")
    assert (key("fusegen") != before[0], key("zerogen") == before[1]) == (True, True)


def test_batches_are_refused(bench: Bench) -> None:
    job_id = bench.submit(recipe="fusegen", count=10, executor="batch")
    first, second = named("first"), named("second")
    failed = bench.run(job_id, lanes(first, second))
    assert failed.error == "Batches go to one model, and recipe 'fusegen' asks several: leave --batch out."
    assert first.requests == second.requests == []
