"""Samples: added once, counted exactly, whatever their text."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from workbench.errors import StoreError
from workbench.project import create
from workbench.store import acts, curation, in_force, jobs, samples, snapshots, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample


class Tally(RuleBasedStateMachine):
    """Whatever is done in whatever order, the tally equals a count of the rows."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(create(Path(self.folder.name) / "p", labels=["a", "b"]))
        self.people = [acts.annotator(self.store, name) for name in ("anna", "ben")]
        self.job = jobs.create(self.store, "curate", {}, None)
        self.total = 0

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    def some(self, number: int) -> int:
        return number % self.total + 1

    @rule(label=st.sampled_from(["a", "b", None, ["a"]]), role=st.sampled_from(list(samples.ROLES)))
    def add(self, label, role) -> None:
        origin, split = samples.ROLES[role]
        self.total += samples.add(self.store, [NewSample({"text": f"t{self.total}"}, label, origin, split)])

    @rule(
        who=st.integers(0, 1), number=st.integers(0, 50), label=st.sampled_from(["a", "b", acts.UNSET]),
        status=st.sampled_from(["accepted", "rejected", "flagged", "pending", acts.UNSET]),
    )  # fmt: skip
    def say(self, who, number, label, status) -> None:
        if self.total:
            acts.apply(self.store, self.people[who], [self.some(number)], Change(label=label, status=status), kind="x")

    @rule(who=st.integers(0, 1), back=st.booleans())
    def undo_or_redo(self, who, back) -> None:
        (acts.undo if back else acts.redo)(self.store, self.people[who])

    @rule(number=st.integers(0, 50), name=st.sampled_from(["length", "language"]))
    def drop(self, number, name) -> None:
        if self.total:
            curation.save_drops(self.store, self.job, [Drop(self.some(number), name, 1, {}, "why")])

    @rule(active=st.booleans())
    def switch(self, active) -> None:
        in_force.set_active(self.store, self.job, active=active)

    @invariant()
    def tally_equals_rows(self) -> None:
        if not hasattr(self, "store"):
            return
        rows = self.store.read("SELECT origin, split, status, dropped > 0, ifnull(label_key, '') FROM sample")
        tally = {row[:5]: row[5] for row in self.store.read("SELECT * FROM tally") if row[5]}
        assert tally == Counter(rows)
        counts = samples.counts(self.store)
        assert counts["total"] == self.total == len(rows)
        assert counts["in_data_set"] == self.store.one(f"SELECT count(*) FROM sample WHERE {samples.DATA_SET}")[0]
        for view in ("status:pending", "origin:synthetic label:a", "split:test,train"):
            parsed = views.parse(view)
            quick = views.quick_count(self.store, parsed)
            # The tally does not know the labels of a set of labels: such a view is counted by reading it.
            assert quick == len(views.ids(self.store, parsed)) or (quick is None and "label:" in view)


Tally.TestCase.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)
test_the_tally_equals_real_counts = Tally.TestCase


def test_a_line_of_a_file_is_there_once(store: Store) -> None:
    source = snapshots.add_source(store, b"x" * 32, "seed", "{}", "/a/file.jsonl", None)
    row = NewSample({"text": "hello"}, "a", "seed", source_id=source, source_line=1)
    assert samples.add(store, [row, row]) == 1
    assert samples.add(store, [row]) == 0
    assert samples.counts(store)["seed"] == 1


def test_the_same_content_from_another_file_is_a_duplicate_but_not_in_another_role(store: Store) -> None:
    first = snapshots.add_source(store, b"1" * 32, "seed", "{}", "/a", None)
    other = snapshots.add_source(store, b"2" * 32, "seed", "{}", "/b", None)
    hello = {"text": "hello"}
    assert samples.add_new(store, [NewSample(hello, "a", "seed", source_id=first, source_line=1)]) == 1
    assert samples.add_new(store, [NewSample(hello, "a", "seed", source_id=other, source_line=9)]) == 0
    assert samples.add_new(store, [NewSample(hello, "b", "seed", source_id=other, source_line=9)]) == 1
    assert samples.add_new(store, [NewSample(hello, "a", "real", "test", source_id=other, source_line=9)]) == 0
    assert samples.add_new(store, [NewSample(hello, "a", "real", "test", source_id=other, source_line=10)]) == 1


