"""Actions of Review: queue."""

from __future__ import annotations

from workbench.tui.table.action import Action

_QUEUE = "workbench label --queue --strategy NAME"

ACTIONS: tuple[Action, ...] = (
    Action("review.queue", ("Q",), "Queue", "Choose what to look at first: uncertain, suspected errors, unlike the rest…",
           "Lists", _QUEUE),
    Action("review.why", ("y",), "Why this one", "Why the sample is where it is, and what labelling has bought so far.",
           "Sample", "workbench learn --curve"),
)  # fmt: skip
