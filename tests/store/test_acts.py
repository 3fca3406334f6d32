"""Annotations, undo, redo and what follows from several people's opinions."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.project import Project, create
from workbench.store import acts, samples
from workbench.store.acts import Change
from workbench.store.connection import CHUNK, Store
from workbench.store.samples import NewSample


@pytest.fixture
def store(tmp_path):
    project = create(tmp_path / "p", labels=["a", "b"])
    with Store(project, durable=True) as opened:
        yield opened


def fill(store: Store, n: int) -> list[int]:
    samples.add(store, [NewSample({"text": f"text {i}"}, "a") for i in range(n)])
    return [row[0] for row in store.read("SELECT id FROM sample ORDER BY id")]


def test_label_accepts_and_undo_redo_bring_back_every_step(store: Store) -> None:
    (one,) = fill(store, 1)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [one], Change(label="b", status="accepted"), kind="label", seconds=1.5)
    acts.apply(store, me, [one], Change(status="rejected"), kind="reject")
    acts.apply(store, me, [one], Change(fields={"text": "corrected"}), kind="edit")
    sample = samples.get(store, one)
    assert (sample.label, sample.status, sample.fields, sample.edited) == ("b", "rejected", {"text": "corrected"}, True)
    assert sample.original_fields == {"text": "text 0"}
    seen = []
    while act := acts.undo(store, me):
        now = samples.get(store, one)
        seen.append((act.kind, now.label, now.status, now.text))
    assert seen == [
        ("edit", "b", "rejected", "text 0"),
        ("reject", "b", "accepted", "text 0"),
        ("label", "a", "pending", "text 0"),
    ]
    while acts.redo(store, me):
        pass
    sample = samples.get(store, one)
    assert (sample.label, sample.status, sample.text) == ("b", "rejected", "corrected")
    assert store.read("SELECT count(*) FROM annotation") == [(9,)]  # 3 done, 3 undone, 3 redone: nothing disappears


def test_a_new_act_ends_redo(store: Store) -> None:
    one, two = fill(store, 2)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [one], Change(status="accepted"), kind="accept")
    acts.undo(store, me)
    acts.apply(store, me, [two], Change(status="flagged"), kind="flag")
    assert acts.redo(store, me) is None
    assert samples.get(store, one).status == "pending"


def test_undo_concerns_own_acts_and_says_whom_it_meets(store: Store) -> None:
    (one,) = fill(store, 1)
    anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
    acts.apply(store, anna, [one], Change(label="b", status="accepted"), kind="label")
    acts.apply(store, ben, [one], Change(label="a"), kind="label")
    act = acts.next_undo(store, anna)
    assert act is not None
    assert [(met.annotator, met.samples) for met in acts.meets(store, act)] == [("ben", 1)]
    acts.undo(store, anna)
    sample = samples.get(store, one)
    assert (sample.label, sample.status) == ("a", "pending")  # ben's word stands, anna's status is gone


def test_a_bulk_act_that_was_cut_off_completes_and_undoes_as_one(store: Store) -> None:
    ids = fill(store, CHUNK * 2 + 10)
    me = acts.annotator(store, "me")

    class Cut(Exception):
        pass

    def cut(done: int, total: int) -> None:
        raise Cut

    with pytest.raises(Cut):
        acts.apply(store, me, ids, Change(status="accepted"), kind="accept", progress=cut)
    assert samples.counts(store)["accepted"] == CHUNK
    with Store(store.project) as again:
        assert len(acts.finish_acts(again)) == 1
        assert samples.counts(again)["accepted"] == len(ids)
        undone = acts.undo(again, me)
        assert undone is not None
        assert undone.total == len(ids)
        assert samples.counts(again)["pending"] == len(ids)


@pytest.mark.parametrize("act_before", [False, True])
def test_no_look_at_a_persons_whole_history_for_each_sample(store: Store, act_before: bool) -> None:
    """Undoing a bulk act looks into each sample's own history, never through all that the person has said."""
    ids = fill(store, 200)
    me = acts.annotator(store, "me")
    if act_before:
        acts.apply(store, me, ids, Change(label="b"), kind="label")
    acts.apply(store, me, ids, Change(status="accepted"), kind="accept")
    asked: list[str] = []
    store.connection.set_trace_callback(asked.append)
    acts.undo(store, me)
    store.connection.set_trace_callback(None)
    looks = {" ".join(one.split()) for one in asked if one.startswith("SELECT") and "annotation" in one}
    assert any("act_id <" in one for one in looks)
    for one in looks:
        plan = " ".join(row[3] for row in store.read(f"EXPLAIN QUERY PLAN {one}"))
        assert "annotation_person" not in plan, one


