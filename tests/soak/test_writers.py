"""Eight annotators and a generate job write at once: nothing lost or doubled, nobody waits long, the job keeps its pace."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.endpoint import start_endpoint
from tests.soak.project import banking, ended, wait
from workbench.pipeline import start
from workbench.pipeline.setting import parameters_of
from workbench.project import Project
from workbench.store import jobs
from workbench.store.connection import Store

pytestmark = pytest.mark.soak
WRITERS, SECONDS, PER_SECOND = 8, 20.0, 4.0
ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import json, sys, time
from pathlib import Path
from workbench.project import Project
from workbench.store.acts import Change, annotator, apply
from workbench.store.connection import Store

folder, name, seconds, rate = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
waits, until = [], time.monotonic() + seconds
with Store(Project(Path(folder)), durable=True) as store:
    me = annotator(store, name)
    ids = [row[0] for row in store.read("SELECT id FROM sample WHERE origin = 'seed' ORDER BY id")]
    while time.monotonic() < until:
        began = time.monotonic()
        apply(store, me, [ids[len(waits) % len(ids)]], Change(status=("accepted", "flagged")[len(waits) % 2]), kind="status")
        waits.append(time.monotonic() - began)
        time.sleep(max(0.0, 1 / rate - waits[-1]))
print(json.dumps(waits))
"""


def rate(
    project: Project, url: str, seed: int, monkeypatch: pytest.MonkeyPatch, writers: int
) -> tuple[float, list[float]]:
    """Samples a second of a job that runs for ``SECONDS``, and all commit times (seconds) of the writers beside it."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with Store(project) as store:
        given = {"model": "openai:test", "count": 100_000, "seed": seed, "learn": False}
        job_id = start.submit(store, "generate", parameters_of(project, given), {"concurrency": 32})
        wait(lambda: (jobs.get(store, job_id).result or {}).get("samples", 0) > 200)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(project.folder), f"person {n}", str(SECONDS), str(PER_SECOND)],
                stdout=subprocess.PIPE,
                cwd=ROOT,
            )
            for n in range(writers)
        ]
        time.sleep(1.0)  # they have started: importing is not what is measured
        before, began = (jobs.get(store, job_id).result or {})["samples"], time.monotonic()
        time.sleep(SECONDS - 3)
        made, took = (jobs.get(store, job_id).result or {})["samples"] - before, time.monotonic() - began
        waits = [wait for process in processes for wait in json.loads(process.communicate()[0])]
        jobs.cancel(store, job_id)
        assert ended(store, job_id).state == "cancelled"
    return made / took, waits


def test_eight_writers_and_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    project = banking(tmp_path / "p")
    with start_endpoint(latency=0.05) as server:
        alone, _ = rate(project, server.url, 1, monkeypatch, 0)
        beside, waits = rate(project, server.url, 2, monkeypatch, WRITERS)
    waits.sort()
    p99, worst = waits[int(len(waits) * 0.99)], waits[-1]
    print(
        f"{len(waits)} annotations, commit p50 {waits[len(waits) // 2] * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, ",
        end="",
    )
    print(f"worst {worst * 1000:.0f} ms; job {alone:.0f}/s alone, {beside:.0f}/s beside them ({beside / alone:.0%})")
    with Store(project) as store:
        assert store.one("SELECT count(*), count(DISTINCT act_id) FROM annotation") == (len(waits), len(waits))
        assert store.one("SELECT count(*) FROM act WHERE applied = total AND kind = 'status'") == (len(waits),)
        assert store.one("PRAGMA integrity_check") == ("ok",)
