"""Charts of an evaluation as text: shades, curves, lines of levels; what is kept of a large result; views of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.tui.seeded import HOSTILE
from workbench.project import create
from workbench.store import views
from workbench.store.connection import Store
from workbench.tui.widgets.curation import data_map
from workbench.tui.widgets.evaluation import (
    accuracy,
    cards,
    classes,
    comparison,
    history,
    mapped,
    number,
    plots,
    reading,
)
from workbench.tui.widgets.evaluation.sheet import Sheet, Target


@pytest.fixture(params=["0", "1"], ids=["unicode", "ascii"])
def plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the terminal has no Unicode."""
    monkeypatch.setenv("WORKBENCH_ASCII", request.param)
    return bool(request.param == "1")


def text(made: Sheet) -> str:
    return "\n".join(line.plain for line in made.lines)


def keeps_its_places(made: Sheet, width: int) -> None:
    """No line is wider than its room, and every place is on some text of its line."""
    assert all(line.cell_length <= width for line in made.lines)
    for spot in made.spots:
        assert made.lines[spot.line].plain[spot.start : spot.end].strip(), spot


def test_a_line_of_levels_shows_change_and_no_noise(plain: bool) -> None:
    assert plots.spark([0.5, 0.75, 1.0]) == ("_=#" if plain else "▁▄█")
    assert plots.spark([1.0, None, 2.0])[1] == " "
    still = plots.spark([178.1, 178.2, 178.15])
    assert len(set(still)) == 1  # a thousandth is no history
    assert plots.spark([None]) == " "


def test_a_curve_has_both_marks_the_whiskers_and_the_sizes(plain: bool) -> None:
    details = {
        "points": [
            {"size": 10, "value": 0.5, "low": 0.4, "high": 0.6},
            {"size": 1000, "value": 0.9, "low": 0.8, "high": 1.0},
        ],
        "real": [{"size": 10, "value": 0.7}, {"size": 100, "value": None}],
    }
    lines = [line.plain for line in accuracy.learning_curve({"details": details}, 50, 9)]
    body = "\n".join(lines[:9])
    mine, other, bar = ("*", "o", "|") if plain else ("●", "○", "│")
    assert [lines[place][:6].strip() for place in (0, 8)] == ["1.000", "0.400"]
    assert (body.count(mine), body.count(other)) == (2, 1)
    assert bar in lines[0][8:]  # the upper end of the last whisker
    assert lines[10].split() == ["10", "1,000"]
    assert all(len(line) <= 50 for line in lines)
    assert not plain or body.isascii()


def metrics(**cells: Any) -> dict[str, Any]:
    return {"metrics": {"benchmark.accuracy": {"value": 0.9, "details": {"confusion": cells}}}}


def test_confusion_is_a_picture_whose_cells_open_their_rows(plain: bool) -> None:
    odd = "[/] odd" if plain else HOSTILE  # what is made visible of control characters is no ASCII
    found = metrics(classes=["a", odd, "c"], cells=[[0, 0, 9], [0, 1, 1], [1, 1, 5], [2, 0, 5]])
    made = classes.figures(found, 56)
    keeps_its_places(made, 56)
    assert "6 of 20 wrong" in text(made)
    assert "\x1b" not in text(made)
    assert not plain or text(made).isascii()
    by_says = {spot.says: spot.target for spot in made.spots}
    assert by_says["5 c taken for a"] == Target("cell", "benchmark.accuracy", "c", "a")
    assert by_says["9 a got right"] == Target("cell", "benchmark.accuracy", "a", "a")
    row = next(line.plain for line in made.lines if line.plain.startswith(" 1 a"))
    assert row.split()[2:] == (["9#", "1:", "."] if plain else ["9█", "1░", "·"])


def test_many_classes_are_a_list_of_the_most_confused() -> None:
    names = [f"class {n}" for n in range(77)]
    found = metrics(classes=names, cells=[[n, (n + 1) % 77, n + 1] for n in range(77)])
    made = classes.figures(found, 56)
    keeps_its_places(made, 56)
    assert "the first 12 of 77" in text(made)
    pairs = [spot.target for spot in made.spots if spot.key.startswith("benchmark.accuracy pair")]
    assert (pairs[0].gold, pairs[0].guess) == ("class 76", "class 0")  # 77 times
    assert len(pairs) == 12


