"""Queues of several people: nobody works on what somebody else holds, and nothing stays held by who has gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.project import Project, create
from workbench.store import acts, leases, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample

QUEUE = [5, 3, 1, 2, 4]

SITS = """
import sys
from pathlib import Path
from workbench.project import Project
from workbench.store import acts, leases
from workbench.store.connection import Store

with Store(Project(Path(sys.argv[1]))) as store:
    sitting = leases.sit(store, acts.annotator(store, "ben"))
    print(leases.take(store, sitting, [5, 3, 1, 2, 4], 3, overlap=1), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def store(tmp_path: Path):
    with Store(create(tmp_path / "p", labels=["a", "b"])) as opened:
        samples.add(opened, [NewSample({"text": f"text {i}"}, "a") for i in range(5)])
        yield opened


def test_two_people_get_different_samples_in_the_order_of_the_queue(store: Store) -> None:
    anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
    with leases.sit(store, anna) as first, leases.sit(store, ben) as second:
        assert leases.take(store, first, QUEUE, 2, overlap=1) == [5, 3]
        assert leases.take(store, first, QUEUE, 2, overlap=1) == [5, 3]  # what one holds one keeps
        assert leases.take(store, second, QUEUE, 2, overlap=1) == [1, 2]
        assert leases.others(store, ben, QUEUE) == {5, 3}
        leases.release(store, first, [5])
        assert leases.take(store, second, QUEUE, 9, overlap=1) == [5, 1, 2, 4]
        assert [(one.annotator, one.n) for one in leases.held(store)] == [("anna", 1), ("ben", 4)]
    assert leases.held(store) == []


def test_as_many_people_as_are_wanted_get_the_same_sample(store: Store) -> None:
    sittings = [leases.sit(store, acts.annotator(store, name)) for name in ("anna", "ben", "carla")]
    taken = [leases.take(store, one, QUEUE, 2, overlap=2) for one in sittings]
    assert taken == [[5, 3], [5, 3], [1, 2]]
    acts.apply(store, sittings[0].annotator_id, [5], Change(label="b"), kind="label")
    assert leases.take(store, sittings[0], QUEUE, 1, overlap=2) == [3]  # not again what one has decided
    assert leases.renew(store, sittings[0]) == [3]
    assert leases.take(store, sittings[2], [5], 1, overlap=2) == []  # one decided, one holds it
    for one in sittings:
        one.close()
    acts.apply(store, sittings[1].annotator_id, [5], Change(status="rejected"), kind="reject")
    with leases.sit(store, sittings[2].annotator_id) as again:
        assert leases.take(store, again, QUEUE, 9, overlap=2) == [3, 1, 2, 4]  # two have decided on 5


def test_one_person_on_two_terminals_is_not_given_the_same_twice(store: Store) -> None:
    anna = acts.annotator(store, "anna")
    with leases.sit(store, anna) as first, leases.sit(store, anna) as second:
        assert leases.take(store, first, QUEUE, 2, overlap=1) == [5, 3]
        assert leases.take(store, second, QUEUE, 2, overlap=1) == [1, 2]


def test_a_killed_process_frees_its_leases_at_once(store: Store) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SITS, str(store.project.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "[5, 3, 1]\n"
    with leases.sit(store, acts.annotator(store, "anna")) as mine:
        assert leases.take(store, mine, QUEUE, 9, overlap=1) == [2, 4]
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert leases.take(store, mine, QUEUE, 9, overlap=1) == QUEUE
        assert store.read("SELECT count(*) FROM sitting") == [(1,)]


def test_a_lease_ends_with_its_time_and_not_with_another_clock(store: Store) -> None:
    anna, ben = acts.annotator(store, "anna"), acts.annotator(store, "ben")
    with leases.sit(store, anna) as first, leases.sit(store, ben) as second:
        leases.take(store, first, QUEUE, 5, overlap=1)
        for sample, until in ((5, "2020-01-01T00:00:00.000Z"), (3, "2199-01-01T00:00:00.000Z")):
            with store.write() as connection:
                connection.execute("UPDATE lease SET until = ? WHERE sample_id = ?", (until, sample))
        assert leases.take(store, second, QUEUE, 5, overlap=1) == [5, 3]
        assert leases.renew(store, first, [1]) == [1, 2, 3, 4]


def test_a_long_queue_is_read_only_as_far_as_needed(store: Store) -> None:
    looked = []

    def queue():
        for one in range(1, 1_000_000):
            looked.append(one)
            yield one

    with leases.sit(store, acts.annotator(store, "anna")) as sitting:
        assert leases.take(store, sitting, queue(), 3, overlap=1) == [1, 2, 3]
    assert len(looked) < 1_000


def test_the_settings_say_how_long(tmp_path: Path) -> None:
    project = create(tmp_path / "p", labels=["a", "b"])
    assert Project(project.folder).outline.review.lease == 10.0
