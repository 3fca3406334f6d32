"""``workbench jobs``: watching, controlling and looking at what failed. Rows are written; no model is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Workbench
from workbench.cli.job_lines import remark as last_column
from workbench.pipeline import start
from workbench.project import Project
from workbench.store import jobs, ledger, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

RESULT = {
    "requests": 5, "answers": 4, "cached": 0, "retried": 1, "repaired": 1, "failed": 3, "samples": 2, "kept": 2,
    "reasons": {"no label": 2, "http 400": 1}, "input_tokens": 100, "output_tokens": 20, "cost": 0.003, "seconds": 2.0,
}  # fmt: skip
PARAMETERS = {"recipe": "zerogen", "count": 60, "model": "openai:x", "seed": 0, "parameters": {"temperature": 1.0}}


def asked(ordinal: int, answer: str | None, reason: str | None) -> ledger.Asked:
    return ledger.Asked(
        ordinal, [{"role": "user", "content": f"Write number {ordinal}.\nOnly the text."}], {}, {"label": "refund"}, {},
        ordinal, 2, f"{ordinal:064x}", answer_text=answer, answer_model="x", finish_reason="stop" if answer else None,
        input_tokens=20, output_tokens=4, cost=0.0005, reason=reason,
    )  # fmt: skip


@pytest.fixture
def job_of(folder: Path) -> Iterator[Any]:
    """``job_of(state)``: a generate job with two samples and three failed requests, by default done."""
    held: list[int] = []

    def make(state: str = "done", *, lives: bool = False, failing: bool = True, **limits: Any) -> int:
        with Store(Project(folder)) as store:
            job_id = jobs.create(store, "generate", PARAMETERS, {"concurrency": 8, **limits})
            jobs.start(store, job_id)
            if lives:
                lock = jobs.hold(store.project, job_id)
                assert lock is not None
                held.append(lock)
            jobs.progress(store, job_id, 2, 60, "asking", RESULT if failing else {**RESULT, "failed": 0, "reasons": {}})
            if state in jobs.ENDED:
                jobs.finish(store, job_id, state, result=None, error=None)
            samples.add(store, [NewSample({"text": f"refund {n}"}, "refund", job_id=job_id) for n in range(2)])
            if failing:
                series = ledger.series(store, "zerogen", {}, "openai:x", 0)
                given = [asked(0, "{broken", None), asked(1, "{too", None), asked(2, None, "http 400")]
                with store.write() as connection:
                    ids = ledger.record(connection, ledger.Prompts(), series, job_id, given)
                    ledger.mark(connection, [(one, "failed", "no label") for one in ids[:2]])
        return job_id

    yield make
    for lock in held:
        os.close(lock)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of jobs whose process would have been started."""
    found: list[int] = []
    monkeypatch.setattr(start, "launch", lambda _store, job_id, _module: found.append(job_id))
    return found


def row(folder: Path, job_id: int) -> jobs.Job:
    with Store(Project(folder)) as store:
        return jobs.get(store, job_id)


# Looking


def test_the_list_leaves_out_what_serves_the_runs(workbench: Workbench, folder: Path, job_of: Any) -> None:
    job_of()
    with Store(Project(folder)) as store:
        jobs.create(store, "learn", {})
    listed = workbench("jobs", folder, "--json").object["jobs"]
    assert [(one["id"], one["recipe"], one["state"], one["cost"]) for one in listed] == [(1, "zerogen", "done", 0.003)]
    assert len(workbench("jobs", folder, "--all", "--json").object["jobs"]) == 2
    assert "zerogen" in workbench("jobs", folder).out


def test_an_empty_list_says_where_the_rest_is(workbench: Workbench, folder: Path) -> None:
    assert "--all shows imports and learning too" in workbench("jobs", folder).out


