"""Short fair writes, and what is said when the disk or the folder refuses."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import StoreError
from workbench.project import Project, create
from workbench.store import samples, wal
from workbench.store.connection import Store, explain, new_uuid, now
from workbench.store.samples import NewSample

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # fork beside pytest's threads


def test_an_error_rolls_everything_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as connection:  # noqa: PT012 - what stands before the error matters
        connection.execute("INSERT INTO saved_view VALUES ('x', 'y', 'z')")
        raise ZeroDivisionError
    assert store.read("SELECT * FROM saved_view") == []
    samples.add(store, [NewSample({"text": "next"}, "a")])  # and the queue is free again


def test_nested_writes_are_one_transaction(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as outer:  # noqa: PT012
        outer.execute("INSERT INTO saved_view VALUES ('outer', '', '')")
        with store.write() as inner:
            inner.execute("INSERT INTO saved_view VALUES ('inner', '', '')")
        raise ZeroDivisionError
    assert store.read("SELECT * FROM saved_view") == []
    with store.write() as outer, store.write() as inner:
        inner.execute("INSERT INTO saved_view VALUES ('inner', '', '')")
    assert len(store.read("SELECT * FROM saved_view")) == 1


def test_a_full_disk_is_a_sentence_and_the_database_stays_whole(store: Store) -> None:
    samples.add(store, [NewSample({"text": "kept"}, "a")])
    (pages,) = store.one("PRAGMA page_count")
    store.connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreError, match=r"the disk is full; nothing was lost. Free some space"):
        samples.add(store, [NewSample({"text": "x" * 10_000}, "a") for _ in range(50)])
    assert samples.counts(store)["total"] == 1
    store.connection.execute("PRAGMA max_page_count=1000000")
    assert samples.add(store, [NewSample({"text": "y" * 10_000}, "a") for _ in range(50)]) == 50
    assert store.one("PRAGMA integrity_check") == ("ok",)


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = create(tmp_path / "p", labels=["a", "b"])

    def refuse(path: Any, *arguments: Any, **named: Any) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as inner:
        inner.setattr("workbench.store.connection.os.open", refuse)
        with pytest.raises(StoreError, match=r"cannot be written .*check its permissions"):
            Store(project)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    project = create(tmp_path / "p", labels=["a", "b"])
    project.folder.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            Store(project)
    finally:
        project.folder.chmod(0o700)


def test_a_read_only_database(tmp_path: Path) -> None:
    project = create(tmp_path / "p", labels=["a", "b"])
    with Store(project) as store:
        store.connection.execute("PRAGMA query_only=1")
        with pytest.raises(StoreError, match="cannot be written"):
            samples.add(store, [NewSample({"text": "x"}, "a")])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (OSError(28, "No space left on device"), "the disk is full"),
        (OSError(30, "Read-only file system"), "cannot be written"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "cannot be written"),
        (sqlite3.OperationalError("unable to open database file"), "cannot be opened"),
        (sqlite3.DatabaseError("database disk image is malformed"), "is not a healthy SQLite database"),
        (sqlite3.OperationalError("database is locked"), "another program holds the database locked"),
        (sqlite3.OperationalError("disk I/O error"), "the disk reported an error"),
        (sqlite3.OperationalError("something else"), "the database refused (something else)"),
    ],
)
def test_what_the_system_said_becomes_a_sentence(error: Exception, says: str) -> None:
    sentence = str(explain(error, Path("/x/project.db")))
    assert sentence.startswith("/x/project.db: ")
    assert says in sentence


def test_a_foreign_lock_is_waited_for_and_then_named(store: Store) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.connection.execute("PRAGMA busy_timeout=50")
    with pytest.raises(StoreError, match="another program holds the database locked"):
        samples.add(store, [NewSample({"text": "x"}, "a")])
    other.execute("ROLLBACK")
    other.close()
    assert samples.add(store, [NewSample({"text": "x"}, "a")]) == 1


def _writer(folder: str, name: str, until: float, results: Any) -> None:
    with Store(Project(Path(folder))) as store:
        done, longest = 0, 0.0
        while time.monotonic() < until:
            began = time.monotonic()
            with store.write() as connection:
                connection.execute("INSERT INTO saved_view VALUES (?, '', '')", (f"{name}-{done}",))
            longest = max(longest, time.monotonic() - began)
            done += 1
        results.put((done, longest))


def test_nobody_starves_among_several_writers(store: Store) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    until = time.monotonic() + 1.0
    folder = str(store.project.folder)
    processes = [context.Process(target=_writer, args=(folder, str(n), until, results)) for n in range(4)]
    for process in processes:
        process.start()
    found = [results.get(timeout=30) for _ in processes]
    for process in processes:
        process.join(10)
    assert all(done > 0 for done, _ in found)
    assert store.one("SELECT count(*) FROM saved_view") == (sum(done for done, _ in found),)


def test_another_connection_shows_in_the_data_version(store: Store) -> None:
    before = store.data_version()
    samples.add(store, [NewSample({"text": "mine"}, "a")])
    assert store.data_version() == before  # one's own commits do not count
    with store.clone() as other:
        samples.add(other, [NewSample({"text": "theirs"}, "a")])
    assert store.data_version() != before


def test_people_s_work_is_synced_and_a_job_s_is_not(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    sync = os.fdatasync

    def counted(descriptor: int) -> None:
        queue = os.open(store.project.locks / "writers", os.O_RDWR)
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody waits in the queue for somebody's disk
        finally:
            os.close(queue)
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}").endswith("project.db-wal"))
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", counted)
    samples.add(store, [NewSample({"text": "a job's"}, "a")])
    assert synced == []
    with store.clone(durable=True) as durable:
        samples.add(durable, [NewSample({"text": "a person's"}, "a")])
    assert synced == [True]


def test_a_disk_that_refuses_is_said_in_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with store.clone(durable=True) as durable:
        monkeypatch.setattr(os, "fdatasync", broken)
        with pytest.raises(StoreError, match=r"project\.db"):
            samples.add(durable, [NewSample({"text": "a person's"}, "a")])


def test_the_log_is_checkpointed_beside_the_writers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "EVERY", 0.0)
    monkeypatch.setattr(wal, "LONG", 1)
    text = "x" * 10_000
    for _ in range(4):
        samples.add(store, [NewSample({"text": text}, "a") for _ in range(100)])
        for thread in threading.enumerate():
            if thread.name == "checkpoint":
                thread.join()
    assert wal.log_of(store.path).stat().st_size >= wal.SMALL
    busy, pages, done = store.read("PRAGMA wal_checkpoint(PASSIVE)")[0]
    assert (busy, pages) == (0, done)
    samples.add(store, [NewSample({"text": "begins the log anew"}, "a")])
    assert store.read("PRAGMA wal_checkpoint(PASSIVE)")[0][1] < 100


def test_times_and_uuids_sort() -> None:
    assert now() <= now()
    assert now().endswith("Z")
    assert len(now()) == 24
    assert len({new_uuid() for _ in range(1000)}) == 1000


def test_an_error_about_another_file_is_not_the_database_s(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"other\.txt"), store.write():
        (tmp_path / "other.txt").read_text()
    with pytest.raises(StoreError, match="no such table"), store.write() as connection:
        connection.execute("SELECT * FROM no_such_place")
    assert samples.add(store, [NewSample({"text": "next"}, "a")]) == 1
