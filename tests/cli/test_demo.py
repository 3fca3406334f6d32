"""The demo with real background processes, once; what it leaves behind is looked at from all sides."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project
from workbench.store import jobs, ledger, samples
from workbench.store.connection import Store

COUNT = 150


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    """``workbench demo DIR --count 150 --json`` in a process of its own, without a terminal; once for all workers."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = base / "demo", base / "demo-ran"
    environment = {**os.environ, "WORKBENCH_CONFIG": str(base / "user")}
    command = [sys.executable, "-m", "workbench.cli", "demo", str(folder), "--count", str(COUNT), "--json"]
    with (base / "demo-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            ran = subprocess.run(
                command, capture_output=True, check=False, env=environment, stdin=subprocess.DEVNULL, timeout=240
            )
            done.write_text(json.dumps([ran.returncode, ran.stdout.decode(), ran.stderr.decode()]))
    status, out, err = json.loads(done.read_text())
    return folder, subprocess.CompletedProcess(command, status, out.encode(), err.encode())


def test_it_ends_with_the_evaluation_as_one_object(demo) -> None:
    _, ran = demo
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.count(b"\n") == 1
    evaluated = json.loads(ran.stdout)
    assert evaluated["before"]["samples"] == COUNT
    assert 0 < evaluated["samples"] <= COUNT
    assert evaluated["metrics"]["benchmark.accuracy"]["value"] > 0.3
    assert (
        evaluated["metrics"]["faithfulness.auxiliary"]["low"] <= evaluated["metrics"]["faithfulness.auxiliary"]["value"]
    )
    assert b"generated: 150 new samples, 150 kept in all" in ran.stderr
    assert b"\x1b" not in ran.stderr
    assert b"Traceback" not in ran.stderr


def test_all_counts_agree(demo, workbench: Workbench) -> None:
    folder, ran = demo
    with Store(Project(folder)) as store:
        counts = samples.counts(store)
        curated = next(job for job in jobs.newest(store) if job.kind == "curate").result
        assert ledger.spent(store) == (0, False)
    assert counts["synthetic"] == curated["checked"] == COUNT
    assert counts["dropped"] == sum(curated["dropped"].values()) == COUNT - curated["kept"]
    assert json.loads(ran.stdout)["samples"] == counts["in_data_set"] == curated["kept"]
    assert workbench("query", folder, "set:yes", "--count", "--json").object["count"] == curated["kept"]
    assert workbench("query", folder, "dropped:yes", "--count", "--json").object["count"] == counts["dropped"]


def test_every_sample_explains_itself(demo, workbench: Workbench) -> None:
    folder, _ = demo
    (row,) = workbench("query", folder, "origin:synthetic", "--limit", 1, "--explain").rows
    assert row["origin_request"]["recipe"] == "zerogen"
    assert row["origin_request"]["model"] == "embedded"
    assert row["origin_request"]["answer"]
    assert row["scores"]["confidence"] <= 0
    assert row["conditions"]["label"] == row["original_label"]


def test_the_same_command_again_repeats_no_request(demo, workbench: Workbench) -> None:
    """With a real job process: what comes back is the ledger's, not the model's."""
    folder, _ = demo
    again = workbench("generate", folder, "--recipe", "zerogen", "--count", COUNT, "--json").object
    assert (again["state"], again["requests"], again["samples"], again["kept"]) == ("done", 0, 0, COUNT)


def test_a_detached_job_is_followed_by_jobs(demo, workbench: Workbench) -> None:
    folder, _ = demo
    ran = workbench("curate", folder, "--preview", "--detach", "--json")
    assert ran.object["state"] == "queued"
    from workbench.cli import watch
    from workbench.cli.output import Output

    with Store(Project(folder)) as store:
        assert watch.follow(store, ran.object["job"], Output(quiet=True)).state == "done"
    listed = {one["id"]: one for one in workbench("jobs", folder, "--json").object["jobs"]}
    assert listed[ran.object["job"]]["result"]["preview"] is True
    assert not any(one["state"] in ("failed", "interrupted") for one in listed.values())
