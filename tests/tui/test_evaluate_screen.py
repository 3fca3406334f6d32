"""Evaluate: every number with its interval and its note; what is missing says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui import seeded
from tests.tui.seeded import NARROW, WIDE, shown, until
from workbench.store import behind, jobs, samples, snapshots, views
from workbench.store.connection import Store
from workbench.store.samples import NewSample
from workbench.tui.screens.evaluate import EvaluateScreen
from workbench.tui.widgets.evaluation import accuracy, cards, reading


def twice(store: Store) -> None:
    seeded.synthetic(store)
    seeded.evaluated(store, test=False, compared=False)
    seeded.evaluated(store, hostile=True)


def untested(store: Store) -> None:
    seeded.synthetic(store)
    seeded.evaluated(store, test=False)


async def ready(pilot: Any) -> EvaluateScreen:
    found = pilot.app.screen_stack[0]
    assert isinstance(found, EvaluateScreen)
    await until(pilot, lambda: found._read_once)
    await until(pilot, lambda: not found.known.found or "Evaluation " in shown(pilot.app))
    await until(pilot, lambda: not found.known.more)
    return found


async def test_cards_charts_and_the_paired_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", twice)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        text = shown(app)
        for part in ("0.882-0.942", "Trained on 36 samples", "real accuracy", "metrics show benchmark.accuracy"):
            assert part in text
        await pilot.press("tab")
        await until(pilot, lambda: "Before and after" in shown(app))
        text = shown(app)
        for part in ("before curation", "0.893 → 0.912  +0.019 better", "Accuracy changed by +0.019 (+0.004 to +0.034"):
            assert part in text
        await pilot.press("tab")
        await until(pilot, lambda: "change_pin" in shown(app))
        assert "[/] [@click=app.bell]x[/]"[:10] in shown(app)
        await pilot.press("d")
        await until(pilot, lambda: "[@click=app.bell]x[/]" in shown(app))
        assert "\x1b" not in shown(app)


async def test_a_metric_without_a_value_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", untested)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "needs a test split" in shown(app))
        assert "Different words." not in shown(app)
        await pilot.press("d")
        await until(pilot, lambda: "Different words." in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "has no value: needs a test split" in shown(app))


async def test_r_runs_one_evaluation_and_shows_its_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "evaluate", lambda store: seeded.synthetic(store))
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "r measures the data set (40 samples)" in shown(app))
        assert "There is no test split" in shown(app)
        await pilot.press("r", "r")
        await until(pilot, lambda: "queued" in shown(app))
        with Store(app.open_project) as other:
            jobs.start(other, 1)
            held = jobs.hold(other.project, 1)
            jobs.progress(other, 1, 3, 12, "diversity.self_bleu")
        await until(pilot, lambda: "diversity.self_bleu" in shown(app) and "3/12" in shown(app))
        await pilot.press("c")
        await until(pilot, lambda: jobs.get(app.store, 1).cancel)
        assert held is not None
    assert [(kind, parameters) for kind, parameters, _ in started] == [("evaluate", {"compare": True})]


async def test_the_history_shows_an_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", twice)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Evaluation 2" in shown(app))
        await pilot.press("h", "j")
        await until(pilot, lambda: "Evaluation 1" in shown(app))
        await pilot.press("tab", "tab", "tab", "tab")
        await until(pilot, lambda: "only evaluation" in shown(app) or "Over 2 evaluations" in shown(app))
        await pilot.press("escape", "right", "right")  # the columns of the history show evaluations, too
        await pilot.press("enter")
        await until(pilot, lambda: "Evaluation 2" in shown(app))
        await pilot.press("h", "j")
        await until(pilot, lambda: "Evaluation 1" in shown(app))
        assert "needs a test split" in shown(app)


async def test_an_empty_project_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "evaluate")
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "F2 makes some" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: app.message is not None and app.message.error)
    assert started == []


async def test_a_failed_evaluation_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def content(store: Store) -> None:
        seeded.job(store, "evaluate", {}, state="failed", error=seeded.HOSTILE)

    app = seeded.app(tmp_path, monkeypatch, "evaluate", content)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "[@click=app.bell]x[/]" in shown(app))


# From a number to its samples


def with_tests(store: Store) -> None:
    """Six real rows tested, two of them got wrong; two validation rows, one of them wrong."""
    seeded.synthetic(store)
    samples.add(store, [NewSample({"text": f"test {n}"}, "change_pin", origin="real", split="test") for n in range(6)])
    samples.add(
        store, [NewSample({"text": f"valid {n}"}, "lost_card", origin="real", split="validation") for n in range(2)]
    )
    rows = {"classes": ["change_pin", "lost_card"], "gold": [0] * 6, "predicted": [0, 0, 1, 0, 1, 0]}
    found = seeded.metrics()
    found["benchmark.accuracy"]["details"] = rows | {"test_ids": list(range(41, 47))}
    found["benchmark.validation_accuracy"] = seeded._metric(0.5, 0.1, 0.9, "Few rows.") | {"rough": True}
    found["benchmark.macro_f1"]["details"] = {
        "per_label": {"change_pin": {"precision": 1.0, "recall": 4 / 6, "f1": 0.8, "count": 6}}
    }
    job = seeded.job(store, "evaluate", {}, result={})
    snapshots.save_evaluation(store, job_id=job, view="data set", samples=36, result={"samples": 36, "metrics": found})
    behind.save(store, 1, {"benchmark.validation_accuracy/wrong": [48]})


async def reviewed(pilot: Any) -> Any:
    """The Review screen, with the samples that it was sent."""
    await until(pilot, lambda: pilot.app.screen_stack[0].__class__.__name__ == "ReviewScreen")
    screen = pilot.app.screen_stack[0]
    await until(
        pilot, lambda: screen.listing is not None and screen.listing.finished and screen.pane.sample is not None
    )
    return screen


async def test_a_cell_opens_its_test_rows_which_are_only_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", with_tests)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press(
            "tab", "tab", "right", "down", "down", "right"
        )  # the class, all wrong ones, the row of change_pin
        await until(pilot, lambda: "2 change_pin taken for lost_card" in shown(app))
        assert "2 of 6 wrong" in shown(app)
        await pilot.press("enter")
        review = await reviewed(pilot)
        assert list(review.listing.ids) == [43, 45]
        await pilot.press("a", "1", "x", "f")
        await until(pilot, lambda: "only to be looked at" in shown(app))
        assert {row.status for row in samples.rows(app.store, [43, 45]).values()} == {"pending"}


async def test_v_opens_the_validation_errors_which_may_be_worked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", with_tests)
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        assert "~0.500" in shown(app)  # rough
        await pilot.press("v")
        review = await reviewed(pilot)
        assert list(review.listing.ids) == [48]
        await pilot.press("a")
        await until(pilot, lambda: samples.get(app.store, 48).status == "accepted")


async def test_a_number_without_rows_of_its_own_opens_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", twice)
    async with app.run_test(size=WIDE) as pilot:
        screen = await ready(pilot)
        screen.cards.pick("diversity.vocabulary")
        await pilot.press("enter")
        review = await reviewed(pilot)
        assert review.listing.view.text == reading.DATA_SET
        assert len(review.listing.ids) == 40


# Comparing


def compared(store: Store) -> None:
    """Two recipes; the second is really better by accuracy, and a hostile name stands among them."""
    seeded.synthetic(store)
    job = seeded.job(store, "evaluate", {}, result={})

    def contender(name: str, spec: str, value: float) -> dict[str, Any]:
        metrics = {
            "benchmark.accuracy": seeded._metric(value, value - 0.02, value + 0.02),
            "diversity.aps": seeded._metric(0.1),
        }
        return {
            "name": name, "spec": spec, "samples": 40, "kept": 40, "generated": 50, "cost": 0.2, "cost_per_kept": 0.005,
            "metrics": metrics,
        }  # fmt: skip

    difference = {
        "a": 0,
        "b": 1,
        "change": 0.1,
        "low": 0.06,
        "high": 0.14,
        "p": 0.0004,
        "verdict": "better",
        "paired": True,
    }
    result = {
        "kind": "comparison", "same_size": 40, "summary": ["attrprompt is ahead by accuracy."],
        "contenders": [contender(seeded.HOSTILE, "set", 0.8), contender("attrprompt", "recipe:attrprompt", 0.9)],
        "differences": {"benchmark.accuracy": [difference]}, "best": {"benchmark.accuracy": 1, "diversity.aps": None},
    }  # fmt: skip
    snapshots.save_evaluation(store, job_id=job, view="comparison", samples=40, result=result)
    behind.save(store, 1, {"benchmark.accuracy/wrong_test/2": [3, 1]})


async def test_contenders_stand_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", compared)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "attrprompt is ahead by accuracy." in shown(app))
        text = shown(app)
        for part in ("Comparison 1", "0.900*", "0.800 ", "0.880-0.920", "$0.20", "per kept sample", "on 40 of each"):
            assert part in text
        assert "\x1b" not in text
        await pilot.press("tab")
        await until(pilot, lambda: "attrprompt *" in shown(app))
        await pilot.press("tab")
        await until(pilot, lambda: "p <.001" in shown(app) and "better" in shown(app))
        await pilot.press("tab", "down", "right", "enter")  # the second contender's accuracy
        review = await reviewed(pilot)
        assert list(review.listing.ids) == [3, 1]


async def test_contenders_are_chosen_from_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)

    def content(store: Store) -> None:
        seeded.generated(store)
        views.save(store, "short", "label:change_pin status:pending")

    app = seeded.app(tmp_path, monkeypatch, "evaluate", content)
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        await pilot.press("g")
        await until(pilot, lambda: "saved views" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Mark two or more" in shown(app))
        await pilot.press("space", "space", "end", "space", "plus", "enter")
        await until(pilot, lambda: "3 contenders" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: started)
    chosen = ["set+project", "raw", "view:label:change_pin status:pending+project"]
    assert started == [("evaluate", {"contenders": chosen, "compare": False}, None)]


async def test_thorough_and_the_judge_say_what_they_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "evaluate", lambda store: seeded.synthetic(store), model="openai:gpt-x")
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("m")
        await until(pilot, lambda: "At most 40 requests" in shown(app))
        assert "about $" in shown(app)
        await pilot.press("n")
        await pilot.press("R")
        await until(pilot, lambda: started)
    assert started == [("evaluate", {"compare": True, "thorough": True}, None)]


LOWER = {"value": 0.8, "low": 0.7, "high": 0.9}
HIGHER = {"value": 0.85, "low": 0.8, "high": 0.9, "direction": "higher"}


@pytest.mark.parametrize(
    ("before", "after", "paired", "word"),
    [
        ({"value": 0.9}, {"value": 0.9}, None, "same"),
        ({"value": 0.8}, {"value": 0.9, "direction": "higher"}, None, "changed"),
        (LOWER, {**HIGHER, "low": 0.95}, None, "better"),
        (LOWER, {**HIGHER, "low": 0.95, "direction": "lower"}, None, "worse"),
        ({"value": 0.8}, {"value": 0.9, "direction": "none"}, None, "changed"),
        (LOWER, HIGHER, None, "unclear"),
        (LOWER, HIGHER, {"low": 0.01, "high": 0.1}, "better"),
        ({"value": 0.8}, {"value": 0.85, "direction": "higher"}, {"low": -0.01, "high": 0.1}, "unclear"),
    ],
)  # fmt: skip
def test_verdicts(before: dict[str, Any], after: dict[str, Any], paired: dict[str, float] | None, word: str) -> None:
    assert accuracy.verdict(before, after, paired) == word


def test_groups_of_other_packages_follow() -> None:
    assert list(cards.groups({"toxicity.mean": {}, "diversity.aps": {}, "benchmark.accuracy": {}})) == [
        "benchmark", "diversity", "toxicity",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("content", [twice, untested, compared])
def test_evaluate_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int], content: Any
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", content)

    async def before(pilot: Any) -> None:
        await until(pilot, lambda: pilot.app.screen_stack[0].known.found and "min ago" in shown(app))
        await until(pilot, lambda: not pilot.app.screen_stack[0].known.more)

    assert snap_compare(app, terminal_size=size, run_before=before)
