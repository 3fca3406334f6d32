"""One place says who reads which split; test rows are for evaluation alone."""

from __future__ import annotations

import inspect
from pathlib import Path

import workbench
from workbench.store import acts, samples, splits
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import ROLES, NewSample

#: Modules that may ask for test rows: evaluation, and the data card, which says whether there are any.
READERS = {"pipeline/evaluate_job.py", "pipeline/export_job.py"}


def fill(store: Store) -> None:
    samples.add(store, [NewSample({"text": f"a {role}"}, "a", *ROLES[role]) for role in ROLES])
    samples.add(store, [NewSample({"text": "a synthetic test"}, "a", "synthetic", "test")])


def texts(found) -> set[str]:
    return {row[1] for row in found}


def test_each_function_gives_its_own_split(store: Store) -> None:
    fill(store)
    assert texts(splits.seeds(store)) == {"a seed"}
    assert texts(splits.training(store)) == {"a seed", "a real"}
    assert texts(splits.validation(store)) == {"a validation"}
    assert texts(splits.test_for_evaluation(store)) == {"a test"}
    assert texts(splits.generated(store, "split = 'train'")) == {"a synthetic"}


def test_no_other_function_returns_test_rows(store: Store) -> None:
    fill(store)
    for name, function in inspect.getmembers(splits, inspect.isfunction):
        if (
            function.__module__ == splits.__name__
            and not name.startswith("_")
            and name not in ("test_for_evaluation", "test_to_keep_away", "elsewhere", "fingerprint")
        ):
            found = function(store, "1") if name == "generated" else function(store)
            assert "a test" not in texts(found), name


def test_what_a_person_rejected_is_not_learned_from(store: Store) -> None:
    fill(store)
    acts.apply(store, acts.annotator(store, "me"), [1, 2], Change(status="rejected"), kind="reject")
    assert splits.seeds(store) == []
    assert splits.training(store) == []


def test_only_evaluation_asks_for_test_rows() -> None:
    package = Path(workbench.__file__).parent
    callers = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "test_for_evaluation" in path.read_text(encoding="utf-8")
    }
    assert callers - {"store/splits.py"} == READERS
    card = (package / "pipeline/export_job.py").read_text(encoding="utf-8")
    assert card.count("test_for_evaluation") == 1
    assert "if not splits.test_for_evaluation(store):" in card  # whether there are any; no row is looked at


def test_only_the_filter_that_keeps_samples_away_from_them_gets_test_rows_too() -> None:
    package = Path(workbench.__file__).parent
    for name, allowed in (
        ("test_to_keep_away", {"store/splits.py", "pipeline/curate_items.py"}),
        ("context.benchmarks()", {"curate/filters/contamination.py"}),
    ):
        callers = {
            str(path.relative_to(package))
            for path in package.rglob("*.py")
            if name in path.read_text(encoding="utf-8").replace("``", "")
        }
        assert callers <= allowed, (name, callers)


def test_a_text_of_another_split_is_known_by_its_fingerprint_alone(store: Store) -> None:
    samples.add(store, [NewSample({"text": "Where is  my CARD?"}, "a", origin="real", split="test")])
    found = splits.elsewhere(store, "train")
    assert list(found) == [splits.fingerprint("where is my card?")]
    assert next(iter(found.values()))[1] == "test"
    assert splits.elsewhere(store, "test") == {}
