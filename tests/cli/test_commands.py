"""Commands: their exit statuses, what they print where, and what they refuse."""

from __future__ import annotations

import importlib
import inspect
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Workbench
from workbench.cli import parser, parsing, watch
from workbench.pipeline import start
from workbench.project import Project
from workbench.store import jobs, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

MODULES = (
    "agreeing",
    "auditing",
    "choosing",
    "comparing",
    "curating",
    "data",
    "jobs",
    "keys",
    "making",
    "measuring",
    "people",
    "reporting",
    "running",
    "screen",
    "task",
    "techniques",
    "touring",
    "versions",
    "work",
)


def fill(folder: Path, n: int = 4) -> None:
    with Store(Project(folder)) as store:
        samples.add(
            store, [NewSample({"text": f"where is card {i}"}, ["lost_card", "refund"][i % 2]) for i in range(n)]
        )


def write(path: Path, *rows: Any) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


SEEDS = [{"text": f"my card number {i} is lost", "label": "lost_card"} for i in range(6)]
SEEDS += [{"text": f"please refund payment {i}", "label": "refund"} for i in range(6)]


# The table of commands


def test_every_verb_has_a_handler_and_every_handler_a_verb() -> None:
    handlers = set()
    for module in MODULES:
        for name, function in vars(importlib.import_module(f"workbench.cli.{module}")).items():
            if inspect.isfunction(function) and name.endswith("_") and function.__module__.endswith(module):
                handlers.add((module, name.rstrip("_")))
    assert {(module, name.replace("-", "_")) for name, _, module, _ in parsing.COMMANDS} == handlers


@pytest.mark.parametrize("verb", parser.commands())
def test_every_verb_explains_itself(workbench: Workbench, verb: str) -> None:
    ran = workbench(verb, "--help")
    assert ran.status == 0
    assert "--json" in ran.out
    assert not ran.err


