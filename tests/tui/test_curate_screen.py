"""Curate: what each filter drops and why; a person overrules it, undoes it, changes the chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui import seeded
from tests.tui.seeded import NARROW, WIDE, shown, until
from workbench.store import acts, jobs, samples
from workbench.store.connection import Store
from workbench.tui.screens.curate import CurateScreen
from workbench.tui.screens.curate_chain import PLACE
from workbench.tui.widgets import filter_view
from workbench.tui.widgets.filter_view import Link
from workbench.tui.widgets.forms import Picks
from workbench.tui.widgets.prompts import Confirm, Finder


def ran(store: Store) -> None:
    seeded.seeds(store)
    seeded.curated(store, seeded.synthetic(store))


def previewed(store: Store) -> None:
    seeded.seeds(store)
    seeded.curated(store, seeded.synthetic(store), preview=True, hostile=True)


def made(store: Store) -> None:
    seeded.seeds(store)
    seeded.synthetic(store)


async def ready(pilot: Any) -> CurateScreen:
    """The filters are described and the first one's details are read."""
    found = pilot.app.screen_stack[0]
    assert isinstance(found, CurateScreen)
    await until(pilot, lambda: found.about and found.detail is not None)
    return found


async def at(pilot: Any, found: CurateScreen, name: str) -> None:
    """Put the cursor on a filter and wait for its details."""
    found.query_one("#chain", Picks).highlighted = [link.filter for link in found.chain].index(name)
    await until(
        pilot, lambda: found.detail is not None and found.detail.name == name and found._detail_of[:1] == (name,)
    )


async def test_shows_what_each_filter_drops_alone_and_in_the_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "curate", previewed)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "near_duplicate")
        text = shown(app)
        assert "keeps 36 of 40" in text
        line = next(line for line in text.splitlines() if "2 + near_duplicate" in line)
        assert line.split()[3:5] == ["4", "3"]  # alone, in the chain
        assert "near_duplicate would drop 3, the first 1" in text
        assert "drops above" in text  # the threshold under the histogram
        assert "[@click=app.bell]" in text
        assert "\x1b" not in text


async def test_a_dropped_sample_stands_beside_the_one_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "curate", ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "near_duplicate")
        await until(pilot, lambda: "dropped 18" in shown(app))
        assert "kept 13" in shown(app)
        assert ".91 like sample 13" in shown(app)


async def test_o_accepts_the_dropped_sample_and_it_can_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "curate", ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "near_duplicate")
        await pilot.press("d", "o")
        await until(pilot, lambda: samples.get(app.store, 18).status == "accepted")
        await until(pilot, lambda: "overruled" in shown(app))
        assert samples.get(app.store, 18).in_data_set
        act = acts.next_undo(app.store, app.annotator_id)
        assert act is not None
        assert act.samples == (18,)


async def test_p_previews_and_r_runs_the_filters_that_are_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "curate", made)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "length")
        await pilot.press("space", "p", "p")
        await until(pilot, lambda: started and app.message is not None)
        assert len(started) == 1  # one is under way already
        jobs.finish(app.store, 1, "cancelled", result=None, error=None)
        found.changed()
        await until(pilot, lambda: found.known.history[0].state == "cancelled")
        await pilot.press("r")
        await until(pilot, lambda: len(started) == 2)
    filters = ["exact_duplicate", "near_duplicate", "label_disagreement"]
    assert [(kind, parameters) for kind, parameters, _ in started] == [
        ("curate", {"filters": filters, "preview": True}),
        ("curate", {"filters": filters, "preview": False}),
    ]


async def test_parameters_are_edited_in_place_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "curate", made)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "near_duplicate")
        await until(pilot, lambda: "threshold" in shown(app))
        await pilot.press("e", "end", "backspace", "backspace", "9")
        await until(pilot, lambda: found.chain[1].spec == "near_duplicate:threshold=0.9")
        await pilot.press("backspace", "1")
        await until(pilot, lambda: "from 0.5 to 1." in shown(app))
        assert found.chain[1].spec == "near_duplicate:threshold=0.9"
        await until(pilot, lambda: acts.stopped_at(app.store, app.annotator_id, PLACE))
        kept = acts.stopped_at(app.store, app.annotator_id, PLACE)
        assert kept["chain"][1] == ["near_duplicate:threshold=0.9", True]
        assert "Filters (changed)" in shown(app)


async def test_the_chain_is_added_to_moved_and_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "curate", made)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(app.screen, Finder))
        await pilot.press(*"rouge", "enter")
        await until(pilot, lambda: "rouge_novelty" in [link.filter for link in found.chain])
        await until(pilot, lambda: len(found.about) == 5)
        assert [link.filter for link in found.chain][:2] == ["exact_duplicate", "rouge_novelty"]
        await pilot.press("K")
        assert [link.filter for link in found.chain][:2] == ["rouge_novelty", "exact_duplicate"]
        await pilot.press("J", "minus")
        await pilot.pause()
        assert [link.filter for link in found.chain] == [
            "exact_duplicate",
            "near_duplicate",
            "length",
            "label_disagreement",
        ]


async def test_undoing_a_curation_says_how_many_samples_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "curate", ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await until(pilot, lambda: found.known.in_force)
        await pilot.press("U")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "4 dropped samples come back" in shown(app)
        await pilot.press("y")
        await until(pilot, lambda: started)
    assert started[0][:2] == ("curate", {"undo": True})


async def test_v_opens_what_the_filter_drops_in_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    async def note(_self: CurateScreen, text: str) -> None:
        opened.append(text)

    monkeypatch.setattr(CurateScreen, "open_in_review", note)
    app = seeded.app(tmp_path, monkeypatch, "curate", ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await until(pilot, lambda: found.known.in_force)
        await at(pilot, found, "near_duplicate")
        await pilot.press("v")
        await until(pilot, lambda: opened)
    assert opened == ["dropped:near_duplicate"]


async def test_empty_project_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "curate")
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "There are no generated samples yet: F2" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: app.message is not None and app.message.error)
    assert started == []


def test_a_spec_holds_what_differs_from_the_defaults() -> None:
    (one,) = filter_view.about([Link("language:scripts=Latin+Greek,share=0.5")])
    values = {field.name: field.default for field in filter_view.fields(one)}
    assert values == {"scripts": "Latin+Greek", "languages": "", "share": 0.5}
    assert filter_view.spec_of("language", one, values) == "language:scripts=Latin+Greek,share=0.5"
    assert filter_view.spec_of("language", one, {"scripts": "Latin", "languages": "", "share": 0.8}) == "language"


def test_a_wrong_spec_is_said_and_the_others_still_work() -> None:
    one, other = filter_view.about([Link("near_duplicates"), Link("length")])
    assert "Did you mean 'near_duplicate'" in one.problem
    assert other.problem == ""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("content", [ran, previewed])
def test_curate_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int], content: Any
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "curate", content)

    async def before(pilot: Any) -> None:
        found = await ready(pilot)
        await until(pilot, lambda: found.known.history)
        await at(pilot, found, "near_duplicate")
        await until(pilot, lambda: "threshold" in shown(app) and "kept 13" in shown(app))

    assert snap_compare(app, terminal_size=size, run_before=before)
