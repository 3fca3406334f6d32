"""Labelling through its keys: codes, reasons, tags, proposals, pairs, turns, marks."""

from __future__ import annotations

from pathlib import Path

from tests.tui.kinds import make
from tests.tui.seeded import shown
from tests.tui.test_review import review, until
from tests.tui.test_review_kinds import dialog, opened, sample, says, write
from workbench.project import Project, create
from workbench.store import acts, curation, repairs, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample

NAMES = [f"{first}_{second}" for first in ("card", "pin", "rate", "top_up") for second in ("a", "b", "c", "d", "e")]


async def test_a_code_labels_in_three_keys_and_the_next_key_is_itself_again(make_project) -> None:
    project = make_project(4, labels=NAMES)
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "pb pin_b" in shown(app)
        await pilot.press("comma", "p")
        await until(pilot, lambda: "Type a code: p" in shown(app))
        assert "pe pin_e" in shown(app)
        assert not any("card_a" in text for line in review(app).labels.lines for text, _ in line)
        await pilot.press("e", "1", "comma", "escape", "x")
        await until(pilot, lambda: sample(project, 3).status == "rejected")
        await pilot.press("comma", "q", "t", "backspace", "backspace", "f")  # q begins no code, and does not quit
        await until(pilot, lambda: sample(project, 4).status == "flagged")
    assert [sample(project, n).label for n in (1, 2)] == ["pin_e", NAMES[1]]


async def test_codes_put_several_labels_in_and_enter_ends_them(tmp_path: Path) -> None:
    project = create(tmp_path / "many", kind="multi_label", labels=NAMES)
    with Store(project) as store:
        samples.add(store, [NewSample({"text": "A text."}), NewSample({"text": "Another."})])
    app = opened(project)
    async with app.run_test() as pilot:
        await pilot.press("comma", *"pa", *"cb", "enter")
        await until(pilot, lambda: review(app).list.current == 2)
    assert (sample(project).label, sample(project).status) == (["card_b", "pin_a"], "accepted")


async def test_half_steps_have_codes_where_digits_do_not_suffice(tmp_path: Path) -> None:
    project = create(tmp_path / "half", kind="text_pair", scale=(-2, 3))
    text = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(text.replace("high: 3, step: 1}", "high: 3, step: 0.5}"), encoding="utf-8")
    project = Project(project.folder)
    with Store(project) as store:
        samples.add(store, [NewSample({"first": "a", "second": "b"})])
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "b -1.5" in shown(app)
        await pilot.press("comma", "b")
        await until(pilot, lambda: sample(project).label == -1.5)
        assert "-1.5 <" in shown(app)


async def test_a_reason_is_one_act_with_the_rejection_and_accepting_takes_it_back(make_project) -> None:
    project = make_project(3)
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("r", "2", "k")
        await until(pilot, lambda: "Rejected  unnatural" in shown(app))
        await pilot.press("a", "k")
        await until(pilot, lambda: sample(project).status == "accepted")
        assert "unnatural" not in shown(app)
        await pilot.press("u")
        await until(pilot, lambda: "Rejected  unnatural" in shown(app))
        await pilot.press("u")
        await until(pilot, lambda: sample(project).status == "pending")


async def test_tags_are_put_on_and_taken_off(make_project) -> None:
    project = make_project(3)
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await dialog(app, pilot, "Finder")
        await pilot.press(*"very odd", "enter")
        await until(pilot, lambda: "Tags      very-odd" in shown(app))
        await pilot.press("t")
        await dialog(app, pilot, "Finder")
        await pilot.press("enter")  # the one that it has stands first
        await until(pilot, lambda: "Tags" not in shown(app))


async def test_a_proposal_is_taken_with_one_key_and_all_of_them_after_a_question(make_project) -> None:
    project = make_project(5)  # samples 1 to 3: change_pin .61
    with Store(project) as store, store.write() as connection:
        fixed = repairs.NewRepair(2, 0.93, False, "learnt", given="change_pin", label="exchange_rate")
        repairs.put(connection, 1, "confident_learning", 1, 0, [fixed])
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("z")
        await until(pilot, lambda: sample(project).label == "change_pin" and sample(project).status == "accepted")
        await pilot.press("Z")
        await dialog(app, pilot, "AskLine")
        await pilot.press("ctrl+u", *".5", "enter")
        asked = await dialog(app, pilot, "Confirm")
        assert asked.question == "Take what is proposed for 2 samples of this view?"
        assert any("exchange_rate .93 (confident_learning)" in line for line in asked.details)
        await pilot.press("y")
        await until(pilot, lambda: [sample(project, n).label for n in (2, 3)] == ["exchange_rate", "change_pin"])
        await pilot.press("u")
        await until(pilot, lambda: sample(project, 2).status == "pending" and sample(project, 3).status == "pending")
        await pilot.press("g", "j", "j", "j", "z")
        await says(app, pilot, "Nothing is proposed")


