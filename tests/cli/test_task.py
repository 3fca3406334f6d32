"""``workbench task``: labels and fields from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.project import create
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = create(tmp_path / "p", labels=["card", "refund"])
    (project.folder / "guidelines.md").write_text("Use card\nfor cards; never cards.\n")
    with Store(project) as store:
        new = [("my lost card", "card"), ("it was stolen", "card"), ("money back", "refund")]
        samples.add(store, [NewSample({"text": text}, label) for text, label in new])
        samples.add(store, [NewSample({"text": "x"}, "card", "real", "test")])
    return project.folder


def test_the_whole_of_it(workbench, folder: Path) -> None:
    split = ("task", folder, "label", "split", "card", "--into", "lost", "stolen", "--words", "stolen=stolen,theft")
    seen = workbench(*split, "--preview", "--json").object
    assert (seen["samples"], seen["parts"], seen["open"]) == (3, {"lost": 2, "stolen": 1}, 0)
    assert seen["origin"] == {"synthetic": 2, "real": 1}
    assert seen["label"] == {"card": 3}
    assert seen["notes"] == ["guidelines.md still says 'card' (line 1); it is not changed."]
    refused = workbench(*split)
    assert refused.status == 2
    assert "This concerns 3 samples; look with --preview, give --yes to do it." in refused.err
    assert workbench(*split, "--yes", "--json").object["number"] == 1
    shown = workbench("task", folder, "--json").object
    assert [(one["name"], one["samples"]) for one in shown["labels"]] == [("lost", 1), ("stolen", 1), ("refund", 1)]
    assert workbench("query", folder, "label:lost split:test").rows[0]["label"] == "lost"
    assert "split into lost, stolen" in workbench("task", folder, "history").out
    taken = workbench("task", folder, "undo", "--yes")
    assert (taken.status, taken.out) == (
        0,
        "taken back: label card split into lost, stolen: 3 samples, 0 annotations\n",
    )
    assert [one["name"] for one in workbench("task", folder, "show", "--json").object["labels"]] == ["card", "refund"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["label", "rename", "card"], "takes 2 words, not 1"),
        (["label", "paint", "card"], "choose one of add, rename"),
        (["label", "merge", "card", "refund"], "Say what it becomes"),
        (["label", "split", "card", "--into", "a", "b", "--words", "x"], "should read LABEL=WORD,WORD"),
        (["label", "move", "card", "first"], "the place is a number"),
        (["field", "split", "text", "--into", "a", "b"], "Say at which text"),
        (["label", "rename", "crad", "x"], "did you mean 'card'?"),
        (["undo"], "no change of labels or fields"),
    ],
)
def test_wrong_usage(workbench, folder: Path, words: list[str], said: str) -> None:
    ran = workbench("task", folder, *words)
    assert ran.status == 2
    assert said in ran.err
