"""Actions of Curate."""

from __future__ import annotations

from workbench.tui.table.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "curate.start",
        ("r",),
        "Run",
        "Run the chain; what it drops stays, can be looked at and overruled.",
        "Curate",
        "workbench curate",
    ),
    Action(
        "curate.preview",
        ("p",),
        "Preview",
        "Count what each filter would drop; changes nothing.",
        "Curate",
        "workbench curate --preview",
    ),
    Action(
        "curate.overrule",
        ("o",),
        "Overrule",
        "Accept the dropped sample under the cursor: a person always wins.",
        "Curate",
        "workbench label --import",
    ),
    Action(
        "curate.review",
        ("v",),
        "Review",
        "Open what the filter drops in Review.",
        "Curate",
        "workbench query PROJECT dropped:FILTER",
    ),
    Action(
        "curate.switch",
        ("space", "x"),
        "On or off",
        "Switch the filter under the cursor on or off.",
        "Chain",
        "workbench curate --filter NAME",
    ),
    Action("curate.add", ("plus", "n"), "Add filter", "Add a filter to the chain.", "Chain", "workbench filters"),
    Action(
        "curate.remove",
        ("minus", "delete"),
        "Remove filter",
        "Take the filter under the cursor out of the chain.",
        "Chain",
    ),
    Action("curate.earlier", ("K", "less_than_sign"), "Move up", "Move the filter up: it judges earlier.", "Chain"),
    Action("curate.later", ("J", "greater_than_sign"), "Move down", "Move the filter down: it judges later.", "Chain"),
    Action(
        "curate.parameters",
        ("e", "s"),
        "Parameters",
        "Go to the parameters of the filter under the cursor.",
        "Chain",
        "workbench filters show NAME",
    ),
    Action("curate.examples", ("d",), "Examples", "Go to the samples that the filter drops.", "Curate"),
    Action("curate.chain", ("escape",), "Chain", "Back to the chain of filters.", "Curate"),
    Action(
        "curate.restore",
        ("U",),
        "Undo curation",
        "Switch the verdicts of the last curation off; says how many samples first.",
        "Curate",
    ),
    Action("curate.cancel", ("c",), "Cancel", "Stop the curation under way.", "Curate", "workbench jobs cancel ID"),
)
