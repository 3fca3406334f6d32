"""The samples behind a number: kept in order, listed by a view, and test rows among them only looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.project import create
from workbench.store import behind, jobs, samples, snapshots, views
from workbench.store.connection import Store
from workbench.store.samples import NewSample

WRONG = "benchmark.accuracy/wrong"


@pytest.fixture
def store(tmp_path: Path):
    """Samples 1-4 for training, 5 and 6 for testing; evaluation 1 has errors, evaluation 2 none."""
    with Store(create(tmp_path / "p", labels=["a", "b"])) as opened:
        samples.add(opened, [NewSample({"text": f"text {n}"}, "ab"[n % 2]) for n in range(4)])
        samples.add(opened, [NewSample({"text": f"test {n}"}, "a", origin="real", split="test") for n in range(2)])
        job = jobs.create(opened, "evaluate", {}, None)
        for _ in range(2):
            snapshots.save_evaluation(opened, job_id=job, view="data set", samples=4, result={})
        behind.save(opened, 1, {WRONG: [3, 1, 5, 3], 'odd "name"/a b': [2]})
        yield opened


def found(store: Store, line: str) -> list[int]:
    return list(views.ids(store, views.parse(line)))


def test_they_are_listed_in_their_order(store: Store) -> None:
    assert behind.names(store, 1) == {WRONG: 3, 'odd "name"/a b': 1}
    assert behind.ids(store, 1, WRONG) == [3, 1, 5]
    assert found(store, f"behind:{WRONG}") == [3, 1, 5]  # the newest evaluation that has it
    assert found(store, f"behind:1:{WRONG}") == [3, 1, 5]
    assert found(store, f"behind:2:{WRONG}") == []
    assert found(store, f"behind:1:{WRONG} sort:-id") == [5, 3, 1]
    assert found(store, f"behind:1:{WRONG} label:a") == [3, 1, 5]
    assert found(store, f"-behind:1:{WRONG} split:train") == [2, 4]
    assert found(store, "behind:" + views.quoted('odd "name"/a b')) == [2]
    assert views.count(store, views.parse(f"behind:{WRONG}")) == 3


def test_a_newer_evaluation_comes_first_and_saving_again_replaces(store: Store) -> None:
    behind.save(store, 2, {WRONG: [4]})
    assert found(store, f"behind:{WRONG}") == [4]
    behind.save(store, 2, {WRONG: [2, 4]})
    assert found(store, f"behind:{WRONG}") == [2, 4]
    behind.save(store, 2, {WRONG: range(1, 5_000)})
    assert behind.names(store, 2)[WRONG] == behind.MOST


def test_a_name_that_nothing_has_is_said(store: Store) -> None:
    assert views.unknown(store, f"behind:{WRONG}") == []
    assert "behind 'slip' of any evaluation" in views.unknown(store, "behind:slip")[0]
    assert "of evaluation 2" in views.unknown(store, f"behind:2:{WRONG}")[0]
    with pytest.raises(UsageError, match="name a number"):
        views.parse("behind:")


def test_test_rows_behind_a_number_are_only_looked_at(store: Store) -> None:
    view = views.parse(f"behind:{WRONG}")
    behind.only_look(store, view, [1, 3])
    with pytest.raises(UsageError, match="only to be looked at"):
        behind.only_look(store, view, [5])
    with pytest.raises(UsageError, match="1 test rows"):
        behind.only_look(store, view, [1, 5])
    behind.only_look(store, views.parse("split:test"), [5])  # the test set itself may be mended


def test_an_error_says_what_the_classifier_took_it_for(store: Store) -> None:
    details = {"test_ids": [6, 5], "classes": ["a", "b"], "gold": [0, 0], "predicted": [0, 1]}
    result = {"metrics": {"benchmark.accuracy": {"value": 0.5, "details": details}}}
    number = snapshots.save_evaluation(store, job_id=1, view="data set", samples=4, result=result)
    behind.save(store, number, {"benchmark.accuracy/wrong_test": [5]})
    wrong, right, trained_on = samples.many(store, [5, 6, 1])
    assert behind.taken_for(store, wrong) == ("b", number)
    assert behind.taken_for(store, right) is None
    assert behind.taken_for(store, trained_on) is None
