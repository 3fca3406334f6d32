"""Terms about people, tags, sets of labels, groups and clusters: each finds what it says, from an index."""

from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.project import create
from workbench.store import acts, curation, disputes, jobs, people, repairs, samples, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Nine samples: two people and a ruling, tags, reasons, two groups of duplicates, clusters, sets of labels."""
    project = create(tmp_path_factory.mktemp("terms") / "p", labels=["a", "b", "c"])
    with Store(project) as opened:
        job = jobs.create(opened, "curate", {}, None)
        samples.add(opened, [NewSample({"text": f"text {n}"}, "a" if n < 7 else None) for n in range(1, 8)])
        samples.add(opened, [NewSample({"text": "both"}, ["a", "b"]), NewSample({"text": "one"}, ["c"])])  # 8, 9
        anna, ben = acts.annotator(opened, "anna"), acts.annotator(opened, "ben")
        for who, sample_id, change in (
            (anna, 1, Change(label="a", status="accepted")),
            (ben, 1, Change(label="b", status="accepted")),  # they differ in the label
            (anna, 2, Change(status="rejected", reason="off_topic")),
            (ben, 2, Change(status="accepted")),  # in the status
            (anna, 3, Change(label="a", status="accepted", tags=["slang", "typo"])),
            (ben, 3, Change(label="a", status="accepted")),  # they agree
            (anna, 4, Change(label="a")),
            (ben, 4, Change(label="b", ruling="label")),  # settled
            (anna, 5, Change(tags=["slang"], note="hm")),  # says neither label nor status
            (anna, 6, Change(status="accepted")),
            (ben, 6, Change(status="pending")),  # taken back: no word in a disagreement
            (anna, 7, Change(label=["b", "c"])),
        ):
            acts.apply(opened, who, [sample_id], change, kind="label")
        undone = acts.apply(opened, ben, [5], Change(tags=["typo"]), kind="tag")
        acts.undo(opened, ben)
        assert undone.total == 1
        curation.save_drops(
            opened,
            job,
            [
                Drop(2, "near_duplicate", 1, {}, "like 1", other_id=1),
                Drop(3, "near_duplicate", 1, {}, "like 1", other_id=1),
                Drop(5, "exact_duplicate", 1, {}, "like 4", other_id=4),
                Drop(6, "length", 1, {}, "short"),
            ],
        )
        curation.save_scores(opened, "cluster", [(1, 1.0), (2, 1.0), (3, 2.0), (9, 12.0)], version=1, job_id=job)
        yield opened


def ids(store: Store, text: str) -> list[int]:
    return list(views.ids(store, views.parse(text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("label:a", [2, 3, 5, 6, 8]),
        ("label:b", [1, 4, 7, 8]),
        ("label:c,b", [1, 4, 7, 8, 9]),
        ("-label:a", [1, 4, 7, 9]),
        ("label:a label:b", [8]),
        ("label:a status:pending,accepted", [2, 3, 5, 6, 8]),
        ("label:none", []),
        ("disagreed:yes", [1, 2]),
        ("-disagreed:yes", [3, 4, 5, 6, 7, 8, 9]),
        ("disagreed:no opinions:2", [3, 4, 6]),
        ("opinions:2", [1, 2, 3, 4, 6]),
        ("opinions=1", [7]),
        ("opinions:0", [5, 8, 9]),
        ("opinions<1", [5, 8, 9]),
        ("opinions<=1", [5, 7, 8, 9]),
        ("opinions>=1", [1, 2, 3, 4, 6, 7]),
        ("opinions>=0", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("-opinions>=1", [5, 8, 9]),
        ("-opinions<2", [1, 2, 3, 4, 6]),
        ("tag:slang", [3, 5]),
        ("tag:typo,slang", [3, 5]),
        ("tag:typo", [3]),  # ben took his back
        ("-tag:slang opinions>0", [1, 2, 4, 6, 7]),
        ("reason:off_topic", [2]),
        ("-reason:off_topic status:rejected", []),
        ("by:anna tag:slang", [3, 5]),
        ("group:1", [1, 2, 3]),
        ("group:3", [1, 2, 3]),  # of the one that was dropped, too
        ("group:5", [4, 5]),
        ("group:9", [9]),
        ("-group:1 opinions:2", [4, 6]),
        ("cluster:1", [1, 2]),
        ("cluster:2,12", [3, 9]),
        ("-cluster:1,2", [4, 5, 6, 7, 8, 9]),
        ("cluster:1 sort:-id", [2, 1]),
        ("tag:slang sort:cluster", [3, 5]),
    ],
)
def test_terms(store: Store, text: str, found: list[int]) -> None:
    view = views.parse(text)
    assert ids(store, text) == found
    assert views.count(store, view) == len(found)
    assert views.still(store, view, range(1, 10)) == set(found)
    assert views.last(store, view, 2, 9) == found[-2:] or view.order


@pytest.mark.parametrize("text", ["cluster:x", "tag:", "reason:", "group:1,2", "opinions:x", "disagreed:maybe"])
def test_a_wrong_value_is_said(text: str) -> None:
    with pytest.raises(UsageError, match=text.partition(":")[0]):
        views.parse(text)


def test_a_set_of_labels_that_changes_is_found_by_what_it_holds_now(store: Store) -> None:
    anna = acts.annotator(store, "anna")
    acts.apply(store, anna, [8], Change(label=["c"]), kind="label")
    assert 8 not in ids(store, "label:a")
    assert 8 in ids(store, "label:c")
    acts.undo(store, anna)
    assert 8 in ids(store, "label:a")
    assert 8 not in ids(store, "label:c")


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("cluster:1", "score_order"),
        ("tag:slang", "opinion_tag_tag"),
        ("reason:off_topic", "opinion_reason"),
        ("disagreed:yes", "spoken_disagreed"),
        ("opinions:2", "spoken_people"),
        ("by:anna", "opinion_annotator"),
        ("group:1", "verdict_other"),
        ("dropped:length", "verdict_filter"),
        ("score.confidence>0.9", "score_order"),
        ("job:1", "sample_job"),
    ],
)
def test_each_term_is_listed_from_its_index(store: Store, text: str, index: str) -> None:
    ((source, parameters),) = views.parse(text).sources
    plan = [row[3] for row in store.read(f"EXPLAIN QUERY PLAN {source} LIMIT 10", parameters)]
    assert any(index in step for step in plan), plan


def test_people_who_spoke_are_counted_as_their_opinions_are(store: Store) -> None:
    """What the triggers keep equals what the opinions say."""
    counted = dict(
        store.read(
            "SELECT sample_id, sum(label IS NOT NULL OR status IS NOT NULL) AS n FROM opinion GROUP BY sample_id HAVING n > 0"
        )
    )
    assert dict(store.read("SELECT sample_id, people FROM spoken")) == counted


def test_who_accepts_as_it_stands_disagrees_with_who_relabels(tmp_path):
    with Store(create(tmp_path / "p", labels=["a", "b"])) as opened:
        samples.add(opened, [NewSample({"text": f"text {n}"}, "a") for n in range(1, 8)])
        anna, ben, cara = (acts.annotator(opened, name) for name in ("anna", "ben", "cara"))

        def say(who, sample_id, **parts):
            acts.apply(opened, who, [sample_id], Change(**parts), kind="label")

        say(anna, 1, status="accepted")
        say(ben, 1, label="b", status="accepted")  # anna: a, ben: b
        say(anna, 2, status="accepted")
        say(ben, 2, label="a", status="accepted")  # the same
        say(anna, 3, label="a", status="rejected")
        say(ben, 3, label="b", status="rejected")  # it goes, whatever it is
        say(anna, 4, label="b")
        say(ben, 4, status="rejected")  # a label without a word accepts
        say(anna, 5, label="a", status="accepted")
        say(ben, 5, label="b", status="pending")  # taken back
        say(anna, 6, status="accepted")
        say(ben, 6, label="b", status="accepted")
        say(cara, 6, status="rejected", ruling="status")  # out: no question about its label is left
        say(anna, 7, status="accepted")
        assert ids(opened, "disagreed:yes") == [1, 4]
        with opened.write() as connection:  # what anna accepts is called b now
            connection.execute("UPDATE sample SET original_label = ?, label = ?1 WHERE id <= 2", ('"b"',))
        assert ids(opened, "disagreed:yes") == [2, 4]


def test_a_repair_is_what_people_accept(tmp_path):
    with Store(create(tmp_path / "p", labels=["a", "b"])) as opened:
        samples.add(opened, [NewSample({"text": "one"}, "a")])
        job = jobs.create(opened, "curate", {}, None)
        acts.apply(opened, acts.annotator(opened, "anna"), [1], Change(status="accepted"), kind="accept")
        acts.apply(opened, acts.annotator(opened, "ben"), [1], Change(label="b", status="accepted"), kind="label")
        assert ids(opened, "disagreed:yes") == [1]
        fix = repairs.NewRepair(1, 0.9, applied=True, reason="", given="a", label="b")
        with opened.write() as connection:
            repairs.put(connection, job, "majority", 1, 0, [fix])
        assert ids(opened, "disagreed:yes") == []
        assert disputes.came(opened, [1]) == {1: '"b"'}
        with opened.write() as connection:
            connection.execute("UPDATE repair SET active = 0")
        assert ids(opened, "disagreed:yes") == [1]


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT count(*) FROM opinion WHERE annotator_id = 1", "COVERING INDEX opinion_annotator"),
        ("SELECT count(*) FROM opinion WHERE annotator_id = 1 AND label IS NULL AND status IS NULL", "opinion_silent"),
        ("SELECT count(*) FROM act WHERE annotator_id = 1", "COVERING INDEX act_annotator"),
        (f"SELECT count(*) FROM act WHERE annotator_id = 1 AND {people.TURNED}", "act_turned"),
    ],
)
def test_the_progress_of_people_is_counted_by_indexes(store, sql: str, index: str) -> None:
    assert index in store.read(f"EXPLAIN QUERY PLAN {sql}")[0][3]
