"""Review: snapshots and real deletion."""

from __future__ import annotations

from workbench.tui.screens.review_task import TaskChanges


class Versions(TaskChanges):
    """Snapshots and real deletion."""
