"""What a run would cost, said before it is paid for."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from workbench.models.limits import Listed, Prices
from workbench.pipeline import preview, setting
from workbench.project import Project, create
from workbench.store.connection import Store


def test_a_batch_is_priced_by_the_endpoint_that_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider of the first endpoint takes half the price in a batch; nobody is known at the project's own address."""
    listed = Listed("Provider", "small", Prices(1.0, 2.0), "2026-01-01", "a page", 0.5)
    monkeypatch.setattr(setting, "known", lambda model, host: listed if host == "known.example" else None)
    made = create(tmp_path / "p", labels=["card", "pin"])
    text = made.settings.read_text().replace("  use: embedded", "  use: openai:small")
    endpoints = "model:\n  endpoints: [{base_url: 'https://known.example/v1'}]\n  base_url: http://localhost:1/v1\n"
    made.settings.write_text(text.replace("model:\n", endpoints, 1))
    project = Project(made.folder)
    with Store(project) as store:
        single, batch = (
            preview.generate(project, store, setting.parameters_of(project, {"count": 40, "executor": executor}))
            for executor in (None, "batch")
        )
    assert single.refusal is None
    assert single.cost is not None
    assert single.cost > 0
    assert batch.cost == pytest.approx(single.cost / 2)
    assert "By batch at 0.5 of the price." in batch.note


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [("multi_label", 30), ("instruction", 1.25 * 180), ("dialogue", 1.25 * 300), ("extraction", 1.25 * (60 + 80))],
)
def test_without_seeds_an_answer_is_as_long_as_its_fields(tmp_path: Path, kind: str, tokens: float) -> None:
    labels = ["a", "b"] if kind == "multi_label" else []
    made = create(tmp_path / "p", kind=kind, labels=labels, model="openai:small")
    with Store(made) as store:
        shown = preview.generate(made, store, setting.parameters_of(made, {"count": 8}))
    assert shown.output_tokens == math.ceil(8 * tokens)
