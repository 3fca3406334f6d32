"""Agreement of a project, by the shape of its labels."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from workbench.curate.labels.agreement import report
from workbench.project import Project, create
from workbench.store import acts, curation, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample


def project(folder: Path, **task) -> Project:
    made = create(folder / "p", labels=["a", "b", "c"])
    if task:
        settings = yaml.safe_load(made.settings.read_text(encoding="utf-8"))
        settings["task"].update(task)
        made.settings.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return Project(made.folder)


def say(store, name, *labels):
    for sample, label in enumerate(labels, 1):
        change = Change(status="rejected") if label is None else Change(label=label, status="accepted")
        acts.apply(store, acts.annotator(store, name), [sample], change, kind="label")


def fill(store, label):
    samples.add(store, [NewSample({"text": f"text {n}"}, label) for n in range(4)])


def test_one_label_and_models_beside_people(tmp_path):
    with Store(project(tmp_path)) as store:
        fill(store, "a")
        curation.save_suggestions(store, "tfidf", [(n, [("b", 0.6), ("a", 0.3)]) for n in (1, 2, 3, 4)], job_id=0)
        say(store, "anna", "a", "a", "b", "b")
        say(store, "ben", "a", "b", "b", "b")
        found = report(store)
        assert [(one.name, one.model, one.opinions) for one in found.annotators] == [
            ("anna", False, 4), ("ben", False, 4), ("as generated", True, 4), ("model:tfidf", True, 4),
        ]  # fmt: skip
        assert found.people.cohen[0].kappa.value == pytest.approx(0.5)
        assert len(found.everybody.cohen) == 6
        assert ("anna", "ben", '"a"', '"b"', 1) in found.confusions
        assert all(0 <= one.accuracy <= 1 for one in found.annotators)
        assert report(store, view="id:1,2", models=False).people.items == 2


def test_an_annotator_who_gave_no_label_is_not_listed(tmp_path):
    with Store(project(tmp_path)) as store:
        fill(store, "a")
        say(store, "aaron", None)
        say(store, "ben", "a", "b")
        found = report(store, models=False)
        assert [one.name for one in found.annotators] == ["ben"]
        assert found.people.krippendorff.reason.startswith("Only one annotator")


def test_sets_of_labels(tmp_path):
    with Store(project(tmp_path, kind="multi_label")) as store:
        fill(store, ["a"])
        say(store, "anna", ["a"], ["a", "b"], ["b"], [])
        say(store, "ben", ["a"], ["b", "a"], ["b", "c"], [])
        found = report(store, models=False)
        assert found.people.percent == 0.75  # the order in a set does not matter
        assert 0.75 < found.people.krippendorff.value < 1  # {b} and {b, c} are near each other
        assert {name: part.percent for name, part in found.parts.items()} == {"a": 1.0, "b": 1.0, "c": 0.75}
