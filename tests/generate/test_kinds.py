"""Generation for every kind of task: what is asked, what becomes of the answers, and what is wrong with some."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generate.scripted import Bench, Scripted, words_for
from workbench import answer_schema
from workbench.models.base import Request
from workbench.project import create
from workbench.store import samples
from workbench.store.connection import Store
from workbench.task_kinds import KINDS

LABELS = ("good", "bad", "mixed")
FREE = [("title", "text"), ("stars", "number"), ("facts", "json")]
MADE: dict[str, dict[str, Any]] = {
    "classification": {"labels": LABELS},
    "multi_label": {"labels": LABELS},
    "text_pair": {"labels": LABELS, "fields": [("premise", "text"), ("hypothesis", "text")]},
    "similarity": {"scale": (0, 5)},
    "extraction": {},
    "question_answering": {},
    "instruction": {"labels": LABELS},
    "dialogue": {"labels": LABELS},
    "preference": {},
    "free": {"fields": FREE},
}


class KindBench(Bench):
    """A project for one kind of task, without seeds."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        kind = "text_pair" if name == "similarity" else name
        self.project = create(folder, kind=kind, description="Short texts.", model="openai:test", **MADE[name])
        self.store = Store(self.project)
        self.patch = monkeypatch

    def rows(self) -> list[samples.Sample]:
        ids = [row[0] for row in self.store.read("SELECT id FROM sample ORDER BY request_id, ordinal")]
        return list(samples.many(self.store, ids))


@pytest.fixture
def bench_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], KindBench]]:
    """Makes the one project of a test, and closes it."""
    made: list[KindBench] = []

    def make(name: str) -> KindBench:
        made.append(KindBench(tmp_path / "p", monkeypatch, name))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


def answer(kind: str, request: Request) -> str:
    """A right answer that depends on the request alone."""
    words = words_for(request)
    content: Any = {
        "text_pair": {"premise": words, "hypothesis": words[::-1]},
        "similarity": {"first": words, "second": words[::-1]},
        "extraction": {"text": words, "label": {"name": words.split()[0], "date": None}},
        "question_answering": {"context": "", "question": f"{words}?", "answer": words},
        "instruction": {"instruction": words, "input": "", "output": words.upper()},
        "dialogue": {"messages": [{"role": "user", "content": words}, {"role": "assistant", "content": "Yes."}]},
        "preference": {"prompt": words, "chosen": "Yes.", "rejected": "No."},
        "free": {"title": words, "stars": 4, "facts": ["a", {"b": 1}]},
    }.get(kind, words)
    return content if isinstance(content, str) else json.dumps(content)


def test_every_kind_is_tried_here() -> None:
    assert set(MADE) == {*KINDS, "similarity"}


@pytest.mark.parametrize("name", MADE)
def test_a_run_of_every_kind(bench_of: Callable[[str], KindBench], name: str) -> None:
    bench = bench_of(name)
    model = Scripted(lambda request, number: answer(name, request))
    done = bench.job(model, count=12)
    assert (done.state, done.error, done.result["kept"]) == ("done", None, 12)
    task = bench.project.config.task
    for one in bench.rows():
        assert answer_schema.fault(task, one.fields, one.label) is None
        assert one.text
    plain = name in ("classification", "multi_label")
    assert {request.schema is None for request in model.requests} == {plain}
    for request in model.requests:
        assert answer_schema.describe(task) in request.messages[-1]["content"]


def test_labels_are_asked_for_in_balance(bench_of: Callable[[str], KindBench]) -> None:
    bench = bench_of("instruction")
    bench.job(Scripted(lambda request, number: answer("instruction", request)), count=12)
    assert Counter(one.label for one in bench.rows()) == dict.fromkeys(LABELS, 4)


def test_several_labels_are_asked_for_by_name(bench_of: Callable[[str], KindBench]) -> None:
    bench = bench_of("multi_label")
    model = Scripted()
    bench.job(model, count=30)
    rows = bench.rows()
    assert {len(one.label) for one in rows} == {1, 2, 3}
    assert min(sum(label in one.label for one in rows) for label in LABELS) >= 10  # each begins a third of them
    assert all(one.label == [label for label in LABELS if label in one.label] for one in rows)
    for request in model.requests:
        asked = request.messages[-1]["content"]
        assert all(f'"{label}"' in asked for label in request.conditions["label"])


def test_the_scale_s_steps_are_asked_for_in_balance(bench_of: Callable[[str], KindBench]) -> None:
    bench = bench_of("similarity")
    model = Scripted(lambda request, number: answer("similarity", request))
    bench.job(model, count=18)
    assert Counter(one.label for one in bench.rows()) == dict.fromkeys(range(6), 3)
    assert any("whose label is 5 on a scale from 0 to 5" in one.messages[-1]["content"] for one in model.requests)


def test_the_label_of_an_extraction_is_read_out_of_the_answer(bench_of: Callable[[str], KindBench]) -> None:
    bench = bench_of("extraction")
    bench.job(Scripted(lambda request, number: answer("extraction", request)), count=3)
    for one in bench.rows():
        assert one.label == {"name": one.fields["text"].split()[0], "date": None}
        assert "label" not in one.fields


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("I would rather talk.", "no JSON object in the answer"),
        ('{"instruction": "cut', "broken JSON in the answer"),
        ('{"instruction": "a"}', "the answer has no output"),
        ('{"instruction": "a", "output": 3}', "the answer output is a number, not a text"),
    ],
)
def test_an_answer_in_another_form_is_asked_for_once_more(
    bench_of: Callable[[str], KindBench], wrong: str, reason: str
) -> None:
    bench = bench_of("instruction")

    def script(request: Request, number: int) -> str:
        return wrong if len(request.messages) == 2 else answer("instruction", request)

    model = Scripted(script)
    done = bench.job(model, count=4)
    assert (done.state, done.result["kept"], done.result["repaired"]) == ("done", 4, 4)
    repairs = [request for request in model.requests if len(request.messages) == 4]
    assert len(repairs) == 4
    for request in repairs:
        assert request.messages[2] == {"role": "assistant", "content": wrong}
        assert f"That cannot be used: {reason}." in request.messages[3]["content"]


def test_the_embedded_model_is_refused_for_other_kinds(bench_of: Callable[[str], KindBench]) -> None:
    bench = bench_of("multi_label")
    embedded = Scripted()
    embedded.name, embedded.capabilities = "embedded", frozenset({"text_given_label"})
    failed = bench.job(embedded, count=3)
    assert failed.state == "failed"
    assert "for a task of kind multi_label use an endpoint" in failed.error
    assert embedded.requests == []