def test_show_has_figures_limits_failures_and_the_yield(workbench: Workbench, folder: Path, job_of: Any) -> None:
    job_of(budget=2.5)
    ran = workbench("jobs", folder, "show", 1)
    for part in ("8 at once, $2.50", "retried 1, repaired 1, failed 3", "0.40 for each request", "failed: 2 no label",
                 "$0.0015 for each kept sample (nobody has accepted one yet)"):  # fmt: skip
        assert part in ran.out
    workbench("label", folder, "--accept", "--view", "id:1")
    shown = workbench("jobs", folder, "show", 1, "--json").object
    assert (shown["kept_here"], shown["kept_per_request"], shown["accepted"]) == (2, 0.4, 1)
    assert (shown["cost_each"], shown["cost_each_of"]) == (0.003, "accepted")
    assert shown["reasons"] == {"no label": 2, "http 400": 1}


def test_show_has_a_line_for_each_endpoint(workbench: Workbench, folder: Path, job_of: Any) -> None:
    job_of()
    lanes = [
        {
            "host": "a:1",
            "model": "openai:x",
            "answers": 7,
            "flying": 3,
            "width": 4,
            "waiting": "rate limit",
            "reason": "",
        },
        {
            "host": "b:2",
            "model": "openai:y",
            "answers": 9,
            "flying": 0,
            "width": 4,
            "waiting": "",
            "reason": "http 401",
        },
    ]
    with Store(Project(folder)) as store:
        jobs.finish(store, 1, "done", result={**RESULT, "lanes": lanes}, error=None)
    out = workbench("jobs", folder, "show", 1).out
    assert "endpoint a:1 openai:x: 7 answers, 3 of 4 at once, rate limit" in out
    assert "endpoint b:2 openai:y: 9 answers, 0 of 4 at once, http 401" in out


def test_failures_show_what_was_sent_and_what_came_back(workbench: Workbench, folder: Path, job_of: Any) -> None:
    job_of()
    out = workbench("jobs", folder, "failures", 1).out
    assert out.startswith("2 no label\n1 http 400\n\nrequest 0: no label, 2 attempts\n  user:     Write number 0.\n")
    assert "  answer:   {broken (ended: stop)" in out
    found = workbench("jobs", folder, "failures", 1, "--reason", "http 400", "--json").object
    assert found["reasons"] == {"no label": 2, "http 400": 1}
    (one,) = found["failures"]
    assert (one["ordinal"], one["reason"], one["attempts"], one["answers"]) == (2, "http 400", 2, [])
    assert one["prompt"][0]["content"] == "Write number 2.\nOnly the text."
    first = workbench("jobs", folder, "failures", 1, "--limit", 1, "--json").object["failures"]
    assert first[0]["answers"][0]["text"] == "{broken"
    assert "1 of 3 shown" in workbench("jobs", folder, "failures", 1, "--limit", 1).out


def test_a_run_without_failures_says_so(workbench: Workbench, folder: Path, job_of: Any) -> None:
    job_of(failing=False)
    assert workbench("jobs", folder, "failures", 1).out == "Job 1 has no failed requests.\n"


# Watching


@pytest.mark.parametrize(("state", "status"), [("done", 3), ("cancelled", 130), ("failed", 1), ("interrupted", 1)])
def test_watch_ends_as_generate_does(workbench: Workbench, folder: Path, job_of: Any, state: str, status: int) -> None:
    job_of(state)
    ran = workbench("jobs", folder, "watch", 1)
    assert ran.status == status
    assert bool(ran.out) == (state in ("done", "cancelled"))
    if state == "done":
        assert "1 requests failed and 2 answers gave none" in ran.out


