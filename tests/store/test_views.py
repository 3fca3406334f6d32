"""Views: every term, and that nothing typed ever becomes SQL or a search operator."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.project import create
from workbench.store import acts, curation, jobs, samples, views, windows
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample

LABELS = ["lost_card", "my label", 'we, "us"', "none"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Eight samples, one of each kind that a term can tell apart."""
    with Store(create(tmp_path_factory.mktemp("views") / "p", labels=LABELS)) as opened:
        job = jobs.create(opened, "generate", {}, None)
        other = jobs.create(opened, "curate", {}, None)
        samples.add(
            opened,
            [
                NewSample({"text": "my card is lost"}, "lost_card", job_id=job),  # 1
                NewSample({"text": "is my CARD OR money lost"}, "my label", job_id=job),  # 2
                NewSample({"text": "NEAR the bank, café"}, 'we, "us"'),  # 3
                NewSample({"text": "label:lost_pin means"}, "none"),  # 4
                NewSample({"text": "no label at all"}, None),  # 5
                NewSample({"text": "a seed"}, "lost_card", origin="seed"),  # 6
                NewSample({"text": "a test"}, "lost_card", origin="real", split="test"),  # 7
                NewSample({"text": "unlabelled row"}, None, origin="unlabelled"),  # 8
            ],
        )
        anna, ben = acts.annotator(opened, "anna"), acts.annotator(opened, "ben b")
        acts.apply(opened, anna, [1], Change(status="accepted"), kind="accept")
        acts.apply(opened, ben, [2], Change(label="lost_card", status="rejected"), kind="label")
        acts.apply(opened, ben, [3], Change(note="hm"), kind="note")
        acts.apply(opened, anna, [4], Change(fields={"text": "label:lost_pin meant"}), kind="edit")
        curation.save_drops(
            opened, other, [Drop(1, "near_duplicate", 1, {}, "like 2"), Drop(3, "length", 1, {}, "short")]
        )
        curation.save_scores(opened, "confidence", [(1, -0.5), (2, -1.5), (3, -0.5), (6, 2.0)], version=1, job_id=other)
        curation.save_neighbours(opened, [(1, [(2, 0.9), (7, 0.5)])])
        yield opened


def ids(store: Store, text: str) -> list[int]:
    return list(views.ids(store, views.parse(text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("label:lost_card", [1, 2, 6, 7]),
        ('label:"my label"', []),
        ('label:"we, ""us""",lost_card', [1, 2, 3, 6, 7]),
        ("label:none", [5, 8]),
        ('label:"none"', [4]),
        ("-label:lost_card -label:none", [3, 4]),
        ("status:accepted", [1]),
        ("status:accepted,rejected", [1, 2]),
        ("-status:pending", [1, 2]),
        ("origin:seed", [6]),
        ("split:test", [7]),
        ("dropped:yes", [1, 3]),
        ("dropped:no origin:synthetic", [2, 4, 5]),
        ("dropped:near_duplicate", [1]),
        ("-dropped:near_duplicate dropped:yes", [3]),
        ("set:yes", [1, 4, 5]),  # 1 was dropped, but a person accepted it
        ("set:no origin:synthetic", [2, 3]),
        ("edited:yes", [4]),
        ("noted:yes", [3]),
        ("relabelled:yes", [2]),
        ("by:anna", [1, 4]),
        ('by:"ben b"', [2, 3]),
        ("job:1", [1, 2]),
        ("-job:1 origin:seed", []),  # a seed has no job: unknown is neither
        ("id:4", [4]),
        ("near:1", [2, 7]),
        ("score.confidence<-0.5", [2]),
        ("score.confidence<=-0.5", [1, 2, 3]),
        ("score.confidence>-1 score.confidence<1", [1, 3]),
        ("score.confidence=2", [6]),
        ("-score.confidence<9e9", [4, 5, 7, 8]),
        ("card", [1, 2]),
        ('"my card"', [1, 2]),
        ("lost my", [1, 2]),
        ('"card is"', [1]),
        ("card -money", [1]),
        ('-"card is" card', [2]),
        ("cafe", [3]),
        ("near", [3]),
        ('"label:lost_pin"', [4]),
        ("recipe:zerogen", []),
    ],
)
def test_terms(store: Store, text: str, found: list[int]) -> None:
    assert ids(store, text) == found
    assert views.count(store, views.parse(text)) == len(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sort:id", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("sort:-id", [8, 7, 6, 5, 4, 3, 2, 1]),
        ("sort:confidence", [2, 1, 3, 6, 4, 5, 7, 8]),  # samples without the score come last
        ("sort:-confidence", [6, 3, 1, 2, 4, 5, 7, 8]),
        ("sort:nothing label:lost_card", [1, 2, 6, 7]),
        ("job:1 sort:confidence", [2, 1]),
        ("noted:yes by:\"ben b\" dropped:yes set:no sort:-confidence", [3]),
    ],
)  # fmt: skip
def test_order(store: Store, text: str, found: list[int]) -> None:
    assert ids(store, text) == found
    assert views.first(store, views.parse(text), 3) == found[:3]
    for size in (1, 2, 3):
        chunks = list(views.chunks(store, views.parse(text), views.high_water(store), size=size))
        assert [one for chunk in chunks for one in chunk] == found
        assert all(0 < len(chunk) <= size for chunk in chunks)


