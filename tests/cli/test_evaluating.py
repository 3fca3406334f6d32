"""``evaluate`` with contenders, and several recipes in one run: the table that says which method works on a task."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.cli.side_by_side import comparison_lines
from workbench.project import Project, create
from workbench.store import jobs, samples, snapshots
from workbench.store.connection import Store
from workbench.store.samples import NewSample

METRICS = ("--metric", "benchmark.accuracy", "--metric", "diversity.vocabulary")


@pytest.fixture
def filled(folder: Path) -> Path:
    """Two labels, 12 seeds, 20 test rows, 16 samples; half of them say the same."""
    words = {"lost_card": "my card is lost", "refund": "give my money back"}
    with Store(Project(folder)) as store:
        for origin, split, count in (("seed", "train", 6), ("real", "test", 10), ("synthetic", "train", 8)):
            samples.add(
                store,
                [
                    NewSample(
                        {"text": f"{text}, {split} {n // (2 if origin == 'synthetic' else 1)}"}, label, origin, split
                    )
                    for label, text in words.items()
                    for n in range(count)
                ],
            )
    return folder


def test_two_sets_side_by_side(workbench: Workbench, filled: Path, inline: None) -> None:
    ran = workbench("evaluate", filled, "--compare", "all=set", "once=set+exact_duplicate", *METRICS)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["all", "once"]
    assert lines[1].split() == ["samples", "16", "8"]
    assert next(one for one in lines if one.startswith("benchmark.accuracy")).count("(") == 2
    assert "- Compared are all (16 samples) and once (8 samples)." in lines
    assert max(map(len, lines)) <= 100
    found = workbench("evaluate", filled, "--compare", "all=set", "once=set+exact_duplicate", *METRICS, "--json").object
    assert found["kind"] == "comparison"
    assert [one["name"] for one in found["contenders"]] == ["all", "once"]
    assert found["best"] == {"diversity.vocabulary": None, "benchmark.accuracy": None}


def test_evaluations_are_listed(workbench: Workbench, filled: Path, inline: None) -> None:
    assert "no evaluation yet" in workbench("evaluate", filled, "--list").out
    workbench("evaluate", filled, *METRICS, "--view", "set:yes label:refund")
    workbench("evaluate", filled, *METRICS, "--compare", "all=set", "raw")
    listed = workbench("evaluate", filled, "--list", "--json").object["evaluations"]
    assert [(one["of"], one["samples"]) for one in listed] == [
        ("comparison: all, raw", 32),
        ("view set:yes label:refund", 8),
    ]
    assert "comparison: all, raw" in workbench("evaluate", filled, "--list").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--compare", "set"), "between 2 and 20 contenders"),
        (("--compare", "set", "recipe:zerogen"), "recipe 'zerogen' has made no samples"),
        (("--compare", "set", "a=set+alpagasus"), "give --judge to allow it"),
        (("--view", "label:refund", "--snapshot", "x"), "not allowed with"),
        (("--snapshot", "x"), "There is no snapshot 'x'"),
        (("--trainer",), "evaluate.trainer.command"),
        (("--judge",), "cannot judge"),
        (("--budget", "-1"), "more than 0 dollars"),
    ],
)
def test_what_cannot_be_done_is_said_before_a_job_is_made(
    workbench: Workbench, filled: Path, words: tuple[str, ...], sentence: str
) -> None:
    ran = workbench("evaluate", filled, *words)
    assert ran.status in (1, 2)
    assert sentence in ran.err
    with Store(Project(filled)) as store:
        assert jobs.newest(store) == []


def result(contenders: int) -> dict[str, object]:
    metric = {"value": 0.8123, "low": 0.7, "high": 0.9, "rough": False}
    return {
        "contenders": [
            {
                "name": f"contender {n}", "samples": 1234, "generated": 2345, "cost": 1.5, "cost_per_kept": 0.0012,
                "notes": [], "metrics": {"benchmark.accuracy": {**metric, "rough": n == 2}},
            }
            for n in range(contenders)
        ],
        "differences": {"benchmark.accuracy": []},
        "best": {"benchmark.accuracy": 1},
        "same_size": None,
        "summary": ["A sentence."],
    }  # fmt: skip


def test_the_table_fits_its_width() -> None:
    wide = comparison_lines(result(3), 100)
    assert "benchmark.accuracy  0.812 (0.700-0.900)  0.812* (0.700-0.900)  ~0.812 (0.700-0.900)" in wide
    two_lines = comparison_lines(result(3), 70)
    place = next(n for n, line in enumerate(two_lines) if line.startswith("benchmark.accuracy"))
    assert two_lines[place].split() == ["benchmark.accuracy", "0.812", "0.812*", "~0.812"]
    assert two_lines[place + 1].split() == ["(0.700-0.900)"] * 3
    blocks = comparison_lines(result(6), 60)
    assert [line for line in blocks if line.startswith("contender")] == [f"contender {n}" for n in range(6)]
    for width, lines in ((100, wide), (70, two_lines), (60, blocks)):
        assert max(map(len, lines)) <= width


# Several recipes


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    place = create(tmp_path / "bank", labels=["lost_card", "refund"]).folder
    texts = {
        "lost_card": [
            "I lost my card",
            "my card was stolen yesterday",
            "where is my lost card",
            "someone stole my card",
        ],
        "refund": ["give me my money back", "I want a refund", "please refund my payment", "when do I get my money"],
    }
    with Store(Project(place)) as store:
        for label, said in texts.items():
            samples.add(store, [NewSample({"text": text}, label, "seed", "train") for text in said])
            samples.add(store, [NewSample({"text": f"{text} now"}, label, "real", "test") for text in said])
    return place


def test_several_recipes_give_the_table_of_which_works(workbench: Workbench, bank: Path, inline: None) -> None:
    ran = workbench("run", bank, "zerogen", "sungen", "attrprompt", "--count", 12, "--json")
    assert ran.status == 3  # one of them cannot run here
    found = ran.object
    assert [(one["recipe"], bool(one["left_out"])) for one in found["recipes"]] == [
        ("zerogen", False), ("sungen", False), ("attrprompt", True),
    ]  # fmt: skip
    assert "needs a model that can follow instructions" in found["recipes"][2]["left_out"]
    contenders = found["evaluate"]["contenders"]
    assert [one["name"] for one in contenders] == ["zerogen", "sungen"]
    assert all(one["generated"] == 12 and one["cost"] == 0 for one in contenders)
    assert contenders[1]["spec"].startswith("recipe:sungen+")
    with Store(Project(bank)) as store:
        assert store.read("SELECT count(*) FROM verdict WHERE filter NOT GLOB 'recipe.*'") == [(0,)]
        requests = store.read("SELECT count(*) FROM request")
        assert snapshots.evaluations(store)[0]["view"] == "comparison"
    again = workbench("run", bank, "zerogen", "sungen", "--count", 12)
    assert again.status == 0
    assert again.out.splitlines()[0].startswith("zerogen: generated: 0 new samples, 12 kept in all")
    with Store(Project(bank)) as store:
        assert store.read("SELECT count(*) FROM request") == requests  # nothing is asked twice


def test_fewer_than_two_able_recipes_are_refused_before_anything_is_made(
    workbench: Workbench, bank: Path, inline: None
) -> None:
    ran = workbench("run", bank, "zerogen", "attrprompt", "--count", 5)
    assert ran.status == 1
    assert ran.err.count("attrprompt:") == 1
    assert "nothing to compare" in ran.err
    with Store(Project(bank)) as store:
        assert jobs.newest(store) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("zerogen", "zerogen"), "given twice"),
        (("zerogen", "zerogenn"), "did you mean 'zerogen'"),
        (("zerogen", "sungen", "--set", "colour=red"), "none of these recipes has a parameter"),
        (("zerogen", "sungen", "--budget", "0"), "more than 0 dollars"),
    ],
)
def test_wrong_usage_of_run(workbench: Workbench, bank: Path, words: tuple[str, ...], sentence: str) -> None:
    ran = workbench("run", bank, *words, "--count", 5)
    assert ran.status == 2
    assert sentence in ran.err


@pytest.fixture
def priced(bank: Path, endpoint, monkeypatch: pytest.MonkeyPatch):
    """An endpoint whose tokens cost a dollar each, so that a request costs some dozens."""
    server = endpoint(vary=True)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    settings = bank / "project.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        re.sub(r"(?m)^  # price:.*$", "  price: {input: 1000000, output: 1000000}", text, count=1), encoding="utf-8"
    )
    return server


def test_one_budget_is_shared_and_what_one_leaves_is_used(
    workbench: Workbench, bank: Path, inline: None, priced
) -> None:
    few = ("run", bank, "zerogen", "sungen", "--model", "openai:fake", "--count", 4, "--json")
    ran = workbench(*few, "--budget", 1_000_000)
    assert ran.status == 0, ran.err
    costs = [one["cost"] for one in ran.object["evaluate"]["contenders"]]
    assert all(cost > 0 for cost in costs)
    assert [one["cost_per_kept"] for one in ran.object["evaluate"]["contenders"]] == [
        pytest.approx(cost / one["kept"]) for cost, one in zip(costs, ran.object["evaluate"]["contenders"], strict=True)
    ]
    assert "A kept sample costs" in " ".join(ran.object["evaluate"]["summary"])
    asked = priced.stats()["requests"]
    again = workbench(*few, "--budget", 1_000_000)
    assert priced.stats()["requests"] == asked  # nothing is paid for twice
    assert [one["cost"] for one in again.object["evaluate"]["contenders"]] == costs


def test_a_budget_is_never_exceeded(workbench: Workbench, bank: Path, inline: None, priced) -> None:
    """Enough for some requests of each and not for all: both are cut off, compared with what they have, and said to be."""
    budget = 5_000
    ran = workbench(
        "run", bank, "zerogen", "sungen", "--model", "openai:fake", "--count", 200, "--budget", budget, "--json"
    )
    with Store(Project(bank)) as store:
        spent = store.read("SELECT sum(cost) FROM answer")[0][0]
    assert spent <= budget
    assert ran.status == 3, ran.err
    told = ran.object["recipes"]
    assert all(one["generate"]["kept"] > 0 and "budget" in " ".join(one["notes"]) for one in told)
    assert spent > 0.7 * budget


def test_a_judge_is_announced_with_requests_and_cost_and_what_it_cost_is_told(
    workbench: Workbench, filled: Path, inline: None, endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = endpoint()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("WORKBENCH_MODEL_USE", "openai:fake")
    ran = workbench(
        "evaluate", filled, "--judge", "--metric", "faithfulness.judge", "--compare", "all=set", "b=set+none"
    )
    assert ran.status == 0, ran.err
    assert re.search(r"openai:fake is asked at most \d+ times, at a price that is not known", ran.err)
    assert re.search(r"asked \d+ times, \d+ answers were known", ran.out)
    assert server.stats()["requests"] > 10
    found = workbench("evaluate", filled, "--judge", "--metric", "faithfulness.judge", "--json").object
    assert found["usage"]["requests"] == 0  # all of it was known
    ran = workbench("evaluate", filled, "--judge", "--budget", 1)
    assert ran.status == 1
    assert "price of openai:fake is not known" in ran.err