def test_control_c_leaves_a_watched_job_alone(
    workbench: Workbench, folder: Path, job_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_of("running", lives=True)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.cli.watch.time.sleep", interrupt)
    ran = workbench("jobs", folder, "watch", 1)
    assert ran.status == 130
    assert ran.err == "Job 1 goes on; `workbench jobs cancel 1` stops it.\n"
    assert not row(folder, 1).cancel


def test_what_stands_behind_the_bar(job_of: Any, folder: Path) -> None:
    from workbench.cli.watch import remark

    job_of("running", lives=True)
    with Store(Project(folder)) as store:
        live = {**RESULT, "rate": 4.0, "waiting": "rate limit"}
        jobs.progress(store, 1, 2, 60, "asking", live)
    # 58 samples are missing, and four answers gave two: 116 answers at 4/s.
    assert remark(row(folder, 1)) == "4.0/s  0:29 left  $0.0030  1 repaired  3 failed  waits for rate limit"


# Control


def test_pause_and_resume_a_running_job(workbench: Workbench, folder: Path, job_of: Any, launched: list[int]) -> None:
    job_of("running", lives=True)
    assert workbench("jobs", folder, "pause", 1, "--json").object["paused"] is True
    assert row(folder, 1).limits["paused"] is True
    ran = workbench("jobs", folder, "pause", 1)
    assert (ran.status, ran.err) == (2, "Job 1 is paused already; `workbench jobs resume 1` goes on.\n")
    assert workbench("jobs", folder, "resume", 1, "--json").object == {"resumed": [1]}
    assert "paused" not in row(folder, 1).limits
    assert launched == []
    assert "is running" in workbench("jobs", folder, "resume", 1).err


def test_resume_starts_what_has_ended_and_forgets_its_pause(
    workbench: Workbench, folder: Path, job_of: Any, launched: list[int]
) -> None:
    for state in ("interrupted", "failed", "cancelled"):
        job_of(state, failing=False, paused=True)
    assert workbench("jobs", folder, "resume", "--json").object == {"resumed": [1]}
    assert workbench("jobs", folder, "resume", 2).status == 0
    assert workbench("jobs", folder, "resume", 3).status == 0
    assert launched == [1, 2, 3]
    assert all("paused" not in row(folder, one).limits for one in (1, 2, 3))


def test_a_job_that_waits_for_batches_is_looked_at_again_but_not_paused(
    workbench: Workbench, folder: Path, job_of: Any, launched: list[int]
) -> None:
    job_of()
    with Store(Project(folder)) as store:
        jobs.finish(store, 1, "waiting", result=None, error=None)
    assert "Job 1 waits for its batches and asks nothing" in workbench("jobs", folder, "pause", 1).err
    assert workbench("jobs", folder, "resume", "--json").object == {"resumed": [1]}
    assert launched == [1]


def test_set_says_what_was_and_what_is(workbench: Workbench, folder: Path, job_of: Any) -> None:
    job_of("failed", budget=2.5)
    ran = workbench("jobs", folder, "set", 1, "--budget", 5, "--concurrency", 32)
    assert ran.out == (
        "Job 1: 8 at once -> 32 at once\nJob 1: $2.50 -> $5.00\nIt does not run (failed); `workbench jobs resume 1` goes on.\n"
    )
    changed = workbench("jobs", folder, "set", 1, "--budget", "none", "--tokens", 50_000, "--json").object
    assert (changed["before"], changed["after"]) == (
        {"budget": 5.0, "tokens": None},
        {"budget": None, "tokens": 50_000},
    )
    assert row(folder, 1).limits == {"concurrency": 32, "tokens": 50_000}


def test_retry_asks_only_those_again(workbench: Workbench, folder: Path, job_of: Any, launched: list[int]) -> None:
    job_of(budget=2.5, wanted=60, series=1)
    assert workbench("jobs", folder, "retry", 1, "--reason", "no label", "--detach", "--json").object["job"] == 2
    assert launched == [2]
    again = row(folder, 2)
    assert again.parameters == {**PARAMETERS, "again_of": 1, "reasons": ["no label"]}
    assert again.limits == {
        "concurrency": 8,
        "budget": 2.5,
    }  # what was wanted of the first run is not wanted of this one
    assert workbench("jobs", folder, "retry", 1, "--detach").status == 0
    assert row(folder, 3).parameters["reasons"] is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pause", 1), "Job 1 is done: only a job under way can be paused."),
        (("resume", 1), "Job 1 is done; there is nothing to resume."),
        (("cancel", 1), "Job 1 has ended already."),
        (("set", 1), "Say what to set"),
        (("set", 1, "--budget", 2), "Job 1 is done: it asks nothing any more."),
        (("set", 1, "--budget", 0), "budget 0 should be more than 0."),
        (("set", 1, "--concurrency", 5000), "concurrency 5000 should be between 1 and 1,024."),
        (("set", 1, "--tokens", "many"), "many"),
        (("failures", 1, "--reason", "no"), "failed for 'no'; there are: no label, http 400."),
        (("failures", 1, "--limit", 0), "--limit 0 should be at least 1."),
        (("failures", 2), "Job 2 is a job of kind learn, which has no requests"),
        (("pause", 2), "Job 2 is a job of kind learn"),
        (("retry", 1, "--reason", "no"), "failed for 'no'; there are: no label, http 400."),
        (("retry", 3), "Job 3 is running: its failed requests can be asked again once it has ended."),
        (("retry", 4), "Job 4 has no failed requests."),
        (("set", 5, "--budget", 2), "The price of openai:x is not known"),
        (("show", 9), "there is no job 9"),
        (("watch", 9), "there is no job 9"),
        (("log", 9), "there is no job 9"),
        (("pause",), "Say which job: workbench jobs pause ID."),
        (("pause", 1, "--budget", 2), "--budget belongs to jobs set."),
        (("show", 1, "--all"), "--all belongs to the list."),
        (("stop", 1), "there are show, watch, pause, resume, set, cancel, failures, retry and log."),
        (("show", 1, 2), "Too many words"),
    ],
)
def test_wishes_that_cannot_be_meant(
    workbench: Workbench, folder: Path, job_of: Any, words: tuple[Any, ...], says: str
) -> None:
    job_of()
    with Store(Project(folder)) as store:
        jobs.create(store, "learn", {})
    job_of("running", lives=True, failing=False)
    job_of(failing=False)
    job_of("failed", failing=False)
    with Store(Project(folder)) as store:
        jobs.finish(store, 5, "failed", result={**RESULT, "cost": None}, error="the endpoint is gone")
    ran = workbench("jobs", folder, *words)
    assert ran.status in (1, 2), ran
    assert says in ran.err
    assert (ran.out, ran.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(("name", "value"), [("--requests", 0), ("--tokens", -1)])
def test_generate_refuses_budgets_that_are_none(workbench: Workbench, folder: Path, name: str, value: int) -> None:
    ran = workbench("generate", folder, "--count", 4, name, value)
    assert (ran.status, ran.err) == (2, f"{name} {value} should be at least 1.\n")


def test_generate_hands_its_budgets_to_the_job(
    workbench: Workbench, folder: Path, launched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.cli.work.refuse_early", lambda *_: None)
    workbench("generate", folder, "--count", 4, "--model", "openai:x", "--requests", 100, "--tokens", 5000, "--detach")
    assert row(folder, 1).limits == {"concurrency": 64, "budget": None, "requests": 100, "tokens": 5000}


def test_the_list_ends_with_what_a_job_waits_for_or_what_failed(folder: Path, job_of: Any) -> None:
    job_of()
    job = replace(row(folder, 1), note="asking")
    assert last_column(job) == "failed: 2 no label, 1 http 400"
    running = replace(job, state="running", result={**RESULT, "waiting": "rate limit"})
    assert last_column(running) == "waits for rate limit"
    assert last_column(replace(running, result=RESULT)) == "asking"
    assert last_column(replace(running, limits={"paused": True})) == ""
    assert last_column(replace(running, error="It broke.")) == "It broke."
    assert last_column(replace(running, state="done", result={}, note="writing the data card")) == ""
