"""A curate job that is killed at any of its writes: what it replaced comes back, and nothing of it counts as earlier."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import add
from workbench.jobs.run import run as run_job
from workbench.pipeline.process import _KINDS, _loader
from workbench.project import Project
from workbench.store import acts, in_force, jobs
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.jobs import Job

TEXTS = (
    "refund me at jo@firm.de please",
    "Refund me at jo@firm.de please",
    "ok",
    "where is my money",
    "call jo@firm.de",
)
FIRST = ["exact_duplicate", "redact:apply=0", "inverse_frequency"]
SECOND = ["length:min_words=4", "redact:apply=0,kinds=email", "label_smoothing", "inverse_frequency:smoothing=2"]
THIRD = ["length:min_words=2"]
ORDERED = "sample_id, 2"
IN_FORCE = {
    "sample": "SELECT id, label, status, fields, text, dropped, hash FROM sample ORDER BY id",
    "verdict": f"SELECT sample_id, filter, reason, value, other_id FROM verdict WHERE active ORDER BY {ORDERED}",
    "weight": f"SELECT sample_id, technique, value, reason FROM weight WHERE active ORDER BY {ORDERED}",
    "repair": f"SELECT sample_id, technique, label, fields, soft, applied FROM repair WHERE active ORDER BY {ORDERED}",
}

Copy = Callable[[Path], Path]


class Killed(BaseException):
    """Stands for kill -9: nothing of the job runs after it."""


@contextmanager
def killed_at(place: int) -> Iterator[None]:
    """The process dies before its ``place``-th transaction, which the first is of what runs inside."""
    real, writes = Store.write, count(1)

    def write(self: Store) -> Any:
        if not self._depth and next(writes) >= place:
            raise Killed
        return real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "write", write)
        with pytest.raises(Killed):
            yield


def go(folder: Path, number: int | None = None, *, kill: int = 0, **parameters: Any) -> Job:
    """Run (or resume) a curate job in a folder; with ``kill`` it dies before that transaction."""
    with Store(Project(folder)) as store:
        if number is None:
            number = jobs.create(store, "curate", parameters)
        else:
            with store.write() as connection:
                jobs.requeue(connection, number)
        with killed_at(kill) if kill else nullcontext():
            run_job(Project(folder), number, {one: _loader(one) for one in _KINDS})
        jobs.mark_interrupted(store)
        return jobs.get(store, number)


def in_force_in(folder: Path) -> dict[str, Any]:
    with Store(Project(folder)) as store:
        return {name: store.read(sql) for name, sql in IN_FORCE.items()}


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Copy:
    numbers = count()

    def make(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / f"copy-{next(numbers)}"))

    return make


@pytest.fixture
def curated(store: Store) -> Path:
    """A project with the first chain in force, and a person's word on sample 4."""
    add(store, *TEXTS)
    acts.apply(store, acts.annotator(store, "me"), [4], Change(label="lost_card"), kind="label")
    assert go(store.project.folder, chain=FIRST).state == "done"
    return store.project.folder


def places(folder: Path, copy: Copy, step: int = 1, **parameters: Any) -> Iterator[tuple[Path, Job]]:
    """Copies of a project in which a job was killed before its first write, its second (or ``step`` later), to its last."""
    for place in count(2, step):  # the first says that it has begun
        killed = copy(folder)
        try:
            job = go(killed, kill=place, **parameters)
        except pytest.fail.Exception:  # it came to its end
            return
        assert job.state == "interrupted"
        yield killed, job


def test_whatever_was_written_resuming_finishes_it_and_undo_brings_back_what_was(curated: Path, copy: Copy) -> None:
    before, whole = in_force_in(curated), copy(curated)
    assert go(whole, chain=SECOND).state == "done"
    after, begun = in_force_in(whole), 0
    for killed, job in places(curated, copy, 4, chain=SECOND):
        with Store(Project(killed)) as store:
            replacing = "replaces" in jobs.get(store, job.id).limits
        begun += replacing
        resumed = copy(killed)
        assert go(resumed, job.id).state == "done"
        assert in_force_in(resumed) == after
        go(resumed, undo=True)
        assert in_force_in(resumed) == before
        if replacing:
            go(killed, undo=True)
            assert in_force_in(killed) == before
    assert begun > 1


def test_the_next_curation_does_not_take_half_of_one_for_what_was_before_it(curated: Path, copy: Copy) -> None:
    before, whole = in_force_in(curated), copy(curated)
    go(whole, chain=SECOND)
    second = in_force_in(whole)
    for killed, job in places(curated, copy, 4, chain=SECOND):
        go(killed, chain=THIRD)
        third = in_force_in(killed)
        assert {row[1] for row in third["verdict"]} == {"length"}
        assert (third["weight"], third["repair"]) == ([], [])
        go(killed, job.id)  # the one that was cut off, after all: now it comes last
        assert in_force_in(killed) == second
        for expected in (third, before):
            go(killed, undo=True)
            assert in_force_in(killed) == expected


def test_an_undo_that_was_cut_off_does_not_go_on_to_the_curation_before(curated: Path, copy: Copy) -> None:
    before = in_force_in(curated)
    go(curated, chain=SECOND)
    for killed, job in places(curated, copy, 2, undo=True):
        go(killed, job.id)
        assert in_force_in(killed) == before


def test_what_only_a_cut_off_attempt_said_does_not_come_back_with_its_job(curated: Path, copy: Copy) -> None:
    for killed, job in places(curated, copy, 5, chain=SECOND):
        with Store(Project(killed)) as store:
            acts.apply(store, acts.annotator(store, "me"), [3], Change(status="rejected"), kind="reject")
        go(killed, job.id)
        resumed = in_force_in(killed)
        assert 3 not in [row[0] for row in resumed["verdict"]]
        go(killed, chain=THIRD)
        go(killed, undo=True)
        assert in_force_in(killed) == resumed


def test_the_check_of_new_samples_is_undone_with_its_curation_also_when_it_was_resumed(
    store: Store, copy: Copy
) -> None:
    add(store, *TEXTS)
    add(store, "hm", "well")
    before = in_force_in(store.project.folder)
    go(store.project.folder, chain=THIRD)
    add(store, "no", "ho")
    for killed, job in places(store.project.folder, copy, 2, new=True):
        resumed = go(killed, job.id)
        assert resumed.result is not None
        assert resumed.result["dropped"] == {"length": 2}
        go(killed, undo=True)
        with Store(Project(killed)) as opened:
            assert in_force.jobs_in_force(opened) == []
        assert {name: rows[: len(before[name])] for name, rows in in_force_in(killed).items()} == before
