"""kill -9 of the screen while a label key is held: what it showed as done is in the database, once; it goes on there."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="this system has no pseudo-terminals")

from tests.tui.terminal import Terminal
from workbench.project import Project, create
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

pytestmark = pytest.mark.soak
KILLS = 12
HELD = 0.02  # seconds between two repeats of a held key


def decided(project: Project) -> list[int]:
    """Numbers of the samples that somebody decided on, one for each annotation."""
    with Store(project) as store:
        assert store.one("PRAGMA integrity_check") == ("ok",)
        return [int(row[0]) for row in store.read("SELECT sample_id FROM annotation ORDER BY id")]


def hold(terminal: Terminal, seconds: float) -> set[int]:
    """Hold the key 1 down; what is shown as accepted meanwhile."""
    shown: set[int] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.press(b"1")
        after = time.monotonic() + HELD
        while (left := after - time.monotonic()) > 0:
            terminal.read(left)
            shown |= {number for number, sign in terminal.rows().items() if sign == "+"}
    return shown


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_shown_as_done_survives_kills(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    project = create(tmp_path / "p", labels=["a", "b", "c"])
    with Store(project) as store:
        samples.add(store, [NewSample({"text": f"sample number {n}"}, "b") for n in range(5_000)])
    done: list[int] = []
    for kill in range(KILLS):
        with Terminal(["open", str(project.folder), "--as", "anna"], settings=tmp_path / "settings") as terminal:
            terminal.until(lambda: terminal.cursor() is not None)
            assert terminal.cursor() == len(done) + 1  # it goes on with the first sample that was not done
            shown = hold(terminal, chance.uniform(0.1, 2.5))
            terminal.process.send_signal(signal.SIGKILL)
            terminal.process.wait()
            terminal.rest()
            shown |= {number for number, sign in terminal.rows().items() if sign == "+"}
            head = terminal.text()[0]
        before, done = len(done), decided(project)
        counted = int(head.split(" of ")[0].split()[-1].replace(",", "")) if " of " in head else 0
        print(f"kill {kill + 1}: {len(done) - before} committed, {len(shown)} shown as accepted, header {counted}")
        assert shown <= set(done)
        assert counted <= len(done)
        assert done == list(range(1, len(done) + 1))  # each once, none left out
    assert len(done) > KILLS
    with Store(project) as store:
        assert samples.counts(store)["accepted"] == len(done)
