"""Repairs and weights: applied ones count until a person speaks, and everything can be switched off again."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.project import create
from workbench.store import acts, explaining, in_force, jobs, repairs, samples, views, weights
from workbench.store.acts import Change
from workbench.store.connection import CHUNK, Store
from workbench.store.repairs import NewRepair
from workbench.store.samples import NewSample


@pytest.fixture
def store(tmp_path: Path):
    with Store(create(tmp_path / "p", labels=["card", "pin"])) as opened:
        samples.add(opened, [NewSample({"text": f"text {n}"}, "card") for n in range(4)])
        yield opened


def job(store: Store) -> int:
    return jobs.create(store, "curate", {})


def put(store: Store, job_id: int, *found: NewRepair, technique: str = "mckd", place: int = 0) -> None:
    with store.write() as connection:
        repairs.put(connection, job_id, technique, 1, place, found)


def change(sample_id: int, label: str = "pin", *, applied: bool = True) -> NewRepair:
    return NewRepair(sample_id, 0.9, applied, "students agree", given="card", label=label)


def ids(store: Store, view: str) -> list[int]:
    return list(views.ids(store, views.parse(view)))


def test_an_applied_repair_changes_the_label_and_an_open_one_only_proposes(store: Store) -> None:
    put(store, job(store), change(1), change(2, applied=False))
    assert [samples.get(store, one).label for one in (1, 2)] == ["pin", "card"]
    assert samples.get(store, 1).original_label == "card"
    assert repairs.counts(store) == {"mckd": {"proposed": 2, "applied": 1, "open": 1}}
    assert ids(store, "repair:applied") == [1]
    assert ids(store, "repair:open") == [2]
    assert ids(store, "repair:mckd") == [1, 2]
    assert ids(store, "-repair:open") == [1, 3, 4]
    assert samples.label_counts(store) == {"card": 3, "pin": 1}
    row = repairs.listed(store, "mckd")[0]
    assert (row.sample_id, row.given, row.label, row.applied) == (2, "card", "pin", False)


def test_a_person_s_word_stands_whichever_comes_first(store: Store) -> None:
    me = acts.annotator(store, "me")
    acts.apply(store, me, [1], Change(label="card"), kind="label")
    put(store, job(store), change(1), change(2))
    assert [samples.get(store, one).label for one in (1, 2)] == ["card", "pin"]
    acts.apply(store, me, [2], Change(label="card"), kind="label")
    assert samples.get(store, 2).label == "card"
    acts.undo(store, me)
    assert samples.get(store, 2).label == "pin"  # what is left is the repair, not what the model wrote


def test_a_proposal_waits_until_a_person_has_decided(store: Store) -> None:
    me = acts.annotator(store, "me")
    put(store, job(store), *(change(one, applied=False) for one in (1, 2, 3)))
    acts.apply(store, me, [1], Change(label="card"), kind="label")
    acts.apply(store, me, [2], Change(status="accepted"), kind="accept")
    assert ids(store, "repair:open") == [3]
    assert repairs.counts(store)["mckd"] == {"proposed": 3, "applied": 0, "open": 1}


def test_switching_a_job_off_brings_back_what_was_and_on_again(store: Store) -> None:
    number = job(store)
    put(store, number, change(1), NewRepair(2, 1.0, True, "an address", fields={"text": "write to [EMAIL]"}))
    assert samples.get(store, 2).text == "write to [EMAIL]"
    assert ids(store, "EMAIL") == [2]  # found by what it says now
    assert in_force.jobs_in_force(store) == [number]
    assert in_force.set_active(store, number, active=False) == 2
    assert [samples.get(store, 1).label, samples.get(store, 2).text] == ["card", "text 1"]
    assert in_force.jobs_in_force(store) == []
    assert repairs.counts(store) == {}
    in_force.set_active(store, number, active=True)
    assert [samples.get(store, 1).label, samples.get(store, 2).text] == ["pin", "write to [EMAIL]"]


def test_the_last_step_of_a_chain_has_the_last_word(store: Store) -> None:
    number = job(store)
    put(store, number, change(1, "pin"), technique="freeal", place=1)
    put(store, number, change(1, "card"), technique="mckd", place=0)
    assert samples.get(store, 1).label == "pin"


def test_what_a_new_curation_judges_is_without_the_repairs_in_force(store: Store) -> None:
    me = acts.annotator(store, "me")
    acts.apply(store, me, [3], Change(fields={"text": "corrected"}), kind="edit")
    put(store, job(store), change(1), change(3), NewRepair(2, 1.0, True, "soft", soft={"pin": 1.0}))
    assert repairs.before(store) == {
        1: ("card", {"text": "text 0"}, "text 0"),
        3: ("card", {"text": "corrected"}, "corrected"),
    }


def test_soft_labels_count_where_no_person_gave_a_label(store: Store) -> None:
    me = acts.annotator(store, "me")
    soft = {"card": 0.7, "pin": 0.3}
    put(store, job(store), *(NewRepair(one, 0.7, True, "mixed", soft=soft) for one in (1, 2)))
    acts.apply(store, me, [2], Change(label="pin"), kind="label")
    assert repairs.soft_labels(store) == {1: soft}
    assert repairs.soft_labels_of(store, [1, 2]) == {1: soft}
    assert samples.get(store, 1).label == "card"


def test_of_several_soft_labels_the_last_step_s_counts_unless_a_later_step_changed_the_label(store: Store) -> None:
    number = job(store)
    first, last = {"card": 0.9, "pin": 0.1}, {"card": 0.6, "pin": 0.4}
    put(store, number, *(NewRepair(one, 1.0, True, "b", soft=last) for one in (1, 2)), technique="b", place=2)
    put(store, number, *(NewRepair(one, 1.0, True, "a", soft=first) for one in (1, 2, 3)), technique="a", place=0)
    put(store, number, change(3), change(1), technique="mckd", place=1)
    assert repairs.soft_labels(store) == repairs.soft_labels_of(store, [1, 2, 3, 4]) == {1: last, 2: last}
    with store.write() as connection:
        connection.execute("UPDATE repair SET place = 3 WHERE technique = 'a'")
    assert repairs.soft_labels(store) == {1: first, 2: first, 3: first}


def test_a_sample_explains_its_repairs_and_its_weight(store: Store) -> None:
    number = job(store)
    put(store, number, change(1))
    with store.write() as connection:
        weights.put(connection, number, "sungen", [(1, 0.25, "the loss grows with it")])
    known = explaining.explain(store, samples.get(store, 1))
    assert [(one.technique, one.label, one.applied) for one in known.repairs] == [("mckd", "pin", True)]
    assert known.weight == ("sungen", 0.25, "the loss grows with it")
    other = explaining.explain(store, samples.get(store, 2))
    assert (other.repairs, other.weight) == ([], None)


def test_weights_in_force_are_read_sorted_and_switched(store: Store) -> None:
    number = job(store)
    assert weights.in_force(store) is None
    with store.write() as connection:
        weights.put(connection, number, "sungen", [(one, one / 2, "why") for one in (1, 2, 3, 4)])
    assert weights.in_force(store) == "sungen"
    assert weights.values(store) == {1: 0.5, 2: 1.0, 3: 1.5, 4: 2.0}
    assert weights.values_of(store, [4, 9]) == {4: 2.0}
    lightest, heaviest = weights.extremes(store, 2)
    assert [one.sample_id for one in lightest] == [1, 2]
    assert [one.sample_id for one in heaviest] == [4, 3]
    in_force.set_active(store, number, active=False)
    assert (weights.in_force(store), weights.values(store), weights.extremes(store)) == (None, {}, ([], []))


def test_more_repairs_than_one_transaction_takes_are_switched_too(store: Store) -> None:
    samples.add(store, [NewSample({"text": f"more {n}"}, "card") for n in range(CHUNK + 10)])
    number = job(store)
    put(store, number, *(change(one) for one in range(1, CHUNK + 11)))
    assert samples.label_counts(store) == {"card": 4, "pin": CHUNK + 10}
    assert in_force.set_active(store, number, active=False) == CHUNK + 10
    assert samples.label_counts(store) == {"card": CHUNK + 14}