async def test_which_answer_is_better_is_said_without_knowing_which_is_which(tmp_path: Path) -> None:
    project = make(tmp_path, "preference")
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "chosen" not in shown(app)
        await pilot.press("a")
        await says(app, pilot, "Say which answer is better first")
        places = review(app).labels.person, shown(app)
        await pilot.press("2", "k")
        await until(pilot, lambda: "B IS BETTER <" in shown(app))
        better = sample(project).fields["chosen"]
        await pilot.press("1", "k")
        await until(pilot, lambda: "A IS BETTER <" in shown(app))
        assert sample(project).fields["rejected"] == better
        await pilot.press("u", "u")
        await until(pilot, lambda: sample(project).status == "pending" and not sample(project).edited)
        assert shown(app).splitlines()[6:10] == places[1].splitlines()[6:10]
        await pilot.press("0")
        await until(pilot, lambda: sample(project).status == "rejected")


async def test_a_dialogue_is_gone_through_turn_by_turn(tmp_path: Path) -> None:
    project = make(tmp_path, "dialogue")
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("h", "h", "h", "H", "e")
        assert review(app).pane.turn == 1
        screen = await write(app, pilot, "Hello.")
        assert screen.question == "Sample 1, turn 2: user"
        await dialog(app, pilot, "Confirm")
        await pilot.press("y")
        await until(pilot, lambda: sample(project).fields["messages"][1]["content"] == "Hello.")
        assert review(app).pane.turn == 1  # still the same one
        await pilot.press("t")
        await dialog(app, pilot, "Finder")
        await pilot.press(*"rude", "enter")
        await until(pilot, lambda: "Tags      rude@2" in shown(app))
        await pilot.press("n")
        await dialog(app, pilot, "AskLine")
        await pilot.press(*"why?", "enter")
        await until(pilot, lambda: "Note      turn 2: why?" in shown(app))


async def test_an_object_is_marked_in_the_text(tmp_path: Path) -> None:
    project = make(tmp_path, "extraction")
    with Store(project) as store:
        acts.apply(store, acts.annotator(store, "ben"), [1], Change(label={"name": "X"}), kind="label")
    app = opened(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l")
        await dialog(app, pilot, "MarkScreen")
        await pilot.press("tab", *["right"] * 8, "v", "right", "1")  # Anna Berg
        await pilot.press(*["right"] * 5, "2", "x", "u", "ctrl+s")
        await until(pilot, lambda: sample(project).label == {"name": "Anna Berg", "city": "Leith"})
        await pilot.press("u")
        await until(pilot, lambda: sample(project).label == {"name": "X"})


async def test_near_duplicates_are_decided_on_at_once(make_project) -> None:
    project = make_project(4)
    with Store(project) as store:
        curation.save_drops(
            store,
            1,
            [curation.Drop(n, "near_duplicate", 1, {}, "like 1", value, 1) for n, value in ((2, 0.9), (4, 0.8))],
        )
    app = opened(project)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await dialog(app, pilot, "Choice")
        await pilot.press("3")  # reject all but this one
        asked = await dialog(app, pilot, "Confirm")
        assert "Reject 2 samples" in asked.question
        await pilot.press("y")
        await until(pilot, lambda: sample(project, 4).status == "rejected")
        assert [sample(project, n).status for n in (1, 2, 3)] == ["pending", "rejected", "pending"]
        await pilot.press("u")
        await until(pilot, lambda: sample(project, 2).status == "pending")
        with Store(project) as store:
            curation.save_scores(store, "cluster", [(1, 7), (3, 7)], version=1, job_id=0)
        await pilot.press("g", "M")
        await dialog(app, pilot, "Choice")
        await pilot.press("1")
        asked = await dialog(app, pilot, "Confirm")
        assert asked.question == "Accept 2 samples of this cluster?"
        await pilot.press("y")
        await until(
            pilot, lambda: [sample(project, n).status for n in (1, 2, 3)] == ["accepted", "pending", "accepted"]
        )
