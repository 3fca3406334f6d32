"""Named techniques: found without importing other packages; one that fails is reported."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import main
from workbench.curate.base import FILTERS
from workbench.errors import UsageError
from workbench.registry import Registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of techniques, and three that other packages announce."""
    folder = tmp_path / "some_techniques"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (tmp_path / "good_extra.py").write_text("def technique():\n    return 'extra'\n")
    (tmp_path / "bad_extra.py").write_text("raise RuntimeError('broken at import')\n")
    monkeypatch.syspath_prepend(tmp_path)
    entries = [
        EntryPoint("extra", "good_extra:technique", "test.group"),
        EntryPoint("bad", "bad_extra:technique", "test.group"),
        EntryPoint("gone", "not_installed_at_all:technique", "test.group"),
    ]
    monkeypatch.setattr("workbench.registry.entry_points", lambda group: [one for one in entries if one.group == group])
    yield "some_techniques"
    for name in ("some_techniques", "good_extra", "bad_extra"):
        sys.modules.pop(name, None)


def test_others_are_listed_without_importing_them(package: str) -> None:
    registry: Registry[Any] = Registry("filter", package, "test.group")
    registry.register("mine")(lambda: "mine")
    assert registry.names() == list(registry) == ["bad", "extra", "gone", "mine"]
    assert "good_extra" not in sys.modules
    assert registry.get("extra")() == "extra"
    assert registry.get("mine")() == "mine"


@pytest.mark.parametrize(("name", "why"), [("bad", "RuntimeError: broken at import"), ("gone", "ModuleNotFoundError")])
def test_one_that_fails_is_reported_and_harms_nobody_else(package: str, name: str, why: str) -> None:
    registry: Registry[Any] = Registry("filter", package, "test.group")
    with pytest.raises(UsageError) as caught:
        registry.get(name)
    assert why in str(caught.value)
    assert "reinstall or remove" in str(caught.value)
    assert why in registry.failures[name]
    assert registry.get("extra")() == "extra"


def test_an_unknown_name_is_answered_with_the_nearest(package: str) -> None:
    registry: Registry[Any] = Registry("filter", package, "test.group")
    with pytest.raises(UsageError, match=r"There is no filter 'extar'\. Did you mean 'extra'\?"):
        registry.get("extar")
    with pytest.raises(UsageError, match=r"There are: bad, extra, gone\."):
        registry.get("zzzzz")


def test_a_name_is_taken_once() -> None:
    registry: Registry[Any] = Registry("filter", "workbench", "none")
    one = registry.register("a")(object())
    assert registry.register("a")(one) is one
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("a")(object())


def test_a_filter_that_cannot_be_loaded_does_not_spoil_the_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = EntryPoint("broken\x1b[31m", "not_installed_at_all:x", FILTERS.group)
    monkeypatch.setattr("workbench.registry.entry_points", lambda group: [entry] if group == FILTERS.group else [])
    monkeypatch.setattr(FILTERS, "failures", {})
    assert main(["filters"]) == 0
    shown = capsys.readouterr().out
    assert "near_duplicate" in shown
    assert "cannot be loaded: ModuleNotFoundError" in shown
    assert "\x1b" not in shown
