"""Settling what people disagree about."""

from __future__ import annotations

import pytest

from workbench.curate.labels import adjudication
from workbench.project import create
from workbench.store import acts, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample


@pytest.fixture
def store(tmp_path):
    with Store(create(tmp_path / "p", labels=["a", "b", "c"])) as opened:
        samples.add(opened, [NewSample({"text": f"text {n}"}, "a") for n in range(8)])
        yield opened


def say(store, sample, **labels):
    """``say(store, 3, anna="a", ben="x")``: x rejects, + accepts as it stands."""
    for name, label in labels.items():
        change = {"x": Change(status="rejected"), "+": Change(status="accepted")}.get(label) or Change(
            label=label, status="accepted"
        )
        acts.apply(store, acts.annotator(store, name), [sample], change, kind="label")


def test_what_is_proposed_and_in_which_order(store):
    say(store, 1, anna="b", ben="b", cara="b")
    say(store, 2, anna="b", ben="b", cara="a")
    say(store, 3, anna="a", ben="b", cara="c")
    say(store, 4, anna="a")  # one word is no disagreement
    say(store, 5, anna="x", ben="x")
    say(store, 6, anna="+", ben="a")  # accepting as it stands means the label that it came with
    say(store, 7, anna="x", ben="b", cara="b")
    found = adjudication.cases(store)
    assert [one.sample_id for one in found] == [3, 2, 7, 6, 1, 5] or [one.sample_id for one in found][:3] == [3, 2, 7]
    by_id = {one.sample_id: one for one in found}
    assert by_id[3].tied
    assert (by_id[2].label, by_id[2].status, by_id[2].sure, by_id[2].tied) == (
        "b",
        "accepted",
        pytest.approx(2 / 3),
        False,
    )
    assert (by_id[7].label, by_id[7].status) == ("b", "accepted")
    assert {one.sample_id for one in found if one.unanimous} == {1, 5, 6}
    assert by_id[5].status == "rejected"
    assert by_id[3].disagreement == pytest.approx(1.585, abs=0.001)  # log2(3)


def test_a_decision_that_was_taken_back_is_no_word(store):
    say(store, 1, anna="b", ben="a")
    acts.apply(store, acts.annotator(store, "ben"), [1], Change(status="pending"), kind="label")
    assert adjudication.cases(store) == []


def test_settling_is_one_act_that_can_be_undone(store):
    say(store, 1, anna="b", ben="b")
    say(store, 2, anna="b", ben="a")
    say(store, 3, anna="x", ben="x")
    judge = acts.annotator(store, "judge")
    act = adjudication.settle(store, judge, [one for one in adjudication.cases(store) if one.unanimous])
    assert (act.total, act.kind) == (2, "adjudicate")
    assert [one.sample_id for one in adjudication.cases(store)] == [2]  # what is ruled on is settled
    assert (samples.get(store, 1).label, samples.get(store, 1).status) == ("b", "accepted")
    assert samples.get(store, 3).status == "rejected"
    acts.undo(store, judge)
    assert len(adjudication.cases(store)) == 3
    assert adjudication.settle(store, judge, []) is None


def test_dawid_and_skene_trust_those_who_are_mostly_right(store):
    for sample in (1, 2, 3, 4):
        say(store, sample, anna="b", ben="b", cara="ac"[sample % 2])
    say(store, 5, anna="a", ben="a", cara="b")
    say(store, 6, anna="b", cara="c")
    by_id = {one.sample_id: one for one in adjudication.cases(store, method="dawid_skene")}
    assert by_id[6].label == "b"
    assert by_id[6].sure > 0.6
    assert not by_id[6].tied
