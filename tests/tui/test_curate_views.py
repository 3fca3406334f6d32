"""Curate's right pane: the line through the scores, groups, the data map, repairs, weights, overlap; slices for Review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui import curated, seeded
from tests.tui.curated import count_of
from tests.tui.seeded import NARROW, WIDE, shown, until
from tests.tui.test_curate_screen import at, ready
from tests.tui.test_hostile import harmless
from workbench.store import curation, in_force, repairs, samples, weights
from workbench.store.connection import Store
from workbench.store.repairs import NewRepair
from workbench.tui.screens.curate import CurateScreen
from workbench.tui.widgets.curation import scores as score_view
from workbench.tui.widgets.curation.data_map import DataMap
from workbench.tui.widgets.curation.groups import Groups
from workbench.tui.widgets.curation.scores import Scores
from workbench.tui.widgets.forms import Picks


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The views that were sent to Review."""
    sent: list[str] = []

    async def note(_self: CurateScreen, text: str) -> None:
        sent.append(text)

    monkeypatch.setattr(CurateScreen, "open_in_review", note)
    return sent


def values(store: Store, name: str) -> list[float]:
    return sorted(row[0] for row in store.read("SELECT value FROM score WHERE name = ?", (name,)))


def rows_of(found: CurateScreen) -> list[str]:
    return [key for key, _ in found.query_one("#rows", Picks)._shown]


async def see(pilot: Any, found: CurateScreen, view: str) -> Any:
    """Turn to a view of the step under the cursor."""
    while found.view != view:
        await pilot.press("tab")
    await until(pilot, lambda: found.current() is not None)
    return found.current()


async def test_the_counts_follow_the_line_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        everyone = values(app.store, "filter.twins")
        monkeypatch.setattr(score_view, "read_sides", lambda *_: pytest.fail("the counts need no reading"))
        for keys, line in ((["right"], 0.805), (["left", "h"], 0.795), (["l", "H"], 0.75), (["shift+right"], 0.8)):
            found._catching = True  # as while a reading is under way
            await pilot.press(*keys)
            now = found.current()
            assert isinstance(now, Scores)
            assert now.line == pytest.approx(line)
            assert now.dropping() == sum(value >= line - 1e-12 for value in everyone)
            told = f"drops about {now.dropping()}, keeps {60 - (now.dropping() or 0)}"
            await until(pilot, lambda told=told: told in shown(app))
        found._catching = False


async def test_the_samples_on_both_sides_follow_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        by_value = dict(app.store.read("SELECT sample_id, value FROM score WHERE name = 'filter.twins'"))
        for keys in ([], ["L", "L"], ["H", "H", "H", "right"]):
            await pilot.press(*keys)
            now = found.current()
            assert isinstance(now, Scores)
            await until(pilot, lambda now=now: now.sides is not None and now.sides.line == now.line)
            keys_shown = rows_of(found)
            place = keys_shown.index("-line")
            kept, dropped = [
                [by_value[int(key)] for key in side] for side in (keys_shown[:place], keys_shown[place + 1 :])
            ]
            order = sorted(by_value.values())
            assert kept == [value for value in order if value < now.line][-40:]
            assert dropped == [value for value in order if value >= now.line][:40]
            assert found.row_key() == keys_shown[place + 1]  # the cursor is on the first that is dropped


async def test_below_the_line_drops_and_whole_numbers_stay_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await pilot.press("right", "right")
        await until(pilot, lambda: "drops 20, keeps 40" in shown(app))
        assert "drops below" in shown(app)
        assert "too few letters" in shown(app)  # one of its two rules
        assert "98.3%" in shown(app)
        await pilot.press("t")
        await until(pilot, lambda: found.chain[0].spec == "words:least=5")


async def test_enter_sets_the_line_and_escape_puts_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        await pilot.press("right")
        await until(pilot, lambda: "moved: t sets 0.805, now 0.800" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "moved: " not in shown(app))
        assert found.chain[1].spec == "twins"
        await pilot.press("right", "right", "enter")
        await until(pilot, lambda: found.chain[1].spec == "twins:threshold=0.81")
        await until(pilot, lambda: found.about[1].threshold == 0.81 and "moved: " not in shown(app))
        await until(pilot, lambda: "threshold    0.81" in shown(app))  # in the form too


async def test_where_a_step_measured_nothing_the_counts_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_sided(store: Store) -> None:
        curated.ran(store)
        with store.write() as connection:  # as a step that gives no number to what it keeps
            connection.execute("DELETE FROM score WHERE name = 'filter.twins' AND value < 0.8")

    app = curated.app(tmp_path, monkeypatch, one_sided)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        await until(pilot, lambda: "drops about 17, keeps 43" in shown(app))
        await pilot.press("H")
        await until(pilot, lambda: "drops at least 17" in shown(app) and "unmeasured: t sets" in shown(app))
        await pilot.press("t")
        await until(pilot, lambda: found.chain[1].spec.startswith("twins:threshold=0.7"))


