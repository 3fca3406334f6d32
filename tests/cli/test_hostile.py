"""Hostile text in samples, labels, names, prompts and logs: nothing raw is ever printed (the fixture checks every byte)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project
from workbench.store import acts, curation, jobs, samples, snapshots, views
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample

EVIL = "\x1b]52;c;cm0=\x07\x1b[2J\x9b31m\u202egnp\u2066\x00\r\n\ttext [bold red]x[/] \ufeff\x7f\u2028"
LABELS = ["evil\x1b[31m\u202e", "good"]


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A project in which every text that can be hostile is."""
    folder = tmp_path / "p\x1b[2J\u202e"
    folder.mkdir()
    settings = {
        "name": "evil \x1b[31m", "model": {"use": "embedded"}, "generate": {"recipe": "zerogen"}, "export": {"title": EVIL},
        "task": {"description": EVIL, "labels": [{"name": name, "description": EVIL} for name in LABELS]},
    }  # fmt: skip
    (folder / "project.yaml").write_text(json.dumps(settings).replace("\\u007f", "\\x7f").replace("\x7f", "\\x7f"))
    with Store(Project(folder)) as store:
        job = jobs.create(store, "curate", {"x": EVIL}, None)
        samples.add(store, [NewSample({"text": f"{EVIL} {i}"}, LABELS[i % 2]) for i in range(6)])
        samples.add(store, [NewSample({"text": f"{EVIL} seed {i}"}, LABELS[i % 2], "seed") for i in range(6)])
        curation.save_drops(store, job, [Drop(1, f"filter{EVIL}", 1, {}, EVIL)])
        curation.save_scores(store, f"score{EVIL}", [(1, 0.5)], version=1, job_id=job)
        curation.save_suggestions(store, EVIL, [(1, [(LABELS[0], 0.5)])], job_id=job)
        acts.apply(store, acts.annotator(store, f"anna{EVIL}"), [1, 2], Change(note=EVIL, status="flagged"), kind=EVIL)
        snapshots.create(store, [1], EVIL, name=EVIL)
        views.save(store, EVIL, "status:pending")
        jobs.log(store, job, "error", EVIL)
        jobs.progress(store, job, 1, 2, EVIL)
        jobs.finish(store, job, "failed", result={"filters": [EVIL], "dropped": {EVIL: 1}}, error=EVIL)
    return folder


def test_nothing_raw_from_any_command(workbench: Workbench, inline: None, evil: Path, tmp_path: Path) -> None:
    for words in (
        ("query", evil, ""), ("query", evil, "", "--explain"), ("label", evil, "--queue"), ("snapshot", "list", evil),
        ("view", "list", evil), ("jobs", evil), ("jobs", evil, "log", 1), ("config", evil),
        ("generate", evil, "--count", 3, "--dry-run"), ("curate", evil, "--preview", "--filter", "exact_duplicate"),
        ("evaluate", evil, "--metric", "label.balance", "--metric", "diversity.vocabulary"),
        ("export", evil, "--format", "jsonl", "--out", tmp_path / "o\x1b[2J.jsonl"),
        ("label", evil, "--export", tmp_path / "a\u202e.jsonl"), ("label", evil, "--label", LABELS[0], "--view", "id:3"),
        ("label", evil, "--undo"), ("label", evil, "--redo"), ("snapshot", "create", evil, "--name", "x\x1b"),
    ):  # fmt: skip
        for more in ((), ("--json",)):
            ran = workbench(*words, *more) if words[0] != "export" else workbench(*words, "--overwrite", *more)
            assert ran.status in (0, 1, 2), (words, ran.err)  # 1 or 2: a file that is there, a name that is taken
            assert ran.out or ran.err


