"""Reading from the index that narrows a view: the same ids in the same order, from fewer reads; readings that are ended."""

from __future__ import annotations

import random

import pytest

from workbench.project import create
from workbench.store import curation, jobs, samples, views, windows
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample

COUNT = 1_500
VIEWS = (
    "rare", "word rare", "rare -label:a", "dropped:length", "dropped:length label:a", "score.margin>0.95",
    "score.margin>0.9 score.margin<0.95 word", "score.margin>0.99 sort:-margin", "dropped:length sort:margin",
    "label:a sort:-margin",
    "word sort:-id", "rare sort:-id", "split:test", "word label:b", "dropped:length sort:nothing", "-dropped:length label:b",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    draw = random.Random(3)
    with Store(create(tmp_path_factory.mktemp("windows") / "p", labels=["a", "b"])) as opened:
        job = jobs.create(opened, "curate", {}, None)
        samples.add(
            opened,
            [
                NewSample({"text": f"word {n}{' rare' if n % 250 == 17 else ''}"}, draw.choice("ab"))
                for n in range(1, COUNT + 1)
            ],
        )
        curation.save_scores(opened, "margin", [(n, draw.random()) for n in range(1, COUNT, 2)], version=1, job_id=job)
        curation.save_drops(opened, job, [Drop(n, "length", 1, {}, "short") for n in range(5, COUNT, 97)])
        yield opened


def read(store: Store, text: str) -> list[int]:
    return list(views.ids(store, views.parse(text)))


@pytest.mark.parametrize("text", VIEWS)
@pytest.mark.parametrize(("few", "many"), [(10_000, 10_000), (2, 5), (5, 60), (0, 0)])
def test_what_narrows_a_view_does_not_change_it(store, monkeypatch, text: str, few: int, many: int) -> None:
    monkeypatch.setattr(windows, "few", lambda *_: None)  # range by range, as if there were no index
    monkeypatch.setattr(windows, "NARROW", 700)
    expected = read(store, text)
    monkeypatch.undo()
    monkeypatch.setattr(windows, "FEW", few)
    monkeypatch.setattr(windows, "MANY", many)
    monkeypatch.setattr(windows, "NARROW", 700)
    plain = windows.few
    monkeypatch.setattr(windows, "few", lambda *given: plain(*given) if len(given) == 5 else plain(*given, few))
    assert read(store, text) == expected
    view = views.parse(text)
    assert views.count(store, view) == len(expected)
    for size in (7, 40):
        found = list(views.chunks(store, view, COUNT, size=size))
        assert [one for chunk in found for one in chunk] == expected
        assert all(0 < len(chunk) <= size for chunk in found)


def test_a_rare_word_is_found_without_looking_at_other_samples(store, monkeypatch) -> None:
    statements: list[str] = []
    plain = Store.read

    def heard(self, sql, parameters=()):
        statements.append(sql)
        return plain(self, sql, parameters)

    monkeypatch.setattr(Store, "read", heard)
    assert read(store, "rare word") == [17, 267, 517, 767, 1017, 1267]
    assert not any("id BETWEEN" in sql for sql in statements)


def test_the_share_that_was_looked_at_rises_to_the_whole(store, monkeypatch) -> None:
    monkeypatch.setattr(windows, "NARROW", 300)
    monkeypatch.setattr(windows, "WIDE", 300)
    for text in ("split:test", "word sort:-id", "rare", "label:a sort:margin"):
        shares: list[float] = []
        list(views.chunks(store, views.parse(text), COUNT, tell=shares.append))
        assert shares == sorted(shares)
        assert 0.8 < shares[-1] <= 1.0


def test_a_reading_can_be_ended_between_reads_and_within_one(store) -> None:
    def enough(_share: float) -> None:
        raise views.Stopped

    with pytest.raises(views.Stopped):
        list(views.chunks(store, views.parse("split:test"), COUNT, tell=enough))
    with pytest.raises(views.Stopped), views.interruptible(store, lambda: True):
        store.read(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT max(i) FROM n"
        )
    assert store.one("SELECT 1") == (1,)  # the door is as before


def test_nobody_waits_for_a_first_page_longer_than_said(store) -> None:
    view = views.parse("label:a")
    assert views.first_within(store, view, 5, 0.0) is None
    assert views.first_within(store, view, 5, 60.0) == views.first(store, view, 5)


def test_saved_views_are_renamed_and_taken_away(store) -> None:
    views.save(store, "one", "label:a")
    views.save(store, "two", "label:b")
    with pytest.raises(Exception, match="already"):
        views.rename(store, "one", "two")
    views.rename(store, "one", "three")
    assert views.saved(store) == {"three": "label:a", "two": "label:b"}
    for name in ("two", "three"):
        views.forget(store, name)
    assert views.saved(store) == {}


def test_an_order_by_a_score_that_nothing_has_is_the_order_of_numbers_from_the_first_read_on(store: Store) -> None:
    view = views.parse("sort:-nothing")
    assert next(windows.by_score(store, view, "nothing", COUNT, 10, descending=True)) == list(range(1, 11))
    assert read(store, "sort:-nothing") == list(range(1, COUNT + 1))