async def test_a_threshold_that_is_off_gets_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran, chain=["words:least=none", *curated.CHAIN[1:]])
    async with app.run_test(size=NARROW) as pilot:
        found = await ready(pilot)
        assert "-line" not in rows_of(found)
        await pilot.press("right")
        await until(pilot, lambda: "moved: t sets 2, now off" in shown(app) and "-line" in rows_of(found))
        assert "drops 5, keeps 55" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: "moved:" not in shown(app) and "-line" not in rows_of(found))
        await pilot.press("right", "t")
        await until(pilot, lambda: found.chain[0].spec == "words:least=2")


async def test_v_opens_what_is_dropped_or_the_side_of_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        await pilot.press("v")
        await until(pilot, lambda: len(opened) == 1)
        await pilot.press("right", "v")
        await until(pilot, lambda: len(opened) == 2)
        await until(pilot, lambda: found.current().sides.line == 0.805)  # type: ignore[union-attr]
        await pilot.press("d", "up", "v")
        await until(pilot, lambda: len(opened) == 3)
        over = sum(value >= 0.805 for value in values(app.store, "filter.twins"))
        assert opened == [
            "dropped:twins",
            "score.filter.twins>=0.805 sort:filter.twins",
            "score.filter.twins<0.805 sort:-filter.twins",
        ]
        assert [count_of(app.store, text) for text in opened] == [5, over, 60 - over]


async def test_members_of_a_group_stand_beside_their_representative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        now = await see(pilot, found, "groups")
        assert isinstance(now, Groups)
        assert now.groups == [(1, 3), (2, 2)]
        assert rows_of(found) == ["5", "9", "13"]
        text = shown(app)
        assert "kept 1" in text
        assert "dropped 5" in text
        assert ".90 like sample 1" in text
        marked = [line for line in now.pair("5", 70, 8) if any("underline" in str(span.style) for span in line.spans)]
        assert len(marked) == 1  # (0) on one side, (4) on the other
        narrow = [line.plain for line in now.pair("5", 36, 5)]
        assert narrow[1] == "[-kept 1-] {+dropped 5+}"
        assert narrow[-1].endswith("([-0-] {+4+})") or "{+(4)+}" in " ".join(narrow)
        await pilot.press("d", "down")
        await until(pilot, lambda: rows_of(found) == ["6", "10"])
        await pilot.press("d", "o")
        await until(pilot, lambda: samples.get(app.store, 6).status == "accepted")
        await until(pilot, lambda: "overruled" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: opened)
        assert opened == ["id:2,6,10"]
        assert count_of(app.store, opened[0]) == 3


async def test_regions_of_the_data_map_are_views(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        now = await see(pilot, found, "map")
        assert isinstance(now, DataMap)
        assert now.total == 60
        assert now.region == "ambiguous"
        for region in ("hard", "easy"):
            await pilot.press("enter")
            assert now.region == region
            await until(pilot, lambda: now.lacks() is None and f"{now.region.capitalize()}: " in shown(app))
            await pilot.press("v")
            await until(pilot, lambda: opened)
            assert count_of(app.store, opened[-1]) == now.count == 20  # a third of 60
            opened.clear()
        await pilot.press("H", "left", "shift+down", "down", "down")  # narrower, left, less tall, down
        assert now.region == ""
        await until(pilot, lambda: now.lacks() is None and "In the box: " in shown(app))
        assert {int(key) for key in rows_of(found)} == {row.id for row in now.listed}
        await pilot.press("v")
        await until(pilot, lambda: opened)
        assert count_of(app.store, opened[0]) == now.count == len(rows_of(found))


async def test_repairs_show_proposals_and_what_they_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "relabel")
        assert found.view == "repairs"  # chosen by the step's kind
        text = shown(app)
        assert "6 proposed, 2 applied, 4 open" in text
        assert "+0.050 (+0.010 to +0.090) better" in text
        assert "lost_card → card_arrival" in text
        assert len(rows_of(found)) == 4
        await pilot.press("v", "f")
        await until(pilot, lambda: "Applied repairs: 2" in shown(app))
        assert len(rows_of(found)) == 2
        await pilot.press("v", "f")
        await until(pilot, lambda: "All repairs: 6" in shown(app))
        await until(pilot, lambda: len(opened) == 2)
        assert opened == ["repair:open sort:-repair.relabel", "repair:applied sort:-repair.relabel"]
        assert [count_of(app.store, text) for text in opened] == [4, 2]
        await pilot.press("f")
        await until(pilot, lambda: "Open proposals: 4" in shown(app))
        await pilot.press("d", "o")
        await until(pilot, lambda: "Open proposals: 3" in shown(app))


async def test_weights_from_the_heaviest_to_the_lightest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "balance")
        text = shown(app)
        assert "mean 1.00, from 0.4 to 2.1" in text
        assert "in force: training and exports use them" in text
        await pilot.press("v", "d", "end", "v")
        await until(pilot, lambda: len(opened) == 2)
        assert opened == ["score.weight.balance>1 sort:-weight.balance", "score.weight.balance<1 sort:weight.balance"]
        assert [count_of(app.store, text) for text in opened] == [30, 30]


