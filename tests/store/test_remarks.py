"""Reasons, tags, notes and proposals as the store keeps and gives them."""

from __future__ import annotations

import pytest

from workbench.store import acts, curation, explaining, proposals, remarks, repairs, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample

KNOWN = frozenset({"a", "b"})


@pytest.fixture
def people(store: Store) -> tuple[int, int]:
    samples.add(store, [NewSample({"text": f"text {n}"}, "a") for n in range(1, 7)])
    return acts.annotator(store, "anna"), acts.annotator(store, "ben")


def test_a_persons_own_remarks_come_first_and_alone_hides_the_others(store: Store, people: tuple[int, int]) -> None:
    anna, ben = people
    acts.apply(store, anna, [1], Change(note="mine", tags=["odd"]), kind="note")
    acts.apply(
        store,
        ben,
        [1, 2],
        Change(note="his", reason="unnatural", tags=["rude", "odd"], status="rejected"),
        kind="reject",
    )
    seen = remarks.of(store, 1, anna)
    assert (seen.note, seen.reason, seen.tags, seen.spoken) == ("mine", "unnatural", ("odd",), False)
    assert remarks.of(store, 2, anna).tags == ("rude", "odd")
    assert remarks.of(store, 2, anna, alone=True) == remarks.Remarks()
    acts.apply(store, anna, [2], Change(tags=[]), kind="tag")
    assert remarks.of(store, 2, anna).tags == ()
    assert remarks.of(store, 2, ben).tags == ("rude", "odd")
    acts.undo(store, anna)
    assert remarks.of(store, 2, anna).tags == ("rude", "odd")
    assert remarks.of(store, 2, ben, alone=True).spoken
    assert remarks.used_tags(store) == ["odd", "rude"]
    assert remarks.toggled(("odd",), "rude") == ["odd", "rude"]
    assert remarks.toggled(("odd", "rude"), "odd") == ["rude"]


def test_a_reason_shows_only_as_long_as_the_sample_is_rejected(store: Store, people: tuple[int, int]) -> None:
    anna, ben = people
    acts.apply(store, anna, [1], Change(status="rejected", reason="unnatural"), kind="reject")
    assert explaining.explain(store, samples.get(store, 1), annotator_id=ben).reason == "unnatural"
    acts.apply(store, ben, [1], Change(status="accepted"), kind="accept")
    assert explaining.explain(store, samples.get(store, 1), annotator_id=ben).reason is None


def test_an_open_repair_comes_before_a_suggestion_and_what_is_no_label_is_no_proposal() -> None:
    suggestions = [("gone", 0.9, "tfidf"), ("b", 0.4, "tfidf")]
    assert proposals.proposed(suggestions, [], "one", KNOWN) == proposals.Proposal("b", None, 0.4, "tfidf")
    repair = ("confident_learning", "a", None, 0.7)
    found = proposals.proposed(suggestions, [repair], "one", KNOWN)
    assert found == proposals.Proposal("a", None, 0.7, "confident_learning")
    assert found is not None
    assert found.change == Change(label="a", status="accepted")
    rewritten = proposals.proposed([], [("rewrite", None, {"text": "better"}, 1.0)], "one", KNOWN)
    assert rewritten is not None
    assert rewritten.change == Change(fields={"text": "better"}, status="accepted")
    assert proposals.proposed([("gone", 0.9, "tfidf")], [], "one", KNOWN) is None


def test_a_proposed_set_holds_what_is_likely() -> None:
    suggestions = [("b", 0.8, "tfidf"), ("a", 0.6, "tfidf"), ("a", 0.9, "other")]
    assert proposals.proposed(suggestions, [], "many", KNOWN) == proposals.Proposal(["b", "a"], None, 0.6, "tfidf")
    unsure = [("b", 0.3, "tfidf"), ("a", 0.2, "tfidf")]
    assert proposals.proposed(unsure, [], "many", KNOWN) == proposals.Proposal(["b"], None, 0.3, "tfidf")


def test_each_sample_gets_its_own_proposal_in_one_act(store: Store, people: tuple[int, int]) -> None:
    anna, _ = people
    curation.save_suggestions(store, "tfidf", [(n, [("b", n / 10), ("a", 0.05)]) for n in range(1, 6)], job_id=0)
    with store.write() as connection:
        made = [repairs.NewRepair(n, 0.95, False, "why", given="a", label="a") for n in (4, 5)]
        repairs.put(connection, 1, "confident_learning", 1, 0, made)
    acts.apply(store, anna, [5], Change(label="b", status="accepted"), kind="label")
    found = proposals.many(store, [1, 2, 3, 4, 5, 6], "one", ["a", "b"], least=0.15)
    # 1 is too unsure, 5 has its label already (and no repair waits any more), 6 has no proposal.
    assert {at: (one.label, one.source) for at, one in found.items()} == {
        2: ("b", "tfidf"), 3: ("b", "tfidf"), 4: ("a", "confident_learning"),
    }  # fmt: skip
    acts.apply_each(store, anna, {at: one.change for at, one in found.items()}, kind="take")
    assert [samples.get(store, n).label for n in (2, 3, 4)] == ["b", "b", "a"]
    acts.undo(store, anna)
    assert [samples.get(store, n).label for n in (2, 3, 4)] == ["a", "a", "a"]