def test_help_and_version(workbench: Workbench) -> None:
    assert all(verb in workbench("--help").out for verb in parser.commands())
    assert workbench("--version").out.startswith("workbench ")


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",), ("--nonsense",), ("query",), ("import", "x.jsonl"), ("export", "--format", "csv"),
        ("export", "--format", "xml", "--out", "x"), ("generate", "--count", "many"), ("generate", "--count", "1", "--more", "1"),
        ("label",), ("label", "--accept", "--reject"), ("new",), ("recipes", "show"), ("recipes", "show", "zerogn"),
        ("filters", "show", "lenght"), ("metrics", "show", "x"), ("models", "show", "x"), ("snapshot",),
        ("demo", "--count", "x"), ("query", "a", "b", "c"), ("open",), ("hostile\x1b[31m\x9b\u202e",),
    ],
)  # fmt: skip
def test_wrong_usage_is_status_two_and_one_line(workbench: Workbench, folder: Path, monkeypatch, words) -> None:
    monkeypatch.chdir(folder)
    ran = workbench(*words)
    assert ran.status == 2
    assert not ran.out
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("generate",), "Say either --count N"),
        (("generate", "--count", 0), "should be between 1 and"),
        (("generate", "--count", 5, "--concurrency", 0), "--concurrency 0 should be between 1 and 1024."),
        (("generate", "--count", 5, "--budget", "nan"), "--budget nan should be more than 0 dollars."),
        (("generate", "--count", 5, "--budget", "inf"), "--budget inf should be more than 0 dollars."),
        (("generate", "--count", 5, "--seed", -1), "--seed -1 should be between 0"),
        (("generate", "--count", 5, "--seed", 10**30), "should be between 0"),
        (("generate", "--count", 5, "--set", "x"), "write NAME=VALUE"),
        (("generate", "--count", 5, "--set", "x=[1"), "is not a value"),
        (("generate", "--count", 5, "--set", "x=2026-99-99"), "is not a value"),
        (("generate", "--count", 5, "--set", "zzz=1"), "has no parameter 'zzz'"),
        (("generate", "--count", 5, "--recipe", "zerogn"), "did you mean 'zerogen'"),
        (("curate", "--filter", "lenght"), "did you mean 'length'?"),
        (("curate", "--filter", "length:leest=3"), "has no parameter 'leest'"),
        (("evaluate", "--metric", "benchmark.acuracy"), "benchmark.accuracy"),
        (("query", "lable:x"), "did you mean label:?"),
        (("query", "--limit", -1, ""), "--limit -1 should not be below 0."),
        (("label", "--queue", "--limit", -1), "should not be below 0."),
        (("label", "--accept"), "--view QUERY"),
        (("label", "--label", "x", "--view", "id:1"), "'x' is not one of the labels: lost_card, refund."),
        (("label", "--accept", "--view", "status:pending"), "This concerns 4 samples; give --yes to do it."),
        (("label", "--edit", "x", "--view", "status:pending", "--yes"), "exactly one sample"),
        (("label", "--edit", " ", "--view", "id:1"), "not to nothing"),
        (("jobs", "stop"), "does not exist"),
        (("jobs", "cancel"), "Say which job"),
        (("jobs", "log", "x"), "is not a job's number"),
        (("jobs", "log", "²"), "is not a job's number"),
        (("jobs", "log", 10**30), "is not a job's number"),
        (("view", "save"), "Say --name and --query."),
        (("view", "save", "--name", "x", "--query", '"open'), "is not closed"),
    ],
)
def test_wishes_that_cannot_be_meant(workbench: Workbench, folder: Path, monkeypatch, words, says: str) -> None:
    fill(folder)
    monkeypatch.chdir(folder)
    ran = workbench(*words)
    assert ran.status in (1, 2), ran
    assert says in ran.err
    assert not ran.out
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("verb", ["query", "label", "generate", "curate", "evaluate", "export", "jobs", "config"])
def test_a_project_that_is_none(workbench: Workbench, tmp_path: Path, verb: str) -> None:
    more = {
        "query": [""],
        "label": ["--queue"],
        "export": ["--format", "csv", "--out", "x"],
        "generate": ["--count", 1],
    }
    ran = workbench(verb, tmp_path / "nowhere\x1b[2J", *more.get(verb, []))
    assert ran.status == 1
    assert "does not exist; make one with `workbench new" in ran.err
    ran = workbench(verb, "x" * 5000, *more.get(verb, []))
    assert ran.status == 1
    assert ran.err.count("\n") == 1


def test_a_typo_in_project_yaml_is_said_with_its_line(workbench: Workbench, folder: Path) -> None:
    settings = folder / "project.yaml"
    settings.write_text(settings.read_text().replace("  concurrency: 64", "  concurency: 64"))
    number = next(n for n, line in enumerate(settings.read_text().splitlines(), 1) if "concurency" in line)
    for words in (("config", folder), ("query", folder, ""), ("label", folder, "--queue"), ("evaluate", folder)):
        ran = workbench(*words)
        assert ran.status == 1
        assert ran.err == f"{settings}:{number}: unknown key 'concurency'; did you mean 'concurrency'?\n"


