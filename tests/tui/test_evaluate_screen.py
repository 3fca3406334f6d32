"""Evaluate: every number with its interval and its note; what is missing says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui import seeded
from tests.tui.seeded import NARROW, WIDE, shown, until
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.tui.screens.evaluate import EvaluateScreen
from workbench.tui.widgets import evaluation_view as view


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
    return found


async def test_cards_charts_and_the_paired_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", twice)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Before and after" in shown(app))
        text = shown(app)
        for part in (
            "0.882-0.942", "Trained on 36 samples", "real accuracy", "before curation", "0.893 → 0.912  +0.019 better",
            "Accuracy changed by +0.019 (+0.004 to +0.034", "change_pin",
        ):  # fmt: skip
            assert part in text
        assert "[@click=app.bell]" in text
        assert "\x1b" not in text


async def test_a_metric_without_a_value_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", untested)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "needs a test split" in shown(app))
        await pilot.press("d")
        await pilot.pause()
        assert "needs a test split" in shown(app)  # notes of missing values stay
        assert "Different words." not in shown(app)


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
    assert view.verdict(before, after, paired) == word


def test_groups_of_other_packages_follow() -> None:
    assert list(view.groups({"toxicity.mean": {}, "diversity.aps": {}, "benchmark.accuracy": {}})) == [
        "benchmark", "diversity", "toxicity",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("content", [twice, untested])
def test_evaluate_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int], content: Any
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "evaluate", content)

    async def before(pilot: Any) -> None:
        found = await ready(pilot)
        await until(pilot, lambda: found.known.found and "samples" in shown(app))

    assert snap_compare(app, terminal_size=size, run_before=before)