def test_errors_quote_hostile_words_harmlessly(workbench: Workbench, evil: Path) -> None:
    for words in (
        ("query", evil, f"status:{EVIL}"), ("query", evil, EVIL), ("label", evil, "--label", EVIL, "--view", "id:1"),
        ("curate", evil, "--filter", EVIL), ("evaluate", evil, "--metric", EVIL), ("recipes", "show", EVIL.replace("\0", "")),
        ("generate", evil, "--count", 1, "--set", EVIL), ("generate", evil, "--count", 1, "--recipe", "x\x1b.yaml"),
        ("generate", evil, "--count", 1, "--model", f"openia:{EVIL}"), ("jobs", evil, "log", EVIL),
        ("snapshot", "create", evil, "--view", f"label:{EVIL}"), ("view", "save", evil, "--name", EVIL, "--query", f"x:{EVIL}"),
    ):  # fmt: skip
        ran = workbench(*words)
        assert ran.status in (0, 1, 2)
        assert "mistake in the workbench" not in ran.err, ran.err


def test_imported_text_goes_in_and_out_unchanged(
    workbench: Workbench, inline: None, evil: Path, tmp_path: Path
) -> None:
    text = EVIL.replace("\0", "")  # a row with NUL is refused: no other program could read it back
    path = tmp_path / "in\x1b[2J.jsonl"
    path.write_text(json.dumps({"text": text, "label": LABELS[0], "col\x1b": text}) + "\n")
    ran = workbench("import", evil, path, "--as", "synthetic")
    assert ran.status == 0
    assert "1 added" in ran.out
    found = workbench("query", evil, "id:13").rows
    assert found[0]["fields"] == {"text": text}
    assert found[0]["conditions"] == {"imported": {"col\x1b": text}}
    out = tmp_path / "out.jsonl"
    assert workbench("export", evil, "--format", "jsonl", "--out", out, "--view", "id:13").status == 0
    assert json.loads(out.read_text())["text"] == text
    assert "\x1b" not in (tmp_path / "out.jsonl.card.md").read_text()


def test_words_that_are_not_utf8(workbench: Workbench, evil: Path) -> None:
    bad = "x\udcff"
    for words in (
        ("query", evil, bad), ("query", evil, f"by:{bad}"), ("view", "save", evil, "--name", bad, "--query", bad),
        ("snapshot", "create", evil, "--name", bad), ("label", evil, "--note", bad, "--view", "id:1", "--as", bad),
        ("query", bad, ""), ("curate", evil, "--filter", bad), ("label", evil, "--edit", bad, "--view", "id:4"),
    ):  # fmt: skip
        ran = workbench(*words)
        assert ran.status in (0, 1, 2)
        assert "mistake in the workbench" not in ran.err, (words, ran.err)


@pytest.mark.parametrize(
    "name", ["project.db", "project.db-wal", "project.yaml", "guidelines.md", "project.db-locks/writers"]
)
def test_an_export_never_replaces_the_project(workbench: Workbench, inline: None, evil: Path, name: str) -> None:
    (evil / "link").symlink_to(evil / name)
    before = (evil / "project.yaml").read_bytes()
    for target in (evil / name, evil / "link"):
        for words in (
            ("export", evil, "--view", "", "--format", "jsonl", "--out", target),
            ("label", evil, "--export", target),
        ):
            ran = workbench(*words, "--overwrite")
            assert ran.status in (1, 2), ran  # a job that failed, a command that refused
            assert "file of the project itself" in ran.err
    assert workbench("query", evil, "").status == 0
    assert (evil / "project.yaml").read_bytes() == before


def test_a_link_to_itself_and_a_name_that_is_not_utf8(
    workbench: Workbench, inline: None, evil: Path, tmp_path: Path
) -> None:
    loop = tmp_path / "loop.jsonl"
    loop.symlink_to(loop)
    assert "cannot be read" in workbench("import", evil, loop, "--as", "synthetic").err
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.parquet")).write_bytes(b"x")
    ran = workbench("import", evil, folder, "--as", "synthetic")
    assert ran.status == 1
    assert "interrupted" not in ran.err
