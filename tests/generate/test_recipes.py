"""Self-Instruct and AttrPrompt, step by step."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.generate.scripted import LABELS, Bench, Killed, Scripted, words_for
from workbench.models.base import Request
from workbench.store import explaining, jobs, ledger, samples
from workbench.store.acts import Change, annotator, apply
from workbench.store.connection import Store

WAVE = {"wave": 24}


def shown(request: Request) -> list[str]:
    """The demonstrations of a self-instruct prompt."""
    return re.findall(r"^\d+\. (.+)$", request.messages[1]["content"], re.MULTILINE)


def test_a_later_wave_shows_six_seeds_and_two_machine_texts_of_its_label(bench: Bench) -> None:
    model = Scripted()
    done = bench.job(model, recipe="self-instruct", count=60, parameters=WAVE)
    assert done.state == "done"
    first = [request for request in model.requests if request.draw < 24]
    second = [request for request in model.requests if request.draw >= 24]
    assert all(text.startswith("seed") for request in first for text in shown(request))
    made: dict[str, set[str]] = defaultdict(set)
    for request in first:
        made[request.conditions["label"]].add(words_for(request))
    for request in (one for one in second if one.draw < 48):
        label = request.conditions["label"]
        human = [text for text in shown(request) if text.startswith("seed")]
        machine = [text for text in shown(request) if not text.startswith("seed")]
        assert (len(human), len(machine)) == (6, 2)
        assert all(text.endswith(label) for text in human)
        assert set(machine) <= made[label]


def test_the_demonstrations_are_recorded_as_parents(bench: Bench) -> None:
    bench.job(Scripted(), recipe="self-instruct", count=30, parameters=WAVE)
    (last,) = bench.store.read("SELECT max(id) FROM sample")[0]
    made = samples.get(bench.store, last)
    parents = list(samples.many(bench.store, made.parents["demonstrations"]))
    assert sorted(parent.origin for parent in parents) == ["seed"] * 6 + ["synthetic"] * 2
    origin = explaining.explain(bench.store, made).origin
    assert origin is not None
    assert all(parent.text in origin.messages[1]["content"] for parent in parents)


def test_what_is_too_near_to_an_earlier_text_gets_a_verdict_with_its_twin(bench: Bench) -> None:
    same = "my card has not come yet please help"  # 8 words; 6 in common give ROUGE-L 0.75, 5 give 0.63

    def script(request: Request, number: int) -> str:
        return {
            0: same,
            1: "my card has not come yet urgent money",
            2: "my card has not come late fee euro",
        }.get(request.draw, words_for(request))

    bench.job(Scripted(script), recipe="self-instruct", count=20, parameters=WAVE)
    twins = bench.store.read(
        "SELECT one.text, filter, round(value, 2), other.text, one.dropped FROM verdict JOIN sample AS one "
        "ON one.id = sample_id JOIN sample AS other ON other.id = other_id"
    )
    assert twins == [("my card has not come yet urgent money", "recipe.rouge_novelty", 0.75, same, 1)]


def test_a_repeated_seed_is_not_new(bench: Bench) -> None:
    model = Scripted(lambda request, number: "seed 3 about my pin" if request.draw == 0 else words_for(request))
    bench.job(model, recipe="self-instruct", count=10, parameters=WAVE)
    ((reason, other),) = bench.store.read("SELECT reason, text FROM verdict JOIN sample ON sample.id = other_id")
    assert other == "seed 3 about my pin"
    assert reason.startswith("ROUGE-L 1.00")


@pytest.mark.parametrize(("text", "reason"), [("two words", "2 words"), ("as an AI I will not do that", "as an ai")])
def test_short_texts_and_refusals_are_dropped(bench: Bench, text: str, reason: str) -> None:
    model = Scripted(lambda request, number: text if request.draw == 0 else words_for(request))
    done = bench.job(model, recipe="self-instruct", count=10, parameters=WAVE)
    assert done.result["kept"] >= 10
    ((said,),) = bench.store.read("SELECT reason FROM verdict")
    assert reason in said


def test_what_a_person_rejected_never_becomes_a_demonstration(bench: Bench) -> None:
    bench.job(Scripted(), recipe="self-instruct", count=24, parameters=WAVE)
    rejected = [row[0] for row in bench.store.read("SELECT id FROM sample WHERE origin = 'synthetic' AND id % 2 = 0")]
    texts = {samples.get(bench.store, one).text for one in rejected}
    apply(bench.store, annotator(bench.store, "ada"), rejected, Change(status="rejected"), kind="status")
    model = Scripted()
    bench.job(model, recipe="self-instruct", more=40, parameters=WAVE)
    machine = {text for request in model.requests for text in shown(request) if not text.startswith("seed")}
    assert machine
    assert not machine & texts


def test_a_wave_is_no_larger_than_what_is_missing(bench: Bench) -> None:
    model = Scripted()
    bench.job(model, recipe="self-instruct", count=5, parameters=WAVE)
    assert len(model.requests) == 5


PROPOSED = """Here are some:
1. length
2. **style**
3) subtopic *
"""


def attributes(request: Request, number: int) -> str:
    question = request.messages[1]["content"]
    if question.startswith("The labels are"):
        return PROPOSED.partition("\n")[2]
    if "different values" in question:
        name = re.search(r'attribute "(\w+)"', question)
        label = re.search(r'label is "(\w+)"', question)
        assert name is not None
        return "\n".join(f"- {name[1]} {label[1] if label else 'any'} {n}" for n in range(4))
    return words_for(request)


def combination(request: Request) -> dict[str, str]:
    return dict(re.findall(r"^- (\w+): (.+)$", request.messages[1]["content"], re.MULTILINE))


def test_attributes_are_asked_once_and_combined_per_class(bench: Bench) -> None:
    model = Scripted(attributes)
    done = bench.job(model, recipe="attrprompt", count=30, parameters={"attributes": 3, "values": 4})
    assert done.state == "done"
    asked = [request for request in model.requests if not combination(request)]
    assert len(asked) == 1 + 2 + len(LABELS)  # which; values of two; values of the third per label
    writing = [request for request in model.requests if combination(request)]
    assert len(writing) == 30
    for request in writing:
        chosen = combination(request)
        assert set(chosen) == {"length", "style", "subtopic"}
        assert chosen["subtopic"].startswith(f"subtopic {request.conditions['label']}")
    assert len({tuple(combination(request).items()) for request in writing}) > 10
    bench.job(model, recipe="attrprompt", count=40, parameters={"attributes": 3, "values": 4})
    assert len(model.requests) == len(asked) + 40


def test_edited_proposals_are_used_without_asking(bench: Bench) -> None:
    proposals = {"mood": ["calm"], "topic": {label: [f"about {label}"] for label in LABELS}}
    model = Scripted(attributes)
    bench.job(model, recipe="attrprompt", count=9, parameters={"proposals": proposals})
    assert [combination(request) for request in model.requests] == [
        {"mood": "calm", "topic": f"about {request.conditions['label']}"} for request in model.requests
    ]


@pytest.mark.parametrize(
    ("proposals", "said"),
    [
        ({"mood": []}, "needs a list"),
        ({"topic": {"card": ["x"]}}, "no values for label 'pin'"),
        ({"topic": {"nonsense": ["x"]}}, "not a label"),
    ],
)
def test_wrong_proposals_are_refused(bench: Bench, proposals: Any, said: str) -> None:
    model = Scripted(attributes)
    failed = bench.job(model, recipe="attrprompt", count=9, parameters={"proposals": proposals})
    assert said in failed.error
    assert model.requests == []


def test_no_proposals_is_a_sentence(bench: Bench) -> None:
    failed = bench.job(Scripted(lambda request, number: " \n "), recipe="attrprompt", count=9)
    assert "proposed no attributes" in failed.error


def test_the_embedded_model_is_refused_before_the_start(bench: Bench) -> None:
    from workbench.pipeline.preview import generate
    from workbench.pipeline.setting import parameters_of

    parameters = parameters_of(bench.project, {"recipe": "attrprompt", "model": "embedded", "count": 5})
    refusal = generate(bench.project, bench.store, parameters).refusal
    assert refusal is not None
    assert "follow instructions" in refusal
    embedded = Scripted()
    embedded.name, embedded.capabilities = "embedded", frozenset({"text_given_label"})
    failed = bench.run(bench.submit(recipe="attrprompt", model="embedded", count=5), embedded)
    assert failed.error == refusal
    assert jobs.get(bench.store, failed.id).result is None


def interrupted_in_the_second_wave(
    bench: Bench, people: Callable[[Bench], None] = lambda _: None
) -> tuple[Scripted, Any]:
    """A run that is killed in its second wave, then resumed after ``people`` did something; the resumed run's model."""
    job_id = bench.submit({"concurrency": 1}, recipe="self-instruct", count=60, parameters=WAVE)
    bench.killed(job_id, Scripted(lambda request, number: Killed() if number == 30 else words_for(request)))
    people(bench)
    model = Scripted()
    done = bench.run(job_id, model)
    assert done.state == "done", done.error
    return model, done


