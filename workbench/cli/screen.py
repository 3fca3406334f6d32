"""``workbench open``, and ``workbench`` alone."""

from __future__ import annotations

import argparse
import sys

from workbench.errors import ProjectError, UsageError
from workbench.project import Project, find


def need_terminal() -> None:
    """Raises ``UsageError`` where keys or what is drawn would go to a file or pipe."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The screen needs a terminal; `workbench --help` lists the commands that do not.")


def show(project: Project | None, annotator: str | None = None) -> int:
    """Run the screen until it is left."""
    from workbench.tui.app import run

    run(project, annotator=annotator)
    return 0


def open_here() -> int:
    """The screen of the project that the current folder is in, or the start screen."""
    need_terminal()
    try:
        project: Project | None = find()
    except ProjectError:
        project = None
    return show(project)


def open_(arguments: argparse.Namespace) -> int:
    need_terminal()
    project = find(arguments.project)
    _ = project.outline  # a mistake in project.yaml is a sentence here, before the screen is drawn
    return show(project, arguments.annotator)
