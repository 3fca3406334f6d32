"""What an evaluation looks at: the data set, what people said, and to compare, what there was before curation."""

from __future__ import annotations

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.jobs.run import JobContext
from workbench.pipeline.evaluate_job import materials
from workbench.project import Project
from workbench.store import acts, jobs, splits
from workbench.store.acts import Change
from workbench.store.connection import Store


def context(store: Store) -> JobContext:
    return JobContext(Project(store.project.folder), store, jobs.get(store, jobs.create(store, "evaluate", {})))


def test_the_samples_are_read_once_for_both_sides(store: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    add(store, "please refund my payment", "Please refund my payment", "ok", "where is my money", "no")
    add(store, "a test", origin="real", split="test")
    run("curate", chain=["exact_duplicate"])
    me = acts.annotator(store, "me")
    acts.apply(store, me, [3], Change(status="rejected"), kind="reject")
    acts.apply(store, me, [4], Change(label="lost_card"), kind="label")
    reads: list[str] = []
    real = splits.generated
    monkeypatch.setattr(splits, "generated", lambda store: reads.append("") or real(store))
    after, before = materials(context(store), compare=True)
    assert before is not None
    assert len(reads) == 1
    assert [one.id for one in after.samples] == [1, 4, 5]
    assert [one.id for one in before.samples] == [1, 2, 4, 5]
    assert {one.id: (one.person_label, one.person_status) for one in after.reviewed or ()} == {
        3: (None, "rejected"),
        4: ("lost_card", "pending"),
    }
    assert (after.samples[1].label, after.samples[1].generated_label) == ("lost_card", "refund")
    assert after.samples[0] is before.samples[0]
    assert [one.text for one in after.test] == ["a test"]
    assert materials(context(store), compare=False)[1] is None


def test_before_curation_texts_are_as_they_came(store: Store, run: RunJob) -> None:
    add(store, "write to anna.miller@mail-service.org please", "refund me")
    run("curate", chain=["redact"])
    after, before = materials(context(store), compare=True)
    assert before is not None
    assert [one.text for one in after.samples] == ["write to [EMAIL] please", "refund me"]
    assert [one.text for one in before.samples] == ["write to anna.miller@mail-service.org please", "refund me"]
    assert after.samples[1] is before.samples[1]
