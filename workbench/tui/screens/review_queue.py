"""Review: what to look at next, and why."""

from __future__ import annotations

from workbench.tui.screens.review_people import People


class Queue(People):
    """What to look at next, and why."""
