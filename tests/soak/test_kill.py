"""kill -9 of the job at ten random moments, and the line going dead: no answer is lost, little is asked twice."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.endpoint import start_endpoint
from tests.soak.project import banking, ended, wait
from workbench.pipeline import start
from workbench.pipeline.setting import parameters_of
from workbench.store import jobs
from workbench.store.connection import Store

pytestmark = pytest.mark.soak
CONCURRENCY = 32


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_kills_lose_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    chance, wanted = random.Random(seed), 6_000
    project = banking(tmp_path / "p")
    with start_endpoint(latency=0.05, vary=True) as server, Store(project) as store:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        parameters = parameters_of(project, {"model": "openai:test", "count": wanted, "learn": False})
        job_id = start.submit(store, "generate", parameters, {"concurrency": CONCURRENCY})
        for kill in range(10):
            time.sleep(chance.uniform(0.2, 2.0))
            job = jobs.get(store, job_id)
            assert job.state != "done", "the job ended before it was killed ten times: make it longer"
            if job.pid is not None and jobs.lives(project, job_id):
                os.kill(job.pid, signal.SIGKILL)
            wait(lambda: not jobs.lives(project, job_id))
            jobs.mark_interrupted(store)
            answers = {row[0] for row in store.read("SELECT text FROM answer")}
            print(f"kill {kill + 1}: {server.stats()['ok']} answered by the endpoint, {len(answers)} committed")
            start.resume(store, job_id)
            wait(lambda: jobs.lives(project, job_id))
        done = ended(store, job_id)
        assert done.state == "done", done.error
        stats = server.stats()
        repeated = stats["ok"] - wanted
        print(f"{stats['ok']} answered for {wanted} samples: {repeated} asked again, {repeated / 10:.1f} per kill")
        assert 0 <= repeated <= 10 * CONCURRENCY
        assert store.one("SELECT count(*), count(DISTINCT request_id) FROM sample WHERE origin = 'synthetic'") == (
            wanted,
            wanted,
        )
        assert store.one("SELECT count(*), min(ordinal), max(ordinal) FROM request") == (wanted, 0, wanted - 1)
        assert store.one("PRAGMA integrity_check") == ("ok",)
        labels = Counter(
            dict(store.read("SELECT label_key, count(*) FROM sample WHERE origin = 'synthetic' GROUP BY 1"))
        )
        assert set(labels.values()) == {wanted // 12}


def test_the_job_outlives_its_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = banking(tmp_path / "p")
    with start_endpoint(latency=0.05) as server, Store(project) as store:
        line, terminal = pty.openpty()
        command = subprocess.Popen(
            [
                *(sys.executable, "-m", "workbench.cli", "generate", str(project.folder), "--recipe", "zerogen"),
                *("--count", "1500", "--model", "openai:test", "--concurrency", "32"),
            ],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"},
            preexec_fn=_own_terminal,
        )
        os.close(terminal)
        wait(lambda: server.stats()["ok"] > 200)
        (job,) = jobs.newest(store, kind="generate")
        os.close(line)  # the terminal is gone: SIGHUP to its session, errors for who writes to it
        os.killpg(command.pid, signal.SIGHUP)
        assert command.wait(20) != 0
        assert jobs.lives(project, job.id)
        done = ended(store, job.id)
        assert (done.state, done.result and done.result["kept"]) == ("done", 1500)
        assert server.stats()["ok"] == 1500


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
