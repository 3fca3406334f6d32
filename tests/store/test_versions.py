"""Snapshots against each other and against the data set, and the data set made as a snapshot has it."""

from __future__ import annotations

import pytest

from workbench.errors import StoreError
from workbench.store import acts, samples, snapshots, versions, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample


def freeze(store: Store, name: str, view: str = "set:yes") -> int:
    return snapshots.create(store, views.ids(store, views.parse(view)), view, name=name).id


def fill(store: Store) -> int:
    """Five samples, frozen as "before"; then one of everything happens. Returns the person's number."""
    samples.add(store, [NewSample({"text": f"text {n}"}, "ab"[n % 2]) for n in range(5)])
    freeze(store, "before")
    me = acts.annotator(store, "anna")
    acts.apply(store, me, [1], Change(label="b"), kind="label")
    acts.apply(store, me, [2], Change(fields={"text": "text one"}, label="a"), kind="edit")
    acts.apply(store, me, [3], Change(status="rejected"), kind="reject")
    samples.add(store, [NewSample({"text": "new"}, "b")])
    return me


def test_what_differs_is_counted_with_examples(store: Store) -> None:
    fill(store)
    found = versions.compare(store, versions.find(store, "before").id)
    assert (found.before, found.after, found.same) == (5, 5, 2)
    assert {name: (group.count, group.by_status) for name, group in found.groups.items()} == {
        "added": (1, {"pending": 1}),
        "removed": (1, {"rejected": 1}),
        "text": (1, {"pending": 1}),
        "label": (2, {"pending": 2}),
    }
    assert [(one.id, one.before, one.after) for one in found.text.examples] == [(2, "text 1", "text one")]
    assert [(one.label_before, one.label_after) for one in found.label.examples] == [("a", "b"), ("b", "a")]
    assert found.labels == {"a": (3, 2), "b": (2, 3)}


def test_two_snapshots_in_any_order_are_compared_sample_by_sample(store: Store) -> None:
    fill(store)
    old, new = versions.find(store, "before").id, freeze(store, "after", "set:yes sort:-id")
    now, later = versions.compare(store, old), versions.compare(store, old, new)
    assert (later.same, later.added.count, later.removed.count) == (now.same, now.added.count, now.removed.count)
    assert versions.compare(store, new).same == 5


def test_more_samples_than_one_read_brings(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "READ", 7)
    samples.add(store, [NewSample({"text": f"text {n}"}, "a") for n in range(100)])
    one = snapshots.create(store, range(1, 61), "some").id
    acts.apply(store, acts.annotator(store, "anna"), range(1, 31), Change(status="rejected"), kind="reject")
    found = versions.compare(store, one)
    assert (found.same, found.removed.count, found.added.count) == (30, 30, 40)
    assert found.removed.by_status == {"rejected": 30}
    assert len(found.removed.examples) == versions.EXAMPLES


def test_restoring_is_one_act_and_one_undo(store: Store) -> None:
    me = fill(store)
    before = versions.find(store, "before")
    plan = versions.restoring(store, before)
    assert (plan.same, plan.labels, plan.fields, plan.rejected, plan.accepted) == (2, 2, 1, 1, 1)
    versions.restore(store, me, plan)
    found = versions.compare(store, before.id)
    assert (found.same, found.added.count, found.removed.count) == (5, 0, 0)
    assert versions.restore(store, me, versions.restoring(store, before)) is None
    acts.undo(store, me)
    assert versions.compare(store, before.id).same == 2


def test_what_was_purged_cannot_come_back_and_is_said(store: Store) -> None:
    fill(store)
    with store.write() as connection:
        connection.execute("DELETE FROM sample WHERE id = 5")
    plan = versions.restoring(store, versions.find(store, "before"))
    assert plan.purged == 1
    assert versions.compare(store, 1).removed.by_status == {"rejected": 1, versions.PURGED: 1}


def test_a_snapshot_is_found_by_name_or_number_if_it_is_whole(store: Store) -> None:
    fill(store)
    assert versions.find(store, "1") == versions.find(store, "#1") == versions.find(store, "before")
    with pytest.raises(StoreError, match="There is no snapshot 'other'"):
        versions.find(store, "other")
    with store.write() as connection:
        connection.execute("UPDATE snapshot SET sha256 = NULL")
    with pytest.raises(StoreError, match="cut off before it was whole"):
        versions.find(store, "before")