def test_frozen_ids_round_trip() -> None:
    ids = [5, 6, 7, 1_000_000, 2**40]
    assert acts.unpack(acts.pack(ids)).tolist() == ids
    assert len(acts.pack(range(1, 1_000_001))) < 50_000


@pytest.mark.parametrize(
    ("fields", "label", "new_label"),
    [
        ({"premise": "A man sleeps.", "hypothesis": "He is awake."}, "contradiction", "neutral"),
        (
            {"text": "Ada met Bob"},
            [{"start": 0, "end": 3, "label": "person"}],
            [{"start": 8, "end": 11, "label": "person"}],
        ),
        ({"text": "late and rude"}, ["delivery", "staff"], ["staff"]),
        (
            {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]},
            None,
            {"quality": 4},
        ),
        ({"prompt": "2+2?", "chosen": "4", "rejected": "5"}, {"preferred": 0, "margin": 0.5}, {"preferred": 1}),
    ],
    ids=["text pair", "spans", "multi-label", "dialogue", "preference"],
)
def test_every_kind_of_sample_round_trips_and_undoes(store: Store, fields, label, new_label) -> None:
    samples.add(store, [NewSample(fields, label)])
    me = acts.annotator(store, "me")
    sample = samples.get(store, 1)
    assert (sample.fields, sample.label) == (fields, label)
    edited = {**fields, "comment": {"nested": [1, None, "é"]}}
    acts.apply(store, me, [1], Change(label=new_label, status="accepted"), kind="label")
    acts.apply(store, me, [1], Change(fields=edited), kind="edit")
    after = samples.get(store, 1)
    assert (after.fields, after.label, after.original_label) == (edited, new_label, label)
    acts.undo(store, me)
    acts.undo(store, me)
    back = samples.get(store, 1)
    assert (back.fields, back.label, back.status, back.edited) == (fields, label, "pending", False)


def test_annotations_cannot_be_changed(store: Store) -> None:
    (one,) = fill(store, 1)
    acts.apply(store, acts.annotator(store), [one], Change(note="hm"), kind="note")
    with pytest.raises(Exception, match="append-only"), store.write() as connection:
        connection.execute("UPDATE annotation SET note = 'other'")


def test_place_is_remembered_per_person(store: Store) -> None:
    me, other = acts.annotator(store, "me"), acts.annotator(store, "other")
    acts.stop_at(store, me, "review", {"sample": 41})
    acts.stop_at(store, me, "review", {"sample": 42})
    assert acts.stopped_at(store, me, "review") == {"sample": 42}
    assert acts.stopped_at(store, other, "review") is None


def test_project_of_store(store: Store) -> None:
    assert isinstance(store.project, Project)


def state(store: Store, person: int) -> list[tuple[object, ...]]:
    rows = store.read("SELECT label, status, fields FROM sample ORDER BY id")
    notes = dict(store.read("SELECT sample_id, note FROM opinion WHERE annotator_id = ?", (person,)))
    return [(*row, notes.get(number)) for number, row in enumerate(rows, 1)]


def test_a_bulk_act_under_way_leaves_what_the_person_does_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(store, 5)
    me = acts.annotator(store, "me")
    monkeypatch.setattr(acts, "CHUNK", 2)
    done: list[acts.Act] = []

    def meanwhile(_: int, __: int) -> None:
        if not done:
            done.append(acts.apply(store, me, [5], Change(status="rejected"), kind="reject"))

    bulk = acts.apply(store, me, ids, Change(label="b", status="accepted"), kind="label", progress=meanwhile)
    statuses = [row[1] for row in state(store, me)]
    assert statuses == ["accepted"] * 4 + ["rejected"]
    assert samples.get(store, 5).label == "b"  # about the label only the bulk act said something
    undone = acts.undo(store, me)
    assert undone is not None
    assert undone.kind == "reject"
    assert samples.get(store, 5).status == "accepted"  # as if the bulk act had been there at once
    acts.redo(store, me)
    assert (samples.get(store, 5).status, samples.get(store, 5).label) == ("rejected", "b")
    acts.undo(store, me)
    undone = acts.undo(store, me)
    assert undone is not None
    assert undone.id == bulk.id
    assert state(store, me) == [('"a"', "pending", None, None)] * 5


CHANGES = st.builds(
    Change,
    label=st.sampled_from(["a", "b", acts.UNSET]),
    status=st.sampled_from(["accepted", "rejected", acts.UNSET]),
    fields=st.sampled_from([{"text": "x"}, acts.UNSET]),
    note=st.sampled_from(["n", "", acts.UNSET]),
)
STEPS = st.lists(st.tuples(st.sampled_from([1, 5]), CHANGES) | st.sampled_from(["undo", "redo"]), max_size=4)


