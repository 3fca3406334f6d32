"""Verdicts, scores, suggestions: counted, switched, and overruled by a person."""

from __future__ import annotations

from workbench.store import acts, curation, explaining, in_force, jobs, samples
from workbench.store.acts import Change
from workbench.store.connection import CHUNK, Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample


def fill(store: Store, n: int) -> tuple[int, int]:
    """``n`` synthetic samples and two curate jobs."""
    samples.add(store, [NewSample({"text": f"t {i}"}, "a") for i in range(n)])
    return jobs.create(store, "curate", {}, None), jobs.create(store, "curate", {}, None)


def drop(sample: int, name: str = "length", reason: str = "short") -> Drop:
    return Drop(sample, name, 1, {"least": 3}, reason, 2.0, None)


def dropped(store: Store) -> dict[int, int]:
    return dict(store.read("SELECT id, dropped FROM sample WHERE dropped > 0"))


def test_dropped_counts_the_active_verdicts(store: Store) -> None:
    one, two = fill(store, 5)
    curation.save_drops(store, one, [drop(1), drop(1, "language"), drop(2)])
    assert dropped(store) == {1: 2, 2: 1}
    curation.save_drops(store, one, [drop(1)])  # the same verdict again is one verdict
    curation.save_drops(store, two, [drop(3)])
    assert dropped(store) == {1: 2, 2: 1, 3: 1}
    assert in_force.jobs_in_force(store) == [one, two]
    assert in_force.set_active(store, one, active=False) == 2
    assert dropped(store) == {3: 1}
    assert in_force.jobs_in_force(store) == [two]
    assert in_force.set_active(store, one, active=False) == 0
    assert in_force.set_active(store, one, active=True) == 2
    assert dropped(store) == {1: 2, 2: 1, 3: 1}
    assert store.one("SELECT count(*) FROM verdict") == (4,)  # switched, never deleted


def test_switching_more_than_a_chunk(store: Store) -> None:
    one, _ = fill(store, CHUNK + 50)
    curation.save_drops(store, one, [drop(i) for i in range(1, CHUNK + 51)])
    assert samples.counts(store)["dropped"] == CHUNK + 50
    assert in_force.set_active(store, one, active=False) == CHUNK + 50
    assert samples.counts(store)["dropped"] == 0


def test_counts_and_overlap_by_filter(store: Store) -> None:
    one, _ = fill(store, 5)
    curation.save_drops(
        store, one, [drop(1), drop(1, "language"), drop(2), drop(2, "language"), drop(3), drop(3, "novelty")]
    )
    assert curation.drops_by_filter(store) == {"language": 2, "length": 3, "novelty": 1}
    assert curation.overlap(store) == [("language", "length", 2), ("length", "novelty", 1)]
    assert [row[0] for row in curation.dropped_examples(store, "length", limit=2)] == [1, 2]
    assert [row[0] for row in curation.dropped_examples(store, "length", after=2)] == [3]


def test_a_person_overrules_a_verdict_and_may_take_that_back(store: Store) -> None:
    one, two = fill(store, 2)
    curation.save_drops(store, one, [drop(1)])
    assert not samples.get(store, 1).in_data_set
    me = acts.annotator(store, "me")
    acts.apply(store, me, [1], Change(status="accepted"), kind="accept")
    assert samples.get(store, 1).in_data_set
    assert samples.counts(store)["in_data_set"] == 2
    curation.save_drops(store, two, [drop(1, "language")])  # a later filter does not beat a person either
    assert samples.get(store, 1).in_data_set
    acts.undo(store, me)
    assert not samples.get(store, 1).in_data_set
    assert samples.counts(store)["in_data_set"] == 1


def test_hostile_reasons_are_stored(store: Store) -> None:
    one, _ = fill(store, 1)
    curation.save_drops(store, one, [drop(1, reason="like \ud800 \x1b[31m")])
    assert curation.dropped_examples(store, "length")[0][2] == "like ? \x1b[31m"


def test_scores_are_replaced_and_binned(store: Store) -> None:
    one, _ = fill(store, 4)
    curation.save_scores(store, "u", [(1, 0.0), (2, 0.0)], version=1, job_id=one)
    curation.save_scores(store, "u", [(2, 1.0), (3, 0.5), (4, 0.24)], version=1, job_id=one)
    assert curation.scores(store, "u") == {1: 0.0, 2: 1.0, 3: 0.5, 4: 0.24}
    assert curation.histogram(store, "u", bins=4) == (0.0, 1.0, [2, 0, 1, 1])
    assert curation.histogram(store, "none", bins=2) == (0.0, 0.0, [0, 0])
    curation.save_scores(store, "flat", [(1, 2.0), (2, 2.0)], version=1, job_id=one)
    assert curation.histogram(store, "flat", bins=3) == (2.0, 2.0, [2, 0, 0])
    assert curation.score_names(store) == ["flat", "u"]
    assert curation.scores_of(store, [1, 2]) == {1: {"u": 0.0, "flat": 2.0}, 2: {"u": 1.0, "flat": 2.0}}


def test_suggestions_and_neighbours_replace_the_earlier_ones(store: Store) -> None:
    one, _ = fill(store, 3)
    curation.save_suggestions(store, "tfidf", [(1, [("a", 0.6), ("b", 0.4)])], job_id=one)
    curation.save_suggestions(store, "tfidf", [(1, [("b", 0.9)])], job_id=one)
    curation.save_neighbours(store, [(1, [(2, 0.9), (3, 0.8)])])
    curation.save_neighbours(store, [(1, [(3, 0.7)])])
    known = explaining.explain(store, samples.get(store, 1))
    assert known.suggestions == [("b", 0.9, "tfidf")]
    assert known.neighbours == [(3, 0.7, "pending", "t 2")]


def test_what_people_said_is_the_last_word_on_synthetic_samples(store: Store) -> None:
    fill(store, 3)
    samples.add(store, [NewSample({"text": "s"}, "a", origin="seed")])
    anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
    acts.apply(store, anna, [1, 4], Change(label="b", status="accepted"), kind="label")
    acts.apply(store, ben, [1], Change(label="a"), kind="label")
    acts.apply(store, ben, [2], Change(status="rejected"), kind="reject")
    acts.apply(store, anna, [3], Change(note="hm"), kind="note")
    assert curation.people_said(store) == {1: ('"a"', "accepted"), 2: (None, "rejected")}
