"""Samples of every kind of task by command: labels of every shape, edits of every field, in and out in fitting formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Workbench
from workbench.project import Project, create
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
PROJECTS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "multi_label": ({"labels": ["x", "y", "a, b"]}, {"text": "one"}, ["x"]),
    "text_pair": ({"scale": (0, 5)}, {"first": "one", "second": "two"}, 3),
    "extraction": ({"schema": SCHEMA}, {"text": "one"}, {"city": "Rome"}),
    "instruction": ({}, {"instruction": "one", "input": "in", "output": "two"}, None),
    "dialogue": ({}, {"messages": TURNS}, None),
    "preference": ({}, {"prompt": "one", "chosen": "two", "rejected": "three"}, None),
    "free": (
        {"fields": [("title", "text"), ("score", "number"), ("data", "json")]},
        {"title": "one", "score": 1, "data": {"a": 1}},
        None,
    ),
}


def project(folder: Path, kind: str) -> Path:
    """A project of this kind with one sample."""
    options, fields, label = PROJECTS[kind]
    place = create(folder, kind=kind, **options).folder
    with Store(Project(place)) as store:
        samples.add(store, [NewSample(fields, label)])
    return place


def sample(place: Path) -> samples.Sample:
    with Store(Project(place)) as store:
        return samples.get(store, 1)


@pytest.mark.parametrize(
    ("kind", "text", "label"),
    [
        ("multi_label", "x,y", ["x", "y"]),
        ("multi_label", "a, b", ["a, b"]),
        ("multi_label", '["a, b", "x"]', ["a, b", "x"]),
        ("text_pair", "4.5", 4.5),
        ("extraction", '{"city": "Bonn"}', {"city": "Bonn"}),
    ],
)
def test_a_label_of_any_shape(workbench: Workbench, tmp_path: Path, kind: str, text: str, label: Any) -> None:
    place = project(tmp_path / "p", kind)
    assert workbench("label", place, "--label", text, "--view", "id:1").status == 0
    assert (sample(place).label, sample(place).status) == (label, "accepted")


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("multi_label", "x,z", 'label "z" is not one of the project\'s labels; give labels with commas between'),
        ("text_pair", "9", "label 9 is not between 0 and 5"),
        ("text_pair", "nine", 'label "nine" is not a number'),
        ("extraction", "{}", "'city' is a required property; give a JSON object"),
        ("extraction", "Rome", "is not valid JSON"),
        ("instruction", "x", "has a label, and the task has none"),
    ],
)
def test_a_label_that_is_none(workbench: Workbench, tmp_path: Path, kind: str, text: str, said: str) -> None:
    place = project(tmp_path / "p", kind)
    ran = workbench("label", place, "--label", text, "--view", "id:1")
    assert (ran.status, said in ran.err) == (2, True), ran.err
    assert sample(place).label == PROJECTS[kind][2]


@pytest.mark.parametrize(
    ("kind", "edits", "changed"),
    [
        ("instruction", ["output=a = b"], {"output": "a = b"}),
        ("instruction", ["instruction=x", "output=y"], {"instruction": "x", "output": "y"}),
        ("instruction", ["input="], {"input": None}),
        ("extraction", ["two, in Rome"], {"text": "two, in Rome"}),
        ("extraction", ["text=two"], {"text": "two"}),
        ("extraction", ["a=b"], {"text": "a=b"}),
        ("free", ["score=2.5", 'data=["x"]'], {"score": 2.5, "data": ["x"]}),
        ("dialogue", [json.dumps(TURNS[:1])], {"messages": TURNS[:1]}),
        ("dialogue", [f"messages={json.dumps(TURNS[:1])}"], {"messages": TURNS[:1]}),
    ],
)
def test_any_field_can_be_corrected(
    workbench: Workbench, tmp_path: Path, kind: str, edits: list[str], changed: dict[str, Any]
) -> None:
    place = project(tmp_path / "p", kind)
    words = [word for edit in edits for word in ("--edit", edit)]
    assert workbench("label", place, *words, "--view", "id:1").status == 0
    wanted = {**PROJECTS[kind][1], **changed}
    assert sample(place).fields == {name: value for name, value in wanted.items() if value is not None}


@pytest.mark.parametrize(
    ("kind", "edit", "said"),
    [
        ("instruction", "no field", "Say which field: --edit FIELD=TEXT, with one of instruction, input, output."),
        ("instruction", "output= ", "not to nothing"),
        ("free", "score=x", 'score "x" is not a number'),
        ("free", "data=hello", "is not valid JSON"),
        ("dialogue", "[]", "messages is not a list of turns"),
        ("dialogue", '[{"role": "critic", "content": "a"}]', 'has the role "critic" at turn 1'),
    ],
)
def test_an_edit_that_the_task_does_not_allow(
    workbench: Workbench, tmp_path: Path, kind: str, edit: str, said: str
) -> None:
    place = project(tmp_path / "p", kind)
    ran = workbench("label", place, "--edit", edit, "--view", "id:1")
    assert (ran.status, said in ran.err) == (2, True), ran.err
    assert not sample(place).edited


@pytest.mark.parametrize("kind", list(PROJECTS))
def test_annotations_of_any_kind_go_out_and_in(workbench: Workbench, tmp_path: Path, kind: str) -> None:
    place, other = project(tmp_path / "p", kind), project(tmp_path / "q", kind)
    fields, label = dict(PROJECTS[kind][1]), PROJECTS[kind][2]
    said: dict[str, Any] = {"id": 1, "status": "accepted", "edited_fields": fields}
    if label is not None:
        said["label"] = label
    (tmp_path / "in.jsonl").write_text(json.dumps(said) + "\n", encoding="utf-8")
    assert workbench("label", place, "--import", tmp_path / "in.jsonl").status == 0
    workbench("label", place, "--export", tmp_path / "out.jsonl")
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    del row["uuid"]
    (tmp_path / "again.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert workbench("label", other, "--import", tmp_path / "again.jsonl").status == 0
    assert (sample(other).fields, sample(other).label, sample(other).status) == (fields, label, "accepted")


def test_annotations_that_the_task_does_not_allow_are_listed(workbench: Workbench, tmp_path: Path) -> None:
    place = project(tmp_path / "p", "text_pair")
    rows = [{"id": 1, "label": 6}, {"id": 1, "label": "3"}, {"id": 1, "edited_fields": {"first": "a"}}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = workbench("label", place, "--import", tmp_path / "a.jsonl", "--json")
    assert [one["reason"] for one in ran.object["failed"]] == [
        "label 6 is not between 0 and 5",
        "label is a text, not a number",
        "edited_fields: has no second",
    ]
    (tmp_path / "a.csv").write_text("uuid,label\n" + f"{sample(place).uuid},4.5\n", encoding="utf-8")
    assert workbench("label", place, "--import", tmp_path / "a.csv").status == 0
    assert sample(place).label == 4.5


#: A format that trains models and says all of the sample.
FITTING = {
    "multi_label": "openai-chat",
    "extraction": "alpaca",
    "instruction": "alpaca",
    "dialogue": "sharegpt",
    "preference": "dpo",
}
#: A file's ending, where the format is to be told by it.
ENDINGS = {"csv": ".csv", "parquet": ".parquet", "hf": "", "jsonl": ".jsonl", "openai-chat": ".jsonl", "dpo": ".jsonl"}


@pytest.mark.parametrize(
    ("kind", "format"),
    [*((kind, format) for kind in PROJECTS for format in ("jsonl", "csv", "parquet", "hf")), *FITTING.items()],
)
def test_what_one_project_exports_another_imports(
    workbench: Workbench, inline: None, tmp_path: Path, kind: str, format: str
) -> None:
    place = project(tmp_path / "p", kind)
    out = tmp_path / f"out{ENDINGS.get(format, '.json')}"
    ran = workbench("export", place, "--format", format, "--out", out, "--json").object
    assert (ran["rows"], ran["failed"], ran["failed_rows"]) == (1, [], 0)
    card = Path(ran["card"])
    assert card == (out / "README.md" if format == "hf" else out.with_name(f"{out.name}.card.md"))
    assert "## Limitations" in card.read_text(encoding="utf-8")
    options, fields, label = PROJECTS[kind]
    other = create(tmp_path / "q", kind=kind, **options).folder
    ran = workbench("import", other, out, "--as", "real", "--json").object
    assert (ran["added"], ran["failed"]) == (1, [])
    assert (sample(other).fields, sample(other).label) == (fields, label)


def test_a_format_without_place_for_the_task_changes_nothing(
    workbench: Workbench, inline: None, tmp_path: Path
) -> None:
    place = project(tmp_path / "p", "preference")
    ran = workbench("export", place, "--format", "alpaca", "--out", tmp_path / "x.json")
    assert ran.status == 1
    assert "alpaca has no place for the task 'preference pairs'" in ran.err
    assert workbench("snapshot", "list", place, "--json").object == {"snapshots": []}
    assert not list(tmp_path.glob("x*"))


def test_formats_are_listed_by_help_and_when_one_is_not_known(workbench: Workbench, tmp_path: Path) -> None:
    names = ["alpaca", "csv", "dpo", "hf", "jsonl", "openai-chat", "parquet", "sharegpt"]
    assert ", ".join(names) in " ".join(workbench("export", "--help").out.split())
    ran = workbench("export", "--format", "xml", "--out", tmp_path / "x")
    assert ran.status == 2
    assert all(name in ran.err for name in names)
    assert "parquet, tsv" in " ".join(workbench("import", "--help").out.split())


def test_a_data_sets_folder_is_imported_by_the_split_of_the_role(
    workbench: Workbench, inline: None, tmp_path: Path
) -> None:
    from pyarrow import parquet, table

    folder = tmp_path / "cards"
    folder.mkdir()
    for split in ("train", "test"):
        parquet.write_table(table({"instruction": [split], "output": ["x"]}), folder / f"{split}.parquet")
    place = create(tmp_path / "p", kind="instruction").folder
    assert workbench("import", place, folder, "--as", "test", "--json").object["added"] == 1
    assert sample(place).fields == {"instruction": "test", "output": "x"}
    assert workbench("import", place, folder, "--as", "test", "--json").object["duplicates"] == 1
    assert workbench("import", place, folder, "--as", "seed", "--json").object["added"] == 1
    ran = workbench("import", place, folder, "--as", "validation")
    assert 'has the splits "test", "train", and none called validation' in ran.err
