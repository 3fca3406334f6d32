"""The schema's steps: a fresh database, an upgrade with a backup, a newer one refused."""

from __future__ import annotations

import gzip
import hashlib
import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.project import Project, create
from workbench.store import (
    acts,
    audits,
    behind,
    disputes,
    duels,
    migrations,
    people,
    policies,
    samples,
    snapshots,
    views,
)
from workbench.store.connection import Store
from workbench.store.duels import NewDuel
from workbench.store.samples import NewSample

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # fork beside pytest's threads


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return create(tmp_path / "p", labels=["a", "b"])


def test_a_fresh_database_is_at_the_newest_version(project: Project) -> None:
    with Store(project) as store:
        assert store.one("PRAGMA user_version") == (migrations.VERSION,)
        assert store.one("PRAGMA journal_mode") == ("wal",)
        assert store.one("PRAGMA integrity_check") == ("ok",)
        assert store.read("PRAGMA foreign_key_check") == []
    assert not list(project.folder.glob("*.backup-*"))  # there was nothing to copy


def test_a_current_database_opens_without_the_migration_library(project: Project) -> None:
    import subprocess
    import sys

    Store(project).close()
    code = (
        "import sys; from pathlib import Path; from workbench.project import Project; "
        "from workbench.store.connection import Store; Store(Project(Path(sys.argv[1]))).close(); "
        "print([m for m in ('sqlite_utils', 'openai', 'sklearn', 'numpy', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(project.folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_newer_database_is_refused_and_untouched(project: Project) -> None:
    with Store(project) as store:
        samples.add(store, [NewSample({"text": "x"}, "a")])
        store.connection.execute(f"PRAGMA user_version={migrations.VERSION + 5}")
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = hashlib.sha256(project.database.read_bytes()).digest()
    with pytest.raises(StoreError, match=r"was made by a newer workbench .* nothing was changed") as caught:
        Store(project)
    assert str(project.database) in str(caught.value)
    assert hashlib.sha256(project.database.read_bytes()).digest() == before
    assert not list(project.folder.glob("*.backup-*"))


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this workbench knew one step more."""

    def next_step(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute("ALTER TABLE sample ADD COLUMN later TEXT")
        connection.execute(f"PRAGMA user_version={migrations.VERSION}")
        connection.commit()
        connection.close()

    monkeypatch.setattr(migrations, "VERSION", migrations.VERSION + 1)
    monkeypatch.setattr(migrations, "_apply", next_step)


def test_an_upgrade_copies_first(
    project: Project, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with Store(project) as store:
        samples.add(store, [NewSample({"text": "kept"}, "a")])
    old = migrations.VERSION
    request.getfixturevalue("upgrade")
    with Store(project) as store:
        assert store.one("SELECT text, later FROM sample") == ("kept", None)
    backup = project.folder / f"project.db.backup-{old}"
    copy = sqlite3.connect(backup)
    assert copy.execute("PRAGMA user_version").fetchone() == (old,)
    assert copy.execute("SELECT text FROM sample").fetchone() == ("kept",)
    copy.close()


def test_an_upgrade_needs_the_project_alone(project: Project, request: pytest.FixtureRequest) -> None:
    with Store(project):
        request.getfixturevalue("upgrade")
        with pytest.raises(
            StoreError, match=r"needs an upgrade of its database, but .*process.* is in it; close it there"
        ):
            Store(project)
    assert not list(project.folder.glob("*.backup-*"))
    Store(project).close()  # alone now


def test_an_upgrade_that_fails_leaves_the_old_one(
    project: Project, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(project).close()
    request.getfixturevalue("upgrade")

    def breaks(path: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as inner:
        inner.setattr(migrations, "_apply", breaks)
        with pytest.raises(StoreError, match="disk is full"):
            Store(project)
    assert migrations._version(project.database) == migrations.VERSION - 1
    Store(project).close()


def _open(folder: str, start: multiprocessing.synchronize.Event, results: multiprocessing.Queue) -> None:
    start.wait(20)
    try:
        with Store(Project(Path(folder))) as store:
            results.put(store.one("PRAGMA user_version"))
    except Exception as error:  # noqa: BLE001 - the parent looks at it
        results.put(repr(error))


def test_several_processes_open_a_fresh_project_at_once(project: Project) -> None:
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    processes = [context.Process(target=_open, args=(str(project.folder), start, results)) for _ in range(4)]
    for process in processes:
        process.start()
    start.set()
    assert [results.get(timeout=30) for _ in processes] == [(migrations.VERSION,)] * 4
    for process in processes:
        process.join(10)
    assert not list(project.folder.glob("*.backup-*"))


def test_garbage_instead_of_a_database(project: Project) -> None:
    project.database.write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(StoreError, match="is not a healthy SQLite database"):
        Store(project)
    assert project.database.read_bytes().startswith(b"this is a letter")


def test_statements_keep_triggers_whole() -> None:
    script = "CREATE TABLE t (a); -- note; more\n"
    script += "CREATE TRIGGER r AFTER INSERT ON t BEGIN\n  SELECT 1;\n  SELECT 2;\nEND;\nSELECT 3"
    assert [one.split()[1] for one in migrations.statements(script)] == ["TABLE", "TRIGGER", "3"]


def test_no_descriptor_stays_open_after_a_refusal(project: Project) -> None:
    with Store(project) as store:
        store.connection.execute(f"PRAGMA user_version={migrations.VERSION + 1}")
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(5):
        with pytest.raises(StoreError):
            Store(project)
    after = len(os.listdir("/proc/self/fd")) if before else 0
    assert after == before


#: A project.db that version 2 of the schema wrote: six samples, two of them with a set of labels, and eight acts of anna and
#: ben: labels on which they differ, a note, a corrected text, a rejection that was undone.
VERSION_2 = Path(__file__).parent / "version_2.db.gz"


@pytest.fixture
def old(tmp_path: Path) -> Project:
    project = create(tmp_path / "old", labels=["a", "b", "c"])
    project.database.write_bytes(gzip.decompress(VERSION_2.read_bytes()))
    return project


def test_a_project_of_version_2_keeps_what_people_said(old: Project) -> None:
    with Store(old, durable=True) as store:
        assert store.one("PRAGMA user_version") == (migrations.VERSION,)
        assert store.one("PRAGMA integrity_check") == ("ok",)
        assert store.read("PRAGMA foreign_key_check") == []
        assert [(row.status, row.label, row.text) for row in samples.rows(store, range(1, 7)).values()] == [
            ("accepted", "a", "sample 1 says hello"),
            ("rejected", "b", "sample 2 says hello"),
            ("accepted", ["b", "c"], "sample 3 says hello"),
            ("pending", [], "sample 4 says hello"),
            ("pending", "c", "sample 5 mended"),
            ("pending", "a", "sample 6 says hello"),
        ]
        assert store.read("SELECT sample_id, note FROM opinion WHERE note IS NOT NULL") == [(4, "looks odd")]
        assert store.one("SELECT count(*) FROM annotation") == (9,)
    backup = sqlite3.connect(old.folder / "project.db.backup-2")
    assert backup.execute("PRAGMA user_version").fetchone() == (2,)
    backup.close()


def test_the_lists_of_version_3_are_filled_from_version_2(old: Project) -> None:
    with Store(old) as store:
        assert store.read("SELECT label, sample_id FROM label_set ORDER BY label") == [("b", 3), ("c", 3)]
        assert store.read("SELECT sample_id, people, disagreed FROM spoken ORDER BY 1") == [
            (1, 2, 1), (2, 2, 1), (3, 1, 0),
        ]  # fmt: skip

        def listed(view: str) -> list[int]:
            return list(views.ids(store, views.parse(view)))

        assert listed("disagreed:yes") == [1, 2]
        assert listed("label:c") == [3, 5]
        assert listed("by:ben") == [1, 2, 4]
        assert listed("mended") == [5]
        assert [[one.annotator for one in group] for group in disputes.several(store)] == [["anna", "ben"]] * 2
        assert [(one.name, one.samples, one.decisions, one.seconds_median) for one in people.progress(store)] == [
            ("anna", 3, 3, 2.5), ("ben", 2, 3, 1.5),
        ]  # fmt: skip


def test_work_goes_on_after_the_upgrade(old: Project) -> None:
    with Store(old, durable=True) as store:
        policies.keep_up(store)
        anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
        assert acts.undo(store, ben) is not None  # a rejection of sample 2, done before the upgrade
        assert samples.get(store, 2).status == "accepted"
        acts.apply(store, anna, [1], acts.Change(label="a", status="accepted"), kind="label")
        assert store.read("SELECT sample_id, people, disagreed FROM spoken WHERE disagreed") == []
        acts.apply(store, anna, [3], acts.Change(label=["a"]), kind="label")
        assert store.read("SELECT label, sample_id FROM label_set") == [("a", 3)]
        assert acts.undo(store, anna) is not None
        assert store.read("SELECT label FROM label_set ORDER BY 1") == [("b",), ("c",)]


#: Made with the workbench as it was before evaluations had samples behind their numbers and outputs were compared.
VERSION_3 = Path(__file__).parent / "version_3.db.gz"


@pytest.fixture
def before_evaluation(tmp_path: Path) -> Project:
    project = create(tmp_path / "before", labels=["a", "b", "c"])
    project.database.write_bytes(gzip.decompress(VERSION_3.read_bytes()))
    return project


def test_a_project_of_version_3_keeps_opinions_and_evaluations(before_evaluation: Project) -> None:
    with Store(before_evaluation, durable=True) as store:
        assert store.one("PRAGMA user_version") == (migrations.VERSION,)
        assert store.one("PRAGMA integrity_check") == ("ok",)
        assert store.read("PRAGMA foreign_key_check") == []
        assert store.read(
            "SELECT sample_id, annotator_id, label, status, note, reason, tags FROM opinion ORDER BY 1, 2"
        ) == [
            (1, 1, '"a"', "accepted", None, None, None), (1, 2, '"c"', "accepted", None, None, None),
            (2, 1, None, "rejected", None, "odd", None), (2, 2, None, None, None, None, None),
            (3, 2, None, None, "looks odd", None, '["short","to check"]'), (4, 1, None, None, None, None, None),
        ]  # fmt: skip
        assert store.one("SELECT count(*) FROM annotation") == (10,)
        assert [(row.status, row.label, row.text) for row in samples.rows(store, (1, 2, 4)).values()] == [
            ("accepted", "a", "sample 1 says hello"), ("rejected", "c", "sample 2 says hello"),
            ("pending", "b", "sample 4 mended"),
        ]  # fmt: skip
        [evaluation] = snapshots.evaluations(store)
        assert evaluation["samples"] == 7
        assert evaluation["result"]["metrics"]["benchmark.accuracy"]["details"] == {"confusions": [["a", "b", 2]]}
        assert evaluation["result"]["difference"] == {"value": 0.1, "low": -0.05, "high": 0.25}
        assert [one.name for one in snapshots.newest(store)] == ["first"]
        audit = audits.newest(store)
        assert audit is not None
    backup = sqlite3.connect(before_evaluation.folder / "project.db.backup-3")
    assert backup.execute("PRAGMA user_version").fetchone() == (3,)
    backup.close()


def test_outputs_are_compared_and_samples_stand_behind_numbers_after_the_upgrade(before_evaluation: Project) -> None:
    with Store(before_evaluation, durable=True) as store:
        anna = acts.annotator(store, "anna")
        assert duels.listed(store) == []
        made = duels.create(store, "x", "?", ["a", "b"], [NewDuel("i", 0, 1, "p", "q", 1, 2)])
        [pair] = duels.waiting(store, made.id, anna)
        duels.choose(store, anna, pair, "first")
        behind.save(store, 1, {"benchmark.accuracy/wrong": [3, 1]})
        assert behind.ids(store, 1, "benchmark.accuracy/wrong") == [3, 1]
        undone = acts.undo(store, anna)  # a ruling from before the upgrade
        assert undone is not None
        assert undone.kind == "label"
