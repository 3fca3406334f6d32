"""What Review looks like: compared with pictures in ``__snapshots__`` (``pytest --snapshot-update`` makes them anew)."""

from __future__ import annotations

import pytest

from workbench.tui.app import WorkbenchApp


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("theme", ["workbench-dark", "workbench-light"])
def test_review(snap_compare, make_project, monkeypatch, size, theme) -> None:
    monkeypatch.setenv("WORKBENCH_THEME", theme)
    monkeypatch.setattr("workbench.tui.notices.monotonic", lambda: 1e9)
    app = WorkbenchApp[None](make_project(60), "anna")
    assert snap_compare(app, terminal_size=size, press=["j", "space", "j"])


@pytest.mark.parametrize("key", ["question_mark", "colon", "X", "l"])
def test_dialogs(snap_compare, make_project, key) -> None:
    async def settle(pilot) -> None:
        await pilot.press(key)
        for _ in range(20):
            await pilot.pause(0.01)

    app = WorkbenchApp[None](make_project(60), "anna")
    assert snap_compare(app, terminal_size=(80, 24), run_before=settle)


def test_an_empty_project(snap_compare, make_project) -> None:
    assert snap_compare(WorkbenchApp[None](make_project(0), "anna"), terminal_size=(80, 24))