def test_operators_of_the_index_are_plain_words(store: Store) -> None:
    assert ids(store, "card OR money") == [2]
    assert ids(store, "NEAR(card)") == []
    assert ids(store, "card*") == [1, 2]  # the star is punctuation, not a prefix search
    assert ids(store, "car*") == []
    assert ids(store, '"^my"') == [1, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lable:x", "there is no lable: term; did you mean label:?"),
        ("zzz:x", "there are: label, status"),
        ("label:", "name a label"),
        ('label:""', "name a label"),
        ("status:pendig", "did you mean pending?"),
        ("status:x", "there are: pending, accepted, rejected, flagged."),
        ("origin:human", "there are: seed, synthetic, real, unlabelled."),
        ("split:", "there are: train, validation, test."),
        ("set:maybe", "write set:yes or set:no."),
        ("id:four", "a number is needed"),
        ("id:99999999999999999999", "number is needed"),
        ("score.confidence", "compare a score with a number"),
        ("score.confidence<low", "compare a score with a number"),
        ("sort:", "name a score"),
        ("sort:a;b", "name a score"),
        ('"open', 'a quote (") is not closed'),
        ('label:"open', 'a quote (") is not closed'),
    ],
)
def test_a_wrong_term_is_named(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        views.parse(text)
    assert says in str(caught.value)


HOSTILE = st.text(st.sampled_from("ab:\"'-;.,<>=()*^%_\\ \0\n\udcff☃1") | st.characters(codec=None), max_size=40)
TERMED = st.builds(
    lambda term, value: f"{term}{value}", st.sampled_from([*(f"{t}:" for t in views.TERMS), "score.", "-"]), HOSTILE
)


@settings(max_examples=300, deadline=None)
@given(HOSTILE | TERMED)
def test_hostile_input_never_becomes_sql(store: Store, text: str) -> None:
    try:
        view = views.parse(text)
    except UsageError:
        return
    # All SQL is ours: what was typed is in the parameters only.
    assert view.where.count("?") == len(view.parameters)
    assert '"' not in view.where
    assert ";" not in view.where
    assert "--" not in view.where
    assert "☃" not in view.where
    found = list(views.ids(store, view))
    assert set(found) <= set(range(1, 9))
    assert len(found) == views.count(store, view)


def test_a_statement_in_a_view_is_searched_for_not_run(store: Store) -> None:
    ids(store, "'; DROP TABLE sample; --")
    ids(store, 'label:"x\') OR 1=1 --"')
    assert samples.counts(store)["total"] == 8


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_quoted_reads_back_as_the_same_label(label: str) -> None:
    assert views.parse(f"label:{views.quoted(label)}").parameters == (label,)


def test_counts_from_the_tally_equal_counts_of_rows(store: Store) -> None:
    for text in (
        "",
        "status:pending",
        "origin:seed,synthetic status:pending",
        "label:lost_card split:test",
        "-status:pending",
    ):
        view = views.parse(text)
        quick = views.quick_count(store, view)
        assert quick in (None, len(ids(store, text)))
        assert (quick is None) == text.startswith("-")
    assert views.quick_count(store, views.parse("status:pending status:accepted")) is None


def test_chunks_equal_one_big_query(tmp_path) -> None:
    with Store(create(tmp_path / "p", labels=["a", "b"])) as store:
        samples.add(store, [NewSample({"text": f"t {i}"}, "ab"[i % 2]) for i in range(500)])
        random.seed(7)
        values = [(i, float(random.randrange(20))) for i in range(1, 501) if i % 3]
        curation.save_scores(store, "u", values, version=1, job_id=1)
        known = dict(values)
        with_score = sorted(known, key=lambda one: (known[one], one))
        without = [one for one in range(1, 501) if one not in known]
        for text, expected in (
            ("sort:u", with_score + without),
            ("sort:-u", with_score[::-1] + without),
            ("label:a sort:u", [one for one in with_score + without if one % 2]),
            ("sort:-id", list(range(500, 0, -1))),
        ):
            view = views.parse(text)
            for size in (7, 100, 1000):
                found = [one for chunk in views.chunks(store, view, 500, size=size) for one in chunk]
                assert found == expected, (text, size)
        assert [one for c in views.chunks(store, views.parse(""), 300, size=64) for one in c] == list(range(1, 301))
        assert views.last(store, views.parse("label:a"), 3, 500) == [495, 497, 499]
        assert views.last(store, views.parse("label:a sort:-id"), 3, 500) == [5, 3, 1]


def test_saved_views(store: Store) -> None:
    views.save(store, "mine", "status:pending")
    views.save(store, "mine", "status:flagged")
    views.save(store, "odd\udcff", "card")
    assert views.saved(store) == {"mine": "status:flagged", "odd?": "card"}
    with pytest.raises(UsageError):
        views.save(store, "bad", "lable:x")
    assert "bad" not in views.saved(store)


BOUNDED = [
    "", "sort:-id", "label:lost_card", "label:none", "-label:lost_card", "dropped:yes", "dropped:no", "dropped:near_duplicate",
    "-dropped:near_duplicate", "set:yes", "set:no", "edited:yes", "edited:no", "noted:yes", "noted:no", "relabelled:yes",
    "by:anna", "-by:anna", "job:1", "recipe:zerogen", "near:1", "id:4", "score.confidence<-0.5", "-score.confidence>0",
    "card", "-card", '-"card is" card', "sort:confidence", "sort:-confidence", "dropped:no sort:-confidence",
    "-card score.confidence<9 by:anna sort:confidence",
]  # fmt: skip


@pytest.mark.parametrize("text", BOUNDED)
def test_a_view_read_in_narrow_ranges_is_the_same_view(
    store: Store, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = views.parse(text)
    order = "id" if view.order is None else "(SELECT value FROM score WHERE sample_id = id AND name = 'confidence')"
    direction = "DESC" if view.descending else "ASC"
    rows = store.read(
        f"SELECT id FROM sample WHERE {view.where} ORDER BY {order} {direction} NULLS LAST, "
        f"CASE WHEN {order} IS NULL THEN id END, id {direction}",
        view.parameters,
    )
    expected = [row[0] for row in rows]
    for name, value in {"NARROW": 3, "WIDE": 3, "SOME": 2, "PROBED": 2}.items():
        monkeypatch.setattr(windows, name, value)
    assert ids(store, text) == expected
    assert views.count(store, view) == len(expected)
    assert views.first(store, view, 3) == expected[:3]
    assert [one for chunk in views.stream(store, view, 2) for one in chunk] == expected[:2]
    assert views.still(store, view, [8, 3, 1, 99]) == set(expected) & {8, 3, 1}
    assert [views.count_after(store, view, water) for water in (0, 4, 8)] == [
        sum(one > water for one in expected) for water in (0, 4, 8)
    ]
    if view.order is None:
        assert views.last(store, view, 2, 7) == [one for one in expected if one <= 7][-2:]


def test_no_read_looks_at_more_than_its_range(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "NARROW", 2)
    monkeypatch.setattr(windows, "WIDE", 2)
    assert list(views.counting(store, views.parse("-card"))) == [(0, 2), (2, 4), (4, 6), (6, 8)]
    asked: list[tuple[str, tuple[int, ...]]] = []
    read = store.read
    monkeypatch.setattr(store, "read", lambda sql, given=(): asked.append((sql, tuple(given))) or read(sql, given))
    assert ids(store, "label:none -card") == [5, 8]
    ranges = [given[-3:-1] for sql, given in asked if "BETWEEN ? AND ?" in sql]
    assert ranges == [(1, 2), (3, 4), (5, 6), (7, 8)]
    assert all("AND rowid BETWEEN" in sql for sql, _ in asked if "MATCH" in sql)


@pytest.mark.parametrize(
    ("text", "index"),
    [("dropped:yes", "sample_dropped"), ("edited:yes", "sample_edited"), ("relabelled:yes", "sample_relabelled")],
)
def test_what_few_samples_have_is_found_without_reading_the_others(store: Store, text: str, index: str) -> None:
    where = views.parse(text).within(1, 8)
    plan = store.read(f"EXPLAIN QUERY PLAN SELECT id FROM sample WHERE {where} AND id BETWEEN 1 AND 8 ORDER BY id")
    assert index in plan[0][3]


def test_the_tally_counts_sets_and_drops(store: Store) -> None:
    for text in ("set:yes", "set:no", "dropped:yes", "dropped:no status:pending", "set:yes label:lost_card"):
        assert views.quick_count(store, views.parse(text)) == len(ids(store, text))
    for text in ("dropped:near_duplicate", "-set:yes", "set:yes card"):
        assert views.quick_count(store, views.parse(text)) is None


def test_a_stream_reads_only_what_is_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "NARROW", 2)
    monkeypatch.setattr(windows, "WIDE", 2)
    asked: list[str] = []
    read = store.read
    monkeypatch.setattr(store, "read", lambda sql, given=(): asked.append(sql) or read(sql, given))
    assert list(views.stream(store, views.parse(""), 1)) == [[1]]
    assert len(asked) == 2  # the highest number, and one range
    assert list(views.stream(store, views.parse(""), 0)) == []


def test_a_score_that_nobody_has_is_said(store: Store) -> None:
    """A slip in a score's name would find nothing and say nothing."""
    assert views.unknown(store, "score.nothing_like_it<1 sort:id") == ["No sample here has a score 'nothing_like_it'"]
    known = curation.score_names(store)[0]
    assert views.unknown(store, f"score.{known}<1 sort:-{known}") == []
