"""One place says who reads which split; test rows are for evaluation alone."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import workbench
from workbench.store import acts, samples, snapshots, splits
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import ROLES, NewSample

#: Modules that may ask for test rows: evaluation, and the data card, which says whether there are any.
READERS = {"pipeline/evaluate_job.py", "pipeline/data_card.py"}


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
    everything = [row[0] for row in store.read("SELECT id FROM sample")]
    frozen = snapshots.create(store, everything, "all").id
    given = {"generated": ("1",), "trainable": (everything,), "trainable_fields": (everything,), "frozen": (frozen,)}
    own = {"test_for_evaluation", "test_to_keep_away", "fields_for_evaluation", "labels_for_evaluation"}
    for name, function in inspect.getmembers(splits, inspect.isfunction):
        if function.__module__ != splits.__name__ or name.startswith("_") or name in own:
            continue
        if name not in ("elsewhere", "fingerprint", "withheld"):  # fingerprints and numbers
            found = function(store, *given.get(name, ()))
            assert " test" not in str(list(found.items() if isinstance(found, dict) else found)), name


def test_a_sample_that_becomes_a_test_row_later_is_no_longer_handed_out(store: Store) -> None:
    fill(store)
    everything = [row[0] for row in store.read("SELECT id FROM sample ORDER BY id")]
    frozen = snapshots.create(store, everything, "all").id
    names = {row.text for row in splits.trainable(store, everything)}
    assert names == {"a seed", "a real", "a unlabelled", "a synthetic"}
    assert {fields["text"] for _, fields, _ in splits.frozen(store, frozen)} == names
    with store.write() as connection:
        connection.execute("UPDATE sample SET split = 'test' WHERE text = 'a synthetic'")
    assert {row.text for row in splits.trainable(store, everything)} == names - {"a synthetic"}
    assert {fields["text"] for _, fields, _ in splits.frozen(store, frozen)} == names - {"a synthetic"}
    assert splits.withheld(store, everything) == {"test": 3, "validation": 1}
    assert [row.text for row in splits.generated(store)] == []
    assert list(splits.judged(store)) == []


def test_ids_are_handed_out_once_and_in_their_order(store: Store) -> None:
    fill(store)
    assert [row.id for row in splits.trainable(store, [6, 1, 6, 2, 999])] == [6, 1, 2]


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
    card = (package / "pipeline/data_card.py").read_text(encoding="utf-8")
    assert card.count("test_for_evaluation") == 1
    assert "if not splits.test_for_evaluation(store):" in card  # whether there are any; no row is looked at


def test_only_the_filter_that_keeps_samples_away_from_them_gets_test_rows_too() -> None:
    package = Path(workbench.__file__).parent
    for name, allowed in (
        ("test_to_keep_away", {"store/splits.py", "pipeline/curate_items.py"}),
        ("fields_for_evaluation", {"store/splits.py", "pipeline/evaluate_job.py"}),
        ("labels_for_evaluation", {"store/splits.py", "pipeline/evaluate_job.py", "pipeline/pairing.py"}),
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


def test_generation_curation_and_learning_read_samples_through_splits_alone() -> None:
    """What trains, prompts or filters has no other door to texts: neither SQL of its own nor functions that know no split."""
    package = Path(workbench.__file__).parent
    doors = re.compile(r"samples\.(contents|many|get|about|rows)\(|snapshots\.contents\(|store\.(read|one)\(")
    readers = {
        str(path.relative_to(package))
        for part in ("generate", "curate", "learn", "evaluate")
        for path in (package / part).rglob("*.py")
        if doors.search(text := path.read_text(encoding="utf-8")) and "from workbench.store import" in text
    }
    assert readers == set()
    for name in (
        "setting",
        "curate_items",
        "curate_validation",
        "contenders",
        "contender_specs",
        "comparing",
        "evaluate_job",
        "trainer",
    ):
        text = (package / "pipeline" / f"{name}.py").read_text(encoding="utf-8")
        assert not doors.search(text), name
