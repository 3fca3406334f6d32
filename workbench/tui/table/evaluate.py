"""Actions of Evaluate."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "evaluate.start",
        ("r",),
        "Run",
        "Measure the data set, before and after curation.",
        "Evaluate",
        "workbench evaluate",
    ),
    Action(
        "evaluate.cancel", ("c",), "Cancel", "Stop the evaluation under way.", "Evaluate", "workbench jobs cancel ID"
    ),
    Action("evaluate.runs", ("h",), "History", "Go to the evaluations so far; the cursor shows one.", "Evaluate"),
    Action("evaluate.cards", ("escape",), "Figures", "Back to the figures.", "Evaluate"),
    Action("evaluate.details", ("d",), "Notes", "Show or hide the notes under the figures.", "Evaluate"),
)
