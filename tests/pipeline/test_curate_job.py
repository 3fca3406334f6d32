"""Curating: drops are verdicts; they are replaced, undone and overruled, and nothing is ever deleted."""

from __future__ import annotations

import os

from tests.pipeline.conftest import RunJob, add
from workbench.pipeline import curate_job
from workbench.store import acts, curation, explaining, in_force, jobs, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample

TEXTS = ("please refund my payment", "Please refund my payment", "ok", "where is my money", "hm")
LENGTH = "length:min_words=2"
#: 2 repeats 1; 3 and 5 have one word.
CHAIN = ["exact_duplicate", LENGTH]


def dropped(store: Store) -> list[int]:
    return [row[0] for row in store.read("SELECT id FROM sample WHERE dropped ORDER BY id")]


def test_drops_are_counted_by_filter_in_the_order_of_the_chain(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    job = run("curate", chain=CHAIN)
    assert job.state == "done", job.error
    assert (job.result["checked"], job.result["kept"]) == (5, 2)
    assert job.result["dropped"] == {"exact_duplicate": 1, "length": 2}
    assert dropped(store) == [2, 3, 5]
    verdict = explaining.explain(store, samples.get(store, 2)).verdicts[0]
    assert (verdict.filter, verdict.other) == ("exact_duplicate", 1)
    assert verdict.reason


def test_a_preview_changes_no_sample_and_says_what_each_filter_drops_alone(store: Store, run: RunJob) -> None:
    add(store, *TEXTS, "ok")
    before = store.read("SELECT * FROM sample ORDER BY id")
    job = run("curate", chain=CHAIN, preview=True)
    assert job.result["dropped"] == {"exact_duplicate": 2, "length": 2}
    assert job.result["alone"] == {"exact_duplicate": 2, "length": 3}
    assert [row[0] for row in job.result["examples"]["length"]] == [3, 5]
    assert store.read("SELECT * FROM sample ORDER BY id") == before
    assert store.read("SELECT * FROM verdict") == []


def test_a_new_run_replaces_the_verdicts_and_undo_brings_the_earlier_ones_back(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    run("curate", chain=["exact_duplicate"])
    assert dropped(store) == [2]
    run("curate", chain=[LENGTH])
    assert dropped(store) == [3, 5]
    assert curation.drops_by_filter(store) == {"length": 2}
    run("curate", undo=True)
    assert dropped(store) == [2]
    run("curate", undo=True)
    assert dropped(store) == []
    job = run("curate", undo=True)
    assert (job.state, job.result["checked"]) == ("done", 0)
    assert store.one("SELECT count(*) FROM verdict") == (3,)
    assert samples.counts(store)["total"] == len(TEXTS)


def test_a_run_that_drops_nothing_is_undone_like_any_other(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    run("curate", chain=["exact_duplicate"])
    run("curate", chain=["length:min_words=1,min_characters=1"])
    assert dropped(store) == []
    run("curate", chain=[LENGTH])
    run("curate", undo=True)
    assert dropped(store) == []
    run("curate", undo=True)
    assert dropped(store) == [2]


def test_a_person_s_word_beats_every_filter(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    me = acts.annotator(store, "me")
    acts.apply(store, me, [3], Change(status="accepted"), kind="accept")
    acts.apply(store, me, [4], Change(status="rejected"), kind="reject")
    job = run("curate", chain=CHAIN)
    assert job.result["checked"] == 4  # what a person rejected is not judged
    assert samples.get(store, 3).in_data_set
    assert [row[0] for row in store.read(f"SELECT id FROM sample WHERE {samples.DATA_SET} ORDER BY id")] == [1, 3]
    assert samples.counts(store)["in_data_set"] == 2


def test_a_job_that_was_cut_off_while_saving_is_finished_by_its_second_run(
    store: Store, run: RunJob, monkeypatch
) -> None:
    add(store, *TEXTS)
    first = run("curate", chain=["exact_duplicate"])
    real = curation.save_drops

    def cut(store: Store, job_id: int, drops) -> None:
        real(store, job_id, drops[:1])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as inner:
        inner.setattr(curation, "save_drops", cut)
        failed = run("curate", chain=[LENGTH])
    assert failed.state == "failed"
    run("curate", undo=True)  # takes the half-saved ones back: the first run's verdicts are in force
    assert dropped(store) == [2]
    assert in_force.jobs_in_force(store) == [first.id]


def test_only_generated_samples_are_judged(store: Store, run: RunJob) -> None:
    add(store, "ok", "ok", origin="seed")
    add(store, "ok", origin="real", split="test")
    add(store, "where is my money")
    assert run("curate", chain=CHAIN).result["checked"] == 1
    assert dropped(store) == []


def test_the_same_filter_twice_keeps_both_verdicts(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    job = run("curate", chain=["length:min_words=2", "length:max_words=3"])
    assert job.result["dropped"] == {"length-1": 2, "length-2": 3}
    job = run("curate", chain=[LENGTH, LENGTH])
    assert job.result["dropped"] == {"length": 2}


def test_cancelled_before_anything_was_saved(store: Store, run: RunJob, monkeypatch) -> None:
    add(store, *TEXTS)
    number = len(jobs.newest(store)) + 1
    real = curation.save_scores

    def cancel(*arguments, **named) -> None:
        jobs.cancel(store, number)
        real(*arguments, **named)

    monkeypatch.setattr(curation, "save_scores", cancel)
    monkeypatch.setattr("workbench.jobs.run.time.monotonic", iter(range(10**6)).__next__)
    job = run("curate", chain=[LENGTH, "near_duplicate"])
    assert (job.state, job.error) == ("cancelled", "Cancelled; no verdict was changed.")
    assert store.read("SELECT * FROM verdict") == []


def test_what_its_recipe_did_not_keep_does_not_drop_its_twin(store: Store, run: RunJob) -> None:
    add(store, "where is my money", "where is my money", "where is my money")
    number = jobs.create(store, "generate", {})
    curation.save_drops(store, number, [Drop(one, "recipe.length", 1, {}, "too long") for one in (1, 2)])
    acts.apply(store, acts.annotator(store, "me"), [2], Change(status="accepted"), kind="accept")
    job = run("curate", chain=["exact_duplicate"])
    assert job.result["checked"] == 2  # 1 is out already; 2 was, and a person took it back
    assert dropped(store) == [1, 2, 3]
    assert [row[0] for row in store.read(f"SELECT id FROM sample WHERE {samples.DATA_SET}")] == [2]
    acts.undo(store, acts.annotator(store, "me"))
    job = run("curate", chain=["exact_duplicate"])
    assert job.result["checked"] == 1
    assert [row[0] for row in store.read(f"SELECT id FROM sample WHERE {samples.DATA_SET}")] == [3]


def test_a_pending_twin_yields_to_the_one_that_a_person_accepted(store: Store, run: RunJob) -> None:
    add(store, "where is my money", "where is my money")
    acts.apply(store, acts.annotator(store, "me"), [2], Change(status="accepted"), kind="accept")
    run("curate", chain=["exact_duplicate"])
    assert dropped(store) == [1]


def test_two_curate_jobs_do_not_work_at_once(store: Store, run: RunJob) -> None:
    add(store, *TEXTS)
    lock = jobs.hold_name(store.project, "curate")
    assert lock is not None
    for parameters in ({"filters": CHAIN}, {"undo": True}):
        job = run("curate", **parameters)
        assert (job.state, "Another curate job" in str(job.error)) == ("failed", True)
    assert run("curate", chain=CHAIN, preview=True).state == "done"  # a preview changes nothing
    os.close(lock)
    assert run("curate", chain=CHAIN).state == "done"


def test_fields_are_there_for_a_filter_that_asks(store: Store) -> None:
    samples.add(store, [NewSample({"text": "where", "reply": "there"}, "refund")])
    (item,) = curate_job.load_items(store)
    assert (item.text, dict(item.fields), item.fields["reply"]) == (
        "where\nthere", {"text": "where", "reply": "there"}, "there",
    )  # fmt: skip