def evaluation(number: int, value: float | None, **more: Any) -> dict[str, Any]:
    metric = {"value": value, "low": 0.1, "high": 0.9, "note": "Told.", "direction": "higher", "details": {}} | more
    result = {"samples": 10, "metrics": {"benchmark.accuracy": metric}}
    return {"id": number, "view": "data set", "samples": 10, "created_at": "2026-01-01T10:00:00.000Z", "result": result}


def test_history_has_a_column_for_each_evaluation_of_the_same_samples() -> None:
    found = [evaluation(3, 0.9), {**evaluation(2, 0.1), "view": "view label:a"}, evaluation(1, 0.5)]
    made = history.figures(found, found[0], 60)
    keeps_its_places(made, 60)
    assert made.lines[1].plain.split() == ["#1", "#3"]
    assert "0.500    0.900" in text(made)
    assert [spot.target.value for spot in made.spots if spot.target.kind == "evaluation"] == ["1", "3"]
    assert "round" not in text(made)
    found[0]["result"]["rounds"] = 2  # the older one does not say
    made = history.figures(found, found[0], 60)
    keeps_its_places(made, 60)
    assert made.lines[3].plain.split() == ["after", "round", "-", "2"]
    found[2]["result"]["only"] = ["label.balance"]
    assert history.over_time(found, found[0]) == [found[0]]
    assert len(history.over_time(found, found[2])) == 2


def test_a_number_says_that_it_is_rough_and_what_is_behind_it() -> None:
    one = evaluation(
        7, 0.5, rough=True, details={"seeds": 0.6, "histogram": {"low": 0, "high": 20, "counts": [1, 5, 2]}}
    )
    behind = {"benchmark.accuracy/wrong_test": 4, "benchmark.accuracy/a > b": 1, "diversity.aps/closest": 9}
    made = number.figures([one], one, "benchmark.accuracy", 40, behind=behind)
    keeps_its_places(made, 40)
    shown = text(made)
    for part in ("~0.500", "rough", "real data", "4  test rows got wrong"):
        assert part in shown
    assert [spot.target.value for spot in made.spots] == ["behind:7:benchmark.accuracy/wrong_test", reading.DATA_SET]


def test_seeds_of_another_number_are_marked(plain: bool) -> None:
    one = evaluation(7, 0.5, details={"seeds": 0.6, "seed_count": 1_200, "seeds_other_size": True})
    shown = text(cards.cards(one["result"], 76))
    assert ("0.600!" if plain else "0.600≠") in shown
    assert "the seeds are of another number" in shown
    assert "1,200 seeds" in text(number.figures([one], one, "benchmark.accuracy", 60, behind={}))
    same = evaluation(7, 0.5, details={"seeds": 0.6})
    assert "another number" not in text(cards.cards(same["result"], 76))


@pytest.mark.parametrize("width", [40, 56, 76, 116])
def test_a_comparison_fits_its_room(width: int) -> None:
    contenders = [
        {"name": f"{HOSTILE} {n}", "spec": "set", "samples": 10, "cost": None, "notes": ["2 test rows are left out."],
         "metrics": {"benchmark.accuracy": {"value": 0.5, "low": 0.4, "high": 0.6, "rough": n == 1}}}
        for n in range(4)
    ]  # fmt: skip
    pairs = [{"a": 0, "b": 1, "change": 0.0, "low": None, "high": None, "p": None, "verdict": "same", "paired": False}]
    result = {"kind": "comparison", "contenders": contenders, "summary": ["Nobody is ahead."], "best": {},
              "differences": {"benchmark.accuracy": pairs, "diversity.aps": []}}  # fmt: skip
    for made in (
        comparison.table(result, width),
        comparison.multiples(result, width),
        comparison.differences(result, width),
    ):
        keeps_its_places(made, width)
    assert "Nobody is ahead." not in text(comparison.table(result, width, told=False))
    assert "Nobody is ahead." in text(comparison.summary(result, width))
    shown = text(comparison.table(result, 116))
    assert "~0.500" in shown
    assert "2 test rows" in shown
    assert "*" not in shown.partition("* better")[0]  # nobody is marked


def test_numbers_stand_below_their_contender() -> None:
    metrics = {"benchmark.accuracy": {"value": 0.5}}
    contenders = [{"name": name, "samples": 1200, "metrics": metrics} for name in ("z", "sungen")]
    lines = [line.plain for line in comparison.table({"contenders": contenders, "best": {}}, 60).lines]
    assert len({len(line.rstrip()) for line in (lines[0], lines[1], lines[4])}) == 1
    assert lines[4].startswith("accuracy")