@settings(max_examples=15, deadline=None)
@given(before=CHANGES, bulk=CHANGES, steps=STEPS)
def test_acts_during_a_bulk_act_are_as_acts_after_it(before: Change, bulk: Change, steps: list[object]) -> None:
    def run(folder: str, *, meanwhile: bool) -> list[object]:
        seen: list[object] = []
        with Store(create(Path(folder) / "p", labels=["a", "b"])) as store, pytest.MonkeyPatch.context() as patch:
            patch.setattr(acts, "CHUNK", 2)
            ids, me = fill(store, 5), acts.annotator(store, "me")
            acts.apply(store, me, [1, 5], before, kind="first")
            left = list(steps)

            def act(*_: int) -> None:
                while left:
                    match left.pop(0):
                        case "undo":
                            acts.undo(store, me)
                        case "redo":
                            acts.redo(store, me)
                        case (int(one), Change() as change):
                            acts.apply(store, me, [one], change, kind="small")

            acts.apply(store, me, ids, bulk, kind="bulk", progress=act if meanwhile else None)
            act()
            seen.append(state(store, me))
            for step in (acts.undo, acts.redo, acts.undo):
                while step(store, me):
                    seen.append(state(store, me))
        return seen

    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        assert run(one, meanwhile=True) == run(other, meanwhile=False)


def test_a_bulk_act_that_begins_as_one_undoes_is_finished_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = fill(store, 5)
    me = acts.annotator(store, "me")
    monkeypatch.setattr(acts, "CHUNK", 2)
    finish, begun = acts.finish_acts, []

    def cut(_: int, __: int) -> None:
        raise InterruptedError

    def then_another_begins(opened: Store) -> list[int]:
        found = finish(opened)
        if not begun:
            begun.append(True)
            with pytest.raises(InterruptedError):
                acts.apply(opened, me, ids, Change(status="accepted"), kind="accept", progress=cut)
        return found

    monkeypatch.setattr(acts, "finish_acts", then_another_begins)
    undone = acts.undo(store, me)
    assert undone is not None
    assert (undone.applied, undone.total) == (5, 5)
    assert samples.counts(store)["pending"] == 5
    acts.redo(store, me)
    assert samples.counts(store)["accepted"] == 5


def test_ids_are_frozen_before_the_lock_is_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = fill(store, 5)
    me = acts.annotator(store, "me")
    monkeypatch.setattr(acts, "CHUNK", 2)
    pack, inside = acts.pack, []
    monkeypatch.setattr(acts, "pack", lambda some: inside.append(store.connection.in_transaction) or pack(some))
    acts.apply(store, me, ids, Change(status="accepted"), kind="accept")
    acts.undo(store, me)
    assert inside == [False]  # and the undo copies what is frozen
    assert len(set(store.read("SELECT targets FROM act"))) == 1


@pytest.mark.parametrize("number", [6, CHUNK + 6])
def test_an_act_may_say_something_else_of_each_sample_and_one_undo_takes_it_all_back(store: Store, number: int) -> None:
    ids = fill(store, number)
    me = acts.annotator(store, "me")
    changes = {one: Change(label="ab"[one % 2], status="accepted") for one in ids[1:]} | {ids[0]: Change(tags=["odd"])}
    act = acts.apply_each(store, me, changes, kind="take")
    assert (act.total, act.applied) == (number, number)
    found = {one.id: (one.label, one.status) for one in samples.many(store, ids)}
    assert found == {ids[0]: ("a", "pending")} | {one: ("ab"[one % 2], "accepted") for one in ids[1:]}
    assert store.read("SELECT sample_id, tags FROM opinion WHERE tags IS NOT NULL") == [(ids[0], '["odd"]')]
    undone = acts.undo(store, me)
    assert undone is not None
    assert undone.id == act.id
    assert {(one.label, one.status) for one in samples.many(store, ids)} == {("a", "pending")}
    acts.redo(store, me)
    assert {one.id: (one.label, one.status) for one in samples.many(store, ids)} == found


def test_an_act_of_different_changes_that_was_cut_off_is_completed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(store, CHUNK + 10)
    me = acts.annotator(store, "me")
    apply_rows, calls = acts.apply_rows, []

    def dies(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 3:  # two changes in the first chunk; the second chunk never comes
            raise KeyboardInterrupt
        apply_rows(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "apply_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        acts.apply_each(store, me, {one: Change(label="ab"[one % 2]) for one in ids}, kind="take")
    monkeypatch.undo()
    assert len(acts.finish_acts(store)) == 1
    assert all(one.label == "ab"[one.id % 2] for one in samples.many(store, ids))
