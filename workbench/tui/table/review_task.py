"""Actions of Review: task."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "review.task",
        ("T",),
        "Labels and fields",
        "Add, rename, merge or split labels and fields; shows what that meets first.",
        "Task",
        "workbench task",
    ),
    Action(
        "review.undo_task",
        (),
        "Undo change of task",
        "Take the newest change of labels or fields back.",
        "Task",
        "workbench task undo",
    ),
)
