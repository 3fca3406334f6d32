"""Actions of Review: lists."""

from __future__ import annotations

from workbench.tui.table.action import Action

_QUERY = "workbench query PROJECT VIEW"

ACTIONS: tuple[Action, ...] = (
    Action("review.clusters", ("C",), "Clusters", "Samples about the same thing: how many, how pure; enter lists one.", "Lists",
           _QUERY),
    Action("review.near", ("tilde",), "Nearest", "List the nearest neighbours of this sample; b goes back.", "Lists",
           "workbench query PROJECT near:N"),
    Action("review.back", ("b",), "View before", "Back to the view before, as you left it.", "Lists"),
    Action("review.range", ("percent_sign",), "Range of a score", "A score's histogram: move its edges, list what lies between.",
           "Lists", _QUERY),
    Action("review.wider", ("greater_than_sign",), "Wider list", "More room for the list; remembered.", "Move"),
    Action("review.narrower", ("less_than_sign",), "Narrower list", "Less room for the list; remembered.", "Move"),
)  # fmt: skip
