"""agree, adjudicate and audit as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.project import create
from workbench.store import acts, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = create(tmp_path / "p", labels=["a", "b"])
    with Store(project) as store:
        samples.add(store, [NewSample({"text": f"text {n}"}, "ab"[n % 2]) for n in range(6)])
        # Cohen, by hand: a a, a b, b b, b b: po 3/4, pe (2*1 + 2*3)/16 = 1/2, kappa 1/2.
        for name, said in (("anna", "aabb"), ("ben", "abbb")):
            for sample, label in enumerate(said, 1):
                change = Change(label=label, status="accepted")
                acts.apply(store, acts.annotator(store, name), [sample], change, kind="label", seconds=2.0)
    return project.folder


def test_agree(workbench, folder):
    found = workbench("agree", folder, "--json").object
    (pair,) = found["people"]["cohen"]
    assert (pair["items"], pair["percent"], pair["kappa"]["value"]) == (4, 0.75, pytest.approx(0.5))
    assert [one["name"] for one in found["annotators"]] == ["anna", "ben", "as generated"]
    assert len(found["everybody"]["cohen"]) == 3
    assert ["anna", "ben", '"a"', '"b"', 1] in found["confusions"]
    assert [one["seconds_median"] for one in found["progress"]] == [2.0, 2.0]
    plain = workbench("agree", folder, "--people")
    assert "equal pairs: 75.0% of 4" in plain.out
    assert "as generated" not in plain.out
    nobody = workbench("agree", folder, "--view", "id:6", "--people", "--json").object
    assert nobody["people"]["krippendorff"]["reason"] == "Nobody has said anything yet."


def test_adjudicate(workbench, folder):
    cases = workbench("adjudicate", "list", folder, "--json").object["cases"]
    assert next((one["id"], one["unanimous"], one["tied"]) for one in cases) == (2, False, True)
    assert workbench("adjudicate", "unanimous", folder).status == 2  # asks first
    done = workbench("adjudicate", "unanimous", folder, "--yes", "--json").object
    assert (done["settled"], done["left"]) == (3, 1)
    assert workbench("adjudicate", "unanimous", folder, "--yes", "--json").object["settled"] == 0


def test_audit(workbench, folder):
    begun = workbench(
        "audit", "begin", folder, "--view", "origin:synthetic", "--half-width", "0.2", "--seed", "1", "--json"
    )
    assert begun.object["whole"]["count"]["population"] == 6
    assert workbench("audit", "begin", folder).status == 2
    rows = workbench("audit", "queue", folder).rows
    assert len(rows) == 6
    workbench("label", folder, "--accept", "--view", f"id:{rows[0]['id']}")
    shown = workbench("audit", "show", folder)
    assert "1 looked at: accuracy 1.00" in shown.out
    assert "confidence sequence" in shown.out
    closed = workbench("audit", "close", folder, "--json").object
    assert closed["closed"] is True
    assert "closed" in workbench("audit", "list", folder).out
