"""The errors a person may meet: one sentence that says what happened, where, and what to do."""

from __future__ import annotations

from pathlib import Path


class WorkbenchError(Exception):
    """Something a person can act on. ``str(error)`` is one sentence, shown without a traceback."""

    exit_status = 1


class UsageError(WorkbenchError):
    """The command was called wrongly (exit status 2)."""

    exit_status = 2


class FileError(WorkbenchError):
    """A file is wrong at a known place; the sentence starts with ``path:line:``."""

    def __init__(self, path: str | Path, line: int | None, message: str) -> None:
        self.path = Path(path)
        self.line = line
        where = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {message}")


class ProjectError(WorkbenchError):
    """A project cannot be found, opened or written."""


class StoreError(WorkbenchError):
    """The project's database refuses: newer version, disk full, read-only, locked."""
