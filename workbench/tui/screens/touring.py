"""The tour as a program of its own: the app steps aside for it and comes back as it was."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


def begin_tour(app: WorkbenchApp[None]) -> None:
    """Run ``workbench tour`` on the same terminal, then draw this screen again."""
    try:
        with app.suspend():
            subprocess.run([sys.executable, "-m", "workbench.cli", "tour"], check=False)
    except SuspendNotSupported:
        app.say("Leave with q, then: workbench tour")
