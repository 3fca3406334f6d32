"""People, disagreements and audits on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from workbench.errors import UsageError
from workbench.project import create
from workbench.store import acts, audits, people, samples, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.disputes import Said
from workbench.store.encoding import encode
from workbench.store.samples import NewSample
from workbench.tui import together
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.prompts import Confirm

LABELS = ("card_arrival", "change_pin", "exchange_rate")


def say(project, sample_id, **labels):
    with Store(project) as store:
        for name, label in labels.items():
            change = Change(label=label, status="accepted")
            acts.apply(store, acts.annotator(store, name), [sample_id], change, kind="label", seconds=2.0)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    for _ in range(1000):
        await pilot.pause()
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def shown(screen) -> str:
    return "\n".join("".join(text for text, _ in row) for row in screen.under.rows)


async def test_settling_what_people_disagree_about(make_project):
    project = make_project(5)
    say(project, 2, ben="change_pin", cara="exchange_rate")
    say(project, 3, ben="change_pin", cara="change_pin")
    say(project, 4, ben="change_pin", cara="exchange_rate")
    say(project, 5, ben="card_arrival", cara="exchange_rate")
    app = WorkbenchApp(project, "anna")
    async with app.run_test(size=(100, 30)) as pilot:
        screen = app.screen_stack[0]
        await pilot.press("D")
        await until(pilot, lambda: screen.settling and screen.list.current is not None)
        screen.go_to(2)
        screen.show_current()
        await until(pilot, lambda: screen.said)
        assert " 2 ben: change_pin, accepted" in shown(screen)
        assert " 3 cara: exchange_rate, accepted" in shown(screen)
        await pilot.press("9")
        await pilot.pause()
        assert not screen.store.one("SELECT 1 FROM opinion WHERE ruling IS NOT NULL")
        await pilot.press("3")  # the label's own digit, as everywhere
        await until(pilot, lambda: screen.store.one("SELECT ruling FROM opinion WHERE ruling IS NOT NULL"))
        await pilot.press("u")
        await until(pilot, lambda: not screen.store.one("SELECT ruling FROM opinion WHERE ruling IS NOT NULL"))
        await pilot.press("U")
        await until(pilot, lambda: screen.store.one("SELECT ruling FROM opinion WHERE ruling IS NOT NULL"))
        assert (samples.get(screen.store, 2).label, samples.get(screen.store, 2).status) == (
            "exchange_rate",
            "accepted",
        )
        assert screen.store.read("SELECT kind, count(*) FROM act WHERE kind = 'adjudicate' GROUP BY kind") == [
            ("adjudicate", 1)
        ]
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not screen.store.one("SELECT 1 FROM spoken WHERE disagreed"))
        shown_labels = {one.id: one.label for one in samples.many(screen.store, [4, 5])}
        assert shown_labels == {4: "exchange_rate", 5: "exchange_rate"}  # the last word, as it was shown
        await pilot.press("b")
        await until(pilot, lambda: not screen.settling)
        assert not screen.under.display
        await pilot.press("D")  # nothing is left to settle: one stays where one is
        await until(pilot, lambda: app.message is not None and "about nothing" in app.message.sentence)
        assert not screen.settling


async def test_an_audit_on_the_screen(make_project):
    app = WorkbenchApp(make_project(30), "anna")
    async with app.run_test(size=(100, 30)) as pilot:
        screen = app.screen_stack[0]
        await pilot.press("P")
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press("enter")
        await until(pilot, lambda: "Until when?" in str(getattr(app.screen, "question", "")))
        await pilot.press("enter")
        await until(pilot, lambda: screen.auditing and len(screen.list) == 30)
        order = [sample for sample, _ in audits.newest(screen.store).frozen]
        assert screen.list.current == order[0]
        await pilot.press("a", "a", "x")
        await until(pilot, lambda: "3 looked at: accuracy 0.67" in shown(screen))
        assert "more for ±0.03" in shown(screen)
        assert "at any moment" in shown(screen)
        assert screen.list.current == order[3]


async def test_people_and_what_they_confuse(make_project, monkeypatch):
    project = make_project(5)
    say(project, 1, ben="change_pin", cara="change_pin")
    say(project, 2, ben="change_pin", cara="exchange_rate")
    app = WorkbenchApp(project, "anna")
    async with app.run_test(size=(100, 30)) as pilot:
        screen = app.screen_stack[0]
        await pilot.press("p")
        await until(pilot, lambda: hasattr(app.screen, "options"))
        values = {option.value: option for option in app.screen.options}
        assert {"by:ben", "by:cara", "model:as generated", "model:model:tfidf", "pair:0,1"} <= set(values)
        assert "2 samples, 2 today, 2.0 s each" in values["by:ben"].detail
        assert values["pair:0,1"].detail == "2 samples, equal 50%"
        await pilot.press(*"ben / cara", "enter")
        await until(pilot, lambda: "enter opens the samples" in str(getattr(app.screen, "question", "")))
        assert app.screen.options[0].title == "change_pin / exchange_rate"
        await pilot.press("enter")
        await until(pilot, lambda: screen.listing.view.text == "id:2")


async def test_blind_until_one_has_decided(make_project):
    project = make_project(3)
    settings = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(settings + "\nreview:\n  blind: true\n" if "\nreview:" not in settings else
                                settings.replace("\nreview:\n", "\nreview:\n  blind: true\n"), encoding="utf-8")  # fmt: skip
    project = type(project)(project.folder)
    say(project, 1, ben="exchange_rate")
    with Store(project) as store:
        acts.apply(store, acts.annotator(store, "ben"), [1], Change(note="surely"), kind="note")
    app = WorkbenchApp(project, "anna")
    async with app.run_test() as pilot:
        screen = app.screen_stack[0]
        screen.open_view(views.parse("sort:id"))
        await pilot.pause()
        assert (screen.pane.sample.id, screen.pane.sample.label, screen.pane.sample.status) == (
            1,
            "card_arrival",
            "pending",
        )
        assert screen.pane.explanation.note is None
        assert screen.list.row(1).label == "card_arrival"
        await pilot.press("a")
        await until(pilot, lambda: screen.list.current == 2)
        await pilot.press("up")
        assert screen.pane.explanation.note == "surely"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0.03", (0.03, None, False)), ("±0.05 by label", (0.05, None, True)), ("200", (None, 200, False)),
        ("1,000", (None, 1000, False)), ("", (0.03, None, False)),
    ],
)  # fmt: skip
def test_targets(text, wanted):
    assert together.target(text) == wanted


@pytest.mark.parametrize("text", ["0.7", "-1", "soon", "0.03 by colour"])
def test_targets_that_are_none(text):
    with pytest.raises(UsageError):
        together.target(text)


def test_undefined_agreement_is_explained():
    nothing = {
        "value": None,
        "low": None,
        "high": None,
        "reason": "Only one annotator has spoken; agreement needs two.",
    }
    part = {"krippendorff": nothing, "fleiss": nothing, "cohen": [], "items": 0, "percent": None, "fleiss_raters": 0}
    found = together.options([], {"annotators": [], "people": part, "everybody": None})
    assert [option.title for option in found][-1] == "Only one annotator has spoken; agreement needs two."


def test_the_digits_of_a_disagreement():
    said = [
        Said(1, "ben", '["a"]', "accepted", None, None, "2026-01-01T10:00:00.000Z"),
        Said(1, "cara", '["a","b"]', "accepted", "[/] both", None, "2026-01-01T10:00:00.000Z"),
        Said(1, "dan", '["a","b"]', "accepted", None, None, "2026-01-01T10:00:00.000Z"),
        Said(1, "eve", None, "rejected", None, "status", "2026-01-01T10:00:00.000Z"),
    ]
    rows = ["".join(text for text, _ in row) for row in together.opinion_rows(said)]
    assert [row[:3] for row in rows] == [" 2 ", " 1 ", " 1 ", "   "]
    assert rows[1].endswith("2026-01-01 10:00  [/] both")
    assert rows[3].endswith("eve: rejected  2026-01-01 10:00  (ruling)")
    assert together.as_suggestions(said)[0] == (["a", "b"], 0.5, "people")


def several_labels(folder, *, blind=False):
    project = create(folder, kind="multi_label", labels=["a", "b", "c"])
    if blind:
        text = project.settings.read_text(encoding="utf-8")
        project.settings.write_text(text.replace("\nreview:\n", "\nreview:\n  blind: true\n"), encoding="utf-8")
    with Store(project) as store:
        samples.add(store, [NewSample({"text": f"text {n}"}, ["a"]) for n in range(2)])
        for name, label in (("ben", ["b"]), ("cara", ["c"])):
            change = Change(label=label, status="accepted")
            acts.apply(store, acts.annotator(store, name), [1], change, kind="label")
    return type(project)(project.folder)


def said_by(screen, name):
    return screen.store.one(
        "SELECT label, ruling FROM opinion JOIN annotator ON annotator.id = annotator_id "
        "WHERE sample_id = 1 AND name = ?", (name,),
    )  # fmt: skip


async def test_putting_labels_together_settles_a_disagreement(tmp_path):
    app = WorkbenchApp(several_labels(tmp_path / "p"), "anna")
    async with app.run_test(size=(100, 30)) as pilot:
        screen = app.screen_stack[0]
        await pilot.press("D")
        await until(pilot, lambda: screen.settling and screen.list.current == 1)
        before = samples.get(screen.store, 1).label
        await screen._coded("a")
        await until(pilot, lambda: said_by(screen, "anna"))
        assert said_by(screen, "anna") == (encode(["a", *before]), "label")
        assert screen.store.read("SELECT disagreed FROM spoken") == [(0,)]
        await screen.action_undo()
        assert screen.store.read("SELECT disagreed FROM spoken") == [(1,)]


async def test_who_reads_blind_puts_labels_together_from_their_own(tmp_path):
    app = WorkbenchApp(several_labels(tmp_path / "p", blind=True), "anna")
    async with app.run_test(size=(100, 30)) as pilot:
        screen = app.screen_stack[0]
        screen.open_view(views.parse("sort:id"))
        await until(pilot, lambda: screen.pane.sample is not None and screen.pane.sample.id == 1)
        assert screen.pane.sample.label == ["a"]
        await screen._coded("b")
        assert said_by(screen, "anna") == (encode(["a", "b"]), None)
        acts.apply(screen.store, acts.annotator(screen.store, "ben"), [1], Change(label=["c"]), kind="label")
        await screen._coded("a")
        assert said_by(screen, "anna") == (encode(["b"]), None)
        assert screen.pane.sample.label == ["b"]


def test_one_sample_is_one_and_few_are_no_measure_of_a_person():
    progress = [people.Progress(1, "anna", 1, 1, 3.0, None, 1, "2026-01-01")]
    rated = {"name": "anna", "opinions": 1, "accuracy": 0.33, "model": False}
    nothing = {"value": None, "low": None, "high": None, "reason": "Agreement needs two."}
    part = {"percent": None, "items": 0, "krippendorff": nothing, "fleiss": nothing, "fleiss_raters": 0, "cohen": []}
    found = {"annotators": [rated], "people": part, "everybody": None}
    first, second = together.options(progress, found)
    assert (first.title, first.detail, first.right) == ("anna", "1 sample, 1 today, 3.0 s each", "")
    assert (second.title, second.detail) == ("Agreement needs two.", "")
    rated["opinions"] = together.RATED
    assert together.options(progress, found)[0].right == "right 0.33"
