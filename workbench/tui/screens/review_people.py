"""Review: working beside others: agreement, adjudication, audits."""

from __future__ import annotations

from workbench.tui.screens.review_bulk import Bulk


class People(Bulk):
    """Working beside others: agreement, adjudication, audits."""
