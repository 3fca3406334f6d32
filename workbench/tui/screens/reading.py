"""Dialogs that are read: the guidelines, and the last message in full."""

from __future__ import annotations

from workbench.project import Project
from workbench.tui.notices import Notice
from workbench.tui.widgets.prompts import Reading


class GuidelinesScreen(Reading):
    """``guidelines.md`` as it is written: headings in bold accent, everything else plain."""

    def __init__(self, project: Project) -> None:
        text = project.guidelines or "This project has no guidelines.md yet. What labellers should know goes there."
        super().__init__(
            "Guidelines", [(line, "pane--key" if line.startswith("#") else "pane--value") for line in text.splitlines()]
        )


class DetailsScreen(Reading):
    """The last message and what is behind it."""

    def __init__(self, notice: Notice) -> None:
        details = [("", "pane--value"), (notice.details, "pane--muted")] if notice.details else []
        super().__init__("Last message", [(notice.sentence, "pane--bad" if notice.error else "pane--value"), *details])