def prompts(model: Scripted, before: int) -> dict[int, str]:
    return {one.draw: one.messages[1]["content"] for one in model.requests if one.draw < before}


def edit_samples(bench: Bench) -> None:
    ids = [row[0] for row in bench.store.read("SELECT id FROM sample WHERE origin = 'synthetic'")]
    change = Change(fields={"text": "an edited text of mine"}, label="rate")
    apply(bench.store, annotator(bench.store, "ada"), ids, change, kind="edit")


def change_seeds(bench: Bench) -> None:
    apply(bench.store, annotator(bench.store, "ada"), [1, 2, 9], Change(status="rejected"), kind="reject")
    apply(bench.store, annotator(bench.store, "ada"), [3], Change(fields={"text": "an edited seed"}), kind="edit")
    bench.add([("a new seed about my card", "card")])


@pytest.mark.parametrize("people", [edit_samples, change_seeds])
def test_what_people_change_while_a_wave_is_open_does_not_change_it(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: Callable[[Bench], None]
) -> None:
    other = Bench(tmp_path / "other", monkeypatch)
    undisturbed, _ = interrupted_in_the_second_wave(other)
    disturbed, _ = interrupted_in_the_second_wave(bench, people)
    assert prompts(disturbed, 48) == prompts(undisturbed, 48)
    dropped = "SELECT ordinal, dropped FROM sample WHERE origin = 'synthetic' ORDER BY request_id LIMIT 48"
    assert bench.store.read(dropped) == other.store.read(dropped)
    if people is change_seeds:  # the next wave knows the seeds as they are now
        later = "\n".join(one.messages[1]["content"] for one in disturbed.requests if one.draw >= 48)
        assert "seed 0 about my card" in "\n".join(prompts(disturbed, 48).values())
        assert "seed 0 about my card" not in later
    other.store.close()


