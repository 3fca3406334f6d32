"""A project on disk: found, made, copied, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import FileError, ProjectError, UsageError
from workbench.project import Project, create, create_from_sample, find, sample_projects, write_settings
from workbench.task_kinds import KINDS


@pytest.fixture(autouse=True)
def no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user"))


def test_a_new_project_has_commented_settings_that_load(tmp_path: Path) -> None:
    project = create(tmp_path / "my project", labels=["a", " b ", "a", ""], description="Some\n  texts", language="no")
    assert project.config.name == "my project"
    assert project.config.task.label_names == ["a", "b"]
    assert project.config.task.description == "Some texts"
    assert project.config.task.language == "no"
    assert project.settings.read_text().count("#") > 10
    assert project.database == (tmp_path / "my project" / "project.db").resolve()
    assert project.guidelines == ""


@pytest.mark.parametrize(
    "name", ["no", "1.5", "👍", ": x", "a'b\"c", "x" * 150, "esc\x1b[31m", "\u202egnp", "{name}", "%s"]
)
def test_hostile_folder_names_and_descriptions(tmp_path: Path, name: str) -> None:
    project = create(
        tmp_path / name,
        labels=["no", "1.5", ": x", "👍"],
        fields=[("null", "text")],
        description="\x1b]0;x\x07: {y}\ufffe #z",
    )
    assert project.config.task.label_names == ["no", "1.5", ": x", "👍"]
    assert project.config.task.text_field == "null"
    assert "\x1b" not in project.settings.read_text()
    assert 1 <= len(project.config.name) <= 100


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"labels": ["a"]}, "at least two different labels"),
        ({"labels": ["a", "a "]}, "at least two different labels"),
        ({"labels": []}, "at least two different labels"),
        ({"labels": ["a", "b" * 201]}, "more than 200 characters"),
        ({"labels": ["a", "b\x1b"]}, "invisible character"),
        ({"labels": ["a", "\udcff"]}, "invisible character"),
        ({"labels": ["a", "b"], "fields": [("1st", "text")]}, "cannot name a field"),
        ({"labels": ["a", "b"], "fields": [("a b", "text")]}, "cannot name a field"),
    ],
)
def test_wrong_wishes_are_refused_before_anything_is_written(tmp_path: Path, arguments: dict, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        create(tmp_path / "p", **arguments)
    assert says in str(caught.value)
    assert not (tmp_path / "p").exists()


MORE = {
    "classification": {"labels": ["a", "b"]},
    "multi_label": {"labels": ["a", "b"]},
    "text_pair": {"scale": (0, 5), "fields": [("premise", "text"), ("hypothesis", "text")]},
    "free": {"fields": [("title", "text"), ("facts", "json")], "labels": ["a", "b"]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_of_every_kind(tmp_path: Path, kind: str) -> None:
    project = create(tmp_path / "p", kind=kind, model="openai:x", **MORE.get(kind, {}))
    assert (project.config.task.kind, project.outline.kind) == (kind, kind)
    assert [field.name for field in project.outline.fields] == list(project.config.task.fields)
    assert project.outline.label_shape == project.config.task.label_shape


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not an empty folder"):
        create(tmp_path / "full", labels=["a", "b"])
    (tmp_path / "file").write_text("x")
    with pytest.raises(ProjectError, match="not an empty folder"):
        create(tmp_path / "file", labels=["a", "b"])
    create(tmp_path / "p", labels=["a", "b"])
    with pytest.raises(ProjectError, match="already is a project"):
        create(tmp_path / "p", labels=["a", "b"])
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ProjectError, match="cannot be made"):
        create(tmp_path / "file" / "p", labels=["a", "b"])


def test_settings_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "project.yaml"
    write_settings(path, "name: old\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.project.os.replace", full)
    with pytest.raises(ProjectError, match="No space left on device"):
        write_settings(path, "name: new\n")
    assert [one.name for one in tmp_path.iterdir()] == ["project.yaml"]
    assert path.read_text() == "name: old\n"


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = create(tmp_path / "p", labels=["a", "b"])
    (tmp_path / "p" / "deep" / "er").mkdir(parents=True)
    assert find(tmp_path / "p").folder == project.folder
    assert find(tmp_path / "p" / "project.yaml").folder == project.folder
    monkeypatch.chdir(tmp_path / "p" / "deep" / "er")
    assert find().folder == project.folder
    with pytest.raises(ProjectError, match=r"does not exist; make one with `workbench new"):
        find(tmp_path / "nowhere")
    with pytest.raises(ProjectError, match="is not a project"):
        find(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProjectError, match="is not inside a project"):
        find()


def test_a_sample_project_is_a_copy(tmp_path: Path) -> None:
    assert "banking_intents" in sample_projects()
    project = create_from_sample(tmp_path / "b", "banking_intents")
    assert len(project.config.task.labels) == 12
    assert project.guidelines
    assert (tmp_path / "b" / "seeds.jsonl").is_file()
    with pytest.raises(UsageError, match="There is no sample project 'bankin'"):
        create_from_sample(tmp_path / "c", "bankin")


def test_the_database_may_be_elsewhere(tmp_path: Path) -> None:
    settings = "name: x\ndatabase: {}\ntask: {{labels: [a, b]}}\n"
    (tmp_path / "project.yaml").write_text(settings.format(tmp_path / "disk" / "x.db"))
    project = Project(tmp_path)
    assert project.database == tmp_path / "disk" / "x.db"
    assert project.locks == tmp_path / "disk" / "x.db-locks"


def test_a_broken_project_is_a_file_error(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("name: x\ntaks: {}\n")
    with pytest.raises(FileError, match=r"project.yaml:\d: "):
        _ = find(tmp_path).config


def test_what_is_remembered_is_of_the_file_as_it_is(tmp_path):
    project = create(tmp_path / "p", labels=["a", "b"])
    assert not project.config.review.blind
    text = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(text.replace("\nreview:\n", "\nreview:\n  blind: true\n"), encoding="utf-8")
    _ = project.outline  # an older reading of the file is at hand
    assert Project(project.folder).outline.review.blind
