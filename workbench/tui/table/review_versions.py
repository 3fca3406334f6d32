"""Actions of Review: versions."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("review.snapshots", ("S",), "Snapshots", "Freeze this view; compare snapshots; make the data set as one was.",
           "Versions", "workbench snapshot"),
    Action("review.purge", (), "Purge", "Delete the marked samples, else the whole view, for good; asks for their number.",
           "Versions", "workbench purge"),
    Action("review.tour", (), "Tour", "Learn the keys in two minutes, on a copy that is thrown away.", "Versions",
           "workbench tour"),
)  # fmt: skip
