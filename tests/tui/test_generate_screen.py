"""Generate: what a recipe will do and cost is known before it starts; a run is watched, stopped and gone on with."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from tests.tui import seeded
from tests.tui.seeded import NARROW, WIDE, shown, until
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.tui.screens.generate import GenerateScreen
from workbench.tui.widgets import recipe_view
from workbench.tui.widgets.forms import Field, Picks, read, show
from workbench.tui.widgets.prompts import Confirm


def screen(app: Any) -> GenerateScreen:
    found = app.screen_stack[0]
    assert isinstance(found, GenerateScreen)
    return found


async def ready(pilot: Any) -> GenerateScreen:
    """The recipes are listed and the first preview is made."""
    found = screen(pilot.app)
    await until(pilot, lambda: found._preview is not None)
    return found


def fill(screen_: GenerateScreen, name: str, value: str) -> None:
    for row in screen_.query("Form Row"):
        if row.field.name == name:  # type: ignore[attr-defined]
            row.text = value  # type: ignore[attr-defined]


async def test_shows_prompts_requests_and_cost_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Prompt 1" in shown(app))
        text = shown(app)
        assert "500 requests" in text
        assert "no cost" in text
        assert "good for trying" in text  # the embedded model's own honest sentence
        assert 'whose label is "' in text


async def test_what_the_model_cannot_do_says_so_and_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        found.query_one("#recipes", Picks).pick("attrprompt")
        await until(pilot, lambda: "needs a model that can follow instructions" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: app.message is not None)
        assert app.message is not None
        assert "needs a model that can follow instructions" in app.message.sentence
    assert started == []


async def test_r_starts_the_embedded_model_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        fill(found, "count", "120")
        await pilot.press("r", "r", "r")
        await until(pilot, lambda: found.showing is not None)
        await until(pilot, lambda: "queued" in shown(app))
        assert app.message is not None
        assert "Job 1 is making these already" in app.message.sentence
    ((kind, parameters, limits),) = started
    assert kind == "generate"
    assert (parameters["recipe"], parameters["count"], parameters["more"]) == ("zerogen", 120, None)
    assert parameters["parameters"]["temperature"] == 1.0
    assert limits == {"concurrency": 64}


async def test_a_paid_run_asks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds, model="openai:gpt-x")
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        fill(found, "budget", "2.5")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        text = shown(app)
        assert "Send 500 requests to openai:gpt-x for about $" in text
        assert "It stops before it has used $2.50." in text
        await pilot.press("n")
        await until(pilot, lambda: app.screen is found)
        assert started == []
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: started)
    assert started[0][2] == {"concurrency": 64, "budget": 2.5}


async def test_more_makes_so_many_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("m", "r")
        await until(pilot, lambda: started)
    assert (started[0][1]["count"], started[0][1]["more"]) == (None, 500)


async def test_work_that_comes_back_when_the_screen_has_gone_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    gone = asyncio.Event()
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)

        async def late() -> None:
            try:
                await gone.wait()
            except asyncio.CancelledError:  # as if it had been woken just before
                found.query_one("#chart-that-is-gone")

        found.run_worker(late())
        await pilot.pause()
    assert app.return_code in (None, 0)


async def test_a_wrong_field_is_said_while_it_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await pilot.press("s", "down", "down")
        assert isinstance(app.focused, Input)
        await pilot.press("x")
        await until(pilot, lambda: "Samples: a whole number is needed" in shown(app))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.message is not None and app.message.error)
        await pilot.press("backspace", "escape")
        await pilot.pause()
        assert app.focused is found.query_one("#recipes")
    assert started == []


async def test_a_run_shows_progress_failures_and_its_newest_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(
        tmp_path,
        monkeypatch,
        "generate",
        lambda s: (seeded.seeds(s), seeded.generated(s, state="running", hostile=True)),
    )
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await until(pilot, lambda: found.showing is not None and "Newest samples" in shown(app))
        text = shown(app)
        for part in (
            "40/60",
            "38/s",
            "5,200",
            "1,234",
            "$0.01",
            "exchange_rate",
            "waits for rate limit",
            "failed: 1 http 400",
        ):
            assert part in text
        assert "[@click=app.bell]" in text
        assert "\x1b" not in text
        await pilot.press("c")
        await until(pilot, lambda: jobs.get(app.store, 1).cancel)
        await until(pilot, lambda: "stopping" in shown(app))


async def test_a_cancelled_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed: list[int] = []
    monkeypatch.setattr("workbench.pipeline.start.resume", lambda _store, job_id: resumed.append(job_id))
    app = seeded.app(
        tmp_path, monkeypatch, "generate", lambda s: (seeded.seeds(s), seeded.generated(s, state="cancelled"))
    )
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await until(pilot, lambda: found.live.history)
        await pilot.press("R")
        await until(pilot, lambda: resumed)
    assert resumed == [1]


async def test_new_samples_appear_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: seeded.generated(s, state="running"))
    async with app.run_test(size=WIDE) as pilot:
        found = screen(app)
        await until(pilot, lambda: found.live.newest)
        with Store(app.open_project) as other:
            jobs.progress(other, 1, 55, 60, "")
        await until(pilot, lambda: "55/60" in shown(app))


async def test_an_empty_project_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate")
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "workbench import" in shown(app))
        assert "r starts the first one" in shown(app)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_preview_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int]
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: (seeded.seeds(s), seeded.generated(s)))

    async def before(pilot: Any) -> None:
        found = await ready(pilot)
        await until(pilot, lambda: "about" in shown(app) and found.live.history)

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_run_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int]
) -> None:
    app = seeded.app(
        tmp_path,
        monkeypatch,
        "generate",
        lambda s: (seeded.seeds(s), seeded.generated(s, state="failed", hostile=True)),
    )

    async def before(pilot: Any) -> None:
        found = await ready(pilot)
        await until(pilot, lambda: found.live.history)
        await pilot.press("h", "enter")
        await until(pilot, lambda: "Failed, by reason" in shown(app))

    assert snap_compare(app, terminal_size=size, run_before=before)


NUMBER = Field("n", "samples", "whole number", minimum=1, maximum=10)


@pytest.mark.parametrize(
    ("field", "text", "value", "problem"),
    [
        (NUMBER, "7", 7, ""),
        (Field("n", "n", "whole number"), "1,000", 1000, ""),
        (NUMBER, "0", None, "Samples: at least 1."),
        (NUMBER, "11", None, "Samples: at most 10."),
        (NUMBER, "", None, "Samples: a whole number is needed, not ."),
        (Field("x", "x", "number"), "nan", None, "X: a number is needed."),
        (Field("x", "x", "number", optional=True), "", None, ""),
        (Field("m", "m", "mapping"), '{"a": [1]}', {"a": [1]}, ""),
        (Field("m", "m", "mapping"), "", None, ""),
        (Field("m", "m", "mapping"), "[1]", None, 'M: write a JSON object, such as {"key": "value"}.'),
        (Field("b", "b", "yes or no"), "yes", True, ""),
        (Field("t", "model"), " openai:x ", "openai:x", ""),
        (Field("t", "model"), "", None, "Model is needed."),
    ],
)  # fmt: skip
def test_fields_are_typed(field: Field, text: str, value: object, problem: str) -> None:
    assert read(field, text) == (value, problem)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [("number", 1.0, "1"), ("yes or no", False, "no"), ("mapping", None, ""), ("text", "a", "a")],
)
def test_values_are_written_as_they_are_read(kind: str, value: object, text: str) -> None:
    assert show(Field("f", "f", kind), value) == text


async def test_waiting_is_shown_with_what_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    real = recipe_view.make_preview

    def slow(store: Store, asked: Any) -> Any:
        go_on.wait(20)
        return real(store, asked)

    monkeypatch.setattr(recipe_view, "make_preview", slow)
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Rendering prompts and counting tokens" in shown(app))
        await pilot.press("s")  # the screen answers meanwhile
        assert isinstance(app.focused, Input)
        go_on.set()
        await until(pilot, lambda: "500 requests" in shown(app))


async def test_v_opens_the_run_in_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: (seeded.seeds(s), seeded.generated(s)))
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await until(pilot, lambda: found.live.history)
        await pilot.press("v")
        await until(pilot, lambda: app.current_mode == "review" and "job:1" in shown(app))