def test_a_newer_database_is_refused_by_every_command(workbench: Workbench, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    connection = sqlite3.connect(folder / "project.db")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    seeds = write(tmp_path / "s.jsonl", *SEEDS)
    for words in (
        ("query", folder, ""),
        ("import", folder, seeds, "--as", "seed"),
        ("jobs", folder),
        ("evaluate", folder),
    ):
        ran = workbench(*words)
        assert ran.status == 1
        assert "was made by a newer workbench" in ran.err
        assert not ran.out
    assert workbench("doctor", folder).status == 1


def test_our_own_mistakes_are_one_sentence(workbench: Workbench, folder: Path, monkeypatch, capsys) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("odd\x1b[31m")

    monkeypatch.setattr("workbench.store.views.parse", breaks)
    ran = workbench("query", folder, "")
    assert ran.status == 1
    assert ran.err == "This is a mistake in the workbench (RuntimeError: odd␛[31m); --debug shows where.\n"
    from workbench.cli import main

    assert main(["query", str(folder), "", "--debug"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "\x1b" not in err


# One JSON object for everything


def test_json_is_one_object_on_stdout(workbench: Workbench, inline: None, tmp_path: Path) -> None:
    place = tmp_path / "p"
    assert workbench("new", place, "--labels", "lost_card,refund", "--json").object["task"] == "classification"
    seeds = write(tmp_path / "seeds.jsonl", *SEEDS)
    test = write(tmp_path / "test.jsonl", *[{**row, "text": row["text"] + " now"} for row in SEEDS])
    assert workbench("import", place, seeds, "--as", "seed", "--json").object["added"] == 12
    assert workbench("import", place, test, "--as", "test", "--json").object["read"] == 12
    dry = workbench("generate", place, "--count", 8, "--dry-run", "--json").object
    assert dry["requests"] == 8
    assert dry["prompts"]
    made = workbench("generate", place, "--count", 30, "--json").object
    assert (made["state"], made["kept"]) == ("done", 30)
    shown = workbench("curate", place, "--preview", "--json").object
    assert shown["checked"] == 30
    assert shown["examples"]
    curated = workbench("curate", place, "--json").object
    assert curated["kept"] + sum(curated["dropped"].values()) == 30
    assert workbench("curate", place, "--undo", "--json").object["undone"]
    assert workbench("curate", place, "--undo").out.strip() == "no curation was in force; nothing has changed"
    assert "--undo takes back" in workbench("curate", place, "--undo", "--preview").err
    measured = workbench("evaluate", place, "--metric", "label.balance", "--compare", "--json").object
    assert set(measured["metrics"]["label.balance"]) >= {"value", "low", "high", "note"}
    out = tmp_path / "x.jsonl"
    assert workbench("export", place, "--format", "jsonl", "--out", out, "--json").object["rows"] == 30
    assert workbench("query", place, "label:refund", "--json").object["rows"]
    assert workbench("query", place, "", "--count", "--json").object == {"count": 54}
    assert workbench("label", place, "--queue", "--limit", 3, "--json").object["rows"]
    assert workbench("label", place, "--accept", "--view", "id:30", "--json").object["annotations"] == 1
    assert workbench("label", place, "--undo", "--json").object["kind"] == "accept"
    assert workbench("label", place, "--redo", "--json").object["annotations"] == 1
    assert workbench("snapshot", "create", place, "--name", "v1", "--json").object["sha256"]
    assert workbench("snapshot", "list", place, "--json").object["snapshots"][0]["name"] == "v1"
    assert workbench("view", "save", place, "--name", "mine", "--query", "status:pending", "--json").object["views"]
    assert workbench("view", "list", place, "--json").object == {"views": {"mine": "status:pending"}}
    listed = workbench("jobs", place, "--all", "--json").object["jobs"]
    assert {"import", "generate", "curate", "evaluate", "export"} <= {one["kind"] for one in listed}
    assert workbench("jobs", place, "log", 1, "--json").object["job"] == 1
    assert workbench("jobs", place, "resume", "--json").object == {"resumed": []}
    assert workbench("config", place, "--json").object["settings"]
    for verb in ("recipes", "filters", "metrics", "models"):
        listed = workbench(verb, "--json").object[verb]
        assert workbench(verb, "show", listed[0]["name"], "--json").object
    assert "needs any model, the embedded one too" in workbench("recipes").out
    doctor = workbench("doctor", place, "--json")
    assert {check["name"] for check in doctor.object["checks"]} >= {"sqlite", "project.yaml", "database", "write"}


def test_results_go_to_stdout_and_the_rest_to_stderr(
    workbench: Workbench, inline: None, folder: Path, tmp_path: Path
) -> None:
    seeds = write(tmp_path / "seeds.jsonl", *SEEDS)
    ran = workbench("import", folder, seeds, "--as", "seed", "--quiet")
    assert ran.out == f"{seeds}: 12 rows read, 12 added as seed, 0 there already, 0 failed\n"
    assert ran.err == ""
    ran = workbench("import", folder, seeds, "--as", "seed")
    assert "0 added as seed, 12 there already" in ran.out
    assert ran.status == 0


# Jobs that end otherwise


def test_control_c_cancels_and_says_how_to_go_on(
    workbench: Workbench, folder: Path, tmp_path: Path, monkeypatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "launch", lambda *_: None)
    monkeypatch.setattr(watch.time, "sleep", interrupt)
    ran = workbench("import", folder, write(tmp_path / "s.jsonl", *SEEDS), "--as", "seed")
    assert ran.status == 130
    assert ran.err == "Job 1 is being cancelled; `workbench jobs resume 1` goes on.\n"
    with Store(Project(folder)) as store:
        assert jobs.get(store, 1).state == "cancelled"


def test_a_job_that_somebody_else_cancels(workbench: Workbench, folder: Path, tmp_path: Path, monkeypatch) -> None:
    fill(folder)
    monkeypatch.setattr(start, "launch", lambda store, job_id, _: jobs.cancel(store, job_id))
    seeds, out = write(tmp_path / "s.jsonl", *SEEDS), tmp_path / "o.csv"
    for words in (
        ("import", folder, seeds, "--as", "seed"), ("curate", folder), ("curate", folder, "--undo"), ("evaluate", folder),
        ("export", folder, "--format", "csv", "--out", out),
    ):  # fmt: skip
        assert workbench(*words, "--json").object["state"] == "cancelled"
        ran = workbench(*words)
        assert ran.status == 130
        assert "was cancelled; `workbench jobs resume" in ran.out


def test_a_preparation_and_a_demo_that_somebody_else_cancels(
    workbench: Workbench, folder: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(start, "launch", lambda store, job_id, _: jobs.cancel(store, job_id))
    monkeypatch.setattr("workbench.cli.work.refuse_early", lambda *_: None)
    ran = workbench("generate", folder, "--recipe", "attrprompt", "--model", "openai:x", "--prepare-only", "--json")
    assert (ran.status, ran.object["state"]) == (130, "cancelled")
    ran = workbench("demo", tmp_path / "demo", "--no-screen", "--json")
    assert (ran.status, ran.out) == (130, "")
    assert "Job 1 (import) was cancelled; run the command again to go on." in ran.err


@pytest.mark.parametrize(
    ("counts", "status", "said"),
    [
        ({"answers": 12, "failed": 2, "reasons": {"cut off": 2}}, 0, "; 2 answers gave none (2 cut off);"),
        (
            {"answers": 11, "failed": 3, "reasons": {"cut off": 2, "http 400": 1}},
            3,
            "; 1 requests failed and 2 answers gave none (2 cut off, 1 http 400);",
        ),
    ],
)
def test_only_requests_that_failed_make_a_finished_run_end_with_3(
    workbench: Workbench, folder: Path, monkeypatch, counts: dict[str, Any], status: int, said: str
) -> None:
    def finish(store: Store, job_id: int, _: str) -> None:
        jobs.start(store, job_id)
        jobs.finish(store, job_id, "done", result={"requests": 12, "samples": 10, "kept": 10, **counts}, error=None)

    monkeypatch.setattr(start, "launch", finish)
    monkeypatch.setattr("workbench.cli.work.refuse_early", lambda *_: None)
    ran = workbench("generate", folder, "--count", "10", "--model", "openai:x")
    assert ran.status == status
    assert said in ran.out


def test_a_job_that_fails_says_why(workbench: Workbench, inline: None, folder: Path, tmp_path: Path) -> None:
    ran = workbench("export", folder, "--format", "csv", "--out", tmp_path / "x.csv")
    assert (ran.status, ran.out) == (1, "")
    assert "There is nothing to export" in ran.err
    assert "There is nothing to export" in workbench("jobs", folder, "log", 1).out
    assert workbench("jobs", folder, "cancel", 1).err == "Job 1 has ended already.\n"
    assert "There is nothing to resume" in workbench("jobs", folder, "resume").out
    assert workbench("jobs", folder, "resume", 99).status == 1


# Imports that are wrong


@pytest.mark.parametrize(
    ("name", "content", "more", "says"),
    [
        ("empty.jsonl", b"", (), "is empty: nothing to import"),
        ("blank.jsonl", b"\n\n\n", (), "has no rows"),
        ("latin.csv", "text,label\ncaf\u00e9,refund\n".encode("latin-1"), (), "is not UTF-8; give --encoding"),
        ("column.csv", b"message,label\nhello,refund\n", (), "has no column for text; its columns are"),
        ("map.csv", b"message,label\nhello,refund\n", ("--map", "text=mesage"), 'has no column "mesage" for text'),
        ("map2.csv", b"message,label\nhello,refund\n", ("--map", "txt=message"), "The task has no field"),
        ("map3.csv", b"message,label\nhello,refund\n", ("--map", "text"), "where FIELD=COLUMN should be"),
        ("nolabel.csv", b"text\nhello\n", (), "has no column for the label"),
        ("what.xyz", b"hello", (), "give --format with one of"),
        ("enc.csv", b"text,label\na,refund\n", ("--encoding", "klingon"), "klingon"),
        ("bad.json", b"[{]", (), "bad.json"),
        ("bin.jsonl", bytes(range(256)) * 10, (), "bin.jsonl"),
    ],
)
def test_a_file_that_cannot_be_imported(
    workbench: Workbench, inline: None, folder: Path, tmp_path: Path, name, content, more, says
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    ran = workbench("import", folder, path, "--as", "seed", *more)
    assert ran.status in (1, 2, 3)
    assert says in ran.err + ran.out
    assert workbench("query", folder, "", "--count").out == "0\n"


def test_a_missing_file_and_a_folder(workbench: Workbench, inline: None, folder: Path, tmp_path: Path) -> None:
    ran = workbench("import", folder, tmp_path / "none\x1b[2J.jsonl", "--as", "seed")
    assert ran.status == 1
    assert ran.err.endswith("does not exist: check the path\n")
    (tmp_path / "d.jsonl").mkdir()
    ran = workbench("import", folder, tmp_path / "d.jsonl", "--as", "seed")
    assert ran.status == 1
    assert "is a folder: give a file in it" in ran.err
    ran = workbench("import", folder, "bad\udcff.jsonl", "--as", "seed")
    assert ran.status == 2
    assert "the name is not valid UTF-8" in ran.err


def test_rows_that_fail_are_listed_and_the_others_come_in(
    workbench: Workbench, inline: None, folder: Path, tmp_path: Path
) -> None:
    rows = [
        {"text": "one", "label": "refund"}, "{broken",
        {"text": "two", "label": "refnd\x1b[31m"}, {"text": "  ", "label": "refund"},
        {"text": 5, "label": "refund"}, {"label": "refund"}, ["list"], {"text": "three", "label": "lost_card", "extra": "\u202e"},
    ]  # fmt: skip
    path = write(tmp_path / "mixed.jsonl", *rows)
    ran = workbench("import", folder, path, "--as", "seed")
    assert ran.status == 3
    assert "8 rows read, 2 added as seed, 0 there already, 6 failed" in ran.out
    for line in range(2, 8):
        assert f"{path}:{line}: " in ran.out
    assert "refnd␛[31m" in ran.out
    again = workbench("import", folder, path, "--as", "seed", "--json")
    assert again.status == 3
    assert (again.object["added"], again.object["duplicates"], again.object["failed_rows"]) == (0, 2, 6)


def test_good_rows_after_many_bad_ones(workbench: Workbench, inline: None, folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "late.jsonl", *["{broken"] * 150, {"text": "one", "label": "refund"})
    ran = workbench("import", folder, path, "--as", "seed", "--json")
    assert (ran.status, ran.object["added"], ran.object["failed_rows"], len(ran.object["failed"])) == (3, 1, 150, 100)
    only_bad = workbench("import", folder, write(tmp_path / "bad.jsonl", *["{broken"] * 20), "--as", "seed", "--json")
    assert (only_bad.status, only_bad.object["read"], only_bad.object["failed_rows"]) == (3, 20, 20)
    hopeless = write(tmp_path / "hopeless.jsonl", *["{broken"] * 10_050)
    ran = workbench("import", folder, hopeless, "--as", "seed")
    assert ran.status == 1
    assert "none of its first 10,000 rows can be read" in ran.err


# People's work without the screen


def test_annotations_out_and_in_again_make_no_doubles(workbench: Workbench, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    out, again = tmp_path / "said.jsonl", tmp_path / "again.jsonl"
    workbench("label", folder, "--label", "refund", "--view", "id:1", "--as", "anna")
    workbench("label", folder, "--reject", "--view", "id:2,", "--as", "anna")
    workbench("label", folder, "--reject", "--view", "id:2", "--as", "ben\x1b[31m")
    workbench("label", folder, "--note", "hm\x1b]52;c;AAAA\x07", "--view", "id:2", "--as", "anna")
    workbench("label", folder, "--edit", "where is my card", "--view", "id:3", "--as", "anna")
    assert workbench("label", folder, "--export", out).status == 0
    said = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["id"], row["annotator"]) for row in said] == [
        (1, "anna"),
        (2, "anna"),
        (2, "ben\x1b[31m"),
        (3, "anna"),
    ]
    for _ in range(2):
        ran = workbench("label", folder, "--import", out, "--json")
        assert (ran.status, ran.object["annotations"], ran.object["unchanged"]) == (0, 0, 4)
    workbench("label", folder, "--export", again)
    assert again.read_bytes() == out.read_bytes()
    assert workbench("label", folder, "--export", out).status == 1  # never over a file that is there

    other = Path(workbench("new", tmp_path / "other", "--labels", "lost_card,refund", "--json").object["project"])
    fill(other)
    by_id = write(
        tmp_path / "by_id.jsonl", *[{key: value for key, value in row.items() if key != "uuid"} for row in said]
    )
    assert workbench("label", other, "--import", by_id, "--json").object["annotations"] == 4
    assert workbench("label", other, "--import", by_id, "--json").object["unchanged"] == 4
    for place in (folder, other):
        found = {row["id"]: row for row in workbench("query", place, "").rows}
        assert (found[1]["label"], found[1]["status"], found[2]["status"]) == ("refund", "accepted", "rejected")
        assert found[3]["fields"] == {"text": "where is my card"}
        assert found[3]["edited"]


def test_annotations_that_are_wrong_are_listed_by_line(workbench: Workbench, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    rows = [
        {"id": 1, "label": "refund"}, {"id": 99, "label": "refund"}, {"id": 1, "label": "refnd"}, {"label": "refund"},
        {"id": 1}, {"id": 1, "status": "maybe"}, {"uuid": "zz", "status": "accepted"}, {"id": 10**30, "status": "accepted"},
        {"id": 1, "edited_fields": {"other": "x"}}, {"id": 1, "edited_fields": {"text": ["x"]}},
        {"id": True, "status": "flagged"},
        "{broken", {"id": 2, "status": "flagged", "annotator": "zo\\ud800e"}, {"id": 1, "label": ["refund"]},
    ]  # fmt: skip
    path = write(tmp_path / "a.jsonl", *rows)
    ran = workbench("label", folder, "--import", path, "--json")
    assert ran.status == 3
    assert ran.object["annotations"] == 2
    assert [one["line"] for one in ran.object["failed"]] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
    assert samples_by_id(folder)[1].fields == {"text": "where is card 0"}


def samples_by_id(folder: Path) -> dict[int, samples.Sample]:
    with Store(Project(folder)) as store:
        return {one.id: one for one in samples.many(store, list(range(1, 20)))}


def test_undo_and_redo_over_several_commands(workbench: Workbench, folder: Path) -> None:
    fill(folder)
    assert "There is nothing to be undone." in workbench("label", folder, "--undo").out
    workbench("label", folder, "--accept", "--view", "status:pending", "--yes")
    workbench("label", folder, "--reject", "--view", "id:1", "--as", "ben")
    ran = workbench("label", folder, "--undo")
    assert "undone: accept on 4 samples" in ran.out
    assert "ben said something later about 1 of them" in ran.out
    assert [one.status for one in samples_by_id(folder).values()] == ["rejected", "pending", "pending", "pending"]
    assert "redone: accept on 4 samples" in workbench("label", folder, "--redo").out
    assert "There is nothing to be redone." in workbench("label", folder, "--redo").out
    # The redo is the latest gesture, but what it brings back was said before ben's word.
    assert [one.status for one in samples_by_id(folder).values()] == ["rejected", "accepted", "accepted", "accepted"]


# Exports


def test_exports_do_not_overwrite_and_fail_whole(
    workbench: Workbench, inline: None, folder: Path, tmp_path: Path
) -> None:
    fill(folder)
    out = tmp_path / "data \u202e.csv"
    assert workbench("export", folder, "--format", "csv", "--out", out).status == 0
    first = out.read_bytes()
    ran = workbench("export", folder, "--format", "csv", "--out", out)
    assert ran.status == 1
    assert "exists; choose another name, or give --overwrite" in ran.err
    assert workbench("export", folder, "--format", "csv", "--out", out, "--overwrite").status == 0
    assert out.read_bytes() == first
    for where in (tmp_path, tmp_path / "no" / "such" / "x.csv", out / "x.csv"):
        ran = workbench("export", folder, "--format", "csv", "--out", where, "--overwrite")
        assert (ran.status, ran.out) == (1, ""), where
    assert workbench("export", folder, "--format", "csv", "--out", tmp_path / "v.csv", "--view", "lable:x").status == 2
    assert {path.name for path in tmp_path.iterdir()} == {"p", out.name, f"{out.name}.card.md"}


def test_annotations_of_a_file_become_few_acts(workbench: Workbench, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    rows = [
        {"id": 1, "label": "refund", "annotator": "anna"},
        {"id": 2, "label": "refund", "annotator": "anna"},
        {"id": 1, "label": "refund", "annotator": "anna"},  # said already
        {"id": 2, "status": "rejected", "annotator": "ben"},
        {"id": 3, "label": "refund", "annotator": "anna"},
        {"id": 3, "status": "rejected", "annotator": "anna"},
        {"id": 3, "label": "refund", "annotator": "anna"},  # the last word of the file
    ]
    path = write(tmp_path / "said.jsonl", *rows)
    ran = workbench("label", folder, "--import", path, "--json").object
    assert (ran["annotations"], ran["unchanged"]) == (6, 1)
    found = {row["id"]: (row["label"], row["status"]) for row in workbench("query", folder, "by:anna").rows}
    assert found == {1: ("refund", "accepted"), 2: ("refund", "rejected"), 3: ("refund", "accepted")}
    with Store(Project(folder)) as store:
        assert store.read("SELECT name, total FROM act JOIN annotator ON annotator.id = annotator_id ORDER BY act.id") == [
            ("anna", 3), ("ben", 1), ("anna", 1), ("anna", 1),
        ]  # fmt: skip
    again = write(tmp_path / "once.jsonl", *rows[:2], *rows[3:4])
    assert workbench("label", folder, "--import", again, "--json").object["unchanged"] == 3
    undone = workbench("label", folder, "--undo", "--as", "ben", "--json").object
    assert undone["annotations"] == 1


def test_annotations_replace_a_file_only_when_told(workbench: Workbench, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    out = tmp_path / "said.jsonl"
    out.write_text("mine")
    assert "give --overwrite" in workbench("label", folder, "--export", out).err
    assert out.read_text() == "mine"
    workbench("label", folder, "--note", "hm", "--view", "id:1")
    assert workbench("label", folder, "--export", out, "--overwrite", "--json").object["annotations"] == 1
    assert json.loads(out.read_text())["note"] == "hm"
