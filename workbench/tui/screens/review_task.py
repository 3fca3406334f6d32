"""Review: labels and fields that change in the middle of a project."""

from __future__ import annotations

from workbench.tui.screens.review_queue import Queue


class TaskChanges(Queue):
    """Labels and fields that change in the middle of a project."""