@pytest.mark.parametrize("text", ["\ud800 lone", "\x1b[31m", "nul \x00 inside", "👩‍👩‍👧", "", "\u202e", "x" * 100_000])
def test_any_text_can_be_stored_and_found(store: Store, text: str) -> None:
    samples.add(store, [NewSample({"text": text, "more": [text]}, "a", conditions={"t": text}, parents={"seeds": [1]})])
    sample = samples.get(store, 1)
    stored = text.encode("utf-8", "replace").decode().replace("?", "�") if "\ud800" in text else text
    assert sample.fields == {"text": stored, "more": [stored]}
    assert sample.conditions == {"t": stored}
    assert sample.text == f"{stored}\n{stored}"
    row = samples.rows(store, [1])[1]
    # SQLite's substr stops at NUL, which no list can show anyway.
    assert row.text == sample.text[:2000].partition("\0")[0] or row.text == sample.text[:2000]


def test_uuids_differ_and_sort_by_time(store: Store) -> None:
    samples.add(store, [NewSample({"text": str(i)}, "a") for i in range(100)])
    found = [bytes(row[0]) for row in store.read("SELECT uuid FROM sample ORDER BY id")]
    assert len(set(found)) == 100
    assert [one[:6] for one in found] == sorted(one[:6] for one in found)
    assert all(one[6] >> 4 == 7 and one[8] >> 6 == 2 for one in found)


def test_many_keeps_the_order_and_leaves_out_what_is_not_there(store: Store) -> None:
    samples.add(store, [NewSample({"text": str(i)}, "a") for i in range(1200)])
    wanted = [1200, 3, 9999, 1, 700]
    assert [one.id for one in samples.many(store, wanted)] == [1200, 3, 1, 700]
    assert [one.id for one in samples.many(store, list(range(1, 1201)))] == list(range(1, 1201))
    with pytest.raises(StoreError, match="there is no sample 9999"):
        samples.get(store, 9999)


def test_contents_come_in_order_and_parts(store: Store) -> None:
    samples.add(store, [NewSample({"text": str(i)}, "a") for i in range(30)])
    assert [row[0] for row in samples.contents(store, after=10, limit=5)] == [11, 12, 13, 14, 15]
    assert sum(1 for _ in samples.contents(store)) == 30
    assert next(iter(samples.contents(store))) == (1, "0", "a", "a", {"text": "0"})


def test_a_corrected_sample_is_still_the_one_that_came(store: Store) -> None:
    first = snapshots.add_source(store, b"1" * 32, "seed", "{}", "/a", None)
    longer = snapshots.add_source(store, b"2" * 32, "seed", "{}", "/b", None)
    rows = [
        NewSample({"text": "hello"}, "a", "seed", source_line=1),
        NewSample({"text": "new"}, "a", "seed", source_line=2),
    ]
    assert samples.add_new(store, [replace(rows[0], source_id=first)]) == 1
    acts.apply(store, acts.annotator(store), [1], Change(label="b"), kind="label")
    assert samples.add_new(store, [replace(row, source_id=longer) for row in rows]) == 1
    assert [row[0] for row in store.read("SELECT label_key FROM sample ORDER BY id")] == ["b", "a"]
    plan = store.read(
        "EXPLAIN QUERY PLAN SELECT 1 FROM sample WHERE original_hash = ? AND origin = ? AND split = ?", "abc"
    )
    assert "sample_original" in plan[0][3]


def test_a_bulk_act_says_what_it_hits(store: Store) -> None:
    samples.add(store, [NewSample({"text": role}, "a", *samples.ROLES[role]) for role in samples.ROLES])
    ids = [row[0] for row in store.read("SELECT id FROM sample ORDER BY id")]
    assert samples.kinds(store, ids) == {"test": 1, "validation": 1, "seed": 1}
    assert samples.kinds(store, []) == {}