async def test_overlap_of_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]) -> None:
    def both(store: Store) -> None:
        ids = curated.ran(store)
        curation.save_drops(
            store, 2, [curation.Drop(one, "twins", 1, {}, "like it", 0.9, ids[0]) for one in ids[51:53]]
        )

    app = curated.app(tmp_path, monkeypatch, both)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await see(pilot, found, "overlap")
        lines = [line.partition("│")[2].split() for line in shown(app).splitlines()]
        assert ["1", "words", "(3)", "1"] in lines
        assert ["2", "twins", "1", "(6)"] in lines
        await pilot.press("d", "v")
        await until(pilot, lambda: opened)
        assert opened == ["dropped:twins dropped:words"]
        assert count_of(app.store, opened[0]) == 2


async def test_what_is_shown_follows_an_undoing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    async with app.run_test(size=WIDE) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        await see(pilot, found, "groups")
        in_force.set_active(app.store, 2, active=False)
        seeded.job(app.store, "curate", {"undo": True}, result={"checked": 8, "kept": 0, "dropped": {}})
        found.changed()
        await until(pilot, lambda: not found.known.standing)
        await until(pilot, lambda: "Groups" not in shown(app) and "in force" not in shown(app))
        assert found.view == "scores"


async def test_views_without_anything_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(store: Store) -> None:
        seeded.synthetic(store)

    app = curated.app(tmp_path, monkeypatch, plain)
    async with app.run_test(size=NARROW) as pilot:
        found = await ready(pilot)
        for name, text in (("words", "No numbers yet"), ("relabel", "No proposals yet"), ("balance", "No weights yet")):
            await at(pilot, found, name)
            await until(pilot, lambda text=text: text in shown(app))
            await pilot.press("v", "right", "t", "f", "d", "escape")
        await at(pilot, found, "words")
        await see(pilot, found, "overlap")
        await until(pilot, lambda: "counted by a preview" in shown(app))


def hostile(store: Store) -> None:
    """Every text, label and reason that the pane shows is hostile."""
    ids = curated.ran(store)
    with store.write() as connection:
        connection.execute("UPDATE sample SET text = ?, label = ?", (seeded.HOSTILE, '"[red]x[/] \\u001b[31m"'))
        connection.execute("UPDATE verdict SET reason = ?", (seeded.HOSTILE,))
        told = NewRepair(ids[0], 0.99, True, seeded.HOSTILE, seeded.HOSTILE, [seeded.HOSTILE], None, None, ids[1])
        repairs.put(connection, 2, "relabel", 1, 2, [told])
        weights.put(connection, 2, "balance", [(one, 1.0, seeded.HOSTILE) for one in ids])


@pytest.mark.parametrize(
    ("size", "chain"), [(WIDE, curated.CHAIN), (NARROW, ["twins", "relabel"])], ids=["120x40", "80x24"]
)
async def test_hostile_text_is_shown_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], chain: list[str]
) -> None:
    app = curated.app(tmp_path, monkeypatch, hostile)
    async with app.run_test(size=size) as pilot:
        found = await ready(pilot)
        for name in chain:
            await at(pilot, found, name)
            harmless(app)
            for view in found.views()[1:]:
                if view == "groups" or name == "words":
                    await see(pilot, found, view)
                    harmless(app)
        await pilot.press("f", "f")
        await until(pilot, lambda: found.current() is not None)
        harmless(app)


async def test_ascii_terminals_get_the_same_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = curated.app(tmp_path, monkeypatch, curated.ran)
    monkeypatch.setenv("WORKBENCH_ASCII", "1")
    async with app.run_test(size=NARROW) as pilot:
        found = await ready(pilot)
        await at(pilot, found, "twins")
        assert all(ord(sign) < 128 for sign in "".join(line.plain for line in found.current().figure(36, 3)))  # type: ignore[union-attr]
        now = await see(pilot, found, "map")
        assert all(ord(sign) < 128 for sign in "".join(line.plain for line in now.figure(36, 3)))


@pytest.mark.parametrize(
    ("size", "theme", "step", "keys"),
    [
        (WIDE, "workbench-dark", "twins", ["right", "right"]),
        (NARROW, "workbench-dark", "twins", ["tab"]),
        (WIDE, "workbench-light", "words", ["tab", "enter"]),
        (NARROW, "workbench-dark", "relabel", []),
    ],
    ids=["line", "groups", "map", "repairs"],
)
def test_curate_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int], theme: str, step: str,
    keys: list[str],
) -> None:  # fmt: skip
    app = curated.app(tmp_path, monkeypatch, curated.ran, theme=theme)

    async def before(pilot: Any) -> None:
        found = await ready(pilot)
        await until(pilot, lambda: found.known.history)
        await at(pilot, found, step)
        await pilot.press(*keys)
        await until(pilot, lambda: (now := found.current()) is not None and now.lacks() is None and rows_of(found))
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
