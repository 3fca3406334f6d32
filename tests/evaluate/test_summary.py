"""The summary in words: every number of it stands in the result, and it never says more than the tests do."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluate.summary import HEADLINES, of_one, summary
from workbench.jobs.words import dollars_each

NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?![\w])")
#: Names that hold no digits, so that every digit of a sentence is a claim.
NAMES = ("zerogen", "attrprompt", "the set", "raw")
METRICS = [name for name, _ in HEADLINES] + ["diversity.vendi", "diversity.self_bleu"]

share = st.floats(0, 1)


@st.composite
def metric(draw: st.DrawFn) -> dict[str, Any]:
    value = draw(st.none() | share)
    ends = (
        [None, None] if value is None or draw(st.booleans()) else [max(0.0, value - draw(share)), value + draw(share)]
    )
    return {
        "value": value, "low": ends[0], "high": ends[1], "note": "", "unit": "share", "direction": "higher",
        "rough": draw(st.booleans()), "details": {},
    }  # fmt: skip


@st.composite
def result(draw: st.DrawFn) -> dict[str, Any]:
    n = draw(st.integers(2, 4))
    contenders = []
    for name in NAMES[:n]:
        metrics = {one: draw(metric()) for one in METRICS if draw(st.booleans())}
        if "benchmark.accuracy" in metrics:
            tests = draw(st.integers(1, 300))
            metrics["benchmark.accuracy"]["details"] = {
                "test_ids": list(range(tests)), "leaked": list(range(draw(st.integers(0, 3)))),
            }  # fmt: skip
        cost = draw(st.none() | st.floats(0, 10))
        size = draw(st.integers(1, 20_000))
        contenders.append(
            {
                "name": name,
                "samples": size,
                "cost": cost,
                "cost_per_kept": None if cost is None else cost / size,
                "metrics": metrics,
            }
        )
    differences, best = {}, {}
    for name in METRICS:
        if not any(name in one["metrics"] for one in contenders):
            continue
        pairs = [
            {"a": a, "b": b, "verdict": draw(st.sampled_from(["better", "worse", "unclear", "missing"]))}
            for a in range(n) for b in range(a + 1, n)
        ]  # fmt: skip
        differences[name] = pairs
        best[name] = next(
            (
                i for i in range(n)
                if all((p["a"] != i or p["verdict"] == "worse") and (p["b"] != i or p["verdict"] == "better") for p in pairs)
            ),
            None,
        )  # fmt: skip
    return {
        "contenders": contenders, "differences": differences, "best": best,
        "same_size": draw(st.none() | st.just(min(one["samples"] for one in contenders))),
        "only_size": {"diversity.vendi": [[0, 1]]} if draw(st.booleans()) else {},
        "overlaps": [[0, 1, draw(st.integers(1, 99))]] if draw(st.booleans()) else [],
    }  # fmt: skip


def known(found: dict[str, Any]) -> set[str]:
    """Every number of a result as a sentence may show it."""
    numbers = {f"{one['samples']:,}" for one in found["contenders"]}
    numbers |= {f"{n:,}" for *_, n in found["overlaps"]}
    for one in found["contenders"]:
        if one["cost_per_kept"] is not None:
            numbers.add(dollars_each(one["cost_per_kept"]).removeprefix("$"))
        for name, each in one["metrics"].items():
            numbers |= {f"{each[key]:.3f}" for key in ("value", "low", "high") if each[key] is not None}
            if name == "benchmark.accuracy":
                numbers |= {f"{len(each['details'][key]):,}" for key in ("test_ids", "leaked")}
    rough = {name for one in found["contenders"] for name, each in one["metrics"].items() if each["rough"]}
    return numbers | {str(len(rough))}


@settings(max_examples=60, deadline=None)
@given(result())
def test_every_number_said_stands_in_the_result_and_really_better_only_where_the_tests_say_so(
    found: dict[str, Any],
) -> None:
    said = summary(found)
    assert 2 <= len(said) <= 8
    text = " ".join(said).replace("macro-F1", "").replace("MAUVE", "")
    assert not {one.rstrip(",") for one in NUMBER.findall(text)} - known(found), text

    for sentence in said:
        winner = re.search(r": ([a-z ]+) is really better(?: than every other one)?:", sentence)
        headline = next((name for name, words in HEADLINES if sentence.lower().startswith(words.lower() + ":")), None)
        if winner:
            assert headline is not None
            assert found["contenders"][found["best"][headline]]["name"] == winner[1]
        elif headline is not None:
            assert found["best"][headline] is None


def test_a_summary_reads_well() -> None:
    def one(name: str, value: float, samples: int, cost: float) -> dict[str, Any]:
        row = {"value": value, "low": value - 0.02, "high": value + 0.02, "rough": False, "direction": "higher"}
        details = {"test_ids": list(range(500)), "leaked": [7] if name == "raw" else []}
        return {
            "name": name, "samples": samples, "cost": cost, "cost_per_kept": cost / samples,
            "metrics": {"benchmark.accuracy": {**row, "details": details}},
        }  # fmt: skip

    found = {
        "contenders": [one("raw", 0.81, 6000, 3.0), one("filtered", 0.88, 3000, 3.0)],
        "differences": {"benchmark.accuracy": [{"a": 0, "b": 1, "verdict": "better"}]},
        "best": {"benchmark.accuracy": 1},
        "same_size": 3000,
        "overlaps": [[0, 1, 3000]],
    }
    assert summary(found) == [
        "Compared are raw (6,000 samples) and filtered (3,000 samples).",
        "Accuracy on real test data: filtered is really better: filtered 0.880 (0.860 to 0.900) and raw "
        "0.810 (0.790 to 0.830).",
        "A kept sample costs $0.00050 with raw and $0.0010 with filtered.",
        "Beware of: 1 test text in raw, which a benchmark rewards as memory; unequal sizes, from 3,000 to 6,000: a "
        "benchmark favours the larger; raw and filtered share 3,000 samples.",
    ]


def test_what_was_not_tested_is_not_called_chance() -> None:
    """A rough interval is not tested: 0.945 beside 0.211 is no "no difference"."""

    def one(name: str, value: float, rough: bool) -> dict[str, Any]:
        row = {"value": value, "low": value - 0.02, "high": value + 0.02, "rough": rough, "direction": "higher"}
        return {"name": name, "samples": 100, "cost": None, "cost_per_kept": None, "metrics": {"fidelity.mauve": row}}

    pair = {"a": 0, "b": 1, "verdict": "unclear", "p": None, "rough": True}
    found = {
        "contenders": [one("a", 0.945, False), one("b", 0.211, True)],
        "differences": {"fidelity.mauve": [pair]},
        "best": {},
    }
    assert (
        "Closeness to real texts (MAUVE): not tested, because an interval is rough: a 0.945 (0.925 to 0.965) and b ~0.211 "
        "(0.191 to 0.231)."
    ) in summary(found)


def test_pairs_that_were_not_tested_are_named_beside_those_that_were() -> None:
    row = {"low": 0.4, "high": 0.6, "rough": False, "direction": "higher", "value": 0.5}
    tested = {"a": 0, "b": 1, "verdict": "unclear", "p": 0.4, "rough": False}
    untested = {"a": 0, "b": 2, "verdict": "unclear", "p": None, "rough": True}
    contenders = [
        {"name": name, "samples": 100, "cost": None, "cost_per_kept": None, "metrics": {"fidelity.mauve": row}}
        for name in "abc"
    ]
    said = summary({"contenders": contenders, "differences": {"fidelity.mauve": [tested, untested]}, "best": {}})
    assert any("more than chance (not all were tested: an interval is rough): a 0.500" in line for line in said)


def test_one_set_in_a_few_sentences() -> None:
    accuracy = {"value": 0.81, "low": 0.79, "high": 0.83, "rough": False}
    found = {
        "faithfulness.human": {"value": 0.92, "low": 0.82, "high": 0.96, "rough": True},
        "fidelity.mauve": {"value": None, "note": "no real rows"},
        "benchmark.accuracy": accuracy,
        "benchmark.real_accuracy": {**accuracy, "value": 0.88, "low": 0.86, "high": 0.9},
    }
    assert of_one({"metrics": found}) == [
        "Accuracy on real test data: 0.810 (0.790 to 0.830); trained on real rows instead: 0.880 (0.860 to 0.900).",
        "Labels that people found right: ~0.920 (0.820 to 0.960).",
    ]
    assert of_one({}) == []
