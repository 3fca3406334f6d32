"""Work of machines that share no disk: whatever was done, and in whatever order it is brought together, all end alike."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project import Project, create
from workbench.store import acts, annotations, opinions, policies, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.merging import Merge
from workbench.store.samples import NewSample

PEOPLE = ("anna", "ben")
CHANGES = (
    Change(label="a", status="accepted"),
    Change(label="b", status="accepted"),
    Change(status="rejected", reason="off topic"),
    Change(status="pending"),
    Change(note="hm"),
    Change(note=""),
    Change(tags=["rude"]),
    Change(fields={"text": "corrected"}),
    Change(label="b", status="accepted", ruling="label,status"),
    Change(ruling=""),
)


def machine(folder: Path, *, overlap: int = 1, texts: int = 3) -> Store:
    project = create(folder, labels=["a", "b"])
    if overlap > 1:
        text = project.settings.read_text(encoding="utf-8").partition("\nreview:")[0]
        project.settings.write_text(f"{text}\nreview:\n  overlap: {overlap}\n", encoding="utf-8")
        project = Project(project.folder)
    store = Store(project)
    policies.keep_up(store)
    samples.add(store, [NewSample({"text": f"text {i}"}, "a") for i in range(texts)])
    samples.add(store, [NewSample({"text": "text 0"}, "a")])  # the same contents once more: told apart by its place
    return store


def merge(store: Store, lines: list[dict[str, Any]]) -> tuple[int, int]:
    merging = Merge(store, lambda part, value: None)
    for line in lines:
        merging.add(line)
    merging.flush()
    return merging.applied, merging.unchanged


def exported(store: Store) -> list[dict[str, Any]]:
    """Through JSON, as a file would have it."""
    return [json.loads(json.dumps(line)) for line in annotations.opinions(store)]


def stands(store: Store) -> list[Any]:
    """All that people said and what follows from it, without what is local to a machine."""
    parts = ", ".join(f"opinion.{part}" for part in opinions.PARTS)
    said = store.read(
        f"SELECT sample_id, name, {parts} FROM opinion JOIN annotator ON annotator.id = annotator_id ORDER BY 1, 2"
    )
    return [said, store.read("SELECT id, label, status, fields, text, hex(hash) FROM sample ORDER BY id")]


@pytest.fixture
def two(tmp_path: Path) -> Any:
    with machine(tmp_path / "one") as one, machine(tmp_path / "two") as other:
        yield one, other


def test_what_one_did_the_other_has_and_a_second_time_changes_nothing(two: tuple[Store, Store]) -> None:
    one, other = two
    anna = acts.annotator(one, "anna")
    acts.apply(one, anna, [1], Change(label="b", status="accepted"), kind="label", seconds=2.5)
    acts.apply(one, anna, [1, 4], Change(tags=["rude"], note="hm"), kind="note")
    assert merge(other, exported(one)) == (2, 0)
    assert merge(other, exported(one)) == (0, 2)
    assert stands(other) == stands(one)
    assert samples.get(other, 4).label == "a"  # the copy has its own opinion
    assert other.read("SELECT count(*), count(DISTINCT act_id), max(seconds) FROM annotation") == [(3, 2, 2.5)]
    assert merge(one, exported(other)) == (0, 2)  # and what comes back is known


def test_what_was_undone_there_is_undone_here(two: tuple[Store, Store]) -> None:
    one, other = two
    anna = acts.annotator(one, "anna")
    acts.apply(one, anna, [1], Change(label="b"), kind="label")
    merge(other, exported(one))
    acts.undo(one, anna)
    merge(other, exported(one))
    assert samples.get(other, 1).label == "a"
    assert acts.undo(other, acts.annotator(other, "anna")) is None  # acts are taken back where they were done


def test_the_same_person_on_two_machines_keeps_what_each_said(two: tuple[Store, Store]) -> None:
    one, other = two
    acts.apply(one, acts.annotator(one, "anna"), [1], Change(label="b"), kind="label")
    acts.apply(other, acts.annotator(other, "anna"), [1], Change(note="hm"), kind="note")
    merge(one, exported(other))
    merge(other, exported(one))
    assert stands(one) == stands(other)
    assert one.read("SELECT label, note FROM opinion") == [('"b"', "hm")]


def test_a_clock_that_ran_ahead_does_no_harm_to_what_is_said_after(two: tuple[Store, Store]) -> None:
    one, other = two
    acts.apply(one, acts.annotator(one, "anna"), [1], Change(label="b"), kind="label")
    lines = exported(one)
    lines[0]["history"][0]["at"] = "2099-12-31T23:59:59.999Z"
    merge(other, lines)
    acts.apply(other, acts.annotator(other, "ben"), [1], Change(label="a"), kind="label")
    assert other.read("SELECT max(created_at) FROM annotation") == [("2100-01-01T00:00:00.000Z",)]
    assert samples.get(other, 1).label == "a"
    merge(one, exported(other))
    assert samples.get(one, 1).label == "a"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "yesterday"}, "at should be a time"),
        ({"at": "2026-13-01T00:00:00.000Z"}, "month must be"),
        ({"annotation": "x"}, "uuids"),
        ({"wrote": {"colour": "red"}}, "nothing else"),
        ({"wrote": {"ruling": "everything"}}, "ruling should be"),
        ({"wrote": {"tags": "rude"}}, "list of words"),
        ({"wrote": 3}, "history should be"),
    ],
)
def test_a_history_that_cannot_be_is_refused_whole(two: tuple[Store, Store], change: dict[str, Any], said: str) -> None:
    one, other = two
    acts.apply(one, acts.annotator(one, "anna"), [1], Change(label="b"), kind="label")
    (line,) = exported(one)
    line["history"][0] |= change
    with pytest.raises(WorkbenchError, match=said):
        merge(other, [line])
    assert other.read("SELECT count(*) FROM annotation") == [(0,)]


ACT = st.tuples(
    st.integers(0, 2),  # machine
    st.sampled_from(PEOPLE),
    st.one_of(
        st.sampled_from(["undo", "redo", "merge"]),
        st.tuples(st.sampled_from(CHANGES), st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True)),
    ),
)


@settings(max_examples=12, deadline=None)
@given(done=st.lists(ACT, min_size=2, max_size=10), order=st.permutations([0, 1, 2]), overlap=st.sampled_from([1, 2]))
def test_three_machines_end_alike_in_whatever_order(done: list[Any], order: list[int], overlap: int) -> None:
    with TemporaryDirectory() as folder:
        machines = [machine(Path(folder) / str(n), overlap=overlap) for n in range(3)]
        for number, name, what in done:
            store = machines[number]
            me = acts.annotator(store, name)
            if what == "undo":
                acts.undo(store, me)
            elif what == "redo":
                acts.redo(store, me)
            elif what == "merge":
                merge(store, exported(machines[(number + 1) % 3]))
            else:
                acts.apply(store, me, what[1], what[0], kind="label")
        files = [exported(store) for store in machines]
        for turn, store in enumerate(machines):
            for number in (*order[turn:], *order[:turn], order[0]):
                merge(store, files[number])
        first = stands(machines[0])
        assert stands(machines[1]) == first
        assert stands(machines[2]) == first
        # Numbers and uuids of samples are local here: each machine made its own from the same texts.
        histories = [
            sorted((line["hash"], line["copy"], line["annotator"], str(line["history"])) for line in exported(store))
            for store in machines
        ]
        assert histories[0] == histories[1] == histories[2]
        for store in machines:
            store.close()
