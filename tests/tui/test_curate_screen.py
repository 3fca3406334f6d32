"""Curate's chain and its jobs: edited, previewed, run, resumed, undone; what costs money asks first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui import curated, seeded
from tests.tui.seeded import NARROW, WIDE, shown, until
from workbench.store import acts, jobs, samples
from workbench.store.connection import Store
from workbench.tui.screens.curate import CurateScreen
from workbench.tui.screens.curate_chain import PLACE
from workbench.tui.widgets.curation import chain as steps
from workbench.tui.widgets.curation.chain import Link
from workbench.tui.widgets.forms import Picks
from workbench.tui.widgets.prompts import Confirm, Finder


def made(store: Store) -> None:
    seeded.seeds(store)
    seeded.synthetic(store)


async def ready(pilot: Any) -> CurateScreen:
    """The steps are described and what the first one says is read."""
    found = pilot.app.screen_stack[0]
    assert isinstance(found, CurateScreen)
    await until(pilot, lambda: found.about and found.current() is not None)
    return found


async def at(pilot: Any, found: CurateScreen, name: str) -> None:
    """Put the cursor on a step and wait for what it says."""
    found.query_one("#chain", Picks).highlighted = [link.technique for link in found.chain].index(name)
    await until(pilot, lambda: (now := found.current()) is not None and now.step == name)


async def test_shows_what_each_step_does_alone_and_in_the_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.scored)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "keeps 52 of 60" in shown(app))
        lines = [line.partition("│")[0].split() for line in shown(app).splitlines()[2:6]]
    assert lines == [
        ["1", "+", "F", "words", "3", "3"],
        ["2", "+", "F", "twins", "6", "5"],
        ["3", "+", "R", "relabel", "6", "labels"],
        ["4", "+", "W", "balance", "0.4", "to", "2.1"],
    ]


async def test_p_previews_and_r_runs_the_steps_that_are_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = curated.app(tmp_path, monkeypatch, made)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        await pilot.press("space", "p", "p")
        await until(pilot, lambda: started and app.message is not None)
        assert len(started) == 1  # one is under way already
        jobs.finish(app.store, 1, "done", result=None, error=None)
        found.changed()
        await until(pilot, lambda: found.known.history[0].state == "done")
        await pilot.press("r")
        await until(pilot, lambda: len(started) == 2)
    chain = ["words", "relabel", "balance"]
    assert [(kind, parameters) for kind, parameters, _ in started] == [
        ("curate", {"chain": chain, "preview": True}),
        ("curate", {"chain": chain, "preview": False}),
    ]


async def test_parameters_are_edited_in_place_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, made)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        await until(pilot, lambda: "threshold" in shown(app))
        await pilot.press("e", "end", "backspace", "9")
        await until(pilot, lambda: found.chain[1].spec == "twins:threshold=0.9")
        await pilot.press("x")
        await until(pilot, lambda: "Threshold: a number is needed" in shown(app))
        assert found.chain[1].spec == "twins:threshold=0.9"
        await until(pilot, lambda: acts.stopped_at(app.store, app.annotator_id, PLACE))
        kept = acts.stopped_at(app.store, app.annotator_id, PLACE)
        assert kept["chain"][1] == ["twins:threshold=0.9", True]
        assert "Chain (changed)" in shown(app)


async def test_the_chain_is_added_to_moved_and_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, made)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(app.screen, Finder))
        assert [option.title[0] for option in app.screen.options] == sorted(  # type: ignore[attr-defined]
            [option.title[0] for option in app.screen.options]  # type: ignore[attr-defined]
        )  # filters, repairs, weightings
        await pilot.press(*"asks a model asker", "enter")
        await until(pilot, lambda: len(found.about) == 5)
        assert [link.technique for link in found.chain][:2] == ["words", "asker"]
        assert "F $ asker" in shown(app)
        await pilot.press("K")
        assert [link.technique for link in found.chain][:2] == ["asker", "words"]
        await pilot.press("J", "minus")
        await pilot.pause()
        assert [link.technique for link in found.chain] == curated.CHAIN


async def test_a_chain_that_asks_a_model_is_counted_first_and_then_asks_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = seeded.submitted(monkeypatch)
    chain = ["words", "asker"]
    app = curated.app(tmp_path, monkeypatch, made, chain=chain)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await pilot.press("r")
        await until(pilot, lambda: started)
        assert started[-1][1] == {"chain": chain, "preview": True}  # nobody knows yet what it would cost
        told = curated.result(40, chain, preview=True, asks={"asker": {"requests": 1234, "cost": 0.5}})
        jobs.finish(app.store, 1, "done", result=told, error=None)
        found.changed()
        await until(pilot, lambda: found.known.previewed is not None)
        await until(pilot, lambda: "1,234 requests, $0.50" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "Ask a model 1,234 times?" in shown(app)
        assert "$0.50" in shown(app)
        await pilot.press("n")
        await until(pilot, lambda: app.screen is found)
        assert len(started) == 1
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: len(started) == 2)
    assert started[-1][1] == {"chain": chain, "preview": False}


async def test_a_cancelled_curation_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed: list[int] = []
    monkeypatch.setattr("workbench.pipeline.start.resume", lambda _store, job_id: resumed.append(job_id))

    def stopped(store: Store) -> None:
        curated.scored(store)
        seeded.job(store, "curate", {"chain": curated.CHAIN, "preview": False}, state="cancelled", done=3, total=10)

    app = curated.app(tmp_path, monkeypatch, stopped)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Job 2 (curate) was cancelled: R goes on" in shown(app))
        assert "R resume" in shown(app)
        await pilot.press("R")
        await until(pilot, lambda: resumed)
    assert resumed == [2]


async def test_a_running_curation_shows_its_progress_and_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def running(store: Store) -> None:
        made(store)
        seeded.job(
            store, "curate", {"chain": [], "preview": False}, state="running", done=300, total=1000, note="twins"
        )

    app = curated.app(tmp_path, monkeypatch, running)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "30%" in shown(app))
        await pilot.press("c")
        await until(pilot, lambda: jobs.get(app.store, 1).cancel)


async def test_undoing_a_curation_says_what_comes_back_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await until(pilot, lambda: found.known.standing)
        await pilot.press("U")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        text = shown(app)
        assert "8 dropped samples come back" in text
        assert "2 applied repairs are taken back" in text
        assert "The weights of balance no longer count" in text
        await pilot.press("y")
        await until(pilot, lambda: started)
    assert started[0][:2] == ("curate", {"undo": True})


async def test_o_accepts_the_dropped_sample_and_it_can_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "words")
        assert found.row_key() is not None
        chosen = int(str(found.row_key()))
        await pilot.press("d", "o")
        await until(pilot, lambda: samples.get(app.store, chosen).status == "accepted")
        await until(pilot, lambda: "overruled" in shown(app))
        act = acts.next_undo(app.store, app.annotator_id)
        assert act is not None
        assert act.samples == (chosen,)


async def test_empty_project_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = curated.app(tmp_path, monkeypatch, lambda _store: None)
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "There are no generated samples yet: F2" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: app.message is not None and app.message.error)
    assert started == []


def test_a_spec_holds_what_differs_from_the_defaults() -> None:
    (one,) = steps.about([Link("language:scripts=Latin+Greek,share=0.5")])
    values = {field.name: field.default for field in steps.fields(one)}
    assert (values["scripts"], values["share"]) == ("Latin+Greek", 0.5)
    assert steps.spec_of("language", one, values) == "language:scripts=Latin+Greek,share=0.5"
    assert steps.spec_of("language", one, one.values) == "language:scripts=Latin+Greek,share=0.5"
    assert steps.spec_of("language", one, {row["name"]: row["default"] for row in one.parameters}) == "language"


def test_a_wrong_spec_is_said_and_the_others_still_work() -> None:
    one, other = steps.about([Link("near_duplicates"), Link("length")])
    assert "did you mean 'near_duplicate'" in one.problem
    assert other.problem == ""


def test_the_same_technique_twice_has_two_names() -> None:
    found = steps.about([Link("length"), Link("exact_duplicate"), Link("length:min_words=9")])
    assert [one.name for one in found] == ["length-1", "exact_duplicate", "length-2"]