def test_a_wave_s_row_holds_only_what_changed_since_the_wave_before(bench: Bench) -> None:
    bench.job(Scripted(), recipe="self-instruct", count=48, parameters=WAVE)
    me = annotator(bench.store, "ada")
    made = [row[0] for row in bench.store.read("SELECT id FROM sample WHERE origin = 'synthetic' ORDER BY id")]
    apply(bench.store, me, made[:5], Change(status="rejected"), kind="reject")
    bench.job(Scripted(), recipe="self-instruct", more=24, parameters=WAVE)
    apply(bench.store, me, made[5:7], Change(status="rejected"), kind="reject")
    apply(bench.store, me, made[:1], Change(status="accepted"), kind="accept")
    bench.job(Scripted(), recipe="self-instruct", more=24, parameters=WAVE)
    first, second, *later = ledger.frozen(bench.store, 1)
    changed = [one for one in later if one]
    assert len(first["seeds"]) == 24
    assert second == {}
    assert changed == [{"rejected": made[:5]}, {"rejected": made[5:7], "restored": made[:1]}]


def test_the_waves_of_one_run_read_each_sample_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = ledger.series_samples

    def note(store: Store, series_id: int, start: int, size: int) -> Any:
        read.extend(range(start, start + size))
        return real(store, series_id, start, size)

    monkeypatch.setattr(ledger, "series_samples", note)
    bench.job(Scripted(), recipe="self-instruct", count=100, parameters={"wave": 10})
    assert len(read) == len(set(read)) >= 100
