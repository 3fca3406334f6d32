"""What several people's words make of a sample, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.project import Project, create
from workbench.store import acts, blind, people, policies, repairs, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.policies import Policy
from workbench.store.samples import NewSample


def asked(folder: Path, **review: object) -> Project:
    """A project whose settings ask for something of review."""
    project = create(folder, labels=["a", "b", "c"])
    lines = "".join(f"  {name}: {value}\n" for name, value in review.items())
    text = project.settings.read_text(encoding="utf-8").partition("\nreview:")[0]
    project.settings.write_text(f"{text}\nreview:\n{lines}", encoding="utf-8")
    return Project(project.folder)


def said(
    store: Store, name: str, sample: int, label: str | None = None, status: str = "accepted", **more: object
) -> None:
    change = Change(status=status, **more) if label is None else Change(label=label, status=status, **more)  # type: ignore[arg-type]
    acts.apply(store, acts.annotator(store, name), [sample], change, kind="label")


def stands(store: Store, sample: int = 1) -> tuple[object, str]:
    found = samples.get(store, sample)
    return found.label, found.status


@pytest.mark.parametrize(
    ("words", "overlap", "result"),
    [
        ([], 2, ("a", "pending")),
        ([("b", "accepted")], 2, ("b", "pending")),  # one of two
        ([("b", "accepted"), ("b", "accepted")], 2, ("b", "accepted")),
        ([("b", "accepted"), ("c", "accepted")], 2, ("a", "pending")),  # a tie: as it came
        ([("b", "accepted"), ("b", "accepted"), ("c", "accepted")], 2, ("b", "pending")),  # most, but not all
        ([("b", "accepted"), ("b", "rejected")], 2, ("b", "pending")),
        ([("a", "rejected"), ("b", "rejected")], 2, ("a", "rejected")),  # why it is bad does not matter
        ([("b", "flagged"), ("b", "flagged")], 2, ("b", "flagged")),
    ],
)
def test_agreement_by_hand(words: list[tuple[str, str]], overlap: int, result: tuple[str, str]) -> None:
    assert policies.agreed([(label, status) for label, status in words], "a", overlap) == result


def test_a_change_of_the_policy_reaches_what_people_spoke_about(tmp_path: Path) -> None:
    project = asked(tmp_path / "p")
    with Store(project) as store:
        samples.add(store, [NewSample({"text": f"t {i}"}, "a") for i in range(3)])
        said(store, "anna", 1, "b")
        said(store, "ben", 1, "c")
        said(store, "anna", 2, "b")
        assert (stands(store), stands(store, 2)) == (("c", "accepted"), ("b", "accepted"))
    project = asked(tmp_path / "q", overlap=2)
    (tmp_path / "q" / "project.yaml").replace(tmp_path / "p" / "project.yaml")
    with Store(Project(tmp_path / "p")) as store:
        assert policies.in_force(store.connection) == Policy()  # nothing changes before it is asked for
        assert policies.keep_up(store) == 2
        assert policies.keep_up(store) == 0
        assert (stands(store), stands(store, 2)) == (("a", "pending"), ("b", "pending"))
        said(store, "ben", 2, "b")
        assert stands(store, 2) == ("b", "accepted")


def test_a_cut_off_change_of_the_policy_goes_on(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p", overlap=2)) as store:
        samples.add(store, [NewSample({"text": f"t {i}"}, "a") for i in range(3)])
        for sample in (1, 2, 3):
            said(store, "anna", sample, "b")
        assert policies.keep_up(store) == 3
        with store.write() as connection:  # as a process that was killed after the first sample leaves it
            connection.execute("UPDATE policy SET resolved = 1")
            connection.execute("UPDATE sample SET status = 'accepted' WHERE id > 1")
        assert policies.keep_up(store) == 2
        assert [stands(store, sample)[1] for sample in (1, 2, 3)] == ["pending"] * 3


def test_a_ruling_settles_and_can_be_taken_back(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p", overlap=2)) as store:
        samples.add(store, [NewSample({"text": "t"}, "a")])
        policies.keep_up(store)
        said(store, "anna", 1, "b")
        said(store, "ben", 1, "c")
        said(store, "carla", 1, "c", ruling="label,status")
        assert stands(store) == ("c", "accepted")
        acts.undo(store, acts.annotator(store, "carla"))
        assert stands(store) == ("a", "pending")


def test_only_the_named_annotators_count_but_anybody_may_rule(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p", overlap=2, annotators="[anna, ben]")) as store:
        samples.add(store, [NewSample({"text": "t"}, "a")])
        policies.keep_up(store)
        said(store, "anna", 1, "b")
        said(store, "carla", 1, "b")
        assert stands(store) == ("b", "pending")
        assert people.lacking(store, [1], 2) == {1: 1}
        said(store, "ben", 1, "b")
        assert stands(store) == ("b", "accepted")
        assert people.lacking(store, [1], 2) == {}


def test_who_reads_blind_sees_the_sample_as_it_came_until_they_speak(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p", blind="true")) as store:
        samples.add(store, [NewSample({"text": "as it came"}, "a"), NewSample({"text": "other"}, "a")])
        anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        said(store, "anna", 1, "b", fields={"text": "corrected"})
        seen = samples.rows(store, [1, 2], mine=ben)
        assert (seen[1].label, seen[1].status, seen[1].text) == ("a", "pending", "as it came")
        assert samples.rows(store, [1], mine=anna)[1].label == "b"
        alone = samples.get(store, 1, mine=ben)
        assert (alone.label, alone.status, alone.fields, alone.edited) == (
            "a",
            "pending",
            {"text": "as it came"},
            False,
        )
        acts.apply(store, ben, [1], Change(note="hm"), kind="note")
        assert samples.get(store, 1, mine=ben).label == "a"  # a note decides nothing
        said(store, "ben", 1, status="rejected")
        assert samples.get(store, 1, mine=ben).text == "corrected"


def test_repairs_in_force_are_seen_by_all(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p", blind="true")) as store:
        samples.add(store, [NewSample({"text": "t"}, "a")])
        with store.write() as connection:
            fix = repairs.NewRepair(1, 0.9, applied=True, reason="", given="a", label="c")
            repairs.put(connection, 1, "majority", 1, 0, [fix])
        said(store, "anna", 1, "b")
        assert samples.get(store, 1, mine=acts.annotator(store, "ben")).label == "c"
        assert blind.as_it_came(store, acts.annotator(store, "anna"), [1]) == {}


def test_progress_leaves_breaks_out(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p")) as store:
        samples.add(store, [NewSample({"text": f"t {i}"}, "a") for i in range(5)])
        anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        for sample, seconds in ((1, 2.0), (2, 4.0), (3, 3600.0), (4, 6.0)):
            acts.apply(store, anna, [sample], Change(label="b"), kind="label", seconds=seconds)
        acts.undo(store, anna)
        acts.apply(store, ben, [1, 2, 3], Change(note="hm"), kind="note")
        first, second = people.progress(store)
        assert (first.name, first.samples, first.decisions, first.today) == ("anna", 3, 3, 5)
        assert (first.seconds_median, first.per_hour) == (4.0, 900.0)  # of 2, 4 and 6 s; the hour was a break
        assert (second.name, second.samples, second.decisions, second.seconds_median) == ("ben", 0, 1, None)
        assert list(people.opinions_of(store)) == [(1, anna, '"b"'), (2, anna, '"b"'), (3, anna, '"b"')]
        assert list(people.model_opinions(store))[:2] == [(1, "as generated", '"a"'), (2, "as generated", '"a"')]


def test_who_reads_blind_sees_their_own_words_before_they_decide(tmp_path: Path) -> None:
    with Store(asked(tmp_path / "p", blind="true")) as store:
        samples.add(store, [NewSample({"text": "as it came"}, ["a"])])
        anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        acts.apply(store, anna, [1], Change(label=["c"], fields={"text": "by anna"}, status="accepted"), kind="label")
        assert blind.own_label(store, ben, 1) == '["a"]'
        acts.apply(store, ben, [1], Change(label=["a", "b"]), kind="label")  # put together label by label: undecided
        assert blind.undecided(store, ben, 1)
        acts.apply(store, anna, [1], Change(label=["c", "d"]), kind="label")
        seen = samples.get(store, 1, mine=ben)
        assert (seen.label, seen.status, seen.fields) == (["a", "b"], "pending", {"text": "as it came"})
        acts.apply(store, ben, [1], Change(fields={"text": "by ben"}), kind="edit")
        assert samples.rows(store, [1], mine=ben)[1].text == "by ben"
        acts.apply(store, ben, [1], Change(status="accepted"), kind="accept")
        acts.apply(store, anna, [1], Change(label=["d"]), kind="label")
        assert samples.get(store, 1, mine=ben).label == ["d"]
        assert samples.get_own(store, 1, ben).label == ["a", "b"]  # what taking out and putting in goes on from
        assert not blind.undecided(store, ben, 1)
