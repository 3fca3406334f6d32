"""Snapshots: frozen, hashed, independent of what comes later."""

from __future__ import annotations

import hashlib
import json

import pytest

from workbench.errors import StoreError, UsageError
from workbench.store import acts, samples, snapshots
from workbench.store.acts import Change
from workbench.store.connection import CHUNK, Store
from workbench.store.samples import NewSample


def test_a_snapshot_keeps_what_was_there_then(store: Store) -> None:
    samples.add(store, [NewSample({"text": "one"}, "a"), NewSample({"text": "two"}, None)])
    made = snapshots.create(store, [2, 1], "set:yes", name="v1", details={"why": "test"})
    assert list(snapshots.contents(store, made.id)) == [(2, {"text": "two"}, None), (1, {"text": "one"}, "a")]
    uuids = [samples.get(store, one).uuid for one in (2, 1)]
    lines = [[uuids[0], {"text": "two"}, None], [uuids[1], {"text": "one"}, "a"]]
    by_hand = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    assert made.sha256 == hashlib.sha256(by_hand.encode()).hexdigest()

    me = acts.annotator(store, "me")
    acts.apply(store, me, [1], Change(label="b", fields={"text": "edited"}, status="rejected"), kind="edit")
    assert list(snapshots.contents(store, made.id))[1] == (1, {"text": "one"}, "a")
    again = snapshots.create(store, [2, 1], "set:yes")
    assert again.sha256 != made.sha256
    acts.undo(store, me)
    assert snapshots.create(store, [2, 1], "set:yes").sha256 == made.sha256
    assert snapshots.get(store, made.id) == made


def test_a_large_one_is_complete_and_in_order(store: Store) -> None:
    n = CHUNK + 7
    samples.add(store, [NewSample({"text": str(i)}, "a") for i in range(n)])
    made = snapshots.create(store, list(range(n, 0, -1)), "sort:-id")
    assert [row[0] for row in snapshots.contents(store, made.id)] == list(range(n, 0, -1))
    assert made.total == n


def test_a_name_is_taken_once(store: Store) -> None:
    samples.add(store, [NewSample({"text": "one"}, "a")])
    snapshots.create(store, [1], "", name="v\udcff")
    with pytest.raises(UsageError, match="There is a snapshot 'v\\?' already"):
        snapshots.create(store, [1], "", name="v\udcff")
    assert len(snapshots.newest(store)) == 1
    with pytest.raises(StoreError, match="there is no snapshot 99"):
        snapshots.get(store, 99)


def test_evaluations_come_newest_first(store: Store) -> None:
    for n in (1, 2):
        snapshots.save_evaluation(store, job_id=n, view="data set", samples=n, result={"metrics": {"x": n}})
    found = snapshots.evaluations(store)
    assert [one["samples"] for one in found] == [2, 1]
    assert found[0]["result"] == {"metrics": {"x": 2}}


def test_a_file_is_known_by_content_role_and_mapping(store: Store) -> None:
    first = snapshots.add_source(store, b"1" * 32, "seed", "{}", "/a\udcff.jsonl", None)
    assert snapshots.add_source(store, b"1" * 32, "seed", "{}", "/moved.jsonl", None) == first
    assert snapshots.add_source(store, b"1" * 32, "test", "{}", "/a", None) != first
    assert snapshots.add_source(store, b"1" * 32, "seed", "{}", "again.jsonl", None) == first
    assert snapshots.add_source(store, b"2" * 32, "seed", "{}", "other.jsonl", None) != first
    snapshots.count_source(store, first, 10, 7)
    snapshots.count_source(store, first, 10, 0)
    assert next((one.path, one.read, one.added) for one in snapshots.sources(store)) == ("/a?.jsonl", 10, 7)
