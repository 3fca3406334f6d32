"""File locks that prove that a process lives, and who holds them."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.store import locks

HOLD = (
    "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
)


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.held(path)  # no file, no holder
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert locks.held(path)
        if Path("/proc/locks").exists():
            assert locks.holders(path) == [process.pid]
        process.kill()
    assert not locks.held(path)
    assert locks.holders(path) == []


def test_looking_does_not_take_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    assert not locks.held(path)
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # would raise if it were held
        assert locks.held(path)


def test_a_file_that_may_not_be_opened_counts_as_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    path.touch()

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("workbench.store.locks.os.open", refuse)
    assert locks.held(path)
