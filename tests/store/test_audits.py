"""Audits over a small project: what counts as right, wrong and undecided, in which order, until when."""

from __future__ import annotations

import pytest

from workbench.curate.labels import auditing
from workbench.errors import StoreError, UsageError
from workbench.evaluate.base import Material
from workbench.evaluate.base import Sample as Measured
from workbench.evaluate.faithfulness.human import human
from workbench.store import acts, audits, samples, views
from workbench.store.acts import Change
from workbench.store.samples import NewSample


@pytest.fixture
def full(store):
    samples.add(store, [NewSample({"text": f"text {n}"}, "ab"[n % 4 == 0]) for n in range(40)])  # 30 a, 10 b
    return store


def say(store, ids, name="anna", **parts):
    acts.apply(store, acts.annotator(store, name), ids, Change(**parts), kind="label")


def test_an_audit_by_hand(full):
    me = acts.annotator(full, "anna")
    say(full, [1, 2, 3], status="accepted")  # before: does not count
    audit = audits.begin(full, me, "set:yes", half_width=0.1, seed=7)
    assert audit.population == len(audit.frozen) == 40
    order = [sample for sample, _ in audit.frozen]
    assert sorted(order) == list(range(1, 41)) != order
    assert list(views.ids(full, views.parse(audits.VIEW))) == order
    label = dict(audit.frozen)
    other = {"a": "b", "b": "a"}
    say(full, order[:2], status="accepted")  # right, as it stands
    say(full, [order[2]], label=label[order[2]], status="accepted")  # right, said so
    say(full, [order[3]], label=other[label[order[3]]], status="accepted")  # wrong label
    say(full, [order[4]], status="rejected")  # wrong
    say(full, [order[5]], status="flagged")  # undecided
    say(full, [order[7]], status="accepted")  # order[6] was passed over: undecided
    say(full, [order[39]], status="accepted")  # somebody's other work: the audit has not come so far
    found = audits.findings(full, audit)
    assert found == ["right", "right", "right", "wrong", "wrong", "undecided", None, "right"]
    assert audits.waiting(full, audit, 2) == [order[6], order[8]]
    state = auditing.state(full, audit)
    assert (state.whole.count.right, state.whole.count.wrong, state.whole.count.undecided) == (4, 2, 2)
    assert auditing.sentence(state).startswith("8 looked at (2 undecided): accuracy 0.67, ")
    acts.undo(full, me)
    acts.undo(full, me)  # order[7]: the two before it are the end now
    assert audits.findings(full, audit) == found[:6]
    assert auditing.close(full, audit).whole.count.looked == 6
    say(full, order[6:], status="accepted")
    assert auditing.state(full, audits.get(full, audit.id)).whole.count.looked == 6  # closed: stays
    with pytest.raises(StoreError, match="closed already"):
        auditing.close(full, audit)


def test_others_change_labels_meanwhile(full):
    audit = audits.begin(full, acts.annotator(full, "anna"), "set:yes", seed=1)
    first, label = audit.frozen[0]
    say(full, [first], label="ab"[label == "a"], status="accepted", name="ben")
    assert audits.findings(full, audit) == ["wrong"]
    say(full, [first], label=label, status="accepted")
    assert audits.findings(full, audit) == ["right"]  # the newest word
    say(full, [first], status="rejected", ruling="status", name="cara")
    say(full, [first], status="accepted", name="ben")
    assert audits.findings(full, audit) == ["wrong"]  # a ruling goes first


def test_labels_take_turns_and_weigh_as_many_as_they_are(full):
    audit = audits.begin(full, 1 and acts.annotator(full, "anna"), "set:yes", size=8, by_label=True, seed=3)
    assert [label for _, label in audit.frozen[:8]] == ["a", "b"] * 4
    order = [sample for sample, _ in audit.frozen]
    say(full, [*order[:7:2], *order[1:5:2]], status="accepted")  # all a right, b: two right
    say(full, order[5:9:2], status="rejected")
    state = auditing.state(full, audit)
    assert [(one.label, one.count.population, one.accuracy) for one in state.labels] == [("a", 30, 1.0), ("b", 10, 0.5)]
    assert state.whole.accuracy == pytest.approx(0.75 * 1.0 + 0.25 * 0.5)
    assert state.reached
    assert "all of the plan looked at" in auditing.sentence(state)


def test_one_at_a_time_and_of_something(full):
    me = acts.annotator(full, "anna")
    with pytest.raises(UsageError, match="no sample"):
        audits.begin(full, me, "status:rejected")
    with pytest.raises(UsageError, match="half width"):
        audits.begin(full, me, "", half_width=0.7)
    audits.begin(full, me, "")
    with pytest.raises(UsageError, match="close it first"):
        audits.begin(full, me, "")


def test_all_looked_at_leaves_no_doubt(full):
    audit = audits.begin(full, acts.annotator(full, "anna"), "", half_width=0.03, seed=1)
    order = [sample for sample, _ in audit.frozen]
    say(full, order[:36], status="accepted")
    say(full, order[36:], status="rejected")
    state = auditing.state(full, audit)
    assert (state.whole.low, state.whole.accuracy, state.whole.high) == (0.9, 0.9, 0.9)
    assert state.reached


def test_evaluate_and_the_audit_say_the_same_of_the_same_samples(full):
    """``faithfulness.human`` over all that was reviewed, and an audit of a fixed size from so large a set."""
    audit = audits.begin(full, acts.annotator(full, "anna"), "set:yes", size=20, seed=5)
    order = [sample for sample, _ in audit.frozen]
    say(full, order[:15], status="accepted")
    say(full, order[15:18], label="b", status="accepted")
    say(full, order[18:20], status="rejected")
    said = {row[0]: row[1:] for row in full.read("SELECT sample_id, label, status FROM opinion")}
    reviewed = [
        Measured(
            id=one, text="", label=label, generated_label=label, person_status=said[one][1],
            person_label=None if said[one][0] is None else said[one][0].strip('"'),
        )
        for one, label in audit.frozen[:20]
    ]  # fmt: skip
    (metric,) = human(Material([], reviewed=reviewed))
    state = auditing.state(full, audit)
    assert metric.details["confirmed"] == state.whole.count.right
    assert metric.value == state.whole.accuracy
    assert metric.low < state.whole.low < state.whole.high < metric.high  # half of the population was looked at
