"""What is installed from a wheel: the package with its recipes, themes and sample projects."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workbench.recipe import names

ROOT = Path(__file__).resolve().parents[1]

pytest.importorskip("hatchling", reason="hatchling builds the wheel; it is in requirements-dev.txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (path,) = out.glob("workbench-*.whl")
    return zipfile.ZipFile(path)


def test_themes_recipes_and_sample_projects_travel_in_the_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    inside = set(wheel.namelist())
    for folder in ("themes", "sample_projects"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in (".yaml", ".jsonl", ".md"):
                assert f"workbench/_data/{path.relative_to(ROOT)}" in inside
    assert {f"workbench/recipes/{name}.yaml" for name in names()} <= inside
    keymaps = [str(path.relative_to(ROOT)) for path in (ROOT / "workbench" / "tui" / "keymaps").glob("*.yaml")]
    assert "workbench/tui/keymaps/vim.yaml" in keymaps
    assert set(keymaps) <= inside
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "workbench").rglob("*.py")}
    assert modules <= inside
    unwanted = re.compile(r"(^tests/|\.db|\.pyc$|__pycache__|project\.db|\.env)")
    assert not [name for name in inside if unwanted.search(name)]
    (entry,) = [name for name in inside if name.endswith("entry_points.txt")]
    assert "workbench = workbench.cli:main" in wheel.read(entry).decode()

    # Unpacked, and with no checkout around, it finds them.
    wheel.extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from workbench import paths, project, recipe\n"
        "assert str(paths.PACKAGE).startswith(sys.argv[1]), paths.PACKAGE\n"
        "print(project.sample_projects(), len(list(paths.data_folder('themes').glob('*.yaml'))), recipe.names())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "banking_intents" in ran.stdout
    assert "zerogen" in ran.stdout
    assert int(ran.stdout.split("]")[1].split()[0]) >= 4
