"""The schema's steps: a fresh database, an upgrade with a backup, a newer one refused."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.project import Project, create
from workbench.store import migrations, samples
from workbench.store.connection import Store
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
