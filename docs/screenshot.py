"""Draws docs/screenshot.svg: the real screen on the sample project, with the embedded model's samples."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from workbench.cli import main as command
from workbench.project import find
from workbench.tui.app import WorkbenchApp

HERE = Path(__file__).resolve().parent
SIZE = (120, 34)


async def draw(folder: Path, target: Path) -> None:
    app: WorkbenchApp[None] = WorkbenchApp(find(folder), "ada")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(1.0)
        await pilot.press(*["j"] * 6, "a", "a", "x", "j", "a", "j", "j")
        await pilot.pause(0.5)
        target.write_text(app.export_screenshot(title="workbench"), encoding="utf-8")


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "screenshot.svg"
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "banking-intents"
        status = command(["demo", str(project), "--count", "600", "--no-screen", "--quiet"])
        if status == 0:
            asyncio.run(draw(project, target))
    return status


if __name__ == "__main__":
    sys.exit(main())
