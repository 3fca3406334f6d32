"""``label --plain``, the commands of snapshots and purges, as scripts and screen readers use them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project, create
from workbench.store import acts, behind, curation, jobs, samples, snapshots
from workbench.store.connection import Store
from workbench.store.samples import NewSample

Say = pytest.MonkeyPatch


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def fill(folder: Path, *texts: str, label: object = "lost_card") -> None:
    with Store(Project(folder)) as store:
        samples.add(store, [NewSample({"text": text}, label) for text in texts])


def states(folder: Path) -> list[tuple[str, object]]:
    with Store(Project(folder)) as store:
        return [(row.status, row.label) for row in samples.rows(store, range(1, 50)).values()]


def test_every_line_is_a_decision(workbench: Workbench, folder: Path, monkeypatch: Say) -> None:
    fill(folder, "one", "two", "three", "four \x1b[31m\u202e", "five")
    typed(monkeypatch, "2", "x", "refu", "accept", "note looks odd", "reason duplicate")
    ran = workbench("label", folder, "--plain", "--as", "anna")
    assert ran.status == 0
    assert states(folder) == [
        ("accepted", "refund"), ("rejected", "lost_card"), ("accepted", "refund"), ("accepted", "lost_card"),
        ("rejected", "lost_card"),
    ]  # fmt: skip
    assert "Sample 1, pending.\ntext: one\nLabel: lost_card\n1 lost_card. 2 refund." in ran.out
    assert "\x1b" not in ran.out
    with Store(Project(folder)) as store:
        assert store.read("SELECT note, reason FROM opinion WHERE sample_id = 5") == [("looks odd", "duplicate")]


def test_codes_proposals_and_tags_are_typed_as_on_the_screen(
    tmp_path: Path, workbench: Workbench, monkeypatch: Say
) -> None:
    folder = tmp_path / "many"
    labels = [f"{first}_{second}" for first in ("card", "pin") for second in ("lost", "found", "old", "new", "other")]
    create(folder, description="Which?", labels=labels)
    fill(folder, "one", "two", "three", "four", label="card_lost")
    with Store(Project(folder)) as store:
        curation.save_suggestions(store, "tfidf", [(3, [("pin_new", 0.8)])], job_id=0)
    typed(monkeypatch, ",pn", ", cf", "z", "z", "tag slang", "t -slang", "t odd", "code zz", ",c")
    ran = workbench("label", folder, "--plain", "--as", "anna")
    assert [label for _, label in states(folder)] == ["pin_new", "card_found", "pin_new", "card_lost"]
    assert [status for status, _ in states(folder)] == ["accepted", "accepted", "accepted", "pending"]
    assert "l and part of a name, or , and its code: 1 more." in ran.out
    assert "* Nothing is proposed for this sample." in ran.out
    assert "* No label has the code 'zz'." in ran.out
    assert "* ca card_other, cf card_found, cl card_lost, cn card_new, co card_old" in ran.out
    with Store(Project(folder)) as store:
        assert store.read("SELECT tag FROM opinion_tag") == [("odd",)]


def test_one_goes_on_where_one_stopped(workbench: Workbench, folder: Path, monkeypatch: Say) -> None:
    fill(folder, *"abcdef")
    typed(monkeypatch, "s", "s", "q")
    workbench("label", folder, "--plain", "--as", "anna")
    typed(monkeypatch, "a", "q")
    ran = workbench("label", folder, "--plain", "--as", "anna")
    assert "Going on where you stopped, at sample 3." in ran.out
    assert [status for status, _ in states(folder)].index("accepted") == 2


def test_an_undo_goes_back_to_its_sample_and_then_to_where_one_was(
    workbench: Workbench, folder: Path, monkeypatch: Say
) -> None:
    fill(folder, "a", "b", "c")
    typed(monkeypatch, "x", "u", "a", "f", "q")
    workbench("label", folder, "--plain")
    assert [status for status, _ in states(folder)] == ["accepted", "flagged", "pending"]


def test_the_users_keys_and_what_is_no_key(
    workbench: Workbench, folder: Path, monkeypatch: Say, tmp_path: Path
) -> None:
    fill(folder, "a", "b", "c")
    (tmp_path / "user-config").mkdir(exist_ok=True)
    (tmp_path / "user-config" / "keymap.yaml").write_text("review.accept: '='\n", encoding="utf-8")
    typed(monkeypatch, "=", "nothing like that", "7", "?", "edit b!", "x")
    ran = workbench("label", folder, "--plain")
    assert [status for status, _ in states(folder)] == ["accepted", "rejected", "pending"]
    assert "No label is called 'nothing like that'." in ran.out
    assert "There is no label 7." in ran.out
    assert "=: accept." in ran.out
    assert "Changed: [-b-]{+b!+}" in ran.out


@pytest.mark.parametrize(
    ("options", "label", "lines", "expected"),
    [
        ({"kind": "multi_label", "labels": ["a", "b", "c"]}, ["a"], ["2", "1", "c", "a"], ("accepted", ["b", "c"])),
        ({"kind": "extraction", "schema": {"type": "object", "properties": {"n": {"type": "string"}}}}, {"n": "x"},
         ['edit label={"n": "y"}'], ("accepted", {"n": "y"})),
    ],
)  # fmt: skip
def test_other_kinds_of_labels(
    workbench: Workbench, tmp_path: Path, monkeypatch: Say, options: dict[str, object], label: object, lines: list[str],
    expected: tuple[str, object],
) -> None:  # fmt: skip
    folder = create(tmp_path / "k", model="openai:x", **options).folder  # type: ignore[arg-type]
    fill(folder, "x and y", label=label)
    typed(monkeypatch, *lines)
    workbench("label", folder, "--plain")
    assert states(folder) == [expected]


def test_ratings_are_numbers_or_digits(workbench: Workbench, tmp_path: Path, monkeypatch: Say) -> None:
    folder = create(tmp_path / "k", kind="text_pair", scale=(0, 5), model="openai:x").folder
    with Store(Project(folder)) as store:
        samples.add(store, [NewSample({"first": "x", "second": "y"}, n) for n in (1, 2)])
    typed(monkeypatch, "4", "9", "l 2.5", "q")
    workbench("label", folder, "--plain")
    assert states(folder)[0] == ("accepted", 4)


def test_pairs_are_compared_in_blind_order(workbench: Workbench, tmp_path: Path, monkeypatch: Say) -> None:
    folder = create(tmp_path / "k", kind="preference", model="openai:x").folder
    with Store(Project(folder)) as store:
        fields = {"prompt": "p", "chosen": "GOOD", "rejected": "BAD"}
        samples.add(store, [NewSample({**fields, "prompt": f"p{n}"}) for n in range(8)])
    typed(monkeypatch, *["1"] * 8)
    ran = workbench("label", folder, "--plain", "--as", "anna")
    first = [line for line in ran.out.splitlines() if line.startswith("answer 1: ")]
    with Store(Project(folder)) as store:
        chosen = [one.fields["chosen"] for one in samples.many(store, range(1, 9))]
    assert [line.removeprefix("answer 1: ") for line in first] == chosen  # what was pressed is what is better
    assert {"GOOD", "BAD"} == set(chosen)
    assert "chosen" not in ran.out


def test_suggestions_are_said_with_their_source(workbench: Workbench, folder: Path, monkeypatch: Say) -> None:
    fill(folder, "a")
    with Store(Project(folder)) as store:
        curation.save_suggestions(store, "tfidf", [(1, [("refund", 0.91)])], job_id=0)
    typed(monkeypatch, "q")
    assert "Suggested: refund 0.91 (tfidf)" in workbench("label", folder, "--plain").out


def test_snapshots_by_command(workbench: Workbench, folder: Path) -> None:
    fill(folder, "a", "b")
    workbench("snapshot", "create", folder, "--name", "one")
    workbench("label", folder, "--reject", "--view", "id:1")
    differs = workbench("snapshot", "diff", folder, "one", "--json").object
    assert (differs["same"], differs["removed"]["samples"]) == (1, 1)
    assert "removed: 1 (now 1 rejected)" in workbench("snapshot", "diff", folder, "one").out
    assert workbench("snapshot", "restore", folder, "one").status == 2  # nobody can be asked
    assert workbench("snapshot", "restore", folder, "one", "--dry-run", "--json").object["accepted"] == 1
    assert "takes it all back" in workbench("snapshot", "restore", folder, "one", "--yes").out
    assert [status for status, _ in states(folder)] == ["accepted", "pending"]


@pytest.mark.usefixtures("inline")
def test_a_purged_row_does_not_come_back_unnoticed(workbench: Workbench, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        '{"text": "my secret", "label": "refund"}\n{"text": "another", "label": "refund"}\n', encoding="utf-8"
    )
    workbench("import", folder, file, "--as", "seed")
    assert workbench("purge", folder, "--view", "secret").status == 2
    assert workbench("purge", folder, "--view", "secret", "--dry-run", "--json").object["samples"] == 1
    done = workbench("purge", folder, "--view", "secret", "--yes")
    assert done.status == 0
    assert f"Files they came from are not touched: {file}" in done.out
    again = workbench("import", folder, file, "--as", "seed")
    assert again.status == 3
    assert "rows.jsonl:1: was purged from this project on" in again.out
    with Store(Project(folder)) as store:
        assert samples.counts(store)["total"] == 1
        assert acts.annotator(store)


def test_test_rows_behind_a_number_are_only_looked_at(workbench: Workbench, folder: Path, monkeypatch: Say) -> None:
    with Store(Project(folder)) as store:
        samples.add(store, [NewSample({"text": "tested"}, "lost_card", origin="real", split="test")])
        number = snapshots.save_evaluation(
            store, job_id=jobs.create(store, "evaluate", {}), view="data set", samples=1, result={}
        )
        behind.save(store, number, {"benchmark.accuracy/wrong_test": [1]})
    view = "behind:benchmark.accuracy/wrong_test"
    assert "tested" in workbench("query", folder, view).out
    refused = workbench("label", folder, "--accept", "--view", view)
    assert refused.status == 2
    assert "only to be looked at" in refused.err
    typed(monkeypatch, "a", "note hm", "q")
    assert workbench("label", folder, "--plain", "--view", view).out.count("only to be looked at") == 2
    assert states(folder) == [("pending", "lost_card")]
