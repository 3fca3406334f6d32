"""Documentation cannot rot: pages that come from the code are current, links lead somewhere, and commands named exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from workbench.cli.parser import commands

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", *ROOT.glob("benchmarks/*.md")])


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current() -> None:
    assert generator().stale() == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_named_in_pages_exist(page: Path) -> None:
    """A line of a code block that starts with ``workbench`` names a verb that there is."""
    for verb in re.findall(r"^(?: {4}|`)workbench ([a-z]+)\b", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert verb in commands(), f"{page.name} speaks of `workbench {verb}`"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert all(f"## {verb}\n" in text for verb in commands())


def test_the_filter_of_the_guide_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in docs/adding-a-technique.md is run as printed."""
    from workbench.curate import base
    from workbench.curate.base import Context, Item, parse_filter

    page = (ROOT / "docs" / "adding-a-technique.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    path = tmp_path / "shouting.py"
    path.write_text(code[1], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shouting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "shouting", module)
    monkeypatch.setattr(base.FILTERS, "_items", dict(base.FILTERS._items))
    base.FILTERS.names()
    spec.loader.exec_module(module)
    chosen = parse_filter("shouting:share=0.5")
    verdicts = list(chosen.judge([Item(1, "HELP ME now"), Item(2, "help me"), Item(3, "123")], Context()))
    assert [verdict.keep for verdict in verdicts] == [False, True, True]
    assert verdicts[0].value == pytest.approx(6 / 9)
