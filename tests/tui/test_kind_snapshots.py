"""What Review looks like for tasks of other kinds: compared with pictures (``pytest --snapshot-update`` makes them anew)."""

from __future__ import annotations

import pytest

from tests.tui.kinds import make
from workbench.tui.app import WorkbenchApp


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("kind", ["dialogue", "text_pair", "preference", "extraction", "multi_label"])
def test_review_of(snap_compare, tmp_path, monkeypatch, kind, size) -> None:
    monkeypatch.setenv("WORKBENCH_THEME", "workbench-dark")
    monkeypatch.setattr("workbench.tui.notices.monotonic", lambda: 1e9)
    assert snap_compare(WorkbenchApp[None](make(tmp_path, kind), "anna"), terminal_size=size)


@pytest.mark.parametrize("kind", ["preference", "extraction"])
def test_review_in_light_colours(snap_compare, tmp_path, monkeypatch, kind) -> None:
    monkeypatch.setenv("WORKBENCH_THEME", "workbench-light")
    monkeypatch.setattr("workbench.tui.notices.monotonic", lambda: 1e9)
    assert snap_compare(WorkbenchApp[None](make(tmp_path, kind), "anna"), terminal_size=(120, 40))
