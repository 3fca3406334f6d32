"""kill -9 of annotators at random moments: what was acknowledged is in the database, once; their leases are free at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.project import Project, create
from workbench.store import acts, leases, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 4_000

PERSON = """
import os, sys
from pathlib import Path
from workbench.project import Project
from workbench.store import acts, leases
from workbench.store.acts import Change
from workbench.store.connection import Store

name, log = sys.argv[2], os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
with Store(Project(Path(sys.argv[1])), durable=True) as store:
    me = acts.annotator(store, name)
    with leases.sit(store, me) as sitting:
        while ids := leases.take(store, sitting, range(1, int(sys.argv[4]) + 1), 5, overlap=1):
            for one in ids:
                os.write(log, f"took {one}\\n".encode())
                acts.apply(store, me, [one], Change(label="b", status="accepted"), kind="label", seconds=1.0)
                os.write(log, f"done {one}\\n".encode())
"""


def person(project: Project, name: str, log: Path, wanted: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PERSON, str(project.folder), name, str(log), str(wanted)], cwd=ROOT)


def made(folder: Path, number: int) -> Project:
    project = create(folder, labels=["a", "b"])
    with Store(project) as store:
        samples.add(store, [NewSample({"text": f"text {n}"}, "a") for n in range(number)])
    return project


def lines(log: Path, word: str) -> list[int]:
    found = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[1]) for line in found if line.startswith(word)]


def check(project: Project, logs: dict[str, Path]) -> int:
    """Everything that was acknowledged is there, nothing twice; returns the number of annotations."""
    total = 0
    with Store(project) as store:
        for name, log in logs.items():
            there = [
                one
                for (one,) in store.read(
                    "SELECT sample_id FROM annotation JOIN annotator ON annotator.id = annotator_id WHERE name = ?",
                    (name,),
                )
            ]
            assert len(there) == len(set(there))
            assert set(lines(log, "done")) <= set(there) <= set(lines(log, "took"))
            total += len(there)
        assert store.one("SELECT count(DISTINCT sample_id) FROM annotation") == (total,)  # nobody did another's
        assert store.one("PRAGMA integrity_check") == ("ok",)
    return total


def test_one_kill_in_the_middle_loses_nothing_and_frees_the_rest(tmp_path: Path) -> None:
    project, logs = made(tmp_path / "p", 40), {name: tmp_path / name for name in ("anna", "ben")}
    first = person(project, "anna", logs["anna"], 40)
    while len(lines(logs["anna"], "done")) < 7:
        assert first.poll() is None
        time.sleep(0.002)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    with Store(project) as store:
        assert leases.held(store) == []
    assert person(project, "ben", logs["ben"], 40).wait() == 0
    assert check(project, logs) == 40


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_random_kills_lose_nothing(tmp_path: Path, seed: int) -> None:
    chance, project = random.Random(seed), made(tmp_path / "p", SAMPLES)
    logs = {f"person {n}": tmp_path / f"log {n}" for n in range(4)}
    living = {name: person(project, name, log, SAMPLES) for name, log in logs.items()}
    for kill in range(20):
        time.sleep(chance.uniform(0.1, 0.8))
        name = chance.choice(list(living))
        ended = living[name].poll() is not None
        living[name].kill()
        living[name].wait()
        if ended:
            break
        done = len(lines(logs[name], "done"))
        print(f"kill {kill + 1}: {name} after {done} acknowledged")
        living[name] = person(project, name, logs[name], SAMPLES)
    for process in living.values():
        process.wait()
    while person(project, name, logs[name], SAMPLES).wait():
        pass
    assert check(project, logs) == SAMPLES
    with Store(project) as store:
        assert leases.held(store) == []
        assert acts.finish_acts(store) == []