def test_differences_stand_below_one_another() -> None:
    pairs = [
        {"a": 0, "b": 1, "change": -0.0004, "low": -12.1, "high": 3.0, "p": 0.25, "verdict": "unclear"},
        {"a": 1, "b": 2, "change": -12.5, "low": None, "high": None, "p": 0.0001, "verdict": "worse"},
    ]
    result = {"contenders": [{"name": name} for name in ("z", "sungen", "raw")], "differences": {"m": pairs}}
    assert [line.plain for line in comparison.differences(result, 76).lines[1:3]] == [
        "z      → sungen  unclear    +0.000 (-12.100 to +3.000)  p 0.250",
        "sungen → raw     worse     -12.500                      p <.001",
    ]


def test_the_list_of_evaluations_has_its_times_at_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.widgets.job_view.seconds_since", lambda _at: 180.0)
    one = evaluation(12, 0.5) | {"samples": 1077}
    two = evaluation(13, 0.5) | {"result": {"kind": "comparison", "contenders": [{"name": "z"}, {"name": HOSTILE}]}}
    lines = [cards.history_line(found, 70).plain for found in (one, two)]
    assert lines[0].startswith("  12     1,077 samples  accuracy 0.500")
    assert lines[1].startswith("  13        comparison  z, ")
    assert {cell_len(line) for line in lines} == {70}
    assert all(line.endswith("3 min ago") for line in lines)


def test_rows_become_counts_and_are_found_again_for_a_cell() -> None:
    rows = {"classes": ["a", "b"], "test_ids": [11, 12, 13], "gold": [0, 0, 1], "predicted": [0, 1, 1]}
    whole = {
        "result": {"metrics": {"m": {"details": {**rows, "long": list(range(1000)), "behind": {"x": 3}, "kept": 1}}}}
    }
    target = Target("cell", "m", gold="a", guess="b")
    assert reading.rows_behind(whole, target) == [12]
    assert reading.rows_behind(whole, Target("cell", "m", wrong=True)) == [12]
    assert reading.rows_behind(whole, Target("cell", "m", gold="b")) == [13]
    details = reading.light(whole)["result"]["metrics"]["m"]["details"]
    assert details == {
        "classes": ["a", "b"], "kept": 1,
        "confusion": {"classes": ["a", "b"], "cells": [[0, 0, 1], [0, 1, 1], [1, 1, 1]]},
    }  # fmt: skip


def test_views_of_numbers_and_contenders_parse(tmp_path: Path) -> None:
    odd = reading.behind_view(3, f'm/{HOSTILE} "quoted" > b')
    assert views.parse(odd).behind
    assert reading.view_of({"view": "view label:a"}) == "label:a"
    assert reading.view_of({"view": "snapshot first"}) == ""
    with Store(create(tmp_path / "p", labels=["a", "b"])) as store:
        for spec, view in (
            ("recipe:zerogen+near_duplicate", "recipe:zerogen"), ("view:label:a status:pending", "label:a status:pending"),
            ("round:2", ""), ("raw", "origin:synthetic"), ("model:openai:gpt-x", ""), ("recipe:a b", 'recipe:"a b"'),
        ):  # fmt: skip
            assert reading.contender_view(store, spec) == view


def test_the_data_map_says_its_regions_and_opens_them(plain: bool) -> None:
    grid = [[0] * data_map.COLUMNS for _ in range(data_map.ROWS)]
    grid[9][0], grid[4][29], grid[0][3] = 40, 30, 20
    found = data_map.DataMap("", grid, (0.0, 0.3, 0.0, 1.0))
    found.regions = {
        "easy": data_map.Region(0.8, 40, "score.dynamics.confidence>=0.8"),
        "ambiguous": data_map.Region(0.2, 30, "score.dynamics.variability>=0.2"),
        "hard": data_map.Region(0.4, 20, "score.dynamics.confidence<0.4"),
    }
    made = mapped.figures(found, 56, picked="hard")
    keeps_its_places(made, 56)
    opened = {spot.key: spot.target.value for spot in made.spots}
    assert opened["region hard"] == "score.dynamics.confidence<0.4 sort:dynamics.confidence"
    assert opened["region easy"] == "score.dynamics.confidence>=0.8 sort:-dynamics.confidence"
    assert all(views.parse(line) for line in opened.values())
    assert "40" in text(made)
    assert not plain or text(made).isascii()
    assert "F4 adds one" in text(mapped.figures(None, 56))
